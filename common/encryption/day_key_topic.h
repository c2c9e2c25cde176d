/* day_key_topic: the whole topic of day keys, read once: for commands, which follow nothing. */
#ifndef ENCRYPTION_DAY_KEY_TOPIC_H
#define ENCRYPTION_DAY_KEY_TOPIC_H

#include "kafka/kafka.h"
#include "seal/day_keys.h"

/* What the log holds, beside what it says: records that still stand there, also those that a newer one replaced. */
struct day_key_topic_look {
	void (*visit)(void *self, const struct day_key_record *record, int64_t offset); /* NULL: nobody looks */
	void *self;
};

/* keys NULL: only looked at. Messages that are none of ours are skipped. */
MUSTUSE int day_key_topic_read(const struct kafka_options *kafka, const char *topic, struct day_keys *keys,
			       const struct day_key_topic_look *look, struct err *err);

#endif
