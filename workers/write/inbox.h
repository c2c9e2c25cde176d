/* inbox: the partitions we own, and the verdicts polled for the next transaction.
 *
 * A replay is alone of its board in a batch: what it speaks of is then wholly in the register. A withdrawal is in none
 * with a content of its board before it: that is then written before it is erased.
 * A partition has two positions: committed is what the register's cursor row says, ahead is behind the last verdict
 * looked at. What is gathered lies between them. Giving up a batch sets ahead back and fetches from committed again.
 * States: OTHERS -> ASSIGNED (the group gave it to us) -> RUNNING (its cursor is read, it is being fetched) -> PARKED
 * (it waits for an operator; the others go on); any -> OTHERS when the group takes it away. Owner: the turn thread.
 * Memory: an arena for what is decoded; the bytes themselves are Kafka's until the batch is over. */
#ifndef WRITE_INBOX_H
#define WRITE_INBOX_H

#include "kafka/kafka_consumer.h"
#include "write/cursor.h"
#include "write/message.h"

enum { INBOX_MESSAGES_MAX = 4096, INBOX_PARTITIONS_MAX = 1024 };

enum partition_state { PARTITION_OTHERS = 0, PARTITION_ASSIGNED, PARTITION_RUNNING, PARTITION_PARKED };

struct partition {
	enum partition_state state;
	struct chain committed, ahead;
	char why[200];	    /* parked */
	bool must_tell_why; /* not in the register yet */
};

struct inbox_limits {
	int64_t rows_max;  /* teachers to decide */
	int64_t bytes_max; /* of messages */
};

struct inbox {
	struct inbox_limits limits;
	int32_t generation;
	struct partition partitions[INBOX_PARTITIONS_MAX];
	int32_t partition_end; /* above the highest ever ours */
	struct arena arena;
	struct message *messages[INBOX_MESSAGES_MAX];
	struct chain after[INBOX_MESSAGES_MAX]; /* of the message's partition, behind it */
	struct kafka_message raws[INBOX_MESSAGES_MAX];
	size_t count;
	int64_t rows, bytes;
	bool has_replay;
};

MUSTUSE int inbox_init(struct inbox *inbox, const struct inbox_limits *limits, int32_t generation,
		       size_t arena_bytes_max, struct err *err);
void inbox_release(struct inbox *inbox);

enum inbox_result {
	INBOX_ADDED = 1, /* it is one of the batch; its bytes are ours */
	INBOX_VOID,	 /* it does not count */
	INBOX_PARKED,	 /* its partition cannot go on: see why */
	INBOX_FULL,	 /* no room in this batch: fetch it again after the next */
};

/* Drops raw unless TAKEN. */
enum inbox_result inbox_add(struct inbox *inbox, struct kafka_message *raw);
bool inbox_is_full(const struct inbox *inbox);
/* Nothing gathered, and no partition that has moved over verdicts that do not count. */
bool inbox_is_empty(const struct inbox *inbox);

void inbox_park(struct inbox *inbox, int32_t partition, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The steps of the whole batch, rising by partition. ret has room for INBOX_PARTITIONS_MAX. Returns their number. */
size_t inbox_moves(const struct inbox *inbox, struct cursor_move *ret);
/* The step of each message alone, in their order. ret has room for count. */
void inbox_moves_each(const struct inbox *inbox, struct cursor_move *ret);

/* The first count messages are in the register. */
void inbox_drop_first(struct inbox *inbox, size_t count);
/* The batch is over: in the register, or given up. Positions are the caller's matter. */
void inbox_clear(struct inbox *inbox);

#endif
