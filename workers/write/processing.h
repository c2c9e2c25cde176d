/* processing: what one message does to the state of its board (specification 6 and 7), in two halves.
 *
 * Each half first says what it must know of the register; rounds.c reads that for all boards of the round together.
 *   first half   repeat or not; the outcome of each group, or the execution of a confirmation
 *   second half  the list of the unchanged; who is absent, lapses or waits; what is cancelled
 * There are two because only the outcomes show whether the board's other teachers must be looked at.
 * A dry run reads as if it were real, and leaves only its ledger row. Pure; ERR_FULL is the only error. */
#ifndef WRITE_PROCESSING_H
#define WRITE_PROCESSING_H

#include "write/batch.h"

/* Bits of enum board_want. */
uint32_t processing_first_wants(const struct batch *batch, struct message *message);
MUSTUSE int processing_first_half(struct batch *batch, struct message *message, struct err *err);
uint32_t processing_second_wants(const struct board_state *board, const struct message *message);
MUSTUSE int processing_second_half(struct batch *batch, struct message *message, struct err *err);

#endif
