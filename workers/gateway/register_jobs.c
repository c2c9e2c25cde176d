#include "gateway/register_jobs.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/access_publisher.h"
#include "gateway/gateway_metrics.h"
#include "gateway/question_limit.h"
#include "gateway/register_answers.h"
#include "render/terugmelding.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIAL_EVERY_MS = 1000,
	ARENA_BYTES_MAX = 256 << 20,
	ARENA_BYTES_KEPT = 1 << 20,
	THREADS_MAX = 18,
	FIXED_THREADS = 2, /* one of JOB_KNOWN, one of changes */
	PUBLISH_EVERY_MS = 2000,
};

struct job_queue {
	struct register_job *first, *last;
	size_t count;
	pthread_cond_t wake;
};

/* A worker thread; all of it but jobs and queue is the thread's own. */
struct register_thread {
	struct register_jobs *jobs;
	struct job_queue *queue; /* that it serves */
	struct register_asker asker;
	pthread_t handle;
};

struct register_jobs {
	struct register_jobs_options options;
	pthread_mutex_t lock; /* of the queues and is_closing */
	struct job_queue known, questions, changes, answered;
	struct access_publisher *publisher; /* the thread of changes' own; NULL: nothing is published here */
	bool is_behind;			    /* likewise: it was said that a version could not be published */
	bool is_number_missed;		    /* the first thread's own: it was said that partitions are not known */
	bool is_closing;
	_Atomic bool is_away;
	_Atomic bool is_doubted;    /* another thread lost the register while it looked after something by itself */
	_Atomic int32_t partitions; /* as of register_jobs_partitions */
	int fd;
	struct register_thread threads[THREADS_MAX];
	size_t thread_count;
};

static void queue_put(struct job_queue *queue, struct register_job *job)
{
	job->next = NULL;
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
	queue->count++;
}

static struct register_job *queue_take(struct job_queue *queue)
{
	struct register_job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	return job;
}

/* ---- whether the register is there ---- */

/* The thread of JOB_KNOWN makes the trials, and may be waiting for a job: while the register is away none comes. */
static void wake_trials(struct register_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	pthread_cond_signal(&jobs->known.wake);
	pthread_mutex_unlock(&jobs->lock);
}

static void set_away(struct register_jobs *jobs, const struct err *err)
{
	if (!atomic_exchange(&jobs->is_away, true) && !question_limit_is_called_off())
		log_event(err->kind == ERR_CONFIG ? LOG_ERROR : LOG_WARN, "register.away",
			  "code=%s effect=\"deliveries are accepted without it, questions get 503\" why=%s",
			  LOG_QUOTED(err->code), LOG_QUOTED(err->text));
	wake_trials(jobs);
}

static bool does_answer(struct register_thread *thread, struct err *err)
{
	question_limit_set(thread->jobs->options.pg.connect_ms);
	return pg_link_connect(thread->asker.link, err) == 0 && pg_script(thread->asker.link, "select 1", err) == 0;
}

/* A gateway that nobody asks anything finds out, too, by what it looks after itself: its metric says that the register
 * is away. But a thread without a connection (there may be none left for it) says nothing of the others, who have
 * theirs: the thread of JOB_KNOWN looks by its own. */
static void doubt_register(struct register_thread *thread)
{
	if (pg_link_is_up(thread->asker.link))
		return;
	atomic_store(&thread->jobs->is_doubted, true);
	wake_trials(thread->jobs);
}

/* ---- publishing access data ---- */

/* Said once, until it is known to be published. */
static void note_publication(struct register_jobs *jobs, int rc, const struct err *err)
{
	if (rc != 0 && question_limit_is_called_off())
		return;
	gateway_metric_set(METRIC_ACCESS_UNPUBLISHED, rc != 0);
	if (rc != 0 && !jobs->is_behind)
		log_event(LOG_WARN, "access.unpublished", "code=%s why=%s effect=%s", LOG_QUOTED(err->code),
			  LOG_QUOTED(err->text),
			  LOG_QUOTED("a change of the access data may not be in force yet; tried again"));
	jobs->is_behind = rc != 0;
}

static bool publish_access(struct register_thread *thread)
{
	struct register_jobs *jobs = thread->jobs;
	struct err err = { 0 };
	int rc = access_publisher_publish(jobs->publisher, thread->asker.link, &thread->asker.arena, &err);
	struct err second = { 0 };
	bool is_behind = true;

	/* another gateway, which found our version first, may have had the lock meanwhile */
	if (rc == -ERR_RETRY && pg_link_is_up(thread->asker.link) &&
	    access_publisher_is_behind(thread->asker.link, &is_behind, &second) == 0 && !is_behind)
		rc = 0;
	note_publication(jobs, rc, &err);
	return rc == 0;
}

static void publish_change(struct register_thread *thread, struct register_job *job)
{
	bool is_stored = job->kind == JOB_MANDATE_CHANGE && job->answer == JOB_FOUND &&
			 (job->mandate_outcome == MANDATE_MADE || job->mandate_outcome == MANDATE_SAME);

	if (is_stored)
		job->is_in_force = thread->jobs->publisher && publish_access(thread);
}

/* Somebody may have died, or met no Kafka, between a change and its publication. What cannot be asked counts as not
 * published: a withdrawal that nobody has heard of is worse than an alarm too many. */
static void catch_up(struct register_thread *thread)
{
	const struct pg_options *pg = &thread->jobs->options.pg;
	struct err err = { 0 };
	bool is_behind = false, is_tried = false;

	if (!thread->jobs->publisher || !register_jobs_is_up(thread->jobs))
		return;
	question_limit_set((int64_t)pg->connect_ms + pg->statement_ms);
	int rc = pg_link_connect(thread->asker.link, &err);

	if (rc == 0)
		rc = access_publisher_is_behind(thread->asker.link, &is_behind, &err);
	if (rc == 0 && is_behind)
		rc = access_publisher_catch_up(thread->jobs->publisher, thread->asker.link, &thread->asker.arena,
					       &is_tried, &err);
	if (rc == 0 && is_behind && !is_tried) /* another process has the lock: it publishes, or hangs */
		gateway_metric_set(METRIC_ACCESS_UNPUBLISHED, 1);
	else
		note_publication(thread->jobs, rc, &err);
	if (rc != 0 && !question_limit_is_called_off())
		doubt_register(thread);
	arena_reset(&thread->asker.arena);
}

/* ---- the register as a peer ---- */

/* A fault of the question is no sign that the register is away; all else is. Being away is logged once, not per
 * question. */
static enum register_job_answer sort_failure(struct register_thread *thread, const struct err *err)
{
	if (err->kind != ERR_RETRY && err->kind != ERR_STOP && pg_link_is_up(thread->asker.link)) {
		log_event(LOG_ERROR, "register.question", "code=%s why=%s", LOG_QUOTED(err->code),
			  LOG_QUOTED(err->text));
		return JOB_FAILED;
	}
	set_away(thread->jobs, err);
	return JOB_AWAY;
}

static int ask(struct register_thread *thread, struct register_job *const *batch, size_t count, struct err *err)
{
	int rc = pg_link_connect(thread->asker.link, err);

	if (rc == 0 && thread->queue == &thread->jobs->known)
		rc = register_answer_known(&thread->asker, batch, count, err);
	else if (rc == 0)
		rc = register_answer(&thread->asker, batch[0], err);
	if (rc == 0)
		publish_change(thread, batch[0]);
	arena_reset(&thread->asker.arena);
	for (size_t i = 0; rc != 0 && i < count; i++)
		strbuf_reset(&batch[i]->body);
	return rc;
}

/* Asks again when the connection broke since the last question: a server that was restarted in between is not away. */
static int ask_twice(struct register_thread *thread, struct register_job *const *batch, size_t count, struct err *err)
{
	bool was_up = pg_link_is_up(thread->asker.link);
	int rc = ask(thread, batch, count, err);

	return rc == -ERR_RETRY && was_up && !pg_link_is_up(thread->asker.link) ? ask(thread, batch, count, err) : rc;
}

/* The row of a reading is on its disk only when a synchronous standby has it too. One that is away keeps back the
 * readings, and nothing else. */
static bool lacks_row_only(struct register_thread *thread, const struct err *err)
{
	bool may_pass = err->kind == ERR_RETRY || err->kind == ERR_STOP;
	struct err later;

	if (!thread->asker.is_recording || !may_pass || !does_answer(thread, &later))
		return false;
	log_event(LOG_WARN, "reading.unrecorded", "code=%s why=%s effect=%s", LOG_QUOTED(err->code),
		  LOG_QUOTED(err->text), LOG_QUOTED("it gets 503; other questions are answered"));
	return true;
}

/* A right or a function that this question needs is not there, as for a login of before or while a migration is under
 * way, or a column of it was altered: any sender could ask it, and shut the register for all. A right to connect is
 * another matter. */
static bool lacks_right_only(struct register_thread *thread, const struct err *err)
{
	static const char *const CODES[] = { "42501", "42883", "42804", "42P13" };
	bool is_of_question = false;
	struct err later;

	for (size_t i = 0; i < ARRAY_LEN(CODES); i++)
		is_of_question |= strcmp(err->code, CODES[i]) == 0;
	if (!is_of_question || (err->kind != ERR_RETRY && err->kind != ERR_CONFIG) ||
	    thread->queue == &thread->jobs->known || !does_answer(thread, &later))
		return false;
	log_event(LOG_ERROR, "register.question", "code=%s why=%s effect=%s", LOG_QUOTED(err->code),
		  LOG_QUOTED(err->text), LOG_QUOTED("it gets 500; other questions are answered"));
	return true;
}

static void answer_all(struct register_thread *thread, struct register_job *const *batch, size_t count)
{
	const struct pg_options *pg = &thread->jobs->options.pg;
	bool is_known = thread->queue == &thread->jobs->known;
	enum register_job_answer failure = JOB_AWAY;

	if (register_jobs_is_up(thread->jobs)) { /* else these jobs were submitted before another one found out */
		struct err err = { 0 };

		question_limit_set(is_known ? REGISTER_KNOWN_MS : (int64_t)pg->connect_ms + pg->statement_ms);
		thread->asker.is_recording = false;
		if (ask_twice(thread, batch, count, &err) == 0)
			return;
		if (lacks_right_only(thread, &err))
			failure = JOB_FAILED;
		else if (!lacks_row_only(thread, &err))
			failure = sort_failure(thread, &err);
	}
	for (size_t i = 0; i < count; i++)
		batch[i]->answer = failure;
}

/* A trial is made without a job, so that no request waits for it. A server that was restarted since the last question
 * is not away. */
static void try_register(struct register_thread *thread)
{
	struct register_jobs *jobs = thread->jobs;
	bool is_doubted = atomic_exchange(&jobs->is_doubted, false), was_up = pg_link_is_up(thread->asker.link);
	struct err err = { 0 };

	if (!is_doubted && !atomic_load(&jobs->is_away))
		return;
	bool answers = does_answer(thread, &err) ||
		       (was_up && !pg_link_is_up(thread->asker.link) && does_answer(thread, &err));

	if (!answers)
		set_away(jobs, &err);
	else if (atomic_exchange(&jobs->is_away, false))
		log_event(LOG_INFO, "register.back", "effect=\"repeats and LR-K01 are answered again\"");
}

static bool knows_partitions(const struct register_jobs *jobs)
{
	return atomic_load(&jobs->partitions) > 0;
}

static void ask_partitions(struct register_thread *thread)
{
	struct register_jobs *jobs = thread->jobs;
	int32_t partitions = 0;
	struct err err = { 0 };

	question_limit_set(REGISTER_KNOWN_MS);
	int rc = pg_link_connect(thread->asker.link, &err);

	if (rc == 0)
		rc = terugmelding_partitions(thread->asker.link, jobs->options.raw_topic, &partitions, &err);
	if (rc == 0 && partitions > 0)
		log_event(LOG_INFO, "partitions.known", "topic=%s partitions=%d", jobs->options.raw_topic, partitions);
	if (rc != 0 && !jobs->is_number_missed && !question_limit_is_called_off())
		log_event(LOG_WARN, "partitions.unknown", "topic=%s code=%s why=%s effect=%s", jobs->options.raw_topic,
			  LOG_QUOTED(err.code), LOG_QUOTED(err.text),
			  LOG_QUOTED("until the register says it, the number at our first message counts"));
	jobs->is_number_missed = rc != 0;
	atomic_store(&jobs->partitions, partitions);
}

/* ---- the threads ---- */

static void wait_awhile(struct register_jobs *jobs, struct job_queue *queue, int wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += wait_ms % 1000 * 1000000L;
	until.tv_sec += wait_ms / 1000 + until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&queue->wake, &jobs->lock, &until);
}

/* Waits, then takes up to batch_max jobs. 0 with *ret_closing false: none came, but it is time to try the register, or
 * to look what is to be published. */
static size_t wait_for_jobs(struct register_thread *thread, struct register_job **batch, size_t batch_max,
			    bool *ret_closing)
{
	struct register_jobs *jobs = thread->jobs;
	struct job_queue *queue = thread->queue;
	size_t count = 0;

	pthread_mutex_lock(&jobs->lock);
	while (!jobs->is_closing && queue->count == 0) {
		if (queue == &jobs->known && atomic_load(&jobs->is_doubted))
			break;
		if (queue == &jobs->changes ||
		    (queue == &jobs->known && (atomic_load(&jobs->is_away) || !knows_partitions(jobs)))) {
			wait_awhile(jobs, queue, queue == &jobs->changes ? PUBLISH_EVERY_MS : TRIAL_EVERY_MS);
			break;
		}
		pthread_cond_wait(&queue->wake, &jobs->lock);
	}
	*ret_closing = jobs->is_closing;
	while (!jobs->is_closing && count < batch_max && (batch[count] = queue_take(queue)) != NULL)
		count++;
	pthread_mutex_unlock(&jobs->lock);
	return count;
}

static void give_back(struct register_jobs *jobs, struct register_job *const *batch, size_t count)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&jobs->lock);
	for (size_t i = 0; i < count; i++)
		queue_put(&jobs->answered, batch[i]);
	pthread_mutex_unlock(&jobs->lock);
	if (write(jobs->fd, &one, sizeof one) < 0)
		return; /* the counter is full: the descriptor is readable already */
}

static void *answer_jobs(void *self)
{
	struct register_thread *thread = self;
	struct register_job *batch[REGISTER_KNOWN_MAX];
	bool is_known = thread->queue == &thread->jobs->known;
	bool is_closing = false;

	if (is_known)
		ask_partitions(thread);
	while (!is_closing) {
		size_t count = wait_for_jobs(thread, batch, is_known ? REGISTER_KNOWN_MAX : 1, &is_closing);

		if (count > 0) {
			answer_all(thread, batch, count);
			give_back(thread->jobs, batch, count);
		} else if (!is_closing && thread->queue == &thread->jobs->changes) {
			catch_up(thread);
		} else if (!is_closing && is_known) {
			try_register(thread);
		}
		if (!is_closing && is_known && !knows_partitions(thread->jobs))
			ask_partitions(thread);
	}
	return NULL;
}

/* ---- life ---- */

static void queue_init(struct job_queue *queue)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static int open_thread(struct register_jobs *jobs, struct register_thread *thread, struct job_queue *queue,
		       struct err *err)
{
	thread->jobs = jobs;
	thread->queue = queue;
	thread->asker.raw_topic = jobs->options.raw_topic;
	thread->asker.stand_key = jobs->options.stand_key;
	int rc = pg_link_open(&jobs->options.pg, &thread->asker.link, err);

	if (rc == 0)
		rc = arena_init(&thread->asker.arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);
	if (rc == 0 && pthread_create(&thread->handle, NULL, answer_jobs, thread) != 0)
		rc = err_set(err, ERR_FATAL, "thread", "the system gives no thread");
	if (rc != 0) {
		pg_link_close(thread->asker.link);
		arena_release(&thread->asker.arena);
	}
	return rc;
}

static int open_access_publisher(struct register_jobs *jobs, struct err *err)
{
	const struct access_publisher_options options = { .kafka = jobs->options.kafka,
							  .topic = jobs->options.access_topic,
							  .compression = jobs->options.compression,
							  .should_stop = question_limit_is_over };

	return access_publisher_open(&options, &jobs->publisher, err);
}

/* Of the next thread that is opened. */
static struct job_queue *queue_of_thread(struct register_jobs *jobs)
{
	return jobs->thread_count == 0 ? &jobs->known : jobs->thread_count == 1 ? &jobs->changes : &jobs->questions;
}

int register_jobs_open(const struct register_jobs_options *options, struct register_jobs **ret, struct err *err)
{
	struct register_jobs *jobs = calloc(1, sizeof *jobs);
	size_t thread_count = MIN(options->threads + FIXED_THREADS, (size_t)THREADS_MAX);

	if (!jobs)
		return err_set(err, ERR_FATAL, "memory", "no memory for the threads that ask the register");
	jobs->options = *options;
	jobs->options.pg.should_stop = question_limit_is_over;
	atomic_store(&jobs->partitions, -1);
	question_limit_call_off(false);
	pthread_mutex_init(&jobs->lock, NULL);
	queue_init(&jobs->known);
	queue_init(&jobs->questions);
	queue_init(&jobs->changes);
	jobs->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = jobs->fd >= 0 ? 0 : err_set(err, ERR_FATAL, "eventfd", "the system gives no event descriptor");

	if (rc == 0 && options->access_topic)
		rc = open_access_publisher(jobs, err);
	while (rc == 0 && jobs->thread_count < thread_count) {
		rc = open_thread(jobs, &jobs->threads[jobs->thread_count], queue_of_thread(jobs), err);
		if (rc == 0)
			jobs->thread_count++;
	}
	if (rc != 0) {
		register_jobs_close(jobs);
		return rc;
	}
	*ret = jobs;
	return 0;
}

void register_jobs_close(struct register_jobs *jobs)
{
	if (!jobs)
		return;
	question_limit_call_off(true);
	pthread_mutex_lock(&jobs->lock);
	jobs->is_closing = true;
	pthread_cond_broadcast(&jobs->known.wake);
	pthread_cond_broadcast(&jobs->questions.wake);
	pthread_cond_broadcast(&jobs->changes.wake);
	pthread_mutex_unlock(&jobs->lock);
	for (size_t i = 0; i < jobs->thread_count; i++) {
		pthread_join(jobs->threads[i].handle, NULL);
		pg_link_close(jobs->threads[i].asker.link);
		arena_release(&jobs->threads[i].asker.arena);
	}
	access_publisher_close(jobs->publisher);
	if (jobs->fd >= 0)
		close(jobs->fd);
	pthread_cond_destroy(&jobs->known.wake);
	pthread_cond_destroy(&jobs->questions.wake);
	pthread_cond_destroy(&jobs->changes.wake);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}

/* ---- the loop's side ---- */

int register_jobs_fd(const struct register_jobs *jobs)
{
	return jobs->fd;
}

bool register_jobs_submit(struct register_jobs *jobs, struct register_job *job)
{
	struct job_queue *queue = job->kind == JOB_KNOWN	    ? &jobs->known
				  : job->kind == JOB_MANDATE_CHANGE ? &jobs->changes
								    : &jobs->questions;

	if (!register_jobs_is_up(jobs))
		return false;
	strbuf_init(&job->body, jobs->options.body_bytes_max);
	pthread_mutex_lock(&jobs->lock);
	bool has_capacity = queue->count < jobs->options.queue_max;

	if (has_capacity)
		queue_put(queue, job);
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&jobs->lock);
	return has_capacity;
}

struct register_job *register_jobs_take(struct register_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	struct register_job *first = jobs->answered.first;

	jobs->answered.first = jobs->answered.last = NULL;
	jobs->answered.count = 0;
	pthread_mutex_unlock(&jobs->lock);
	return first;
}

bool register_jobs_is_up(const struct register_jobs *jobs)
{
	return !atomic_load(&jobs->is_away);
}

int32_t register_jobs_partitions(const struct register_jobs *jobs)
{
	return atomic_load(&jobs->partitions);
}
