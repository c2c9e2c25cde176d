#include "model/csv.h"

#include "base/strbuf.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* DESIGN. The bytes that mean something (separator, quote, CR, LF) are found 64 at a time: one bit each in a mask, from
 * which they are read one by one. A field then costs a few instructions, whatever its length; measured on lines of 290
 * bytes with 26 fields: 2.0 GB/s (gcc 12) to 2.7 GB/s (clang 14) on one core. Places are offsets, not pointers, so that
 * none is ever made beyond the bytes. */

enum { BLOCK_BYTES = 64 };

struct scan {
	const char *p;
	size_t n;
	size_t block;  /* where the block of the mask begins; a multiple of BLOCK_BYTES */
	uint64_t mask; /* its bytes that mean something and were not read yet */
	char separator;
};

#ifdef __SSE2__
static inline uint64_t mask_of_16(const char *p, char separator)
{
	const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
	const __m128i ends =
		_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')));
	const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(separator)),
					   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));

	return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(ends, marks));
}

static inline uint64_t mask_of_block(const char *p, char separator)
{
	return mask_of_16(p, separator) | mask_of_16(p + 16, separator) << 16 | mask_of_16(p + 32, separator) << 32 |
	       mask_of_16(p + 48, separator) << 48;
}
#else
static inline uint64_t mask_of_block(const char *p, char separator)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < BLOCK_BYTES; i++)
		mask |= (uint64_t)(p[i] == separator || p[i] == '"' || p[i] == '\n' || p[i] == '\r') << i;
	return mask;
}
#endif

static inline void scan_load(struct scan *scan, size_t block)
{
	char tail[BLOCK_BYTES];

	scan->block = block;
	if (scan->n - block >= BLOCK_BYTES) {
		scan->mask = mask_of_block(scan->p + block, scan->separator);
		return;
	}
	size_t left = scan->n - block; /* of the last block, which is copied: nothing is read behind the bytes */

	memset(tail, 0, sizeof tail);
	memcpy(tail, scan->p + block, left);
	scan->mask = mask_of_block(tail, scan->separator) & ((UINT64_C(1) << left) - 1);
}

static inline struct scan scan_start(struct slice bytes, char separator)
{
	struct scan scan = { .p = bytes.p, .n = bytes.n, .separator = separator };

	scan_load(&scan, 0);
	return scan;
}

/* Takes the next byte that means something: its offset, or n at the end. */
static inline size_t scan_next(struct scan *scan)
{
	while (scan->mask == 0) {
		if (scan->n - scan->block <= BLOCK_BYTES)
			return scan->n;
		scan_load(scan, scan->block + BLOCK_BYTES);
	}
	size_t at = scan->block + (size_t)__builtin_ctzll(scan->mask);

	scan->mask &= scan->mask - 1;
	return at;
}

static inline bool scan_has(const struct scan *scan, size_t at, char c)
{
	return at < scan->n && scan->p[at] == c;
}

void csv_init(struct csv *csv, struct slice bytes, char separator, size_t field_bytes_max, char *scratch)
{
	*csv = (struct csv){
		.rest = bytes,
		.separator = separator,
		.field_bytes_max = field_bytes_max,
		.scratch = scratch,
	};
}

struct slice csv_skip_bom(struct slice bytes)
{
	static const char BOM[] = "\xef\xbb\xbf";

	return bytes.n >= 3 && memcmp(bytes.p, BOM, 3) == 0 ? slice_from(bytes, 3) : bytes;
}

/* The value without its doubled quotes, in the scratch. raw: what stands between the enclosing quotes. */
static bool unescape(struct csv *csv, struct slice raw, struct slice *ret)
{
	if (!csv->scratch)
		return false;
	char *start = csv->scratch + csv->scratch_used, *end = start;

	for (size_t i = 0; i < raw.n; i++) {
		*end++ = raw.p[i];
		if (raw.p[i] == '"')
			i++;
	}
	csv->scratch_used += (size_t)(end - start);
	*ret = slice_make(start, (size_t)(end - start));
	return true;
}

/* The quote at start has been read. Reads up to the closing quote and what stands right behind it into *ret_after. */
static bool read_quoted(struct csv *csv, struct scan *scan, size_t start, struct slice *ret, size_t *ret_after)
{
	size_t doubled = 0, at;

	for (at = scan_next(scan); at < scan->n; at = scan_next(scan)) {
		if (scan->p[at] != '"')
			continue;
		if (!scan_has(scan, at + 1, '"'))
			break;
		scan_next(scan); /* its twin */
		doubled++;
	}
	if (at == scan->n || at - start - 1 - doubled > csv->field_bytes_max)
		return false;
	*ret = slice_make(scan->p + start + 1, at - start - 1);
	*ret_after = at + 1;
	if (*ret_after < scan->n && scan_next(scan) != *ret_after)
		return false; /* something else than a separator or line end follows */
	return doubled == 0 || unescape(csv, *ret, ret);
}

/* One field. *ret_after: where the separator or line end behind it stands, which is consumed, or n. */
static inline bool read_field(struct csv *csv, struct scan *scan, size_t start, struct slice *ret, size_t *ret_after)
{
	size_t after = scan_next(scan);

	if (after == start && scan_has(scan, after, '"'))
		return read_quoted(csv, scan, start, ret, ret_after);
	*ret = slice_make(scan->p + start, after - start);
	*ret_after = after;
	return !scan_has(scan, after, '"') && ret->n <= csv->field_bytes_max;
}

static enum csv_result broken(struct csv *csv)
{
	csv->rest = slice_from(csv->rest, csv->rest.n);
	return CSV_BROKEN;
}

enum csv_result csv_next(struct csv *csv, struct slice *fields, size_t fields_max, size_t *ret_count)
{
	size_t count = 0, start = 0, after = 0;

	if (csv->rest.n == 0)
		return CSV_END;
	struct scan scan = scan_start(csv->rest, csv->separator);

	csv->record_no++;
	for (;; start = after + 1) {
		struct slice field;

		if (!read_field(csv, &scan, start, &field, &after))
			return broken(csv);
		if (count < fields_max)
			fields[count] = field;
		count++;
		if (!scan_has(&scan, after, csv->separator))
			break;
	}
	if (scan_has(&scan, after, '\r')) {
		if (!scan_has(&scan, after + 1, '\n'))
			return broken(csv);
		after++;
	}
	csv->rest = slice_from(csv->rest, after + 1);
	*ret_count = count;
	return CSV_RECORD;
}

static bool needs_quotes(struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == ';' || value.p[i] == '"' || value.p[i] == '\r' || value.p[i] == '\n')
			return true;
	return false;
}

void csv_add_field(struct strbuf *out, struct slice value)
{
	if (!needs_quotes(value)) {
		strbuf_add(out, value);
		return;
	}
	strbuf_add_char(out, '"');
	while (value.n > 0) {
		const char *quote = memchr(value.p, '"', value.n);

		strbuf_add(out, slice_cut(&value, quote ? (size_t)(quote - value.p) + 1 : value.n));
		if (quote)
			strbuf_add_char(out, '"');
	}
	strbuf_add_char(out, '"');
}
