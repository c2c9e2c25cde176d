#include "gateway/reference_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/kafka_reader.h"
#include "protocol/reference_snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
	SNAPSHOT_BYTES_MAX = 32 << 20,
	ASK_EVERY_MS = 500,
	ANSWER_MS_MAX = 1000,
	SILENT_MS_MAX = 10000, /* Kafka is away when it has not answered for so long */
	CLOSE_S_MAX = 2,
	TOPIC_BYTES_MAX = 250,
};

struct reference_watch {
	char topic[TOPIC_BYTES_MAX];
	struct kafka_reader *reader;
	int64_t next;	       /* offset */
	int64_t delayed_above; /* a shortage of ours is logged once: for offsets from here on */
	struct reference *_Atomic fresh;
	_Atomic bool is_read;
	_Atomic int64_t answered_ms; /* 0: never */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_closing, has_ended;
	pthread_t thread;
};

/* false: we are short of something now; the same again at the next look. Of a snapshot that is no good nothing else can
 * come, so that is passed over. */
static bool take_snapshot(struct reference_watch *watch, const struct kafka_message *message)
{
	uint8_t version[REFERENCE_VERSION_BYTES];
	struct reference *reference;
	struct err err = { 0 };
	int rc = reference_snapshot_version(message->key, version)
			 ? reference_snapshot_open(message->value, version, &reference, &err)
			 : err_set(&err, ERR_DATA, "reference", "the key is no version");

	if (rc == -ERR_DATA) {
		log_event(LOG_ERROR, "reference.unusable",
			  "offset=%lld effect=\"the one before stays in force\" why=%s", (long long)message->offset,
			  LOG_QUOTED(err.text));
		return true;
	}
	if (rc != 0) {
		if (message->offset >= watch->delayed_above)
			log_event(LOG_ERROR, "reference.delayed", "offset=%lld effect=\"tried again\" why=%s",
				  (long long)message->offset, LOG_QUOTED(err.text));
		watch->delayed_above = message->offset + 1;
		return false;
	}
	log_event(LOG_INFO, "reference.read", "offset=%lld boards=%zu schools=%zu", (long long)message->offset,
		  reference_rows(reference, REFERENCE_BOARDS), reference_rows(reference, REFERENCE_SCHOOLS));
	reference_free(atomic_exchange(&watch->fresh, reference));
	return true;
}

static bool is_closing(struct reference_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	bool is_asked = watch->is_closing;

	pthread_mutex_unlock(&watch->lock);
	return is_asked;
}

/* Reads up to high. After a broken connection, or a shortage of ours, the rest is read at the next look. */
static void read_up_to(struct reference_watch *watch, int64_t high)
{
	bool came = true;
	struct err err = { 0 };

	if (kafka_reader_begin(watch->reader, watch->topic, 0, watch->next, high, &err) != 0)
		return;
	while (came && !is_closing(watch)) {
		struct kafka_message message;

		if (kafka_reader_next(watch->reader, ANSWER_MS_MAX, &message, &came, &err) != 0)
			break;
		if (!came) {
			watch->next = high;
			break;
		}
		int64_t behind = message.offset + 1;
		bool is_taken = take_snapshot(watch, &message);

		kafka_message_drop(&message);
		if (!is_taken)
			break;
		watch->next = behind;
	}
	kafka_reader_rest(watch->reader);
}

static void look(struct reference_watch *watch)
{
	struct kafka_topic_range range;
	struct err err = { 0 };

	if (kafka_reader_range(watch->reader, watch->topic, 0, ANSWER_MS_MAX, &range, &err) != 0)
		return; /* asked again soon; meanwhile answered_ms grows old, and readiness says so */
	atomic_store(&watch->answered_ms, clock_ms());
	watch->next = MAX(watch->next, range.low);
	if (watch->next < range.high)
		read_up_to(watch, range.high);
	if (watch->next >= range.high)
		atomic_store(&watch->is_read, true);
}

/* false: closing. */
static bool rest(struct reference_watch *watch)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ASK_EVERY_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&watch->lock);
	while (!watch->is_closing && pthread_cond_timedwait(&watch->wake, &watch->lock, &until) != ETIMEDOUT)
		;
	bool goes_on = !watch->is_closing;

	pthread_mutex_unlock(&watch->lock);
	return goes_on;
}

static void *follow(void *self)
{
	struct reference_watch *watch = self;

	do
		look(watch);
	while (rest(watch));
	pthread_mutex_lock(&watch->lock);
	watch->has_ended = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

int reference_watch_open(const struct kafka_options *kafka, const char *topic, struct reference_watch **ret,
			 struct err *err)
{
	struct reference_watch *watch = calloc(1, sizeof *watch);
	pthread_condattr_t monotonic;

	if (!watch)
		return err_set(err, ERR_FATAL, "memory", "no memory to follow the reference topic");
	snprintf(watch->topic, sizeof watch->topic, "%s", topic);
	int rc = kafka_reader_open(kafka, SNAPSHOT_BYTES_MAX, &watch->reader, err);

	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (rc == 0 && pthread_create(&watch->thread, NULL, follow, watch) != 0)
		rc = err_set(err, ERR_FATAL, "thread", "the system gives no thread");
	if (rc != 0) {
		kafka_reader_close(watch->reader);
		free(watch);
		return rc;
	}
	*ret = watch;
	return 0;
}

/* While a broker hangs, librdkafka's call for watermarks takes longer than the time it was given. The thread, and all
 * memory it uses, is then left as it is until the process ends. */
static bool ends_in_time(struct reference_watch *watch)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CLOSE_S_MAX;
	pthread_mutex_lock(&watch->lock);
	watch->is_closing = true;
	pthread_cond_signal(&watch->wake);
	while (!watch->has_ended && pthread_cond_timedwait(&watch->wake, &watch->lock, &until) != ETIMEDOUT)
		;
	bool has_ended = watch->has_ended;

	pthread_mutex_unlock(&watch->lock);
	if (has_ended && pthread_join(watch->thread, NULL) == 0)
		return true;
	log_event(LOG_WARN, "reference.reader", "why=\"Kafka does not answer\" effect=\"its thread is left behind\"");
	return false;
}

void reference_watch_close(struct reference_watch *watch)
{
	if (!watch || !ends_in_time(watch))
		return;
	kafka_reader_close(watch->reader);
	reference_free(atomic_load(&watch->fresh));
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

struct reference *reference_watch_take(struct reference_watch *watch)
{
	return atomic_exchange(&watch->fresh, NULL);
}

bool reference_watch_is_read(const struct reference_watch *watch)
{
	return atomic_load(&watch->is_read);
}

bool reference_watch_has_kafka(const struct reference_watch *watch)
{
	int64_t answered_ms = atomic_load(&watch->answered_ms);

	return answered_ms > 0 && clock_ms() - answered_ms < SILENT_MS_MAX;
}
