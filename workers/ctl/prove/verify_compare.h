/* verify_compare: a derived board, row by row beside the register's. */
#ifndef CTL_VERIFY_COMPARE_H
#define CTL_VERIFY_COMPARE_H

#include "ctl/prove/verify_fold.h"
#include "pg/pg_link.h"

#include <stdio.h>

/* What differs: one line each to out, which is not where JSON and CSV go. Of a board's teachers the first are named,
 * all are counted. */
struct verify_findings {
	FILE *out;
	int64_t count;
	int64_t named;	/* teachers of the board at hand */
	bool shows_bsn; /* beside their keys */
};
MUSTUSE int verify_compare(struct pg_link *link, const struct verify_board *board, struct verify_findings *findings,
			   struct err *err);

#endif
