/* kafka_reader: reads ranges of partitions, without a group: the fold of a verdict partition, reference snapshots,
 * dumps.
 *
 * Owner: one thread. One range at a time; a reader is cheap to keep and may be used again. */
#ifndef KAFKA_KAFKA_READER_H
#define KAFKA_KAFKA_READER_H

#include "kafka/kafka.h"

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
/* Starts at offset (must lie in the log: ERR_DATA otherwise). */
MUSTUSE int kafka_reader_seek(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t offset,
			      struct err *err);
/* Fetches nothing more until the next seek: a reader that waits for rare news asks for the range now and then instead. */
void kafka_reader_rest(struct kafka_reader *reader);
/* The next message, which the caller drops. *ret_came false: none within wait_ms, and *ret is not written. ERR_DATA: the
 * position left the log. */
MUSTUSE int kafka_reader_next(struct kafka_reader *reader, uint32_t wait_ms, struct kafka_message *ret, bool *ret_came,
			      struct err *err);

#endif
