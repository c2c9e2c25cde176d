#include "kafka/topic_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/kafka_reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
	SNAPSHOT_BYTES_MAX = 32 << 20,
	ASK_EVERY_MS = 500,
	ANSWER_MS_MAX = 1000,
	CLOSE_S_MAX = 2,
	GONE_AFTER_MS = 3000, /* a broker that starts may not know a topic yet */
	TOPIC_BYTES_MAX = 250,
};

struct topic_watch {
	const struct topic_watch_kind *kind;
	void *self;
	char topic[TOPIC_BYTES_MAX];
	struct kafka_reader *reader;
	int64_t next;	       /* offset */
	int64_t low;	       /* the topic began there at the last look */
	int64_t missed_at_ms;  /* since when there is none; 0: there is one */
	int64_t delayed_above; /* a shortage of ours is logged once: for offsets from here on */
	void *_Atomic fresh;
	_Atomic bool is_read;
	_Atomic int64_t answered_ms; /* Kafka said where the topic ends; 0: never */
	_Atomic int64_t checked_ms;  /* and what came until there was read, or cannot be yet; 0: never */
	_Atomic bool is_refused;     /* Kafka says that we may not read it */
	_Atomic bool is_gone;	     /* Kafka says that there is none, and we have read it */
	bool is_missed;		     /* that the topic cannot be read was logged */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_closing, has_ended;
	pthread_t thread;
};

/* false: we are short of something now; the same again at the next look. Of a snapshot that is no good nothing else can
 * come, so that is passed over. */
static bool take_snapshot(struct topic_watch *watch, const struct kafka_message *message)
{
	void *snapshot = NULL;
	struct err err = { 0 };
	char event[64];
	int rc = watch->kind->open(watch->self, message, &snapshot, &err);

	if (rc == 0) {
		if (snapshot)
			watch->kind->free(atomic_exchange(&watch->fresh, snapshot));
		return true;
	}
	bool is_bad = rc == -ERR_DATA;

	snprintf(event, sizeof event, "%s.%s", watch->kind->event, is_bad ? "unusable" : "delayed");
	if (is_bad || message->offset >= watch->delayed_above)
		log_event(LOG_ERROR, event, "offset=%lld effect=%s why=%s", (long long)message->offset,
			  LOG_QUOTED(is_bad ? "the one before stays in force" : "tried again"), LOG_QUOTED(err.text));
	if (!is_bad)
		watch->delayed_above = message->offset + 1;
	return is_bad;
}

static bool is_closing(struct topic_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	bool is_asked = watch->is_closing;

	pthread_mutex_unlock(&watch->lock);
	return is_asked;
}

/* Reads up to high. After a broken connection, or a shortage of ours, the rest is read at the next look. */
static int read_up_to(struct topic_watch *watch, int64_t high, struct err *err)
{
	bool came = true;
	int rc = kafka_reader_begin(watch->reader, watch->topic, 0, watch->next, high, err);

	if (rc != 0)
		return rc;
	while (came && !is_closing(watch)) {
		struct kafka_message message;

		rc = kafka_reader_next(watch->reader, ANSWER_MS_MAX, &message, &came, err);
		if (rc != 0)
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
	return rc;
}

/* As the client names it. */
static bool is_refused(const struct err *err)
{
	return strcmp(err->code, "TOPIC_AUTHORIZATION_FAILED") == 0;
}

static bool is_missing(const struct err *err)
{
	static const char *const CODES[] = { "UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION" };

	for (size_t i = 0; i < ARRAY_LEN(CODES); i++)
		if (strcmp(err->code, CODES[i]) == 0)
			return true;
	return false;
}

static void do_without(struct topic_watch *watch, const struct err *err)
{
	char event[64];

	snprintf(event, sizeof event, "%s.missing", watch->kind->event);
	if (!watch->is_missed)
		log_event(LOG_WARN, event, "topic=%s why=%s effect=%s", watch->topic, LOG_QUOTED(err->text),
			  LOG_QUOTED("we go on without it and look again: instroomctl migrate makes it"));
	watch->is_missed = true;
	atomic_store(&watch->is_read, true);
}

/* Something may stand there that we are not shown: it does not count as read. */
static void report_refused(struct topic_watch *watch, const struct err *err)
{
	char event[64];

	snprintf(event, sizeof event, "%s.refused", watch->kind->event);
	if (!atomic_exchange(&watch->is_refused, true))
		log_event(LOG_ERROR, event, "topic=%s why=%s effect=%s", watch->topic, LOG_QUOTED(err->text),
			  LOG_QUOTED("we do not know what is in it and look again: give us the rights of kafka-acls"));
}

/* What was read stays in force: Kafka answers, and what we accept is safe in another topic. */
static void report_gone(struct topic_watch *watch, const struct err *err)
{
	char event[64];

	atomic_store(&watch->answered_ms, clock_ms());
	snprintf(event, sizeof event, "%s.gone", watch->kind->event);
	if (!atomic_exchange(&watch->is_gone, true))
		log_event(LOG_ERROR, event, "topic=%s why=%s effect=%s", watch->topic, LOG_QUOTED(err->text),
			  LOG_QUOTED("what was read stays in force; nothing else is known after a restart: "
				     "instroomctl migrate makes the topic, and what was in it is published again"));
}

/* All that was read is gone; what comes is read from the beginning. */
static void cut_all(struct topic_watch *watch)
{
	watch->kind->cut(watch->self, INT64_MAX);
	watch->next = watch->low = 0;
}

/* The end of a topic that was made anew lies before where we stand, unless more came since than it had. */
static void look_for_cut(struct topic_watch *watch, const struct kafka_topic_range *range)
{
	if (!watch->kind->cut)
		return;
	if (range->high < watch->next)
		cut_all(watch);
	else if (range->low > watch->low)
		watch->kind->cut(watch->self, range->low);
	watch->low = range->low;
}

/* Of a kind that asks for cuts. false: it is not a matter of ours, or not for long enough yet. */
static bool look_for_end(struct topic_watch *watch)
{
	if (!watch->kind->cut || watch->next == 0)
		return false;
	if (watch->missed_at_ms == 0)
		watch->missed_at_ms = clock_ms();
	if (clock_ms() - watch->missed_at_ms >= GONE_AFTER_MS)
		cut_all(watch);
	return true;
}

/* An error: asked again soon; meanwhile answered_ms grows old, and readiness says so. Once there is something in force
 * it takes no more than the end of the topic: that it cannot be read says nothing against what is in force. */
static int look_further(struct topic_watch *watch, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_range(watch->reader, watch->topic, 0, ANSWER_MS_MAX, &range, err);

	if (rc != 0)
		return rc;
	if (atomic_load(&watch->is_read))
		atomic_store(&watch->answered_ms, clock_ms());
	look_for_cut(watch, &range);
	watch->next = MAX(watch->next, range.low);
	if (watch->next < range.high)
		rc = read_up_to(watch, range.high, err);
	if (rc != 0)
		return rc;
	atomic_store(&watch->answered_ms, clock_ms());
	atomic_store(&watch->checked_ms, clock_ms());
	if (watch->next >= range.high)
		atomic_store(&watch->is_read, true);
	return 0;
}

static void look(struct topic_watch *watch)
{
	struct err err = { 0 };
	int rc = look_further(watch, &err);

	if (rc == 0 || is_missing(&err))
		atomic_store(&watch->is_refused, false);
	if (rc == 0)
		atomic_store(&watch->is_gone, false);
	if (rc == 0 || !is_missing(&err))
		watch->missed_at_ms = 0;
	if (rc != 0 && is_missing(&err) && look_for_end(watch))
		return;
	if (rc != 0 && watch->kind->is_optional && is_missing(&err))
		do_without(watch, &err);
	else if (rc != 0 && is_refused(&err))
		report_refused(watch, &err);
	else if (rc != 0 && is_missing(&err) && atomic_load(&watch->is_read))
		report_gone(watch, &err);
}

/* false: closing. */
static bool rest(struct topic_watch *watch)
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
	struct topic_watch *watch = self;

	do
		look(watch);
	while (rest(watch));
	pthread_mutex_lock(&watch->lock);
	watch->has_ended = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

int topic_watch_open(const struct kafka_options *kafka, const char *topic, const struct topic_watch_kind *kind,
		     void *self, struct topic_watch **ret, struct err *err)
{
	struct topic_watch *watch = calloc(1, sizeof *watch);
	pthread_condattr_t monotonic;

	if (!watch)
		return err_set(err, ERR_FATAL, "memory", "no memory to follow %s", topic);
	watch->kind = kind;
	watch->self = self;
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
static bool ends_in_time(struct topic_watch *watch)
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
	log_event(LOG_WARN, "reader.left",
		  "topic=%s why=\"Kafka does not answer\" effect=\"its thread is left behind\"", watch->topic);
	return false;
}

bool topic_watch_close(struct topic_watch *watch)
{
	if (!watch)
		return true;
	if (!ends_in_time(watch))
		return false;
	kafka_reader_close(watch->reader);
	watch->kind->free(atomic_load(&watch->fresh));
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
	return true;
}

void *topic_watch_take(struct topic_watch *watch)
{
	return atomic_exchange(&watch->fresh, NULL);
}

bool topic_watch_is_read(const struct topic_watch *watch)
{
	return atomic_load(&watch->is_read);
}

bool topic_watch_is_refused(const struct topic_watch *watch)
{
	return atomic_load(&watch->is_refused);
}

bool topic_watch_is_gone(const struct topic_watch *watch)
{
	return atomic_load(&watch->is_gone);
}

static int64_t ms_since(int64_t at_ms)
{
	return at_ms > 0 ? clock_ms() - at_ms : -1;
}

int64_t topic_watch_silent_ms(const struct topic_watch *watch)
{
	return ms_since(atomic_load(&watch->answered_ms));
}

int64_t topic_watch_unchecked_ms(const struct topic_watch *watch)
{
	return ms_since(atomic_load(&watch->checked_ms));
}
