/* verify_retained: what the log says and the register no longer has, because its term was over (design 11). */
#ifndef CTL_VERIFY_RETAINED_H
#define CTL_VERIFY_RETAINED_H

#include "ctl/prove/verify_board.h"
#include "pg/pg_link.h"

/* *ret: rows of this kind ("history", "feedback", "contact") below this position of the partition may be gone. */
MUSTUSE int verify_kept_from(struct pg_link *link, int32_t partition, const char *what, int64_t *ret, struct err *err);

/* Teachers who were removed from the boards of one log (a position above its offset): board, key, position and whether
 * he was erased, in this order. */
MUSTUSE int verify_removed_read(struct pg_link *link, int64_t log, struct pg_rows **ret, struct err *err);
/* Removes those of the board that were removed at or below this position. */
void verify_removed_apply(const struct pg_rows *rows, struct verify_board *board, int64_t position);

/* The board's removals are those at or below this position, as a checkpoint keeps them. */
MUSTUSE int verify_removed_keep(const struct pg_rows *rows, struct verify_board *board, int64_t position,
				struct err *err);

#endif
