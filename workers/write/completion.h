/* completion: the end of a delivery (specification 7): who is absent, lapse or wait, confirm, cancel.
 *
 * Pure; ERR_FULL is the only error. */
#ifndef WRITE_COMPLETION_H
#define WRITE_COMPLETION_H

#include "write/batch.h"

/* Whether completion_of_delivery must know all rows of the board. */
bool completion_needs_all(const struct board_state *board, const struct message *message);
/* is_late: its volgnummer was not above the board's highest when it came. */
MUSTUSE int completion_of_delivery(struct batch *batch, struct message *message, bool is_late, struct err *err);

/* The delivery with this id that waits for a confirmation; NULL: none does. */
struct waiting *completion_find_waiting(const struct board_state *board, struct slice delivery_id);
/* Executes message->confirms. The batch must have its keys and all rows of the board. */
MUSTUSE int completion_confirm(struct batch *batch, struct message *message, struct err *err);

#endif
