#include "write/rounds.h"

#include "write/decision.h"
#include "write/processing.h"

/* When a board's messages ask for more than this part of its rows, reading them all is cheaper than looking each up. */
enum { ALL_ROWS_SHARE = 3 };

/* Reading. */

static size_t rows_needed(const struct batch *batch, const struct board_state *board)
{
	size_t count = 0;

	for (const struct message *message = board->first; message; message = message->next)
		if (message_has_lines(message))
			for (size_t group = 0; group < message->verdict.classes.n; group++)
				count += decision_needs_row(batch, message, group);
	return count;
}

/* Adds the teachers whose row the board's deliveries need to the list. */
static int want_rows(struct batch *batch, struct board_state *board, struct teacher **wanted, size_t *count,
		     struct err *err)
{
	for (const struct message *message = board->first; message; message = message->next) {
		if (!message_has_lines(message))
			continue;
		for (size_t group = 0; group < keys_count(message->verdict.keys); group++) {
			if (!decision_needs_row(batch, message, group))
				continue;
			struct teacher *teacher = batch_teacher(batch, board, keys_at(message->verdict.keys, group));

			if (!teacher)
				return batch_full(err);
			if (teacher->flags & TEACHER_WANTED)
				continue;
			teacher->flags |= TEACHER_WANTED;
			wanted[(*count)++] = teacher;
		}
	}
	return 0;
}

static void all_are_loaded(struct board_state *board)
{
	for (struct teacher *teacher = board->teachers_first; teacher; teacher = teacher->next)
		teacher_set_row(teacher, &(struct teacher_state){ 0 }); /* no effect on those that have a row */
	board->has_all = true;
}

/* The rows that the outcomes need, for the whole batch in one or two questions. */
static int read_needed_rows(struct batch *batch, const struct batch_port *port, struct err *err)
{
	struct board_state **all = arena_take(batch->arena, batch->board_count, sizeof(struct board_state *));
	size_t all_count = 0, capacity = 0, count = 0;
	int rc = 0;

	if (!all)
		return batch_full(err);
	for (size_t i = 0; i < batch->board_count; i++) {
		struct board_state *board = batch->boards[i];
		size_t needed = board->has_all ? 0 : rows_needed(batch, board);

		board->wants = needed > 0 && needed < (size_t)board->teachers / ALL_ROWS_SHARE ? 0 : WANT_ALL_TEACHERS;
		if (needed == 0)
			board->wants = 0;
		else if (board->wants & WANT_ALL_TEACHERS)
			all[all_count++] = board;
		capacity += needed;
	}
	struct teacher **wanted = arena_take(batch->arena, capacity, sizeof(struct teacher *));

	if (!wanted)
		return batch_full(err);
	for (size_t i = 0; rc == 0 && i < batch->board_count; i++)
		if (!batch->boards[i]->has_all && !(batch->boards[i]->wants & WANT_ALL_TEACHERS))
			rc = want_rows(batch, batch->boards[i], wanted, &count, err);
	if (rc == 0 && count > 0)
		rc = port->read_teachers(port->self, batch, wanted, count, err);
	if (rc == 0 && all_count > 0)
		rc = port->read_all_teachers(port->self, batch, all, all_count, err);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < count; i++)
		teacher_set_row(wanted[i], &(struct teacher_state){ 0 });
	for (size_t i = 0; i < all_count; i++)
		all_are_loaded(all[i]);
	return 0;
}

static int read_boards(struct batch *batch, const struct batch_port *port, struct err *err)
{
	struct board_state **stored = arena_take(batch->arena, batch->board_count, sizeof(struct board_state *));
	size_t count = 0;

	if (!stored)
		return batch_full(err);
	if (batch->board_count == 0)
		return 0;
	int rc = port->read_boards(port->self, batch, batch->boards, batch->board_count, err);

	for (size_t i = 0; i < batch->board_count; i++)
		if (batch->boards[i]->is_stored)
			stored[count++] = batch->boards[i];
	if (rc != 0 || count == 0)
		return rc;
	rc = port->read_ledgers(port->self, batch, stored, count, err);
	return rc != 0 ? rc : read_needed_rows(batch, port, err);
}

/* Rounds. */

struct round {
	struct batch *batch;
	const struct batch_port *port;
	struct message **messages; /* one per board */
	size_t count;
	struct board_state **all;
	struct key_list_want *key_lists;
};

static void want_key_list(struct key_list_want *wants, size_t *count, const struct board_state *board,
			  const uint8_t *digest, struct slice *ret, bool *ret_is_known)
{
	wants[(*count)++] = (struct key_list_want){ board->number, digest, ret, ret_is_known };
}

/* Reads what the boards of the round want, in one question per kind. */
static int round_read(struct round *round, struct err *err)
{
	size_t all_count = 0, key_list_count = 0;
	int rc = 0;

	for (size_t i = 0; i < round->count; i++) {
		struct board_state *board = round->messages[i]->board;
		struct waiting *waiting = round->messages[i]->confirms;

		if (board->wants & WANT_ALL_TEACHERS)
			round->all[all_count++] = board;
		if (board->wants & WANT_PENDING_KEYS)
			want_key_list(round->key_lists, &key_list_count, board, board->pending.key_list,
				      &board->pending.keys, &board->pending.has_keys);
		if (board->wants & WANT_WAITING_KEYS)
			want_key_list(round->key_lists, &key_list_count, board, waiting->key_list, &waiting->keys,
				      &waiting->has_keys);
	}
	if (key_list_count > 0)
		rc = round->port->read_key_lists(round->port->self, round->batch, round->key_lists, key_list_count,
						 err);
	for (size_t i = 0; rc == 0 && i < key_list_count; i++)
		if (!*round->key_lists[i].ret_is_known)
			rc = err_set(err, ERR_FATAL, "register.key_list",
				     "board %05d: a key list is missing in the register",
				     (int)round->key_lists[i].board);
	if (rc == 0 && all_count > 0)
		rc = round->port->read_all_teachers(round->port->self, round->batch, round->all, all_count, err);
	for (size_t i = 0; rc == 0 && i < all_count; i++)
		all_are_loaded(round->all[i]);
	for (size_t i = 0; rc == 0 && i < round->count; i++) {
		struct message *message = round->messages[i];

		if (message->board->wants & WANT_ABSENT_SHA256)
			rc = round->port->read_absent_sha256(round->port->self, message, message->absent_sha256, err);
	}
	return rc;
}

static int round_judge(struct round *round, struct err *err)
{
	int rc;

	for (size_t i = 0; i < round->count; i++)
		round->messages[i]->board->wants = processing_first_wants(round->batch, round->messages[i]);
	rc = round_read(round, err);
	for (size_t i = 0; rc == 0 && i < round->count; i++)
		rc = processing_first_half(round->batch, round->messages[i], err);
	for (size_t i = 0; rc == 0 && i < round->count; i++) {
		struct message *message = round->messages[i];

		message->board->wants = processing_second_wants(message->board, message);
	}
	if (rc == 0)
		rc = round_read(round, err);
	for (size_t i = 0; rc == 0 && i < round->count; i++)
		rc = processing_second_half(round->batch, round->messages[i], err);
	return rc;
}

static void round_next(struct round *round)
{
	size_t count = 0;

	for (size_t i = 0; i < round->count; i++)
		if (round->messages[i]->next)
			round->messages[count++] = round->messages[i]->next;
	round->count = count;
}

static int run_rounds(struct batch *batch, const struct batch_port *port, struct err *err)
{
	struct round round = {
		.batch = batch,
		.port = port,
		.messages = arena_take(batch->arena, batch->board_count, sizeof(struct message *)),
		.count = batch->board_count,
		.all = arena_take(batch->arena, batch->board_count, sizeof(struct board_state *)),
		.key_lists = arena_take(batch->arena, batch->board_count * 2, sizeof(struct key_list_want)),
	};
	int rc = 0;

	if (!round.messages || !round.all || !round.key_lists)
		return batch_full(err);
	for (size_t i = 0; i < batch->board_count; i++)
		round.messages[i] = batch->boards[i]->first;
	for (; rc == 0 && round.count > 0; round_next(&round))
		rc = round_judge(&round, err);
	return rc;
}

int rounds_run(struct batch *batch, const struct batch_port *port, struct err *err)
{
	int rc = read_boards(batch, port, err);

	return rc != 0 ? rc : run_rounds(batch, port, err);
}
