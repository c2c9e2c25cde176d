/* What a board may write in a problem report: each member, each limit, no number that may be a BSN. Invented. */
#include "gateway/problem_form.h"
#include "model/bsn.h"
#include "model/problem.h"

#include <criterion/criterion.h>

static enum problem_fault read_body(struct slice body, bool has_sector)
{
	struct problem_form form = { 0 };
	enum problem_fault fault = problem_form_read(body, has_sector, &form);

	problem_form_release(&form);
	return fault;
}

static const struct {
	const char *body;
	bool has_sector;
	enum problem_fault fault;
} BODIES[] = {
	{ "{\"toelichting\":\"x\"}", false, PROBLEM_GOOD },
	{ "{\"toelichting\":\"een\\ntwee\\tdrie\"}", false, PROBLEM_GOOD },
	{ "{\"toelichting\":\"x\",\"leveringsid\":null,\"codes\":null}", false, PROBLEM_GOOD },
	{ "{\"toelichting\":\"x\",\"leveringsid\":\"levering-00000001\",\"codes\":{\"LR-S02\":12,\"LR-P01\":0}}", false,
	  PROBLEM_GOOD },
	{ "{\"toelichting\":\"x\",\"sector\":\"VO\"}", true, PROBLEM_GOOD },
	{ "", false, PROBLEM_NO_JSON },
	{ "[]", false, PROBLEM_NO_JSON },
	{ "{\"toelichting\":\"x\"", false, PROBLEM_NO_JSON },
	{ "{\"toelichting\":\"x\",\"toelichting\":\"y\"}", false, PROBLEM_NO_JSON },
	{ "{\"toelichting\":\"\\u0000\"}", false, PROBLEM_NO_JSON },
	{ "{\"toelichting\":\"\xff\"}", false, PROBLEM_NO_JSON },
	{ "{\"codes\":{\"LR-S02\":{\"a\":1}},\"toelichting\":\"x\"}", false, PROBLEM_NO_JSON },
	{ "{\"toelichting\":\"x\",\"bestuur\":\"41211\"}", false, PROBLEM_OTHER_MEMBER },
	{ "{\"toelichting\":\"x\",\"sector\":\"VO\"}", false, PROBLEM_OTHER_MEMBER },
	{ "{\"toelichting\":\"x\",\"sector\":\"VO\",\"codes\":{}}", true, PROBLEM_OTHER_MEMBER },
	{ "{\"toelichting\":\"x\",\"leveringsid\":\"te-kort\"}", false, PROBLEM_DELIVERY },
	{ "{\"toelichting\":\"x\",\"leveringsid\":7}", false, PROBLEM_DELIVERY },
	{ "{\"toelichting\":\"x\",\"codes\":[\"LR-S02\"]}", false, PROBLEM_CODES },
	{ "{\"toelichting\":\"x\",\"codes\":{\"LR-X99\":1}}", false, PROBLEM_CODES },
	{ "{\"toelichting\":\"x\",\"codes\":{\"LR-S02\":-1}}", false, PROBLEM_CODES },
	{ "{\"toelichting\":\"x\",\"codes\":{\"LR-S02\":1.5}}", false, PROBLEM_CODES },
	{ "{\"toelichting\":\"x\",\"codes\":{\"LR-S02\":10000001}}", false, PROBLEM_CODES },
	{ "{\"toelichting\":\"x\"}", true, PROBLEM_SECTOR },
	{ "{\"toelichting\":\"x\",\"sector\":\"vo\"}", true, PROBLEM_SECTOR },
	{ "{\"toelichting\":\"x\",\"sector\":\"HBO\"}", true, PROBLEM_SECTOR },
	{ "{\"sector\":\"VO\"}", true, PROBLEM_WORDS },
	{ "{}", false, PROBLEM_WORDS },
	{ "{\"toelichting\":7}", false, PROBLEM_WORDS },
	{ "{\"toelichting\":\"\"}", false, PROBLEM_WORDS },
	{ "{\"toelichting\":\" \\n \"}", false, PROBLEM_WORDS },
	{ "{\"toelichting\":\"een\\u001b[2Jtwee\"}", false, PROBLEM_WORDS },
	{ "{\"toelichting\":\"een\\u009btwee\"}", false, PROBLEM_WORDS },
	{ "{\"toelichting\":\"van 111222333\"}", false, PROBLEM_BSN },
	{ "{\"toelichting\":\"van 1112.22.333\",\"sector\":\"PO\"}", true, PROBLEM_BSN },
};

Test(gateway_problem_form, takes_what_is_described_and_nothing_else)
{
	for (size_t i = 0; i < ARRAY_LEN(BODIES); i++)
		cr_expect_eq(read_body(slice_of(BODIES[i].body), BODIES[i].has_sector), BODIES[i].fault, "%s",
			     BODIES[i].body);
}

/* A character may have 4 bytes. */
Test(gateway_problem_form, counts_characters_and_not_bytes)
{
	for (size_t count = PROBLEM_CHARACTERS_MAX; count <= PROBLEM_CHARACTERS_MAX + 1; count++) {
		struct strbuf body;

		strbuf_init(&body, PROBLEM_BODY_BYTES_MAX);
		strbuf_add_text(&body, "{\"toelichting\":\"");
		for (size_t i = 0; i < count; i++)
			strbuf_add_text(&body, "\xf0\x9f\x8f\xab");
		strbuf_add_text(&body, "\"}");
		cr_expect_eq(read_body(strbuf_slice(&body), false),
			     count > PROBLEM_CHARACTERS_MAX ? PROBLEM_WORDS : PROBLEM_GOOD, "%zu", count);
		strbuf_release(&body);
	}
}

Test(gateway_problem_form, keeps_what_was_written)
{
	struct problem_form form = { 0 };
	struct slice body = slice_of(
		"{\"toelichting\":\"na\\u0308chster\",\"codes\":{\"LR-S02\":2,\"LR-P01\":1},"
		"\"leveringsid\":\"levering-00000001\"}");

	cr_assert_eq(problem_form_read(body, false, &form), PROBLEM_GOOD);
	cr_expect(slice_equal_text(form.words,
				   "na\xcc\x88"
				   "chster"));
	cr_expect(slice_equal_text(form.delivery_id, "levering-00000001"));
	cr_expect_str_eq(form.codes, "{\"LR-P01\":1,\"LR-S02\":2}");
	problem_form_release(&form);
}

static const struct {
	const char *words;
	bool has_bsn;
} WORDS[] = {
	{ "111222333", true },
	{ "bsn:111222333.", true },
	{ "a111222333b", true },
	{ "regel 5 111222333", true },
	{ "5 van 111 222 333", true },
	{ "regel 7 111-222-333 klopt niet", true },
	{ "1112.22.333", true },
	{ "11/12/22333", true },
	{ "111\xc2\xa0"
	  "222\xc2\xa0"
	  "333",
	  true },
	{ "1 1 1 2 2 2 3 3 3", true },
	{ "111222332 en dan 111222333", true },
	{ "111222332", false },
	{ "1112223330", false },
	{ "0111222333", false },
	{ "111  222333", false },
	{ "111, 222333", false },
	{ "111 222\n333", false },
	{ "000000000", false },
	{ "020 123 45 67", false },
	{ "levering van 2018-06-01, 12 regels", false },
	{ "P-BCDF-GHJK-LMNP", false },
	{ "11122233", false },
	{ "", false },
	{ "111-222-", false },
};

Test(gateway_problem_form, finds_a_number_that_may_be_a_bsn)
{
	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		cr_expect_eq(bsn_stands_in(slice_of(WORDS[i].words)), WORDS[i].has_bsn, "%s", WORDS[i].words);
	cr_expect_not(bsn_stands_in(slice_make("111222333", 8)), "not beyond the end");
}

Test(gateway_problem_form, knows_the_states)
{
	cr_expect_str_eq(problem_state_of(slice_of("niet_verzonden")), "niet_verzonden");
	cr_expect_null(problem_state_of(slice_of("geweigerd")));
}
