/* kafka_reader: reads ranges of partitions, without a group: the fold of a verdict partition, reference snapshots,
 * dumps.
 *
 * The end of a range is where Kafka says that the reader stands, never an offset counted up to: the last offsets below
 * it may be markers of transactions, which no reader is given. Isolation is read_uncommitted, everywhere: see kafka.h.
 *
 * Owner: one thread. One range at a time; a reader is cheap to keep and may be used again. */
#ifndef KAFKA_KAFKA_READER_H
#define KAFKA_KAFKA_READER_H

#include "kafka/kafka_gap.h"

#include <stdbool.h>

struct kafka_reader;

MUSTUSE int kafka_reader_open(const struct kafka_options *kafka, int32_t message_bytes_max, struct kafka_reader **ret,
			      struct err *err);
void kafka_reader_close(struct kafka_reader *reader);

/* Watermarks: high is the end of what is committed to the log. ERR_CONFIG: no such topic or partition. */
MUSTUSE int kafka_reader_range(struct kafka_reader *reader, const char *topic, int32_t partition, uint32_t wait_ms,
			       struct kafka_topic_range *ret, struct err *err);
MUSTUSE int kafka_reader_partitions(struct kafka_reader *reader, const char *topic, uint32_t wait_ms, int32_t *ret,
				    struct err *err);
/* The id of the cluster, asked of a broker. ERR_RETRY: none answers within wait_ms. */
MUSTUSE int kafka_reader_cluster_id(struct kafka_reader *reader, uint32_t wait_ms, char *buf, size_t buf_bytes,
				    struct err *err);
/* Begins with the messages from offset from on and below end, or below the log's end when that comes first. from must
 * lie in the log: ERR_DATA otherwise. */
MUSTUSE int kafka_reader_begin(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from,
			       int64_t end, struct err *err);
/* Fetches nothing more until the next begin: a reader that waits for rare news asks for the range now and then
 * instead. */
void kafka_reader_rest(struct kafka_reader *reader);
/* *ret_came: *ret is the next message. Else the range is at its end: Kafka has handed out all that is below it, though
 * offsets may lack there (see kafka_gap.h). Ask again only after another begin. ERR_RETRY: neither came within wait_ms.
 * ERR_DATA: the position left the log. */
MUSTUSE int kafka_reader_next(struct kafka_reader *reader, uint32_t wait_ms, struct kafka_message *ret, bool *ret_came,
			      struct err *err);
/* Whether kafka_reader_next failed as the day key of a message is missing (code "day_key"): that message's matter, and
 * not that of the others. */
MUSTUSE bool kafka_reader_lacks_key(int rc, const struct err *err);
/* As that, or as we have no key of bodies at all. */
MUSTUSE bool kafka_reader_cannot_open(int rc, const struct err *err);
/* Whether a message stands in this range: offsets may all be markers of transactions. ERR_DATA: from is not in the
 * log. */
MUSTUSE int kafka_reader_holds(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from,
			       int64_t end, uint32_t wait_ms, bool *ret_holds, struct err *err);
/* As kafka_ask_gap. */
MUSTUSE int kafka_reader_gap(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from,
			     uint32_t wait_ms, enum kafka_gap *ret, struct err *err);

#endif
