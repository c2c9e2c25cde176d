/* One upload, from first byte to receipt:
 *
 *   1. upload_begin: the head is in. Query and headers are read (400 when a field is unknown or doubled), then the
 *      token is checked for the board they name (401, LR-K03), before a byte of the body is kept for somebody we do not
 *      know; then the type of the body (415). Without reference data nothing can be checked: 503.
 *   2. upload_take: each piece is hashed and kept, reserved in the byte budget first (503 when it is used up), so that
 *      many large uploads at once cannot exhaust the memory of those under way. Too slow: 408.
 *   3. upload_end: the hash gives the fingerprint, and the id of a delivery that has none. From here on the checks run
 *      in the order of specification 2.2, and the first that fails refuses the delivery; nothing of it is left behind.
 *      a. the form of the header (LR-K08): without a good header there is no id to ask for; b. the token again, as its
 *      right may have been withdrawn while the file came in: this decision counts, and is kept with the delivery
 *      (specification 15); c. the register is asked whether it knows board and id. This is a courtesy: when it is away
 *      the upload goes on, and the writer finds out from the log (design 3).
 *   4. upload_answered: a repeat gets the summary of the first, another delivery under the same id is refused (LR-K01).
 *      This comes before the checks of the file, as a repeat must be known even if reference data have changed since.
 *      d. board and date (LR-K02, LR-K09); e. the file (LR-F.., by file_check or xml_check): the only step whose cost
 *      grows with the file, so it comes last.
 *   5. publish: the message is made of the cells of the file, which are slices of the body, and handed to Kafka's
 *      client, which copies it. The body is dropped then, and the message is reserved in its place.
 *   6. upload_published: Kafka has the message: only now is the delivery accepted, and the receipt says where it stands
 *      in the log. After any other report the sender gets 503 and sends again; if the first was in the log after all,
 *      the writer knows the second by its fingerprint.
 *
 * A gateway that dies at any of these has acknowledged nothing that is not in the log (crash points gateway.checked and
 * gateway.acknowledged). */
#include "gateway/upload_handler.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "gateway/access.h"
#include "gateway/file_check.h"
#include "gateway/gateway_metrics.h"
#include "gateway/not_recorded.h"
#include "gateway/receipt_position.h"
#include "gateway/refusal_log.h"
#include "gateway/request_span.h"
#include "gateway/services.h"
#include "gateway/upload_answer.h"
#include "gateway/upload_body.h"
#include "gateway/upload_header.h"
#include "gateway/upload_hint.h"
#include "gateway/upload_message.h"
#include "gateway/xml_check.h"
#include "run/crash.h"

enum { MESSAGE_BYTES_KEPT = 4 << 20 };

struct upload {
	struct upload_header header;
	struct upload_body body;
	struct register_job job;
	uint8_t fingerprint[FINGERPRINT_BYTES];
	char id[DELIVERY_ID_BYTES_MAX + 1]; /* as shown; empty: none */
	uint32_t lines;
	enum upload_form form;
	char hint[UPLOAD_HINT_BYTES]; /* what a refused file seems to be; empty: nothing strikes */
};

/* ---- answers ---- */

static void drop_body(struct request *request)
{
	struct upload *upload = request->state;

	upload_body_drop(&upload->body, &request->reserved);
}

static void answer_busy(struct request *request, const char *detail)
{
	gateway_metric_add(METRIC_BUSY, 1);
	drop_body(request);
	reply_busy(&request->reply, detail);
}

static void answer_too_many(struct request *request)
{
	answer_busy(request, "Er komen nu veel leveringen tegelijk binnen, lever deze over enkele seconden nogmaals");
}

static void answer_no_capacity(struct request *request)
{
	const struct upload *upload = request->state;

	answer_too_many(request);
	if (!request->reserved.is_share_used)
		return;
	refusal_log_note(429, "load", upload->header.reading.header.board, request->grant.speaker);
	reply_too_much(&request->reply);
}

static void answer_not_recorded(struct request *request, int error, const char *code)
{
	const struct upload *upload = request->state;
	uint32_t board = upload->header.reading.header.board;

	drop_body(request);
	if (not_recorded_answer(request, error, code, board,
				"De levering kon nu niet worden vastgelegd, lever haar over enkele seconden nogmaals"))
		gateway_metric_add(METRIC_BUSY, 1);
}

static void refuse(struct request *request, unsigned status, const struct finding *findings, size_t count)
{
	struct upload *upload = request->state;

	gateway_metric_add(METRIC_REFUSED, 1);
	if (status != 403) /* access_check noted it */
		refusal_log_note(status, rule_code((enum rule)findings[0].rule), upload->header.reading.header.board,
				 request->grant.speaker);
	drop_body(request);
	upload_answer_refusal(&request->reply, status, &upload->header.reading, upload->id, findings, count,
			      upload->hint[0] ? upload->hint : NULL);
}

static void refuse_for(struct request *request, unsigned status, enum rule rule, enum field field, int64_t value)
{
	struct finding finding = { .rule = (uint16_t)rule, .field = (uint8_t)field, .values = { value } };

	refuse(request, status, &finding, 1);
}

/* ---- 1 and 2: what comes in ---- */

static void show_delivered_id(struct upload *upload)
{
	struct slice id = upload->header.reading.header.id;

	memcpy(upload->id, id.n > 0 ? id.p : "", id.n); /* of good form: fits */
}

/* Specification 2.2: a header of good form comes before the right (LR-K03), and that before all else. false:
 * refused. */
static bool may_deliver(struct request *request)
{
	const struct upload *upload = request->state;
	const struct header_reading *reading = &upload->header.reading;
	bool is_good = reading->finding_count == 0;

	if (access_check(request, is_good ? &reading->header.board : NULL))
		return true;
	if (is_good && request->reply.status == 403)
		refuse_for(request, 403, RULE_K03, FIELD_BOARD, reading->header.board);
	else
		drop_body(request);
	return false;
}

/* One more upload of this sender and board. false: refused. */
static bool is_within_load(struct request *request, const struct header_reading *reading)
{
	return reading->finding_count > 0 || access_check_load(request, LOAD_UPLOAD, reading->header.board);
}

static void upload_begin(struct request *request)
{
	static const char UNKNOWN_FIELD[] =
		"Een veld in het webadres of een kop Instroom-... is niet bekend, staat er dubbel in of is niet "
		"leesbaar: in het webadres mogen leveringsid, bestuur, soort, proef, volgnummer, extractiedatum en "
		"regels staan, als kop Content-Digest, Instroom-Contact-Naam, Instroom-Contact-Telefoon en "
		"Instroom-Contact-Email";
	const struct services *services = request->services;
	struct upload *upload = request->state;
	const struct header_reading *reading = &upload->header.reading;

	if (!upload_body_begin(&upload->body, request_content_length(request))) {
		answer_too_many(request);
		return;
	}
	if (!upload_header_read(request, services->config->test_received_on, &upload->header)) {
		reply_problem(&request->reply, 400, "Verkeerd verzoek", UNKNOWN_FIELD);
		return;
	}
	show_delivered_id(upload);
	if (!may_deliver(request) || !is_within_load(request, reading))
		return;
	services_follow(request);
	upload->form = upload_header_form(request);
	if (upload->form == UPLOAD_OTHER)
		reply_problem(&request->reply, 415, "Ander soort inhoud",
			      "Stuur het bestand met de kop Content-Type: text/csv of application/xml, en in UTF-8");
	else if (upload_header_is_encoded(request))
		reply_problem(&request->reply, 415, "Ander soort inhoud",
			      "Stuur het bestand zoals het is, niet ingepakt en zonder de kop Content-Encoding");
	else if (!services->reference)
		answer_busy(request, "De referentiegegevens zijn nog niet geladen, probeer het zo weer");
}

static void upload_take(struct request *request, struct slice bytes)
{
	struct upload *upload = request->state;

	gateway_metric_add(METRIC_RECEIVED_BYTES, (int64_t)bytes.n);
	if (clock_ms() - request->begun_ms > request->services->config->upload_ms_max) {
		drop_body(request);
		reply_problem(&request->reply, 408, "Te langzaam",
			      "De levering kwam te langzaam binnen, lever haar nogmaals");
	} else if (!upload_body_add(&upload->body, &request->reserved, bytes)) {
		answer_no_capacity(request);
	}
}

/* ---- 5: publishing ---- */

static void publish(struct request *request, const struct file_reading *file)
{
	struct services *services = request->services;
	struct upload *upload = request->state;
	const struct upload_message message = { .header = &upload->header.reading.header,
						.file = file,
						.fingerprint = upload->fingerprint,
						.content_sha256 = upload->body.sha256,
						.reference_version = reference_version(services->reference),
						.received_on = upload->header.received_on };
	struct raw_message raw;
	struct err err = { 0 };

	upload->lines = (uint32_t)file->line_count;
	request_span_of_delivery(request, message.header->board, slice_of(upload->id), upload->lines);
	upload_message_make(&message, &services->message, &raw);
	raw_headers_add(&raw.headers, "instroom-channel", upload->form == UPLOAD_XML ? "XML" : "CSV");
	crash_point("gateway.checked");
	if (!strbuf_ok(&services->message) || !byte_budget_reserve(&request->reserved, services->message.n))
		answer_no_capacity(request);
	else if (services_publish(request, &raw, &err) != 0)
		answer_not_recorded(request, (int)err.kind, err.code);
	else
		drop_body(request);
	if (services->message.capacity > MESSAGE_BYTES_KEPT)
		strbuf_release(&services->message);
}

/* ---- 3 and 4: the checks ---- */

static void refuse_file(struct request *request, const struct file_reading *file)
{
	struct upload *upload = request->state;

	upload_hint_of_file(&(struct upload_refused){ .bytes = strbuf_slice(&upload->body.bytes),
						      .bytes_total = upload->body.total,
						      .form = upload->form,
						      .finding = file->findings[0],
						      .xml_fault = file->xml_fault },
			    upload->hint);
	refuse(request, upload->body.total > FILE_BYTES_MAX ? 413 : 422, file->findings, file->finding_count);
}

static void check_file(struct request *request)
{
	struct arena *arena = &request->services->file_arena;
	struct upload *upload = request->state;
	const struct header_reading *header = &upload->header.reading;
	struct file_expected expected = { .kind = header->header.kind,
					  .has_content_hash = header->has_content_hash,
					  .has_line_count = header->has_line_count,
					  .line_count = header->line_count };
	struct file_reading file;
	struct err err;

	memcpy(expected.content_hash, header->content_hash, sizeof expected.content_hash);
	struct slice bytes = strbuf_slice(&upload->body.bytes);
	int rc = (upload->form == UPLOAD_XML ? xml_check : file_check)(bytes, upload->body.total, upload->body.sha256,
								       &expected, arena, &file, &err);

	if (rc != 0)
		answer_too_many(request);
	else if (file.finding_count > 0)
		refuse_file(request, &file);
	else
		publish(request, &file);
	arena_reset(arena);
}

static void check_board(struct request *request)
{
	const struct upload *upload = request->state;
	const struct delivery_header *header = &upload->header.reading.header;

	if (!reference_has_board(request->services->reference, header->board, header->extraction_date))
		refuse_for(request, 422, RULE_K02, FIELD_BOARD, header->board);
	else if (header->extraction_date > upload->header.received_on)
		refuse_for(request, 422, RULE_K09, FIELD_EXTRACTION_DATE, 0);
	else
		check_file(request);
}

static void upload_answered(struct request *request, struct register_job *job)
{
	switch (job->answer) {
	case JOB_FOUND:
		gateway_metric_add(METRIC_REPEATED, 1);
		drop_body(request);
		reply_body(&request->reply, "application/json", &job->body);
		return;
	case JOB_CLASH:
		refuse_for(request, 409, RULE_K01, FIELD_DELIVERY_ID, 0);
		return;
	default: /* not known, or nobody to ask: the writer sees a repeat in the log */
		check_board(request);
	}
}

/* specification 2.1. A file that was not hashed has no fingerprint: none that was accepted is like it. */
static void identify(struct upload *upload, const struct hmac_key *stand_key)
{
	struct delivery_header *header = &upload->header.reading.header;

	/* specification 14.1: else none is made */
	if (upload->header.reading.finding_count == 0 && upload->body.is_hashed) {
		delivery_fingerprint(header, upload->body.sha256, stand_key, upload->fingerprint);
		if (header->id.n == 0)
			delivery_make_id(upload->fingerprint, upload->id);
	}
	header->id = slice_of(upload->id);
}

static void upload_end(struct request *request)
{
	struct upload *upload = request->state;
	const struct header_reading *reading = &upload->header.reading;

	if (!upload_body_end(&upload->body)) {
		answer_too_many(request);
		return;
	}
	identify(upload, &request->services->stand_key);
	request_span_of_delivery(request, reading->header.board, slice_of(upload->id), 0);
	if (reading->finding_count > 0) {
		upload_hint_of_header(reading->findings, reading->finding_count, upload->hint);
		refuse(request, 400, reading->findings, reading->finding_count);
		return;
	}
	if (!may_deliver(request))
		return;
	if (upload->header.received_on == 0)
		upload->header.received_on = clock_amsterdam_date(clock_wall_ms());
	upload->job.kind = JOB_KNOWN;
	upload->job.board = reading->header.board;
	memcpy(upload->job.id, upload->id, sizeof upload->id);
	memcpy(upload->job.fingerprint, upload->fingerprint, sizeof upload->fingerprint);
	if (upload->id[0] == '\0' || !services_ask(request, &upload->job))
		check_board(request);
}

/* ---- 6: the receipt ---- */

static void upload_published(struct request *request, const struct kafka_report *report)
{
	const struct upload *upload = request->state;
	uint32_t board = upload->header.reading.header.board;
	char position[RECEIPT_POSITION_TEXT_BYTES];
	char installation[INSTALLATION_BYTES] = "";

	crash_point("gateway.acknowledged");
	if (report->error != 0) {
		answer_not_recorded(request, report->error, report->code);
		return;
	}
	gateway_metric_add(METRIC_ACCEPTED, 1);
	gateway_metric_add(METRIC_ACCEPTED_LINES, upload->lines);
	gateway_metric_observe(METRIC_UPLOAD_LINES, upload->lines);
	gateway_metric_observe(METRIC_UPLOAD_US, (clock_ms() - request->begun_ms) * 1000);
	if (!raw_publisher_installation(&request->services->publisher, installation))
		log_event(LOG_WARN, "kafka.nameless", "effect=\"a receipt does not say of which installation it is\"");
	receipt_position_write(&request->services->stand_key, board, upload->id, report->partition, report->offset,
			       position);
	upload_answer_receipt(&request->reply, &(struct upload_receipt){ .board = board,
									 .id = upload->id,
									 .fingerprint = upload->fingerprint,
									 .content_sha256 = upload->body.sha256,
									 .installation = installation,
									 .lines = upload->lines,
									 .partition = report->partition,
									 .offset = report->offset,
									 .position = position });
}

static void upload_free(void *state)
{
	struct upload *upload = state;

	upload_body_release(&upload->body);
	strbuf_release(&upload->job.body);
}

const struct handler UPLOAD_HANDLER = {
	.state_bytes = sizeof(struct upload),
	.begin = upload_begin,
	.take = upload_take,
	.end = upload_end,
	.answered = upload_answered,
	.published = upload_published,
	.free = upload_free,
};
