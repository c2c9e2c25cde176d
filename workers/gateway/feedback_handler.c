#include "gateway/feedback_handler.h"

#include "gateway/register_question.h"
#include "gateway/request.h"

/* CSV unless JSON is asked for before it. Weights (";q=") are not looked at. */
static bool wants_json(const struct request *request)
{
	struct slice accept = request_header(request, "Accept");
	const char *json = accept.n > 0 ? memmem(accept.p, accept.n, "application/json", 16) : NULL;
	const char *csv = accept.n > 0 ? memmem(accept.p, accept.n, "text/csv", 8) : NULL;

	return json && (!csv || json < csv);
}

static void feedback_end(struct request *request)
{
	struct register_job *job = request->state;

	if (register_question_read_query(request, job, NULL))
		register_question_ask(request, job, wants_json(request) ? JOB_FEEDBACK_JSON : JOB_FEEDBACK_CSV);
}

static void feedback_answered(struct request *request, struct register_job *job)
{
	bool is_json = job->kind == JOB_FEEDBACK_JSON;

	register_question_reply(request, job, is_json ? "application/json" : "text/csv; charset=utf-8");
}

const struct handler FEEDBACK_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = feedback_end,
	.answered = feedback_answered,
	.free = register_question_free,
};
