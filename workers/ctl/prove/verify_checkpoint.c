#include "ctl/prove/verify_checkpoint.h"

#include "ctl/checkpoint/checkpoint_reader.h"
#include "ctl/prove/verify_retained.h"
#include "ctl/prove/verify_state.h"
#include "model/bsn.h"
#include "protocol/chain_position.h"
#include "protocol/log_position.h"

#include <stdlib.h>
#include <unistd.h>

enum { REASON_BYTES_MAX = 4096 };

int verify_checkpoints_open(struct verify_checkpoints *checkpoints, struct verify_log *log, struct err *err)
{
	checkpoints->lock = -1;
	checkpoints->writer.fd = -1;
	if (!checkpoints->from && !checkpoints->to)
		return 0;
	int rc = checkpoint_keys_read(&log->ctl->config, &checkpoints->keys, err);

	if (rc == 0 && (checkpoints->to || checkpoints->is_asked))
		rc = checkpoint_keys_need_cipher(&checkpoints->keys, err);
	if (rc == 0 && checkpoints->to)
		rc = checkpoint_keys_need_signature(&checkpoints->keys, err);
	if (rc == 0 && checkpoints->is_asked)
		rc = checkpoint_keys_need_proof(&checkpoints->keys, err);
	if (rc == 0 && checkpoints->to)
		rc = checkpoint_store_lock(checkpoints->to, &checkpoints->lock, err);
	return rc != 0 ? rc
		       : kafka_reader_cluster_id(log->reader, CTL_WAIT_MS, checkpoints->cluster,
						 sizeof checkpoints->cluster, err);
}

void verify_checkpoints_close(struct verify_checkpoints *checkpoints)
{
	checkpoint_abort(&checkpoints->writer);
	checkpoint_keys_release(&checkpoints->keys);
	if (checkpoints->lock >= 0)
		close(checkpoints->lock);
	checkpoints->lock = -1;
}

/* ---- does it fit ---- */

struct cursor {
	int64_t next_raw;
	uint8_t tip[16];
};

static int read_cursor(struct verify_log *log, int32_t partition, struct cursor *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(log->ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	int rc = pg_exec(log->link, "checkpoint_cursor",
			 "select next_raw, tip from register.cursor where topic = $1 and partition = $2", &params,
			 &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_CONFIG, "cursor", "the register has no cursor for partition %d", partition);
	if (rc != 0)
		return rc;
	*ret = (struct cursor){ .next_raw = pg_get_i64(rows, 0, 0) };
	memcpy(ret->tip, pg_get_bytes(rows, 0, 1).p, sizeof ret->tip);
	return 0;
}

static int check_identity(const struct verify_checkpoints *checkpoints, const struct verify_log *log,
			  const struct checkpoint_manifest *manifest, struct err *err)
{
	const struct topic_settings *topic = &log->ctl->config.topic;

	if (strcmp(manifest->cluster, checkpoints->cluster) != 0)
		return err_set(err, ERR_CONFIG, "checkpoint", "it is of the Kafka cluster %s, and this is %s",
			       manifest->cluster, checkpoints->cluster);
	if (strcmp(manifest->raw, topic->raw) != 0 || strcmp(manifest->verdict, topic->verdict) != 0)
		return err_set(err, ERR_CONFIG, "checkpoint", "it is of the topics %s and %s, and these are %s and %s",
			       manifest->raw, manifest->verdict, topic->raw, topic->verdict);
	if (manifest->partitions != log->partitions)
		return err_set(err, ERR_CONFIG, "checkpoint", "it is of %d partitions, and there are %d",
			       manifest->partitions, log->partitions);
	bool is_of_before = log->has_key_before && manifest->key_id == log->key_before.id;

	return manifest->key_id == log->key.id || is_of_before
		       ? 0
		       : err_set(err, ERR_CONFIG, "checkpoint",
				 "its teachers are named by another HMAC key than hmac.key.file and hmac.key.old.file");
}

static int check_position(const struct verify_log *log, const struct checkpoint_manifest *manifest,
			  const struct cursor *cursor, const struct kafka_topic_range *raw, struct err *err)
{
	long long at = (long long)manifest->next_raw;
	int64_t lost_to = 0;
	int rc = verify_log_lost_to(log, manifest->partition, manifest->next_raw, &lost_to, err);

	if (rc != 0)
		return rc;
	if (raw->low > lost_to)
		return err_set(err, ERR_DATA, "checkpoint",
			       "it ends at raw offset %lld, and %s/%d begins at %lld: what was between cannot be "
			       "derived any more",
			       at, manifest->raw, manifest->partition, (long long)raw->low);
	if (raw->high < manifest->next_raw)
		return err_set(err, ERR_DATA, "checkpoint",
			       "it ends at raw offset %lld, and %s/%d ends at %lld: is it "
			       "this log?",
			       at, manifest->raw, manifest->partition, (long long)raw->high);
	return cursor->next_raw != manifest->next_raw || memcmp(cursor->tip, manifest->tip, sizeof cursor->tip) == 0
		       ? 0
		       : err_set(err, ERR_DATA, "checkpoint",
				 "it ends with another verdict than the register at raw offset %lld", at);
}

/* ---- boards ---- */

static void key_of(const struct verify_log *log, uint32_t board, uint32_t bsn, uint8_t ret[TEACHER_KEY_BYTES])
{
	char digits[BSN_DIGITS + 1];

	snprintf(digits, sizeof digits, "%09u", bsn % 1000000000);
	hmac_key_teacher(&log->key, board, slice_make(digits, BSN_DIGITS), ret);
}

static int compare_teachers(const void *a, const void *b)
{
	return memcmp(((const struct verify_teacher *)a)->key, ((const struct verify_teacher *)b)->key,
		      TEACHER_KEY_BYTES);
}

/* The register names teachers by a newer key since (instroomctl key rotate): so does the board from here on. */
static void rename_board(const struct verify_log *log, struct verify_board *board)
{
	for (size_t i = 0; i < board->teacher_count; i++) {
		struct verify_teacher *teacher = &board->teachers[i];

		key_of(log, board->number, teacher->bsn, teacher->key);
		hmac_key_content(&log->key, teacher->content, teacher->state.content_hash);
		for (size_t at = teacher->newest; at > 0; at = board->history[at - 1].older)
			memcpy(board->history[at - 1].key, teacher->key, TEACHER_KEY_BYTES);
	}
	if (board->teacher_count > 0)
		qsort(board->teachers, board->teacher_count, sizeof *board->teachers, compare_teachers);
	for (size_t d = 0; d < board->delivery_count; d++)
		for (size_t i = 0; i < board->deliveries[d].line_count; i++) {
			struct verify_line *line = &board->deliveries[d].lines[i];

			memcpy(line->key_before, line->key, TEACHER_KEY_BYTES);
			if (line->is_readable && !line->is_erased)
				key_of(log, board->number, line->bsn, line->key);
		}
}

static int read_board(struct verify_log *log, const struct checkpoint_manifest *manifest, uint32_t number,
		      struct slice state, struct err *err)
{
	struct verify_board *board = verify_log_board(log, number);

	if (!board)
		return err_set(err, ERR_FATAL, "memory", "no memory for a board");
	int rc = verify_state_read(state, board, err);

	if (rc == 0 && manifest->key_id != log->key.id)
		rename_board(log, board);
	return rc;
}

static int read_boards(struct verify_checkpoints *checkpoints, struct verify_log *log,
		       const struct checkpoint_manifest *manifest, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf state;
	const struct checkpoint_board *board = NULL;
	struct checkpoint_reader reader;
	int rc = checkpoint_reader_open(&reader, checkpoints->from, manifest, &checkpoints->keys, err);

	strbuf_init(&state, STATE_BYTES_MAX);
	do {
		if (rc == 0)
			rc = checkpoint_reader_next(&reader, log->is_wanted, &board, &state, err);
		if (rc == 0 && board)
			rc = read_board(log, manifest, board->number, strbuf_slice(&state), err);
	} while (rc == 0 && board);
	checkpoint_reader_close(&reader);
	if (state.p)
		explicit_bzero(state.p, state.capacity);
	return rc;
}

/* ---- start ---- */

static int use(struct verify_checkpoints *checkpoints, struct verify_log *log,
	       const struct checkpoint_manifest *manifest, const struct cursor *cursor,
	       const struct kafka_topic_range *raw, const struct kafka_topic_range *verdict, struct err *err)
{
	const struct checkpoint_place place = { .partition = manifest->partition, .number = manifest->number };
	int rc = check_identity(checkpoints, log, manifest, err);

	if (rc == 0)
		rc = check_position(log, manifest, cursor, raw, err);
	if (rc != 0)
		return checkpoint_name_error(&place, rc, err);
	rc = checkpoint_keys_need_cipher(&checkpoints->keys, err);
	if (rc == 0)
		rc = read_boards(checkpoints, log, manifest, err);
	if (rc != 0)
		return rc;
	bool is_there = verdict->low <= manifest->next_verdict && manifest->next_verdict <= verdict->high;

	verify_log_begin_at(log, manifest->next_raw, is_there ? manifest->next_verdict : verdict->low, manifest->tip,
			    manifest->digest);
	checkpoints->used++;
	return 0;
}

/* Of the newest that the register has reached; *ret_is_found: there is one. */
static int find(const struct verify_checkpoints *checkpoints, int32_t partition, const struct cursor *cursor,
		struct checkpoint_manifest *ret, bool *ret_is_found, struct err *err)
{
	struct checkpoint_place *places = NULL;
	size_t count = 0;
	int rc = checkpoint_store_list(checkpoints->from, partition, &places, &count, err);

	*ret_is_found = false;
	if (rc == 0 && count > 0)
		rc = checkpoint_keys_need_proof(&checkpoints->keys, err);
	for (size_t i = 0; rc == 0 && i < count && !*ret_is_found; i++) {
		checkpoint_manifest_release(ret);
		rc = checkpoint_store_read(checkpoints->from, &places[i], &checkpoints->keys, ret, err);
		*ret_is_found = rc == 0 && ret->next_raw <= cursor->next_raw;
	}
	free(places);
	return rc;
}

int verify_checkpoint_start(struct verify_checkpoints *checkpoints, struct verify_log *log, int32_t partition,
			    struct err *err)
{
	const struct topic_settings *topic = &log->ctl->config.topic;
	CLEANUP(checkpoint_manifest_release) struct checkpoint_manifest manifest = { 0 };
	struct kafka_topic_range raw, verdict;
	struct cursor cursor;
	bool is_found = false;

	if (!checkpoints->from)
		return 0;
	int rc = kafka_reader_range(log->reader, topic->raw, partition, CTL_WAIT_MS, &raw, err);

	if (rc == 0)
		rc = kafka_reader_range(log->reader, topic->verdict, partition, CTL_WAIT_MS, &verdict, err);
	if (rc != 0 || (!checkpoints->is_asked && raw.low == 0 && verdict.low == 0))
		return rc;
	rc = read_cursor(log, partition, &cursor, err);
	if (rc == 0)
		rc = find(checkpoints, partition, &cursor, &manifest, &is_found, err);
	return rc == 0 && is_found ? use(checkpoints, log, &manifest, &cursor, &raw, &verdict, err) : rc;
}

/* ---- restore ---- */

/* Nothing is applied yet; or a restore was ended, from this or another checkpoint; or the cursor is where this very
 * checkpoint ends. */
static const char RESTORE_SQL[] =
	"update register.cursor set next_raw = $3, next_verdict = $4, tip = $5,"
	" digest = $6, key_id = $7, parked = '" CURSOR_RESTORING
	"', moved_at = now()"
	" where topic = $1 and partition = $2"
	" and ((next_raw, next_verdict) in ((0, 0), ($3, $4)) or parked = '" CURSOR_RESTORING "')";

static const char RESTORED_SQL[] =
	"update register.cursor set parked = null"
	" where topic = $1 and partition = $2 and parked = '" CURSOR_RESTORING "'";

static int move_cursor(struct pg_link *link, const struct checkpoint_manifest *manifest, struct err *err)
{
	const struct checkpoint_place place = { .partition = manifest->partition, .number = manifest->number };
	struct pg_params params;
	int64_t moved = 0;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(manifest->raw));
	pg_add_i32(&params, manifest->partition);
	pg_add_i64(&params, manifest->next_raw);
	pg_add_i64(&params, manifest->next_verdict);
	pg_add_uuid(&params, manifest->tip);
	pg_add_uuid(&params, manifest->digest);
	pg_add_i32(&params, (int32_t)manifest->key_id);
	int rc = pg_exec(link, NULL, RESTORE_SQL, &params, NULL, &moved, err);

	if (rc != 0 || moved == 1)
		return rc;
	return checkpoint_name_error(&place,
				     err_set(err, ERR_DATA, "restore",
					     "the register is not empty: it has applied what came later, or other "
					     "messages"),
				     err);
}

/* Before any cursor moves: the register goes to where it ends, so it has to be whole. */
static int check_states(const struct verify_checkpoints *checkpoints, const struct checkpoint_manifest *manifest,
			struct err *err)
{
	CLEANUP(checkpoint_reader_close) struct checkpoint_reader reader = { 0 };
	int rc = checkpoint_reader_open(&reader, checkpoints->from, manifest, &checkpoints->keys, err);

	return rc == 0 ? checkpoint_reader_check(&reader, err) : rc;
}

/* Retention and undo go on from what was gone then: without it verify would miss those rows where the log still has
 * them, and --repair bring them back. */
static int enter_kept(struct pg_link *link, const struct verify_log *log, const struct checkpoint_manifest *manifest,
		      struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < CHECKPOINT_KEPT; i++) {
		struct pg_params params;

		if (manifest->kept_from[i] == 0)
			continue;
		pg_params_reset(&params);
		pg_add_text(&params, slice_of(CHECKPOINT_KEPT_NAMES[i]));
		pg_add_i64(&params, (int64_t)log->generation << LOG_POSITION_PARTITION_BITS | manifest->partition);
		pg_add_i64(&params, manifest->kept_from[i]);
		rc = pg_exec(link, NULL,
			     "insert into register.retained as t (what, log, below) values ($1, $2, $3)"
			     " on conflict (what, log) do update set below = greatest(t.below, excluded.below)",
			     &params, NULL, NULL, err);
	}
	return rc;
}

static int enter_board(struct pg_link *link, const struct verify_board *board, int32_t partition, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board->number);
	pg_add_i32(&params, partition);
	pg_add_i64(&params, board->sequence_max);
	pg_add_i64(&params, board->sequence_full);
	pg_add_i64(&params, board->sequence_top);
	return pg_exec(link, "checkpoint_board",
		       "insert into register.board (board, partition, sequence_max, sequence_full, sequence_top)"
		       " values ($1, $2, $3, $4, $5) on conflict (board) do update set (sequence_max, sequence_full,"
		       "  sequence_top) = (excluded.sequence_max, excluded.sequence_full, excluded.sequence_top)",
		       &params, NULL, NULL, err);
}

/* Who was removed stays removed: where the log has him still, verify folds the removal in, and --repair writes nothing
 * of him. Who removed him, when and why went with the register. One row of removal for each kind. */
static const char REMOVALS_SQL[] =
	"with lacking as (select l.* from unnest($2::uuid[], $3::bigint[]) l(key, position)"
	"  where not exists (select from register.removed_teacher t"
	"   where (t.board, t.key, t.position) = ($1, l.key, l.position))),"
	" noted as (select id from register.removal where at = now() and what = $4 and reason = $6),"
	" counted as (update register.removal set rows = rows + (select count(*) from lacking)"
	"  where id = (select id from noted)),"
	" made as (insert into register.removal (who, reason, what, until, rows)"
	"  select $5, $6, $4, register.retention_day(0), count(*) from lacking"
	"  having count(*) > 0 and not exists (select from noted) returning id)"
	" insert into register.removed_teacher (board, key, position, removal)"
	"  select $1, l.key, l.position, n.id from lacking l"
	"  cross join (select id from noted union all select id from made) n";

static int enter_removals_of(struct pg_link *link, const struct verify_log *log, const struct verify_board *board,
			     bool are_erased, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf keys, positions, reason;
	struct pg_params params;
	int32_t count = 0;

	strbuf_init(&keys, STATE_BYTES_MAX);
	strbuf_init(&positions, STATE_BYTES_MAX);
	strbuf_init(&reason, REASON_BYTES_MAX);
	strbuf_add_printf(&reason, "restored from a checkpoint: %s", log->ctl->options[OPTION_REASON]);
	pg_array_begin(&keys, PG_UUID);
	pg_array_begin(&positions, PG_I64);
	for (size_t i = 0; i < board->removal_count; i++) {
		if (board->removals[i].is_erased != are_erased)
			continue;
		pg_array_add_uuid(&keys, board->removals[i].key);
		pg_array_add_i64(&positions, board->removals[i].position);
		count++;
	}
	pg_array_end(&keys, 0, count);
	pg_array_end(&positions, 0, count);
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board->number);
	pg_add_array(&params, PG_UUID_ARRAY, strbuf_slice(&keys));
	pg_add_array(&params, PG_I64_ARRAY, strbuf_slice(&positions));
	pg_add_text(&params, slice_of(are_erased ? "person" : "lapsed"));
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, strbuf_slice(&reason));
	int rc = strbuf_check(&keys, "who was removed", err);

	if (rc == 0)
		rc = strbuf_check(&reason, "the reason", err);
	return rc == 0 && count > 0 ? pg_exec(link, "checkpoint_removals", REMOVALS_SQL, &params, NULL, NULL, err) : rc;
}

static int enter_removals(struct pg_link *link, const struct verify_log *log, const struct verify_board *board,
			  struct err *err)
{
	int rc = enter_removals_of(link, log, board, true, err);

	return rc == 0 ? enter_removals_of(link, log, board, false, err) : rc;
}

/* With the cursor, in its transaction: a validator that begins its cache from the register takes the volgnummers from
 * these rows (validate/register_state.c), also while teachers and deliveries are still missing. Without them a late
 * delivery would look new, and the one behind it unchanged. */
static int enter_boards(const struct verify_checkpoints *checkpoints, struct pg_link *link,
			const struct verify_log *log, const struct checkpoint_manifest *manifest, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf state;
	CLEANUP(checkpoint_reader_close) struct checkpoint_reader reader = { 0 };
	const struct checkpoint_board *next = NULL;
	int rc = checkpoint_reader_open(&reader, checkpoints->from, manifest, &checkpoints->keys, err);

	strbuf_init(&state, STATE_BYTES_MAX);
	do {
		if (rc == 0)
			rc = checkpoint_reader_next(&reader, NULL, &next, &state, err);
		if (rc != 0 || !next)
			break;
		struct verify_board board = { .number = next->number };

		rc = verify_state_read(strbuf_slice(&state), &board, err);
		if (rc == 0)
			rc = enter_board(link, &board, manifest->partition, err);
		if (rc == 0)
			rc = enter_removals(link, log, &board, err);
		verify_board_release(&board);
	} while (rc == 0);
	if (state.p)
		explicit_bzero(state.p, state.capacity);
	return rc;
}

/* Verdicts behind it name teachers by the key that was in force then, and the writer takes that from the cursor: so the
 * register goes on with it. */
static int check_present_key(const struct verify_log *log, const struct checkpoint_manifest *manifest, struct err *err)
{
	return manifest->key_id == log->key.id
		       ? 0
		       : err_set(err, ERR_CONFIG, "checkpoint",
				 "its teachers are named by the HMAC key of before: set hmac.key.file to that one, "
				 "restore, then key rotate");
}

/* The newest of a partition, whatever the register says. */
static int restore_partition(const struct verify_checkpoints *checkpoints, struct verify_log *log, struct pg_link *link,
			     int32_t partition, struct err *err)
{
	static const struct cursor ANY = { .next_raw = INT64_MAX };
	CLEANUP(checkpoint_manifest_release) struct checkpoint_manifest manifest = { 0 };
	struct kafka_topic_range raw;
	bool is_found = false;
	int rc = find(checkpoints, partition, &ANY, &manifest, &is_found, err);

	if (rc != 0 || !is_found)
		return rc;
	const struct checkpoint_place place = { .partition = manifest.partition, .number = manifest.number };

	rc = kafka_reader_range(log->reader, manifest.raw, partition, CTL_WAIT_MS, &raw, err);
	if (rc == 0)
		rc = check_identity(checkpoints, log, &manifest, err);
	if (rc == 0)
		rc = check_present_key(log, &manifest, err);
	if (rc == 0)
		rc = check_position(log, &manifest, &ANY, &raw, err);
	if (rc != 0)
		return checkpoint_name_error(&place, rc, err);
	rc = check_states(checkpoints, &manifest, err);
	if (rc == 0)
		rc = move_cursor(link, &manifest, err);
	if (rc == 0)
		rc = enter_boards(checkpoints, link, log, &manifest, err);
	return rc == 0 ? enter_kept(link, log, &manifest, err) : rc;
}

int verify_checkpoints_restore(const struct verify_checkpoints *checkpoints, struct verify_log *log,
			       struct pg_link *link, struct err *err)
{
	struct err second;
	int rc = pg_begin(link, err);

	for (int32_t partition = 0; rc == 0 && partition < log->partitions; partition++)
		rc = restore_partition(checkpoints, log, link, partition, err);
	if (rc == 0)
		return pg_script(link, "commit", err);
	if (pg_link_is_up(link) && pg_script(link, "rollback", &second) != 0)
		pg_link_drop(link);
	return rc;
}

int verify_checkpoint_restored(const struct verify_log *log, struct pg_link *link, int32_t partition, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(log->ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	return pg_exec(link, NULL, RESTORED_SQL, &params, NULL, NULL, err);
}

/* ---- making ---- */

int verify_checkpoint_begin(struct verify_checkpoints *checkpoints, const struct verify_log *log, int32_t partition,
			    struct err *err)
{
	struct checkpoint_manifest manifest = { .partition = partition,
						.partitions = log->partitions,
						.next_raw = log->from_raw,
						.next_verdict = log->from_verdict,
						.key_id = log->key.id };

	if (!checkpoints->to)
		return 0;
	snprintf(manifest.program, sizeof manifest.program, "%s", INSTROOM_VERSION);
	snprintf(manifest.cluster, sizeof manifest.cluster, "%s", checkpoints->cluster);
	snprintf(manifest.raw, sizeof manifest.raw, "%s", log->ctl->config.topic.raw);
	snprintf(manifest.verdict, sizeof manifest.verdict, "%s", log->ctl->config.topic.verdict);
	memcpy(manifest.tip, log->tip, sizeof manifest.tip);
	memcpy(manifest.digest, log->digest, sizeof manifest.digest);
	if (memcmp(log->tip, log->register_tip, sizeof log->tip) != 0)
		return err_set(err, ERR_DATA, "checkpoint",
			       "the chain of verdicts does not end with the one that the register has: no checkpoint");
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < CHECKPOINT_KEPT; i++)
		rc = verify_kept_from(log->link, partition, CHECKPOINT_KEPT_NAMES[i], &manifest.kept_from[i], err);
	return rc == 0 ? checkpoint_begin(&checkpoints->writer, checkpoints->to, &checkpoints->keys, &manifest, err)
		       : rc;
}

int verify_checkpoint_add(struct verify_checkpoints *checkpoints, const struct verify_board *board, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf state;
	struct checkpoint_board added = { .number = board->number, .deliveries = (int64_t)board->delivery_count };

	strbuf_init(&state, STATE_BYTES_MAX);
	if (!checkpoints->writer.is_begun)
		return 0;
	for (size_t i = 0; i < board->teacher_count; i++)
		added.teachers += board->teachers[i].state.status != STATUS_NONE;
	int rc = verify_state_write(board, &state, err);

	if (rc == 0)
		rc = strbuf_check(&state, "the state of a board", err);
	if (rc == 0)
		rc = checkpoint_add(&checkpoints->writer, &added, strbuf_slice(&state), err);
	if (state.p)
		explicit_bzero(state.p, state.capacity);
	return rc;
}

int verify_checkpoint_end(struct verify_checkpoints *checkpoints, bool is_right, struct err *err)
{
	int rc = 0;

	if (!checkpoints->writer.is_begun)
		return 0;
	if (is_right)
		rc = checkpoint_commit(&checkpoints->writer, err);
	checkpoint_abort(&checkpoints->writer);
	checkpoints->made += is_right && rc == 0;
	checkpoints->refused += !is_right;
	return rc;
}
