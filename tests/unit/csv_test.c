#include "model/csv.h"

#include "base/strbuf.h"

#include <criterion/criterion.h>

enum { FIELDS_MAX = 64, TEXT_BYTES_MAX = 400 };

/* The records of a text written as one: fields in [], '|' behind a record, '!' where it is broken. */
static void read_all(struct slice text, size_t field_bytes_max, struct strbuf *out)
{
	char scratch[TEXT_BYTES_MAX];
	struct slice fields[FIELDS_MAX];
	struct csv csv;
	size_t count;
	enum csv_result result;

	strbuf_reset(out);
	csv_init(&csv, text, ';', field_bytes_max, scratch);
	while ((result = csv_next(&csv, fields, FIELDS_MAX, &count)) == CSV_RECORD) {
		for (size_t i = 0; i < MIN(count, (size_t)FIELDS_MAX); i++) {
			strbuf_add_char(out, '[');
			strbuf_add(out, fields[i]);
			strbuf_add_char(out, ']');
		}
		strbuf_add_char(out, '|');
	}
	if (result == CSV_BROKEN)
		strbuf_add_printf(out, "!%u", csv.record_no);
	cr_assert_eq(csv_next(&csv, fields, FIELDS_MAX, &count), CSV_END,
		     "after the end, or after a fault, is the end");
	cr_assert_leq(csv.scratch_used, text.n);
}

static const struct {
	const char *text, *want, *why;
} FORM_ROWS[] = {
	{ "", "", "no bytes, no record" },
	{ "a;b\n1;2\n", "[a][b]|[1][2]|", "LF" },
	{ "a;b\r\n1;2\r\n", "[a][b]|[1][2]|", "CRLF" },
	{ "a;b\r\n1;2\n3;4", "[a][b]|[1][2]|[3][4]|", "mixed, and the last without its line end" },
	{ "a;;b;\n", "[a][][b][]|", "empty fields, also the last" },
	{ "a;", "[a][]|", "an empty last field at the end of the file" },
	{ ";", "[][]|", "two empty fields" },
	{ "\n", "[]|", "an empty record is one empty field" },
	{ "\n\r\na\n\n", "[]|[]|[a]|[]|", "empty records anywhere" },
	{ " a ; b\n", "[ a ][ b]|", "spaces are part of the value" },
	{ "\"a\";b\n", "[a][b]|", "quoted" },
	{ "\"\"\n", "[]|", "quoted and empty" },
	{ "\"\";\"\"", "[][]|", "quoted and empty at the end of the file" },
	{ "\"a;b\";c\n", "[a;b][c]|", "a separator inside quotes" },
	{ "\"a\nb\r\nc\rd\";e\n", "[a\nb\r\nc\rd][e]|", "line ends and a bare CR inside quotes" },
	{ "\"a\"\"b\"\n", "[a\"b]|", "a doubled quote" },
	{ "\"\"\"\"\n", "[\"]|", "only a doubled quote" },
	{ "\"\"\"a\"\"\";\"\"\"\"\"\"\n", "[\"a\"][\"\"]|", "doubled quotes at both ends" },
	{ "\"a\"\r\n", "[a]|", "CRLF after a closing quote" },
	{ "\"a\"", "[a]|", "the end after a closing quote" },
	{ "a\"b\n", "!1", "a quote inside an unquoted field" },
	{ "a;b\n \"c\";d\n", "[a][b]|!2", "a quote after a blank is inside an unquoted field" },
	{ "a;\"b\"c\n", "!1", "something after a closing quote" },
	{ "\"a\" ;b\n", "!1", "a blank after a closing quote" },
	{ "\"a\"\"\n", "!1", "a doubled quote and no closing one" },
	{ "\"a", "!1", "no closing quote" },
	{ "\"", "!1", "a quote alone" },
	{ "a\"", "!1", "a quote at the end of an unquoted field" },
	{ "a\rb\n", "!1", "a CR without LF" },
	{ "a\r", "!1", "a CR at the end of the file" },
	{ "\r\r\n", "!1", "two CR" },
	{ "\"a\"\rb", "!1", "a CR without LF after a closing quote" },
	{ "ok\nok\nok\r", "[ok]|[ok]|!3", "the broken record is named" },
	{ "\"a\nb\"\n\"c\"d", "[a\nb]|!2", "records are counted, not physical lines" },
};

Test(csv, reads_the_form_of_domain_3_1_and_nothing_else)
{
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 10000);
	for (size_t i = 0; i < ARRAY_LEN(FORM_ROWS); i++) {
		read_all(slice_of(FORM_ROWS[i].text), CSV_FIELD_BYTES_MAX, &out);
		cr_expect_str_eq(strbuf_text(&out), FORM_ROWS[i].want, "%s", FORM_ROWS[i].why);
	}
	read_all((struct slice){ NULL, 0 }, CSV_FIELD_BYTES_MAX, &out);
	cr_expect_eq(out.n, 0, "nothing at all");
}

Test(csv, limits_the_value_of_a_field_without_its_quotes)
{
	static const struct {
		const char *text, *want, *why;
	} ROWS[] = {
		{ "12345;1\n", "[12345][1]|", "as long as the limit" },
		{ "123456;1\n", "!1", "one byte more" },
		{ "1;123456\n", "!1", "in the last field" },
		{ "1;123456", "!1", "at the end of the file" },
		{ "\"12345\"\n", "[12345]|", "the quotes do not count" },
		{ "\"123456\"\n", "!1", "one byte more between quotes" },
		{ "\"1\"\"345\"\n", "[1\"345]|", "a doubled quote counts once" },
		{ "\"1\"\"3456\"\n", "!1", "one byte more with a doubled quote" },
		{ "  45 \n", "[  45 ]|", "before trimming" },
		{ "  456 \n", "!1", "before trimming" },
	};
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 10000);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		read_all(slice_of(ROWS[i].text), 5, &out);
		cr_expect_str_eq(strbuf_text(&out), ROWS[i].want, "%s", ROWS[i].why);
	}
}

Test(csv, nul_bytes_are_bytes_like_any_other)
{
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 1000);
	read_all(slice_make("a\0;\0b\n", 6), CSV_FIELD_BYTES_MAX, &out);
	cr_expect_eq(out.n, 9);
	cr_expect_arr_eq(out.p, "[a\0][\0b]|", 9);
}

Test(csv, counts_the_fields_it_does_not_keep)
{
	struct slice fields[2] = { 0 };
	struct csv csv;
	size_t count = 0;

	csv_init(&csv, slice_of("a;b;c;d\ne\n"), ';', CSV_FIELD_BYTES_MAX, NULL);
	cr_expect_eq(csv_next(&csv, fields, 2, &count), CSV_RECORD);
	cr_expect_eq(count, 4);
	cr_expect(slice_equal_text(fields[1], "b"));
	cr_expect_eq(csv_next(&csv, fields, 0, &count), CSV_RECORD);
	cr_expect_eq(count, 1);
	cr_expect(slice_equal_text(fields[0], "a"), "nothing is kept beyond the capacity");
	cr_expect_eq(csv.record_no, 2);
}

Test(csv, without_scratch_a_doubled_quote_cannot_be_read)
{
	struct slice field;
	struct csv csv;
	size_t count;

	csv_init(&csv, slice_of("\"a\"\n\"a\"\"b\"\n"), ';', CSV_FIELD_BYTES_MAX, NULL);
	cr_expect_eq(csv_next(&csv, &field, 1, &count), CSV_RECORD);
	cr_expect_eq(csv_next(&csv, &field, 1, &count), CSV_BROKEN);
}

Test(csv, reads_the_lists_of_others_with_their_separator)
{
	struct slice fields[2];
	struct csv csv;
	size_t count;

	csv_init(&csv, slice_of("\"a,b\",c;d\n"), ',', CSV_FIELD_BYTES_MAX, NULL);
	cr_expect_eq(csv_next(&csv, fields, 2, &count), CSV_RECORD);
	cr_expect_eq(count, 2);
	cr_expect(slice_equal_text(fields[0], "a,b"));
	cr_expect(slice_equal_text(fields[1], "c;d"));
}

Test(csv, skips_one_bom_at_the_very_start)
{
	cr_expect(slice_equal_text(csv_skip_bom(slice_of("\xef\xbb\xbf"
							 "bsn")),
				   "bsn"));
	cr_expect(slice_equal_text(csv_skip_bom(slice_of("\xef\xbb\xbf\xef\xbb\xbf")), "\xef\xbb\xbf"));
	cr_expect(slice_equal_text(csv_skip_bom(slice_of("\xef\xbb")), "\xef\xbb"));
	cr_expect_eq(csv_skip_bom(slice_of("\xef\xbb\xbf")).n, 0);
	cr_expect_eq(csv_skip_bom((struct slice){ NULL, 0 }).n, 0);
}

/* specification 3.1 once more, a byte at a time and with no thought of speed: the other opinion. Writes as read_all
 * does. */
static void read_plainly(struct slice text, size_t field_bytes_max, struct strbuf *out)
{
	size_t at = 0;
	unsigned record_no = 0;

	strbuf_reset(out);
	while (at < text.n) {
		size_t record_start = out->n;
		bool is_open = true;

		record_no++;
		while (is_open) {
			size_t length = 0;
			bool is_quoted = at < text.n && text.p[at] == '"', is_closed = !is_quoted, is_bad = false;

			strbuf_add_char(out, '[');
			for (at += is_quoted; is_quoted && at < text.n && !is_closed; at++) {
				if (text.p[at] == '"' && !(at + 1 < text.n && text.p[at + 1] == '"')) {
					is_closed = true;
					continue;
				}
				at += text.p[at] == '"';
				strbuf_add_char(out, text.p[at]);
				length++;
			}
			for (; !is_quoted && at < text.n && !strchr(";\r\n\"", text.p[at] ? text.p[at] : 'x'); at++) {
				strbuf_add_char(out, text.p[at]);
				length++;
			}
			strbuf_add_text(out, "]");
			is_bad = !is_closed || length > field_bytes_max;
			is_open = at < text.n && text.p[at] == ';';
			if (is_open || at == text.n)
				at += is_open;
			else if (text.p[at] == '\n')
				at++;
			else if (text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n')
				at += 2;
			else
				is_bad = true;
			if (is_bad) {
				out->n = record_start;
				strbuf_add_printf(out, "!%u", record_no);
				return;
			}
		}
		strbuf_add_char(out, '|');
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Bytes that mean something are frequent, and so are texts around the 64 bytes of a block. */
static size_t make_text(uint64_t seed, char *text)
{
	static const char *const PIECES[] = {
		"a",	 "bc",	  ";",	      "\n", "\r\n", "\"", "\"\"", "\r", "lange waarde van dertig tekens",
		"\";\"", "\"x\"", "\xc3\xa9", ";",  "\n"
	};
	uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	size_t n = 0, pieces = next_random(&state) % 40;
	size_t kinds = next_random(&state) % 3 == 0 ? 5 : ARRAY_LEN(PIECES); /* a third is free of faults */

	for (size_t i = 0; i < pieces; i++) {
		const char *piece = PIECES[next_random(&state) % kinds];

		if (n + strlen(piece) > TEXT_BYTES_MAX)
			break;
		memcpy(text + n, piece, strlen(piece));
		n += strlen(piece);
	}
	return n;
}

Test(csv, agrees_with_a_plain_reading_of_the_form_on_random_bytes)
{
	CLEANUP(strbuf_drop) struct strbuf got, want;

	strbuf_init(&got, 100000);
	strbuf_init(&want, 100000);
	for (uint64_t seed = 1; seed <= 100000; seed++) {
		char text[TEXT_BYTES_MAX];
		size_t n = make_text(seed, text), field_bytes_max = seed % 2 ? 32 : CSV_FIELD_BYTES_MAX;
		char *exact = malloc(n + 1); /* so that a read behind the end is seen by ASan */

		memcpy(exact, text, n);
		exact = realloc(exact, MAX(n, 1));
		read_all(slice_make(exact, n), field_bytes_max, &got);
		read_plainly(slice_make(exact, n), field_bytes_max, &want);
		cr_assert(slice_equal(strbuf_slice(&got), strbuf_slice(&want)), "seed=%llu\n%.*s\ngot  %s\nwant %s",
			  (unsigned long long)seed, (int)n, exact, strbuf_text(&got), strbuf_text(&want));
		free(exact);
	}
}

Test(utf8, accepts_well_formed_bytes_only)
{
	static const struct {
		const char *text;
		bool want;
		const char *why;
	} ROWS[] = {
		{ "", true, "nothing" },
		{ "Jansen", true, "ASCII" },
		{ "\xc3\x96zt\xc3\xbcrk", true, "two bytes" },
		{ "\xc0\x80", false, "NUL in an overlong form" },
		{ "\xc1\xbf", false, "overlong, two bytes" },
		{ "\xc2\x80", true, "the first of two bytes" },
		{ "\xe0\x9f\xbf", false, "overlong, three bytes" },
		{ "\xe0\xa0\x80", true, "the first of three bytes" },
		{ "\xed\x9f\xbf", true, "U+D7FF, before the surrogates" },
		{ "\xed\xa0\x80", false, "U+D800, a surrogate" },
		{ "\xed\xbf\xbf", false, "U+DFFF, a surrogate" },
		{ "\xee\x80\x80", true, "U+E000, after the surrogates" },
		{ "\xf0\x8f\xbf\xbf", false, "overlong, four bytes" },
		{ "\xf0\x90\x80\x80", true, "the first of four bytes" },
		{ "\xf4\x8f\xbf\xbf", true, "U+10FFFF, the last" },
		{ "\xf4\x90\x80\x80", false, "one more" },
		{ "\xf5\x80\x80\x80", false, "a lead byte that is none" },
		{ "\x80", false, "a continuation alone" },
		{ "\xc3", false, "cut after one of two" },
		{ "\xe2\x82", false, "cut after two of three" },
		{ "\xf0\x90\x80", false, "cut after three of four" },
		{ "\xe2\x28\xa1", false, "no continuation" },
		{ "\xff\xfe"
		  "a",
		  false, "the BOM of UTF-16" },
		{ "caf\xe9", false, "windows-1252" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(utf8_is_valid(slice_of(ROWS[i].text)), ROWS[i].want, "%s", ROWS[i].why);
	cr_expect(utf8_is_valid((struct slice){ NULL, 0 }));
}

Test(utf8, knows_exactly_the_well_formed_sequences_of_up_to_three_bytes)
{
	/* 128 characters of one byte, 1920 of two, 61440 of three (65536 - 2048 - 2048 surrogates) */
	enum { ONE = 128, TWO = 1920, THREE = 61440 };
	size_t pairs = 0, triples = 0;

	for (uint32_t number = 0; number < 1u << 24; number++) {
		const unsigned char bytes[] = { (unsigned char)(number >> 16), (unsigned char)(number >> 8),
						(unsigned char)number };

		triples += utf8_is_valid(slice_make(bytes, 3));
		pairs += bytes[0] == 0 && utf8_is_valid(slice_make(bytes + 1, 2));
	}
	cr_expect_eq(pairs, ONE * ONE + TWO);
	cr_expect_eq(triples, ONE * ONE * ONE + 2 * ONE * TWO + THREE);
}

Test(utf8, finds_a_wrong_byte_wherever_it_stands)
{
	char text[70];

	for (size_t n = 1; n <= sizeof text; n++) {
		for (size_t at = 0; at < n; at++) {
			memset(text, 'a', n);
			cr_assert(utf8_is_valid(slice_make(text, n)));
			text[at] = '\x80';
			cr_assert_not(utf8_is_valid(slice_make(text, n)), "n=%zu at=%zu", n, at);
		}
	}
}

Test(utf8, length_counts_characters)
{
	cr_expect_eq(utf8_length(slice_of("")), 0);
	cr_expect_eq(utf8_length(slice_of("abc")), 3);
	cr_expect_eq(utf8_length(slice_of("\xc3\x96zt\xc3\xbcrk")), 6);
	cr_expect_eq(utf8_length(slice_of("\xe2\x82\xac\xf0\x90\x80\x80")), 2);
}

Test(csv, writes_quotes_only_where_they_are_needed)
{
	static const struct {
		const char *value, *want, *why;
	} ROWS[] = {
		{ "", "", "empty" },
		{ "A-1001", "A-1001", "plain" },
		{ " a ", " a ", "spaces need none" },
		{ "a;b", "\"a;b\"", "a separator" },
		{ "a\nb", "\"a\nb\"", "LF" },
		{ "a\rb", "\"a\rb\"", "CR" },
		{ "\"", "\"\"\"\"", "a quote is doubled" },
		{ "a\"b\"c", "\"a\"\"b\"\"c\"", "every quote" },
		{ "a,b|c", "a,b|c", "other marks need none" },
	};
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		strbuf_reset(&out);
		csv_add_field(&out, slice_of(ROWS[i].value));
		cr_expect_str_eq(strbuf_text(&out), ROWS[i].want, "%s", ROWS[i].why);
	}
}
