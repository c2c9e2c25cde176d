#include "gateway/summary_handler.h"

#include "gateway/receipt_position.h"
#include "gateway/register_question.h"
#include "gateway/services.h"

static bool read_query(struct request *request, struct slice name, struct slice value)
{
	struct register_job *job = request->state;
	struct receipt_position position;

	if (!slice_equal_text(name, "positie") ||
	    !receipt_position_read(&request->services->stand_key, request->values.board, request->values.delivery_id,
				   value, &position))
		return false;
	job->has_position = position.is_genuine; /* of one that is not, nothing follows */
	job->partition = position.partition;
	job->offset = position.offset;
	return true;
}

static void summary_end(struct request *request)
{
	struct register_job *job = request->state;

	if (register_question_read_query(request, read_query))
		register_question_ask(request, job, JOB_SUMMARY);
}

static void summary_answered(struct request *request, struct register_job *job)
{
	register_question_reply(request, job, "application/json");
}

const struct handler SUMMARY_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = summary_end,
	.answered = summary_answered,
	.free = register_question_free,
};
