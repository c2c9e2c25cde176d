/* questions: what a board may ask about its deliveries, and its confirmation (issue of a Confirm message, DOMAIN 7.3). */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/num.h"
#include "wire/gen/confirm.h"
#include "wire/raw_headers.h"

#include <jansson.h>
#include <sys/random.h>

enum { CONFIRM_AGAIN_MS = 40 };

static bool wants_json(const struct request *request)
{
	struct slice accept = request_header(request, "Accept");

	return accept.n > 0 && memmem(accept.p, accept.n, "application/json", 16) != NULL;
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

static void publish_confirm(struct request *request)
{
	struct wire_confirm confirm = { .board = (int32_t)request->board, .delivery_id = slice_of(request->id) };
	struct raw_headers headers = { .kind = RAW_CONFIRM, .board = request->board, .delivery_id = slice_of(request->id) };
	struct raw_headers_text texts;
	struct kafka_header kafka_headers[RAW_HEADERS_MAX];
	struct gateway *gateway = request->gateway;
	char key[8];

	if (getrandom(request->job.request_id, sizeof request->job.request_id, 0) != sizeof request->job.request_id) {
		reply_busy(&request->reply, "De bevestiging kon nu niet worden vastgelegd. Probeer het zo weer.");
		return;
	}
	memcpy(confirm.request_id, request->job.request_id, sizeof confirm.request_id);
	strbuf_reset(&gateway->message);
	frame_put(&gateway->message, WIRE_CONFIRM_SCHEMA);
	wire_confirm_encode(&gateway->message, &confirm);
	raw_headers_write(&headers, &texts);
	for (size_t i = 0; i < texts.count; i++)
		kafka_headers[i] = (struct kafka_header){ texts.items[i].name, texts.items[i].value };
	snprintf(key, sizeof key, "%05u", request->board);
	if (!gateway_publish(request, kafka_headers, texts.count, slice_of(key), strbuf_slice(&gateway->message)))
		reply_busy(&request->reply, "De bevestiging kon nu niet worden vastgelegd. Probeer het zo weer.");
}

static void ask(struct request *request, enum job_kind kind)
{
	request->job.kind = kind;
	request->job.board = request->board;
	request->job.id_bytes = strlen(request->id);
	memcpy(request->job.id, request->id, sizeof request->id);
	if (!gateway_ask(request))
		return; /* answered */
}

void question_begin(struct request *request)
{
	struct slice value;

	switch (request->route) {
	case ROUTE_CONFIRM:
		publish_confirm(request);
		return;
	case ROUTE_STAND:
		request->job.has_bsn = request_query(request, "bsn", &value) && slice_equal_text(value, "ja");
		ask(request, JOB_STAND);
		return;
	case ROUTE_FEEDBACK:
		ask(request, wants_json(request) ? JOB_FEEDBACK_JSON : JOB_FEEDBACK_CSV);
		return;
	default:
		if (request_query(request, "positie", &value) && !read_position(value, &request->job))
			reply_problem(&request->reply, 400, "Verkeerd verzoek",
				      "positie heeft de vorm P-O, zoals in het ontvangstbewijs.");
		else
			ask(request, JOB_SUMMARY);
	}
}

static void reply_state(struct request *request, const char *state)
{
	json_t *json = json_pack("{s:s, s:s, s:s}", "leveringsid", request->id, "bestuur", "", "status", state);
	char board[8];

	snprintf(board, sizeof board, "%05u", request->board);
	json_object_set_new(json, "bestuur", json_string(board));
	char *text = json_dumps(json, JSON_COMPACT);

	reply_text(&request->reply, 200, "application/json", text ? text : "{}");
	free(text);
	json_decref(json);
}

static void reply_confirmation(struct request *request)
{
	json_t *json = json_pack("{s:b, s:i}", "uitgevoerd", request->job.is_executed, "vervallen", request->job.lapsed);
	char *text = json_dumps(json, JSON_COMPACT);

	reply_text(&request->reply, 200, "application/json", text ? text : "{}");
	free(text);
	json_decref(json);
}

static void wait_more(struct request *request)
{
	int64_t now_ms = clock_ms();

	if (now_ms < request->give_up_ms) {
		gateway_wait(request, now_ms + CONFIRM_AGAIN_MS);
		return;
	}
	reply_problem(&request->reply, 202, "Ontvangen", "De bevestiging is vastgelegd en wordt verwerkt. De uitkomst staat straks "
							 "bij de levering.");
	snprintf(request->reply.location, sizeof request->reply.location, "/v1/besturen/%05u/leveringen/%s", request->board,
		 request->id);
}

static const char *type_of(enum job_kind kind)
{
	return kind == JOB_FEEDBACK_CSV || kind == JOB_STAND ? "text/csv; charset=utf-8" : "application/json";
}

void question_answered(struct request *request)
{
	struct job *job = &request->job;

	switch (job->answer) {
	case JOB_FOUND:
		if (job->kind == JOB_CONFIRMATION) {
			reply_confirmation(request);
			return;
		}
		request->reply = (struct reply){ .status = 200, .type = type_of(job->kind), .body = job->body };
		job->body = (struct strbuf){ 0 };
		return;
	case JOB_NOT_YET:
		if (job->kind == JOB_CONFIRMATION)
			wait_more(request);
		else
			reply_state(request, "ontvangen");
		return;
	case JOB_UNKNOWN:
		reply_problem(&request->reply, 404, "Niet gevonden",
			      "Deze levering is bij ons (nog) niet bekend. Gebruik positie=P-O uit het ontvangstbewijs om te "
			      "zien of zij ontvangen is.");
		return;
	case JOB_AWAY:
		if (job->kind == JOB_CONFIRMATION)
			wait_more(request);
		else
			reply_busy(&request->reply, "Het register kan nu niet gevraagd worden. Probeer het zo weer.");
		return;
	default:
		reply_problem(&request->reply, 500, "Storing", "Er is bij ons een storing. Wij zijn gewaarschuwd.");
	}
}

void question_published(struct request *request, const struct kafka_report *report)
{
	if (report->error != 0) {
		reply_busy(&request->reply, "De bevestiging kon nu niet worden vastgelegd. Probeer het zo weer.");
		return;
	}
	request->job.kind = JOB_CONFIRMATION;
	request->give_up_ms = clock_ms() + request->gateway->config.confirm_ms_max;
	gateway_wait(request, clock_ms() + CONFIRM_AGAIN_MS / 2);
}
