/* register_set_back: the rows of teachers whose volgnummer a SET_BACK lowers, in the register itself: one statement for
 * all boards, as such a message is alone of its board in the batch. Runs inside the fenced transaction, before the
 * boards' rows are written (register_ledger.h), as it counts those whom the list of the unchanged has above. */
#ifndef WRITE_REGISTER_SET_BACK_H
#define WRITE_REGISTER_SET_BACK_H

#include "write/batch.h"
#include "write/register_session.h"

MUSTUSE int register_write_set_backs(struct register_session *session, const struct batch *batch, struct err *err);

#endif
