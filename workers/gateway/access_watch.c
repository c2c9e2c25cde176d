#include "gateway/access_watch.h"

#include "base/log.h"
#include "kafka/topic_watch.h"
#include "protocol/access_snapshot.h"

#include <stdlib.h>

struct access_watch {
	struct topic_watch *topic;
	int64_t newest; /* sequence of the newest that was read; the thread's own */
};

static int open_snapshot(void *self, const struct kafka_message *message, void **ret, struct err *err)
{
	struct access_watch *watch = self;
	struct access_data *data = NULL;
	int rc = access_snapshot_open(message->value, &data, err);

	if (rc != 0)
		return rc;
	int64_t sequence = access_data_version(data)->sequence;
	bool is_newer = sequence > watch->newest;

	log_event(LOG_INFO, is_newer ? "access.read" : "access.old", "offset=%lld version=%lld",
		  (long long)message->offset, (long long)sequence);
	if (is_newer) {
		watch->newest = sequence;
		*ret = data;
	} else {
		access_data_free(data);
	}
	return 0;
}

static void free_snapshot(void *snapshot)
{
	access_data_free(snapshot);
}

static const struct topic_watch_kind KIND = {
	.event = "access", .open = open_snapshot, .free = free_snapshot, .is_optional = true
};

int access_watch_open(const struct kafka_options *kafka, const char *topic, struct access_watch **ret, struct err *err)
{
	struct access_watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		return err_set(err, ERR_FATAL, "memory", "no memory to follow the access topic");
	int rc = topic_watch_open(kafka, topic, &KIND, watch, &watch->topic, err);

	if (rc != 0)
		free(watch);
	else
		*ret = watch;
	return rc;
}

void access_watch_close(struct access_watch *watch)
{
	if (watch && topic_watch_close(watch->topic))
		free(watch); /* else a thread that was left behind may use it */
}

struct access_data *access_watch_take(struct access_watch *watch)
{
	return topic_watch_take(watch->topic);
}

bool access_watch_is_read(const struct access_watch *watch)
{
	return topic_watch_is_read(watch->topic);
}

bool access_watch_is_refused(const struct access_watch *watch)
{
	return topic_watch_is_refused(watch->topic);
}

int64_t access_watch_silent_ms(const struct access_watch *watch)
{
	return topic_watch_unchecked_ms(watch->topic);
}
