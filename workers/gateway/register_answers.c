#include "gateway/register_answers.h"

#include "gateway/grant_params.h"
#include "gateway/problem_store.h"
#include "gateway/question_limit.h"
#include "render/contact_persons.h"
#include "render/json_build.h"
#include "render/stand.h"

#include <jansson.h>

/* ---- deliveries ---- */

static int add_summary(struct register_asker *asker, uint32_t board, const struct terugmelding_found *found,
		       size_t count, struct strbuf *out, struct err *err)
{
	struct summary summary;
	int rc = terugmelding_summary(asker->link, board, found[0].position, &asker->arena, &summary, err);

	if (rc != 0)
		return rc;
	json_t *json = summary_json(&summary);
	json_t *others = count > 1 ? json_array()
				   : NULL; /* specification 14.13: the id shows the first and lists the others */

	for (size_t i = 1; rc == 0 && i < count; i++) {
		rc = terugmelding_summary(asker->link, board, found[i].position, &asker->arena, &summary, err);
		if (rc == 0)
			json_build_append(&others, summary_json(&summary));
	}
	if (count > 1)
		json_build_put(&json, "andere", others);
	summary_put_json(out, json);
	return rc == 0 ? strbuf_check(out, "a summary", err) : rc;
}

static int open_terugmelding(struct register_asker *asker, struct register_job *job, int64_t position, struct err *err)
{
	int rc = terugmelding_stream_open(asker->link, job->board, position,
					  job->kind == JOB_FEEDBACK_CSV ? TERUGMELDING_CSV : TERUGMELDING_JSON,
					  &job->terugmelding, err);

	if (rc != -ERR_DATA || strcmp(err->code, "expired") != 0)
		return rc;
	job->answer = JOB_EXPIRED;
	return 0;
}

static int answer_delivery(struct register_asker *asker, struct register_job *job, struct err *err)
{
	struct terugmelding_found found[TERUGMELDING_FOUND_MAX];
	size_t count = 0;
	bool is_applied = true;
	int rc = 0;

	if (job->has_position)
		rc = terugmelding_is_applied(asker->link, asker->raw_topic, job->partition, job->offset, &is_applied,
					     err);
	if (rc == 0 && !is_applied) {
		job->answer = JOB_NOT_YET;
		return 0;
	}
	if (rc == 0)
		rc = terugmelding_find(asker->link, job->board, slice_of(job->id), found, &count, err);
	if (rc != 0)
		return rc;
	job->answer = count > 0 ? JOB_FOUND : job->has_position ? JOB_LOST : JOB_UNKNOWN;
	if (count == 0)
		return 0;
	if (job->kind == JOB_FEEDBACK_CSV || job->kind == JOB_FEEDBACK_JSON)
		return open_terugmelding(asker, job, found[0].position, err);
	return add_summary(asker, job->board, found, count, &job->body, err);
}

/* ---- persons, each reading with its row ---- */

static int keep_all(void *self, struct strbuf *out, struct err *err)
{
	(void)self, (void)out, (void)err;
	return 0;
}

/* rows: one, with the number of a reading. */
static int keep_reading(struct register_asker *asker, const struct pg_rows *rows, struct err *err)
{
	struct slice reading = pg_get_bytes(rows, 0, 0);

	if (reading.n != sizeof asker->reading)
		return err_set(err, ERR_FATAL, "reading", "the register gives a reading no number");
	memcpy(asker->reading, reading.p, sizeof asker->reading);
	return 0;
}

/* design 9: every reading of personal data leaves a row, and it says as whom. By its number, in asker->reading, the
 * register shows persons; without it none. */
static int record_access(struct register_asker *asker, const char *what, const struct register_job *job,
			 struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)job->board);
	pg_add_text(&params, slice_of(what));
	grant_params_add(&params, job->grant, job->trace);
	asker->is_recording = true;
	int rc = pg_ask(asker->link, "record_access",
			"select register.begin_reading($1, $2, $3, $4, $5, nullif($6, 0), $7)", "=U", &params, &rows,
			err);

	if (rc != 0)
		return rc;
	asker->is_recording = false;
	return keep_reading(asker, rows, err);
}

static int answer_stand(struct register_asker *asker, struct register_job *job, struct err *err)
{
	struct stand_options stand = { .is_one_board = true,
				       .board = job->board,
				       .reading = asker->reading,
				       .pseudonym_key = job->has_bsn ? NULL : asker->stand_key };
	int rc = record_access(asker, job->has_bsn ? "gateway: stand with bsn" : "gateway: stand", job, err);

	job->answer = JOB_FOUND;
	return rc != 0 ? rc : stand_write(asker->link, &stand, &job->body, keep_all, NULL, err);
}

static int answer_absent(struct register_asker *asker, struct register_job *job, struct err *err)
{
	struct stand_options stand = { .is_one_board = true, .board = job->board, .reading = asker->reading };
	enum stand_waiting waiting;
	int rc = stand_find_waiting(asker->link, job->board, slice_of(job->id), &waiting, &stand.absent_of, err);

	if (rc != 0)
		return rc;
	job->answer = waiting == WAITING_FOUND ? JOB_FOUND : waiting == WAITING_NOT ? JOB_NOT_WAITING : JOB_UNKNOWN;
	if (job->answer != JOB_FOUND)
		return 0;
	rc = record_access(asker, "gateway: ontbrekenden", job, err);
	return rc != 0 ? rc : stand_write(asker->link, &stand, &job->body, keep_all, NULL, err);
}

/* ---- lists ---- */

/* The board itself asks, or the operator. */
static bool sees_all(const struct access_grant *grant)
{
	return grant->basis == BASIS_OWN || grant->basis == BASIS_OPERATOR;
}

static int answer_deliveries(struct register_asker *asker, struct register_job *job, struct err *err)
{
	job->list.board = job->board;
	job->list.sees_all = sees_all(job->grant);
	job->list.party = slice_of(job->grant->party);
	job->list.sender = slice_of(job->grant->speaker);
	job->answer = JOB_FOUND;
	return delivery_list_write(asker->link, &job->list, &job->body, err);
}

/* ---- problems ---- */

static struct problem_query problems_of(const struct register_job *job)
{
	struct problem_query query = job->problems;

	query.board = job->board;
	query.sees_all = sees_all(job->grant);
	query.party = slice_of(job->grant->party);
	query.sender = slice_of(job->grant->speaker);
	return query;
}

static int answer_problems(struct register_asker *asker, struct register_job *job, struct err *err)
{
	const struct problem_query query = problems_of(job);
	bool is_found = true;
	int rc = job->kind == JOB_PROBLEMS ? problem_list_write(asker->link, &query, &job->body, err)
					   : problem_write(asker->link, &query, &job->body, &is_found, err);

	job->answer = is_found ? JOB_FOUND : JOB_UNKNOWN;
	return rc;
}

static struct problem_submission submission_of(const struct register_job *job)
{
	return (struct problem_submission){ job->board, job->problem, job->grant, job->trace };
}

/* What is stored is read back: a repeat is answered with how it stands by now. */
static int add_problem(struct register_asker *asker, struct register_job *job, struct err *err)
{
	const struct problem_submission submission = submission_of(job);
	int rc = problem_store_add(asker->link, &submission, job->problems.reference, &job->is_new, err);

	if (rc != 0)
		return rc;
	job->answer = JOB_TOO_MANY;
	return job->problems.reference[0] ? answer_problems(asker, job, err) : 0;
}

/* Only who may see a problem may have it mailed on. */
static int mail_problem(struct register_asker *asker, struct register_job *job, struct err *err)
{
	const struct problem_submission submission = submission_of(job);
	bool has_sector = false;
	int rc = answer_problems(asker, job, err);

	if (rc != 0 || job->answer != JOB_FOUND)
		return rc;
	strbuf_reset(&job->body);
	rc = problem_store_mail(asker->link, &submission, job->problems.reference, &has_sector, err);
	if (rc != 0)
		return rc;
	job->answer = JOB_OTHER_SECTOR;
	return has_sector ? answer_problems(asker, job, err) : 0;
}

/* ---- mandates ---- */

static int answer_mandates(struct register_asker *asker, struct register_job *job, struct err *err)
{
	job->answer = JOB_FOUND;
	return mandate_store_list(asker->link, job->board, job->mandate_day, &job->body, err);
}

static int answer_might(struct register_asker *asker, struct register_job *job, struct err *err)
{
	job->answer = JOB_FOUND;
	return mandate_store_might(asker->link, job->board, &job->question, &job->may, err);
}

/* What waits for another who changes access data is no sign that the register is away: the sender tries again. */
static int change_mandate(struct register_asker *asker, struct register_job *job, struct err *err)
{
	const struct mandate_actor actor = { job->grant, job->trace };
	int rc = mandate_store_change(asker->link, &asker->arena, job->board, &job->mandate, &actor,
				      &job->mandate_outcome, &job->body, err);

	if (rc == -ERR_RETRY && pg_link_is_up(asker->link)) {
		strbuf_reset(&job->body);
		job->answer = JOB_AWAY;
		return 0;
	}
	job->answer = JOB_FOUND;
	return rc;
}

/* ---- contact persons ---- */

static int answer_contacts(struct register_asker *asker, struct register_job *job, struct err *err)
{
	int rc = record_access(asker, "gateway: contactpersonen", job, err);

	job->answer = JOB_FOUND;
	return rc != 0 ? rc : contact_persons_read(asker->link, asker->reading, &job->body, err);
}

static int answer_contact_history(struct register_asker *asker, struct register_job *job, struct err *err)
{
	int rc = record_access(asker, "gateway: contactpersonen, historie", job, err);

	job->answer = JOB_FOUND;
	return rc != 0 ? rc : contact_persons_history(asker->link, asker->reading, &job->body, err);
}

/* JOB_FOUND when they are what the sender wants now, and the row of the audit has the number asker->reading. */
static int put_contacts(struct register_asker *asker, struct register_job *job, bool may_replace, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)job->board);
	pg_add_text(&params, job->persons);
	pg_add_bool(&params, may_replace);
	grant_params_add(&params, job->grant, job->trace);
	int rc = pg_ask(asker->link, "contact_put",
			"select register.put_contact_persons($1, $2::text::jsonb, $3, $4, $5, $6, nullif($7, 0), $8)",
			"=U", &params, &rows, err);

	if (rc != 0)
		return rc;
	job->answer = pg_is_null(rows, 0, 0) ? JOB_CHANGED : JOB_FOUND;
	return job->answer == JOB_FOUND ? keep_reading(asker, rows, err) : 0;
}

/* Under the board's lock. JOB_CHANGED when somebody else set them since the sender looked. What If-Match names may be
 * gone because the sender set these very persons before and never got the answer: then it is done (RFC 9110,
 * 13.1.1). */
static int replace_contacts(struct register_asker *asker, struct register_job *job, struct err *err)
{
	char etag[ETAG_BYTES];
	uint8_t sha256[32];
	int rc = contact_persons_digest(asker->link, job->board, sha256, err);

	if (rc != 0)
		return rc;
	etag_write(sha256, etag);
	enum condition condition = conditional_check(job->if_match, job->if_none_match, etag);

	job->answer = JOB_CHANGED;
	return condition == CONDITION_NOT_MODIFIED ? 0 : put_contacts(asker, job, condition == CONDITION_HOLDS, err);
}

/* Of a transaction that changes something. One that only has to wait for another is no sign that the register is away:
 * the sender tries again. */
static int end_change(struct register_asker *asker, struct register_job *job, int rc, struct err *err)
{
	struct err later;

	if (rc == 0)
		return pg_script(asker->link, "commit", err);
	if (!pg_link_is_up(asker->link) || pg_script(asker->link, "rollback", &later) != 0 || rc != -ERR_RETRY)
		return rc;
	strbuf_reset(&job->body);
	job->answer = JOB_AWAY;
	return 0;
}

static int set_contacts(struct register_asker *asker, struct register_job *job, struct err *err)
{
	int rc = pg_begin(asker->link, err);

	if (rc != 0)
		return rc;
	rc = contact_persons_lock(asker->link, job->board, err);
	if (rc == 0)
		rc = replace_contacts(asker, job, err);
	rc = end_change(asker, job, rc, err);
	/* what stands, by the row that stands now */
	return rc == 0 && job->answer == JOB_FOUND ? contact_persons_read(asker->link, asker->reading, &job->body, err)
						   : rc;
}

/* ---- each kind ---- */

static int answer_confirmation(struct register_asker *asker, struct register_job *job, struct err *err)
{
	int rc = terugmelding_confirmation(asker->link, job->board, job->request_id, &job->confirmation, err);

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

static int ask_register(struct register_asker *asker, struct register_job *job, struct err *err)
{
	switch (job->kind) {
	case JOB_STAND:
		return answer_stand(asker, job, err);
	case JOB_ABSENT:
		return answer_absent(asker, job, err);
	case JOB_DELIVERIES:
		return answer_deliveries(asker, job, err);
	case JOB_MANDATES:
		return answer_mandates(asker, job, err);
	case JOB_MIGHT:
		return answer_might(asker, job, err);
	case JOB_MANDATE_CHANGE:
		return change_mandate(asker, job, err);
	case JOB_CONTACTS:
		return answer_contacts(asker, job, err);
	case JOB_CONTACT_HISTORY:
		return answer_contact_history(asker, job, err);
	case JOB_CONTACTS_SET:
		return set_contacts(asker, job, err);
	case JOB_CONFIRMATION:
		return answer_confirmation(asker, job, err);
	case JOB_PROBLEM_ADD:
		return add_problem(asker, job, err);
	case JOB_PROBLEM_MAIL:
		return mail_problem(asker, job, err);
	case JOB_PROBLEMS:
	case JOB_PROBLEM:
		return answer_problems(asker, job, err);
	default:
		return answer_delivery(asker, job, err);
	}
}

int register_answer(struct register_asker *asker, struct register_job *job, struct err *err)
{
	int rc = ask_register(asker, job, err);

	if (rc == 0 && job->answer == JOB_FOUND && job->kind != JOB_CONFIRMATION && job->kind != JOB_MIGHT)
		make_etag(job);
	return rc;
}

int register_answer_known(struct register_asker *asker, struct register_job *const *batch, size_t count,
			  struct err *err)
{
	struct terugmelding_name names[REGISTER_KNOWN_MAX];
	struct terugmelding_match *matches;
	size_t match_count;

	for (size_t i = 0; i < count; i++) {
		names[i] = (struct terugmelding_name){ batch[i]->board, slice_of(batch[i]->id) };
		batch[i]->answer = JOB_UNKNOWN;
	}
	int rc = terugmelding_find_all(asker->link, names, count, &asker->arena, &matches, &match_count, err);

	for (size_t i = 0; rc == 0 && i < match_count; i++) {
		const struct terugmelding_found *found = &matches[i].found;
		struct register_job *job = batch[matches[i].name];

		if (job->answer == JOB_FOUND)
			continue;
		job->answer = JOB_CLASH;
		if (memcmp(found->fingerprint, job->fingerprint, sizeof job->fingerprint) == 0) {
			job->answer = JOB_FOUND;
			question_limit_set(REGISTER_KNOWN_MS);
			rc = add_summary(asker, job->board, found, 1, &job->body, err);
		}
	}
	return rc;
}
