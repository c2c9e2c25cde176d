/* fuzz_csv: the scanner against one that reads specification 3.1 a byte at a time, and is too plain to be wrong. */
#include "fuzz.h"

#include "model/csv.h"

enum { FIELDS_MAX = 8 };

/* What is left to read, and the record under way. */
struct plain {
	struct slice rest;
	struct strbuf fields[FIELDS_MAX];
	size_t count;
	struct strbuf value;
};

static bool next_is(const struct plain *plain, char c)
{
	return plain->rest.n > 0 && plain->rest.p[0] == c;
}

static char take(struct plain *plain)
{
	return slice_cut(&plain->rest, 1).p[0];
}

/* false: no closing quote, or something else behind it. */
static bool take_quoted(struct plain *plain)
{
	take(plain);
	for (;;) {
		if (plain->rest.n == 0)
			return false;
		char c = take(plain);

		if (c == '"' && !next_is(plain, '"'))
			break;
		if (c == '"')
			take(plain);
		strbuf_add_char(&plain->value, c);
	}
	return plain->rest.n == 0 || next_is(plain, ';') || next_is(plain, '\n') || next_is(plain, '\r');
}

static bool take_bare(struct plain *plain)
{
	while (plain->rest.n > 0 && !next_is(plain, ';') && !next_is(plain, '\n') && !next_is(plain, '\r')) {
		if (next_is(plain, '"'))
			return false;
		strbuf_add_char(&plain->value, take(plain));
	}
	return true;
}

static bool take_field(struct plain *plain)
{
	strbuf_reset(&plain->value);
	if (!(next_is(plain, '"') ? take_quoted(plain) : take_bare(plain)) || plain->value.n > CSV_FIELD_BYTES_MAX)
		return false;
	if (plain->count < FIELDS_MAX) {
		strbuf_reset(&plain->fields[plain->count]);
		strbuf_add(&plain->fields[plain->count], strbuf_slice(&plain->value));
	}
	plain->count++;
	return true;
}

static enum csv_result take_record(struct plain *plain)
{
	plain->count = 0;
	if (plain->rest.n == 0)
		return CSV_END;
	for (;;) {
		if (!take_field(plain))
			return CSV_BROKEN;
		if (!next_is(plain, ';'))
			break;
		take(plain);
	}
	if (next_is(plain, '\r')) {
		take(plain);
		if (!next_is(plain, '\n'))
			return CSV_BROKEN;
	}
	if (next_is(plain, '\n'))
		take(plain);
	return CSV_RECORD;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make(data, size), fields[FIELDS_MAX];
	struct plain plain = { .rest = bytes };
	char *scratch = malloc(size + 1);
	enum csv_result want, got;
	struct csv csv;
	size_t count = 0;
	uint32_t records = 0;

	strbuf_init(&plain.value, size + 1);
	for (size_t i = 0; i < FIELDS_MAX; i++)
		strbuf_init(&plain.fields[i], size + 1);
	csv_init(&csv, bytes, ';', CSV_FIELD_BYTES_MAX, scratch);
	do {
		want = take_record(&plain);
		got = csv_next(&csv, fields, FIELDS_MAX, &count);
		FUZZ_EXPECT(want == got);
		FUZZ_EXPECT(csv.record_no == (want == CSV_END ? records : ++records));
		FUZZ_EXPECT(csv.scratch_used <= size);
		FUZZ_EXPECT(want != CSV_RECORD || count == plain.count);
		for (size_t i = 0; want == CSV_RECORD && i < MIN(count, (size_t)FIELDS_MAX); i++)
			FUZZ_EXPECT(slice_equal(fields[i], strbuf_slice(&plain.fields[i])));
		if (want == CSV_RECORD)
			FUZZ_DEEP();
	} while (want == CSV_RECORD);
	FUZZ_EXPECT(csv_next(&csv, fields, FIELDS_MAX, &count) == CSV_END);
	for (size_t i = 0; i < FIELDS_MAX; i++)
		strbuf_release(&plain.fields[i]);
	strbuf_release(&plain.value);
	free(scratch);
	return 0;
}
