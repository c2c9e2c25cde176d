#include "write/cursor.h"

/* With the row of partition 0, which is there as soon as there is any. */
static const struct register_statement READ = {
	"cursor_read", VALUES_OURS,
	"select c.partition, c.next_raw, c.next_verdict, c.tip, c.digest, c.key_id,"
	" coalesce(c.parked = '" CURSOR_RESTORING
	"', false)"
	" from register.cursor c where c.topic = $1 and (c.partition = any($2) or c.partition = 0)",
	"illuuIb"
};

static const struct register_statement FENCE = {
	"cursor_fence", VALUES_OURS,
	"with m as materialized ("
	"  select * from unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[], $7::uuid[], $8::int[],"
	"    $9::int[]) as m(partition, expected, next_raw, next_verdict, tip, digest, has_key_id, key_id)"
	"), held as materialized ("
	"  select c.partition from register.cursor c join m on m.partition = c.partition"
	"  where c.topic = $1 and c.next_verdict = m.expected order by c.partition for update of c"
	") update register.cursor c set next_raw = m.next_raw, next_verdict = m.next_verdict, tip = m.tip,"
	"  digest = m.digest, key_id = case m.has_key_id when 1 then m.key_id end, moved_at = now()"
	" from held join m on m.partition = held.partition"
	" where c.topic = $1 and c.partition = held.partition and c.next_verdict = m.expected",
	NULL
};

static const struct register_statement PARKED = {
	"cursor_parked", VALUES_OURS,
	"update register.cursor set parked = nullif($3, '') where topic = $1 and partition = $2"
	" and parked is distinct from nullif($3, '')",
	NULL
};

static void chain_from_row(struct chain *chain, const struct pg_rows *rows, size_t row)
{
	*chain = (struct chain){ .at = { .next_raw = pg_get_i64(rows, row, 1),
					 .next_verdict = pg_get_i64(rows, row, 2) } };
	memcpy(chain->at.tip, pg_get_bytes(rows, row, 3).p, VERDICT_ID_BYTES);
	memcpy(chain->digest, pg_get_bytes(rows, row, 4).p, VERDICT_ID_BYTES);
	chain->has_key_id = !pg_is_null(rows, row, 5);
	if (chain->has_key_id)
		chain->key_id = pg_get_i32(rows, row, 5);
}

static void cursor_from_row(struct cursor *cursor, const struct pg_rows *rows, size_t row)
{
	chain_from_row(&cursor->chain, rows, row);
	cursor->is_restoring = pg_get_bool(rows, row, 6);
}

/* Once we have written with it, a register without cursors is one that is being restored. */
static int fail_missing(const struct register_session *session, struct slice topic, int32_t partition, struct err *err)
{
	return err_set(err, pg_link_is_settled(session->link) ? ERR_RETRY : ERR_CONFIG, "cursor",
		       "the register has no cursor for partition %d of %.*s: run instroomctl migrate", partition,
		       (int)topic.n, topic.p);
}

int cursor_find(struct register_session *session, struct slice topic, struct cursor *cursors, size_t count,
		struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	row_arrays_begin(&session->arrays, "i");
	for (size_t i = 0; i < count; i++)
		row_arrays_i32(&session->arrays, cursors[i].partition);
	pg_params_reset(&params);
	pg_add_text(&params, topic);
	int rc = register_session_exec(session, &READ, &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	if (pg_rows_count(rows) == 0 && count > 0)
		return fail_missing(session, topic, cursors[0].partition, err);
	for (size_t i = 0; i < count; i++) {
		size_t row = 0;

		while (row < pg_rows_count(rows) && pg_get_i32(rows, row, 0) != cursors[i].partition)
			row++;
		cursors[i].is_there = row < pg_rows_count(rows);
		if (cursors[i].is_there)
			cursor_from_row(&cursors[i], rows, row);
	}
	return 0;
}

int cursor_read(struct register_session *session, struct slice topic, struct cursor *cursors, size_t count,
		struct err *err)
{
	int rc = cursor_find(session, topic, cursors, count, err);

	for (size_t i = 0; rc == 0 && i < count; i++)
		if (!cursors[i].is_there)
			rc = fail_missing(session, topic, cursors[i].partition, err);
	return rc;
}

int cursor_fence(struct register_session *session, struct slice topic, const struct cursor_move *moves, size_t count,
		 bool *ret_held, struct err *err)
{
	struct pg_params params;
	int64_t moved = 0;

	row_arrays_begin(&session->arrays, "illluuii");
	for (size_t i = 0; i < count; i++) {
		const struct chain *to = &moves[i].to;

		row_arrays_i32(&session->arrays, moves[i].partition);
		row_arrays_i64(&session->arrays, moves[i].expected_next_verdict);
		row_arrays_i64(&session->arrays, to->at.next_raw);
		row_arrays_i64(&session->arrays, to->at.next_verdict);
		row_arrays_uuid(&session->arrays, to->at.tip);
		row_arrays_uuid(&session->arrays, to->digest);
		row_arrays_i32(&session->arrays, to->has_key_id);
		row_arrays_i32(&session->arrays, to->key_id);
	}
	pg_params_reset(&params);
	pg_add_text(&params, topic);
	int rc = register_session_exec(session, &FENCE, &params, NULL, &moved, err);

	if (rc == 0)
		*ret_held = moved == (int64_t)count;
	return rc;
}

int cursor_note_parked(struct register_session *session, struct slice topic, int32_t partition, struct slice why,
		       struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, topic);
	pg_add_i32(&params, partition);
	pg_add_text(&params, why);
	return register_session_run(session, &PARKED, &params, err);
}
