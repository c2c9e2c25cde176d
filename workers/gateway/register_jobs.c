#include "gateway/register_jobs.h"

#include "base/clock.h"
#include "base/log.h"
#include "report/report.h"
#include "report/stand.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { AWAY_MS = 1000, ARENA_BYTES_MAX = 256 << 20, ARENA_BYTES_KEPT = 1 << 20, THREADS_MAX = 16 };

struct job_queue {
	struct job *first, *last;
	size_t count;
};

struct register_jobs {
	struct register_jobs_options options;
	struct hmac_key stand_key;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job_queue open, answered;
	bool is_closing;
	_Atomic int64_t away_until_ms;
	int fd;
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
};

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

static void add_json(struct strbuf *out, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	strbuf_add_text(out, text ? text : "{}");
	free(text);
	json_decref(json);
}

static int add_summary(struct pg_link *link, const struct report_found *found, size_t count, struct arena *arena,
		       struct strbuf *out, struct err *err)
{
	struct summary summary;
	int rc = report_summary(link, found[0].position, arena, &summary, err);

	if (rc != 0)
		return rc;
	json_t *json = summary_json(&summary);

	if (count > 1) { /* DOMAIN 14.13: the id shows the first and lists the others */
		json_t *others = json_array();

		for (size_t i = 1; i < count; i++) {
			struct summary other;

			rc = report_summary(link, found[i].position, arena, &other, err);
			if (rc != 0)
				break;
			json_array_append_new(others, summary_json(&other));
		}
		json_object_set_new(json, "andere", others);
	}
	add_json(out, json);
	return rc;
}

static int answer_known(struct pg_link *link, struct arena *arena, const struct report_found *found, size_t count,
			struct job *job, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(found[i].fingerprint, job->fingerprint, sizeof job->fingerprint) != 0)
			continue;
		job->answer = JOB_FOUND;
		return add_summary(link, &found[i], 1, arena, &job->body, err);
	}
	job->answer = count > 0 ? JOB_CLASH : JOB_UNKNOWN;
	return 0;
}

static int answer_feedback_json(struct pg_link *link, int64_t position, struct arena *arena, struct job *job,
				struct err *err)
{
	json_t *json = NULL;
	int rc = report_json(link, position, arena, &json, err);

	if (rc == 0)
		add_json(&job->body, json);
	return rc;
}

static int answer_delivery(const struct register_jobs *jobs, struct pg_link *link, struct arena *arena, struct job *job,
			   struct err *err)
{
	struct report_found found[REPORT_FOUND_MAX];
	size_t count = 0;
	bool is_applied = true;
	int rc = 0;

	if (job->has_position)
		rc = report_is_applied(link, jobs->options.raw_topic, job->partition, job->offset, &is_applied, err);
	if (rc == 0 && !is_applied) {
		job->answer = JOB_NOT_YET;
		return 0;
	}
	if (rc == 0)
		rc = report_find(link, job->board, slice_make(job->id, job->id_bytes), found, &count, err);
	if (rc != 0)
		return rc;
	if (job->kind == JOB_KNOWN)
		return answer_known(link, arena, found, count, job, err);
	if (count == 0) {
		job->answer = JOB_UNKNOWN;
		return 0;
	}
	job->answer = JOB_FOUND;
	if (job->kind == JOB_FEEDBACK_CSV)
		return report_csv(link, found[0].position, arena, &job->body, err);
	if (job->kind == JOB_FEEDBACK_JSON)
		return answer_feedback_json(link, found[0].position, arena, job, err);
	return add_summary(link, found, count, arena, &job->body, err);
}

static int keep_all(void *self, struct strbuf *out, struct err *err)
{
	(void)self, (void)out, (void)err;
	return 0;
}

static int answer_job(const struct register_jobs *jobs, struct pg_link *link, struct arena *arena, struct job *job,
		      struct err *err)
{
	struct stand_options stand = { .is_one_board = true, .board = job->board,
				       .pseudonym_key = job->has_bsn ? NULL : &jobs->stand_key };
	bool is_known;
	int rc;

	switch (job->kind) {
	case JOB_STAND:
		job->answer = JOB_FOUND;
		return stand_write(link, &stand, &job->body, keep_all, NULL, err);
	case JOB_CONFIRMATION:
		rc = report_confirmation(link, job->request_id, &is_known, &job->is_executed, &job->lapsed, err);
		job->answer = is_known ? JOB_FOUND : JOB_NOT_YET;
		return rc;
	default:
		return answer_delivery(jobs, link, arena, job, err);
	}
}

static void run_job(struct register_jobs *jobs, struct pg_link *link, struct arena *arena, struct job *job)
{
	struct err err = { 0 };

	job->answer = JOB_AWAY;
	if (clock_ms() < atomic_load(&jobs->away_until_ms))
		return;
	int rc = pg_link_connect(link, &err);

	if (rc == 0) {
		rc = answer_job(jobs, link, arena, job, &err);
		arena_reset(arena);
	}
	if (rc == 0)
		return;
	strbuf_reset(&job->body);
	if (rc != -ERR_RETRY && pg_link_is_up(link)) {
		job->answer = JOB_FAILED;
		log_event(LOG_ERROR, "register.question", "code=%s why=%s", err.code, LOG_QUOTED(err.text));
		return;
	}
	job->answer = JOB_AWAY;
	if (clock_ms() >= atomic_load(&jobs->away_until_ms))
		log_event(LOG_WARN, "register.away", "code=%s effect=\"deliveries are accepted without it\" why=%s",
			  err.code, LOG_QUOTED(err.text));
	atomic_store(&jobs->away_until_ms, clock_ms() + AWAY_MS);
}

static struct job *wait_for_job(struct register_jobs *jobs)
{
	struct job *job = NULL;

	pthread_mutex_lock(&jobs->lock);
	while (!jobs->is_closing && !(job = queue_take(&jobs->open)))
		pthread_cond_wait(&jobs->wake, &jobs->lock);
	pthread_mutex_unlock(&jobs->lock);
	return job;
}

static void *answer_jobs(void *self)
{
	struct register_jobs *jobs = self;
	struct pg_link *link = NULL;
	struct arena arena = { 0 };
	struct job *job;
	struct err err = { 0 };
	const uint64_t one = 1;

	if (pg_link_open(&jobs->options.pg, &link, &err) != 0 ||
	    arena_init(&arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, &err) != 0)
		log_event(LOG_ERROR, "register.thread", "why=%s", LOG_QUOTED(err.text));
	while ((job = wait_for_job(jobs)) != NULL) {
		if (link && arena.memory)
			run_job(jobs, link, &arena, job);
		else
			job->answer = JOB_AWAY;
		pthread_mutex_lock(&jobs->lock);
		queue_put(&jobs->answered, job);
		pthread_mutex_unlock(&jobs->lock);
		if (write(jobs->fd, &one, sizeof one) < 0)
			continue; /* the counter is full: the loop is told already */
	}
	pg_link_close(link);
	arena_release(&arena);
	return NULL;
}

int register_jobs_open(const struct register_jobs_options *options, struct register_jobs **ret, struct err *err)
{
	struct register_jobs *jobs = calloc(1, sizeof *jobs);

	if (!jobs)
		return err_set(err, ERR_FATAL, "memory", "no memory for the register's threads");
	jobs->options = *options;
	hmac_key_init(&jobs->stand_key, options->stand_key);
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->wake, NULL);
	jobs->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (jobs->fd < 0) {
		free(jobs);
		return err_set(err, ERR_FATAL, "eventfd", "the system gives no event descriptor");
	}
	for (size_t i = 0; i < MIN(options->threads, (size_t)THREADS_MAX); i++) {
		if (pthread_create(&jobs->threads[i], NULL, answer_jobs, jobs) != 0) {
			register_jobs_close(jobs);
			return err_set(err, ERR_FATAL, "thread", "the system gives no thread");
		}
		jobs->thread_count++;
	}
	*ret = jobs;
	return 0;
}

void register_jobs_close(struct register_jobs *jobs)
{
	if (!jobs)
		return;
	pthread_mutex_lock(&jobs->lock);
	jobs->is_closing = true;
	pthread_cond_broadcast(&jobs->wake);
	pthread_mutex_unlock(&jobs->lock);
	for (size_t i = 0; i < jobs->thread_count; i++)
		pthread_join(jobs->threads[i], NULL);
	close(jobs->fd);
	free(jobs);
}

int register_jobs_fd(const struct register_jobs *jobs)
{
	return jobs->fd;
}

bool register_jobs_submit(struct register_jobs *jobs, struct job *job)
{
	bool has_room;

	strbuf_init(&job->body, jobs->options.body_bytes_max);
	pthread_mutex_lock(&jobs->lock);
	has_room = jobs->open.count < jobs->options.queue_max;
	if (has_room)
		queue_put(&jobs->open, job);
	pthread_cond_signal(&jobs->wake);
	pthread_mutex_unlock(&jobs->lock);
	return has_room;
}

struct job *register_jobs_take(struct register_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	struct job *job = queue_take(&jobs->answered);

	pthread_mutex_unlock(&jobs->lock);
	return job;
}

bool register_jobs_is_up(const struct register_jobs *jobs)
{
	return clock_ms() >= atomic_load(&jobs->away_until_ms);
}
