/* isolation: goes through a batch that the register refused, message by message, and finds what cannot be stored (design
 * 5).
 *
 * Each message gets a transaction of its own. If that fails by its data, trial transactions, which are rolled back,
 * halve its teachers until those that fail stand alone; they get quarantaine, the rest goes in. When it cannot be told
 * which, the whole message gets it, the teachers it left unchanged included. Nothing of the next message is done
 * before. */
#ifndef WRITE_ISOLATION_H
#define WRITE_ISOLATION_H

#include "write/transaction.h"

struct isolation {
	struct transaction *transaction;
	struct arena *arena; /* lives as long as the messages */
	/* Called after each COMMIT, with the message and the move that are in. */
	void (*committed)(void *self, struct message **messages, size_t count, const struct cursor_move *moves,
			  size_t move_count);
	void *self;
};

/* moves[i]: that of messages[i] alone. *ret_done: how many are in the register; then FENCED ends it, or an error.
 * Called again after ERR_RETRY it goes on with what is left. */
MUSTUSE int isolation_run(struct isolation *isolation, struct message **messages, const struct cursor_move *moves,
			  size_t count, size_t *ret_done, enum transaction_end *ret, struct err *err);

#endif
