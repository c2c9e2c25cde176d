/* person_erase: one person taken out of all boards. Without a reason it shows what would go. With one, board by board:
 *
 *   1. A Forget goes into the raw log: a validator takes him out of the cache. Wait until the register is past it.
 *   2. A transaction that holds the row of the partition's cursor. A delivery of the board since before the Forget
 *      may have brought him back into the cache: then nothing is done, and the next try begins with 1.
 *   3. From the cursor's position on he has no state (register.remove_teachers): row, history and marks go. His lines
 *      in terugmeldingen lose the board's numbers, key lists get another key in his place (person_rewrite). The row
 *      of register.removal, which does not name him, is of the same transaction.
 *
 * Then the proof: the register is looked through again, and the logs, which cannot be changed: what stands there, and
 * until when. Killed anywhere it is run again. A job of replays that may bring lines of his is a reason to do nothing,
 * and so is an undo at one of his boards.
 *
 * No header: run_person_erase stands in person_commands.h. */
#include "ctl/person/person_commands.h"

#include "base/clock.h"
#include "ctl/base/applied_wait.h"
#include "ctl/base/publish.h"
#include "ctl/base/raw_log.h"
#include "ctl/person/person_rewrite.h"
#include "model/date.h"
#include "protocol/log_position.h"
#include "protocol/partitioning.h"
#include "protocol/raw_message.h"

enum { TRIES = 10, FORGET_BYTES_MAX = 4096, NOTE_BYTES = 160, DAY_BYTES = 11 };
enum { DAY_MS = 86400000 };

struct erasure {
	struct ctl *ctl;
	struct pg_link *link; /* the owner's when it is done */
	struct kafka_reader *reader;
	struct person person;
	int32_t partitions, generation;
	int64_t removal; /* id of its row */
};

/* ---- Forget ---- */

static int publish_forget(struct erasure *erasure, uint32_t board, struct err *err)
{
	uint8_t keys[PERSON_KEYS_MAX][TEACHER_KEY_BYTES];
	size_t count = person_keys(&erasure->person, board, keys);
	struct wire_forget body = { .board = (int32_t)board };
	CLEANUP(strbuf_drop) struct strbuf value;
	uint8_t sorted[sizeof keys];
	struct raw_message message;
	bool is_rising = count < 2 || memcmp(keys[0], keys[1], TEACHER_KEY_BYTES) < 0;

	for (size_t i = 0; i < count; i++)
		memcpy(sorted + i * TEACHER_KEY_BYTES, keys[is_rising ? i : count - 1 - i], TEACHER_KEY_BYTES);
	body.keys = slice_make(sorted, count * TEACHER_KEY_BYTES);
	strbuf_init(&value, FORGET_BYTES_MAX);
	raw_message_of_forget(&message, &body, &value);
	return publish_raw(erasure->ctl, erasure->link, "the Forget", &message, &value, err);
}

static int read_end(struct erasure *erasure, int32_t partition, int64_t *ret, struct err *err)
{
	struct kafka_topic_range range = { 0 };
	int rc = kafka_reader_range(erasure->reader, erasure->ctl->config.topic.raw, partition, CTL_WAIT_MS, &range,
				    err);

	*ret = range.high;
	return rc;
}

static int read_cursor(struct erasure *erasure, int32_t partition, const char *sql, int64_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(erasure->ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	int rc = pg_exec(erasure->link, NULL, sql, &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) != 1)
		return err_set(err, ERR_CONFIG, "cursor", "the register has no cursor for partition %d", partition);
	if (rc == 0)
		*ret = pg_get_i64(rows, 0, 0);
	return rc;
}

/* ---- one board ---- */

/* No delivery or replay since then can have brought him back into the cache. */
static int is_quiet(struct erasure *erasure, uint32_t board, int64_t from, int64_t below, bool *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_i64(&params, from);
	pg_add_i64(&params, below);
	int rc = pg_exec(erasure->link, NULL,
			 "select (select count(*) from register.delivery where board = $1 and position >= $2"
			 "  and position < $3 and not dry_run)"
			 " + (select count(*) from register.replay_change c join register.delivery d"
			 "  on d.position = c.position where d.board = $1 and c.replay_position >= $2"
			 "  and c.replay_position < $3)",
			 &params, &rows, NULL, err);

	*ret = rc == 0 && pg_get_i64(rows, 0, 0) == 0;
	return rc;
}

/* Lines of his may stand in a job that is not published, or whose publisher has not seen yet that it is cancelled: they
 * would come back by it. */
static int check_jobs(struct erasure *erasure, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct person_key_rows keys = { 0 };
	struct pg_params params;
	int rc = person_key_rows(&erasure->person, erasure->link, &keys, err);

	pg_params_reset(&params);
	pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&keys.boards));
	pg_add_array(&params, PG_UUID_ARRAY, strbuf_slice(&keys.keys));
	if (rc == 0)
		rc = pg_exec(erasure->link, NULL,
			     "select left(min(job::text), 8) from (select j.id from register.replay_job j"
			     " join register.replay_item i on i.job = j.id"
			     " join register.delivery d on d.position = i.position"
			     " join register.key_list l on l.board = d.board and l.digest = d.key_list"
			     " join unnest($1::int[], $2::uuid[]) as k(board, key) on k.board = d.board"
			     " where j.state in ('planned', 'running', 'paused')"
			     " and position(uuid_send(k.key) in l.keys) > 0 union all"
			     " select j.id from register.replay_job j join pg_locks a on a.locktype = 'advisory'"
			     "  and a.objsubid = 1 and (a.classid::bigint << 32 | a.objid::bigint)"
			     "   = hashtextextended('instroom replay ' || j.id, 0)"
			     " where j.state = 'cancelled') x(job) having count(*) > 0",
			     &params, &rows, NULL, err);
	if (rc == 0 && pg_rows_count(rows) > 0)
		rc = err_set(err, ERR_DATA, "replay",
			     "job %.*s may bring back lines of this person: let it end, or replay cancel it and "
			     "wait until its publisher has ended",
			     (int)pg_get_bytes(rows, 0, 0).n, pg_get_bytes(rows, 0, 0).p);
	person_key_rows_release(&keys);
	return rc;
}

/* An undo of the board reads for minutes what he was, and publishes that. To the end of this transaction none begins,
 * and one that begins then no longer finds him (ctl/replay/undo.c). */
static int check_undo(struct erasure *erasure, uint32_t board, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	int rc = pg_exec(erasure->link, NULL, "select pg_try_advisory_xact_lock(" UNDO_LOCK_KEY_SQL("$1::int") ")",
			 &params, &rows, NULL, err);

	if (rc == 0 && !pg_get_bool(rows, 0, 0))
		rc = err_set(err, ERR_DATA, "undo",
			     "an undo at board %05u may bring back lines of this person: wait until it has ended",
			     board);
	return rc;
}

static int remove_state(struct erasure *erasure, uint32_t board, int64_t at, struct err *err)
{
	uint8_t keys[PERSON_KEYS_MAX][TEACHER_KEY_BYTES];
	size_t count = person_keys(&erasure->person, board, keys);
	CLEANUP(strbuf_drop) struct strbuf boards;
	CLEANUP(strbuf_drop) struct strbuf uuids;
	struct pg_params params;

	strbuf_init(&boards, FORGET_BYTES_MAX);
	strbuf_init(&uuids, FORGET_BYTES_MAX);
	pg_array_begin(&boards, PG_I32);
	pg_array_begin(&uuids, PG_UUID);
	for (size_t i = 0; i < count; i++) {
		pg_array_add_i32(&boards, (int32_t)board);
		pg_array_add_uuid(&uuids, keys[i]);
	}
	pg_array_end(&boards, 0, (int32_t)count);
	pg_array_end(&uuids, 0, (int32_t)count);
	pg_params_reset(&params);
	pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&boards));
	pg_add_array(&params, PG_UUID_ARRAY, strbuf_slice(&uuids));
	pg_add_i64(&params, at);
	pg_add_i64(&params, erasure->removal);
	return pg_exec(erasure->link, NULL, "select register.remove_teachers($1, $2, $3, $4)", &params, NULL, NULL,
		       err);
}

/* Who, when, why and how much; never whom. */
static int note(struct erasure *erasure, int64_t rows, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *made = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	if (erasure->removal > 0) {
		pg_add_i64(&params, erasure->removal);
		pg_add_i64(&params, rows);
		return pg_exec(erasure->link, NULL, "update register.removal set rows = rows + $2 where id = $1",
			       &params, NULL, NULL, err);
	}
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(erasure->ctl->options[OPTION_REASON]));
	int rc = pg_exec(erasure->link, NULL,
			 "insert into register.removal (who, reason, what, until)"
			 " values ($1, $2, 'person', register.retention_day(0)) returning id",
			 &params, &made, NULL, err);

	if (rc == 0)
		erasure->removal = pg_get_i64(made, 0, 0);
	return rc;
}

static int erase_locked(struct erasure *erasure, uint32_t board, int64_t from, bool *ret_is_done, struct err *err)
{
	int32_t partition = partitioning_partition(board, erasure->partitions);
	int64_t next_raw = 0, rows = 0, first = 0, at = 0;
	int rc = read_cursor(erasure, partition,
			     "select next_raw from register.cursor where topic = $1 and partition = $2 for update",
			     &next_raw, err);

	if (rc == 0 && (!log_position_make(erasure->generation, partition, from, &first) ||
			!log_position_make(erasure->generation, partition, next_raw, &at)))
		rc = err_set(err, ERR_CONFIG, "topic.raw", "partition %d is above what the register can number",
			     partition);
	if (rc == 0)
		rc = check_jobs(erasure, err);
	if (rc == 0)
		rc = check_undo(erasure, board, err);
	if (rc == 0)
		rc = is_quiet(erasure, board, first, at, ret_is_done, err);
	if (rc != 0 || !*ret_is_done)
		return rc;
	if (erasure->removal == 0)
		rc = note(erasure, 0, err);
	if (rc == 0)
		rc = remove_state(erasure, board, at, err);
	if (rc == 0)
		rc = person_rewrite(erasure->ctl, erasure->link, &erasure->person, board, &rows, err);
	return rc == 0 ? note(erasure, rows + 1, err) : rc;
}

static int try_board(struct erasure *erasure, uint32_t board, bool *ret_is_done, struct err *err)
{
	int32_t partition = partitioning_partition(board, erasure->partitions);
	int64_t from = 0, end = 0, removal = erasure->removal;
	struct err second;
	int rc = read_end(erasure, partition, &from, err);

	if (rc == 0)
		rc = publish_forget(erasure, board, err);
	if (rc == 0)
		rc = read_end(erasure, partition, &end, err);
	if (rc == 0)
		rc = applied_wait(erasure->ctl, erasure->link, partition, end, err);
	if (rc == 0)
		rc = pg_begin(erasure->link, err);
	if (rc != 0)
		return rc;
	rc = erase_locked(erasure, board, from, ret_is_done, err);
	if (rc == 0)
		return pg_script(erasure->link, *ret_is_done ? "commit" : "rollback", err);
	erasure->removal = removal;
	if (pg_link_is_up(erasure->link) && pg_script(erasure->link, "rollback", &second) != 0)
		pg_link_drop(erasure->link);
	return rc;
}

static int erase_board(struct erasure *erasure, uint32_t board, struct err *err)
{
	bool is_done = false;
	int rc = 0;

	for (int i = 0; rc == 0 && !is_done && i < TRIES; i++)
		rc = try_board(erasure, board, &is_done, err);
	if (rc == 0 && !is_done)
		rc = err_set(err, ERR_RETRY, "busy", "board %05u delivers all the time: run it again", board);
	return rc;
}

/* ---- what there is, and what is left ---- */

static const struct output_column ERASE_COLUMNS[] = {
	{ "store", "store", COLUMN_TEXT },
	{ "board", "board", COLUMN_TEXT },
	{ "rows", "rows", COLUMN_NUMBER },
	{ "effect", "effect", COLUMN_TEXT },
};

static const char *effect_of(enum person_store store, bool is_done)
{
	switch (store) {
	case STORE_LEDGER:
		return is_done ? "still named" : "his key would be replaced; outcome and counts stay";
	case STORE_FEEDBACK:
		return is_done ? "still named" : "his numbers would be blanked";
	case STORE_CONFIRMATION:
		return is_done ? "still named" : "follows from the register";
	default:
		return is_done ? "still there" : "would be removed";
	}
}

static void print_logs(struct erasure *erasure, const struct person_findings *found, struct output *out)
{
	for (int store = STORE_RAW; store <= STORE_QUARANTINE; store++) {
		int64_t until_ms = found->newest_ms[store] + erasure->ctl->config.topic_retention_days * DAY_MS;
		char day[DAY_BYTES], note[NOTE_BYTES];

		if (found->counts[store] == 0)
			continue;
		date_to_iso(clock_amsterdam_date(until_ms), day);
		snprintf(note, sizeof note, "stays until %s or later: topic.retention.days", day);
		output_text(out, slice_of(person_store_name((enum person_store)store)));
		output_absent(out);
		output_number(out, found->counts[store]);
		output_text(out, slice_of(note));
	}
}

/* Boards whose words may name him: somebody has to read them. */
static void print_problems(const struct person_findings *found, struct output *out)
{
	for (size_t i = 0; i < found->board_count; i++)
		if (found->boards[i].counts[STORE_PROBLEM] > 0) {
			output_text(out, slice_of(person_store_name(STORE_PROBLEM)));
			output_board(out, found->boards[i].board);
			output_absent(out);
			output_text(out, slice_of("own words of the board may name him: problems list --all --board, "
						  "and retention"));
		}
}

/* *ret_left: rows of the register. */
static int show(struct erasure *erasure, bool is_done, const struct person_findings *found, int64_t *ret_left,
		struct err *err)
{
	CLEANUP(output_release) struct output out = { 0 };

	*ret_left = 0;
	output_init(&out, erasure->ctl->output, ERASE_COLUMNS, ARRAY_LEN(ERASE_COLUMNS));
	for (size_t i = 0; i < found->board_count; i++)
		for (int store = 0; store < STORE_RAW; store++) {
			int64_t rows = found->boards[i].counts[store];

			if (rows == 0)
				continue;
			*ret_left += rows;
			output_text(&out, slice_of(person_store_name((enum person_store)store)));
			output_board(&out, found->boards[i].board);
			output_number(&out, rows);
			output_text(&out, slice_of(effect_of((enum person_store)store, is_done)));
		}
	print_problems(found, &out);
	print_logs(erasure, found, &out);
	if (found->counts[STORE_CHECKPOINT] > 0) {
		output_text(&out, slice_of(person_store_name(STORE_CHECKPOINT)));
		output_absent(&out);
		output_number(&out, found->counts[STORE_CHECKPOINT]);
		output_text(&out, SLICE_LITERAL("hold him until checkpoint make, then checkpoint prune --keep 1"));
	}
	output_text(&out, slice_of(person_store_name(STORE_CACHE)));
	output_absent(&out);
	output_absent(&out);
	output_text(&out, slice_of(is_done ? "forgotten" : "would be forgotten"));
	output_text(&out, slice_of(person_store_name(STORE_BACKUP)));
	output_absent(&out);
	output_absent(&out);
	output_text(&out, slice_of("hold him until they are removed: erase again after a restore"));
	return output_print(&out, stdout, err);
}

static int look(struct erasure *erasure, struct person_findings *found, struct err *err)
{
	int rc = person_look_in_register(erasure->ctl, erasure->link, &erasure->person, found, err);

	if (rc == 0)
		rc = person_look_in_logs(erasure->ctl, &erasure->person, found, err);
	if (rc == 0)
		rc = person_look_in_checkpoints(erasure->ctl, &erasure->person, found, err);
	return rc == 0 && found->is_out_of_memory ? err_set(err, ERR_FATAL, "memory", "no memory for boards") : rc;
}

/* ---- the command ---- */

static int open_erasure(struct erasure *erasure, bool does_it, struct err *err)
{
	struct ctl *ctl = erasure->ctl;
	int rc = ctl_connect(ctl, does_it, &erasure->link, err);

	if (rc == 0 && !log_position_split_topic(slice_of(ctl->config.topic.raw), NULL, &erasure->generation))
		rc = err_set(err, ERR_CONFIG, "topic.raw", "topic.raw must end in a dot and its generation");
	if (rc == 0)
		rc = person_read(ctl, erasure->link, &erasure->person, err);
	if (rc == 0)
		rc = ctl_check_key(ctl, erasure->link, erasure->person.keys.now.id, err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &erasure->reader, err);
	return rc != 0 ? rc : raw_log_partitions(ctl, erasure->link, &erasure->partitions, err);
}

/* Those boards that were found. */
static int erase_all(struct erasure *erasure, const struct person_findings *found, struct err *err)
{
	int rc = pg_script(erasure->link, REPLAY_PLAN_LOCK_SQL,
			   err); /* to the end: no job with lines of his is planned */

	if (rc == 0)
		rc = check_jobs(erasure, err);
	for (size_t i = 0; rc == 0 && i < found->board_count; i++)
		rc = check_undo(erasure, found->boards[i].board, err);
	for (size_t i = 0; rc == 0 && i < found->board_count; i++)
		if (found->boards[i].in_register > 0)
			rc = erase_board(erasure, found->boards[i].board, err);
	for (size_t i = 0; rc == 0 && i < found->board_count; i++)
		if (found->boards[i].counts[STORE_REGISTER] > 0)
			fprintf(stderr,
				"instroomctl: board %05u must no longer deliver him: its next delivery with him"
				" brings him back\n",
				found->boards[i].board);
	return rc;
}

static int run(struct erasure *erasure, bool does_it, int64_t *ret_left, struct err *err)
{
	struct person_findings before = { .counts_only = true }, after = { .counts_only = true };
	int64_t keys = 0;
	int rc = open_erasure(erasure, does_it, err);

	if (rc == 0)
		rc = ctl_record_act(erasure->link, "person erase",
				    erasure->person.has_bsn ? NULL : &erasure->person.board,
				    does_it ? erasure->ctl->options[OPTION_REASON] : "", NULL, err);
	if (rc == 0)
		rc = does_it ? person_look_in_register(erasure->ctl, erasure->link, &erasure->person, &before, err)
			     : look(erasure, &before, err);
	if (rc == 0 && does_it) /* what cannot be opened is said before anything goes */
		rc = person_look_in_checkpoints(erasure->ctl, &erasure->person, &before, err);
	if (rc == 0 && does_it)
		rc = erase_all(erasure, &before, err);
	if (rc == 0 && does_it)
		rc = look(erasure, &after, err);
	if (rc == 0)
		rc = show(erasure, does_it, does_it ? &after : &before, ret_left, err);
	if (rc == 0)
		rc = person_tell_blind_spots(erasure->ctl, erasure->link, &erasure->person, &keys, err);
	*ret_left += keys; /* what is not looked through is not proved */
	person_findings_release(&before);
	person_findings_release(&after);
	return rc;
}

int run_person_erase(struct ctl *ctl)
{
	struct erasure erasure = { .ctl = ctl };
	bool does_it = ctl_has(ctl, OPTION_REASON);
	struct err err = { 0 };
	int64_t left = 0;
	int usage = person_check_words(ctl);

	if (usage != 0)
		return usage;
	int rc = run(&erasure, does_it, &left, &err);

	if (rc == 0 && !does_it)
		fputs("instroomctl: nothing is erased: --reason does it\n", stderr);
	if (erasure.reader)
		kafka_reader_close(erasure.reader);
	pg_link_close(erasure.link);
	explicit_bzero(&erasure.person, sizeof erasure.person);
	if (rc != 0)
		return ctl_fail(&err);
	return does_it && left > 0 ? EXIT_ANSWER_IS_NO : 0;
}
