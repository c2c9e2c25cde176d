#include "protocol/raw_headers.h"

#include "base/num.h"
#include "model/date.h"

#include <assert.h>
#include <inttypes.h>

enum { VALUE_BYTES_MAX = 2 * FINGERPRINT_BYTES };

static const char *const KIND_NAMES[] = { "", "DELIVERY", "CONFIRM", "REPLAY", "FORGET", "SET_BACK" };

const char *raw_kind_name(enum raw_kind kind)
{
	return (size_t)kind < ARRAY_LEN(KIND_NAMES) ? KIND_NAMES[kind] : "";
}

static bool read_number(struct slice text, int64_t min, int64_t max, int64_t *ret)
{
	bool has_extra_zero = text.n > 1 && text.p[0] == '0';

	return !has_extra_zero && num_parse_i64(text, min, max, ret);
}

static bool read_int(struct slice text, int32_t min, int32_t max, int32_t *ret)
{
	int64_t value;

	if (!read_number(text, min, max, &value))
		return false;
	*ret = (int32_t)value;
	return true;
}

static bool read_flag(struct slice text, bool *ret)
{
	*ret = slice_equal_text(text, "true");
	return *ret || slice_equal_text(text, "false");
}

static bool read_date(struct slice text, int32_t *ret)
{
	*ret = date_parse(text);
	return *ret > 0;
}

static int write_flag(char *out, bool flag)
{
	return snprintf(out, 8, "%s", flag ? "true" : "false");
}

static int write_hex(char *out, const uint8_t *bytes, size_t n)
{
	num_to_hex(bytes, n, out);
	return (int)(2 * n);
}

/* One pair of functions per header: write puts its text at out, which holds VALUE_BYTES_MAX, and returns the length;
 * read is strict. */

static int write_kind(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%s", raw_kind_name(h->kind));
}

static bool read_kind(struct slice text, struct raw_headers *h)
{
	for (size_t i = 1; i < ARRAY_LEN(KIND_NAMES); i++)
		if (slice_equal_text(text, KIND_NAMES[i])) {
			h->kind = (enum raw_kind)i;
			return true;
		}
	return false;
}

static int write_board(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%" PRIu32, h->board);
}

static bool read_board(struct slice text, struct raw_headers *h)
{
	int64_t board;

	if (!read_number(text, 0, BOARD_NUMBER_MAX, &board))
		return false;
	h->board = (uint32_t)board;
	return true;
}

static int write_delivery_id(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%.*s", (int)h->delivery_id.n, h->delivery_id.p);
}

static bool read_delivery_id(struct slice text, struct raw_headers *h)
{
	h->delivery_id = text;
	return delivery_id_is_good(text);
}

static int write_fingerprint(const struct raw_headers *h, char *out)
{
	return write_hex(out, h->fingerprint, sizeof h->fingerprint);
}

static bool read_fingerprint(struct slice text, struct raw_headers *h)
{
	return num_from_hex(text, h->fingerprint, sizeof h->fingerprint);
}

static int write_attempt(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%" PRId32, h->attempt);
}

static bool read_attempt(struct slice text, struct raw_headers *h)
{
	return read_int(text, 0, INT32_MAX, &h->attempt);
}

static int write_dry_run(const struct raw_headers *h, char *out)
{
	return write_flag(out, h->is_dry_run);
}

static bool read_dry_run(struct slice text, struct raw_headers *h)
{
	return read_flag(text, &h->is_dry_run);
}

static int write_sequence(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%" PRId64, h->sequence);
}

static bool read_sequence(struct slice text, struct raw_headers *h)
{
	return read_number(text, 1, INT64_MAX, &h->sequence);
}

static int write_line_count(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%" PRId32, h->line_count);
}

static bool read_line_count(struct slice text, struct raw_headers *h)
{
	return read_int(text, 0, FILE_LINES_MAX, &h->line_count);
}

static int write_delivery_kind(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%s", delivery_kind_name(h->delivery_kind));
}

static bool read_delivery_kind(struct slice text, struct raw_headers *h)
{
	h->delivery_kind = delivery_kind_of(text);
	return h->delivery_kind != 0;
}

static int write_extraction_date(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%" PRId32, h->extraction_date);
}

static bool read_extraction_date(struct slice text, struct raw_headers *h)
{
	return read_date(text, &h->extraction_date);
}

static int write_received_on(const struct raw_headers *h, char *out)
{
	return snprintf(out, VALUE_BYTES_MAX, "%" PRId32, h->received_on);
}

static bool read_received_on(struct slice text, struct raw_headers *h)
{
	return read_date(text, &h->received_on);
}

static int write_reference_version(const struct raw_headers *h, char *out)
{
	return write_hex(out, h->reference_version, sizeof h->reference_version);
}

static bool read_reference_version(struct slice text, struct raw_headers *h)
{
	return num_from_hex(text, h->reference_version, sizeof h->reference_version);
}

static int write_replay_dry_run(const struct raw_headers *h, char *out)
{
	return write_flag(out, h->is_replay_dry_run);
}

static bool read_replay_dry_run(struct slice text, struct raw_headers *h)
{
	return read_flag(text, &h->is_replay_dry_run);
}

enum { OF_ALL, OF_A_DELIVERY, OF_LINES }; /* which kinds have the header */

static const struct header_row {
	const char *name;
	int of;
	int (*write)(const struct raw_headers *h, char *out);
	bool (*read)(struct slice text, struct raw_headers *h);
} ROWS[RAW_HEADERS_MAX] = {
	{ "instroom-kind", OF_ALL, write_kind, read_kind },
	{ "instroom-board", OF_ALL, write_board, read_board },
	{ "instroom-delivery-id", OF_A_DELIVERY, write_delivery_id, read_delivery_id },
	{ "instroom-fingerprint", OF_LINES, write_fingerprint, read_fingerprint },
	{ "instroom-attempt", OF_LINES, write_attempt, read_attempt },
	{ "instroom-dry-run", OF_LINES, write_dry_run, read_dry_run },
	{ "instroom-sequence", OF_LINES, write_sequence, read_sequence },
	{ "instroom-line-count", OF_LINES, write_line_count, read_line_count },
	{ "instroom-delivery-kind", OF_LINES, write_delivery_kind, read_delivery_kind },
	{ "instroom-extraction-date", OF_LINES, write_extraction_date, read_extraction_date },
	{ "instroom-received-on", OF_LINES, write_received_on, read_received_on },
	{ "instroom-reference-version", OF_LINES, write_reference_version, read_reference_version },
	{ "instroom-replay-dry-run", OF_LINES, write_replay_dry_run, read_replay_dry_run },
};

static bool row_is_of(const struct header_row *row, enum raw_kind kind)
{
	switch (row->of) {
	case OF_ALL:
		return true;
	case OF_A_DELIVERY:
		return kind != RAW_FORGET && kind != RAW_SET_BACK;
	default:
		return kind == RAW_DELIVERY || kind == RAW_REPLAY;
	}
}

void raw_headers_write(const struct raw_headers *headers, struct raw_headers_text *ret)
{
	struct raw_headers read_back;

	ret->count = 0;
	ret->text_bytes = 0;
	for (size_t i = 0; i < RAW_HEADERS_MAX; i++) {
		if (!row_is_of(&ROWS[i], headers->kind))
			continue;
		assert(ret->text_bytes + VALUE_BYTES_MAX <= sizeof ret->text);
		char *value = ret->text + ret->text_bytes;
		size_t n = (size_t)ROWS[i].write(headers, value);

		ret->items[ret->count++] = (struct message_header){ ROWS[i].name, slice_make(value, n) };
		ret->text_bytes += n;
	}
	bool is_good = raw_headers_read(ret->items, ret->count, &read_back);

	assert(is_good);
}

void raw_headers_add(struct raw_headers_text *text, const char *name, const char *value)
{
	assert(text->count < ARRAY_LEN(text->items));
	if (value[0])
		text->items[text->count++] = (struct message_header){ name, slice_of(value) };
}

/* The value of a header. false: absent, or there twice. */
static bool find_value(const struct message_header *items, size_t count, const char *name, struct slice *ret)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i].name, name) == 0) {
			*ret = items[i].value;
			found++;
		}
	return found == 1;
}

bool raw_headers_read(const struct message_header *items, size_t count, struct raw_headers *ret)
{
	struct raw_headers headers = { .kind = 0 };

	for (size_t i = 0; i < RAW_HEADERS_MAX; i++) {
		struct slice value;

		if (i > 0 && !row_is_of(&ROWS[i], headers.kind)) /* the first row is the kind */
			continue;
		if (!find_value(items, count, ROWS[i].name, &value) || !ROWS[i].read(value, &headers))
			return false;
	}
	if ((headers.kind == RAW_DELIVERY && (headers.attempt != 0 || headers.is_replay_dry_run)) ||
	    (headers.kind == RAW_REPLAY && headers.attempt == 0))
		return false;
	*ret = headers;
	return true;
}
