/* kafka_admin: makes and looks at topics. */
#ifndef KAFKA_KAFKA_ADMIN_H
#define KAFKA_KAFKA_ADMIN_H

#include "kafka/kafka.h"

#include <stdbool.h>

/* How the value that an existing topic has is compared with the one wanted. -1 is without end. */
enum kafka_need { KAFKA_EQUAL = 0, KAFKA_AT_LEAST, KAFKA_AT_MOST };

struct kafka_topic_setting {
	const char *name, *value;
	enum kafka_need need;
	bool is_vital;	 /* a worker cannot do its work without it */
	bool is_default; /* what Kafka gives a new topic will do: it is not set when the topic is made */
	int32_t replicas_min, replicas_max; /* of topics with so many; 0: any */
};
/* replicas 0: not known. */
bool kafka_topic_setting_applies(const struct kafka_topic_setting *setting, int32_t replicas);

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

/* Members that a consumer group has now; 0 for one that Kafka does not know. */
MUSTUSE int kafka_admin_group_members(const struct kafka_options *kafka, const char *group, uint32_t wait_ms,
				      size_t *ret, struct err *err);

/* Calls visit with each partition of topic that a member of the group has, and that member: its client.id and host. */
typedef void kafka_owner_visit(void *self, int32_t partition, const char *client_id, const char *host);
MUSTUSE int kafka_admin_group_owners(const struct kafka_options *kafka, const char *group, const char *topic,
				     uint32_t wait_ms, kafka_owner_visit *visit, void *self, struct err *err);

#endif
