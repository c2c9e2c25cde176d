/* What a verdict must be before writer and fold index its arrays. */
#include "protocol/verdict_class.h"

#include <criterion/criterion.h>

/* Three readable groups (CANDIDATE, UNCHANGED, REJECTED) and one unreadable, six lines. */
struct sample {
	struct wire_verdict verdict;
	char keys[48];
	char classes[4];
	char hashes[32];
	int32_t group_lines[4];
	struct wire_candidate candidates[1];
	struct wire_finding_count findings[1];
};

static void make_sample(struct sample *sample)
{
	*sample = (struct sample){
		.classes = { VERDICT_CANDIDATE, VERDICT_UNCHANGED, VERDICT_REJECTED, VERDICT_REJECTED },
		.group_lines = { 1, 3, 1, 1 },
		.candidates = { { .bsn = 111222333, .content = SLICE_LITERAL("c"), .targets = SLICE_LITERAL("RV") } },
		.findings = { { .rule = 7, .lines = 1 } },
	};
	for (size_t i = 0; i < 3; i++)
		sample->keys[i * 16 + 15] = (char)i;
	sample->verdict = (struct wire_verdict){
		.kind = VERDICT_KIND_DELIVERY,
		.header = { .board = 41211,
			    .delivery_id = SLICE_LITERAL("0123456789-abcdef"),
			    .kind = 1,
			    .sequence = 1,
			    .extraction_date = 20180601,
			    .received_on = 20180601,
			    .line_count = 6 },
		.unreadable_lines = 1,
		.keys = { sample->keys, sizeof sample->keys },
		.classes = { sample->classes, sizeof sample->classes },
		.hashes = { sample->hashes, sizeof sample->hashes },
		.group_lines = { sample->group_lines, ARRAY_LEN(sample->group_lines) },
		.candidates = { sample->candidates, 1 },
		.findings = { sample->findings, 1 },
	};
}

static int check(const struct sample *sample)
{
	struct err err;
	int rc = verdict_check(&sample->verdict, &err);

	cr_expect(rc == 0 || rc == -ERR_DATA);
	return rc;
}

#define EXPECT_GOOD(change)                                            \
	do {                                                           \
		struct sample s;                                       \
		make_sample(&s);                                       \
		change;                                                \
		cr_expect_eq(check(&s), 0, "is refused: %s", #change); \
	} while (0)
#define EXPECT_BAD(change)                                                      \
	do {                                                                    \
		struct sample s;                                                \
		make_sample(&s);                                                \
		change;                                                         \
		cr_expect_eq(check(&s), -ERR_DATA, "is accepted: %s", #change); \
	} while (0)

Test(verdict_check, accepts_a_verdict_that_fits)
{
	EXPECT_GOOD((void)0);
	EXPECT_GOOD((s.verdict.kind = VERDICT_KIND_REPLAY, s.verdict.attempt = 1));
	EXPECT_GOOD(s.classes[3] = VERDICT_QUARANTINE);
	EXPECT_GOOD((s.verdict.keys.n = 0, s.verdict.classes.n = 0, s.verdict.hashes.n = 0,
		     s.verdict.group_lines.count = 0, s.verdict.candidates.count = 0, s.verdict.header.line_count = 0,
		     s.verdict.unreadable_lines = 0));
}

Test(verdict_check, lengths_must_agree)
{
	EXPECT_BAD(s.verdict.keys.n = 47);
	EXPECT_BAD(s.verdict.keys.n = 32);
	EXPECT_BAD(s.verdict.classes.n = 3);
	EXPECT_BAD(s.verdict.group_lines.count = 3);
	EXPECT_BAD(s.verdict.hashes.n = 16);
	EXPECT_BAD(s.verdict.hashes.n = 31);
	EXPECT_BAD(s.verdict.candidates.count = 0);
	EXPECT_BAD((s.verdict.classes.n = 2, s.verdict.group_lines.count = 2, s.verdict.header.line_count = 4,
		    s.verdict.unreadable_lines = 0)); /* fewer groups than keys */
}

Test(verdict_check, keys_rise_strictly)
{
	EXPECT_BAD(s.keys[31] = 0);
	EXPECT_BAD(s.keys[31] = 2);
	EXPECT_GOOD(s.keys[47] = (char)0xff);
}

Test(verdict_check, classes_are_the_five_and_an_unreadable_group_is_never_applied)
{
	EXPECT_BAD(s.classes[2] = 0);
	EXPECT_BAD(s.classes[2] = 6);
	EXPECT_GOOD(s.classes[2] = VERDICT_WITHDRAW);
	EXPECT_GOOD(s.classes[2] = VERDICT_QUARANTINE);
	EXPECT_BAD(s.classes[3] = VERDICT_WITHDRAW);
	EXPECT_BAD((s.classes[0] = VERDICT_REJECTED, s.classes[3] = VERDICT_CANDIDATE));
}

Test(verdict_check, knows_when_nobody_can_say_whose_a_quarantined_line_is)
{
	struct sample s;

	make_sample(&s);
	cr_expect_not(verdict_hides_teacher(&s.verdict), "an unreadable BSN that is rejected is the board's own");
	s.classes[2] = VERDICT_QUARANTINE;
	cr_expect_not(verdict_hides_teacher(&s.verdict), "a teacher in quarantaine who is named");
	s.classes[3] = VERDICT_QUARANTINE;
	cr_expect(verdict_hides_teacher(&s.verdict));
	make_sample(&s);
	s.verdict.body_unreadable = true;
	s.verdict.classes.n = 0;
	cr_expect(verdict_hides_teacher(&s.verdict), "a body that could not be read");
}

Test(verdict_check, lines_add_up)
{
	EXPECT_GOOD((s.group_lines[0] = 3, s.group_lines[1] = 1));
	EXPECT_BAD((s.group_lines[0] = 0, s.group_lines[1] = 4));
	EXPECT_BAD((s.group_lines[0] = -1, s.group_lines[1] = 5));
	EXPECT_BAD(s.group_lines[0] = 2);
	EXPECT_BAD(s.verdict.header.line_count = 5);
	EXPECT_BAD(s.verdict.unreadable_lines = 0);
	EXPECT_BAD((s.group_lines[0] = INT32_MAX, s.group_lines[1] = INT32_MAX)); /* would overflow 32 bits */
}

Test(verdict_check, header_fields_have_their_range)
{
	EXPECT_GOOD(s.verdict.header.board = 0);
	EXPECT_GOOD(s.verdict.header.board = 99999);
	EXPECT_BAD(s.verdict.header.board = -1);
	EXPECT_BAD(s.verdict.header.board = 100000);
	EXPECT_BAD(s.verdict.header.delivery_id = SLICE_LITERAL("0123456789abcde"));
	EXPECT_BAD(s.verdict.header.kind = 0);
	EXPECT_GOOD(s.verdict.header.kind = 3);
	EXPECT_BAD(s.verdict.header.kind = 4);
	EXPECT_BAD(s.verdict.header.sequence = 0);
	EXPECT_GOOD(s.verdict.header.sequence = INT64_MAX);
	EXPECT_BAD(s.verdict.header.extraction_date = 20180631);
	EXPECT_BAD(s.verdict.header.received_on = 0);
	EXPECT_BAD(s.verdict.header.received_on = -20180601);
	EXPECT_BAD(s.verdict.header.contact_name = slice_make(s.keys, 201));
	EXPECT_GOOD(s.verdict.header.contact_name = slice_make(s.keys, 48));
	EXPECT_BAD(s.verdict.attempt = 1);
	EXPECT_BAD(s.verdict.attempt = -1);
	EXPECT_BAD(s.verdict.kind = VERDICT_KIND_REPLAY); /* with attempt 0 */
	EXPECT_BAD(s.verdict.raw_offset = -1);
	EXPECT_BAD(s.verdict.kind = 0);
	EXPECT_BAD(s.verdict.kind = 6);
}

Test(verdict_check, candidates_and_findings_have_their_form)
{
	EXPECT_BAD(s.candidates[0].bsn = -1);
	EXPECT_BAD(s.candidates[0].bsn = 1000000000);
	EXPECT_BAD(s.candidates[0].content.n = 0);
	EXPECT_BAD(s.candidates[0].targets.n = 0);
	EXPECT_BAD(s.candidates[0].targets = SLICE_LITERAL("RG"));
	EXPECT_BAD(s.findings[0].lines = 0);
	EXPECT_BAD(s.findings[0].rule = 65536);
}

static void clear_groups(struct wire_verdict *verdict)
{
	verdict->keys.n = verdict->classes.n = verdict->hashes.n = verdict->group_lines.count =
		verdict->candidates.count = 0;
}

static void make_confirm(struct wire_verdict *verdict, size_t condition_bytes)
{
	static const char DIGESTS[288];

	verdict->kind = VERDICT_KIND_CONFIRM;
	clear_groups(verdict);
	verdict->condition = slice_make(DIGESTS, condition_bytes);
}

Test(verdict_check, a_confirmation_has_whole_digests_and_nothing_else_has_any)
{
	EXPECT_GOOD(make_confirm(&s.verdict, 0));
	EXPECT_GOOD(make_confirm(&s.verdict, 256));
	EXPECT_BAD(make_confirm(&s.verdict, 288));
	EXPECT_BAD(make_confirm(&s.verdict, 33));
	EXPECT_BAD((make_confirm(&s.verdict, 32), s.verdict.kind = VERDICT_KIND_FORGET));
}

Test(verdict_check, a_set_back_has_a_board_and_a_volgnummer_only)
{
	EXPECT_BAD(s.verdict.kind = VERDICT_KIND_SET_BACK);
	EXPECT_GOOD((s.verdict.kind = VERDICT_KIND_SET_BACK, clear_groups(&s.verdict), s.verdict.header.sequence = 0));
	EXPECT_BAD((s.verdict.kind = VERDICT_KIND_SET_BACK, clear_groups(&s.verdict), s.verdict.header.sequence = -1));
}

Test(verdict_check, what_has_no_lines_has_no_groups)
{
	EXPECT_BAD(s.verdict.body_unreadable = true);
	EXPECT_GOOD((s.verdict.body_unreadable = true, clear_groups(&s.verdict)));
	EXPECT_BAD(s.verdict.kind = VERDICT_KIND_CONFIRM);
	EXPECT_GOOD((s.verdict.kind = VERDICT_KIND_CONFIRM, clear_groups(&s.verdict)));
	EXPECT_BAD(
		(s.verdict.kind = VERDICT_KIND_CONFIRM, clear_groups(&s.verdict), s.verdict.header.delivery_id.n = 0));
	EXPECT_BAD(s.verdict.kind = VERDICT_KIND_FORGET);
	EXPECT_GOOD((s.verdict.kind = VERDICT_KIND_FORGET, clear_groups(&s.verdict), s.verdict.keys.n = 48,
		     s.verdict.header.delivery_id.n = 0));
	EXPECT_BAD((s.verdict.kind = VERDICT_KIND_FORGET, clear_groups(&s.verdict), s.verdict.keys.n = 47));
	EXPECT_BAD(s.verdict.kind = VERDICT_KIND_FOREIGN);
	EXPECT_GOOD((s.verdict.kind = VERDICT_KIND_FOREIGN, clear_groups(&s.verdict),
		     s.verdict.header = (struct wire_header){ 0 }));
}
