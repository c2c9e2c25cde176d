/* isolation: stores a batch that the register refused, message by message, and finds what cannot be stored (design 5).
 *
 *   1. each message gets a transaction of its own. Most are in at once
 *   2. one fails by its data, that is at a statement that carries what was delivered (register_session.h). If a column
 *      that takes such data was altered, it waits for that (ERR_RETRY), before the search and after it. From here on
 *      transactions are trials, which are rolled back. The first stores it without any of its teachers
 *   3. that works: trials with half of its teachers, and of each half that fails again with half, until those that fail
 *      alone are found
 *   4. without those it must work
 *   5. and alone each of them must fail once more. Then they are to blame and get quarantaine, and the message goes in
 *      with the others
 *   6. it fails without teachers too, or with all of them although each is well alone: if it can be stored as wholly
 *      refused, and what failed fails once more, the whole message gets quarantaine, the teachers it left unchanged
 *      included
 *   7. whatever comes otherwise proves nothing about a teacher: the message is tried from 1 on, and then waits
 *      (ERR_RETRY)
 *
 * SQLSTATE 54, a limit of the server, proves something only beside a teacher of the same message that is stored. A
 * shortage (53, 54001, a lock, a lost line) ends the search at once, with ERR_RETRY and without an outcome.
 *
 * Nothing of the next message is done before. A trial that finds the cursor moved ends it, as any transaction does. */
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
