/* cursor: the row of register.cursor, which says where the writer of a partition stands, and the fence (design 5.1).
 *
 * The row moves only in the transaction that writes what the verdicts up to it made. Fewer rows updated than asked
 * means that another instance moved one: roll back, read them, start there. Owner: the poll loop's thread. */
#ifndef WRITE_CURSOR_H
#define WRITE_CURSOR_H

#include "write/chain.h"
#include "write/register_session.h"

struct cursor {
	int32_t partition;
	bool is_there;
	bool is_restoring; /* CURSOR_RESTORING */
	struct chain chain;
};

/* Reads the rows of the partitions named in cursors, of which some may not be there: partitions that somebody added to
 * the topic. ERR_CONFIG: none is there of the whole topic: the register is not migrated for it; ERR_RETRY
 * if we have written with it before: it is being restored. */
MUSTUSE int cursor_find(struct register_session *session, struct slice topic, struct cursor *cursors, size_t count,
			struct err *err);
/* Reads the rows of the partitions named in cursors. A missing one is an error, as there. */
MUSTUSE int cursor_read(struct register_session *session, struct slice topic, struct cursor *cursors, size_t count,
			struct err *err);

/* A step of one partition, from where the row must stand to where it goes. */
struct cursor_move {
	int32_t partition;
	int64_t expected_next_verdict;
	struct chain to;
};

/* First statement of the transaction: locks the rows in ascending order and moves them. *ret_held: all stood as
 * expected. */
MUSTUSE int cursor_fence(struct register_session *session, struct slice topic, const struct cursor_move *moves,
			 size_t count, bool *ret_held, struct err *err);

/* Notes why a partition waits for an operator; the empty text removes the note. Not fenced: it is for people. */
MUSTUSE int cursor_note_parked(struct register_session *session, struct slice topic, int32_t partition,
			       struct slice why, struct err *err);

#endif
