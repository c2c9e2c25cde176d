/* questions: what a board may ask about its deliveries, and its confirmation (issue of a Confirm message, specification 7.3). */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/num.h"
#include "protocol/frame.h"
#include "wire/gen/confirm.h"
#include "protocol/partitioning.h"
#include "protocol/raw_headers.h"

#include <jansson.h>
#include <sys/random.h>

enum { CONFIRM_AGAIN_MS = 40 };

static void answer_away(struct request *request)
{
	reply_busy(&request->reply, "Het register kan nu niet gevraagd worden. Probeer het zo weer.");
}

/* CSV unless JSON is asked for before it. Weights (";q=") are not looked at. */
static bool wants_json(const struct request *request)
{
	struct slice accept = request_header(request, "Accept");
	const char *json = accept.n > 0 ? memmem(accept.p, accept.n, "application/json", 16) : NULL;
	const char *csv = accept.n > 0 ? memmem(accept.p, accept.n, "text/csv", 8) : NULL;

	return json && (!csv || json < csv);
}

/* "P-O", from a receipt. */
static bool read_position(struct slice text, struct job *job)
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

static bool read_yes_or_no(struct slice text, bool *ret)
{
	*ret = slice_equal_text(text, "ja");
	return *ret || slice_equal_text(text, "nee");
}

static void answer_not_recorded(struct request *request)
{
	reply_busy(&request->reply, "De bevestiging kon nu niet worden vastgelegd. Probeer het zo weer.");
}

static void publish_confirm(struct request *request)
{
	const struct route *route = &request->route;
	struct wire_confirm confirm = { .board = (int32_t)route->board, .delivery_id = slice_of(route->id) };
	struct raw_headers headers = { .kind = RAW_CONFIRM, .board = route->board, .delivery_id = slice_of(route->id) };
	struct raw_headers_text texts;
	struct kafka_header kafka_headers[RAW_HEADERS_MAX];
	struct gateway *gateway = request->gateway;
	uint8_t *id = request->job.request_id;
	char key[PARTITIONING_KEY_BYTES + 1];

	if (getrandom(id, sizeof request->job.request_id, 0) != sizeof request->job.request_id) {
		answer_not_recorded(request);
		return;
	}
	memcpy(confirm.request_id, id, sizeof confirm.request_id);
	strbuf_reset(&gateway->message);
	frame_put(&gateway->message, WIRE_CONFIRM_SCHEMA);
	wire_confirm_encode(&gateway->message, &confirm);
	raw_headers_write(&headers, &texts);
	for (size_t i = 0; i < texts.count; i++)
		kafka_headers[i] = (struct kafka_header){ texts.items[i].name, texts.items[i].value };
	if (!gateway_publish(request, kafka_headers, texts.count, partitioning_key(route->board, key)))
		answer_not_recorded(request);
}

static void ask(struct request *request, enum job_kind kind)
{
	request->job.kind = kind;
	request->job.board = request->route.board;
	memcpy(request->job.id, request->route.id, sizeof request->route.id);
	/* an answer counts in the budget once it is there: with none left no other is fetched */
	if (!gateway_hold(request, 1) || !gateway_ask(request))
		answer_away(request);
}

/* The parameters each address has. */
struct question_walk {
	enum route_kind kind;
	struct job *job;
	bool is_wrong;
};

static bool take_parameter(void *self, struct slice name, struct slice value)
{
	struct question_walk *walk = self;

	if (walk->kind == ROUTE_DELIVERY && slice_equal_text(name, "positie"))
		walk->is_wrong = walk->job->has_position || !read_position(value, walk->job);
	else if (walk->kind == ROUTE_STAND && slice_equal_text(name, "bsn"))
		walk->is_wrong = !read_yes_or_no(value, &walk->job->has_bsn);
	else
		walk->is_wrong = true;
	return !walk->is_wrong;
}

void question_begin(struct request *request)
{
	struct question_walk walk = { .kind = request->route.kind, .job = &request->job };

	request_walk_query(request, take_parameter, &walk);
	if (walk.is_wrong) {
		reply_problem(&request->reply, 400, "Verkeerd verzoek",
			      "Een veld in het webadres is hier niet bekend of niet leesbaar. Een levering kent positie=P-O, zoals "
			      "in het ontvangstbewijs; een stand kent bsn=ja.");
		return;
	}
	switch (request->route.kind) {
	case ROUTE_CONFIRM:
		publish_confirm(request);
		return;
	case ROUTE_STAND:
		ask(request, JOB_STAND);
		return;
	case ROUTE_FEEDBACK:
		ask(request, wants_json(request) ? JOB_FEEDBACK_JSON : JOB_FEEDBACK_CSV);
		return;
	default:
		ask(request, JOB_SUMMARY);
	}
}

static void reply_json(struct request *request, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	reply_text(&request->reply, 200, "application/json", text ? text : "{}");
	free(text);
	json_decref(json);
}

/* What is known of a delivery that the writer has not reached: its name. */
static void reply_received(struct request *request)
{
	char board[8];

	snprintf(board, sizeof board, "%05u", request->route.board);
	reply_json(request, json_pack("{s:s, s:s, s:s}", "leveringsid", request->route.id, "bestuur", board, "status",
				      "ontvangen"));
}

static void reply_confirmation(struct request *request)
{
	reply_json(request,
		   json_pack("{s:b, s:i}", "uitgevoerd", request->job.is_executed, "vervallen", request->job.lapsed));
}

/* The confirmation is in the log; what came of it is asked for until it is known, or confirm.wait.max is over. */
static void wait_more(struct request *request)
{
	int64_t now_ms = clock_ms();

	if (now_ms < request->give_up_ms) {
		gateway_ask_later(request, now_ms + CONFIRM_AGAIN_MS);
		return;
	}
	reply_problem(&request->reply, 202, "Ontvangen",
		      "De bevestiging is vastgelegd en wordt verwerkt. De uitkomst staat straks bij de levering.");
	snprintf(request->reply.location, sizeof request->reply.location, "/v1/besturen/%05u/leveringen/%s",
		 request->route.board, request->route.id);
}

static void confirmation_answered(struct request *request)
{
	if (request->job.answer == JOB_FOUND)
		reply_confirmation(request);
	else
		wait_more(request);
}

static const char *type_of(enum job_kind kind)
{
	return kind == JOB_FEEDBACK_CSV || kind == JOB_STAND ? "text/csv; charset=utf-8" : "application/json";
}

void question_answered(struct request *request)
{
	struct job *job = &request->job;

	if (job->kind == JOB_CONFIRMATION) {
		confirmation_answered(request);
		return;
	}
	switch (job->answer) {
	case JOB_FOUND:
		if (gateway_hold_answer(request)) {
			reply_body(&request->reply, type_of(job->kind), &job->body);
		} else {
			strbuf_release(&job->body);
			answer_away(request);
		}
		return;
	case JOB_NOT_YET:
		reply_received(request);
		return;
	case JOB_UNKNOWN:
		reply_problem(&request->reply, 404, "Niet gevonden",
			      "Deze levering is bij ons (nog) niet bekend. Gebruik positie=P-O uit het ontvangstbewijs om te "
			      "zien of zij ontvangen is.");
		return;
	case JOB_AWAY:
		answer_away(request);
		return;
	default:
		reply_problem(&request->reply, 500, "Storing", "Er is bij ons een storing. Wij zijn gewaarschuwd.");
	}
}

void question_published(struct request *request, const struct kafka_report *report)
{
	if (report->error != 0) {
		answer_not_recorded(request);
		return;
	}
	request->job.kind = JOB_CONFIRMATION;
	request->give_up_ms = clock_ms() + request->gateway->config.confirm_ms_max;
	gateway_ask_later(request, clock_ms() + CONFIRM_AGAIN_MS / 2);
}
