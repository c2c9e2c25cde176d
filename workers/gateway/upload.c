/* upload: one delivery on its way in (specification 2.2, design 3).
 *
 * receive (hash and keep the bytes) -> header form -> ask the register for a repeat -> board, date -> file -> publish ->
 * acknowledged. The order of the checks is that of specification 2.2; each refusal leaves nothing behind.
 *
 * The library's strings (query, headers) live as long as the request, and are copied or turned into numbers before it
 * could end. */
#include "gateway/file_check.h"
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "model/date.h"
#include "protocol/frame.h"
#include "report/summary.h"
#include "run/crash.h"
#include "wire/gen/delivery.h"
#include "protocol/partitioning.h"
#include "protocol/raw_headers.h"

#include <jansson.h>
#include <openssl/evp.h>

enum {
	HASHED_BYTES_MAX = 64 << 20, /* of a file that is too large: the fingerprint of longer ones is not known */
	BODY_BYTES_FIRST = 4096,
	BODY_BYTES_TRUSTED = 128 << 10, /* so much is taken on the word of Content-Length; the average delivery has 70 KB */
	MESSAGE_BYTES_KEPT = 4 << 20,
	CONTACT_BYTES_MAX = 1024,
};

struct upload {
	struct header_form form;
	struct header_reading header;
	char contact[3][CONTACT_BYTES_MAX];
	struct strbuf body;
	uint64_t total;
	int32_t received_on;
	EVP_MD_CTX *hash;
	uint8_t sha256[32];
	uint8_t fingerprint[FINGERPRINT_BYTES];
	char id[DELIVERY_ID_BYTES_MAX + 1]; /* as shown; empty: none */
	uint32_t lines;
};

static struct metric uploads[] = {
	{ "instroom_deliveries_total", "outcome=\"accepted\"", "deliveries by what the gateway answered",
	  METRIC_COUNTER, 0, NULL },
	{ "instroom_deliveries_total", "outcome=\"repeat\"", "", METRIC_COUNTER, 0, NULL },
	{ "instroom_deliveries_total", "outcome=\"refused\"", "", METRIC_COUNTER, 0, NULL },
	{ "instroom_deliveries_total", "outcome=\"busy\"", "", METRIC_COUNTER, 0, NULL },
	{ "instroom_received_bytes_total", "", "bytes of deliveries read", METRIC_COUNTER, 0, NULL },
	{ "instroom_received_lines_total", "", "lines of deliveries accepted", METRIC_COUNTER, 0, NULL },
};
enum { UPLOAD_ACCEPTED, UPLOAD_REPEAT, UPLOAD_REFUSED, UPLOAD_BUSY, UPLOAD_BYTES, UPLOAD_LINES };

void upload_metrics(void)
{
	metrics_register_all(uploads, ARRAY_LEN(uploads));
}

void upload_free(struct upload *upload)
{
	if (!upload)
		return;
	EVP_MD_CTX_free(upload->hash);
	strbuf_release(&upload->body);
	free(upload);
}

static void drop_body(struct request *request)
{
	struct upload *upload = request->upload;

	(void)!gateway_hold(request, -(int64_t)upload->body.room);
	strbuf_release(&upload->body);
}

static void busy(struct request *request, const char *detail)
{
	metric_add(&uploads[UPLOAD_BUSY], 1);
	drop_body(request);
	reply_busy(&request->reply, detail);
}

static void no_room(struct request *request)
{
	busy(request, "Er komen nu veel leveringen tegelijk binnen. Lever deze over enkele seconden nogmaals.");
}

static void not_laid_down(struct request *request)
{
	busy(request, "De levering kon nu niet worden vastgelegd. Lever haar over enkele seconden nogmaals.");
}

/* ---- the header ---- */

static const char UNKNOWN_FIELD[] =
	"Een veld in het webadres of een kop Instroom-... is niet bekend, staat er dubbel in of is niet leesbaar. In het "
	"webadres: leveringsid, bestuur, soort, proef, volgnummer, extractiedatum, regels, sha256. Als kop: "
	"Instroom-Contact-Naam, Instroom-Contact-Telefoon, Instroom-Contact-Email.";

struct header_walk {
	struct request *request;
	bool is_wrong; /* as a request, not as a header of a delivery (specification 14.2) */
};

static struct header_field *take_field(struct header_walk *walk, enum field field)
{
	struct header_field *to = &walk->request->upload->form.fields[field - HEADER_FIRST];

	walk->is_wrong |= to->is_delivered; /* twice */
	to->is_delivered = true;
	return to;
}

static bool take_query(void *self, struct slice name, struct slice value)
{
	struct header_walk *walk = self;
	struct request *request = walk->request;
	enum field field = header_field_of_query(name);

	if (field != FIELD_NONE) {
		take_field(walk, field)->value = value;
	} else if (slice_equal_text(name, "ontvangen_op") && request->gateway->config.test_received_on) {
		request->upload->received_on = date_parse_iso(value);
		walk->is_wrong |= request->upload->received_on <= 0;
	} else {
		walk->is_wrong = true;
	}
	return !walk->is_wrong;
}

static bool take_header(void *self, struct slice name, struct slice value)
{
	static const char OURS[] = "Instroom-", UNREADABLE[] = "\xff"; /* no UTF-8: LR-K08 on the field */
	struct header_walk *walk = self;
	enum field field = header_field_of_http(name);

	if (field == FIELD_NONE) {
		walk->is_wrong = name.n >= sizeof OURS - 1 && strncasecmp(name.p, OURS, sizeof OURS - 1) == 0;
		return !walk->is_wrong;
	}
	struct header_field *to = take_field(walk, field);
	char *room = walk->request->upload->contact[field - FIELD_CONTACT_NAME];

	if (!header_percent_decode(value, room, CONTACT_BYTES_MAX, &to->value))
		to->value = SLICE_LITERAL(UNREADABLE);
	return !walk->is_wrong;
}

static bool read_header(struct request *request)
{
	struct header_walk walk = { .request = request };

	request_walk_query(request, take_query, &walk);
	if (!walk.is_wrong)
		request_walk_headers(request, take_header, &walk);
	if (walk.is_wrong)
		return false;
	header_form_read(&request->upload->form, &request->upload->header);
	return true;
}

static void check_token(struct request *request)
{
	struct header_reading *header = &request->upload->header;
	bool has_board = header->is_good[FIELD_BOARD - HEADER_FIRST];

	switch (tokens_ask(request->gateway->tokens, request_header(request, "Authorization"),
			   has_board ? &header->header.board : NULL)) {
	case TOKEN_UNKNOWN:
		reply_problem(&request->reply, 401, "Niet aangemeld",
			      "Stuur een geldig token mee: Authorization: Bearer ...");
		break;
	case TOKEN_OTHER_BOARD:
		reply_problem(&request->reply, 403, "Niet toegestaan", "Dit token geldt niet voor dit bestuur.");
		break;
	case TOKEN_GOOD:
		break;
	}
}

void upload_begin(struct request *request)
{
	struct upload *upload = calloc(1, sizeof *upload);

	request->upload = upload;
	if (!upload) {
		reply_busy(&request->reply, "Er is nu geen ruimte voor deze levering. Probeer het zo weer.");
		return;
	}
	strbuf_init(&upload->body, FILE_BYTES_MAX);
	upload->hash = EVP_MD_CTX_new();
	if (!upload->hash || EVP_DigestInit_ex(upload->hash, EVP_sha256(), NULL) != 1) {
		no_room(request);
		return;
	}
	if (!read_header(request))
		reply_problem(&request->reply, 400, "Verkeerd verzoek", UNKNOWN_FIELD);
	else
		check_token(request);
	if (request->reply.status == 0 && !request->gateway->reference)
		busy(request, "De referentiegegevens zijn nog niet geladen. Probeer het zo weer.");
}

/* ---- the bytes ---- */

/* Content-Length is a claim: it is believed as far as an average delivery goes, so that one buffer is enough for it. */
static size_t first_room(const struct request *request)
{
	uint64_t claimed;

	if (!num_parse_u64(request_header(request, "Content-Length"), UINT64_MAX, &claimed))
		return BODY_BYTES_FIRST; /* chunked */
	return MIN((size_t)MIN(claimed, (uint64_t)BODY_BYTES_TRUSTED), (size_t)FILE_BYTES_MAX);
}

/* Booked before it is taken. false: the budget is used up. */
static bool keep_bytes(struct request *request, struct slice bytes)
{
	struct strbuf *body = &request->upload->body;
	size_t need = body->n + bytes.n, room = body->room;

	if (need > room) {
		size_t wanted = room == 0 ? MAX(first_room(request), (size_t)BODY_BYTES_FIRST) : room + room / 2;

		wanted = MIN(MAX(wanted, need), (size_t)FILE_BYTES_MAX);
		if (!gateway_hold(request, (int64_t)(wanted - room)))
			return false;
		if (!strbuf_reserve(body, wanted - body->n)) {
			(void)!gateway_hold(request, -(int64_t)(wanted - room));
			return false;
		}
	}
	strbuf_add(body, bytes);
	return true;
}

void upload_take(struct request *request, struct slice bytes)
{
	struct upload *upload = request->upload;

	if (request->reply.status != 0)
		return; /* refused already: the rest is read and dropped */
	metric_add(&uploads[UPLOAD_BYTES], (int64_t)bytes.n);
	upload->total += bytes.n;
	if (upload->total <= HASHED_BYTES_MAX)
		EVP_DigestUpdate(upload->hash, bytes.p, bytes.n);
	if (clock_ms() - request->begun_ms > request->gateway->config.upload_ms_max) {
		drop_body(request);
		reply_problem(&request->reply, 408, "Te langzaam",
			      "De levering kwam te langzaam binnen. Lever haar nogmaals.");
	} else if (upload->total > FILE_BYTES_MAX) {
		drop_body(request); /* LR-F01; only the hash is still wanted */
	} else if (!keep_bytes(request, bytes)) {
		no_room(request);
	}
}

/* ---- answers ---- */

static void fill_summary(const struct upload *upload, struct summary *summary)
{
	const struct header_reading *header = &upload->header;
	const bool *is_good = header->is_good;

	*summary = (struct summary){
		.delivery_id = slice_of(upload->id),
		.has_board = is_good[FIELD_BOARD - HEADER_FIRST],
		.board = header->header.board,
		.kind = header->header.kind,
		.is_dry_run = is_good[FIELD_DRY_RUN - HEADER_FIRST] && header->header.is_dry_run,
		.sequence = header->header.sequence,
		.extraction_date = MAX(header->header.extraction_date, 0),
		.state = STATE_GEWEIGERD,
	};
}

static void refuse(struct request *request, unsigned status, const struct finding *findings, size_t count)
{
	struct summary summary;

	metric_add(&uploads[UPLOAD_REFUSED], 1);
	drop_body(request);
	fill_summary(request->upload, &summary);
	for (size_t i = 0; i < count; i++)
		summary_add_finding(&summary, &findings[i]);
	/* RFC 9457 members in front; "status" is that of specification 8.2, the number stands in the status line */
	json_t *problem = json_pack("{s:s, s:s, s:s}", "type", "urn:instroom:levering-geweigerd", "title",
				    "De levering is geweigerd", "detail",
				    "Er is niets verwerkt. De bevindingen zeggen waarom.");
	json_t *members = summary_json(&summary);

	json_object_update(problem, members);
	char *text = json_dumps(problem, JSON_COMPACT);

	reply_text(&request->reply, status, "application/problem+json", text ? text : "{}");
	free(text);
	json_decref(members);
	json_decref(problem);
}

static void refuse_one(struct request *request, unsigned status, enum rule rule, enum field field, int64_t value)
{
	struct finding finding = { .rule = (uint16_t)rule, .field = (uint8_t)field, .values = { value } };

	refuse(request, status, &finding, 1);
}

/* ---- publishing ---- */

static struct wire_delivery delivery_of(const struct gateway *gateway, const struct upload *upload,
					const struct file_reading *file)
{
	const struct delivery_header *header = &upload->header.header;
	struct wire_delivery delivery = {
		.header = { .board = (int32_t)header->board,
			    .delivery_id = header->id,
			    .kind = (int32_t)header->kind,
			    .dry_run = header->is_dry_run,
			    .sequence = header->sequence,
			    .extraction_date = header->extraction_date,
			    .received_on = upload->received_on,
			    .line_count = (int32_t)file->line_count,
			    .contact_name = header->contact_name,
			    .contact_phone = header->contact_phone,
			    .contact_email = header->contact_email },
		.columns = slice_make(file->columns, file->column_count),
		.cells = { .items = file->cells, .count = file->line_count * file->column_count },
	};

	memcpy(delivery.header.fingerprint, upload->fingerprint, sizeof upload->fingerprint);
	memcpy(delivery.header.reference_version, reference_version(gateway->reference), REFERENCE_VERSION_BYTES);
	memcpy(delivery.content_sha256, upload->sha256, sizeof upload->sha256);
	return delivery;
}

static size_t put_headers(const struct gateway *gateway, const struct upload *upload, struct raw_headers_text *texts,
			  struct kafka_header *ret)
{
	const struct delivery_header *header = &upload->header.header;
	struct raw_headers headers = { .kind = RAW_DELIVERY,
				       .board = header->board,
				       .delivery_id = header->id,
				       .is_dry_run = header->is_dry_run,
				       .sequence = header->sequence,
				       .line_count = (int32_t)upload->lines,
				       .delivery_kind = header->kind,
				       .extraction_date = header->extraction_date,
				       .received_on = upload->received_on };

	memcpy(headers.fingerprint, upload->fingerprint, sizeof upload->fingerprint);
	memcpy(headers.reference_version, reference_version(gateway->reference), REFERENCE_VERSION_BYTES);
	raw_headers_write(&headers, texts);
	for (size_t i = 0; i < texts->count; i++)
		ret[i] = (struct kafka_header){ texts->items[i].name, texts->items[i].value };
	return texts->count;
}

/* Until the report the message is booked in place of the body. */
static void put_message(struct request *request)
{
	struct gateway *gateway = request->gateway;
	struct raw_headers_text texts;
	struct kafka_header headers[RAW_HEADERS_MAX];
	size_t count = put_headers(gateway, request->upload, &texts, headers);
	char key[PARTITIONING_KEY_BYTES + 1];

	if (!strbuf_ok(&gateway->message) || !gateway_hold(request, (int64_t)gateway->message.n))
		no_room(request);
	else if (!gateway_publish(request, headers, count, partitioning_key(request->upload->header.header.board, key)))
		not_laid_down(request);
	else
		drop_body(request); /* Kafka's client has its own copy */
}

static void publish(struct request *request, const struct file_reading *file)
{
	struct gateway *gateway = request->gateway;
	struct wire_delivery delivery = delivery_of(gateway, request->upload, file);

	request->upload->lines = (uint32_t)file->line_count;
	strbuf_reset(&gateway->message);
	frame_put(&gateway->message, WIRE_DELIVERY_SCHEMA);
	wire_delivery_encode(&gateway->message, &delivery);
	crash_point("gateway.checked");
	put_message(request);
	if (gateway->message.room > MESSAGE_BYTES_KEPT)
		strbuf_release(&gateway->message);
}

/* ---- the checks, specification 2.2 ---- */

/* Step 5. */
static void check_file(struct request *request)
{
	struct gateway *gateway = request->gateway;
	struct upload *upload = request->upload;
	struct file_expected expected = { .kind = upload->header.header.kind,
					  .has_content_hash = upload->header.has_content_hash,
					  .has_line_count = upload->header.has_line_count,
					  .line_count = upload->header.line_count };
	struct file_reading file;
	struct err err;

	memcpy(expected.content_hash, upload->header.content_hash, sizeof expected.content_hash);
	int rc = file_check(strbuf_slice(&upload->body), upload->total, upload->sha256, &expected, &gateway->arena,
			    &file, &err);

	if (rc != 0)
		no_room(request);
	else if (file.finding_count > 0)
		refuse(request, upload->total > FILE_BYTES_MAX ? 413 : 422, file.findings, file.finding_count);
	else
		publish(request, &file);
	arena_reset(&gateway->arena);
}

/* Steps 3 and 4, and on. */
static void check_board(struct request *request)
{
	const struct delivery_header *header = &request->upload->header.header;

	if (!reference_has_board(request->gateway->reference, header->board, header->extraction_date))
		refuse_one(request, 422, RULE_K02, FIELD_BOARD, header->board);
	else if (header->extraction_date > request->upload->received_on)
		refuse_one(request, 422, RULE_K09, FIELD_EXTRACTION_DATE, 0);
	else
		check_file(request);
}

void upload_known(struct request *request)
{
	switch (request->job.answer) {
	case JOB_FOUND:
		metric_add(&uploads[UPLOAD_REPEAT], 1);
		drop_body(request);
		reply_body(&request->reply, "application/json", &request->job.body);
		return;
	case JOB_CLASH:
		refuse_one(request, 409, RULE_K01, FIELD_DELIVERY_ID, 0);
		return;
	default: /* not known, or nobody to ask: the log will tell */
		check_board(request);
	}
}

/* specification 2.1. A file beyond HASHED_BYTES_MAX has no fingerprint: none that was accepted is like it. */
static bool name_delivery(struct upload *upload)
{
	struct delivery_header *header = &upload->header.header;
	bool is_hashed = upload->total <= HASHED_BYTES_MAX;

	if (is_hashed && EVP_DigestFinal_ex(upload->hash, upload->sha256, NULL) != 1)
		return false;
	memcpy(upload->id, header->id.n > 0 ? header->id.p : "", header->id.n); /* of good form: fits */
	if (upload->header.finding_count == 0 && is_hashed) { /* specification 14.1: without a good header no id is made */
		delivery_fingerprint(header, upload->sha256, upload->fingerprint);
		if (header->id.n == 0)
			delivery_make_id(upload->fingerprint, upload->id);
	}
	header->id = slice_of(upload->id);
	return true;
}

void upload_end(struct request *request)
{
	struct upload *upload = request->upload;
	struct job *job = &request->job;

	if (!name_delivery(upload)) {
		no_room(request);
		return;
	}
	if (upload->header.finding_count > 0) { /* step 1 */
		refuse(request, 422, upload->header.findings, upload->header.finding_count);
		return;
	}
	if (upload->received_on == 0)
		upload->received_on = clock_amsterdam_date(clock_wall_ms());
	job->kind = JOB_KNOWN; /* step 2 */
	job->board = upload->header.header.board;
	memcpy(job->id, upload->id, sizeof upload->id);
	memcpy(job->fingerprint, upload->fingerprint, sizeof upload->fingerprint);
	if (job->id[0] == '\0' || !gateway_ask(request))
		check_board(request);
}

void upload_published(struct request *request, const struct kafka_report *report)
{
	struct upload *upload = request->upload;
	char fingerprint[2 * FINGERPRINT_BYTES];

	crash_point("gateway.acknowledged");
	if (report->error != 0) {
		not_laid_down(request);
		return;
	}
	metric_add(&uploads[UPLOAD_ACCEPTED], 1);
	metric_add(&uploads[UPLOAD_LINES], upload->lines);
	num_to_hex(upload->fingerprint, sizeof upload->fingerprint, fingerprint);
	json_t *receipt = json_pack("{s:s, s:s%, s:I, s:i, s:I}", "leveringsid", upload->id, "fingerprint", fingerprint,
				    sizeof fingerprint, "regels", (json_int_t)upload->lines, "partitie",
				    (int)report->partition, "offset", (json_int_t)report->offset);
	char *text = receipt ? json_dumps(receipt, JSON_COMPACT) : NULL;

	reply_text(&request->reply, 202, "application/json", text ? text : "{}");
	snprintf(request->reply.location, sizeof request->reply.location, "/v1/besturen/%05u/leveringen/%s?positie=%d-%lld",
		 upload->header.header.board, upload->id, report->partition, (long long)report->offset);
	free(text);
	json_decref(receipt);
}
