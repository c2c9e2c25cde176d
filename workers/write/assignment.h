/* assignment: from "the group gave us this partition" to "we write it" (design 5.1).
 *
 * Reads the cursor row, looks whether both logs still belong to it (the verdict log holds next_verdict, the raw log
 * reaches next_raw and has the message we applied last), and starts the fetch there. A partition that fails is parked
 * with the reason, in the register too; the others go on. Owner: the turn thread. */
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

bool assignment_is_due(const struct inbox *inbox); /* a partition waits for this */

/* Takes all that are ASSIGNED. ERR_RETRY: a peer is away; the same again. ERR_CONFIG: not migrated. */
MUSTUSE int assignment_open(struct assignment *assignment, struct err *err);

/* The batch was given up: all partitions go back to the register's cursor. One that was parked is looked at again, as
 * what lies before the fault may be part of that batch. */
void assignment_again(struct inbox *inbox);

/* Whether the register's cursors still stand where we left them. They do not after a restore to an earlier time, which an idle
 * partition would not notice by a fence (design 7). Call it with no batch gathered. */
MUSTUSE int assignment_check(struct assignment *assignment, bool *ret_stands, struct err *err);

/* Tells the register why partitions are parked, as far as it does not know. */
MUSTUSE int assignment_tell_parked(struct assignment *assignment, struct err *err);

#endif
