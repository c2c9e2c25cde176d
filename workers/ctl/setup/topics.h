/* topics: makes the topics that are missing and looks at those that are there (settings/topic_specs.h). */
#ifndef CTL_TOPICS_H
#define CTL_TOPICS_H

#include "ctl/base/ctl.h"
#include "kafka/kafka_topics.h"

/* Names each difference on stderr. is_to_set: what can be set is set. ERR_CONFIG code "topic": a topic still
 * differs. */
MUSTUSE int topics_set_up(struct ctl *ctl, bool is_to_set, struct err *err);

/* Only looks. ERR_CONFIG: a topic is not there, or Kafka does not let us see its settings. */
MUSTUSE int topics_look(struct ctl *ctl, kafka_topic_differs *differs, void *self, struct err *err);

const char *topics_need(const struct kafka_topic_difference *difference); /* "at least ", or "" */

#endif
