#include "gateway/register_question.h"

#include "gateway/refusal_log.h"
#include "gateway/services.h"
#include "protocol/delivery_state.h"

#include <jansson.h>

struct query_walk {
	struct request *request;
	read_parameter *read;
	bool is_wrong;
};

static bool take_parameter(void *self, struct slice name, struct slice value)
{
	struct query_walk *walk = self;

	walk->is_wrong = !walk->read || !route_has_word(walk->request->route->parameters, name) ||
			 !walk->read(walk->request, name, value);
	return !walk->is_wrong;
}

bool register_question_read_query(struct request *request, read_parameter *read)
{
	struct query_walk walk = { .request = request, .read = read };

	request_walk_query(request, take_parameter, &walk);
	if (walk.is_wrong)
		reply_problem(
			&request->reply, 400, "Verkeerd verzoek",
			"Een veld in het webadres is hier niet bekend of niet leesbaar: een levering kent positie "
			"uit het ontvangstbewijs, een stand bsn=ja, de lijst van leveringen status, vanaf en na, "
			"die van problemen status en na, die van machtigingen op, en toegang dienst en op");
	return !walk.is_wrong;
}

void register_question_answer_away(struct request *request)
{
	if (request->reserved.is_share_used) {
		refusal_log_note(429, "load", 0, request->grant.speaker);
		reply_too_much(&request->reply);
	} else {
		reply_busy(&request->reply, "Het register kan nu niet gevraagd worden, probeer het zo weer");
	}
}

void register_question_ask(struct request *request, struct register_job *job, enum register_job_kind kind)
{
	job->kind = kind;
	job->board = request->values.board;
	job->grant = &request->grant;
	job->trace = &request->trace;
	memcpy(job->id, request->values.delivery_id, sizeof job->id);
	/* one byte: enough to be refused when the budget is used up */
	if (!byte_budget_reserve(&request->reserved, 1) || !services_ask(request, job))
		register_question_answer_away(request);
}

/* All that is known of a delivery that the writer has not reached: its name. */
static void answer_received(struct request *request)
{
	char board[8];

	snprintf(board, sizeof board, "%05u", request->values.board);
	reply_json(&request->reply, 200, "application/json",
		   json_pack("{s:s, s:s, s:s}", "leveringsid", request->values.delivery_id, "bestuur", board, "status",
			     delivery_state_name(DELIVERY_ONTVANGEN)));
}

static void answer_body(struct request *request, struct register_job *job, const char *type)
{
	if (!request_wants(request, job->etag))
		return;
	if (byte_budget_reserve_answer(&request->reserved, job->body.capacity)) {
		reply_body(&request->reply, type, &job->body);
		memcpy(request->reply.etag, job->etag, sizeof job->etag);
	} else {
		strbuf_release(&job->body);
		register_question_answer_away(request);
	}
}

void register_question_reply(struct request *request, struct register_job *job, const char *type)
{
	switch (job->answer) {
	case JOB_FOUND:
		answer_body(request, job, type);
		return;
	case JOB_NOT_YET:
		answer_received(request);
		return;
	case JOB_UNKNOWN:
		reply_problem(
			&request->reply, 404, "Niet gevonden",
			"Deze levering is bij ons (nog) niet bekend: gebruik positie uit het ontvangstbewijs om te "
			"zien of zij ontvangen is");
		return;
	case JOB_LOST:
		reply_problem(
			&request->reply, 404, "Verloren gegaan",
			"Wij hebben deze levering ontvangen, maar door een storing bij ons is zij verloren gegaan voor "
			"zij is beoordeeld: lever opnieuw aan");
		return;
	case JOB_EXPIRED:
		reply_problem(&request->reply, 404, "Verwijderd",
			      "De bewaartermijn van deze terugmelding is voorbij: zij is verwijderd");
		return;
	case JOB_AWAY:
		register_question_answer_away(request);
		return;
	default:
		reply_problem(&request->reply, 500, "Storing", "Er is bij ons een storing en wij zijn gewaarschuwd");
	}
}

void register_question_free(void *state)
{
	struct register_job *job = state;

	strbuf_release(&job->body);
}
