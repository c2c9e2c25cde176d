/* rounds: judges the messages of a batch in rounds (design 5.2).
 *
 * A round holds at most one message of each board, with its end of delivery; the next round sees its result. So the
 * outcome is that of specification 4.1, wherever batches end, and each question to the register is asked once for all
 * boards of a round.
 *
 *   1. read the boards, their ledger entries, and the rows of teachers that the messages need
 *   2. for each round: first half of each message (processing.h), read what the second halves want, second half
 *
 * Pure but for the port. Running the same messages again, after batch_init on an empty arena, gives the same. */
#ifndef WRITE_ROUNDS_H
#define WRITE_ROUNDS_H

#include "write/batch.h"

MUSTUSE int rounds_run(struct batch *batch, const struct batch_port *port, struct err *err);

#endif
