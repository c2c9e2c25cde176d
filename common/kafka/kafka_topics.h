/* kafka_topics: compares the settings of topics that exist with those they need.
 *
 * A topic that "exists" is right only with its settings: made by another tool, or by a broker with other defaults, it
 * may be compacted, keep a week, or refuse what we write. The broker is asked for the settings in force, wherever they
 * come from.
 *
 * kafka_topics_check is for a command: it waits, knows the number of replicas, and can set what differs. A
 * kafka_topic_check is for a worker: one question in the background, for as long as it takes, asked between two
 * iterations of its loop. */
#ifndef KAFKA_KAFKA_TOPICS_H
#define KAFKA_KAFKA_TOPICS_H

#include "kafka/kafka_admin.h"

#include <stdbool.h>

struct kafka_topic_difference {
	const char *topic, *name, *is, *wanted;
	enum kafka_need need;
	bool is_vital;	 /* we cannot work with it */
	bool can_be_set; /* by kafka_topics_check; the number of replicas cannot */
};
typedef void kafka_topic_differs(void *self, const struct kafka_topic_difference *difference);

/* Calls differs for each difference. is_to_set: a topic that differs gets the settings of its spec, which do not count
 * in *ret_count; call again to see what differs still. ERR_CONFIG: a topic is not there, or Kafka does not let us see
 * or alter it. */
MUSTUSE int kafka_topics_check(const struct kafka_options *kafka, const struct kafka_topic_spec *specs, size_t count,
			       uint32_t wait_ms, bool is_to_set, kafka_topic_differs *differs, void *self,
			       size_t *ret_count, struct err *err);

struct kafka_topic_check;

/* specs and the texts in them stay the caller's, until close. */
MUSTUSE int kafka_topic_check_open(const struct kafka_options *kafka, const struct kafka_topic_spec *specs,
				   size_t count, struct kafka_topic_check **ret, struct err *err);
void kafka_topic_check_close(struct kafka_topic_check *check);
/* Never blocks. *ret_is_done: the answer came, and differs was called for each difference. Settings that depend on the
 * number of replicas are not looked at. 0 and not done: poll again. ERR_CONFIG: Kafka does not let us see the settings
 * of a topic, or there is none. */
MUSTUSE int kafka_topic_check_poll(struct kafka_topic_check *check, kafka_topic_differs *differs, void *self,
				   bool *ret_is_done, struct err *err);

#endif
