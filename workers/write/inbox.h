/* inbox: the partitions we own, and the verdicts polled for the next transaction.
 *
 * A replay is alone of its board in a batch: what it speaks of is then wholly in the register. A withdrawal is in none
 * with a content of its board before it: that is then written before it is erased.
 *
 * Owner: the poll loop's thread. Memory: an arena for what is decoded; the bytes themselves are Kafka's until the batch
 * is over. */
#ifndef WRITE_INBOX_H
#define WRITE_INBOX_H

#include "kafka/kafka_consumer.h"
#include "write/cursor.h"
#include "write/message.h"
#include "write/partition.h"

enum { INBOX_MESSAGES_MAX = 4096, INBOX_PARTITIONS_MAX = 1024 };

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
	bool has_lone; /* a message that must be alone of its board */
};

MUSTUSE int inbox_init(struct inbox *inbox, const struct inbox_limits *limits, int32_t generation,
		       size_t arena_bytes_max, struct err *err);
void inbox_release(struct inbox *inbox);

enum inbox_result {
	INBOX_ADDED = 1, /* it is one of the batch; its bytes are ours */
	INBOX_VOID,	 /* it does not count */
	INBOX_PARKED,	 /* its partition cannot go on: see why */
	INBOX_FULL,	 /* it does not fit this batch: fetch it again after it */
};

/* Drops raw unless ADDED. */
enum inbox_result inbox_add(struct inbox *inbox, struct kafka_message *raw);
bool inbox_is_full(const struct inbox *inbox);
/* Nothing polled, and no partition that has moved over verdicts that do not count. */
bool inbox_is_empty(const struct inbox *inbox);

/* The steps of the whole batch, rising by partition. ret holds INBOX_PARTITIONS_MAX. Returns their number. */
size_t inbox_moves(const struct inbox *inbox, struct cursor_move *ret);
/* The step of each message alone, in their order. ret holds count. */
void inbox_moves_each(const struct inbox *inbox, struct cursor_move *ret);

/* The first count messages are in the register. */
void inbox_drop_first(struct inbox *inbox, size_t count);
/* The batch is over: in the register, or given up. Positions are the caller's matter. */
void inbox_clear(struct inbox *inbox);

#endif
