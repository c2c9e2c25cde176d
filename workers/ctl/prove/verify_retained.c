#include "ctl/prove/verify_retained.h"

int verify_kept_from(struct pg_link *link, int32_t partition, const char *what, int64_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(what));
	pg_add_i32(&params, partition);
	int rc = pg_exec(link, "verify_retained",
			 "select coalesce(max(below), 0)::bigint from register.retained"
			 " where what = $1 and (log & 4095) = $2",
			 &params, &rows, NULL, err);

	if (rc == 0)
		*ret = pg_get_i64(rows, 0, 0);
	return rc;
}

int verify_removed_read(struct pg_link *link, int64_t log, struct pg_rows **ret, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, log);
	return pg_exec(link, NULL,
		       "select t.board, t.key, t.position, r.what = 'person' from register.removed_teacher t"
		       " join register.removal r on r.id = t.removal where t.position >> 40 = $1"
		       " order by t.board, t.position",
		       &params, ret, NULL, err);
}

/* The first of a board. */
static size_t find_board(const struct pg_rows *rows, uint32_t board)
{
	size_t low = 0, high = pg_rows_count(rows);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((uint32_t)pg_get_i32(rows, middle, 0) < board)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void verify_removed_apply(const struct pg_rows *rows, struct verify_board *board, int64_t position)
{
	size_t count = pg_rows_count(rows);

	for (size_t i = find_board(rows, board->number); i < count; i++) {
		int64_t at = pg_get_i64(rows, i, 2);

		if ((uint32_t)pg_get_i32(rows, i, 0) != board->number || at > position)
			break;
		if (at > board->removed_to)
			verify_board_remove(board, (const uint8_t *)pg_get_bytes(rows, i, 1).p,
					    pg_get_bool(rows, i, 3));
	}
	board->removed_to = MAX(board->removed_to, position);
}

int verify_removed_keep(const struct pg_rows *rows, struct verify_board *board, int64_t position, struct err *err)
{
	size_t count = pg_rows_count(rows);
	int rc = 0;

	board->removal_count = 0;
	for (size_t i = find_board(rows, board->number); rc == 0 && i < count; i++) {
		struct verify_removal removal = { .position = pg_get_i64(rows, i, 2),
						  .is_erased = pg_get_bool(rows, i, 3) };

		if ((uint32_t)pg_get_i32(rows, i, 0) != board->number || removal.position > position)
			break;
		memcpy(removal.key, pg_get_bytes(rows, i, 1).p, sizeof removal.key);
		rc = verify_board_removal(board, &removal, err);
	}
	return rc;
}
