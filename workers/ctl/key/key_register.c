/* What a board has by teacher key, and what becomes of it:
 *
 *   teacher            key and hash anew, from BSN and content of the row
 *   teacher_history    key anew; its hash is of no use to anyone
 *   pending list       written into the rows first (design 5.3), then gone: it is a list of keys
 *   disowned           gone: the caches that believe what the register refused are those of the key before (design 4)
 *   waiting VOLLEDIG   whom it named, by the present key, beside its list: a confirmation lets none of them lapse.
 *                      Rejected teachers have no row, so the log says who they are; when it no longer does, those with
 *                      a row are named and the others counted as lost
 *   key lists          stay. They say whom a delivery named; a replay finds its teachers by their lines
 *                      (workers/write/restatement.c) */
#include "ctl/key/key_register.h"

#include "base/num.h"
#include "ctl/base/raw_log.h"
#include "model/bsn.h"
#include "protocol/chain_position.h"
#include "protocol/log_position.h"

enum { KEYS_BYTES_MAX = 256 << 20 };

static const char FENCE_SQL[] =
	"select from register.cursor where topic = $1 and partition = $2 and next_verdict = $3"
	" and key_id = $4 for update";

static const char PENDING_SQL[] =
	"update register.teacher t set sequence = greatest(t.sequence, b.pending_sequence) from register.board b"
	" join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	" cross join lateral register.pending_keys(l.keys, b.pending_members) k"
	" where b.board = $1 and t.board = $1 and t.key = k and t.sequence < b.pending_sequence";

static const char BOARD_SQL[] =
	"update register.board set pending_sequence = 0, pending_key_list = null, pending_members = null, disowned = 0"
	" where board = $1 and (pending_sequence > 0 or disowned > 0)";

static const char DISOWNED_SQL[] = "delete from register.disowned where board = $1";

static const char TEACHERS_SQL[] = "select key, bsn, content from register.teacher where board = $1";

static const char RENAME_SQL[] =
	"with renamed as (select * from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as n(key, new_key, hash)),"
	" history as (update register.teacher_history h set key = n.new_key from renamed n"
	"  where h.board = $1 and h.key = n.key)"
	" update register.teacher t set key = n.new_key, hash = case when t.content is null then null else n.hash end"
	" from renamed n where t.board = $1 and t.key = n.key";

static const char WAITING_SQL[] =
	"select d.position, l.keys from register.delivery d"
	" join register.key_list l on l.board = d.board and l.digest = coalesce(d.waiting_key_list, d.key_list)"
	" where d.state = 2 and d.board = $1";

static const char LIST_SQL[] =
	"with list as (insert into register.key_list (board, digest, keys) values ($1, $3, $4) on conflict do nothing)"
	" update register.delivery set waiting_key_list = $3 where position = $2";

static const char FINISH_SQL[] =
	"with moved as (update register.cursor set key_id = $5, parked = " CURSOR_PARKED_STILL
	"  where topic = $1 and partition = $2"
	"  and next_verdict = $3 and key_id = $4 returning partition)"
	" insert into register.key_rotation (topic, partition, old_key_id, new_key_id, from_position, below, teachers,"
	"  started_at, who)"
	" select $1, $2, $4, $5, $6, $7, $8, to_timestamp($9 / 1000.0), $10 from moved"
	" on conflict (topic, partition, new_key_id) do update set below = excluded.below,"
	"  retired_at = null, at = now()";

/* ---- keys of teachers ---- */

static void key_of(const struct hmac_key *key, int32_t board, int32_t bsn, uint8_t ret[TEACHER_KEY_BYTES])
{
	char digits[BSN_DIGITS + 1];

	snprintf(digits, sizeof digits, "%09u", (unsigned)bsn % 1000000000);
	hmac_key_teacher(key, (uint32_t)board, slice_make(digits, BSN_DIGITS), ret);
}

struct renames {
	struct strbuf from, to, hash; /* arrays of uuid */
	size_t from_start, to_start, hash_start;
	int32_t count;
};

static void renames_begin(struct renames *renames)
{
	struct strbuf *arrays[] = { &renames->from, &renames->to, &renames->hash };

	for (size_t i = 0; i < ARRAY_LEN(arrays); i++) {
		strbuf_init(arrays[i], KEYS_BYTES_MAX);
		pg_array_begin(arrays[i], PG_UUID);
	}
}

static void renames_release(struct renames *renames)
{
	strbuf_release(&renames->from);
	strbuf_release(&renames->to);
	strbuf_release(&renames->hash);
}

/* A row that has its present key was renamed before. One that has neither is a fault of ours: nothing is changed
 * then. */
static int add_row(struct key_register *self, const struct pg_rows *rows, size_t i, int32_t board,
		   struct renames *renames, struct err *err)
{
	uint8_t now[TEACHER_KEY_BYTES], before[TEACHER_KEY_BYTES], hash[CONTENT_HASH_BYTES];
	const char *key = pg_get_bytes(rows, i, 0).p;

	key_of(&self->keys->now, board, pg_get_i32(rows, i, 1), now);
	if (memcmp(key, now, sizeof now) == 0)
		return 0;
	key_of(&self->keys->before, board, pg_get_i32(rows, i, 1), before);
	if (memcmp(key, before, sizeof before) != 0)
		return err_set(err, ERR_FATAL, "key", "board %05d has a teacher whose key is of neither file", board);
	hmac_key_content(&self->keys->now, pg_get_bytes(rows, i, 2), hash);
	pg_array_add_uuid(&renames->from, before);
	pg_array_add_uuid(&renames->to, now);
	pg_array_add_uuid(&renames->hash, hash);
	renames->count++;
	return 0;
}

static int rename_rows(struct key_register *self, int32_t board, struct renames *renames, struct err *err)
{
	struct pg_params params;

	pg_array_end(&renames->from, 0, renames->count);
	pg_array_end(&renames->to, 0, renames->count);
	pg_array_end(&renames->hash, 0, renames->count);
	int rc = strbuf_check(&renames->hash, "the keys of a board", err);

	if (rc == 0)
		rc = strbuf_check(&renames->to, "the keys of a board", err);
	if (rc == 0)
		rc = strbuf_check(&renames->from, "the keys of a board", err);
	if (rc != 0 || renames->count == 0)
		return rc;
	pg_params_reset(&params);
	pg_add_i32(&params, board);
	pg_add_array(&params, PG_UUID_ARRAY, strbuf_slice(&renames->from));
	pg_add_array(&params, PG_UUID_ARRAY, strbuf_slice(&renames->to));
	pg_add_array(&params, PG_UUID_ARRAY, strbuf_slice(&renames->hash));
	self->teachers += renames->count;
	return pg_exec(self->link, "key_rename", RENAME_SQL, &params, NULL, NULL, err);
}

static int rename_teachers(struct key_register *self, int32_t board, const struct pg_params *by_board, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(renames_release) struct renames renames = { 0 };
	int rc = pg_exec(self->link, "key_teachers", TEACHERS_SQL, by_board, &rows, NULL, err);

	renames_begin(&renames);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		rc = add_row(self, rows, i, board, &renames, err);
	return rc == 0 ? rename_rows(self, board, &renames, err) : rc;
}

/* ---- the key list of a waiting delivery ---- */

static int keys_in_log(struct key_register *self, int64_t position, struct slice *ret, bool *ret_is_there,
		       struct err *err)
{
	struct arena *arena = &self->ctl->arena;
	const struct reference *reference = NULL;
	enum raw_found found = RAW_GONE;
	struct wire_delivery delivery;
	struct judged judged = { 0 };
	int rc = raw_log_read(self->ctl, self->reader, position, arena, &found, &delivery, err);

	*ret_is_there = rc == 0 && found == RAW_FOUND;
	if (!*ret_is_there)
		return rc;
	rc = reference_versions_find(self->versions, delivery.header.reference_version, &reference, err);
	if (rc == 0)
		rc = raw_delivery_judge(&delivery, reference, &self->keys->now, NULL, arena, &judged, err);
	uint8_t *keys = rc == 0 ? arena_take(arena, judged.readable_count, TEACHER_KEY_BYTES) : NULL;

	if (rc == 0 && !keys)
		rc = err_set(err, ERR_FATAL, "memory", "no memory for a list of keys");
	for (size_t i = 0; rc == 0 && i < judged.readable_count; i++)
		memcpy(keys + i * TEACHER_KEY_BYTES, judged.groups[i].key, TEACHER_KEY_BYTES);
	*ret = slice_make(keys, judged.readable_count * TEACHER_KEY_BYTES);
	return rc;
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, TEACHER_KEY_BYTES);
}

static bool list_has(struct slice list, const uint8_t *key)
{
	return list.n > 0 && bsearch(key, list.p, list.n / TEACHER_KEY_BYTES, TEACHER_KEY_BYTES, compare_keys);
}

/* The raw log no longer has the delivery: of its list, those who have a row. */
static int keys_in_register(struct key_register *self, int32_t board, const struct pg_params *by_board,
			    struct slice list, struct slice *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(self->link, "key_teachers", TEACHERS_SQL, by_board, &rows, NULL, err);
	size_t count = 0;

	if (rc != 0)
		return rc;
	uint8_t *keys = arena_take(&self->ctl->arena, pg_rows_count(rows), TEACHER_KEY_BYTES);

	if (!keys)
		return err_set(err, ERR_FATAL, "memory", "no memory for a list of keys");
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		uint8_t before[TEACHER_KEY_BYTES];

		uint8_t *now = keys + count * TEACHER_KEY_BYTES;

		key_of(&self->keys->before, board, pg_get_i32(rows, i, 1), before);
		key_of(&self->keys->now, board, pg_get_i32(rows, i, 1), now);
		count += list_has(list, before) || list_has(list, now); /* the latter: renamed before we were killed */
	}
	if (count > 1)
		qsort(keys, count, TEACHER_KEY_BYTES, compare_keys);
	self->lost_teachers += (int64_t)(list.n / TEACHER_KEY_BYTES - count);
	*ret = slice_make(keys, count * TEACHER_KEY_BYTES);
	return 0;
}

static int list_waiting(struct key_register *self, int32_t board, const struct pg_params *by_board, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(self->link, "key_waiting", WAITING_SQL, by_board, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		size_t mark = self->ctl->arena.used_bytes;
		struct slice keys = { 0 };
		struct pg_params params;
		uint8_t digest[32];
		bool is_in_log = false;

		rc = keys_in_log(self, pg_get_i64(rows, i, 0), &keys, &is_in_log, err);
		if (rc == 0 && !is_in_log)
			rc = keys_in_register(self, board, by_board, pg_get_bytes(rows, i, 1), &keys, err);
		if (rc != 0)
			return rc;
		sha256_of(keys, digest);
		pg_params_reset(&params);
		pg_add_i32(&params, board);
		pg_add_i64(&params, pg_get_i64(rows, i, 0));
		pg_add_uuid(&params, digest);
		pg_add_bytes(&params, keys);
		rc = pg_exec(self->link, "key_list", LIST_SQL, &params, NULL, NULL, err);
		self->ctl->arena.used_bytes = mark;
		self->lists++;
	}
	return rc;
}

/* ---- transactions ---- */

static int hold_cursor(struct key_register *self, const struct key_partition *partition, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(self->ctl->config.topic.raw));
	pg_add_i32(&params, partition->partition);
	pg_add_i64(&params, partition->next_verdict);
	pg_add_i32(&params, (int32_t)partition->key_id);
	int rc = pg_exec(self->link, "key_fence", FENCE_SQL, &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) != 1)
		rc = err_set(err, ERR_DATA, "moved",
			     "partition %d was moved by a writer meanwhile: run key rotate again",
			     partition->partition);
	return rc;
}

static int rename_board(struct key_register *self, const struct key_partition *partition, int32_t board,
			struct err *err)
{
	struct pg_params params;
	int rc = hold_cursor(self, partition, err);

	pg_params_reset(&params);
	pg_add_i32(&params, board);
	if (rc == 0)
		rc = pg_exec(self->link, "key_pending", PENDING_SQL, &params, NULL, NULL, err);
	if (rc == 0)
		rc = pg_exec(self->link, "key_disowned", DISOWNED_SQL, &params, NULL, NULL, err);
	if (rc == 0)
		rc = pg_exec(self->link, "key_board", BOARD_SQL, &params, NULL, NULL, err);
	if (rc == 0)
		rc = list_waiting(self, board, &params, err);
	return rc == 0 ? rename_teachers(self, board, &params, err) : rc;
}

int key_register_rename(struct key_register *self, const struct key_partition *partition, int32_t board,
			struct err *err)
{
	struct err second;
	int rc = pg_begin(self->link, err);

	if (rc != 0)
		return rc;
	rc = rename_board(self, partition, board, err);
	if (rc == 0)
		return pg_script(self->link, "commit", err);
	if (pg_link_is_up(self->link) && pg_script(self->link, "rollback", &second) != 0)
		pg_link_drop(self->link);
	return rc;
}

int key_register_finish(struct key_register *self, const struct key_partition *partition, int64_t started_ms,
			int64_t teachers, struct err *err)
{
	int64_t from, below, moved = 0;
	int32_t generation = 0;
	struct pg_params params;

	if (!log_position_split_topic(slice_of(self->ctl->config.topic.raw), NULL, &generation) ||
	    !log_position_make(generation, partition->partition, 0, &from) ||
	    !log_position_make(generation, partition->partition, partition->next_raw, &below))
		return err_set(err, ERR_CONFIG, "topic.raw", "topic.raw must end in a dot and its generation");
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(self->ctl->config.topic.raw));
	pg_add_i32(&params, partition->partition);
	pg_add_i64(&params, partition->next_verdict);
	pg_add_i32(&params, (int32_t)partition->key_id);
	pg_add_i32(&params, (int32_t)self->keys->now.id);
	pg_add_i64(&params, from);
	pg_add_i64(&params, below);
	pg_add_i64(&params, teachers);
	pg_add_i64(&params, started_ms);
	pg_add_text(&params, slice_of(ctl_operator()));
	int rc = pg_exec(self->link, "key_finish", FINISH_SQL, &params, NULL, &moved, err);

	if (rc == 0 && moved != 1)
		rc = err_set(err, ERR_DATA, "moved",
			     "partition %d was moved by a writer meanwhile: run key rotate again",
			     partition->partition);
	return rc;
}
