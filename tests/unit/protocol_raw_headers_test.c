#include "protocol/raw_headers.h"

#include <criterion/criterion.h>

static struct raw_headers some_headers(enum raw_kind kind)
{
	struct raw_headers headers = { .kind = kind, .board = 41211 };

	if (kind != RAW_FORGET && kind != RAW_SET_BACK)
		headers.delivery_id = SLICE_LITERAL("G-0123456789abcdef0123456789abcdef");
	if (kind != RAW_DELIVERY && kind != RAW_REPLAY)
		return headers;
	memset(headers.fingerprint, 0xab, sizeof headers.fingerprint);
	memset(headers.reference_version, 0x01, sizeof headers.reference_version);
	headers.attempt = kind == RAW_REPLAY ? INT32_MAX : 0;
	headers.is_dry_run = true;
	headers.sequence = INT64_MAX;
	headers.line_count = FILE_LINES_MAX;
	headers.delivery_kind = DELIVERY_INTREKKING;
	headers.extraction_date = 20200229;
	headers.received_on = 21991231;
	headers.is_replay_dry_run = kind == RAW_REPLAY;
	return headers;
}

static void expect_equal(const struct raw_headers *a, const struct raw_headers *b)
{
	cr_expect_eq(a->kind, b->kind);
	cr_expect_eq(a->board, b->board);
	cr_expect_arr_eq(a->fingerprint, b->fingerprint, sizeof a->fingerprint);
	cr_expect(slice_equal(a->delivery_id, b->delivery_id));
	cr_expect_eq(a->attempt, b->attempt);
	cr_expect_eq(a->is_dry_run, b->is_dry_run);
	cr_expect_eq(a->sequence, b->sequence);
	cr_expect_eq(a->line_count, b->line_count);
	cr_expect_eq(a->delivery_kind, b->delivery_kind);
	cr_expect_eq(a->extraction_date, b->extraction_date);
	cr_expect_eq(a->received_on, b->received_on);
	cr_expect_arr_eq(a->reference_version, b->reference_version, sizeof a->reference_version);
	cr_expect_eq(a->is_replay_dry_run, b->is_replay_dry_run);
}

Test(raw_headers, of_every_kind_are_read_as_written)
{
	static const size_t COUNTS[] = { 0, RAW_HEADERS_MAX, 3, RAW_HEADERS_MAX, 2, 2 };

	for (enum raw_kind kind = RAW_DELIVERY; kind <= RAW_SET_BACK; kind++) {
		struct raw_headers headers = some_headers(kind), read;
		struct raw_headers_text text;

		raw_headers_write(&headers, &text);
		cr_expect_eq(text.count, COUNTS[kind], "%s", raw_kind_name(kind));
		cr_assert(raw_headers_read(text.items, text.count, &read), "%s", raw_kind_name(kind));
		expect_equal(&headers, &read);
	}
}

Test(raw_headers, are_plain_text)
{
	struct raw_headers headers = some_headers(RAW_REPLAY);
	struct raw_headers_text text;

	raw_headers_write(&headers, &text);
	cr_expect_str_eq(text.items[0].name, "instroom-kind");
	cr_expect(slice_equal_text(text.items[0].value, "REPLAY"));
	cr_expect_str_eq(text.items[1].name, "instroom-board");
	cr_expect(slice_equal_text(text.items[1].value, "41211"));
	cr_expect(slice_equal_text(text.items[5].value, "true"));
	cr_expect(slice_equal_text(text.items[6].value, "9223372036854775807"));
	cr_expect(slice_equal_text(text.items[8].value, "INTREKKING"));
	cr_expect(slice_equal_text(text.items[9].value, "20200229"));
}

Test(raw_headers, may_stand_among_others_in_any_order)
{
	struct raw_headers headers = some_headers(RAW_DELIVERY), read;
	struct raw_headers_text text;
	struct message_header items[RAW_HEADERS_MAX + 1];

	raw_headers_write(&headers, &text);
	for (size_t i = 0; i < text.count; i++)
		items[text.count - i] = text.items[i];
	items[0] = (struct message_header){ "traceparent", SLICE_LITERAL("00-1") };
	cr_assert(raw_headers_read(items, text.count + 1, &read));
	expect_equal(&headers, &read);
}

Test(raw_headers, each_one_is_needed_once)
{
	for (enum raw_kind kind = RAW_DELIVERY; kind <= RAW_SET_BACK; kind++) {
		struct raw_headers headers = some_headers(kind), read = { .board = 7 };
		struct raw_headers_text text;

		raw_headers_write(&headers, &text);
		for (size_t gone = 0; gone < text.count; gone++) {
			struct message_header items[RAW_HEADERS_MAX + 1];
			size_t count = 0;

			for (size_t i = 0; i < text.count; i++)
				if (i != gone)
					items[count++] = text.items[i];
			cr_expect_not(raw_headers_read(items, count, &read), "%s is missing", text.items[gone].name);
			items[count++] = text.items[gone];
			cr_expect(raw_headers_read(items, count, &read), "%s is back", text.items[gone].name);
			items[count++] = text.items[gone];
			cr_expect_not(raw_headers_read(items, count, &read), "%s is there twice",
				      text.items[gone].name);
			read.board = 7;
		}
		cr_expect_eq(read.board, 7, "outputs are written only on success");
	}
}

static const struct {
	size_t index;
	const char *value;
	bool is_good;
	const char *why;
} VALUES[] = {
	{ 0, "REPLAY", false, "attempt 0 is none of a replay" },
	{ 0, "delivery", false, "names are upper case" },
	{ 0, "", false, "empty" },
	{ 1, "0", true, "the smallest board" },
	{ 1, "99999", true, "the largest" },
	{ 1, "100000", false, "one more" },
	{ 1, "-1", false, "a sign" },
	{ 1, "041", false, "no zeros in front" },
	{ 1, " 41", false, "no blanks" },
	{ 2, "0123456789abcde", false, "15 characters" },
	{ 2, "0123456789abcdef", true, "16" },
	{ 2, "0123456789abcdef_", false, "not of the alphabet" },
	{ 3, "ab", false, "not 64 digits" },
	{ 4, "1", false, "a delivery is attempt 0" },
	{ 5, "yes", false, "true or false" },
	{ 5, "false", true, "true or false" },
	{ 6, "0", false, "volgnummer begins at 1" },
	{ 6, "1", true, "volgnummer begins at 1" },
	{ 6, "9223372036854775808", false, "2^63" },
	{ 7, "0", true, "an empty file" },
	{ 7, "50001", false, "more than a file holds" },
	{ 8, "volledig", false, "exactly" },
	{ 9, "20190229", false, "no such day" },
	{ 9, "2019-02-2", false, "digits only" },
	{ 9, " 20190228", false, "no blanks" },
	{ 9, "        ", false, "nor nothing else" },
	{ 10, "18991231", false, "before the first day" },
	{ 10, "19000101", true, "the first day" },
	{ 10, "", false, "a date is there" },
	{ 11, "zz", false, "not hex" },
	{ 12, "true", false, "a delivery is no dry run of a replay" },
};

Test(raw_headers, values_are_read_strictly)
{
	struct raw_headers headers = some_headers(RAW_DELIVERY), read;
	struct raw_headers_text text;

	raw_headers_write(&headers, &text);
	for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
		struct message_header items[RAW_HEADERS_MAX];

		memcpy(items, text.items, sizeof items);
		items[VALUES[i].index].value = slice_of(VALUES[i].value);
		cr_expect_eq(raw_headers_read(items, text.count, &read), VALUES[i].is_good, "%s = \"%s\": %s",
			     items[VALUES[i].index].name, VALUES[i].value, VALUES[i].why);
	}
}
