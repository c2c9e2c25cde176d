/* The terugmelding of a delivery. Its text is made part by part while it is sent, so that a large one takes the memory
 * of what the ledger holds, and one that nobody reads no more. */
#include "gateway/feedback_handler.h"

#include "base/log.h"
#include "gateway/register_question.h"
#include "gateway/request.h"

enum { PART_BYTES = 65536 };

static bool wants_json(const struct request *request)
{
	return slice_equal_text(request->type, "application/json");
}

static void feedback_end(struct request *request)
{
	struct register_job *job = request->state;

	if (register_question_read_query(request, NULL))
		register_question_ask(request, job, wants_json(request) ? JOB_FEEDBACK_JSON : JOB_FEEDBACK_CSV);
}

/* ---- the text, made as it is sent ---- */

struct text {
	struct terugmelding_stream *lines;
	struct strbuf part;
	size_t sent; /* of the part */
	bool is_last;
};

static void text_free(void *self)
{
	struct text *text = self;

	terugmelding_stream_free(text->lines);
	strbuf_release(&text->part);
	free(text);
}

static bool next_part(struct text *text)
{
	struct err err;

	strbuf_reset(&text->part);
	text->sent = 0;
	if (terugmelding_stream_next(text->lines, &text->part, PART_BYTES, &text->is_last, &err) == 0)
		return true;
	log_event(LOG_ERROR, "feedback.broken", "code=%s effect=\"the answer is cut off\" why=%s", LOG_QUOTED(err.code),
		  LOG_QUOTED(err.text));
	return false;
}

static enum http_stream_step text_read(void *self, char *out, size_t bytes_max, size_t *ret_bytes)
{
	struct text *text = self;

	if (text->sent == text->part.n) {
		if (text->is_last)
			return HTTP_STREAM_END;
		if (!next_part(text))
			return HTTP_STREAM_BROKEN;
	}
	*ret_bytes = MIN(bytes_max, text->part.n - text->sent);
	memcpy(out, text->part.p + text->sent, *ret_bytes);
	text->sent += *ret_bytes;
	return HTTP_STREAM_BYTES;
}

/* What the ledger holds of it counts in the byte budget, and one part of the text. */
static void answer_text(struct request *request, struct register_job *job, const char *type)
{
	struct text *text = calloc(1, sizeof *text);
	size_t bytes = terugmelding_stream_bytes(job->terugmelding) + PART_BYTES;

	if (!text || !byte_budget_reserve_answer(&request->reserved, bytes)) {
		free(text);
		register_question_answer_away(request);
		return;
	}
	text->lines = job->terugmelding;
	job->terugmelding = NULL;
	strbuf_init(&text->part, PART_BYTES + TERUGMELDING_LINE_BYTES_MAX);
	reply_stream(&request->reply, type, &(struct http_stream){ text_read, text_free, text, -1 });
	memcpy(request->reply.etag, job->etag, sizeof job->etag);
}

static void feedback_answered(struct request *request, struct register_job *job)
{
	const char *type = job->kind == JOB_FEEDBACK_JSON ? "application/json" : "text/csv; charset=utf-8";

	if (job->answer == JOB_FOUND && !request_wants(request, job->etag))
		return;
	if (job->answer == JOB_FOUND)
		answer_text(request, job, type);
	else
		register_question_reply(request, job, type);
}

static void feedback_free(void *state)
{
	struct register_job *job = state;

	terugmelding_stream_free(job->terugmelding);
	register_question_free(job);
}

const struct handler FEEDBACK_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = feedback_end,
	.answered = feedback_answered,
	.free = feedback_free,
};
