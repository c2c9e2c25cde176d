#include "validate/register_state.h"

#include "protocol/partitioning.h"
#include "run/exit_status.h"

/* One row at least, of nulls where the topic has cursors and this partition has none. All boards of the register: their
 * key says which of them belong to this partition. What another generation of the topic wrote counts too. */
static const char STATE_SQL[] =
	"select c.next_raw, c.next_verdict, c.tip,"
	" coalesce(c.key_id, (select n.key_id from register.cursor n"
	"   where n.topic = c.topic and n.key_id is not null limit 1)),"
	" t.partitions, b.board, greatest(b.sequence_max, b.sequence_top)"
	" from (select max(partition) + 1::bigint as partitions from register.cursor where topic = $1"
	"   having count(*) > 0) t"
	" left join register.cursor c on c.topic = $1 and c.partition = $2"
	" left join register.board b on c.topic is not null and greatest(b.sequence_max, b.sequence_top) > 0";

enum {
	COLUMN_NEXT_RAW,
	COLUMN_NEXT_VERDICT,
	COLUMN_TIP,
	COLUMN_KEY_ID,
	COLUMN_PARTITIONS,
	COLUMN_BOARD,
	COLUMN_SEQUENCE_MAX
};

/* A table or column that is not there: the migration is missing, and no restart helps. */
static int name_missing_migration(int rc, struct err *err)
{
	if (rc != -ERR_FATAL || !exit_status_is_migration(err->code))
		return rc;
	return err_set(err, ERR_CONFIG, "migration", "the register lacks a migration: run instroomctl migrate");
}

static void state_add_board(const struct pg_rows *rows, size_t row, int32_t partition, struct register_state *state)
{
	if (pg_is_null(rows, row, COLUMN_BOARD))
		return; /* no boards: the one row of the outer join */
	uint32_t board = (uint32_t)pg_get_i32(rows, row, COLUMN_BOARD);

	if (partitioning_partition(board, (int32_t)pg_get_i64(rows, row, COLUMN_PARTITIONS)) != partition)
		return;
	int64_t sequence_max = pg_get_i64(rows, row, COLUMN_SEQUENCE_MAX);

	state->boards[state->board_count++] = (struct cache_board){
		.board = board,
		.sequence_max = sequence_max,
		.sequence_full = sequence_max,
		.is_changed = true,
	};
}

int register_state_read(struct pg_link *link, const char *raw_topic, int32_t partition, struct arena *arena,
			struct register_state *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	int rc = pg_link_connect(link, err);

	if (rc < 0)
		return rc;
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(raw_topic));
	pg_add_i32(&params, partition);
	rc = name_missing_migration(pg_ask(link, NULL, STATE_SQL, "LLUILIL", &params, &rows, err), err);
	if (rc < 0)
		return rc;
	size_t count = pg_rows_count(rows);

	if (count == 0)
		return err_set(err, ERR_CONFIG, "cursor",
			       "register.cursor has no row for any partition of %s: run instroomctl migrate",
			       raw_topic);
	ret->has_cursor = !pg_is_null(rows, 0, COLUMN_NEXT_RAW);
	if (!ret->has_cursor)
		return 0;
	struct slice tip = pg_get_bytes(rows, 0, COLUMN_TIP);
	struct register_state state = {
		.has_cursor = true,
		.position = { .next_raw = pg_get_i64(rows, 0, COLUMN_NEXT_RAW),
			      .next_verdict = pg_get_i64(rows, 0, COLUMN_NEXT_VERDICT) },
		.has_key_id = !pg_is_null(rows, 0, COLUMN_KEY_ID),
		.boards = arena_take_zeroed(arena, count, sizeof *state.boards),
	};

	if (tip.n != sizeof state.position.tip)
		return err_set(err, ERR_FATAL, "cursor", "the tip of %s/%d has %zu bytes", raw_topic, partition, tip.n);
	if (state.has_key_id)
		state.key_id = (uint32_t)pg_get_i32(rows, 0, COLUMN_KEY_ID);
	if (!state.boards)
		return err_set(err, ERR_FULL, "arena", "%zu boards do not fit the arena", count);
	memcpy(state.position.tip, tip.p, tip.n);
	for (size_t i = 0; i < count; i++)
		state_add_board(rows, i, partition, &state);
	*ret = state;
	return 0;
}
