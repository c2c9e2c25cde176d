#include "gateway/deliveries_handler.h"

#include "base/num.h"
#include "gateway/register_question.h"
#include "gateway/request.h"
#include "model/date.h"
#include "protocol/delivery_state.h"

static bool read_status(struct slice value, int *ret)
{
	static const enum delivery_state STATES[] = { DELIVERY_VERWERKT, DELIVERY_WACHT };

	for (size_t i = 0; i < ARRAY_LEN(STATES); i++)
		if (slice_equal_text(value, delivery_state_name(STATES[i]))) {
			*ret = (int)STATES[i];
			return true;
		}
	return false;
}

static bool read_query(struct request *request, struct slice name, struct slice value)
{
	struct delivery_list *list = &((struct register_job *)request->state)->list;

	if (slice_equal_text(name, "status"))
		return read_status(value, &list->state);
	if (slice_equal_text(name, "na"))
		return num_parse_i64(value, 1, INT64_MAX, &list->before);
	list->since = date_parse_iso(value);
	return slice_equal_text(name, "vanaf") && list->since > 0;
}

static void deliveries_end(struct request *request)
{
	struct register_job *job = request->state;

	if (register_question_read_query(request, read_query))
		register_question_ask(request, job, JOB_DELIVERIES);
}

static void deliveries_answered(struct request *request, struct register_job *job)
{
	register_question_reply(request, job, "application/json");
}

const struct handler DELIVERIES_HANDLER = {
	.state_bytes = sizeof(struct register_job),
	.end = deliveries_end,
	.answered = deliveries_answered,
	.free = register_question_free,
};
