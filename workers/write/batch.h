/* batch: the messages of one transaction, judged in rounds on the boards they touch (design 5.2).
 *
 * A round holds at most one message of each board, with its end-of-delivery step; the next one sees its result. So the
 * outcome is that of specification 4.1, whatever the batch's bounds, and what must be read of the register is read for all
 * boards of a round together. Nothing is written here: boards, teachers and messages then hold the net effect
 * (register_write.h).
 *
 * Pure but for the port. Owner: the turn thread. Memory: the arena; ERR_FULL says that it is too small for these
 * messages. Judging the same messages again, after a reset of the arena, gives the same. */
#ifndef WRITE_BATCH_H
#define WRITE_BATCH_H

#include "write/board.h"

struct batch {
	struct arena *arena;
	struct message **messages; /* in log order of each partition */
	size_t message_count;
	struct board **boards; /* rising by number */
	size_t board_count;
	struct teacher_map teachers;
};

/* A key list that must be read. */
struct key_list_want {
	int32_t board;
	const uint8_t *digest;
	struct slice *ret;
	bool *ret_is_known;
};

/* The register, as the batch reads it. Each call asks for many at once and sees the same state: no write in between.
 * What is handed over (slices, pointers) lives in the batch's arena. */
struct batch_port {
	void *self;
	/* board_set_row for those that have a row. */
	int (*read_boards)(void *self, struct batch *batch, struct board **boards, size_t count, struct err *err);
	/* For boards that have a row: the deliveries that its messages may repeat (board_add_known), the waiting ones
	 * in log order (board_add_waiting), disowned teachers (batch_set_disowned), the latest contact, in each message
	 * whether its key list and feedback are new, and in each REPLAY its delivery (message->standing). */
	int (*read_ledgers)(void *self, struct batch *batch, struct board **boards, size_t count, struct err *err);
	/* teacher_set_row for those of the list that have a row. */
	int (*read_teachers)(void *self, struct batch *batch, struct teacher **teachers, size_t count, struct err *err);
	/* The same for all rows of these boards: batch_set_row. */
	int (*read_all_teachers)(void *self, struct batch *batch, struct board **boards, size_t count, struct err *err);
	int (*read_key_lists)(void *self, struct batch *batch, struct key_list_want *wants, size_t count, struct err *err);
};

/* messages: only their verdict, position, partition and refusal are looked at. */
MUSTUSE int batch_judge(struct batch *batch, struct arena *arena, struct message **messages, size_t message_count,
			const struct batch_port *port, struct err *err);

/* The teacher, made if it is not there. NULL: the arena is full. */
MUSTUSE struct teacher *batch_teacher(struct batch *batch, struct board *board, const uint8_t *key);

/* For the port. false: the arena is full. */
MUSTUSE bool batch_set_row(struct batch *batch, struct board *board, const uint8_t *key, const struct teacher_state *row);
MUSTUSE bool batch_set_disowned(struct batch *batch, struct board *board, const uint8_t *key);
struct board *batch_find_board(const struct batch *batch, int32_t number); /* NULL: none of the batch */

int batch_full(struct err *err); /* -ERR_FULL */

#endif
