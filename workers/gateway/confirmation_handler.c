/* One confirmation:
 *
 *   1. confirmation_end: a Confirm message with a random request id goes into the log, as the writer alone decides
 *      about deliveries, in the order of the log. So does If-Match, which names who would lapse (specification 8.6):
 *      the writer compares.
 *   2. confirmation_published: it is in the log. What the writer makes of it is asked by that id, again and again.
 *   3. confirmation_due, confirmation_answered: the answer is there: 200, or 412 when others would lapse by now. Not
 *      there within confirm.wait.max, or the register is away: 202, as the confirmation will be carried out all
 *      the same. */
#include "gateway/confirmation_handler.h"

#include "base/clock.h"
#include "gateway/not_recorded.h"
#include "gateway/register_question.h"
#include "gateway/request_span.h"
#include "gateway/services.h"

#include <jansson.h>
#include <sys/random.h>

enum { FIRST_ASK_MS = 20, ASK_AGAIN_MS = 40 };

struct confirmation {
	struct register_job job;
	struct waiter waiter;
	int64_t deadline_ms; /* from then on the answer is 202 */
};

static void answer_not_recorded(struct request *request, int error, const char *code)
{
	(void)not_recorded_answer(request, error, code, request->values.board,
				  "De bevestiging kon nu niet worden vastgelegd, probeer het zo weer");
}

static void answer_outcome(struct request *request, const struct register_job *job)
{
	const struct confirmation_answer *answer = &job->confirmation;

	if (answer->has_other_absent)
		reply_problem(
			&request->reply, 412, "Intussen anders",
			"Er is niets bevestigd: wie zou vervallen is niet meer wat de kop If-Match noemt. Vraag de "
			"ontbrekenden opnieuw op");
	else
		reply_json(&request->reply, 200, "application/json",
			   json_pack("{s:b, s:i}", "uitgevoerd", answer->is_executed, "vervallen", answer->lapsed));
}

static void answer_recorded(struct request *request)
{
	struct reply *reply = &request->reply;

	reply_json(
		reply, 202, "application/json",
		json_pack("{s:s, s:s}", "status", "vastgelegd", "detail",
			  "De bevestiging is vastgelegd en wordt verwerkt, de uitkomst staat straks bij de levering."));
	snprintf(reply->location, sizeof reply->location, "/v1/besturen/%05u/leveringen/%s", request->values.board,
		 request->values.delivery_id);
}

static void publish(struct request *request, const uint8_t request_id[16], struct slice condition)
{
	const struct route_values *values = &request->values;
	struct slice delivery_id = slice_of(values->delivery_id);
	struct wire_confirm confirm = { .board = (int32_t)values->board,
					.delivery_id = delivery_id,
					.condition = condition };
	struct raw_message message;
	struct err err = { 0 };

	services_follow(request);
	request_span_of_delivery(request, values->board, delivery_id, 0);
	memcpy(confirm.request_id, request_id, sizeof confirm.request_id);
	raw_message_of_confirm(&message, &confirm, &request->services->message);
	if (services_publish(request, &message, &err) != 0)
		answer_not_recorded(request, (int)err.kind, err.code);
}

static void confirmation_end(struct request *request)
{
	struct confirmation *confirmation = request->state;
	struct register_job *job = &confirmation->job;

	char list[REQUEST_LIST_BYTES];
	struct slice if_match = request_header_list(request, "If-Match", list);
	uint8_t digests[CONDITION_BYTES_MAX];
	bool is_any = false;
	size_t count = etag_list_digests(if_match, digests, &is_any);

	if (!register_question_read_query(request, NULL))
		return;
	if (if_match.p && !is_any && count == 0) { /* whatever the register holds: no file of ours has such an ETag */
		reply_problem(&request->reply, 412, "Intussen anders",
			      "Er is niets bevestigd: de kop If-Match noemt geen ETag van de ontbrekenden");
		return;
	}
	if (getrandom(job->request_id, sizeof job->request_id, 0) == sizeof job->request_id)
		publish(request, job->request_id, slice_make(digests, count * CONDITION_DIGEST_BYTES));
	else
		answer_not_recorded(request, ERR_RETRY, "random");
}

static void confirmation_published(struct request *request, const struct kafka_report *report)
{
	struct confirmation *confirmation = request->state;
	int64_t now_ms = clock_ms();

	if (report->error != 0) {
		answer_not_recorded(request, report->error, report->code);
		return;
	}
	confirmation->job.kind = JOB_CONFIRMATION;
	confirmation->job.board = request->values.board;
	confirmation->deadline_ms = now_ms + request->services->config->confirm_ms_max;
	services_wait(request, &confirmation->waiter, now_ms + FIRST_ASK_MS);
}

static void ask_later(struct request *request, struct confirmation *confirmation)
{
	int64_t now_ms = clock_ms();

	if (now_ms < confirmation->deadline_ms)
		services_wait(request, &confirmation->waiter, now_ms + ASK_AGAIN_MS);
	else
		answer_recorded(request);
}

static void confirmation_due(struct request *request)
{
	struct confirmation *confirmation = request->state;

	if (!services_ask(request, &confirmation->job))
		ask_later(request, confirmation);
}

static void confirmation_answered(struct request *request, struct register_job *job)
{
	if (job->answer == JOB_FOUND)
		answer_outcome(request, job);
	else
		ask_later(request, request->state);
}

static void confirmation_free(void *state)
{
	struct confirmation *confirmation = state;

	strbuf_release(&confirmation->job.body);
}

const struct handler CONFIRMATION_HANDLER = {
	.state_bytes = sizeof(struct confirmation),
	.end = confirmation_end,
	.answered = confirmation_answered,
	.published = confirmation_published,
	.due = confirmation_due,
	.free = confirmation_free,
};
