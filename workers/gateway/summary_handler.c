#include "gateway/summary_handler.h"

#include "base/num.h"
#include "gateway/register_question.h"
#include "gateway/request.h"

/* "P-O", from a receipt: with it, a delivery that the writer has not reached yet is known to be received. */
static bool read_position(struct slice text, struct register_job *job)
{
	const char *dash = text.n > 0 ? memchr(text.p, '-', text.n) : NULL;
	uint64_t partition, offset;

	if (!dash || !num_parse_u64(slice_make(text.p, (size_t)(dash - text.p)), INT32_MAX, &partition) ||
	    !num_parse_u64(slice_from(text, (size_t)(dash - text.p) + 1), INT64_MAX, &offset))
		return false;
	job->has_position = true;
	job->partition = (int32_t)partition;
	job->offset = (int64_t)offset;
	return true;
}

static bool read_query(struct register_job *job, struct slice name, struct slice value)
{
	return slice_equal_text(name, "positie") && !job->has_position && read_position(value, job);
}

static void summary_end(struct request *request)
{
	struct register_job *job = request->state;

	if (register_question_read_query(request, job, read_query))
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
