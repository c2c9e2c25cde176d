#include "write/batch.h"

#include <stdlib.h>

int batch_full(struct err *err)
{
	return err_set(err, ERR_FULL, "batch.arena", "the messages of one batch do not fit its memory");
}

static bool is_of_board(const struct message *message)
{
	return message_has_lines(message) || message->verdict.kind == VERDICT_KIND_CONFIRM ||
	       message->verdict.kind == VERDICT_KIND_SET_BACK;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct message *x = *(struct message *const *)a, *y = *(struct message *const *)b;
	int32_t m = x->verdict.header.board, n = y->verdict.header.board;

	if (m != n)
		return (m > n) - (m < n);
	return (x->position > y->position) - (x->position < y->position);
}

static void message_reset(struct message *message)
{
	struct message clean = {
		.verdict = message->verdict,
		.position = message->position,
		.partition = message->partition,
		.verdict_offset = message->verdict_offset,
		.accepted_at_ms = message->accepted_at_ms,
		.admission = message->admission,
		.received_us = message->received_us,
		.refusal = message->refusal,
	};

	*message = clean;
}

/* Boards rising by number, each with its messages in log order. */
static int make_boards(struct batch *batch, struct err *err)
{
	struct message **sorted = arena_take(batch->arena, batch->message_count, sizeof(struct message *));
	size_t count = 0;

	batch->boards = arena_take(batch->arena, batch->message_count, sizeof(struct board_state *));
	if (!sorted || !batch->boards)
		return batch_full(err);
	for (size_t i = 0; i < batch->message_count; i++) {
		message_reset(batch->messages[i]);
		if (is_of_board(batch->messages[i]))
			sorted[count++] = batch->messages[i];
	}
	if (count > 0)
		qsort(sorted, count, sizeof(struct message *), compare_numbers);
	for (size_t i = 0; i < count; i++) {
		struct message *message = sorted[i];
		int32_t number = message->verdict.header.board;
		struct board_state *board = batch->board_count > 0 ? batch->boards[batch->board_count - 1] : NULL;

		if (!board || board->number != number) {
			board = arena_take(batch->arena, 1, sizeof *board);
			if (!board)
				return batch_full(err);
			board_state_init(board, number, message->partition);
			batch->boards[batch->board_count++] = board;
		}
		message->board = board;
		if (board->last)
			board->last->next = message;
		else
			board->first = message;
		board->last = message;
	}
	return 0;
}

struct board_state *batch_find_board(const struct batch *batch, int32_t number)
{
	size_t low = 0, high = batch->board_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (batch->boards[middle]->number == number)
			return batch->boards[middle];
		if (batch->boards[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct teacher *batch_teacher(struct batch *batch, struct board_state *board, const uint8_t *key)
{
	struct teacher *teacher = teacher_map_find(&batch->teachers, board, key);

	if (teacher)
		return teacher;
	teacher = teacher_map_add(&batch->teachers, board, key);
	if (!teacher)
		return NULL;
	if (board->has_all) /* the register has no such row */
		teacher->flags = TEACHER_LOADED;
	teacher->next = board->teachers_first;
	board->teachers_first = teacher;
	return teacher;
}

bool batch_set_row(struct batch *batch, struct board_state *board, const uint8_t *key, const struct teacher_state *row)
{
	struct teacher *teacher = batch_teacher(batch, board, key);

	if (teacher)
		teacher_set_row(teacher, row);
	return teacher;
}

bool batch_set_disowned(struct batch *batch, struct board_state *board, const uint8_t *key)
{
	struct teacher *teacher = batch_teacher(batch, board, key);

	if (teacher)
		teacher->flags |= TEACHER_DISOWNED | TEACHER_WAS_DISOWNED;
	return teacher;
}

int batch_init(struct batch *batch, struct arena *arena, struct message **messages, size_t message_count,
	       struct err *err)
{
	*batch = (struct batch){ .arena = arena, .messages = messages, .message_count = message_count };
	teacher_map_init(&batch->teachers, arena);
	return make_boards(batch, err);
}
