/* The state machine of specification 6, cell by cell, and the gate of 7.2. */
#include "model/outcome.h"

#include <criterion/criterion.h>

enum { SAME = 's', OTHER = 'o' }; /* content: that of the state, or another */

static const struct {
	const char *why;
	enum teacher_status status;
	int64_t state_sequence;
	int64_t sequence;
	char content; /* 0: an INTREKKING */
	enum outcome want;
	enum teacher_status want_status;
	int64_t want_sequence;
} ROWS[] = {
	{ "row 2", STATUS_NONE, 0, 1, SAME, OUTCOME_NIEUW, STATUS_ACTIEF, 1 },
	{ "row 2, INTREKKING", STATUS_NONE, 0, 1, 0, OUTCOME_AFGEKEURD_R01, STATUS_NONE, 0 },

	{ "row 3", STATUS_ACTIEF, 5, 4, SAME, OUTCOME_VEROUDERD, STATUS_ACTIEF, 5 },
	{ "row 3", STATUS_ACTIEF, 5, 4, OTHER, OUTCOME_VEROUDERD, STATUS_ACTIEF, 5 },
	{ "row 3", STATUS_INGETROKKEN, 5, 4, OTHER, OUTCOME_VEROUDERD, STATUS_INGETROKKEN, 5 },
	{ "row 3", STATUS_VERVALLEN, 5, 4, SAME, OUTCOME_VEROUDERD, STATUS_VERVALLEN, 5 },
	{ "row 3, INTREKKING", STATUS_ACTIEF, 5, 4, 0, OUTCOME_VEROUDERD, STATUS_ACTIEF, 5 },
	{ "row 3, INTREKKING", STATUS_INGETROKKEN, 5, 4, 0, OUTCOME_VEROUDERD, STATUS_INGETROKKEN, 5 },
	{ "row 3, INTREKKING", STATUS_VERVALLEN, 5, 4, 0, OUTCOME_VEROUDERD, STATUS_VERVALLEN, 5 },

	{ "row 4", STATUS_ACTIEF, 5, 5, SAME, OUTCOME_ONGEWIJZIGD, STATUS_ACTIEF, 5 },
	{ "row 4", STATUS_ACTIEF, 5, 5, OTHER, OUTCOME_AFGEKEURD_R08, STATUS_ACTIEF, 5 },
	{ "row 4", STATUS_INGETROKKEN, 5, 5, SAME, OUTCOME_AFGEKEURD_R08, STATUS_INGETROKKEN, 5 },
	{ "row 4, even when the content is the same", STATUS_VERVALLEN, 5, 5, SAME, OUTCOME_AFGEKEURD_R08,
	  STATUS_VERVALLEN, 5 },
	{ "row 4", STATUS_VERVALLEN, 5, 5, OTHER, OUTCOME_AFGEKEURD_R08, STATUS_VERVALLEN, 5 },
	{ "row 4, INTREKKING", STATUS_INGETROKKEN, 5, 5, 0, OUTCOME_ONGEWIJZIGD, STATUS_INGETROKKEN, 5 },
	{ "row 4, INTREKKING", STATUS_ACTIEF, 5, 5, 0, OUTCOME_AFGEKEURD_R08, STATUS_ACTIEF, 5 },
	{ "row 4, INTREKKING", STATUS_VERVALLEN, 5, 5, 0, OUTCOME_AFGEKEURD_R08, STATUS_VERVALLEN, 5 },

	{ "row 5", STATUS_ACTIEF, 5, 6, SAME, OUTCOME_ONGEWIJZIGD, STATUS_ACTIEF, 6 },
	{ "row 5", STATUS_ACTIEF, 5, 6, OTHER, OUTCOME_GEWIJZIGD, STATUS_ACTIEF, 6 },
	{ "row 5, INTREKKING", STATUS_ACTIEF, 5, 6, 0, OUTCOME_INGETROKKEN, STATUS_INGETROKKEN, 6 },

	{ "row 6", STATUS_INGETROKKEN, 5, 6, OTHER, OUTCOME_NIEUW, STATUS_ACTIEF, 6 },
	{ "row 6", STATUS_VERVALLEN, 5, 6, SAME, OUTCOME_NIEUW, STATUS_ACTIEF, 6 },
	{ "row 6, INTREKKING", STATUS_INGETROKKEN, 5, 6, 0, OUTCOME_AFGEKEURD_R01, STATUS_INGETROKKEN, 5 },
	{ "row 6, INTREKKING", STATUS_VERVALLEN, 5, 6, 0, OUTCOME_AFGEKEURD_R01, STATUS_VERVALLEN, 5 },

	{ "the largest sequence", STATUS_ACTIEF, INT64_MAX - 1, INT64_MAX, OTHER, OUTCOME_GEWIJZIGD, STATUS_ACTIEF,
	  INT64_MAX },
};

Test(outcome, follows_the_first_row_that_fits)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct teacher_state state = { .status = ROWS[i].status, .sequence = ROWS[i].state_sequence };
		uint8_t content[CONTENT_HASH_BYTES];

		if (ROWS[i].status == STATUS_ACTIEF || ROWS[i].status == STATUS_VERVALLEN)
			memset(state.content_hash, SAME, sizeof state.content_hash);
		memset(content, ROWS[i].content, sizeof content);
		enum outcome outcome = outcome_decide(&state, ROWS[i].sequence, ROWS[i].content ? content : NULL);

		cr_expect_eq(outcome, ROWS[i].want, "row %zu, %s: %d", i, ROWS[i].why, outcome);
		cr_expect_eq(state.status, ROWS[i].want_status, "row %zu, %s", i, ROWS[i].why);
		cr_expect_eq(state.sequence, ROWS[i].want_sequence, "row %zu, %s", i, ROWS[i].why);
		if (outcome == OUTCOME_NIEUW || outcome == OUTCOME_GEWIJZIGD)
			cr_expect(memcmp(state.content_hash, content, sizeof content) == 0, "row %zu, %s", i,
				  ROWS[i].why);
	}
}

Test(outcome, forgets_the_content_of_the_withdrawn)
{
	static const uint8_t NOTHING[CONTENT_HASH_BYTES];
	struct teacher_state state = { .status = STATUS_ACTIEF, .sequence = 1, .content_hash = "abcdefghijklmno" };

	cr_assert_eq(outcome_decide(&state, 2, NULL), OUTCOME_INGETROKKEN);
	cr_expect(memcmp(state.content_hash, NOTHING, sizeof NOTHING) == 0);
}

static const struct {
	enum outcome outcome;
	enum outcome counted_as;
	const char *name;
} NAMES[] = {
	{ OUTCOME_NONE, OUTCOME_NONE, "" },
	{ OUTCOME_NIEUW, OUTCOME_NIEUW, "nieuw" },
	{ OUTCOME_GEWIJZIGD, OUTCOME_GEWIJZIGD, "gewijzigd" },
	{ OUTCOME_ONGEWIJZIGD, OUTCOME_ONGEWIJZIGD, "ongewijzigd" },
	{ OUTCOME_VEROUDERD, OUTCOME_VEROUDERD, "verouderd" },
	{ OUTCOME_AFGEKEURD, OUTCOME_AFGEKEURD, "afgekeurd" },
	{ OUTCOME_INGETROKKEN, OUTCOME_INGETROKKEN, "ingetrokken" },
	{ OUTCOME_QUARANTAINE, OUTCOME_QUARANTAINE, "quarantaine" },
	{ OUTCOME_AFGEKEURD_R01, OUTCOME_AFGEKEURD, "afgekeurd" },
	{ OUTCOME_AFGEKEURD_R08, OUTCOME_AFGEKEURD, "afgekeurd" },
	{ OUTCOME_MAX + 1, OUTCOME_MAX + 1, "" },
};

Test(outcome, has_seven_names)
{
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		cr_expect_eq(outcome_counted_as(NAMES[i].outcome), NAMES[i].counted_as, "%zu", i);
		cr_expect_str_eq(outcome_name(NAMES[i].outcome), NAMES[i].name, "%zu", i);
	}
	cr_expect_str_eq(teacher_status_name(STATUS_NONE), "");
	cr_expect_str_eq(teacher_status_name(STATUS_ACTIEF), "ACTIEF");
	cr_expect_str_eq(teacher_status_name(STATUS_INGETROKKEN), "INGETROKKEN");
	cr_expect_str_eq(teacher_status_name(STATUS_VERVALLEN), "VERVALLEN");
}

static const struct {
	int64_t absent, active;
	bool has_unreadable, want;
	const char *why;
} WAIT_ROWS[] = {
	{ 0, 100, true, false, "nobody is absent" },
	{ 1, 100, false, false, "one of a hundred" },
	{ 1, 100, true, true, "but a BSN cannot be read" },
	{ 1, 2, false, false, "exactly half" },
	{ 2, 3, false, true, "more than half" },
	{ 3, 5, false, true, "more than half of an odd number" },
	{ 2, 5, false, false, "less than half of it" },
	{ 1, 1, false, true, "all" },
	{ 5, 11, false, false, "five may, whatever share that is below half" },
	{ 5, 10, false, false, "exactly half" },
	{ 6, 60, false, false, "exactly a tenth" },
	{ 6, 59, false, true, "more than a tenth" },
	{ 7, 61, false, true, "more than a tenth" },
	{ INT64_MAX / 2, INT64_MAX, false, true, "no overflow" },
};

Test(outcome, lets_few_lapse_and_makes_many_wait)
{
	for (size_t i = 0; i < ARRAY_LEN(WAIT_ROWS); i++)
		cr_expect_eq(outcome_must_wait(WAIT_ROWS[i].absent, WAIT_ROWS[i].active, WAIT_ROWS[i].has_unreadable),
			     WAIT_ROWS[i].want, "%s", WAIT_ROWS[i].why);
}
