/* verify_repair: puts a board's rows right, as the log derives them.
 *
 *   1. The cursor's row of the board's partition is locked: writers move it in every transaction before they read or
 *      write anything else (design 5), so none is at work there until ours ends, and none has read what we change.
 *   2. What writers applied since the board was derived is folded into it (verify_log_advance), so that it stands
 *      where the register stands.
 *   3. The derived rows go into temporary tables, and one statement per table deletes and writes what differs. What no
 *      log can say stays: when a delivery was committed, who waits by a newer HMAC key, the disowned.
 *   4. The board is compared once more. If anything still differs, nothing of it is changed.
 *   5. A row in register.repair says who, why and what; then commit. Killed before it, nothing has changed.
 *
 * Without a reason all of it is done and rolled back: what is shown is what would be done. */
#ifndef CTL_VERIFY_REPAIR_H
#define CTL_VERIFY_REPAIR_H

#include "ctl/prove/verify_log.h"

#include <stdio.h>

struct verify_repair {
	struct verify_log *log;
	struct pg_link *link; /* the owner's */
	const char *reason;   /* NULL: show only */
	FILE *out;
	int64_t boards, rows; /* repaired, or that would be */
	int64_t left;	      /* boards that stay as they are: something would still differ */
};

/* The board must still be derived in log. It is dropped from it. */
MUSTUSE int verify_repair_board(struct verify_repair *repair, uint32_t number, int32_t partition, struct err *err);
/* Rows that belong to no board at all. */
MUSTUSE int verify_repair_strays(struct verify_repair *repair, struct err *err);
/* Lists of contact persons that are not as they were set. board -1: of all. */
MUSTUSE int verify_repair_contacts(struct verify_repair *repair, int32_t board, struct err *err);

#endif
