/* register_restatement: the delivery a replay speaks of, read from the ledger and restated in it (restatement.h).
 *
 * Runs inside the fenced transaction. Owner: the poll loop's thread. */
#ifndef WRITE_REGISTER_RESTATEMENT_H
#define WRITE_REGISTER_RESTATEMENT_H

#include "write/batch.h"
#include "write/register_session.h"

/* Sets message->standing of each REPLAY of the batch whose delivery the ledger has. */
MUSTUSE int register_read_standings(struct register_session *session, struct batch *batch, struct err *err);

/* The restated deliveries, and a row for each attempt that was entered. */
MUSTUSE int register_write_restatements(struct register_session *session, const struct batch *batch, struct err *err);

#endif
