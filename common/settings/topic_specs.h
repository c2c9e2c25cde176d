/* topic_specs: what each topic needs of Kafka (design 2): what migrate makes, and what it and the workers check.
 *
 * Vital is what a worker cannot do its work without: a compacted raw topic loses deliveries by design, and a topic that
 * takes smaller messages than ours refuses some of them for ever. */
#ifndef SETTINGS_TOPIC_SPECS_H
#define SETTINGS_TOPIC_SPECS_H

#include "kafka/kafka_admin.h"
#include "settings/settings.h"

enum { TOPIC_SPECS = 6 };

struct topic_specs {
	struct kafka_topic_spec items[TOPIC_SPECS];
	size_t count;
	char retention_ms[24];
	struct kafka_topic_setting settings[TOPIC_SPECS][12];
};

/* Of the topics that have a name in topics. retention_days 0: not known, any will do. specs may not be moved, and the
 * names stay the caller's. */
void topic_specs_make(const struct topic_settings *topics, int32_t partitions, int32_t replication,
		      int64_t retention_days, struct topic_specs *specs);

#endif
