#include "validate/register_state.h"

static const char STATE_SQL[] =
	"select c.next_raw, c.next_verdict, c.tip, b.board, b.sequence_max"
	" from register.cursor c left join register.board b on b.partition = c.partition and b.sequence_max > 0"
	" where c.topic = $1 and c.partition = $2";

enum { COLUMN_NEXT_RAW, COLUMN_NEXT_VERDICT, COLUMN_TIP, COLUMN_BOARD, COLUMN_SEQUENCE_MAX };

static void state_add_board(const struct pg_rows *rows, size_t row, struct register_state *state)
{
	if (pg_is_null(rows, row, COLUMN_BOARD))
		return; /* the outer join's answer for a partition without boards */
	int64_t sequence_max = pg_get_i64(rows, row, COLUMN_SEQUENCE_MAX);

	state->boards[state->board_count++] = (struct cache_board){
		.board = (uint32_t)pg_get_i32(rows, row, COLUMN_BOARD),
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
	rc = pg_exec(link, NULL, STATE_SQL, &params, &rows, NULL, err);
	if (rc < 0)
		return rc;
	size_t count = pg_rows_count(rows);

	if (count == 0)
		return err_set(err, ERR_CONFIG, "cursor", "register.cursor has no row for %s/%d: run instroomctl migrate",
			       raw_topic, partition);
	struct slice tip = pg_get_bytes(rows, 0, COLUMN_TIP);
	struct register_state state = {
		.position = { .next_raw = pg_get_i64(rows, 0, COLUMN_NEXT_RAW),
			      .next_verdict = pg_get_i64(rows, 0, COLUMN_NEXT_VERDICT) },
		.boards = arena_take_zeroed(arena, count, sizeof *state.boards),
	};

	if (tip.n != sizeof state.position.tip)
		return err_set(err, ERR_FATAL, "cursor", "the tip of %s/%d has %zu bytes", raw_topic, partition, tip.n);
	if (!state.boards)
		return err_set(err, ERR_FULL, "arena", "no room for %zu boards", count);
	memcpy(state.position.tip, tip.p, tip.n);
	for (size_t i = 0; i < count; i++)
		state_add_board(rows, i, &state);
	*ret = state;
	return 0;
}
