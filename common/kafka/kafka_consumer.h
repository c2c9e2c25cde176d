/* kafka_consumer: a consumer of one topic, as a member of a group.
 *
 * Owner: the poll thread; every call from it. Positions are ours: the group says which partitions we own, the
 * caller's assign callback says where each starts, and the committed offset is only for lag tools. The
 * callbacks run inside kafka_consumer_poll (or kafka_consumer_close). Eager range assignment, no auto commit,
 * auto.offset.reset=error. A poll's ERR_RETRY says that all brokers are away: poll on, they are tried again by
 * themselves. Members that lost their session while the brokers were away come back after another
 * session_timeout_ms. */
#ifndef KAFKA_KAFKA_CONSUMER_H
#define KAFKA_KAFKA_CONSUMER_H

#include "kafka/kafka_gap.h"

#include <stdbool.h>

struct kafka_consumer;

struct kafka_consumer_events {
	/* Partitions are ours now. The caller prepares itself, and calls kafka_consumer_start for each it can start,
	 * now or later (until then nothing of it is fetched). */
	void (*assigned)(void *self, const int32_t *partitions, size_t count);
	/* Partitions leave us: finish or drop what is in flight before returning. is_lost: they already belong to
	 * another. */
	void (*revoked)(void *self, const int32_t *partitions, size_t count, bool is_lost);
	/* The start or current offset is outside the log. Nothing is fetched until the partition is started again. */
	void (*out_of_range)(void *self, int32_t partition, int64_t offset);
};

struct kafka_consumer_options {
	const char *topic, *group;
	/* Static membership: the name of this member, which no other has; NULL or "": none. With one a close leaves
	 * nobody anything: whoever comes back under the name within session_timeout_ms has the same partitions, and no
	 * other member is disturbed. */
	const char *instance;
	int32_t message_bytes_max; /* the largest that can come */
	int64_t queued_kbytes_max; /* librdkafka's prefetch in all */
	int32_t session_timeout_ms;
	/* Ours are the partitions whose number, divided by shares, leaves share; others that the group gives us nobody
	 * reads. All members of a group have the same two. shares 0 or 1: all partitions. */
	int32_t shares, share;
	bool (*must_leave)(void); /* true: a close waits for no broker any more. May be NULL */
};

MUSTUSE int kafka_consumer_open(const struct kafka_options *kafka, const struct kafka_consumer_options *options,
				const struct kafka_consumer_events *events, void *self, struct kafka_consumer **ret,
				struct err *err);
/* Leaves the group, unless options.instance named us; runs revoked. At most 10 s beside that, or until must_leave says
 * so: of a broker that does not answer the client and its threads are left behind until the process ends. NULL is
 * fine. */
void kafka_consumer_close(struct kafka_consumer *consumer);

/* The next message, which the caller drops. *ret_came false: none within wait_ms, and *ret is not written. Poll at
 * least every max.poll.interval (5 minutes), else the group takes our partitions away (revoked with is_lost). Messages
 * of a partition come in the order of their offsets without a hole; where the log itself has one, they go on behind
 * it. */
MUSTUSE int kafka_consumer_poll(struct kafka_consumer *consumer, uint32_t wait_ms, struct kafka_message *ret,
				bool *ret_came, struct err *err);

/* Fetch an assigned partition from this offset (0 or more) on; also used to seek, and to run a paused one again.
 * Messages of before a seek are never delivered after. Takes effect with the next poll, and makes librdkafka fetch the
 * other running partitions again from where they stand: cheap, but not for every message. ERR_RETRY: the partition is
 * not ours (any more).
 *
 * Pause drops what was fetched ahead of the partition; resume goes on behind the last message handed out. Both do
 * nothing for a partition that is not running, or not paused. */
MUSTUSE int kafka_consumer_start(struct kafka_consumer *consumer, int32_t partition, int64_t offset, struct err *err);
MUSTUSE int kafka_consumer_pause(struct kafka_consumer *consumer, int32_t partition, struct err *err);
MUSTUSE int kafka_consumer_resume(struct kafka_consumer *consumer, int32_t partition, struct err *err);

/* low and high watermark asked of the broker, bounded by wait_ms. */
MUSTUSE int kafka_consumer_range(struct kafka_consumer *consumer, int32_t partition, uint32_t wait_ms,
				 struct kafka_topic_range *ret, struct err *err);
/* What became of the offsets from this one on, below the next message that is handed out. */
MUSTUSE int kafka_consumer_gap(struct kafka_consumer *consumer, int32_t partition, int64_t from, uint32_t wait_ms,
			       enum kafka_gap *ret, struct err *err);

enum { KAFKA_METADATA_BYTES = 96 };
/* Commits next_offset with metadata for those who watch the group; nobody of ours needs it while register or cache
 * answer. Once a second, all partitions in one request; what is due goes out before a partition leaves. Failure is not
 * an error. */
void kafka_consumer_commit(struct kafka_consumer *consumer, int32_t partition, int64_t next_offset,
			   const char *metadata);
/* The metadata last committed by anyone for this partition; "" when none. buf gets a NUL-terminated text. */
MUSTUSE int kafka_consumer_committed(struct kafka_consumer *consumer, int32_t partition, uint32_t wait_ms, char *buf,
				     size_t buf_bytes, struct err *err);

#endif
