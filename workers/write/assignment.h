/* assignment: from "the group gave us this partition" to "we write it" (design 5.1).
 *
 * A rebalance:
 *
 *   1. Kafka takes partitions away, inside a poll: the batch is given up, since some of it may be theirs. What it had
 *      was not in the register; the new owner begins at the register's cursor
 *   2. Kafka gives partitions: they are ASSIGNED. Nothing of them is polled yet
 *   3. assignment_open reads their cursor rows; another instance may be in the middle of a transaction that moves one.
 *      Then the fence of our first batch finds that, and they are opened again
 *   4. it looks whether both logs still belong to the register: the verdict log holds next_verdict, the raw log reaches
 *      next_raw, and the raw message before it is the one that was applied. If not, the partition is PARKED with the
 *      reason, in the register too, and the others go on. If that message is sealed with a day key that is missing, the
 *      partition stays ASSIGNED and is looked at again; the others go on
 *   5. the fetch starts at next_verdict, whatever offset the group has
 *
 * The register is set back to an earlier time:
 *
 *   1. a writer with work finds it by its fence: the cursor is not where the batch began
 *   2. one without work would never look. So assignment_check compares the cursors with where we left them, every 10 s
 *      and after every new connection, with no batch under way
 *   3. in both cases the batch is given up and all partitions are opened again: the verdicts from the register's cursor
 *      on are applied anew, and come to the same (design 7)
 *
 * Owner: the poll loop's thread. */
#ifndef WRITE_ASSIGNMENT_H
#define WRITE_ASSIGNMENT_H

#include "write/inbox.h"

struct assignment {
	struct inbox *inbox;
	struct kafka_consumer *consumer;
	const struct kafka_options *kafka;
	const char *topic_raw;
	struct register_session *session;
	uint32_t wait_ms;
};

/* A partition is to be opened. */
bool assignment_is_due(const struct inbox *inbox);

/* Opens all that are ASSIGNED. ERR_RETRY: a peer is away; the same again. ERR_CONFIG: not migrated. */
MUSTUSE int assignment_open(struct assignment *assignment, struct err *err);

/* The batch was given up: all partitions go back to the register's cursor. One that was parked is looked at again, as
 * what lies before the fault may be part of that batch. */
void assignment_again(struct inbox *inbox);

/* Of all partitions, the one that says most. Call it with an empty inbox. */
MUSTUSE int assignment_check(struct assignment *assignment, enum cursors_found *ret, struct err *err);

/* Writes into the register why partitions are parked, where it does not stand there yet. For people: not fenced. */
MUSTUSE int assignment_note_parked(struct assignment *assignment, struct err *err);

#endif
