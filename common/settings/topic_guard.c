#include "settings/topic_guard.h"

#include "base/log.h"
#include "kafka/kafka_topics.h"

#include <stdio.h>

int topic_guard_begin(struct topic_guard *guard, const struct kafka_options *kafka, const struct topic_settings *topics,
		      struct err *err)
{
	topic_specs_make(topics, 0, 0, 0, &guard->specs);
	return kafka_topic_check_open(kafka, guard->specs.items, guard->specs.count, &guard->check, err);
}

void topic_guard_end(struct topic_guard *guard)
{
	kafka_topic_check_close(guard->check);
	guard->check = NULL;
}

static void note(void *self, const struct kafka_topic_difference *difference)
{
	struct topic_guard *guard = self;

	log_event(difference->is_vital ? LOG_ERROR : LOG_WARN, "topic.different",
		  "topic=%s setting=%s is=%s needs=%s effect=%s", difference->topic, difference->name,
		  LOG_QUOTED(difference->is), LOG_QUOTED(difference->wanted),
		  difference->is_vital
			  ? LOG_QUOTED("this program ends: run instroomctl migrate --fix")
			  : LOG_QUOTED("deliveries may be lost or dated wrongly: run instroomctl migrate"));
	if (difference->is_vital && !guard->vital[0])
		snprintf(guard->vital, sizeof guard->vital,
			 "topic %s has %s=%s and needs %s: run instroomctl migrate --fix", difference->topic,
			 difference->name, difference->is, difference->wanted);
}

int topic_guard_poll(struct topic_guard *guard, struct err *err)
{
	struct err unseen = { 0 };
	bool is_done = false;

	if (!guard->check)
		return 0;
	int rc = kafka_topic_check_poll(guard->check, note, guard, &is_done, &unseen);

	if (rc == 0 && !is_done)
		return 0;
	topic_guard_end(guard);
	if (rc != 0) /* a missing topic is reported by who reads or writes it */
		log_event(LOG_WARN, "topic.unchecked", "code=%s why=%s", LOG_QUOTED(unseen.code),
			  LOG_QUOTED(unseen.text));
	return guard->vital[0] ? err_set(err, ERR_CONFIG, "topic", "%s", guard->vital) : 0;
}
