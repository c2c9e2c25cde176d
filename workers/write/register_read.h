/* register_read: the register as a batch reads it, by SQL (batch.h says what each question means).
 *
 * Every question is one statement for the whole batch or round, with its subjects as array parameters; each array
 * carries the index of its subject, which the answer brings back. Runs inside the fenced transaction. */
#ifndef WRITE_REGISTER_READ_H
#define WRITE_REGISTER_READ_H

#include "write/batch.h"
#include "write/register_session.h"

/* The port borrows the session. */
struct batch_port register_read_port(struct register_session *session);

#endif
