/* verify_rows: a derived board as rows of temporary tables, named fix_ and the table of the register. They have its
 * columns, and go with the transaction. */
#ifndef CTL_VERIFY_ROWS_H
#define CTL_VERIFY_ROWS_H

#include "ctl/prove/verify_board.h"
#include "pg/pg_link.h"

/* Inside a transaction. key: of the present teacher keys, for hashes in history. */
MUSTUSE int verify_rows_write(struct pg_link *link, struct verify_board *board, int32_t partition,
			      const struct hmac_key *key, struct err *err);

#endif
