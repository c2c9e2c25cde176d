/* unchanged: the teachers that a delivery left unchanged get its volgnummer (design 5.3(b)), as the board's pending
 * list or in their rows (pending.h). Pure; ERR_FULL is the only error. */
#ifndef WRITE_UNCHANGED_H
#define WRITE_UNCHANGED_H

#include "write/batch.h"

/* Whether unchanged_record must know the keys of the list that stands. */
bool unchanged_needs_keys(const struct board_state *board, const struct message *message);
/* message->unchanged to the pending list, or to the rows. */
MUSTUSE int unchanged_record(struct batch *batch, struct message *message, struct err *err);

#endif
