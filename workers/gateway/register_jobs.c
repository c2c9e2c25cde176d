#include "gateway/register_jobs.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/access_publisher.h"
#include "gateway/gateway_metrics.h"
#include "gateway/grant_params.h"
#include "gateway/problem_store.h"
#include "render/contact_persons.h"
#include "render/json_build.h"
#include "render/stand.h"
#include "render/terugmelding.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIAL_EVERY_MS = 1000,
	KNOWN_MS_MAX = 2000, /* the longest an upload waits for an early LR-K01, which is a courtesy */
	KNOWN_BATCH_MAX = 64,
	ARENA_BYTES_MAX = 256 << 20,
	ARENA_BYTES_KEPT = 1 << 20,
	READING_BYTES = 16,
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
	struct pg_link *link;
	struct arena arena;
	uint8_t reading[READING_BYTES]; /* that was recorded last */
	bool is_recording;		/* the question under way waits for its row, or got none */
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

/* pg_options.should_stop has no argument: what it must know stands here, the time limit once per thread. */
static _Thread_local int64_t question_end_ms;
static _Atomic bool is_called_off;

static bool is_overdue(void)
{
	return atomic_load(&is_called_off) || clock_ms() >= question_end_ms;
}

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

/* ---- answers ---- */

static int add_summary(struct register_thread *thread, uint32_t board, const struct terugmelding_found *found,
		       size_t count, struct strbuf *out, struct err *err)
{
	struct summary summary;
	int rc = terugmelding_summary(thread->link, board, found[0].position, &thread->arena, &summary, err);

	if (rc != 0)
		return rc;
	json_t *json = summary_json(&summary);
	json_t *others = count > 1 ? json_array()
				   : NULL; /* specification 14.13: the id shows the first and lists the others */

	for (size_t i = 1; rc == 0 && i < count; i++) {
		rc = terugmelding_summary(thread->link, board, found[i].position, &thread->arena, &summary, err);
		if (rc == 0)
			json_build_append(&others, summary_json(&summary));
	}
	if (count > 1)
		json_build_put(&json, "andere", others);
	summary_put_json(out, json);
	return rc == 0 ? strbuf_check(out, "a summary", err) : rc;
}

static int open_terugmelding(struct register_thread *thread, struct register_job *job, int64_t position,
			     struct err *err)
{
	int rc = terugmelding_stream_open(thread->link, job->board, position,
					  job->kind == JOB_FEEDBACK_CSV ? TERUGMELDING_CSV : TERUGMELDING_JSON,
					  &job->terugmelding, err);

	if (rc != -ERR_DATA || strcmp(err->code, "expired") != 0)
		return rc;
	job->answer = JOB_EXPIRED;
	return 0;
}

static int answer_delivery(struct register_thread *thread, struct register_job *job, struct err *err)
{
	struct terugmelding_found found[TERUGMELDING_FOUND_MAX];
	size_t count = 0;
	bool is_applied = true;
	int rc = 0;

	if (job->has_position)
		rc = terugmelding_is_applied(thread->link, thread->jobs->options.raw_topic, job->partition, job->offset,
					     &is_applied, err);
	if (rc == 0 && !is_applied) {
		job->answer = JOB_NOT_YET;
		return 0;
	}
	if (rc == 0)
		rc = terugmelding_find(thread->link, job->board, slice_of(job->id), found, &count, err);
	if (rc != 0)
		return rc;
	job->answer = count > 0 ? JOB_FOUND : job->has_position ? JOB_LOST : JOB_UNKNOWN;
	if (count == 0)
		return 0;
	if (job->kind == JOB_FEEDBACK_CSV || job->kind == JOB_FEEDBACK_JSON)
		return open_terugmelding(thread, job, found[0].position, err);
	return add_summary(thread, job->board, found, count, &job->body, err);
}

static int keep_all(void *self, struct strbuf *out, struct err *err)
{
	(void)self, (void)out, (void)err;
	return 0;
}

/* rows: one, with the number of a reading. */
static int keep_reading(struct register_thread *thread, const struct pg_rows *rows, struct err *err)
{
	struct slice reading = pg_get_bytes(rows, 0, 0);

	if (reading.n != sizeof thread->reading)
		return err_set(err, ERR_FATAL, "reading", "the register gives a reading no number");
	memcpy(thread->reading, reading.p, sizeof thread->reading);
	return 0;
}

/* design 9: every reading of personal data leaves a row, and it says as whom. By its number, in thread->reading, the
 * register shows persons; without it none. */
static int record_access(struct register_thread *thread, const char *what, const struct register_job *job,
			 struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)job->board);
	pg_add_text(&params, slice_of(what));
	grant_params_add(&params, job->grant, job->trace);
	thread->is_recording = true;
	int rc = pg_ask(thread->link, "record_access",
			"select register.begin_reading($1, $2, $3, $4, $5, nullif($6, 0), $7)", "=U", &params, &rows,
			err);

	if (rc != 0)
		return rc;
	thread->is_recording = false;
	return keep_reading(thread, rows, err);
}

static int answer_stand(struct register_thread *thread, struct register_job *job, struct err *err)
{
	struct stand_options stand = { .is_one_board = true,
				       .board = job->board,
				       .reading = thread->reading,
				       .pseudonym_key = job->has_bsn ? NULL : thread->jobs->options.stand_key };
	int rc = record_access(thread, job->has_bsn ? "gateway: stand with bsn" : "gateway: stand", job, err);

	job->answer = JOB_FOUND;
	return rc != 0 ? rc : stand_write(thread->link, &stand, &job->body, keep_all, NULL, err);
}

static int answer_absent(struct register_thread *thread, struct register_job *job, struct err *err)
{
	struct stand_options stand = { .is_one_board = true, .board = job->board, .reading = thread->reading };
	enum stand_waiting waiting;
	int rc = stand_find_waiting(thread->link, job->board, slice_of(job->id), &waiting, &stand.absent_of, err);

	if (rc != 0)
		return rc;
	job->answer = waiting == WAITING_FOUND ? JOB_FOUND : waiting == WAITING_NOT ? JOB_NOT_WAITING : JOB_UNKNOWN;
	if (job->answer != JOB_FOUND)
		return 0;
	rc = record_access(thread, "gateway: ontbrekenden", job, err);
	return rc != 0 ? rc : stand_write(thread->link, &stand, &job->body, keep_all, NULL, err);
}

/* The board itself asks, or the operator. */
static bool sees_all(const struct access_grant *grant)
{
	return grant->basis == BASIS_OWN || grant->basis == BASIS_OPERATOR;
}

static int answer_deliveries(struct register_thread *thread, struct register_job *job, struct err *err)
{
	job->list.board = job->board;
	job->list.sees_all = sees_all(job->grant);
	job->list.party = slice_of(job->grant->party);
	job->list.sender = slice_of(job->grant->speaker);
	job->answer = JOB_FOUND;
	return delivery_list_write(thread->link, &job->list, &job->body, err);
}

static struct problem_query problems_of(const struct register_job *job)
{
	struct problem_query query = job->problems;

	query.board = job->board;
	query.sees_all = sees_all(job->grant);
	query.party = slice_of(job->grant->party);
	query.sender = slice_of(job->grant->speaker);
	return query;
}

static int answer_problems(struct register_thread *thread, struct register_job *job, struct err *err)
{
	const struct problem_query query = problems_of(job);
	bool is_found = true;
	int rc = job->kind == JOB_PROBLEMS ? problem_list_write(thread->link, &query, &job->body, err)
					   : problem_write(thread->link, &query, &job->body, &is_found, err);

	job->answer = is_found ? JOB_FOUND : JOB_UNKNOWN;
	return rc;
}

static struct problem_submission submission_of(const struct register_job *job)
{
	return (struct problem_submission){ job->board, job->problem, job->grant, job->trace };
}

/* What is stored is read back: a repeat is answered with how it stands by now. */
static int add_problem(struct register_thread *thread, struct register_job *job, struct err *err)
{
	const struct problem_submission submission = submission_of(job);
	int rc = problem_store_add(thread->link, &submission, job->problems.reference, &job->is_new, err);

	if (rc != 0)
		return rc;
	job->answer = JOB_TOO_MANY;
	return job->problems.reference[0] ? answer_problems(thread, job, err) : 0;
}

/* Only who may see a problem may have it mailed on. */
static int mail_problem(struct register_thread *thread, struct register_job *job, struct err *err)
{
	const struct problem_submission submission = submission_of(job);
	bool has_sector = false;
	int rc = answer_problems(thread, job, err);

	if (rc != 0 || job->answer != JOB_FOUND)
		return rc;
	strbuf_reset(&job->body);
	rc = problem_store_mail(thread->link, &submission, job->problems.reference, &has_sector, err);
	if (rc != 0)
		return rc;
	job->answer = JOB_OTHER_SECTOR;
	return has_sector ? answer_problems(thread, job, err) : 0;
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
	if (!atomic_exchange(&jobs->is_away, true) && !atomic_load(&is_called_off))
		log_event(err->kind == ERR_CONFIG ? LOG_ERROR : LOG_WARN, "register.away",
			  "code=%s effect=\"deliveries are accepted without it, questions get 503\" why=%s",
			  LOG_QUOTED(err->code), LOG_QUOTED(err->text));
	wake_trials(jobs);
}

static bool does_answer(struct register_thread *thread, struct err *err)
{
	question_end_ms = clock_ms() + thread->jobs->options.pg.connect_ms;
	return pg_link_connect(thread->link, err) == 0 && pg_script(thread->link, "select 1", err) == 0;
}

/* A gateway that nobody asks anything finds out, too, by what it looks after itself: its metric says that the register
 * is away. But a thread without a connection (there may be none left for it) says nothing of the others, who have
 * theirs: the thread of JOB_KNOWN looks by its own. */
static void doubt_register(struct register_thread *thread)
{
	if (pg_link_is_up(thread->link))
		return;
	atomic_store(&thread->jobs->is_doubted, true);
	wake_trials(thread->jobs);
}

/* ---- mandates ---- */

static int answer_mandates(struct register_thread *thread, struct register_job *job, struct err *err)
{
	job->answer = JOB_FOUND;
	return mandate_store_list(thread->link, job->board, job->mandate_day, &job->body, err);
}

static int answer_might(struct register_thread *thread, struct register_job *job, struct err *err)
{
	job->answer = JOB_FOUND;
	return mandate_store_might(thread->link, job->board, &job->question, &job->may, err);
}

/* Said once, until it is known to be published. */
static void note_publication(struct register_jobs *jobs, int rc, const struct err *err)
{
	if (rc != 0 && atomic_load(&is_called_off))
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
	int rc = access_publisher_publish(jobs->publisher, thread->link, &thread->arena, &err);
	struct err second = { 0 };
	bool is_behind = true;

	/* another gateway, which found our version first, may have had the lock meanwhile */
	if (rc == -ERR_RETRY && pg_link_is_up(thread->link) &&
	    access_publisher_is_behind(thread->link, &is_behind, &second) == 0 && !is_behind)
		rc = 0;
	note_publication(jobs, rc, &err);
	return rc == 0;
}

/* What waits for another who changes access data is no sign that the register is away: the sender tries again. */
static int change_mandate(struct register_thread *thread, struct register_job *job, struct err *err)
{
	const struct mandate_actor actor = { job->grant, job->trace };
	int rc = mandate_store_change(thread->link, &thread->arena, job->board, &job->mandate, &actor,
				      &job->mandate_outcome, &job->body, err);

	if (rc == -ERR_RETRY && pg_link_is_up(thread->link)) {
		strbuf_reset(&job->body);
		job->answer = JOB_AWAY;
		return 0;
	}
	job->answer = JOB_FOUND;
	if (rc == 0 && (job->mandate_outcome == MANDATE_MADE || job->mandate_outcome == MANDATE_SAME))
		job->is_in_force = thread->jobs->publisher && publish_access(thread);
	return rc;
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
	question_end_ms = clock_ms() + (int64_t)pg->connect_ms + pg->statement_ms;
	int rc = pg_link_connect(thread->link, &err);

	if (rc == 0)
		rc = access_publisher_is_behind(thread->link, &is_behind, &err);
	if (rc == 0 && is_behind)
		rc = access_publisher_catch_up(thread->jobs->publisher, thread->link, &thread->arena, &is_tried, &err);
	if (rc == 0 && is_behind && !is_tried) /* another process has the lock: it publishes, or hangs */
		gateway_metric_set(METRIC_ACCESS_UNPUBLISHED, 1);
	else
		note_publication(thread->jobs, rc, &err);
	if (rc != 0 && !atomic_load(&is_called_off))
		doubt_register(thread);
	arena_reset(&thread->arena);
}

/* ---- contact persons ---- */

static int answer_contacts(struct register_thread *thread, struct register_job *job, struct err *err)
{
	int rc = record_access(thread, "gateway: contactpersonen", job, err);

	job->answer = JOB_FOUND;
	return rc != 0 ? rc : contact_persons_read(thread->link, thread->reading, &job->body, err);
}

static int answer_contact_history(struct register_thread *thread, struct register_job *job, struct err *err)
{
	int rc = record_access(thread, "gateway: contactpersonen, historie", job, err);

	job->answer = JOB_FOUND;
	return rc != 0 ? rc : contact_persons_history(thread->link, thread->reading, &job->body, err);
}

/* JOB_FOUND when they are what the sender wants now, and the row of the audit has the number thread->reading. */
static int put_contacts(struct register_thread *thread, struct register_job *job, bool may_replace, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)job->board);
	pg_add_text(&params, job->persons);
	pg_add_bool(&params, may_replace);
	grant_params_add(&params, job->grant, job->trace);
	int rc = pg_ask(thread->link, "contact_put",
			"select register.put_contact_persons($1, $2::text::jsonb, $3, $4, $5, $6, nullif($7, 0), $8)",
			"=U", &params, &rows, err);

	if (rc != 0)
		return rc;
	job->answer = pg_is_null(rows, 0, 0) ? JOB_CHANGED : JOB_FOUND;
	return job->answer == JOB_FOUND ? keep_reading(thread, rows, err) : 0;
}

/* Under the board's lock. JOB_CHANGED when somebody else set them since the sender looked. What If-Match names may be
 * gone because the sender set these very persons before and never got the answer: then it is done (RFC 9110,
 * 13.1.1). */
static int replace_contacts(struct register_thread *thread, struct register_job *job, struct err *err)
{
	char etag[ETAG_BYTES];
	uint8_t sha256[32];
	int rc = contact_persons_digest(thread->link, job->board, sha256, err);

	if (rc != 0)
		return rc;
	etag_write(sha256, etag);
	enum condition condition = conditional_check(job->if_match, job->if_none_match, etag);

	job->answer = JOB_CHANGED;
	return condition == CONDITION_NOT_MODIFIED ? 0 : put_contacts(thread, job, condition == CONDITION_HOLDS, err);
}

/* Of a transaction that changes something. One that only has to wait for another is no sign that the register is away:
 * the sender tries again. */
static int end_change(struct register_thread *thread, struct register_job *job, int rc, struct err *err)
{
	struct err later;

	if (rc == 0)
		return pg_script(thread->link, "commit", err);
	if (!pg_link_is_up(thread->link) || pg_script(thread->link, "rollback", &later) != 0 || rc != -ERR_RETRY)
		return rc;
	strbuf_reset(&job->body);
	job->answer = JOB_AWAY;
	return 0;
}

static int set_contacts(struct register_thread *thread, struct register_job *job, struct err *err)
{
	int rc = pg_begin(thread->link, err);

	if (rc != 0)
		return rc;
	rc = contact_persons_lock(thread->link, job->board, err);
	if (rc == 0)
		rc = replace_contacts(thread, job, err);
	rc = end_change(thread, job, rc, err);
	/* what stands, by the row that stands now */
	return rc == 0 && job->answer == JOB_FOUND
		       ? contact_persons_read(thread->link, thread->reading, &job->body, err)
		       : rc;
}

static int answer_confirmation(struct register_thread *thread, struct register_job *job, struct err *err)
{
	int rc = terugmelding_confirmation(thread->link, job->board, job->request_id, &job->confirmation, err);

	job->answer = rc == 0 && job->confirmation.is_known ? JOB_FOUND : JOB_NOT_YET;
	return rc;
}

/* Made here and not in the loop: a stand may have megabytes. */
static void make_etag(struct register_job *job)
{
	uint8_t sha256[32];

	if (job->terugmelding)
		terugmelding_stream_sha256(job->terugmelding, sha256);
	else
		sha256_of(strbuf_slice(&job->body), sha256);
	if (job->kind == JOB_ABSENT) /* specification 8.6: a confirmation can name it */
		etag_write_whole(sha256, job->etag);
	else
		etag_write(sha256, job->etag);
}

static int ask_register(struct register_thread *thread, struct register_job *job, struct err *err)
{
	switch (job->kind) {
	case JOB_STAND:
		return answer_stand(thread, job, err);
	case JOB_ABSENT:
		return answer_absent(thread, job, err);
	case JOB_DELIVERIES:
		return answer_deliveries(thread, job, err);
	case JOB_MANDATES:
		return answer_mandates(thread, job, err);
	case JOB_MIGHT:
		return answer_might(thread, job, err);
	case JOB_MANDATE_CHANGE:
		return change_mandate(thread, job, err);
	case JOB_CONTACTS:
		return answer_contacts(thread, job, err);
	case JOB_CONTACT_HISTORY:
		return answer_contact_history(thread, job, err);
	case JOB_CONTACTS_SET:
		return set_contacts(thread, job, err);
	case JOB_CONFIRMATION:
		return answer_confirmation(thread, job, err);
	case JOB_PROBLEM_ADD:
		return add_problem(thread, job, err);
	case JOB_PROBLEM_MAIL:
		return mail_problem(thread, job, err);
	case JOB_PROBLEMS:
	case JOB_PROBLEM:
		return answer_problems(thread, job, err);
	default:
		return answer_delivery(thread, job, err);
	}
}

static int answer_job(struct register_thread *thread, struct register_job *job, struct err *err)
{
	int rc = ask_register(thread, job, err);

	if (rc == 0 && job->answer == JOB_FOUND && job->kind != JOB_CONFIRMATION && job->kind != JOB_MIGHT)
		make_etag(job);
	return rc;
}

/* Answers a whole batch of JOB_KNOWN with one question. */
static int answer_known(struct register_thread *thread, struct register_job *const *batch, size_t count,
			struct err *err)
{
	struct terugmelding_name names[KNOWN_BATCH_MAX];
	struct terugmelding_match *matches;
	size_t match_count;

	for (size_t i = 0; i < count; i++) {
		names[i] = (struct terugmelding_name){ batch[i]->board, slice_of(batch[i]->id) };
		batch[i]->answer = JOB_UNKNOWN;
	}
	int rc = terugmelding_find_all(thread->link, names, count, &thread->arena, &matches, &match_count, err);

	for (size_t i = 0; rc == 0 && i < match_count; i++) {
		const struct terugmelding_found *found = &matches[i].found;
		struct register_job *job = batch[matches[i].name];

		if (job->answer == JOB_FOUND)
			continue;
		job->answer = JOB_CLASH;
		if (memcmp(found->fingerprint, job->fingerprint, sizeof job->fingerprint) == 0) {
			job->answer = JOB_FOUND;
			question_end_ms = clock_ms() + KNOWN_MS_MAX;
			rc = add_summary(thread, job->board, found, 1, &job->body, err);
		}
	}
	return rc;
}

/* ---- the register as a peer ---- */

/* A fault of the question is no sign that the register is away; all else is. Being away is logged once, not per
 * question. */
static enum register_job_answer sort_failure(struct register_thread *thread, const struct err *err)
{
	if (err->kind != ERR_RETRY && err->kind != ERR_STOP && pg_link_is_up(thread->link)) {
		log_event(LOG_ERROR, "register.question", "code=%s why=%s", LOG_QUOTED(err->code),
			  LOG_QUOTED(err->text));
		return JOB_FAILED;
	}
	set_away(thread->jobs, err);
	return JOB_AWAY;
}

static int ask(struct register_thread *thread, struct register_job *const *batch, size_t count, struct err *err)
{
	int rc = pg_link_connect(thread->link, err);

	if (rc == 0)
		rc = thread->queue == &thread->jobs->known ? answer_known(thread, batch, count, err)
							   : answer_job(thread, batch[0], err);
	arena_reset(&thread->arena);
	for (size_t i = 0; rc != 0 && i < count; i++)
		strbuf_reset(&batch[i]->body);
	return rc;
}

/* Asks again when the connection broke since the last question: a server that was restarted in between is not away. */
static int ask_twice(struct register_thread *thread, struct register_job *const *batch, size_t count, struct err *err)
{
	bool was_up = pg_link_is_up(thread->link);
	int rc = ask(thread, batch, count, err);

	return rc == -ERR_RETRY && was_up && !pg_link_is_up(thread->link) ? ask(thread, batch, count, err) : rc;
}

/* The row of a reading is on its disk only when a synchronous standby has it too. One that is away keeps back the
 * readings, and nothing else. */
static bool lacks_row_only(struct register_thread *thread, const struct err *err)
{
	bool may_pass = err->kind == ERR_RETRY || err->kind == ERR_STOP;
	struct err later;

	if (!thread->is_recording || !may_pass || !does_answer(thread, &later))
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

		question_end_ms = clock_ms() + (is_known ? KNOWN_MS_MAX : (int64_t)pg->connect_ms + pg->statement_ms);
		thread->is_recording = false;
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
	bool is_doubted = atomic_exchange(&jobs->is_doubted, false), was_up = pg_link_is_up(thread->link);
	struct err err = { 0 };

	if (!is_doubted && !atomic_load(&jobs->is_away))
		return;
	bool answers = does_answer(thread, &err) ||
		       (was_up && !pg_link_is_up(thread->link) && does_answer(thread, &err));

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

	question_end_ms = clock_ms() + KNOWN_MS_MAX;
	int rc = pg_link_connect(thread->link, &err);

	if (rc == 0)
		rc = terugmelding_partitions(thread->link, jobs->options.raw_topic, &partitions, &err);
	if (rc == 0 && partitions > 0)
		log_event(LOG_INFO, "partitions.known", "topic=%s partitions=%d", jobs->options.raw_topic, partitions);
	if (rc != 0 && !jobs->is_number_missed && !atomic_load(&is_called_off))
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
	struct register_job *batch[KNOWN_BATCH_MAX];
	bool is_known = thread->queue == &thread->jobs->known;
	bool is_closing = false;

	if (is_known)
		ask_partitions(thread);
	while (!is_closing) {
		size_t count = wait_for_jobs(thread, batch, is_known ? KNOWN_BATCH_MAX : 1, &is_closing);

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
	int rc = pg_link_open(&jobs->options.pg, &thread->link, err);

	if (rc == 0)
		rc = arena_init(&thread->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);
	if (rc == 0 && pthread_create(&thread->handle, NULL, answer_jobs, thread) != 0)
		rc = err_set(err, ERR_FATAL, "thread", "the system gives no thread");
	if (rc != 0) {
		pg_link_close(thread->link);
		arena_release(&thread->arena);
	}
	return rc;
}

static int open_access_publisher(struct register_jobs *jobs, struct err *err)
{
	const struct access_publisher_options options = { .kafka = jobs->options.kafka,
							  .topic = jobs->options.access_topic,
							  .compression = jobs->options.compression,
							  .should_stop = is_overdue };

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
	jobs->options.pg.should_stop = is_overdue;
	atomic_store(&jobs->partitions, -1);
	atomic_store(&is_called_off, false);
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
	atomic_store(&is_called_off, true);
	pthread_mutex_lock(&jobs->lock);
	jobs->is_closing = true;
	pthread_cond_broadcast(&jobs->known.wake);
	pthread_cond_broadcast(&jobs->questions.wake);
	pthread_cond_broadcast(&jobs->changes.wake);
	pthread_mutex_unlock(&jobs->lock);
	for (size_t i = 0; i < jobs->thread_count; i++) {
		pthread_join(jobs->threads[i].handle, NULL);
		pg_link_close(jobs->threads[i].link);
		arena_release(&jobs->threads[i].arena);
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
