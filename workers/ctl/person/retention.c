/* retention: what is kept no longer than its term. Without a reason it shows what is due; with one, or by a
 * timer whose setting says so:
 *
 *   1. A row of register.removal for each kind: who, when, why, up to which day. Its sum rises with each batch.
 *   2. Of each log the position below which rows may be gone (register.retained), before any goes: verify, ledger and
 *      terugmeldingen ask it.
 *   3. Partition by partition of topic.raw, some of its boards at a time, a transaction that holds the cursor's row, so
 *      that no writer decides anything of them meanwhile: lapsed teachers, history, terugmeldingen, contact persons
 *      (register.retention_batch).
 *   4. Contact persons that were set (register.contact_list), which no log holds.
 *   5. Rows of who looked at persons, some at a time.
 *   6. Problems that boards reported and that are closed, with their mails, some at a time.
 *
 * Killed anywhere it is run again, and takes what is left.
 *
 * No header: run_retention stands in person_commands.h. */
#include "ctl/person/person_commands.h"

#include "base/clock.h"
#include "ctl/base/question.h"
#include "ctl/base/raw_log.h"
#include "protocol/log_position.h"
#include "protocol/partitioning.h"

#include <stdlib.h>
#include <unistd.h>

enum { BATCH_BOARDS = 20, BATCH_TEACHERS = 1000, BATCH_AUDIT = 5000, BATCH_PROBLEMS = 1000 };
enum { ARRAY_BYTES_MAX = 1 << 20, KINDS = 6 };
enum { SHOW_EVERY_MS = 200, CLOCK_MS_MAX = 3600 * 1000 };

static const char *const KIND_NAMES[KINDS] = { "lapsed", "history", "feedback", "contact", "audit", "problem" };
enum { KIND_LAPSED, KIND_CONTACT = 3, KIND_AUDIT, KIND_PROBLEM };

struct retention {
	struct pg_link *link;
	int32_t partitions, generation; /* of topic.raw */
	int32_t months[KINDS];
	struct strbuf months_array, removals_array;
	int64_t removals[KINDS]; /* 0: it has no term */
	int64_t batches, rows, shown_ms;
	const char *reason; /* NULL: nothing is removed */
};

static void set_months(struct retention *retention, const struct retention_months *months)
{
	const int64_t given[KINDS] = { months->lapsed,	months->history, months->feedback,
				       months->contact, months->audit,	 months->problem };

	strbuf_init(&retention->months_array, ARRAY_BYTES_MAX);
	strbuf_init(&retention->removals_array, ARRAY_BYTES_MAX);
	pg_array_begin(&retention->months_array, PG_I32);
	for (size_t i = 0; i < KINDS; i++) {
		retention->months[i] = (int32_t)given[i];
		pg_array_add_i32(&retention->months_array, retention->months[i]);
	}
	pg_array_end(&retention->months_array, 0, KINDS);
}

static void show_progress(struct retention *retention)
{
	int64_t now_ms = clock_ms();

	if (!isatty(STDERR_FILENO) || now_ms - retention->shown_ms < SHOW_EVERY_MS)
		return;
	retention->shown_ms = now_ms;
	fprintf(stderr, "\r  %lld batches, %lld rows   ", (long long)retention->batches, (long long)retention->rows);
}

/* ---- one transaction ---- */

static int end(struct retention *retention, int rc, struct err *err)
{
	struct err second;

	if (rc == 0)
		return pg_script(retention->link, "commit", err);
	if (pg_link_is_up(retention->link) && pg_script(retention->link, "rollback", &second) != 0)
		pg_link_drop(retention->link);
	return rc;
}

/* Rows of removal, and how far terms reach: from here on what is below may be gone. */
static int note(struct retention *retention, const char *reason, struct err *err)
{
	int rc = 0;

	pg_array_begin(&retention->removals_array, PG_I64);
	for (size_t i = 0; rc == 0 && i < KINDS; i++) {
		CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
		struct pg_params params;

		pg_params_reset(&params);
		pg_add_text(&params, slice_of(ctl_operator()));
		pg_add_text(&params, slice_of(reason));
		pg_add_text(&params, slice_of(KIND_NAMES[i]));
		pg_add_i32(&params, retention->months[i]);
		if (retention->months[i] > 0)
			rc = pg_exec(retention->link, NULL,
				     "insert into register.removal (who, reason, what, until)"
				     " values ($1, $2, $3, register.retention_day($4)) returning id",
				     &params, &rows, NULL, err);
		retention->removals[i] = rc == 0 && rows ? pg_get_i64(rows, 0, 0) : 0;
		pg_array_add_i64(&retention->removals_array, retention->removals[i]);
	}
	pg_array_end(&retention->removals_array, 0, KINDS);
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_array(&params, PG_I64_ARRAY, strbuf_slice(&retention->removals_array));
	return rc != 0 ? rc
		       : pg_exec(retention->link, NULL,
				 "insert into register.retained as t (what, log, below)"
				 " select r.what, e.log, e.below from register.removal r"
				 " cross join lateral register.retention_ends(r.until) e"
				 " where r.id = any($1) and r.what in ('history', 'feedback', 'contact')"
				 " on conflict (what, log) do update set below = greatest(t.below, excluded.below)",
				 &params, NULL, NULL, err);
}

static int begin_and_note(struct retention *retention, const char *reason, struct err *err)
{
	int rc = pg_begin(retention->link, err);

	return rc == 0 ? end(retention, note(retention, reason, err), err) : rc;
}

/* An undo of a board may bring back who lapsed by it, from what it read of him before he is removed: none is under way
 * until this transaction ends. Before the cursor's row is held: the register waits for that row, and the undo for the
 * register. */
static int await_undo(struct retention *retention, struct slice boards, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_array(&params, PG_I32_ARRAY, boards);
	return pg_exec(retention->link, NULL,
		       "select pg_advisory_xact_lock(" UNDO_LOCK_KEY_SQL("b") ") from unnest($1::int[]) b", &params,
		       NULL, NULL, err);
}

/* boards: int[]. *ret_lapsed: so many teachers went that there may be more. */
static int batch(struct retention *retention, int64_t log_begin, struct slice boards, bool *ret_is_done,
		 struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	*ret_is_done = true;
	if (stop_is_asked())
		return err_set(err, ERR_STOP, "stop", "stopped between two batches: run retention again");
	int rc = pg_begin(retention->link, err);

	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_i64(&params, log_begin);
	pg_add_array(&params, PG_I32_ARRAY, boards);
	pg_add_i32(&params, BATCH_TEACHERS);
	pg_add_array(&params, PG_I64_ARRAY, strbuf_slice(&retention->removals_array));
	rc = await_undo(retention, boards, err);
	if (rc == 0)
		rc = pg_exec(retention->link, "retention_batch",
			     "select lapsed, history, feedback, contact from register.retention_batch($1, $2, $3, $4)",
			     &params, &rows, NULL, err);
	rc = end(retention, rc, err);
	for (int i = 0; rc == 0 && i < KIND_AUDIT; i++)
		retention->rows += pg_get_i64(rows, 0, i);
	retention->batches += rc == 0;
	*ret_is_done = rc != 0 || pg_get_i64(rows, 0, KIND_LAPSED) < BATCH_TEACHERS;
	show_progress(retention);
	return rc;
}

/* ---- the clock ---- */

/* Terms end by PostgreSQL's day. What was removed does not come back, so two machines have to agree about it. */
static int compare_clocks(const struct retention *retention, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(retention->link, NULL, "select (extract(epoch from clock_timestamp()) * 1000)::bigint", NULL,
			 &rows, NULL, err);

	if (rc != 0)
		return rc;
	int64_t ahead_ms = pg_get_i64(rows, 0, 0) - clock_wall_ms();

	if (llabs(ahead_ms) <= CLOCK_MS_MAX)
		return 0;
	return err_set(err, ERR_CONFIG, "clock",
		       "PostgreSQL's clock is %lld s %s of this machine's: nothing is removed until they agree",
		       (long long)llabs(ahead_ms) / 1000, ahead_ms > 0 ? "ahead" : "behind");
}

/* ---- all of it ---- */

/* boards: int[]. */
static int remove_of_boards(struct retention *retention, int32_t partition, struct slice boards, struct err *err)
{
	bool is_done = false;
	int64_t log_begin;
	int rc = 0;

	if (!log_position_make(retention->generation, partition, 0, &log_begin))
		return err_set(err, ERR_CONFIG, "topic.raw", "partition %d is above what the register can number",
			       partition);
	while (rc == 0 && !is_done)
		rc = batch(retention, log_begin, boards, &is_done, err);
	return rc;
}

/* boards: rows of one number. */
static int remove_of_partition(struct retention *retention, int32_t partition, const struct pg_rows *boards,
			       struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf array;
	size_t count = pg_rows_count(boards);
	int32_t filled = 0;
	int rc = 0;

	strbuf_init(&array, ARRAY_BYTES_MAX);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		int32_t board = pg_get_i32(boards, i, 0);

		if (partitioning_partition((uint32_t)board, retention->partitions) == partition) {
			if (filled == 0) {
				strbuf_reset(&array);
				pg_array_begin(&array, PG_I32);
			}
			pg_array_add_i32(&array, board);
			filled++;
		}
		if (filled == BATCH_BOARDS || (filled > 0 && i + 1 == count)) {
			pg_array_end(&array, 0, filled);
			filled = 0;
			rc = remove_of_boards(retention, partition, strbuf_slice(&array), err);
		}
	}
	return rc;
}

/* All boards by the partition that their next message comes by, wherever an older log had them. */
static int remove_by_board(struct retention *retention, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *boards = NULL;
	int rc = pg_exec(retention->link, NULL, "select board from register.board order by board", NULL, &boards, NULL,
			 err);

	for (int32_t partition = 0; rc == 0 && partition < retention->partitions; partition++)
		rc = remove_of_partition(retention, partition, boards, err);
	return rc;
}

static int remove_audit(struct retention *retention, struct err *err)
{
	int64_t rows = BATCH_AUDIT;
	struct pg_params params;
	int rc = 0;

	pg_params_reset(&params);
	pg_add_i64(&params, retention->removals[KIND_AUDIT]);
	while (rc == 0 && rows == BATCH_AUDIT && retention->removals[KIND_AUDIT] > 0) {
		CLEANUP(drop_pg_rows) struct pg_rows *gone = NULL;

		rc = pg_exec(retention->link, "retention_audit",
			     "with gone as (delete from register.access where ctid = any(array(select a.ctid from"
			     " register.access a join register.removal r on r.id = $1"
			     "  and register.is_audit_due(a, r.until) limit 5000)) returning 1)"
			     ", summed as (update register.removal set rows = rows + (select count(*) from gone)"
			     "  where id = $1)"
			     " select count(*) from gone",
			     &params, &gone, NULL, err);
		rows = rc == 0 ? pg_get_i64(gone, 0, 0) : 0;
		retention->rows += rows;
	}
	return rc;
}

static int remove_problems(struct retention *retention, struct err *err)
{
	int64_t rows = BATCH_PROBLEMS;
	struct pg_params params;
	int rc = 0;

	pg_params_reset(&params);
	pg_add_i64(&params, retention->removals[KIND_PROBLEM]);
	pg_add_i32(&params, BATCH_PROBLEMS);
	while (rc == 0 && rows == BATCH_PROBLEMS && retention->removals[KIND_PROBLEM] > 0) {
		CLEANUP(drop_pg_rows) struct pg_rows *gone = NULL;

		if (stop_is_asked())
			return err_set(err, ERR_STOP, "stop", "stopped between two batches: run retention again");
		rc = pg_exec(retention->link, "retention_problem", "select register.remove_problems($1, $2)", &params,
			     &gone, NULL, err);
		rows = rc == 0 ? pg_get_i64(gone, 0, 0) : 0;
		retention->rows += rows;
	}
	return rc;
}

/* Of those that were set (specification 8.8), which stand in no log: by their own time. */
static int remove_contact_lists(struct retention *retention, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *gone = NULL;
	struct pg_params params;

	if (retention->removals[KIND_CONTACT] == 0)
		return 0;
	pg_params_reset(&params);
	pg_add_i64(&params, retention->removals[KIND_CONTACT]);
	int rc = pg_exec(retention->link, NULL,
			 "with gone as (delete from register.contact_list l using register.superseded_contact s,"
			 "  register.removal r where r.id = $1 and s.board = l.board and s.number = l.number"
			 "  and register.is_contact_due(s.until, r.until) returning 1)"
			 ", summed as (update register.removal set rows = rows + (select count(*) from gone)"
			 "  where id = $1)"
			 " select count(*) from gone",
			 &params, &gone, NULL, err);

	if (rc == 0)
		retention->rows += pg_get_i64(gone, 0, 0);
	return rc;
}

/* ---- the command ---- */

static const struct output_column RETENTION_COLUMNS[] = {
	{ "what", "what", COLUMN_TEXT },
	{ "until", "until", COLUMN_TEXT },
	{ "rows", "rows", COLUMN_NUMBER },
	{ "boards", "boards", COLUMN_NUMBER },
};

/* With their number of boards only while they are still there. */
static int print(struct ctl *ctl, struct retention *retention, bool is_done, struct err *err)
{
	const struct question question = {
		RETENTION_COLUMNS, ARRAY_LEN(RETENTION_COLUMNS),
		is_done ? "select what, " CTL_SQL_DAY("until") ", rows, null::bigint from register.removal"
							       " where id = any($1) order by id"
			: "select what, " CTL_SQL_DAY(
				  "until") ", rows, boards from register.retention_due($1)"
					   " order by array_position(array['lapsed', 'history', 'feedback', 'contact',"
					   " 'audit', 'problem'], what)",
		false, QUESTION_LIMIT_ANY
	};
	struct pg_params params;

	pg_params_reset(&params);
	if (is_done)
		pg_add_array(&params, PG_I64_ARRAY, strbuf_slice(&retention->removals_array));
	else
		pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&retention->months_array));
	return question_answer(ctl, retention->link, &question, &params, NULL, err);
}

static int read_topic(struct ctl *ctl, struct retention *retention, struct err *err)
{
	if (!log_position_split_topic(slice_of(ctl->config.topic.raw), NULL, &retention->generation))
		return err_set(err, ERR_CONFIG, "topic.raw", "topic.raw must end in a dot and its generation");
	return raw_log_partitions(ctl, retention->link, &retention->partitions, err);
}

static int remove_all(struct ctl *ctl, struct retention *retention, struct err *err)
{
	int rc = compare_clocks(retention, err);

	if (rc == 0)
		rc = read_topic(ctl, retention, err);
	if (rc == 0)
		rc = begin_and_note(retention, retention->reason, err);
	if (rc == 0)
		rc = remove_by_board(retention, err);
	if (rc == 0)
		rc = remove_contact_lists(retention, err);
	if (rc == 0)
		rc = remove_audit(retention, err);
	if (rc == 0)
		rc = remove_problems(retention, err);
	return rc == 0 ? print(ctl, retention, true, err) : rc;
}

int run_retention(struct ctl *ctl)
{
	struct retention retention = { 0 };
	bool is_timed = ctl_has(ctl, OPTION_TIMER), removes_timed = strcmp(ctl->config.retention_timer, "remove") == 0;
	struct err err = { 0 };

	if (is_timed && ctl_has(ctl, OPTION_REASON))
		return ctl_usage("--timer does what retention.timer says, --reason removes: give one of them");
	retention.reason = is_timed && removes_timed ? "retention.timer = remove" : ctl->options[OPTION_REASON];
	bool does_it = retention.reason;

	set_months(&retention, &ctl->config.retention);
	int rc = ctl_connect(ctl, does_it, &retention.link, &err);

	if (rc == 0)
		rc = does_it ? remove_all(ctl, &retention, &err) : print(ctl, &retention, false, &err);
	if (rc == 0 && !does_it)
		fprintf(stderr, "instroomctl: nothing is removed: %s does it\n",
			is_timed ? "the setting retention.timer = remove" : "--reason");
	pg_link_close(retention.link);
	strbuf_release(&retention.months_array);
	strbuf_release(&retention.removals_array);
	return rc == 0 ? 0 : ctl_fail(&err);
}
