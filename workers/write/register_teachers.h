/* register_teachers: the teachers of a judged batch into the register: rows, history, marks of the disowned.
 *
 * New teachers go by COPY straight into the register, sorted by board and key. Those that change go by one statement,
 * which moves the old row to history. A teacher is written once, however often it changed in the batch; each version it
 * had in between goes to history. Runs inside the fenced transaction, before register_ledger.h. */
#ifndef WRITE_REGISTER_TEACHERS_H
#define WRITE_REGISTER_TEACHERS_H

#include "write/batch.h"
#include "write/register_session.h"

MUSTUSE int register_write_teachers(struct register_session *session, const struct batch *batch, struct err *err);

#endif
