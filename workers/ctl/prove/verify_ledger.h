/* verify_ledger: a derived board's deliveries, replays, contact persons and confirmations, row by row beside the
 * register's. */
#ifndef CTL_VERIFY_LEDGER_H
#define CTL_VERIFY_LEDGER_H

#include "ctl/prove/verify_findings.h"

MUSTUSE int verify_compare_ledger(struct pg_link *link, struct verify_board *board, int32_t partition,
				  struct verify_findings *findings, struct err *err);

#endif
