/* publish: one message into a topic, in the log when this returns. */
#ifndef CTL_PUBLISH_H
#define CTL_PUBLISH_H

#include "ctl/base/ctl.h"
#include "kafka/kafka_producer.h"

struct raw_message; /* of protocol/raw_message.h */

struct publish_message {
	const char *what; /* "the confirmation", for the error */
	const char *topic;
	int32_t partition;
	struct slice key, value;
	const struct message_header *headers;
	size_t header_count;
};

/* Kafka refused what (as above) with this kind and code of a report: ERR_CONFIG when that lasts until somebody mends
 * the topic, else what the report says. */
int publish_fail(int error, const char *code, const char *what, const char *topic, struct err *err);

MUSTUSE int publish_one(struct ctl *ctl, const struct publish_message *message, struct err *err);
/* The same for a message of the raw topic, in the partition of its board. value: the buffer it was made in; ERR_FULL
 * when it is not whole. */
MUSTUSE int publish_raw(struct ctl *ctl, struct pg_link *link, const char *what, const struct raw_message *message,
			const struct strbuf *value, struct err *err);

#endif
