/* topic_guard: a worker's look at its topics after the start (topic_specs.h): each difference is logged once; with a
 * vital one the worker ends.
 *
 * The look is in the background, so a worker starts while Kafka is away; who may not see the settings logs that and
 * goes on. Zeroed it is one that is done. Owner: the poll loop. */
#ifndef SETTINGS_TOPIC_GUARD_H
#define SETTINGS_TOPIC_GUARD_H

#include "settings/topic_specs.h"

struct kafka_topic_check;

struct topic_guard {
	struct topic_specs specs;
	struct kafka_topic_check *check; /* NULL: it is done */
	char vital[256];		 /* the first vital difference */
};

/* May not be moved. topics: of those that the program writes to or reads; others have no name. */
MUSTUSE int topic_guard_begin(struct topic_guard *guard, const struct kafka_options *kafka,
			      const struct topic_settings *topics, struct err *err);
/* Once per iteration; never blocks. ERR_CONFIG: a vital setting differs. */
MUSTUSE int topic_guard_poll(struct topic_guard *guard, struct err *err);
void topic_guard_end(struct topic_guard *guard);

#endif
