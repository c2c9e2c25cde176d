/* forgets: tell the cache to forget teachers that the register refused (design 5).
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
};

void forgets_init(struct forgets *forgets, struct kafka_producer *producer, const char *topic);
void forgets_release(struct forgets *forgets);

/* Hands the message's Forget to the producer, if it has one. *ret_teachers: how many it names. */
MUSTUSE int forgets_publish(struct forgets *forgets, const struct message *message, size_t *ret_teachers, struct err *err);

#endif
