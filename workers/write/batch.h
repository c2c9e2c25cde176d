/* batch: the messages of one transaction, with the boards and teachers they touch.
 *
 * Nothing is written here. When rounds_run (rounds.h) is through, boards, teachers and messages hold the net effect,
 * which register_teachers.h, register_ledger.h and register_restatement.h write.
 *
 * Owner: the poll loop's thread. Memory: the arena; ERR_FULL says that it is too small for these messages. */
#ifndef WRITE_BATCH_H
#define WRITE_BATCH_H

#include "write/board_state.h"

struct batch {
	struct arena *arena;
	struct message **messages; /* in log order of each partition */
	size_t message_count;
	struct board_state **boards; /* rising by number */
	size_t board_count;
	struct teacher_map teachers;
	uint32_t check_share; /* of the UNCHANGED teachers, in SPOT_CHECK_WHOLE; set behind batch_init */
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
	/* board_state_set_row for those that have a row. */
	int (*read_boards)(void *self, struct batch *batch, struct board_state **boards, size_t count, struct err *err);
	/* For boards that have a row: the deliveries that its messages may repeat (board_state_add_known), the waiting
	 * ones in log order (board_state_add_waiting), disowned teachers (batch_set_disowned), the latest contact, in
	 * each message whether its key list and feedback are new, and in each REPLAY its delivery
	 * (message->standing). */
	int (*read_ledgers)(void *self, struct batch *batch, struct board_state **boards, size_t count,
			    struct err *err);
	/* teacher_set_row for those of the list that have a row. */
	int (*read_teachers)(void *self, struct batch *batch, struct teacher **teachers, size_t count, struct err *err);
	/* The same for all rows of these boards: batch_set_row. */
	int (*read_all_teachers)(void *self, struct batch *batch, struct board_state **boards, size_t count,
				 struct err *err);
	/* SHA-256 of the file of who would lapse by the message's confirmation (specification 8.6), from the register
	 * as it is before the batch: no message of its board stands before it there (inbox.c). */
	int (*read_absent_sha256)(void *self, const struct message *message, uint8_t ret[32], struct err *err);
	int (*read_key_lists)(void *self, struct batch *batch, struct key_list_want *wants, size_t count,
			      struct err *err);
};

/* Empties what an earlier run left in the messages and makes their boards. messages: only their verdict, position,
 * partition and refusal are looked at. ERR_FULL is the only error. */
MUSTUSE int batch_init(struct batch *batch, struct arena *arena, struct message **messages, size_t message_count,
		       struct err *err);

/* The teacher, made if it is not there. NULL: the arena is full. */
MUSTUSE struct teacher *batch_teacher(struct batch *batch, struct board_state *board, const uint8_t *key);

/* For the port. false: the arena is full. */
MUSTUSE bool batch_set_row(struct batch *batch, struct board_state *board, const uint8_t *key,
			   const struct teacher_state *row);
MUSTUSE bool batch_set_disowned(struct batch *batch, struct board_state *board, const uint8_t *key);
struct board_state *batch_find_board(const struct batch *batch, int32_t number); /* NULL: none of the batch */

int batch_full(struct err *err); /* -ERR_FULL */

#endif
