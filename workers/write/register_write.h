/* register_write: the net effect of a judged batch into the register, in its transaction.
 *
 * New teachers go by COPY straight into the register, sorted by board and key; those that change by one statement that
 * moves the old row to history; all else by one statement or COPY a table. A teacher is written once, however often it
 * changed in the batch; each version it had in between goes to history.
 * Memory beyond the batch's: two buffers of at most WRITE_CHUNK_BYTES and a row. Owner: the turn thread. */
#ifndef WRITE_REGISTER_WRITE_H
#define WRITE_REGISTER_WRITE_H

#include "write/batch.h"
#include "write/columns.h"

enum { WRITE_CHUNK_BYTES = 4 << 20 };

struct register_write {
	struct pg_link *link;
	struct columns *columns;
	struct strbuf *copy;
};

/* The rows of teachers and what belongs to them. Before register_write_ledger. */
MUSTUSE int register_write_teachers(struct register_write *write, const struct batch *batch, struct err *err);
/* Deliveries, boards, confirmations and the rest. */
MUSTUSE int register_write_ledger(struct register_write *write, const struct batch *batch, struct err *err);

#endif
