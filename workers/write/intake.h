/* intake: the partitions we own, and the verdicts gathered for the next transaction.
 *
 * A replay is alone of its board in a batch: what it speaks of is then wholly in the register. A withdrawal is in none
 * with a content of its board before it: that is then written before it is erased.
 * A partition has two positions: committed is what the register's cursor row says, ahead is behind the last verdict
 * looked at. What is gathered lies between them. Giving up a batch sets ahead back and fetches from committed again.
 * States: OTHERS -> ASSIGNED (the group gave it to us) -> RUNNING (its cursor is read, it is being fetched) -> PARKED
 * (it waits for an operator; the others go on); any -> OTHERS when the group takes it away. Owner: the turn thread.
 * Memory: an arena for what is decoded; the bytes themselves are Kafka's until the batch is over. */
#ifndef WRITE_INTAKE_H
#define WRITE_INTAKE_H

#include "kafka/kafka_consumer.h"
#include "write/cursor.h"
#include "write/message.h"

enum { INTAKE_MESSAGES_MAX = 4096, INTAKE_PARTITIONS_MAX = 1024 };

enum partition_state { PARTITION_OTHERS = 0, PARTITION_ASSIGNED, PARTITION_RUNNING, PARTITION_PARKED };

struct partition {
	enum partition_state state;
	struct chain committed, ahead;
	char why[200];	    /* parked */
	bool must_tell_why; /* not in the register yet */
};

struct intake_limits {
	int64_t rows_max;  /* teachers to decide */
	int64_t bytes_max; /* of messages */
};

struct intake {
	struct intake_limits limits;
	int32_t generation;
	struct partition partitions[INTAKE_PARTITIONS_MAX];
	int32_t partition_end; /* above the highest ever ours */
	struct arena arena;
	struct message *messages[INTAKE_MESSAGES_MAX];
	struct chain after[INTAKE_MESSAGES_MAX]; /* of the message's partition, behind it */
	struct kafka_message raws[INTAKE_MESSAGES_MAX];
	size_t count;
	int64_t rows, bytes;
	bool has_replay;
};

MUSTUSE int intake_init(struct intake *intake, const struct intake_limits *limits, int32_t generation,
			size_t arena_bytes_max, struct err *err);
void intake_release(struct intake *intake);

enum intake_end {
	INTAKE_TAKEN = 1, /* it is one of the batch; its bytes are ours */
	INTAKE_VOID,	  /* it does not count */
	INTAKE_PARKED,	  /* its partition cannot go on: see why */
	INTAKE_FULL,	  /* no room in this batch: fetch it again after the next */
};

/* Drops raw unless TAKEN. */
enum intake_end intake_take(struct intake *intake, struct kafka_message *raw);
bool intake_is_full(const struct intake *intake);
/* Nothing gathered, and no partition that has moved over verdicts that do not count. */
bool intake_is_empty(const struct intake *intake);

void intake_park(struct intake *intake, int32_t partition, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The steps of the whole batch, rising by partition. ret has room for INTAKE_PARTITIONS_MAX. Returns their number. */
size_t intake_moves(const struct intake *intake, struct cursor_move *ret);
/* The step of each message alone, in their order. ret has room for count. */
void intake_moves_each(const struct intake *intake, struct cursor_move *ret);

/* The first count messages are in the register. */
void intake_drop_first(struct intake *intake, size_t count);
/* The batch is over: in the register, or given up. Positions are the caller's matter. */
void intake_clear(struct intake *intake);

#endif
