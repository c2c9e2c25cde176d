/* topic_walk: messages of a topic, one by one in their order, or the one at an offset. */
#ifndef CTL_TOPIC_WALK_H
#define CTL_TOPIC_WALK_H

#include "base/err.h"
#include "kafka/kafka_reader.h"

typedef int topic_visit(void *self, const struct kafka_message *message, struct err *err);

/* Calls visit with each message from offset from on and below end, as long as it returns 0. ERR_RETRY: Kafka gives
 * nothing although there is more. ERR_STOP: a signal came. */
MUSTUSE int topic_walk(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from, int64_t end,
		       topic_visit *visit, void *self, struct err *err);

enum topic_found {
	TOPIC_FOUND = 1, /* *ret is the caller's to drop */
	TOPIC_GONE,	 /* the topic has no message there: not any more, not yet, or it is a marker of a transaction */
};

/* ERR_RETRY: Kafka is away, or gives nothing. */
MUSTUSE int topic_message_at(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t offset,
			     enum topic_found *ret_found, struct kafka_message *ret, struct err *err);

#endif
