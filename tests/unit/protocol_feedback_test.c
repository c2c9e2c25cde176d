#include "protocol/feedback_build.h"
#include "wire/gen/feedback.h"

#include <criterion/criterion.h>

enum { LINES = 3, GROUPS = 2 };

static struct finding findings[] = {
	{ .rule = RULE_B07, .field = FIELD_BRIN, .values = { INT64_MIN, 0, 3 } },
	{ .rule = RULE_P02, .field = FIELD_BSN },
	{ .rule = RULE_X01, .field = FIELD_NONE, .values = { 5 } },
};
static struct judged_line lines[LINES] = {
	{ .record_no = 2,
	  .group = 1,
	  .employee_ref = { "E-1", 3 },
	  .appointment_key = { "A-1", 3 },
	  .target = TARGET_REGISTER,
	  .finding_first = 1,
	  .finding_count = 2 },
	{ .record_no = 3,
	  .group = 0,
	  .employee_ref = { NULL, 0 },
	  .appointment_key = { "A-2", 3 },
	  .target = TARGET_NONE },
	{ .record_no = 50001,
	  .group = 1,
	  .employee_ref = { "E-1", 3 },
	  .appointment_key = { NULL, 0 },
	  .target = TARGET_GEEN,
	  .finding_first = 0,
	  .finding_count = 1 },
};
static const struct judged JUDGED = {
	.lines = lines, .group_count = GROUPS, .findings = findings, .finding_count = ARRAY_LEN(findings)
};
static const uint8_t GROUP_OUTCOMES[GROUPS] = { OUTCOME_NIEUW, OUTCOME_AFGEKEURD };

static struct feedback_reader reader;

/* Lines read before the end (positive) or before the error (-1 - lines). */
static int read_all(struct slice bytes, const uint8_t *outcomes, size_t groups)
{
	struct feedback_line line;
	struct err err;
	int count = 0, rc;
	bool is_end;

	feedback_reader_init(&reader, bytes, outcomes, groups);
	while ((rc = feedback_reader_next(&reader, &line, &is_end, &err)) == 0 && !is_end)
		count++;
	cr_expect(rc == 0 || rc == -ERR_DATA);
	return rc == 0 ? count : -1 - count;
}

Test(feedback, is_read_line_by_line_as_judged)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;
	struct feedback_line line;
	struct err err;
	bool is_end;

	strbuf_init(&bytes, 1 << 16);
	feedback_build(&bytes, &JUDGED, LINES);
	cr_assert(strbuf_ok(&bytes));
	feedback_reader_init(&reader, strbuf_slice(&bytes), GROUP_OUTCOMES, GROUPS);
	for (size_t i = 0; i < LINES; i++) {
		cr_assert_eq(feedback_reader_next(&reader, &line, &is_end, &err), 0, "%s", err.text);
		cr_assert_not(is_end);
		cr_expect_eq(line.record_no, lines[i].record_no);
		cr_expect(slice_equal(line.employee_ref, lines[i].employee_ref));
		cr_expect(slice_equal(line.appointment_key, lines[i].appointment_key));
		cr_expect_eq((uint8_t)line.target, lines[i].target);
		cr_expect_eq((uint8_t)line.outcome, GROUP_OUTCOMES[lines[i].group]);
		cr_assert_eq(line.finding_count, lines[i].finding_count);
		for (size_t j = 0; j < line.finding_count; j++) {
			const struct finding *want = &findings[lines[i].finding_first + j];

			cr_expect_eq(line.findings[j].rule, want->rule);
			cr_expect_eq(line.findings[j].field, want->field);
			cr_expect_arr_eq(line.findings[j].values, want->values, sizeof want->values);
		}
	}
	for (int i = 0; i < 2; i++) { /* the end stays the end */
		cr_expect_eq(feedback_reader_next(&reader, &line, &is_end, &err), 0);
		cr_expect(is_end);
	}
}

Test(feedback, is_a_datum_of_its_schema)
{
	CLEANUP(strbuf_drop) struct strbuf bytes, again;
	struct wire_feedback feedback;
	struct arena arena;
	struct err err;

	strbuf_init(&bytes, 1 << 16);
	strbuf_init(&again, 1 << 16);
	cr_assert_eq(arena_init(&arena, 1 << 16, 0, &err), 0);
	feedback_build(&bytes, &JUDGED, LINES);
	cr_assert_eq(wire_feedback_decode(strbuf_slice(&bytes), &arena, &feedback, &err), 0, "%s", err.text);
	cr_expect_eq(feedback.lines.count, LINES);
	cr_expect_eq(feedback.lines.items[0].findings.count, 2);
	cr_expect_eq(feedback.lines.items[2].findings.items[0].values.count, 3);
	wire_feedback_encode(&again, &feedback);
	cr_expect(slice_equal(strbuf_slice(&bytes), strbuf_slice(&again)), "the generated codec writes the same bytes");
	arena_release(&arena);
}

Test(feedback, of_no_lines_is_one_byte)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;

	strbuf_init(&bytes, 100);
	feedback_build(&bytes, &JUDGED, 0);
	cr_expect_eq(bytes.n, 1);
	cr_expect_eq(read_all(strbuf_slice(&bytes), NULL, 0), 0);
}

Test(feedback, cut_bytes_are_refused_at_every_length)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;

	strbuf_init(&bytes, 1 << 16);
	feedback_build(&bytes, &JUDGED, LINES);
	for (size_t n = 0; n < bytes.n; n++)
		cr_expect_lt(read_all(slice_make(bytes.p, n), GROUP_OUTCOMES, GROUPS), 0, "%zu bytes", n);
	strbuf_add_char(&bytes, 0);
	cr_expect_lt(read_all(strbuf_slice(&bytes), GROUP_OUTCOMES, GROUPS), 0, "a byte too many");
}

static const struct {
	const char *bytes;
	size_t n;
	int want;
	const char *why;
} DATA[] = {
#define ROW(text, ...)                                \
	{                                             \
		(text), sizeof(text) - 1, __VA_ARGS__ \
	}
	ROW("\x02\x04\x02\x00\x00\x02\x00\x00", 1, "one line of group 1 without findings"),
	ROW("\x02\x00\x02\x00\x00\x02\x00\x00", -1, "record 0"),
	ROW("\x02\x04\x04\x00\x00\x02\x00\x00", -1, "group 2 of 2"),
	ROW("\x02\x04\x01\x00\x00\x02\x00\x00", -1, "a negative group"),
	ROW("\x02\x04\x02\x00\x00\x08\x00\x00", -1, "a doel that is none"),
	ROW("\x04\x04\x02\x00\x00\x02\x00\x04\x02\x00\x00\x02\x00\x00", -2, "the same record twice"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x8e\x88\x02\x02\x00\x00\x00", 1, "LR-B07"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x02\x02\x00\x00\x00", 1, "rule 1, which only a newer program may know"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x00\x02\x00\x00\x00", -1, "rule 0 is none"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x80\x80\x08\x02\x00\x00\x00", -1, "rule 65536 is none"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x8e\x88\x02\x4a\x00\x00\x00", 1, "field 37, likewise"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x8e\x88\x02\x01\x00\x00\x00", -1, "field -1 is none"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x8e\x88\x02\x80\x04\x00\x00\x00", -1, "field 256 is none"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x8e\x88\x02\x48\x00\x00\x00", 1, "field 36 is"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x8e\x88\x02\x02\x06\x02\x02\x02\x00\x00\x00", 1, "three values"),
	ROW("\x02\x04\x02\x00\x00\x02\x02\x8e\x88\x02\x02\x08\x02\x02\x02\x02\x00\x00\x00", 1,
	    "four, of which three are kept"),
#undef ROW
};

Test(feedback, damaged_lines_are_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(DATA); i++)
		cr_expect_eq(read_all(slice_make(DATA[i].bytes, DATA[i].n), GROUP_OUTCOMES, GROUPS), DATA[i].want, "%s",
			     DATA[i].why);
}

/* What a newer validator found, a reader of this build must still be able to show: LR-B20 on column 37, four values. */
Test(feedback, a_finding_of_a_newer_program_is_read)
{
	static const char BYTES[] = "\x02\x04\x02\x00\x00\x02\x02\xa8\x88\x02\x4a\x08\x02\x04\x06\x08\x00\x00\x00";
	struct feedback_line line;
	struct err err;
	bool is_end;

	feedback_reader_init(&reader, slice_make(BYTES, sizeof BYTES - 1), GROUP_OUTCOMES, GROUPS);
	cr_assert(feedback_reader_next(&reader, &line, &is_end, &err) == 0 && !is_end);
	cr_assert_eq(line.finding_count, 1);
	cr_expect_eq(line.findings[0].rule, RULE_ID('B', 20));
	cr_expect_eq(line.findings[0].field, 37);
	cr_expect(line.findings[0].values[0] == 1 && line.findings[0].values[2] == 3);
	cr_expect(feedback_reader_next(&reader, &line, &is_end, &err) == 0 && is_end);
}

Test(feedback, an_outcome_that_is_none_is_refused)
{
	static const uint8_t BAD[GROUPS] = { OUTCOME_NIEUW, OUTCOME_MAX + 1 };

	cr_expect_eq(read_all(slice_make(DATA[0].bytes, DATA[0].n), BAD, GROUPS), -1);
}

Test(feedback, a_line_has_at_most_256_findings)
{
	CLEANUP(strbuf_drop) struct strbuf bytes;

	strbuf_init(&bytes, 1 << 16);
	for (size_t count = FEEDBACK_FINDINGS_MAX; count <= FEEDBACK_FINDINGS_MAX + 1; count++) {
		strbuf_reset(&bytes);
		strbuf_add_bytes(&bytes, "\x02\x04\x02\x00\x00\x02", 6);
		wire_put_long(&bytes, (int64_t)count);
		for (size_t i = 0; i < count; i++)
			strbuf_add_bytes(&bytes, "\x8e\x88\x02\x02\x00", 5);
		strbuf_add_bytes(&bytes, "\x00\x00", 2);
		cr_expect_eq(read_all(strbuf_slice(&bytes), GROUP_OUTCOMES, GROUPS),
			     count == FEEDBACK_FINDINGS_MAX ? 1 : -1);
	}
}
