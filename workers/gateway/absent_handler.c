#include "gateway/absent_handler.h"

#include "gateway/register_question.h"
#include "gateway/request.h"

static void absent_end(struct request *request)
{
	if (register_question_read_query(request, NULL))
		register_question_ask(request, request->state, JOB_ABSENT);
}

static void absent_answered(struct request *request, struct register_job *job)
{
	if (job->answer == JOB_NOT_WAITING)
		reply_problem(&request->reply, 404, "Wacht niet",
			      "Deze levering wacht niet (meer) op bevestiging: er is niemand die door een bevestiging "
			      "zou vervallen");
	else
		register_question_reply(request, job, "text/csv; charset=utf-8");
}

const struct handler ABSENT_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = absent_end,
	.answered = absent_answered,
	.free = register_question_free,
};
