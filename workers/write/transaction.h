/* transaction: one batch into the register, whole or not at all (design 5).
 *
 *   begin; fence; judge (reads); write; commit
 *
 * The fence comes first, so that nobody else can touch the boards of these partitions, and ends the transaction when
 * another instance moved one of them. After a lost answer to COMMIT the cursor shows what happened: transaction_run
 * reads it before the same batch is done again. Owner: the poll loop's thread. */
#ifndef WRITE_TRANSACTION_H
#define WRITE_TRANSACTION_H

#include "write/batch.h"
#include "write/cursor.h"

enum transaction_end {
	TRANSACTION_COMMITTED = 1,
	TRANSACTION_FENCED, /* nothing is written: a partition of the batch is another's now */
	TRANSACTION_TRIED,  /* a trial: it would have gone through, and is rolled back */
};

/* What is done in one transaction. */
struct transaction_work {
	struct message **messages;
	size_t message_count;
	const struct cursor_move *moves;
	size_t move_count;
	bool is_trial;
};

struct transaction {
	struct register_session session;
	struct slice topic;	 /* raw */
	struct arena arena;	 /* of judging; emptied at the start of each run */
	uint32_t check_share;	 /* batch.h */
	bool is_commit_in_doubt; /* the line broke while COMMIT was under way */
	struct batch batch;	 /* of the last run; valid until the next */
};

MUSTUSE int transaction_init(struct transaction *transaction, struct pg_link *link, struct slice topic,
			     size_t arena_bytes_max, size_t arena_bytes_kept, struct err *err);
void transaction_release(struct transaction *transaction);

/* ERR_RETRY: the same again later. ERR_DATA: something in it cannot be stored; nothing is written. ERR_FULL: too much
 * for one. Connects when the link is down. */
MUSTUSE int transaction_run(struct transaction *transaction, const struct transaction_work *work,
			    enum transaction_end *ret, struct err *err);

/* The batch is given up: another owner has its partitions. Forgets that COMMIT was in doubt. */
void transaction_forget(struct transaction *transaction);

#endif
