#include "gateway/stand_handler.h"

#include "gateway/register_question.h"
#include "gateway/request.h"

static bool read_query(struct request *request, struct slice name, struct slice value)
{
	struct register_job *job = request->state;

	if (!slice_equal_text(name, "bsn"))
		return false;
	job->has_bsn = slice_equal_text(value, "ja");
	return job->has_bsn || slice_equal_text(value, "nee");
}

static void stand_end(struct request *request)
{
	struct register_job *job = request->state;

	if (register_question_read_query(request, read_query))
		register_question_ask(request, job, JOB_STAND);
}

static void stand_answered(struct request *request, struct register_job *job)
{
	register_question_reply(request, job, "text/csv; charset=utf-8");
}

const struct handler STAND_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = stand_end,
	.answered = stand_answered,
	.free = register_question_free,
};
