/* verify_compare: a derived board, row by row beside the register's. */
#ifndef CTL_VERIFY_COMPARE_H
#define CTL_VERIFY_COMPARE_H

#include "ctl/prove/verify_findings.h"

/* partition: where the board belongs. */
MUSTUSE int verify_compare(struct pg_link *link, struct verify_board *board, int32_t partition,
			   struct verify_findings *findings, struct err *err);

#endif
