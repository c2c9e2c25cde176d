#include "gateway/register_jobs.h"

#include "base/clock.h"
#include "base/log.h"
#include "report/report.h"
#include "report/stand.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIAL_EVERY_MS = 1000,
	KNOWN_MS_MAX = 2000, /* an upload waits no longer for the courtesy of LR-K01 */
	KNOWN_BATCH_MAX = 64,
	ARENA_BYTES_MAX = 256 << 20,
	ARENA_BYTES_KEPT = 1 << 20,
	THREADS_MAX = 17,
};

struct job_queue {
	struct job *first, *last;
	size_t count;
	pthread_cond_t wake;
};

/* One thread. */
struct asker {
	struct register_jobs *jobs;
	struct job_queue *queue; /* that it serves */
	struct pg_link *link;
	struct arena arena;
	pthread_t thread;
};

struct register_jobs {
	struct register_jobs_options options;
	struct hmac_key stand_key;
	pthread_mutex_t lock; /* of the queues and is_closing */
	struct job_queue known, others, answered;
	bool is_closing;
	_Atomic bool is_away;
	int fd;
	struct asker askers[THREADS_MAX];
	size_t asker_count;
};

/* pg_options.should_stop has no argument: what it must know stands here, the time limit for each thread apart. */
static _Thread_local int64_t question_end_ms;
static _Atomic bool is_called_off;

static bool is_overdue(void)
{
	return atomic_load(&is_called_off) || clock_ms() >= question_end_ms;
}

static void queue_put(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
	queue->count++;
}

static struct job *queue_take(struct job_queue *queue)
{
	struct job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	return job;
}

/* ---- answers ---- */

static int add_summary(struct asker *asker, const struct report_found *found, size_t count, struct strbuf *out,
		       struct err *err)
{
	struct summary summary;
	int rc = report_summary(asker->link, found[0].position, &asker->arena, &summary, err);

	if (rc != 0)
		return rc;
	json_t *json = summary_json(&summary);
	json_t *others = count > 1 ? json_array()
				   : NULL; /* specification 14.13: the id shows the first and lists the others */

	for (size_t i = 1; rc == 0 && i < count; i++) {
		rc = report_summary(asker->link, found[i].position, &asker->arena, &summary, err);
		if (rc == 0)
			json_array_append_new(others, summary_json(&summary));
	}
	if (others)
		json_object_set_new(json, "andere", others);
	summary_put_json(out, json);
	return rc == 0 && !strbuf_ok(out) ? err_set(err, ERR_FULL, "summary", "a summary does not fit") : rc;
}

static int answer_delivery(struct asker *asker, struct job *job, struct err *err)
{
	struct report_found found[REPORT_FOUND_MAX];
	size_t count = 0;
	bool is_applied = true;
	int rc = 0;

	if (job->has_position)
		rc = report_is_applied(asker->link, asker->jobs->options.raw_topic, job->partition, job->offset,
				       &is_applied, err);
	if (rc == 0 && !is_applied) {
		job->answer = JOB_NOT_YET;
		return 0;
	}
	if (rc == 0)
		rc = report_find(asker->link, job->board, slice_of(job->id), found, &count, err);
	if (rc != 0)
		return rc;
	job->answer = count > 0 ? JOB_FOUND : JOB_UNKNOWN;
	if (count == 0)
		return 0;
	if (job->kind == JOB_FEEDBACK_CSV)
		return report_csv(asker->link, found[0].position, &asker->arena, &job->body, err);
	if (job->kind == JOB_FEEDBACK_JSON)
		return report_json(asker->link, found[0].position, &asker->arena, &job->body, err);
	return add_summary(asker, found, count, &job->body, err);
}

static int keep_all(void *self, struct strbuf *out, struct err *err)
{
	(void)self, (void)out, (void)err;
	return 0;
}

/* design 9: every reading of personal data leaves a row. */
static int record_access(struct asker *asker, uint32_t board, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	return pg_exec(asker->link, "record_access",
		       "insert into register.access (what, board) values ('gateway: stand with bsn', $1)", &params,
		       NULL, NULL, err);
}

static int answer_stand(struct asker *asker, struct job *job, struct err *err)
{
	struct stand_options stand = { .is_one_board = true,
				       .board = job->board,
				       .pseudonym_key = job->has_bsn ? NULL : &asker->jobs->stand_key };
	int rc = job->has_bsn ? record_access(asker, job->board, err) : 0;

	job->answer = JOB_FOUND;
	return rc != 0 ? rc : stand_write(asker->link, &stand, &job->body, keep_all, NULL, err);
}

static int answer_confirmation(struct asker *asker, struct job *job, struct err *err)
{
	bool is_known = false;
	int rc = report_confirmation(asker->link, job->request_id, &is_known, &job->is_executed, &job->lapsed, err);

	job->answer = is_known ? JOB_FOUND : JOB_NOT_YET;
	return rc;
}

static int answer_job(struct asker *asker, struct job *job, struct err *err)
{
	switch (job->kind) {
	case JOB_STAND:
		return answer_stand(asker, job, err);
	case JOB_CONFIRMATION:
		return answer_confirmation(asker, job, err);
	default:
		return answer_delivery(asker, job, err);
	}
}

/* All that are known of these jobs' ids, by one question. */
static int answer_known(struct asker *asker, struct job *const *batch, size_t count, struct err *err)
{
	struct report_name names[KNOWN_BATCH_MAX];
	struct report_match *matches;
	size_t match_count;

	for (size_t i = 0; i < count; i++) {
		names[i] = (struct report_name){ batch[i]->board, slice_of(batch[i]->id) };
		batch[i]->answer = JOB_UNKNOWN;
	}
	int rc = report_find_all(asker->link, names, count, &asker->arena, &matches, &match_count, err);

	for (size_t i = 0; rc == 0 && i < match_count; i++) {
		const struct report_found *found = &matches[i].found;
		struct job *job = batch[matches[i].name];

		if (job->answer == JOB_FOUND)
			continue;
		job->answer = JOB_CLASH;
		if (memcmp(found->fingerprint, job->fingerprint, sizeof job->fingerprint) == 0) {
			job->answer = JOB_FOUND;
			question_end_ms = clock_ms() + KNOWN_MS_MAX;
			rc = add_summary(asker, found, 1, &job->body, err);
		}
	}
	return rc;
}

/* ---- the register as a peer ---- */

/* The thread of JOB_KNOWN makes the trials, and may be waiting for jobs that no longer come. */
static void wake_trials(struct register_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	pthread_cond_signal(&jobs->known.wake);
	pthread_mutex_unlock(&jobs->lock);
}

/* A fault of the question is no sign that the register is away; all else is. Told once, not at each question. */
static enum job_answer sort_failure(struct asker *asker, const struct err *err)
{
	bool is_config = err->kind == ERR_CONFIG;

	if (err->kind != ERR_RETRY && err->kind != ERR_STOP && pg_link_is_up(asker->link)) {
		log_event(LOG_ERROR, "register.question", "code=%s why=%s", LOG_QUOTED(err->code), LOG_QUOTED(err->text));
		return JOB_FAILED;
	}
	if (!atomic_exchange(&asker->jobs->is_away, true) && !atomic_load(&is_called_off))
		log_event(is_config ? LOG_ERROR : LOG_WARN, "register.away",
			  "code=%s effect=\"deliveries are accepted without it, questions get 503\" why=%s",
			  LOG_QUOTED(err->code), LOG_QUOTED(err->text));
	wake_trials(asker->jobs);
	return JOB_AWAY;
}

static int ask(struct asker *asker, struct job *const *batch, size_t count, struct err *err)
{
	int rc = pg_link_connect(asker->link, err);

	if (rc == 0)
		rc = asker->queue == &asker->jobs->known ? answer_known(asker, batch, count, err)
							 : answer_job(asker, batch[0], err);
	arena_reset(&asker->arena);
	for (size_t i = 0; rc != 0 && i < count; i++)
		strbuf_reset(&batch[i]->body);
	return rc;
}

/* A line that broke since the last question (the server was started anew) says nothing of the register: once more. */
static int ask_twice(struct asker *asker, struct job *const *batch, size_t count, struct err *err)
{
	bool was_up = pg_link_is_up(asker->link);
	int rc = ask(asker, batch, count, err);

	return rc == -ERR_RETRY && was_up && !pg_link_is_up(asker->link) ? ask(asker, batch, count, err) : rc;
}

static void answer_all(struct asker *asker, struct job *const *batch, size_t count)
{
	const struct pg_options *pg = &asker->jobs->options.pg;
	bool is_known = asker->queue == &asker->jobs->known;
	enum job_answer failure = JOB_AWAY;

	if (register_jobs_is_up(asker->jobs)) { /* else the jobs came before another one found out */
		struct err err = { 0 };

		question_end_ms = clock_ms() + (is_known ? KNOWN_MS_MAX : (int64_t)pg->connect_ms + pg->statement_ms);
		if (ask_twice(asker, batch, count, &err) == 0)
			return;
		failure = sort_failure(asker, &err);
	}
	for (size_t i = 0; i < count; i++)
		batch[i]->answer = failure;
}

/* Not with a job: none shall wait for it. */
static void try_register(struct asker *asker)
{
	struct err err;

	question_end_ms = clock_ms() + asker->jobs->options.pg.connect_ms;
	if (pg_link_connect(asker->link, &err) != 0 || pg_script(asker->link, "select 1", &err) != 0)
		return;
	atomic_store(&asker->jobs->is_away, false);
	log_event(LOG_INFO, "register.back", "effect=\"repeats and LR-K01 are told again\"");
}

/* ---- the threads ---- */

static void wait_a_trial(struct register_jobs *jobs)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TRIAL_EVERY_MS % 1000 * 1000000L;
	until.tv_sec += TRIAL_EVERY_MS / 1000;
	pthread_cond_timedwait(&jobs->known.wake, &jobs->lock, &until);
}

/* Takes up to batch_max jobs. 0 with *ret_closing false: none, but it is time to try the register. */
static size_t wait_for_jobs(struct asker *asker, struct job **batch, size_t batch_max, bool *ret_closing)
{
	struct register_jobs *jobs = asker->jobs;
	struct job_queue *queue = asker->queue;
	size_t count = 0;

	pthread_mutex_lock(&jobs->lock);
	while (!jobs->is_closing && queue->count == 0) {
		if (queue == &jobs->known && atomic_load(&jobs->is_away)) {
			wait_a_trial(jobs);
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

static void give_back(struct register_jobs *jobs, struct job *const *batch, size_t count)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&jobs->lock);
	for (size_t i = 0; i < count; i++)
		queue_put(&jobs->answered, batch[i]);
	pthread_mutex_unlock(&jobs->lock);
	if (write(jobs->fd, &one, sizeof one) < 0)
		return; /* the counter is full: the loop is told already */
}

static void *answer_jobs(void *self)
{
	struct asker *asker = self;
	struct job *batch[KNOWN_BATCH_MAX];
	bool is_closing = false;

	while (!is_closing) {
		size_t count = wait_for_jobs(asker, batch, asker->queue == &asker->jobs->known ? KNOWN_BATCH_MAX : 1,
					     &is_closing);

		if (count > 0) {
			answer_all(asker, batch, count);
			give_back(asker->jobs, batch, count);
		} else if (!is_closing && atomic_load(&asker->jobs->is_away)) {
			try_register(asker);
		}
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

static int open_asker(struct register_jobs *jobs, struct asker *asker, struct job_queue *queue, struct err *err)
{
	asker->jobs = jobs;
	asker->queue = queue;
	int rc = pg_link_open(&jobs->options.pg, &asker->link, err);

	if (rc == 0)
		rc = arena_init(&asker->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);
	if (rc == 0 && pthread_create(&asker->thread, NULL, answer_jobs, asker) != 0)
		rc = err_set(err, ERR_FATAL, "thread", "the system gives no thread");
	if (rc != 0) {
		pg_link_close(asker->link);
		arena_release(&asker->arena);
	}
	return rc;
}

int register_jobs_open(const struct register_jobs_options *options, struct register_jobs **ret, struct err *err)
{
	struct register_jobs *jobs = calloc(1, sizeof *jobs);
	size_t threads = MIN(options->threads + 1, (size_t)THREADS_MAX);

	if (!jobs)
		return err_set(err, ERR_FATAL, "memory", "no memory for the register's threads");
	jobs->options = *options;
	jobs->options.pg.should_stop = is_overdue;
	atomic_store(&is_called_off, false);
	hmac_key_init(&jobs->stand_key, options->stand_key);
	pthread_mutex_init(&jobs->lock, NULL);
	queue_init(&jobs->known);
	queue_init(&jobs->others);
	jobs->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = jobs->fd >= 0 ? 0 : err_set(err, ERR_FATAL, "eventfd", "the system gives no event descriptor");

	while (rc == 0 && jobs->asker_count < threads) {
		rc = open_asker(jobs, &jobs->askers[jobs->asker_count],
				jobs->asker_count == 0 ? &jobs->known : &jobs->others, err);
		if (rc == 0)
			jobs->asker_count++;
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
	atomic_store(&is_called_off, true);
	pthread_mutex_lock(&jobs->lock);
	jobs->is_closing = true;
	pthread_cond_broadcast(&jobs->known.wake);
	pthread_cond_broadcast(&jobs->others.wake);
	pthread_mutex_unlock(&jobs->lock);
	for (size_t i = 0; i < jobs->asker_count; i++) {
		pthread_join(jobs->askers[i].thread, NULL);
		pg_link_close(jobs->askers[i].link);
		arena_release(&jobs->askers[i].arena);
	}
	if (jobs->fd >= 0)
		close(jobs->fd);
	pthread_cond_destroy(&jobs->known.wake);
	pthread_cond_destroy(&jobs->others.wake);
	pthread_mutex_destroy(&jobs->lock);
	explicit_bzero(&jobs->stand_key, sizeof jobs->stand_key);
	free(jobs);
}

/* ---- the loop's side ---- */

int register_jobs_fd(const struct register_jobs *jobs)
{
	return jobs->fd;
}

bool register_jobs_submit(struct register_jobs *jobs, struct job *job)
{
	struct job_queue *queue = job->kind == JOB_KNOWN ? &jobs->known : &jobs->others;

	if (!register_jobs_is_up(jobs))
		return false;
	strbuf_init(&job->body, jobs->options.body_bytes_max);
	pthread_mutex_lock(&jobs->lock);
	bool has_room = queue->count < jobs->options.queue_max;

	if (has_room)
		queue_put(queue, job);
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&jobs->lock);
	return has_room;
}

struct job *register_jobs_take(struct register_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	struct job *first = jobs->answered.first;

	jobs->answered.first = jobs->answered.last = NULL;
	jobs->answered.count = 0;
	pthread_mutex_unlock(&jobs->lock);
	return first;
}

bool register_jobs_is_up(const struct register_jobs *jobs)
{
	return !atomic_load(&jobs->is_away);
}
