/* register_ledger: what a judged batch adds to the ledger: deliveries with their key lists, feedback and findings, the
 * boards' rows, contacts, confirmations. One statement or COPY per table. Runs inside the fenced transaction. */
#ifndef WRITE_REGISTER_LEDGER_H
#define WRITE_REGISTER_LEDGER_H

#include "write/batch.h"
#include "write/register_session.h"

MUSTUSE int register_write_ledger(struct register_session *session, const struct batch *batch, struct err *err);

#endif
