/* kafka_admin: makes and looks at topics. */
#ifndef KAFKA_KAFKA_ADMIN_H
#define KAFKA_KAFKA_ADMIN_H

#include "kafka/kafka.h"

struct kafka_topic_setting {
	const char *name, *value;
};
struct kafka_topic_spec {
	const char *name;
	int32_t partitions;
	int32_t replication;
	const struct kafka_topic_setting *settings;
	size_t setting_count;
};

/* Makes those that do not exist, and waits until each partition can be asked for its range. A topic that exists with
 * another partition count is ERR_CONFIG: its count never changes. */
MUSTUSE int kafka_admin_make_topics(const struct kafka_options *kafka, const struct kafka_topic_spec *specs,
				    size_t count, uint32_t wait_ms, struct err *err);

#endif
