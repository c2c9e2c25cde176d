#include "gateway/problem_handler.h"

#include "gateway/gateway_metrics.h"
#include "gateway/json_body.h"
#include "gateway/problem_form.h"
#include "gateway/refusal_log.h"
#include "gateway/register_question.h"
#include "gateway/services.h"

enum { TOO_MANY_RETRY_S = 3600 };

/* ---- reporting ---- */

struct problem_report {
	struct register_job job;
	struct json_body body;
	struct problem_form form;
};

static void report_begin(struct request *request)
{
	struct problem_report *report = request->state;
	bool is_json = json_body_begin(request, &report->body);

	(void)is_json; /* false: it is answered, and nothing of it comes here */
}

static void report_take(struct request *request, struct slice bytes)
{
	json_body_take(request, &((struct problem_report *)request->state)->body, bytes);
}

static const struct {
	unsigned status;
	const char *title, *detail;
} REFUSALS[] = {
	[PROBLEM_NO_MEMORY] = { 503, "Nu niet mogelijk", "Er is nu geen ruimte voor dit verzoek, probeer het zo weer" },
	[PROBLEM_OTHER_MEMBER] = { 400, "Verkeerd verzoek",
				   "Een melding kent leveringsid, codes en toelichting; een verzoek aan de sectorraad "
				   "sector en toelichting; de inhoud noemt iets anders" },
	[PROBLEM_DELIVERY] = { 400, "Verkeerd verzoek",
			       "Het leveringsid heeft 16 tot 36 letters, cijfers en koppeltekens: laat het weg als de "
			       "melding niet over een levering gaat" },
	[PROBLEM_CODES] = { 400, "Verkeerd verzoek",
			    "In codes staat bij hoogstens 50 codes van regels, als LR-S02, een aantal van 0 of meer" },
	[PROBLEM_SECTOR] = { 400, "Verkeerd verzoek", "De sector is PO, VO, WEC of MBO" },
	[PROBLEM_WORDS] = { 400, "Verkeerd verzoek",
			    "De toelichting is een tekst van 1 tot 2000 tekens, zonder besturingstekens" },
	[PROBLEM_BSN] = { 422, "BSN in de toelichting",
			  "In de toelichting staat een nummer dat een BSN kan zijn: een melding gaat per e-mail en mag "
			  "er geen bevatten. Laat het nummer weg en noem leveringsid, codes en regelnummers" },
};

static void refuse(struct request *request, const struct json_body *body, enum problem_fault fault)
{
	if (fault == PROBLEM_NO_MEMORY)
		reply_busy(&request->reply, REFUSALS[fault].detail);
	else if (fault == PROBLEM_NO_JSON)
		json_body_refuse(request, body, PROBLEM_DEPTH_MAX);
	else
		reply_problem(&request->reply, REFUSALS[fault].status, REFUSALS[fault].title, REFUSALS[fault].detail);
	if (fault == PROBLEM_BSN)
		refusal_log_note(422, "bsn", request->values.board, request->grant.speaker);
}

static void read_and_ask(struct request *request, bool has_sector, enum register_job_kind kind)
{
	struct problem_report *report = request->state;

	if (!register_question_read_query(request, NULL))
		return;
	enum problem_fault fault = problem_form_read(strbuf_slice(&report->body.text), has_sector, &report->form);

	if (fault != PROBLEM_GOOD) {
		refuse(request, &report->body, fault);
		return;
	}
	report->job.problem = &report->form;
	memcpy(report->job.problems.reference, request->values.reference, sizeof report->job.problems.reference);
	register_question_ask(request, &report->job, kind);
}

static void report_end(struct request *request)
{
	read_and_ask(request, false, JOB_PROBLEM_ADD);
}

static void answer_stored(struct request *request, struct register_job *job, unsigned status)
{
	struct reply *reply = &request->reply;

	reply_body(reply, "application/json", &job->body);
	reply->status = status;
	snprintf(reply->location, sizeof reply->location, "/v1/besturen/%05u/problemen/%s", request->values.board,
		 job->problems.reference);
}

static void report_answered(struct request *request, struct register_job *job)
{
	if (job->answer == JOB_TOO_MANY) {
		refusal_log_note(429, "problems", request->values.board, request->grant.speaker);
		reply_problem(&request->reply, 429, "Te veel meldingen",
			      "Voor dit bestuur zijn vandaag al 50 problemen gemeld: bel de helpdesk");
		request->reply.retry_after_s = TOO_MANY_RETRY_S;
	} else if (job->answer == JOB_FOUND) {
		gateway_metric_add(METRIC_PROBLEMS, job->is_new);
		answer_stored(request, job, job->is_new ? 201 : 200);
	} else {
		register_question_reply(request, job, "application/json");
	}
}

static void council_end(struct request *request)
{
	read_and_ask(request, true, JOB_PROBLEM_MAIL);
}

static void answer_unknown(struct request *request)
{
	reply_problem(&request->reply, 404, "Niet gevonden", "Een melding met deze referentie is bij ons niet bekend");
}

static void council_answered(struct request *request, struct register_job *job)
{
	if (job->answer == JOB_UNKNOWN)
		answer_unknown(request);
	else if (job->answer == JOB_OTHER_SECTOR)
		reply_problem(&request->reply, 422, "Andere sector",
			      "Dit bestuur heeft volgens de referentiegegevens geen school in deze sector");
	else if (job->answer == JOB_FOUND)
		answer_stored(request, job, 200);
	else
		register_question_reply(request, job, "application/json");
}

static void report_free(void *state)
{
	struct problem_report *report = state;

	json_body_release(&report->body);
	problem_form_release(&report->form);
	strbuf_release(&report->job.body);
}

/* ---- reading ---- */

static bool read_query(struct request *request, struct slice name, struct slice value)
{
	struct problem_query *query = &((struct register_job *)request->state)->problems;

	if (slice_equal_text(name, "status")) {
		query->state = problem_state_of(value);
		return query->state != NULL;
	}
	if (!slice_equal_text(name, "na") || !problem_reference_is_good(value))
		return false;
	memcpy(query->before, value.p, value.n);
	return true;
}

static void problems_end(struct request *request)
{
	if (register_question_read_query(request, read_query))
		register_question_ask(request, request->state, JOB_PROBLEMS);
}

static void problem_end(struct request *request)
{
	struct register_job *job = request->state;

	memcpy(job->problems.reference, request->values.reference, sizeof job->problems.reference);
	if (register_question_read_query(request, NULL))
		register_question_ask(request, job, JOB_PROBLEM);
}

static void problem_answered(struct request *request, struct register_job *job)
{
	if (job->answer == JOB_UNKNOWN)
		answer_unknown(request);
	else
		register_question_reply(request, job, "application/json");
}

const struct handler PROBLEM_REPORT_HANDLER = {
	.state_bytes = sizeof(struct problem_report),
	.begin = report_begin,
	.take = report_take,
	.end = report_end,
	.answered = report_answered,
	.free = report_free,
};

const struct handler PROBLEM_COUNCIL_HANDLER = {
	.state_bytes = sizeof(struct problem_report),
	.begin = report_begin,
	.take = report_take,
	.end = council_end,
	.answered = council_answered,
	.free = report_free,
};

const struct handler PROBLEMS_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = problems_end,
	.answered = problem_answered,
	.free = register_question_free,
};

const struct handler PROBLEM_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = problem_end,
	.answered = problem_answered,
	.free = register_question_free,
};
