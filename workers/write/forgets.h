/* forgets: the messages by which the cache forgets teachers that the register refused (design 5).
 *
 * A Forget is a raw message in the board's own partition, so it stands in the log like all else. It goes out after
 * COMMIT; when that fails or we die before, the next UNCHANGED of such a teacher meets its mark and sends it again. */
#ifndef WRITE_FORGETS_H
#define WRITE_FORGETS_H

#include "kafka/kafka_producer.h"
#include "write/message.h"

struct forgets {
	struct kafka_producer *producer;
	const char *topic; /* raw */
	struct strbuf keys, value;
	size_t in_flight; /* handed to the producer, not reported */
};

/* The producer is the caller's, with forgets_reported as its callback. */
void forgets_init(struct forgets *forgets, struct kafka_producer *producer, const char *topic);
void forgets_release(struct forgets *forgets);
void forgets_reported(void *opaque, const struct kafka_report *report);

/* Publishes the Forgets of messages that are in the register, and waits a while for their reports. Never fails: what is
 * lost is logged and sent again by a later verdict. */
void forgets_publish(struct forgets *forgets, struct message *const *messages, size_t count);

#endif
