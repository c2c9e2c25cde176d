/* decision: the outcome of each group of a delivery (specification 6), by the state machine of common/model/outcome.c.
 *
 * Sets message->ledger's outcomes and line counts, the changes of state in the batch's teachers, and the bit sets
 * unchanged and forget of the message. Pure; ERR_FULL is the only error. */
#ifndef WRITE_DECISION_H
#define WRITE_DECISION_H

#include "write/batch.h"

MUSTUSE int decision_make(struct batch *batch, struct message *message, struct err *err);
/* Whether deciding this group needs the teacher's row. */
bool decision_needs_row(const struct batch *batch, const struct message *message, size_t group);

#endif
