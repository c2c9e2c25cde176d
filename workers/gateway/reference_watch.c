#include "gateway/reference_watch.h"

#include "base/log.h"
#include "kafka/topic_watch.h"
#include "protocol/reference_snapshot.h"

enum { SILENT_MS_MAX = 10000 }; /* Kafka is away when it has not answered for so long */

struct reference_watch {
	struct topic_watch *topic;
};

static int open_snapshot(void *self, const struct kafka_message *message, void **ret, struct err *err)
{
	uint8_t version[REFERENCE_VERSION_BYTES];
	struct reference *reference;

	(void)self;
	if (!reference_snapshot_version(message->key, version))
		return err_set(err, ERR_DATA, "reference", "the key is no version");
	int rc = reference_snapshot_open(message->value, version, &reference, err);

	if (rc != 0)
		return rc;
	log_event(LOG_INFO, "reference.read", "offset=%lld boards=%zu schools=%zu", (long long)message->offset,
		  reference_rows(reference, REFERENCE_BOARDS), reference_rows(reference, REFERENCE_SCHOOLS));
	*ret = reference;
	return 0;
}

static void free_snapshot(void *snapshot)
{
	reference_free(snapshot);
}

static const struct topic_watch_kind KIND = { .event = "reference", .open = open_snapshot, .free = free_snapshot };

int reference_watch_open(const struct kafka_options *kafka, const char *topic, struct reference_watch **ret,
			 struct err *err)
{
	struct reference_watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		return err_set(err, ERR_FATAL, "memory", "no memory to follow the reference topic");
	int rc = topic_watch_open(kafka, topic, &KIND, NULL, &watch->topic, err);

	if (rc != 0)
		free(watch);
	else
		*ret = watch;
	return rc;
}

void reference_watch_close(struct reference_watch *watch)
{
	if (!watch)
		return;
	(void)topic_watch_close(watch->topic);
	free(watch);
}

struct reference *reference_watch_take(struct reference_watch *watch)
{
	return topic_watch_take(watch->topic);
}

bool reference_watch_is_read(const struct reference_watch *watch)
{
	return topic_watch_is_read(watch->topic);
}

bool reference_watch_has_kafka(const struct reference_watch *watch)
{
	int64_t silent_ms = topic_watch_silent_ms(watch->topic);

	return silent_ms >= 0 && silent_ms < SILENT_MS_MAX;
}

bool reference_watch_is_refused(const struct reference_watch *watch)
{
	return topic_watch_is_refused(watch->topic) || topic_watch_is_gone(watch->topic);
}
