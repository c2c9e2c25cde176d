/* The writer's transactions against a real PostgreSQL: the register holds what the same log makes of one in memory,
 * wherever batches end; what cannot be stored is set aside; the fence holds; a lost answer to COMMIT is found out. */
#include "register_fixture.h"
#include "write/isolation.h"
#include "base/num.h"
#include "write_log.h"

static const char TOPIC[] = "instroom.raw.1";

/* A database of its own for each test. */
struct fixture {
	struct pg_link *link;
	struct transaction transaction;
	struct arena arena;
	int64_t next_verdict;
	struct err err;
};

static void fixture_open(struct fixture *fixture)
{
	struct err err = { 0 };

	memset(fixture, 0, sizeof *fixture);
	fixture->link = register_open();
	register_migrate(fixture->link, 1, MIGRATION_LAST);
	ASSERT_OK(pg_script(fixture->link,
			    "insert into register.cursor (topic, partition) values ('instroom.raw.1', 0);"
			    "grant select on register.leraar to instroom_writer;" /* the test looks by it */
			    "set role instroom_writer", /* what these transactions do, its rights suffice for */
			    &err));
	ASSERT_OK(transaction_init(&fixture->transaction, fixture->link, slice_of(TOPIC), 256 << 20, 1 << 20, &err));
	ASSERT_OK(arena_init(&fixture->arena, 64 << 20, 0, &err));
}

/* What no writer may do: its role is put by meanwhile. */
static void do_as_admin(struct fixture *fixture, const char *sql)
{
	struct err err = { 0 };

	ASSERT_OK(pg_script(fixture->link, "reset role", &err));
	ASSERT_OK(pg_script(fixture->link, sql, &err));
	ASSERT_OK(pg_script(fixture->link, "set role instroom_writer", &err));
}

static void fixture_close(struct fixture *fixture)
{
	transaction_release(&fixture->transaction);
	arena_release(&fixture->arena);
	pg_link_close(fixture->link);
}

/* Each message is one verdict. */
static struct cursor_move move_over(struct fixture *fixture, size_t messages)
{
	struct cursor_move move = { .expected_next_verdict = fixture->next_verdict };

	move.to.at.next_verdict = move.to.at.next_raw = fixture->next_verdict + (int64_t)messages;
	move.to.has_key_id = true;
	move.to.key_id = 7;
	move.to.at.tip[0] = (uint8_t)move.to.at.next_verdict;
	return move;
}

static enum transaction_end run(struct fixture *fixture, struct message **messages, size_t count)
{
	struct cursor_move move = move_over(fixture, count);
	struct transaction_work work = { messages, count, &move, 1, false };
	enum transaction_end end = 0;
	struct err err = { 0 };

	ASSERT_OK(transaction_run(&fixture->transaction, &work, &end, &err));
	if (end == TRANSACTION_COMMITTED)
		fixture->next_verdict += (int64_t)count;
	return end;
}

static struct pg_rows *ask(struct fixture *fixture, const char *sql)
{
	return register_ask(fixture->link, sql);
}

static int64_t ask_number(struct fixture *fixture, const char *sql)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = ask(fixture, sql);

	cr_assert_eq(pg_rows_count(rows), 1, "%s", sql);
	return pg_get_i64(rows, 0, 0);
}

static int teacher_of(struct slice key)
{
	for (int t = 0; t < FAKE_TEACHERS; t++)
		if (memcmp(fake_key(t), key.p, TEACHER_KEY_BYTES) == 0)
			return t;
	return -1;
}

static int content_of(const struct pg_rows *rows, size_t row, int column)
{
	uint64_t n = 0;

	if (pg_is_null(rows, row, column))
		return 0;
	cr_assert(num_parse_u64(slice_from(pg_get_bytes(rows, row, column), strlen("inhoud ")), 1000, &n));
	return (int)n;
}

static void check_teachers(struct fixture *fixture, const struct fake_register *fake, uint64_t seed)
{
	CLEANUP(drop_pg_rows)
	struct pg_rows *rows =
		ask(fixture,
		    "select t.board, t.key, t.status, t.sequence, t.since, coalesce(t.lapsed_on, 0), t.content,"
		    " t.bsn, l.volgnummer, t.hash, t.targets from register.teacher t join register.leraar l"
		    " on l.board = t.board and l.key = t.key");
	size_t want = 0;

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		int board = pg_get_i32(rows, i, 0), t = teacher_of(pg_get_bytes(rows, i, 1));
		const struct fake_row *row = &fake->boards[board].teachers[t];

		cr_assert(pg_get_i16(rows, i, 2) == (int)row->status && pg_get_i64(rows, i, 3) == row->sequence &&
				  pg_get_i64(rows, i, 4) == row->since && pg_get_i32(rows, i, 5) == row->lapsed_on &&
				  content_of(rows, i, 6) == row->content && pg_get_i32(rows, i, 7) == (int)row->bsn,
			  "seed=%" PRIu64 " board=%d teacher=%d differs", seed, board, t);
		cr_assert_eq(pg_get_i64(rows, i, 8), fake_sequence(fake, board, t),
			     "seed=%" PRIu64 ": the view's volgnummer", seed);
		cr_assert_eq(pg_is_null(rows, i, 9), row->content == 0);
		cr_assert(row->content == 0 || pg_get_bytes(rows, i, 9).p[0] == row->content, "seed=%" PRIu64 ": hash",
			  seed);
		cr_assert_eq(pg_is_null(rows, i, 10), row->content == 0);
	}
	for (int b = 0; b < FAKE_BOARDS; b++)
		for (int t = 0; t < FAKE_TEACHERS; t++)
			want += fake->boards[b].teachers[t].status != STATUS_NONE;
	cr_assert_eq(pg_rows_count(rows), want, "seed=%" PRIu64, seed);
}

static bool has_history(const struct fake_register *fake, const struct fake_history *one)
{
	for (size_t i = 0; i < fake->history_count; i++)
		if (fake->history[i].board == one->board && fake->history[i].teacher == one->teacher &&
		    fake->history[i].until == one->until && fake->history[i].row.since == one->row.since &&
		    fake->history[i].row.sequence == one->row.sequence &&
		    fake->history[i].row.status == one->row.status &&
		    fake->history[i].row.content == one->row.content &&
		    fake->history[i].row.lapsed_on == one->row.lapsed_on)
			return true;
	return false;
}

static void check_history(struct fixture *fixture, const struct fake_register *fake, uint64_t seed)
{
	CLEANUP(drop_pg_rows)
	struct pg_rows *rows = ask(fixture,
				   "select board, key, status, sequence, since, until, coalesce(lapsed_on, 0), content"
				   " from register.teacher_history");

	cr_assert_eq(pg_rows_count(rows), fake->history_count, "seed=%" PRIu64 ": %zu versions, not %zu", seed,
		     pg_rows_count(rows), fake->history_count);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		struct fake_history one = { .board = pg_get_i32(rows, i, 0),
					    .teacher = teacher_of(pg_get_bytes(rows, i, 1)),
					    .until = pg_get_i64(rows, i, 5) };

		one.row.status = (enum teacher_status)pg_get_i16(rows, i, 2);
		one.row.sequence = pg_get_i64(rows, i, 3);
		one.row.since = pg_get_i64(rows, i, 4);
		one.row.lapsed_on = pg_get_i32(rows, i, 6);
		one.row.content = content_of(rows, i, 7);
		cr_assert(has_history(fake, &one), "seed=%" PRIu64 " board=%d teacher=%d: a version that was not", seed,
			  one.board, one.teacher);
	}
}

static void check_deliveries(struct fixture *fixture, const struct fake_register *fake, uint64_t seed)
{
	CLEANUP(drop_pg_rows)
	struct pg_rows *rows =
		ask(fixture,
		    "select position, state, notices, nieuw, gewijzigd, ongewijzigd, verouderd, afgekeurd,"
		    " ingetrokken, quarantaine, absent, active, lapsed, lines, unreadable_lines"
		    " from register.delivery order by position");

	cr_assert_eq(pg_rows_count(rows), fake->delivery_count, "seed=%" PRIu64, seed);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		const struct fake_delivery *want = &fake->deliveries[i];
		int64_t sum = 0;

		cr_assert_eq(pg_get_i64(rows, i, 0), want->position, "seed=%" PRIu64, seed);
		cr_assert(pg_get_i16(rows, i, 1) == (int)want->state && pg_get_i16(rows, i, 2) == (int)want->notices &&
				  pg_get_i32(rows, i, 10) == want->absent && pg_get_i32(rows, i, 11) == want->active &&
				  pg_get_i32(rows, i, 12) == want->lapsed,
			  "seed=%" PRIu64 " delivery %zu differs", seed, i);
		for (int outcome = 1; outcome <= OUTCOMES; outcome++) {
			cr_assert_eq(pg_get_i32(rows, i, 2 + outcome), want->lines[outcome], "seed=%" PRIu64, seed);
			sum += pg_get_i32(rows, i, 2 + outcome);
		}
		cr_assert_eq(pg_get_i32(rows, i, 13), sum, "seed=%" PRIu64 ": the counts do not add up", seed);
	}
}

static void check_boards(struct fixture *fixture, const struct fake_register *fake, uint64_t seed)
{
	CLEANUP(drop_pg_rows)
	struct pg_rows *rows =
		ask(fixture,
		    "select b.board, b.sequence_max, b.sequence_full, b.teachers, b.active, b.disowned,"
		    " b.pending_sequence, (select count(*) from register.disowned d where d.board = b.board)"
		    " from register.board b");

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		const struct board_row *want = &fake->boards[pg_get_i32(rows, i, 0)].row;

		cr_assert(
			pg_get_i64(rows, i, 1) == want->sequence_max && pg_get_i64(rows, i, 2) == want->sequence_full &&
				pg_get_i32(rows, i, 3) == want->teachers && pg_get_i32(rows, i, 4) == want->active &&
				pg_get_i32(rows, i, 5) == want->disowned && pg_get_i64(rows, i, 7) == want->disowned &&
				pg_get_i64(rows, i, 6) == want->pending_sequence,
			"seed=%" PRIu64 ": the row of board %d differs", seed, pg_get_i32(rows, i, 0));
	}
}

static void check_seed(struct fixture *fixture, uint64_t seed)
{
	static struct log log;
	struct fake_register fake;

	do_as_admin(fixture,
		    "truncate register.teacher, register.teacher_history, register.delivery, register.key_list,"
		    " register.feedback, register.board, register.disowned, register.finding, register.contact,"
		    " register.confirmation");
	log_make(&log, seed);
	fake_register_init(&fake);
	for (size_t i = 0; i < log.count; i++)
		fake_run(&fake, &log.messages[i], 1);
	for (size_t at = 0; at < log.count;) {
		size_t count = (size_t)log_random(1, 12);

		count = MIN(count, log.count - at);
		cr_assert_eq(run(fixture, log.messages + at, count), TRANSACTION_COMMITTED);
		at += count;
	}
	check_teachers(fixture, &fake, seed);
	check_history(fixture, &fake, seed);
	check_deliveries(fixture, &fake, seed);
	check_boards(fixture, &fake, seed);
	fake_register_release(&fake);
}

Test(write, the_register_holds_what_the_same_log_makes_in_memory)
{
	struct fixture fixture;

	fixture_open(&fixture);
	for (uint64_t seed = 1; seed <= 150; seed++)
		check_seed(&fixture, seed);
	fixture_close(&fixture);
}

/* Accountability. */

static struct message *as_whom(struct message *message, const char *speaker, const char *trace)
{
	message->admission = (struct admission){ { SLICE_LITERAL("machtiging"), SLICE_LITERAL("1796000123456789"),
						   SLICE_LITERAL("KVK:11111111"), slice_of(speaker) },
						 slice_of(trace) };
	message->accepted_at_ms = 1796000000123;
	return message;
}

static void expect_admissions(struct fixture *fixture, const char *const *want, size_t count)
{
	CLEANUP(drop_pg_rows)
	struct pg_rows *rows =
		ask(fixture,
		    "select concat_ws(' ', service, basis, version, party, sender, coalesce(trace_id, '-'),"
		    "  extract(epoch from accepted_at)) from register.admission order by position");

	cr_assert_eq(pg_rows_count(rows), count);
	for (size_t i = 0; i < count; i++)
		cr_expect(slice_equal_text(pg_get_bytes(rows, i, 0), want[i]), "%.*s", (int)pg_get_bytes(rows, i, 0).n,
			  pg_get_bytes(rows, i, 0).p);
}

Test(write, as_whom_each_came_in_stands_beside_it_and_a_repeat_changes_nothing)
{
	static const char *const WANT[] = {
		"leveren machtiging 1796000123456789 KVK:11111111 credential:a 0af7651916cd43dd8448eb211c80319c"
		" 1796000000.123000",
		"bevestigen machtiging 1796000123456789 KVK:11111111 credential:c - 1796000000.123000",
	};
	static const struct fake_group GROUPS[] = { { 1, VERDICT_CANDIDATE, 1, 1 } };
	struct message *messages[4];
	struct fixture fixture;

	fixture_open(&fixture);
	messages[0] = as_whom(fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 5, false, 900 }, GROUPS, 1),
			      "credential:a", "0af7651916cd43dd8448eb211c80319c");
	messages[1] = as_whom(fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 5, false, 900 }, GROUPS, 1),
			      "credential:b", "");
	messages[2] = as_whom(fake_confirm(1, 900), "credential:c", "");
	messages[3] = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_MUTATIE, 6, false, 0 }, GROUPS, 1);
	cr_assert_eq(run(&fixture, messages, 1), TRANSACTION_COMMITTED);
	cr_assert_eq(run(&fixture, messages + 1, 3), TRANSACTION_COMMITTED);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.delivery"), 2, "one of them of before");
	expect_admissions(&fixture, WANT, ARRAY_LEN(WANT));
	fixture_close(&fixture);
}

/* Setting aside. */

static const struct fake_group FOUR[] = { { 1, VERDICT_CANDIDATE, 1, 1 },
					  { 3, VERDICT_CANDIDATE, 1, 2 },
					  { 5, VERDICT_CANDIDATE, 1, 1 },
					  { 7, VERDICT_CANDIDATE, 1, 1 } };

static void count_committed(void *self, struct message **messages, size_t count, const struct cursor_move *moves,
			    size_t move_count)
{
	(void)messages, (void)moves;
	*(size_t *)self += count * move_count;
}

static size_t isolate(struct fixture *fixture, struct message **messages, size_t count)
{
	size_t committed = 0, done;
	struct isolation isolation = { &fixture->transaction, &fixture->arena, count_committed, &committed };
	struct cursor_move moves[8];
	enum transaction_end end;
	struct err err = { 0 };
	int64_t start = fixture->next_verdict;

	for (size_t i = 0; i < count; i++) {
		moves[i] = move_over(fixture, 1);
		fixture->next_verdict++;
	}
	ASSERT_OK(isolation_run(&isolation, messages, moves, count, &done, &end, &err));
	cr_assert_eq(fixture->next_verdict - start, (int64_t)committed);
	return done;
}

Test(write, a_teacher_that_cannot_be_stored_gets_quarantaine_and_the_others_go_in)
{
	struct fixture fixture;
	struct message *messages[2];
	struct cursor_move move;
	enum transaction_end end;
	struct err err = { 0 };

	fixture_open(&fixture);
	messages[0] =
		fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	messages[1] =
		fake_delivery(&(struct fake_delivered){ 2, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	messages[0]->verdict.candidates.items[1].content = SLICE_LITERAL("\xff is no UTF-8");
	messages[0]->verdict.candidates.items[3].content = SLICE_LITERAL("a\0b");
	move = move_over(&fixture, 2);
	struct transaction_work work = { messages, 2, &move, 1, false };

	ASSERT_KIND(transaction_run(&fixture.transaction, &work, &end, &err), ERR_DATA);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.teacher"), 0, "nothing is half written");
	cr_expect_eq(isolate(&fixture, messages, 2), 2);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.teacher"), 6);
	cr_expect_eq(ask_number(&fixture, "select quarantaine from register.delivery where board = 1"), 3);
	cr_expect_eq(ask_number(&fixture, "select nieuw from register.delivery where board = 1"), 2);
	cr_expect_eq(ask_number(&fixture, "select quarantaine from register.delivery where board = 2"), 0);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.disowned where board = 1"), 2);
	cr_expect_eq(ask_number(&fixture, "select lines from register.finding where rule = 21505"), 3, "LR-T01");
	cr_expect_eq(ask_number(&fixture, "select next_verdict from register.cursor"), 2);
	fixture_close(&fixture);
}

Test(write, a_message_that_cannot_be_stored_for_another_reason_is_set_aside_whole)
{
	struct fixture fixture;
	struct message *message;

	fixture_open(&fixture);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	message->verdict.header.contact_name = SLICE_LITERAL("a\0b");
	cr_expect_eq(isolate(&fixture, &message, 1), 1);
	cr_expect_eq(ask_number(&fixture, "select quarantaine from register.delivery where board = 1"), 5);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.disowned where board = 1"), 4);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.teacher"), 0);
	cr_expect(message->forget, "the cache is to forget it");
	fixture_close(&fixture);
}

/* Whose fault it is. A sequence counts what a rolled back transaction did, too. */
static void raise_first(struct fixture *fixture, const char *table, const char *code, int times, const char *when)
{
	char sql[1024];

	snprintf(sql, sizeof sql,
		 "create sequence register.raised; create function register.raise_first() returns trigger"
		 " language plpgsql security definer as $$ begin if nextval('register.raised') <= %d then"
		 " raise exception 'a test' using errcode = '%s'; end if;"
		 " return new; end $$; create trigger raise_first before insert or update on register.%s for each row"
		 " when (%s) execute function register.raise_first()",
		 times, code, table, when);
	do_as_admin(fixture, sql);
}

enum { FOREVER = 1000000 };

/* One delivery of four sound teachers, message by message. Its kind of failure, or 0. */
static int isolate_one(struct fixture *fixture, struct message *message, struct err *err)
{
	size_t committed = 0, done;
	struct isolation isolation = { &fixture->transaction, &fixture->arena, count_committed, &committed };
	struct cursor_move move = move_over(fixture, 1);
	enum transaction_end end;

	return isolation_run(&isolation, &message, &move, 1, &done, &end, err);
}

static const struct {
	const char *table, *code;
	int times;
	enum err_kind kind;
	const char *why;
} BLAME_ROWS[] = {
	{ "cursor", "54000", 3, ERR_RETRY, "the fence carries nothing that was delivered" },
	{ "cursor", "23514", FOREVER, ERR_RETRY, "nor can it break a rule of ours: somebody changed that" },
	{ "board", "54000", FOREVER, ERR_RETRY, "nor does the board's row" },
	{ "board", "22000", FOREVER, ERR_RETRY, "likewise" },
	{ "teacher", "54000", FOREVER, ERR_RETRY, "a limit that meets all of them is the server's" },
	{ "teacher", "53200", FOREVER, ERR_RETRY, "no memory" },
	{ "teacher", "54001", FOREVER, ERR_RETRY, "its stack" },
	{ "delivery", "54000", FOREVER, ERR_RETRY, "a limit that meets the ledger's row, too" },
	{ "delivery", "23514", FOREVER, ERR_RETRY, "not even as wholly refused" },
};

Test(write, a_condition_of_the_register_makes_no_outcome)
{
	for (size_t i = 0; i < ARRAY_LEN(BLAME_ROWS); i++) {
		struct fixture fixture;
		struct message *message;
		struct err err = { 0 };

		fixture_open(&fixture);
		message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR,
					ARRAY_LEN(FOUR));
		raise_first(&fixture, BLAME_ROWS[i].table, BLAME_ROWS[i].code, BLAME_ROWS[i].times, "true");
		int rc = isolate_one(&fixture, message, &err);

		cr_expect_eq(rc, -(int)BLAME_ROWS[i].kind, "%s: %d %s", BLAME_ROWS[i].why, rc, err.text);
		cr_expect_str_eq(err.code, BLAME_ROWS[i].code, "%s", BLAME_ROWS[i].why);
		cr_expect_eq(ask_number(&fixture, "select count(*) from register.delivery"), 0, "%s",
			     BLAME_ROWS[i].why);
		cr_expect(!message->refusal.is_whole && !message->refusal.groups, "%s", BLAME_ROWS[i].why);
		do_as_admin(&fixture, "drop function register.raise_first cascade");
		cr_expect_eq(isolate_one(&fixture, message, &err), 0, "%s: it goes in when that is over",
			     BLAME_ROWS[i].why);
		cr_expect_eq(ask_number(&fixture, "select quarantaine from register.delivery"), 0, "%s",
			     BLAME_ROWS[i].why);
		fixture_close(&fixture);
	}
}

static const struct {
	const char *table, *code;
} CHANGED_ROWS[] = {
	{ "cursor", "23514" },
	{ "teacher", "P0001" },
	{ "delivery", "XX000" },
	{ "board", "42883" },
};

/* After a batch the register was as we made it: whoever changed it since may change it back. */
Test(write, a_register_that_is_changed_after_a_batch_is_waited_for)
{
	for (size_t i = 0; i < ARRAY_LEN(CHANGED_ROWS); i++) {
		struct fixture fixture;
		struct message *message;
		struct err err = { 0 };

		fixture_open(&fixture);
		message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR,
					ARRAY_LEN(FOUR));
		cr_assert_eq(run(&fixture, &message, 1), TRANSACTION_COMMITTED);
		raise_first(&fixture, CHANGED_ROWS[i].table, CHANGED_ROWS[i].code, FOREVER, "true");
		message = fake_delivery(&(struct fake_delivered){ 2, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR,
					ARRAY_LEN(FOUR));
		int rc = isolate_one(&fixture, message, &err);

		cr_expect_eq(rc, -ERR_RETRY, "%s %s: %d %s", CHANGED_ROWS[i].table, CHANGED_ROWS[i].code, rc, err.text);
		cr_expect(!message->refusal.is_whole && !message->refusal.groups, "%s", CHANGED_ROWS[i].table);
		ASSERT_OK(pg_link_connect(fixture.link, &err));
		do_as_admin(&fixture, "drop function register.raise_first cascade");
		cr_expect_eq(isolate_one(&fixture, message, &err), 0, "%s: %s", CHANGED_ROWS[i].table, err.text);
		cr_expect_eq(ask_number(&fixture, "select quarantaine from register.delivery where board = 2"), 0);
		fixture_close(&fixture);
	}
}

Test(write, who_fails_once_and_not_again_is_not_to_blame)
{
	for (int times = 1; times <= 11; times++) {
		struct fixture fixture;
		struct message *message;
		struct err err = { 0 };
		int rc = -ERR_RETRY;

		fixture_open(&fixture);
		message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR,
					ARRAY_LEN(FOUR));
		raise_first(&fixture, "teacher", "23514", times, "true");
		for (int i = 0; i < 5 && rc == -ERR_RETRY; i++)
			rc = isolate_one(&fixture, message, &err);
		cr_expect_eq(rc, 0, "%d times: %s", times, err.text);
		cr_expect_eq(ask_number(&fixture, "select quarantaine from register.delivery"), 0, "%d times", times);
		fixture_close(&fixture);
	}
}

/* specification 4.3: who is known is named. */
Test(write, a_volledig_that_is_wholly_refused_names_its_teachers_all_the_same)
{
	struct fixture fixture;
	struct message *message;

	fixture_open(&fixture);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	cr_assert_eq(run(&fixture, &message, 1), TRANSACTION_COMMITTED);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 2, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	message->verdict.header.contact_name = SLICE_LITERAL("a\0b");
	cr_expect_eq(isolate(&fixture, &message, 1), 1);
	cr_expect_eq(ask_number(&fixture, "select quarantaine from register.delivery where sequence = 2"), 5);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.teacher where status = 1"), 4);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.delivery where state = 1"), 2);
	cr_expect_eq(ask_number(&fixture, "select absent + lapsed from register.delivery where sequence = 2"), 0);
	fixture_close(&fixture);
}

/* specification 7.1: of whom it named nobody can say anything. */
Test(write, a_volledig_that_nobody_can_read_lapses_nobody_and_waits_for_nobody)
{
	struct fixture fixture;
	struct message *message;

	fixture_open(&fixture);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	cr_assert_eq(run(&fixture, &message, 1), TRANSACTION_COMMITTED);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 2, false, 0 }, FOUR, 0);
	message->verdict.body_unreadable = true;
	message->verdict.header.line_count = 3;
	cr_expect_eq(isolate(&fixture, &message, 1), 1);
	cr_expect_eq(ask_number(&fixture, "select quarantaine from register.delivery where sequence = 2"), 3);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.teacher where status = 1"), 4);
	cr_expect_eq(ask_number(&fixture, "select state from register.delivery where sequence = 2"), 1);
	cr_expect_eq(ask_number(&fixture, "select absent + active + lapsed from register.delivery where sequence = 2"),
		     0);
	fixture_close(&fixture);
}

/* The fence. */

Test(write, nothing_is_written_when_another_instance_moved_the_cursor)
{
	struct fixture fixture;
	struct message *message;
	struct err err = { 0 };

	fixture_open(&fixture);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	ASSERT_OK(pg_script(fixture.link, "update register.cursor set next_verdict = 1", &err));
	cr_expect_eq(run(&fixture, &message, 1), TRANSACTION_FENCED);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.delivery"), 0);
	fixture_close(&fixture);
}

Test(write, one_partition_that_moved_holds_back_the_others)
{
	struct fixture fixture;
	struct cursor_move moves[2];
	struct transaction_work work = { NULL, 0, moves, 2, false };
	enum transaction_end end;
	struct err err = { 0 };

	fixture_open(&fixture);
	do_as_admin(&fixture,
		    "insert into register.cursor (topic, partition, next_verdict)"
		    " values ('instroom.raw.1', 1, 5)");
	moves[0] = moves[1] = move_over(&fixture, 1);
	moves[1].partition = 1;
	ASSERT_OK(transaction_run(&fixture.transaction, &work, &end, &err));
	cr_expect_eq(end, TRANSACTION_FENCED);
	cr_expect_eq(ask_number(&fixture, "select next_verdict from register.cursor where partition = 0"), 0);
	moves[1].expected_next_verdict = 5;
	ASSERT_OK(transaction_run(&fixture.transaction, &work, &end, &err));
	cr_expect_eq(end, TRANSACTION_COMMITTED);
	cr_expect_eq(ask_number(&fixture, "select next_verdict from register.cursor where partition = 0"), 1);
	fixture_close(&fixture);
}

Test(write, a_commit_whose_answer_was_lost_is_not_done_twice)
{
	struct fixture fixture;
	struct message *message;
	struct cursor_move move;
	enum transaction_end end;
	struct err err = { 0 };

	fixture_open(&fixture);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	move = move_over(&fixture, 1);
	struct transaction_work work = { &message, 1, &move, 1, false };

	ASSERT_OK(transaction_run(&fixture.transaction, &work, &end, &err));
	fixture.transaction.is_commit_in_doubt = true;
	pg_link_drop(fixture.link);
	ASSERT_OK(transaction_run(&fixture.transaction, &work, &end, &err));
	cr_expect_eq(end, TRANSACTION_COMMITTED);
	cr_expect(!fixture.transaction.is_commit_in_doubt);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.delivery"), 1);
	fixture_close(&fixture);
}

Test(write, a_commit_that_did_not_go_through_is_done_again)
{
	struct fixture fixture;
	struct message *message;

	fixture_open(&fixture);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	fixture.transaction.is_commit_in_doubt = true;
	cr_expect_eq(run(&fixture, &message, 1), TRANSACTION_COMMITTED);
	cr_expect_eq(ask_number(&fixture, "select count(*) from register.teacher"), 4);
	fixture_close(&fixture);
}

Test(write, a_register_without_its_tables_is_known_by_its_sqlstate)
{
	struct fixture fixture;
	struct message *message;
	struct cursor_move move;
	enum transaction_end end;
	struct err err = { 0 };

	fixture_open(&fixture);
	message = fake_delivery(&(struct fake_delivered){ 1, DELIVERY_VOLLEDIG, 1, false, 0 }, FOUR, ARRAY_LEN(FOUR));
	move = move_over(&fixture, 1);
	struct transaction_work work = { &message, 1, &move, 1, false };

	do_as_admin(&fixture, "drop table register.delivery cascade");
	ASSERT_KIND(transaction_run(&fixture.transaction, &work, &end, &err), ERR_FATAL);
	cr_expect_str_eq(err.code, "42P01");
	fixture_close(&fixture);
}

Test(write, a_partition_without_cursor_row_is_a_missing_migration)
{
	struct fixture fixture;
	struct cursor cursors[2] = { { .partition = 0 }, { .partition = 3 } };
	struct err err = { 0 };

	fixture_open(&fixture);
	ASSERT_OK(cursor_read(&fixture.transaction.session, slice_of(TOPIC), cursors, 1, &err));
	ASSERT_KIND(cursor_read(&fixture.transaction.session, slice_of(TOPIC), cursors, 2, &err), ERR_CONFIG);
	pg_link_settle(fixture.transaction.session.link);
	ASSERT_KIND(cursor_read(&fixture.transaction.session, slice_of(TOPIC), cursors, 2, &err), ERR_RETRY);
	cr_expect(strstr(err.text, "instroomctl migrate"), "%s", err.text);
	fixture_close(&fixture);
}
