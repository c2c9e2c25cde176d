/* publish: one message into a topic, in the log when this returns. */
#ifndef CTL_PUBLISH_H
#define CTL_PUBLISH_H

#include "ctl/base/ctl.h"
#include "kafka/kafka_producer.h"

struct publish_message {
	const char *what; /* "the confirmation", for the error */
	const char *topic;
	int32_t partition; /* or KAFKA_ANY_PARTITION */
	struct slice key, value;
	const struct message_header *headers;
	size_t header_count;
};

MUSTUSE int publish_one(struct ctl *ctl, const struct publish_message *message, struct err *err);

#endif
