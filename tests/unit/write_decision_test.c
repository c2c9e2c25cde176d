/* specification 6 row by row, through the writer: outcome, teacher row, board row. And what the register is asked on
 * the way.
 * */
#include "write_fixture.h"

#include "write/spot_check.h"

#include <criterion/criterion.h>
#include <inttypes.h>

enum { BOARD = 1, TEACHER = 4, OTHER = 7 };

static struct message *deliver(enum delivery_kind kind, int64_t sequence, enum verdict_class class, int content)
{
	struct fake_group groups[] = { { TEACHER, class, content, 1 } };

	return fake_delivery(&(struct fake_delivered){ BOARD, kind, sequence, false, 0 }, groups, 1);
}

static struct message *mutate(int64_t sequence, int content)
{
	return deliver(DELIVERY_MUTATIE, sequence, VERDICT_CANDIDATE, content);
}

static struct message *withdraw(int64_t sequence)
{
	return deliver(DELIVERY_INTREKKING, sequence, VERDICT_WITHDRAW, 0);
}

/* A VOLLEDIG that names somebody else only, among enough others to let the teacher lapse. */
static void lapse(struct fake_register *fake, int64_t sequence)
{
	struct fake_group groups[] = { { OTHER, VERDICT_CANDIDATE, 1, 1 }, { OTHER + 1, VERDICT_CANDIDATE, 1, 1 } };
	struct message *message =
		fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_VOLLEDIG, sequence, false, 0 }, groups, 2);

	fake_run(fake, &message, 1);
}

enum before { NOTHING, ACTIVE, WITHDRAWN, LAPSED };

/* The state each row of the table starts from, at sequence 5 with content 1. */
static void prepare(struct fake_register *fake, enum before before)
{
	struct message *first = mutate(before == WITHDRAWN || before == LAPSED ? 4 : 5, 1);
	struct message *second = withdraw(5);

	if (before == NOTHING)
		return;
	fake_run(fake, &first, 1);
	if (before == WITHDRAWN)
		fake_run(fake, &second, 1);
	if (before == LAPSED)
		lapse(fake, 5);
}

static const struct {
	enum before before;
	bool is_withdrawal;
	int64_t sequence;
	int content;
	enum outcome want;
	enum teacher_status status;
	int64_t sequence_after;
	int content_after;
	const char *why;
} DECIDED[] = {
	{ NOTHING, false, 5, 1, OUTCOME_NIEUW, STATUS_ACTIEF, 5, 1, "row 2" },
	{ NOTHING, true, 5, 0, OUTCOME_AFGEKEURD_R01, STATUS_NONE, 0, 0, "row 2, withdrawal" },
	{ ACTIVE, false, 4, 2, OUTCOME_VEROUDERD, STATUS_ACTIEF, 5, 1, "row 3" },
	{ ACTIVE, true, 4, 0, OUTCOME_VEROUDERD, STATUS_ACTIEF, 5, 1, "row 3, withdrawal" },
	{ WITHDRAWN, false, 4, 2, OUTCOME_VEROUDERD, STATUS_INGETROKKEN, 5, 0, "row 3, tombstone" },
	{ ACTIVE, false, 5, 1, OUTCOME_ONGEWIJZIGD, STATUS_ACTIEF, 5, 1, "row 4" },
	{ ACTIVE, false, 5, 2, OUTCOME_AFGEKEURD_R08, STATUS_ACTIEF, 5, 1, "row 4, other content" },
	{ WITHDRAWN, false, 5, 1, OUTCOME_AFGEKEURD_R08, STATUS_INGETROKKEN, 5, 0, "row 4, withdrawn" },
	{ LAPSED, false, 5, 1, OUTCOME_AFGEKEURD_R08, STATUS_VERVALLEN, 5, 1,
	  "row 4, lapsed: equal content is no help" },
	{ WITHDRAWN, true, 5, 0, OUTCOME_ONGEWIJZIGD, STATUS_INGETROKKEN, 5, 0, "row 4, withdrawal" },
	{ ACTIVE, true, 5, 0, OUTCOME_AFGEKEURD_R08, STATUS_ACTIEF, 5, 1, "row 4, withdrawal of an active one" },
	{ LAPSED, true, 5, 0, OUTCOME_AFGEKEURD_R08, STATUS_VERVALLEN, 5, 1, "row 4, withdrawal of a lapsed one" },
	{ ACTIVE, false, 6, 1, OUTCOME_ONGEWIJZIGD, STATUS_ACTIEF, 6, 1, "row 5, equal content" },
	{ ACTIVE, false, 6, 2, OUTCOME_GEWIJZIGD, STATUS_ACTIEF, 6, 2, "row 5" },
	{ ACTIVE, true, 6, 0, OUTCOME_INGETROKKEN, STATUS_INGETROKKEN, 6, 0, "row 5, withdrawal" },
	{ WITHDRAWN, false, 6, 1, OUTCOME_NIEUW, STATUS_ACTIEF, 6, 1, "row 6, withdrawn" },
	{ LAPSED, false, 6, 1, OUTCOME_NIEUW, STATUS_ACTIEF, 6, 1, "row 6, lapsed" },
	{ WITHDRAWN, true, 6, 0, OUTCOME_AFGEKEURD_R01, STATUS_INGETROKKEN, 5, 0,
	  "row 6, withdrawal of a withdrawn one" },
	{ LAPSED, true, 6, 0, OUTCOME_AFGEKEURD_R01, STATUS_VERVALLEN, 5, 1, "row 6, withdrawal of a lapsed one" },
};

Test(write_decision, the_first_row_of_domain_6_that_fits_holds)
{
	for (size_t i = 0; i < ARRAY_LEN(DECIDED); i++) {
		struct fake_register fake;
		struct message *message = DECIDED[i].is_withdrawal ? withdraw(DECIDED[i].sequence)
								   : mutate(DECIDED[i].sequence, DECIDED[i].content);

		fake_register_init(&fake);
		prepare(&fake, DECIDED[i].before);
		fake_run(&fake, &message, 1);
		const struct fake_row *row = &fake.boards[BOARD].teachers[TEACHER];

		cr_expect_eq(message->ledger.outcomes[0], DECIDED[i].want, "%s: outcome %d", DECIDED[i].why,
			     message->ledger.outcomes[0]);
		cr_expect_eq(message->ledger.lines[outcome_counted_as(DECIDED[i].want)], 1, "%s", DECIDED[i].why);
		cr_expect_eq(row->status, DECIDED[i].status, "%s: status %d", DECIDED[i].why, (int)row->status);
		cr_expect_eq(row->content, DECIDED[i].content_after, "%s: content %d", DECIDED[i].why, row->content);
		cr_expect_eq(row->status == STATUS_NONE ? 0 : fake_sequence(&fake, BOARD, TEACHER),
			     DECIDED[i].sequence_after, "%s", DECIDED[i].why);
		fake_register_release(&fake);
	}
}

static const struct {
	enum verdict_class class;
	enum outcome want;
} LEFT_ALONE[] = { { VERDICT_REJECTED, OUTCOME_AFGEKEURD }, { VERDICT_QUARANTINE, OUTCOME_QUARANTAINE } };

Test(write_decision, a_rejected_or_quarantined_teacher_keeps_its_state)
{
	for (size_t i = 0; i < ARRAY_LEN(LEFT_ALONE); i++) {
		struct fake_register fake;
		struct message *message = deliver(DELIVERY_MUTATIE, 6, LEFT_ALONE[i].class, 0);

		fake_register_init(&fake);
		prepare(&fake, ACTIVE);
		fake_run(&fake, &message, 1);
		cr_expect_eq(message->ledger.outcomes[0], LEFT_ALONE[i].want);
		cr_expect_eq(fake.boards[BOARD].teachers[TEACHER].sequence, 5);
		cr_expect_eq(fake.history_count, 0);
		fake_register_release(&fake);
	}
}

Test(write_decision, a_repeat_changes_nothing_and_is_not_entered)
{
	struct fake_register fake;
	struct fake_group groups[] = { { TEACHER, VERDICT_CANDIDATE, 1, 1 } };
	struct fake_delivered delivered = { BOARD, DELIVERY_MUTATIE, 5, false, 77 };
	struct message *messages[] = { fake_delivery(&delivered, groups, 1), fake_delivery(&delivered, groups, 1) };
	struct message *later = fake_delivery(&delivered, groups, 1);

	fake_register_init(&fake);
	fake_run(&fake, messages, 2);
	fake_run(&fake, &later, 1);
	cr_expect(messages[0]->is_entered && !messages[1]->is_entered && !later->is_entered);
	cr_expect_eq(fake.delivery_count, 1);
	fake_register_release(&fake);
}

Test(write_decision, an_id_with_another_fingerprint_is_a_delivery_in_its_own_right)
{
	struct fake_register fake;
	struct fake_group groups[] = { { TEACHER, VERDICT_CANDIDATE, 1, 1 } };
	struct message *messages[] = {
		fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, 5, false, 77 }, groups, 1),
		fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, 6, false, 77 }, groups, 1)
	};

	messages[1]->verdict.header.fingerprint[9] ^= 1;
	fake_register_init(&fake);
	fake_run(&fake, messages, 2);
	cr_expect_eq(fake.delivery_count, 2);
	fake_register_release(&fake);
}

Test(write_decision, a_withdrawal_leaves_content_nowhere)
{
	struct fake_register fake;
	struct message *messages[] = { mutate(1, 1), mutate(2, 2), mutate(3, 1), withdraw(4), mutate(5, 3) };

	/* part of it stored before, part in one batch with the withdrawal */
	for (size_t first = 0; first <= 3; first++) {
		fake_register_init(&fake);
		if (first > 0)
			fake_run(&fake, messages, first);
		fake_run(&fake, messages + first, 5 - first);
		cr_expect_eq(fake.history_count, 4, "first=%zu: %zu versions", first, fake.history_count);
		for (size_t i = 0; i < fake.history_count; i++)
			cr_expect_eq(fake.history[i].row.content, 0, "first=%zu version %zu", first, i);
		cr_expect_eq(fake.boards[BOARD].teachers[TEACHER].content, 3);
		fake_register_release(&fake);
	}
}

/* Refusals. */

Test(write_decision, an_unchanged_teacher_that_was_refused_gets_quarantaine_until_a_candidate_sets_it)
{
	struct fake_register fake;
	struct message *first = mutate(1, 1), *refused = mutate(2, 2);
	struct message *unchanged = deliver(DELIVERY_MUTATIE, 3, VERDICT_UNCHANGED, 2), *candidate = mutate(4, 2);
	struct message *again = deliver(DELIVERY_MUTATIE, 5, VERDICT_UNCHANGED, 2);
	const uint8_t groups[] = { 1 };

	refused->refusal.groups = groups;
	fake_register_init(&fake);
	fake_run(&fake, &first, 1);
	fake_run(&fake, &refused, 1);
	cr_expect_eq(refused->ledger.outcomes[0], OUTCOME_QUARANTAINE);
	cr_expect(fake.boards[BOARD].is_disowned[TEACHER]);
	cr_expect(refused->forget && bit_is_set(refused->forget, 0));
	fake_run(&fake, &unchanged, 1);
	cr_expect_eq(unchanged->ledger.outcomes[0], OUTCOME_QUARANTAINE,
		     "the cache believes what the register does not have");
	cr_expect(unchanged->forget, "and the cache forgets it again");
	cr_expect_eq(fake.boards[BOARD].teachers[TEACHER].content, 1);
	fake_run(&fake, &candidate, 1);
	cr_expect_eq(candidate->ledger.outcomes[0], OUTCOME_GEWIJZIGD);
	cr_expect(!fake.boards[BOARD].is_disowned[TEACHER]);
	fake_run(&fake, &again, 1);
	cr_expect_eq(again->ledger.outcomes[0], OUTCOME_ONGEWIJZIGD);
	fake_register_release(&fake);
}

Test(write_decision, a_message_refused_whole_disowns_its_unchanged_teachers_too)
{
	struct fake_register fake;
	struct message *first = mutate(1, 1), *refused = deliver(DELIVERY_MUTATIE, 2, VERDICT_UNCHANGED, 1);

	refused->refusal.is_whole = true;
	fake_register_init(&fake);
	fake_run(&fake, &first, 1);
	fake_run(&fake, &refused, 1);
	cr_expect_eq(refused->ledger.outcomes[0], OUTCOME_QUARANTAINE);
	cr_expect(fake.boards[BOARD].is_disowned[TEACHER]);
	cr_expect_eq(fake_sequence(&fake, BOARD, TEACHER), 1);
	fake_register_release(&fake);
}

Test(write_decision, a_body_that_could_not_be_read_gives_all_its_lines_quarantaine)
{
	struct fake_register fake;
	struct message *message =
		fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_VOLLEDIG, 6, false, 0 }, NULL, 0);

	message->verdict.body_unreadable = true;
	message->verdict.header.line_count = 9;
	fake_register_init(&fake);
	prepare(&fake, ACTIVE);
	fake_run(&fake, &message, 1);
	cr_expect_eq(message->ledger.lines[OUTCOME_QUARANTAINE], 9);
	cr_expect_eq(message->ledger.group_count, 1);
	cr_expect_eq(message->ledger.state, DELIVERY_VERWERKT, "nobody can say whom it named: nothing waits");
	cr_expect_eq(message->ledger.active, 0);
	cr_expect_eq(fake.boards[BOARD].teachers[TEACHER].status, STATUS_ACTIEF);
	fake_register_release(&fake);
}

/* What it costs. */

static struct message *everybody(int64_t sequence, enum verdict_class class)
{
	struct fake_group groups[FAKE_TEACHERS];

	for (int t = 0; t < FAKE_TEACHERS; t++)
		groups[t] = (struct fake_group){ t, class, 1, 1 };
	return fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_VOLLEDIG, sequence, false, 0 }, groups,
			     FAKE_TEACHERS);
}

Test(write_decision, a_night_in_which_nothing_changed_reads_and_writes_no_teacher)
{
	struct fake_register fake;
	struct message *load = everybody(1, VERDICT_CANDIDATE), *night = everybody(2, VERDICT_UNCHANGED);
	struct message *next = everybody(3, VERDICT_UNCHANGED);

	fake_register_init(&fake);
	fake_run(&fake, &load, 1);
	cr_expect_eq(fake.asked[ASKED_LEDGERS] + fake.asked[ASKED_TEACHERS] + fake.asked[ASKED_ALL], 0,
		     "an unknown board has none");
	memset(fake.asked, 0, sizeof fake.asked);
	fake_run(&fake, &night, 1);
	fake_run(&fake, &next, 1);
	cr_expect_eq(fake.asked[ASKED_TEACHERS] + fake.asked[ASKED_ALL] + fake.asked[ASKED_NAMES], 0);
	for (int t = 0; t < FAKE_TEACHERS; t++) {
		cr_expect_eq(fake.boards[BOARD].teachers[t].sequence, 1, "the row is not touched");
		cr_expect_eq(fake_sequence(&fake, BOARD, t), 3, "the list says it");
	}
	fake_register_release(&fake);
}

Test(write_decision, a_few_unchanged_teachers_do_not_break_up_the_list_of_all)
{
	struct fake_register fake;
	struct message *messages[] = { everybody(1, VERDICT_CANDIDATE), everybody(2, VERDICT_UNCHANGED),
				       deliver(DELIVERY_MUTATIE, 3, VERDICT_UNCHANGED, 1) };

	fake_register_init(&fake);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		fake_run(&fake, &messages[i], 1);
	cr_expect_eq(fake.boards[BOARD].row.pending_sequence, 2, "the list stays");
	cr_expect_eq(fake.boards[BOARD].teachers[TEACHER].sequence, 3, "the one goes to its row");
	cr_expect_eq(fake.boards[BOARD].teachers[OTHER].sequence, 1);
	cr_expect_eq(fake_sequence(&fake, BOARD, OTHER), 2);
	fake_register_release(&fake);
}

/* ---- what the cache says, against the register ---- */

static struct message *unchanged_but(int64_t sequence, int first_wrong, int second_wrong)
{
	struct fake_group groups[FAKE_TEACHERS];

	for (int t = 0; t < FAKE_TEACHERS; t++)
		groups[t] =
			(struct fake_group){ t, VERDICT_UNCHANGED, t == first_wrong || t == second_wrong ? 2 : 1, 1 };
	return fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, sequence, false, 0 }, groups,
			     FAKE_TEACHERS);
}

static int quarantined(const struct message *message)
{
	int count = 0;

	for (size_t i = 0; i < message->ledger.group_count; i++)
		count += message->ledger.outcomes[i] == OUTCOME_QUARANTAINE;
	return count;
}

Test(write_decision, an_unchanged_teacher_with_another_row_is_quarantaine_and_forgotten)
{
	struct fake_register fake;
	struct message *load = everybody(1, VERDICT_CANDIDATE), *wrong = unchanged_but(2, TEACHER, -1);
	struct message *again = unchanged_but(3, -1, -1), *candidate = mutate(4, 2),
		       *after = unchanged_but(5, TEACHER, -1);

	fake_register_init(&fake);
	fake_check_share = SPOT_CHECK_WHOLE;
	fake_run(&fake, &load, 1);
	fake_run(&fake, &wrong, 1);
	cr_expect_eq(wrong->ledger.outcomes[TEACHER], OUTCOME_QUARANTAINE);
	cr_expect_eq(quarantined(wrong), 1, "the others agree");
	cr_expect(wrong->forget && bit_is_set(wrong->forget, TEACHER));
	cr_expect(fake.boards[BOARD].is_disowned[TEACHER]);
	cr_expect_eq(wrong->checked, FAKE_TEACHERS);
	cr_expect_eq(wrong->differing, 1);
	cr_expect_eq(fake.boards[BOARD].teachers[TEACHER].content, 1, "the row is not touched");
	fake_run(&fake, &again, 1);
	cr_expect_eq(again->ledger.outcomes[TEACHER], OUTCOME_QUARANTAINE, "until a candidate brings the content");
	fake_run(&fake, &candidate, 1);
	cr_expect_eq(candidate->ledger.outcomes[0], OUTCOME_GEWIJZIGD);
	fake_run(&fake, &after, 1);
	cr_expect_eq(quarantined(after), 0);
	fake_register_release(&fake);
}

Test(write_decision, one_that_differs_has_all_of_its_delivery_compared)
{
	struct fake_register fake;
	struct message *load = everybody(1, VERDICT_CANDIDATE);
	struct message *probe = unchanged_but(2, -1, -1);
	int picked = -1, other = -1;

	fake_check_share = SPOT_CHECK_WHOLE / 2;
	probe->position = load->position + 1;
	for (int t = 0; t < FAKE_TEACHERS; t++)
		*(spot_check_picks(fake_check_share, probe, (size_t)t) ? &picked : &other) = t;
	cr_assert(picked >= 0 && other >= 0, "of twelve some are picked and some are not");
	for (int has_picked = 0; has_picked <= 1; has_picked++) {
		struct message *wrong = unchanged_but(2, other, has_picked ? picked : -1);

		wrong->position = probe->position;
		fake_register_init(&fake);
		fake_run(&fake, &load, 1);
		fake_run(&fake, &wrong, 1);
		cr_expect_eq(quarantined(wrong), has_picked ? 2 : 0);
		cr_expect_eq(wrong->checks_all, has_picked);
		fake_register_release(&fake);
	}
}

Test(write_decision, the_share_is_kept_and_moves_with_the_log)
{
	struct message *message = unchanged_but(1, -1, -1);
	int picked = 0, moved = 0;

	for (int64_t position = 0; position < 100000; position++) {
		message->position = position;
		bool is_picked = spot_check_picks(10, message, TEACHER);

		picked += is_picked;
		cr_assert_eq(is_picked, spot_check_picks(10, message, TEACHER), "always the same");
		moved += is_picked != spot_check_picks(10, message, OTHER);
	}
	cr_expect(picked > 900 && picked < 1100, "%d of 100,000", picked);
	cr_expect_gt(moved, 1500, "teachers for themselves");
	cr_expect_not(spot_check_picks(0, message, TEACHER));
}
