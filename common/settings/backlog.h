/* backlog: how many raw messages a stage has not done yet, and since when the first of them waits, as metrics.
 *
 * Both stages count in the same log, so what the writer has not done includes what nobody has judged: without a
 * validator its figure rises, too. The stage says where each of its partitions stands; a thread of its own asks the
 * brokers every few seconds, whatever the poll loop waits for: a register that is away, an operator, a schema. When
 * Kafka is away the last figures stay. The age is shown as a time, so that it grows by itself. Offsets that hold no
 * message (markers of transactions) do not count as waiting when nothing else does.
 *
 * The thread asks nobody before a partition is set: the login is proved by then. */
#ifndef SETTINGS_BACKLOG_H
#define SETTINGS_BACKLOG_H

#include "kafka/kafka.h"

struct backlog;

/* stage: a literal, "validate" or "write". topic: of raw messages, copied. */
MUSTUSE int backlog_begin(const struct kafka_options *kafka, const char *stage, const char *topic, struct backlog **ret,
			  struct err *err);
/* Waits for a question under way, some seconds at most. NULL is allowed. */
void backlog_end(struct backlog *backlog);

/* The partition is ours, and all raw messages below next_raw are done. Any thread, never blocks. */
void backlog_set(struct backlog *backlog, int32_t partition, int64_t next_raw);
/* The partition has left us: its new owner measures. */
void backlog_leave(struct backlog *backlog, int32_t partition);

#endif
