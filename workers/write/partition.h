/* partition: one partition of the verdict topic, and where its writer stands.
 *
 *   OTHERS --1--> ASSIGNED --2--> RUNNING --4--> PAUSED --5--> RUNNING
 *
 *   PARKED   <--3-- ASSIGNED, RUNNING, PAUSED
 *   ASSIGNED <--6-- RUNNING, PAUSED, PARKED
 *   OTHERS   <--7-- each
 *
 *   1  the group gives it to us
 *   2  its cursor is read, and both logs go with it
 *   3  a log does not go with the register, or a verdict cannot be applied
 *   4  the register is away: nothing may be polled for a batch
 *   5  it is there again
 *   6  the batch was given up
 *   7  the group takes it away
 *
 *   OTHERS    not ours
 *   ASSIGNED  ours; to be opened (assignment.h)
 *   RUNNING   polled from
 *   PAUSED    as RUNNING, but Kafka holds its messages back until the register is there again
 *   PARKED    waits for an operator, for the reason in why; the others go on
 *
 * It has two positions. committed is what the register's cursor row says; ahead is behind the last verdict looked at.
 * What is polled for the next transaction lies between them. Giving up a batch sets ahead back to committed. */
#ifndef WRITE_PARTITION_H
#define WRITE_PARTITION_H

#include "write/cursor.h"

enum partition_state {
	PARTITION_OTHERS = 0,
	PARTITION_ASSIGNED,
	PARTITION_RUNNING,
	PARTITION_PAUSED,
	PARTITION_PARKED,
	PARTITION_STATES
};

struct partition {
	enum partition_state state;
	struct chain committed, ahead; /* of no meaning before RUNNING */
	bool has_cursor;	       /* likewise; false: the register has none, and it is PARKED */
	bool is_restoring;	       /* likewise; true: boards are missing in the register, and it is PARKED */
	char why[200];		       /* PARKED */
	bool is_why_due;	       /* it is not in the register yet */
	/* A message is sealed with a day key that we do not have: PAUSED: the next verdict; ASSIGNED: the raw message
	 * that was applied last, so it is not opened before. */
	int64_t rests_until_ms;
	int64_t sealed_offset; /* behind that message, which is logged once */
};

/* The only place where a state changes. A change that the drawing does not have is our bug and ends the process. */
void partition_change(struct partition *partition, enum partition_state to);
bool partition_may_change(enum partition_state from, enum partition_state to);

/* PARKED, with the reason, which is logged. number: of the partition. */
void partition_park(struct partition *partition, int32_t number, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Its positions are those of the register's cursor and of the log. */
static inline bool partition_is_open(const struct partition *partition)
{
	return partition->state >= PARTITION_RUNNING;
}

/* Something was polled of it, or passed by because it does not count, that is not in the register. */
static inline bool partition_has_moved(const struct partition *partition)
{
	return partition_is_open(partition) && partition->ahead.at.next_verdict != partition->committed.at.next_verdict;
}

/* The register's cursors beside those we left there, from what says least to what says most. ADDED: some are there that
 * were missing. */
enum cursors_found { CURSORS_STAND, CURSORS_ADDED, CURSORS_MOVED };

enum cursors_found partition_compare(const struct partition *partition, const struct cursor *cursor);

#endif
