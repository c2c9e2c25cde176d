/* verify_findings: what differs between register and log, one line each. */
#ifndef CTL_VERIFY_FINDINGS_H
#define CTL_VERIFY_FINDINGS_H

#include "ctl/prove/verify_board.h"
#include "pg/pg_link.h"

#include <stdio.h>

/* out is not where JSON and CSV go. Of a board's teachers the first are named, all are counted. */
struct verify_findings {
	FILE *out; /* NULL: they are counted only */
	int64_t count;
	int64_t named;	/* teachers of the board at hand */
	bool shows_bsn; /* beside their keys */
};

/* delivery NULL: of the board as a whole. */
void verify_report(struct verify_findings *findings, const struct verify_board *board, const char *delivery,
		   const char *fmt, ...) PRINTF_LIKE(4, 5);
/* By his key; by his BSN too where that may be shown. bsn 0: not known. */
void verify_report_teacher(struct verify_findings *findings, const struct verify_board *board, const uint8_t *key,
			   uint32_t bsn, const char *what);
/* How many teachers of the board were counted and not named. */
void verify_report_unnamed(struct verify_findings *findings, const struct verify_board *board);

#endif
