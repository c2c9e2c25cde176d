/* specification 7 through the writer: who is absent, lapse or wait, confirm and cancel, proef. */
#include "write_fixture.h"

#include <criterion/criterion.h>

enum { BOARD = 1 };

static struct message *volledig(int64_t sequence, bool is_dry_run, int id, int first, int last, bool has_unreadable)
{
	struct fake_group groups[FAKE_TEACHERS + 1];
	size_t count = 0;

	for (int t = first; t <= last; t++)
		groups[count++] = (struct fake_group){ t, VERDICT_CANDIDATE, 1, 1 };
	if (has_unreadable)
		groups[count++] = (struct fake_group){ -1, VERDICT_REJECTED, 0, 1 };
	return fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_VOLLEDIG, sequence, is_dry_run, id }, groups,
			     count);
}

static void run(struct fake_register *fake, struct message *message)
{
	fake_run(fake, &message, 1);
}

static int active(const struct fake_register *fake)
{
	int count = 0;

	for (int t = 0; t < FAKE_TEACHERS; t++)
		count += fake->boards[BOARD].teachers[t].status == STATUS_ACTIEF;
	cr_expect_eq(fake->boards[BOARD].row.active, count, "the board's count of ACTIEF");
	return count;
}

/* Teachers 0 .. had - 1 are there; the next VOLLEDIG names the first so many of them. */
static const struct {
	int had, named;
	bool has_unreadable;
	bool waits;
	const char *why;
} GATE[] = {
	{ 12, 12, false, false, "nobody is absent" },
	{ 12, 12, true, false, "nobody is absent, whatever could not be read" },
	{ 12, 11, false, false, "one of twelve" },
	{ 12, 11, true, true, "one of twelve, but it may be the unreadable one" },
	{ 10, 5, false, false, "five of ten: not more than half, and not more than five" },
	{ 10, 4, false, true, "six of ten: more than half" },
	{ 12, 6, false, true, "six of twelve: not more than half, but more than five and a tenth" },
	{ 1, 0, false, true, "all" },
	{ 3, 1, false, true, "two of three" },
	{ 2, 1, false, false, "one of two is not more than half" },
};

Test(write_completion, absent_teachers_lapse_or_the_delivery_waits)
{
	for (size_t i = 0; i < ARRAY_LEN(GATE); i++) {
		struct fake_register fake;
		struct message *message = volledig(2, false, 0, 0, GATE[i].named - 1, GATE[i].has_unreadable);
		int absent = GATE[i].had - GATE[i].named;

		fake_register_init(&fake);
		run(&fake, volledig(1, false, 0, 0, GATE[i].had - 1, false));
		run(&fake, message);
		cr_expect_eq(message->ledger.absent, absent, "%s", GATE[i].why);
		cr_expect_eq(message->ledger.active, GATE[i].had, "%s", GATE[i].why);
		cr_expect_eq(message->ledger.state == DELIVERY_WACHT, GATE[i].waits, "%s", GATE[i].why);
		cr_expect_eq(message->ledger.lapsed, GATE[i].waits ? 0 : absent, "%s", GATE[i].why);
		cr_expect_eq(message->ledger.notices & (NOTICE_K06 | NOTICE_R06),
			     GATE[i].waits ? NOTICE_K06
			     : absent > 0  ? NOTICE_R06
					   : 0,
			     "%s", GATE[i].why);
		cr_expect_eq(active(&fake), GATE[i].waits ? GATE[i].had : GATE[i].named, "%s", GATE[i].why);
		fake_register_release(&fake);
	}
}

Test(write_completion, a_lapsed_teacher_keeps_content_and_gets_the_day_and_sequence_of_the_delivery)
{
	struct fake_register fake;

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, volledig(4, false, 0, 0, 10, false));
	const struct fake_row *row = &fake.boards[BOARD].teachers[11];

	cr_expect(row->status == STATUS_VERVALLEN && row->sequence == 4 && row->lapsed_on == 20180629 &&
		  row->content == 1);
	cr_expect_eq(fake.history_count, 1, "and its version of before is kept");
	fake_register_release(&fake);
}

Test(write_completion, a_rejected_teacher_is_named)
{
	struct fake_register fake;
	struct fake_group groups[] = { { 0, VERDICT_CANDIDATE, 1, 1 },
				       { 1, VERDICT_REJECTED, 0, 1 },
				       { 2, VERDICT_QUARANTINE, 0, 1 } };
	struct message *message =
		fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_VOLLEDIG, 2, false, 0 }, groups, 3);

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 2, false));
	run(&fake, message);
	cr_expect_eq(message->ledger.absent, 0);
	cr_expect_eq(active(&fake), 3);
	cr_expect_eq(fake.asked[ASKED_ALL], 1, "most of the board's rows are needed: all are read");
	fake_register_release(&fake);
}

/* A VOLLEDIG of two good teachers, and a line that is nobody's. */
static struct message *untold(int64_t sequence, bool is_dry_run, enum verdict_class class)
{
	struct fake_group groups[] = { { 0, VERDICT_CANDIDATE, 2, 1 },
				       { 1, VERDICT_CANDIDATE, 1, 1 },
				       { -1, class, 0, 1 } };

	return fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_VOLLEDIG, sequence, is_dry_run, 0 }, groups, 3);
}

Test(write_completion, is_left_out_when_nobody_can_say_whose_a_quarantined_line_is)
{
	struct fake_register fake;
	struct message *message = untold(3, false, VERDICT_QUARANTINE), *after = untold(4, false, VERDICT_REJECTED);

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, volledig(2, false, 50, 0, 3, false));
	cr_assert_eq(fake.deliveries[1].state, DELIVERY_WACHT);
	run(&fake, message);
	cr_expect(message->ledger.absent == 0 && message->ledger.active == 0 && message->ledger.lapsed == 0,
		  "n = m = 0");
	cr_expect_eq(message->ledger.notices & (NOTICE_K06 | NOTICE_R06), 0);
	cr_expect_eq(message->ledger.state, DELIVERY_VERWERKT, "nothing waits");
	cr_expect_eq(active(&fake), 12, "nobody lapses by our fault");
	cr_expect_eq(fake.boards[BOARD].teachers[0].content, 2, "what could be read is applied");
	cr_expect_eq(fake.boards[BOARD].row.sequence_full, 3, "it is completed all the same");
	cr_expect(fake.deliveries[1].notices & NOTICE_K10, "and so cancels what waited");
	run(&fake, after);
	cr_expect_eq(after->ledger.absent, 10, "an unreadable BSN of the board's own is another matter");
	cr_expect_eq(after->ledger.state, DELIVERY_WACHT);
	fake_register_release(&fake);
}

Test(write_completion, is_left_out_of_a_proef_too)
{
	struct fake_register fake;
	struct message *message = untold(2, true, VERDICT_QUARANTINE);

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, message);
	cr_expect(message->ledger.absent == 0 && message->ledger.active == 0 && message->ledger.notices == 0);
	fake_register_release(&fake);
}

Test(write_completion, is_left_out_without_reading_the_board)
{
	struct fake_register fake;

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	size_t asked = fake.asked[ASKED_ALL];

	run(&fake, untold(2, false, VERDICT_QUARANTINE));
	cr_expect_eq(fake.asked[ASKED_ALL], asked);
	fake_register_release(&fake);
}

Test(write_completion, a_teacher_with_a_higher_sequence_is_not_absent)
{
	struct fake_register fake;
	struct fake_group later[] = { { 11, VERDICT_CANDIDATE, 2, 1 } };
	struct message *message = volledig(2, false, 0, 0, 9, false);

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, 3, false, 0 }, later, 1));
	run(&fake, message);
	cr_expect_eq(message->ledger.absent, 1, "teacher 10 is, teacher 11 is not");
	cr_expect_eq(message->ledger.notices & NOTICE_K04, NOTICE_K04);
	cr_expect_eq(active(&fake), 11);
	fake_register_release(&fake);
}

Test(write_completion, nobody_is_absent_from_a_full_delivery_older_than_a_completed_one)
{
	struct fake_register fake;
	struct message *late = volledig(4, false, 0, 0, 5, false), *equal = volledig(5, false, 0, 0, 10, false);

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, volledig(5, false, 0, 0, 11, false));
	run(&fake, late);
	cr_expect_eq(late->ledger.absent, 0);
	run(&fake, equal);
	cr_expect_eq(equal->ledger.absent, 0,
		     "with an equal volgnummer L is not empty by rule; here all have that volgnummer");
	cr_expect_eq(active(&fake), 12);
	fake_register_release(&fake);
}

Test(write_completion, a_confirmation_lets_them_lapse_as_they_are_then)
{
	struct fake_register fake;
	struct message *waits = volledig(2, false, 50, 0, 3, false), *confirm = fake_confirm(BOARD, 50);
	struct message *again = fake_confirm(BOARD, 50);
	struct fake_group back[] = { { 8, VERDICT_CANDIDATE, 2, 1 } };

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, waits);
	cr_expect_eq(fake.deliveries[1].state, DELIVERY_WACHT);
	run(&fake, fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, 3, false, 0 }, back, 1));
	run(&fake, confirm);
	cr_expect(confirm->has_confirmed);
	cr_expect_eq(confirm->confirmed_lapsed, 7, "teacher 8 came with a higher volgnummer meanwhile");
	cr_expect_eq(active(&fake), 5);
	const struct fake_delivery *delivery = &fake.deliveries[1];

	cr_expect(delivery->state == DELIVERY_VERWERKT && delivery->lapsed == 7 && delivery->absent == 8 &&
		  delivery->active == 12);
	cr_expect_eq(delivery->notices & (NOTICE_K06 | NOTICE_R06 | NOTICE_K10), NOTICE_K06 | NOTICE_R06,
		     "LR-K06 stays");
	run(&fake, again);
	cr_expect(!again->has_confirmed, "it waits no more");
	fake_register_release(&fake);
}

Test(write_completion, who_was_delivered_unchanged_meanwhile_does_not_lapse_by_a_confirmation)
{
	struct fake_register fake;
	struct message *confirm = fake_confirm(BOARD, 50);
	struct fake_group same[FAKE_TEACHERS];

	for (int t = 0; t < FAKE_TEACHERS - 1; t++)
		same[t] = (struct fake_group){ t, VERDICT_CANDIDATE, 1, 1 };
	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, volledig(2, false, 50, 0, 3, false));
	run(&fake, fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, 3, false, 0 }, same, 11));
	cr_assert_eq(fake.boards[BOARD].teachers[8].sequence, 1, "his volgnummer stands in the list only");
	run(&fake, confirm);
	cr_expect_eq(confirm->confirmed_lapsed, 1, "teacher 11 was in neither");
	cr_expect_eq(active(&fake), 11);
	fake_register_release(&fake);
}

Test(write_completion, a_confirmation_in_the_same_batch_as_its_delivery_is_carried_out)
{
	struct fake_register fake;
	struct message *messages[] = { volledig(1, false, 0, 0, 11, false), volledig(2, false, 50, 0, 3, false),
				       fake_confirm(BOARD, 50), fake_confirm(BOARD, 999) };

	fake_register_init(&fake);
	fake_run(&fake, messages, 4);
	cr_expect(messages[2]->has_confirmed && !messages[3]->has_confirmed);
	cr_expect_eq(active(&fake), 4);
	cr_expect_eq(fake.deliveries[1].lapsed, 8);
	fake_register_release(&fake);
}

Test(write_completion, a_confirmation_with_a_condition_is_carried_out_only_if_it_holds)
{
	static const char DIGESTS[64] = { 1, [32] = 2 };
	struct fake_register fake;
	struct message *other = fake_confirm(BOARD, 50), *right = fake_confirm(BOARD, 50);
	struct message *again = fake_confirm(BOARD, 50);

	other->verdict.condition = right->verdict.condition = again->verdict.condition = slice_make(DIGESTS, 64);
	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, volledig(2, false, 50, 0, 3, false));
	fake.absent_sha256[0] = 3;
	run(&fake, other);
	cr_expect(other->has_other_absent && !other->has_confirmed);
	cr_expect_eq(active(&fake), 12);
	cr_expect_eq(fake.deliveries[1].state, DELIVERY_WACHT, "it waits on");
	fake.absent_sha256[0] = 2;
	run(&fake, right);
	cr_expect(!right->has_other_absent && right->has_confirmed, "one of two digests");
	cr_expect_eq(active(&fake), 4);
	run(&fake, again);
	cr_expect(!again->has_other_absent && !again->has_confirmed, "it waits no more: nothing is compared");
	fake_register_release(&fake);
}

Test(write_completion, the_first_waiting_delivery_of_an_id_is_confirmed)
{
	struct fake_register fake;
	struct message *first = volledig(3, false, 50, 0, 3, false), *second = volledig(2, false, 50, 0, 2, false);

	second->verdict.header.fingerprint[9] ^= 1;
	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, second);
	run(&fake, first);
	cr_expect_eq(fake.deliveries[1].notices & NOTICE_K10, NOTICE_K10, "the higher one cancels the lower");
	run(&fake, fake_confirm(BOARD, 50));
	cr_expect_eq(fake.deliveries[1].lapsed, 0);
	cr_expect_eq(fake.deliveries[2].lapsed, 8);
	fake_register_release(&fake);
}

Test(write_completion, a_newer_full_delivery_cancels_what_waits_but_an_equal_one_does_not)
{
	struct fake_register fake;

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, volledig(2, false, 50, 0, 3, false));
	run(&fake, volledig(2, false, 51, 0, 11, false));
	cr_expect_eq(fake.deliveries[1].state, DELIVERY_WACHT);
	run(&fake, volledig(3, true, 52, 0, 11, false));
	cr_expect_eq(fake.deliveries[1].state, DELIVERY_WACHT, "a proef cancels nothing");
	run(&fake, volledig(3, false, 53, 0, 11, false));
	cr_expect_eq(fake.deliveries[1].state, DELIVERY_VERWERKT);
	cr_expect(fake.deliveries[1].notices & NOTICE_K10 && fake.deliveries[1].lapsed == 0);
	fake_register_release(&fake);
}

Test(write_completion, a_proef_shows_what_would_be_and_changes_nothing)
{
	struct fake_register fake;
	struct message *proef = volledig(2, true, 0, 0, 10, false), *joins = volledig(2, true, 0, 2, 11, false);

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 10, false));
	struct fake_board before = fake.boards[BOARD];

	run(&fake, proef);
	run(&fake, joins);
	cr_expect_eq(joins->ledger.active, 12, "m counts the teacher that would be new");
	cr_expect_eq(joins->ledger.absent, 2);
	cr_expect_eq(joins->ledger.lapsed, 2);
	cr_expect_eq(joins->ledger.notices, NOTICE_R06);
	cr_expect_eq(joins->ledger.state, DELIVERY_VERWERKT);
	cr_expect_eq(joins->ledger.lines[OUTCOME_NIEUW], 1);
	cr_expect_eq(memcmp(before.teachers, fake.boards[BOARD].teachers, sizeof before.teachers), 0);
	cr_expect(fake.boards[BOARD].row.sequence_max == 1 && fake.boards[BOARD].row.sequence_full == 1);
	fake_register_release(&fake);
}

static const struct {
	int32_t extraction, received;
	bool has_notice;
} MONTH[] = { { 20180601, 20180702, false },
	      { 20180601, 20180703, true },
	      { 20180131, 20180303, false },
	      { 20180131, 20180304, true } };

Test(write_completion, data_older_than_a_month_get_lr_k05)
{
	for (size_t i = 0; i < ARRAY_LEN(MONTH); i++) {
		struct fake_register fake;
		struct message *message = volledig(1, false, 0, 0, 1, false);

		message->verdict.header.extraction_date = MONTH[i].extraction;
		message->verdict.header.received_on = MONTH[i].received;
		fake_register_init(&fake);
		run(&fake, message);
		cr_expect_eq(!!(message->ledger.notices & NOTICE_K05), MONTH[i].has_notice, "%d %d",
			     MONTH[i].extraction, MONTH[i].received);
		fake_register_release(&fake);
	}
}

Test(write_completion, boards_do_not_touch_each_other)
{
	struct fake_register fake;
	struct fake_group one[] = { { 0, VERDICT_CANDIDATE, 2, 1 } };
	struct message *other = fake_delivery(&(struct fake_delivered){ 2, DELIVERY_VOLLEDIG, 9, false, 0 }, one, 1);
	struct message *messages[] = { volledig(1, false, 0, 0, 11, false), other };

	fake_register_init(&fake);
	fake_run(&fake, messages, 2);
	cr_expect_eq(active(&fake), 12);
	cr_expect_eq(fake.boards[2].row.active, 1);
	cr_expect_eq(fake.boards[BOARD].teachers[0].content, 1);
	fake_register_release(&fake);
}

/* specification 7.6 */
Test(write_completion, a_volgnummer_set_back_lowers_states_lists_and_what_waits)
{
	struct fake_register fake;
	struct fake_group same[] = { { 1, VERDICT_CANDIDATE, 1, 1 }, { 2, VERDICT_CANDIDATE, 1, 1 } };
	struct fake_group other[] = { { 0, VERDICT_CANDIDATE, 2, 1 } };
	struct message *not_below = fake_set_back(BOARD, 99), *back = fake_set_back(BOARD, 3);
	struct message *late =
		fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, 3, false, 0 }, other, 1);
	struct message *next =
		fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, 4, false, 0 }, other, 1);

	fake_register_init(&fake);
	run(&fake, volledig(1, false, 0, 0, 11, false));
	run(&fake, volledig(50, false, 60, 0, 3, false));
	run(&fake, fake_delivery(&(struct fake_delivered){ BOARD, DELIVERY_MUTATIE, 99, false, 0 }, same, 2));
	cr_assert_eq(fake.deliveries[1].state, DELIVERY_WACHT);
	run(&fake, not_below);
	cr_expect(!not_below->set_back.is_executed && not_below->set_back.sequence_before == 99, "99 is the highest");
	cr_expect_eq(fake.boards[BOARD].row.sequence_max, 99);
	run(&fake, back);
	cr_expect(back->set_back.is_executed && back->set_back.cancelled == 1 && back->set_back.states == 4);
	cr_expect(fake.deliveries[1].state == DELIVERY_VERWERKT && fake.deliveries[1].lapsed == 0 &&
		  (fake.deliveries[1].notices & (NOTICE_K06 | NOTICE_K10)) == (NOTICE_K06 | NOTICE_K10));
	cr_expect_eq(active(&fake), 12, "content and status stay");
	cr_expect(fake.boards[BOARD].row.sequence_max == 3 && fake.boards[BOARD].row.sequence_full == 3 &&
		  fake.boards[BOARD].row.sequence_top == 99);
	for (int t = 0; t < FAKE_TEACHERS; t++)
		cr_expect_eq(fake_sequence(&fake, BOARD, t), t < 4 ? 3 : 1, "teacher %d", t);
	run(&fake, late);
	cr_expect_eq(late->ledger.notices & NOTICE_K04, NOTICE_K04, "3 is not above 3");
	run(&fake, next);
	cr_expect_eq(next->ledger.notices & NOTICE_K04, 0);
	cr_expect_eq(next->ledger.lines[OUTCOME_GEWIJZIGD], 1);
	fake_register_release(&fake);
}
