#include "settings/backlog.h"

#include "kafka/kafka_reader.h"
#include "run/stage_metrics.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { EVERY_S = 5, RANGE_MS = 1000, MESSAGE_MS = 2000, MESSAGE_BYTES_MAX = 33 << 20, NOT_OURS = -1 };

struct backlog {
	const char *stage;
	char topic[256];
	struct kafka_reader *reader;
	_Atomic int64_t next_raw[STAGE_PARTITIONS_MAX]; /* NOT_OURS, or an offset */
	_Atomic int32_t partition_end;			/* above the highest ever ours */
	/* What the thread knows of the message at an offset: it is asked for once. */
	int64_t known_at[STAGE_PARTITIONS_MAX], known_ms[STAGE_PARTITIONS_MAX];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ends;
	bool is_ending;
};

/* The append of the first message at or above the offset; 0: there is none below end. */
static int read_since(struct backlog *backlog, int32_t partition, int64_t from, int64_t end, int64_t *ret_ms,
		      struct err *err)
{
	struct kafka_message message = { 0 };
	bool came = false;
	int rc = kafka_reader_begin(backlog->reader, backlog->topic, partition, from, end, err);

	if (rc == 0)
		rc = kafka_reader_next(backlog->reader, MESSAGE_MS, &message, &came, err);
	if (rc == 0)
		*ret_ms = came ? message.timestamp_ms : 0;
	kafka_message_drop(&message);
	kafka_reader_rest(backlog->reader);
	return rc;
}

/* Messages that retention took wait no more: the first that is left is the oldest. */
static int measure(struct backlog *backlog, int32_t partition, int64_t next_raw, struct err *err)
{
	struct kafka_topic_range range;
	int64_t since_ms = backlog->known_ms[partition];
	int rc = kafka_reader_range(backlog->reader, backlog->topic, partition, RANGE_MS, &range, err);

	if (rc != 0)
		return rc;
	int64_t from = MAX(next_raw, range.low), waiting = MAX(range.high - next_raw, (int64_t)0);
	bool is_known = since_ms != 0 && backlog->known_at[partition] == from;

	if (from >= range.high)
		since_ms = 0;
	else if (!is_known)
		rc = read_since(backlog, partition, from, range.high, &since_ms, err);
	if (rc != 0)
		return rc;
	backlog->known_at[partition] = from;
	backlog->known_ms[partition] = since_ms;
	pthread_mutex_lock(&backlog->lock); /* it may be leaving */
	if (atomic_load(&backlog->next_raw[partition]) != NOT_OURS)
		stage_metrics_backlog(backlog->stage, backlog->topic, partition, since_ms > 0 ? waiting : 0, since_ms);
	pthread_mutex_unlock(&backlog->lock);
	return 0;
}

static bool is_ending(struct backlog *backlog)
{
	pthread_mutex_lock(&backlog->lock);
	bool ends = backlog->is_ending;

	pthread_mutex_unlock(&backlog->lock);
	return ends;
}

/* Of a partition that cannot be asked about the last figures stay; the others are measured all the same. */
static void measure_all(struct backlog *backlog)
{
	int32_t end = atomic_load(&backlog->partition_end);
	struct err unseen;

	for (int32_t i = 0; i < end && !is_ending(backlog); i++) {
		int64_t next_raw = atomic_load(&backlog->next_raw[i]);

		if (next_raw != NOT_OURS)
			(void)measure(backlog, i, next_raw, &unseen);
	}
}

/* false: it is to end. */
static bool pause_between(struct backlog *backlog)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += EVERY_S;
	pthread_mutex_lock(&backlog->lock);
	while (!backlog->is_ending && pthread_cond_timedwait(&backlog->ends, &backlog->lock, &until) == 0)
		;
	bool goes_on = !backlog->is_ending;

	pthread_mutex_unlock(&backlog->lock);
	return goes_on;
}

static void *watch(void *opaque)
{
	struct backlog *backlog = opaque;

	while (pause_between(backlog))
		measure_all(backlog);
	return NULL;
}

/* Signals are the loop's: the thread has all of them blocked. */
static int start_thread(struct backlog *backlog, struct err *err)
{
	pthread_condattr_t attributes;
	sigset_t all, before;

	pthread_mutex_init(&backlog->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&backlog->ends, &attributes);
	pthread_condattr_destroy(&attributes);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool is_started = pthread_create(&backlog->thread, NULL, watch, backlog) == 0;

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_started ? 0 : err_set(err, ERR_FATAL, "memory", "no thread for the backlog");
}

int backlog_begin(const struct kafka_options *kafka, const char *stage, const char *topic, struct backlog **ret,
		  struct err *err)
{
	struct backlog *backlog = calloc(1, sizeof *backlog);

	if (!backlog)
		return err_set(err, ERR_FATAL, "memory", "no memory for the backlog");
	backlog->stage = stage;
	snprintf(backlog->topic, sizeof backlog->topic, "%s", topic);
	for (size_t i = 0; i < STAGE_PARTITIONS_MAX; i++)
		atomic_init(&backlog->next_raw[i], NOT_OURS);
	struct kafka_options times = *kafka;

	times.ignores_bodies = true;
	int rc = kafka_reader_open(&times, MESSAGE_BYTES_MAX, &backlog->reader, err);

	if (rc == 0)
		rc = start_thread(backlog, err);
	if (rc != 0) {
		kafka_reader_close(backlog->reader);
		free(backlog);
		return rc;
	}
	*ret = backlog;
	return 0;
}

void backlog_end(struct backlog *backlog)
{
	if (!backlog)
		return;
	pthread_mutex_lock(&backlog->lock);
	backlog->is_ending = true;
	pthread_cond_signal(&backlog->ends);
	pthread_mutex_unlock(&backlog->lock);
	pthread_join(backlog->thread, NULL);
	pthread_cond_destroy(&backlog->ends);
	pthread_mutex_destroy(&backlog->lock);
	kafka_reader_close(backlog->reader);
	free(backlog);
}

void backlog_set(struct backlog *backlog, int32_t partition, int64_t next_raw)
{
	if (!backlog || partition < 0 || partition >= STAGE_PARTITIONS_MAX)
		return;
	atomic_store(&backlog->next_raw[partition], next_raw);
	if (partition >= atomic_load(&backlog->partition_end))
		atomic_store(&backlog->partition_end, partition + 1);
}

void backlog_leave(struct backlog *backlog, int32_t partition)
{
	if (!backlog || partition < 0 || partition >= STAGE_PARTITIONS_MAX)
		return;
	pthread_mutex_lock(&backlog->lock);
	atomic_store(&backlog->next_raw[partition], NOT_OURS);
	stage_metrics_backlog_left(partition);
	pthread_mutex_unlock(&backlog->lock);
}
