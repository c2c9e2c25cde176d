/* judge: what one message does to the state of its board (specification 6 and 7), in two halves.
 *
 * Each half first tells what it must know of the register; the batch reads that for all boards of the round together.
 *   first half   repeat or not; the outcome of each group, or the carrying out of a confirmation
 *   second half  the list of the unchanged; who is absent, lapses or waits; what is cancelled
 * The split is there because only the outcomes tell whether the board's other teachers must be looked at.
 * A dry run reads as if it were real, and leaves only its ledger row. Pure; ERR_FULL is the only error. */
#ifndef WRITE_JUDGE_H
#define WRITE_JUDGE_H

#include "write/batch.h"

/* Bits of enum board_want. */
uint32_t judge_first_wants(const struct board *board, struct message *message);
MUSTUSE int judge_first_half(struct batch *batch, struct message *message, struct err *err);
uint32_t judge_second_wants(const struct board *board, const struct message *message);
MUSTUSE int judge_second_half(struct batch *batch, struct message *message, struct err *err);

/* The parts, each with its chapter. */

/* decide.c, specification 6: outcome of each group, its lines, and the changes of state. */
MUSTUSE int decide_groups(struct batch *batch, struct message *message, struct err *err);
/* Whether deciding this group needs the teacher's row. */
bool decide_needs_row(const struct message *message, size_t group);

/* enlist.c, design 5.3(b): message->unchanged to the pending list, or to the rows. */
bool enlist_needs_keys(const struct board *board, const struct message *message);
MUSTUSE int enlist_unchanged(struct batch *batch, struct message *message, struct err *err);

/* ending.c, specification 7. */
bool ending_needs_all(const struct board *board, const struct message *message);
MUSTUSE int ending_judge(struct batch *batch, struct message *message, bool is_late, struct err *err);
struct waiting *ending_find_waiting(const struct board *board, struct slice delivery_id);
MUSTUSE int ending_confirm(struct batch *batch, struct message *message, struct err *err);

#endif
