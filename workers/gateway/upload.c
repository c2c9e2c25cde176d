/* upload: one delivery on its way in (DOMAIN 2.2, DESIGN 3).
 *
 * receive (hash and keep the bytes) -> header form -> ask the register for a repeat -> board, date -> file -> publish ->
 * acknowledged. The order of the checks is that of DOMAIN 2.2; each refusal leaves nothing behind. */
#include "gateway/file_check.h"
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "model/date.h"
#include "report/summary.h"
#include "run/crash.h"
#include "wire/gen/delivery.h"
#include "wire/raw_headers.h"

#include <jansson.h>
#include <microhttpd.h>
#include <openssl/evp.h>

enum {
	HASHED_BYTES_MAX = 64 << 20, /* what is larger is not read to its end */
	CONTACT_BYTES_MAX = 1024,
};

struct upload {
	struct header_form form;
	struct header_reading header;
	char contact[3][CONTACT_BYTES_MAX];
	struct strbuf body;
	int64_t budgeted; /* bytes of body counted in gateway->upload_bytes */
	uint64_t total;
	bool is_too_long;  /* beyond what is hashed */
	int64_t begun_ms;
	int32_t received_on;
	EVP_MD_CTX *hash;
	uint8_t sha256[32];
	uint8_t fingerprint[FINGERPRINT_BYTES];
	char id[DELIVERY_ID_BYTES_MAX + 1];
	uint32_t lines;
};

static struct metric uploads[] = {
	{ "instroom_deliveries_total", "outcome=\"accepted\"", "deliveries by what the gateway answered", METRIC_COUNTER, 0, NULL },
	{ "instroom_deliveries_total", "outcome=\"repeat\"", "", METRIC_COUNTER, 0, NULL },
	{ "instroom_deliveries_total", "outcome=\"refused\"", "", METRIC_COUNTER, 0, NULL },
	{ "instroom_deliveries_total", "outcome=\"busy\"", "", METRIC_COUNTER, 0, NULL },
	{ "instroom_received_bytes_total", "", "bytes of deliveries read", METRIC_COUNTER, 0, NULL },
	{ "instroom_received_lines_total", "", "lines of deliveries accepted", METRIC_COUNTER, 0, NULL },
};
enum { UPLOAD_ACCEPTED, UPLOAD_REPEAT, UPLOAD_REFUSED, UPLOAD_BUSY, UPLOAD_BYTES, UPLOAD_LINES };

static void drop_body(struct request *request)
{
	struct upload *upload = request->upload;

	request->gateway->upload_bytes -= upload->budgeted;
	upload->budgeted = 0;
	strbuf_release(&upload->body);
}

int64_t upload_budgeted(const struct upload *upload)
{
	return upload->budgeted;
}

void upload_free(struct upload *upload)
{
	if (!upload)
		return;
	EVP_MD_CTX_free(upload->hash);
	strbuf_release(&upload->body);
	free(upload);
}

static void busy(struct request *request, const char *detail)
{
	metric_add(&uploads[UPLOAD_BUSY], 1);
	drop_body(request);
	reply_busy(&request->reply, detail);
}

static void wrong_request(struct request *request, const char *detail)
{
	reply_problem(&request->reply, 400, "Verkeerd verzoek", detail);
}

/* ---- the header ---- */

static bool percent_decode(struct slice text, char *out, size_t out_bytes, struct slice *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++, n++) {
		if (n == out_bytes)
			return false;
		out[n] = text.p[i];
		if (text.p[i] != '%')
			continue;
		if (text.n - i < 3 || !num_from_hex(slice_make(text.p + i + 1, 2), &out[n], 1))
			return false;
		i += 2;
	}
	*ret = slice_make(out, n);
	return true;
}

static void take_contact(struct request *request, enum field field, const char *name)
{
	static const char UNREADABLE[] = "\xff"; /* no UTF-8: LR-K08 on the field */
	struct upload *upload = request->upload;
	struct header_field *to = &upload->form.fields[field - HEADER_FIRST];
	struct slice text = request_header(request, name);

	if (!text.p)
		return;
	to->is_delivered = true;
	if (!percent_decode(text, upload->contact[field - FIELD_CONTACT_NAME], CONTACT_BYTES_MAX, &to->value))
		to->value = slice_make(UNREADABLE, 1);
}

struct query_walk {
	struct request *request;
	bool is_wrong;
};

static enum MHD_Result take_query(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value,
				  size_t value_size)
{
	struct query_walk *walk = cls;
	struct upload *upload = walk->request->upload;
	struct slice name = slice_make(key, key_size);
	enum field field = header_field_of_query(name);

	(void)kind;
	if (field == FIELD_NONE) {
		bool is_test = slice_equal_text(name, "ontvangen_op") && walk->request->gateway->config.test_received_on;

		if (is_test)
			upload->received_on = date_parse_iso(slice_make(value, value ? value_size : 0));
		walk->is_wrong |= !is_test || upload->received_on <= 0;
		return MHD_YES;
	}
	struct header_field *to = &upload->form.fields[field - HEADER_FIRST];

	walk->is_wrong |= to->is_delivered; /* twice */
	to->is_delivered = true;
	to->value = slice_make(value ? value : "", value ? value_size : 0);
	return MHD_YES;
}

void upload_begin(struct request *request)
{
	struct upload *upload = calloc(1, sizeof *upload);
	struct query_walk walk = { .request = request };

	request->upload = upload;
	if (!upload || !(upload->hash = EVP_MD_CTX_new()) || EVP_DigestInit_ex(upload->hash, EVP_sha256(), NULL) != 1) {
		reply_busy(&request->reply, "Er is nu geen ruimte voor deze levering. Probeer het zo weer.");
		return;
	}
	upload->begun_ms = clock_ms();
	strbuf_init(&upload->body, FILE_BYTES_MAX);
	MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, take_query, &walk);
	if (walk.is_wrong) {
		wrong_request(request, "Een veld in het webadres is niet bekend, staat er dubbel in of is niet leesbaar. "
				       "Bekend zijn: leveringsid, bestuur, soort, proef, volgnummer, extractiedatum, "
				       "regels, sha256.");
		return;
	}
	take_contact(request, FIELD_CONTACT_NAME, "Instroom-Contact-Naam");
	take_contact(request, FIELD_CONTACT_PHONE, "Instroom-Contact-Telefoon");
	take_contact(request, FIELD_CONTACT_EMAIL, "Instroom-Contact-Email");
	header_form_read(&upload->form, &upload->header);
	struct slice authorization = request_header(request, "Authorization");
	bool has_board = upload->header.is_good[FIELD_BOARD - HEADER_FIRST];
	enum token_answer answer = tokens_ask(request->gateway->tokens, authorization,
					      has_board ? &upload->header.header.board : NULL);

	if (answer == TOKEN_UNKNOWN)
		reply_problem(&request->reply, 401, "Niet aangemeld", "Stuur een geldig token mee: Authorization: Bearer ...");
	else if (answer == TOKEN_OTHER_BOARD)
		reply_problem(&request->reply, 403, "Niet toegestaan", "Dit token geldt niet voor dit bestuur.");
	else if (!request->gateway->reference)
		busy(request, "De referentiegegevens zijn nog niet geladen. Probeer het zo weer.");
}

/* ---- the bytes ---- */

static bool keep_bytes(struct request *request, struct slice bytes)
{
	struct gateway *gateway = request->gateway;
	struct upload *upload = request->upload;
	size_t room_before = upload->body.room;

	if (upload->body.room - upload->body.n < bytes.n) {
		/* counted before it is taken: growth is by half, so twice the need is a bound */
		int64_t wanted = (int64_t)MIN((upload->body.n + bytes.n) * 2, (size_t)FILE_BYTES_MAX);

		if (gateway->upload_bytes + wanted - (int64_t)room_before > gateway->config.upload_bytes_max)
			return false;
	}
	strbuf_add(&upload->body, bytes);
	upload->budgeted += (int64_t)(upload->body.room - room_before);
	gateway->upload_bytes += (int64_t)(upload->body.room - room_before);
	return strbuf_ok(&upload->body);
}

void upload_take(struct request *request, struct slice bytes)
{
	struct upload *upload = request->upload;

	if (request->reply.status != 0)
		return; /* refused already: the rest is read and dropped */
	metric_add(&uploads[UPLOAD_BYTES], (int64_t)bytes.n);
	upload->total += bytes.n;
	if (upload->total > HASHED_BYTES_MAX) {
		upload->is_too_long = true;
		drop_body(request);
		return;
	}
	EVP_DigestUpdate(upload->hash, bytes.p, bytes.n);
	if (clock_ms() - upload->begun_ms > request->gateway->config.upload_ms_max) {
		drop_body(request);
		reply_problem(&request->reply, 408, "Te langzaam", "De levering kwam te langzaam binnen. Lever haar nogmaals.");
	} else if (upload->total > FILE_BYTES_MAX) {
		drop_body(request); /* LR-F01; only the hash is still wanted */
	} else if (!keep_bytes(request, bytes)) {
		busy(request, "Er komen nu veel leveringen tegelijk binnen. Lever deze over enkele seconden nogmaals.");
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
	/* RFC 9457 members in front; "status" is that of DOMAIN 8.2, the number stands in the status line */
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

/* ---- the checks ---- */

static bool name_delivery(struct upload *upload)
{
	const struct delivery_header *header = &upload->header.header;
	unsigned n;

	if (EVP_DigestFinal_ex(upload->hash, upload->sha256, &n) != 1)
		return false;
	if (header->id.n > 0)
		memcpy(upload->id, header->id.p, header->id.n); /* of good form: fits */
	if (upload->header.finding_count > 0)
		return true; /* DOMAIN 14.1: without a good header no id is made */
	delivery_fingerprint(header, upload->sha256, upload->fingerprint);
	if (header->id.n == 0) {
		char hex[2 * FINGERPRINT_BYTES];

		num_to_hex(upload->fingerprint, sizeof upload->fingerprint, hex);
		snprintf(upload->id, sizeof upload->id, "G-%.32s", hex);
	}
	upload->header.header.id = slice_of(upload->id);
	return true;
}

void upload_end(struct request *request)
{
	struct upload *upload = request->upload;

	if (request->reply.status != 0)
		return;
	if (upload->is_too_long) {
		/* not hashed to its end, so it has no id of ours; a delivered one is shown */
		if (upload->header.header.id.n > 0)
			memcpy(upload->id, upload->header.header.id.p, upload->header.header.id.n);
		refuse_one(request, 413, RULE_F01, FIELD_NONE, 0);
		return;
	}
	if (!name_delivery(upload)) {
		busy(request, "Er is nu geen ruimte voor deze levering. Probeer het zo weer.");
		return;
	}
	if (upload->header.finding_count > 0) { /* step 1 */
		refuse(request, 422, upload->header.findings, upload->header.finding_count);
		return;
	}
	if (upload->received_on == 0)
		upload->received_on = clock_amsterdam_date(clock_wall_ms());
	request->job.kind = JOB_KNOWN; /* step 2 */
	request->job.board = upload->header.header.board;
	request->job.id_bytes = strlen(upload->id);
	memcpy(request->job.id, upload->id, sizeof upload->id);
	memcpy(request->job.fingerprint, upload->fingerprint, sizeof upload->fingerprint);
	if (!gateway_ask(request))
		metric_add(&uploads[UPLOAD_BUSY], 1);
}

static void publish(struct request *request, const struct file_reading *file)
{
	struct gateway *gateway = request->gateway;
	struct upload *upload = request->upload;
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
	struct raw_headers headers = { .kind = RAW_DELIVERY,
				       .board = header->board,
				       .delivery_id = header->id,
				       .is_dry_run = header->is_dry_run,
				       .sequence = header->sequence,
				       .line_count = (int32_t)file->line_count,
				       .delivery_kind = header->kind,
				       .extraction_date = header->extraction_date,
				       .received_on = upload->received_on };
	struct raw_headers_text texts;
	struct kafka_header kafka_headers[RAW_HEADERS_MAX];
	char key[8];

	memcpy(delivery.header.fingerprint, upload->fingerprint, 32);
	memcpy(delivery.header.reference_version, reference_version(gateway->reference), 32);
	memcpy(delivery.content_sha256, upload->sha256, 32);
	memcpy(headers.fingerprint, upload->fingerprint, 32);
	memcpy(headers.reference_version, delivery.header.reference_version, 32);
	strbuf_reset(&gateway->message);
	frame_put(&gateway->message, WIRE_DELIVERY_SCHEMA);
	wire_delivery_encode(&gateway->message, &delivery);
	raw_headers_write(&headers, &texts);
	for (size_t i = 0; i < texts.count; i++)
		kafka_headers[i] = (struct kafka_header){ texts.items[i].name, texts.items[i].value };
	upload->lines = (uint32_t)file->line_count;
	snprintf(key, sizeof key, "%05u", header->board);
	crash_point("gateway.checked");
	if (!gateway_publish(request, kafka_headers, texts.count, slice_of(key), strbuf_slice(&gateway->message)))
		busy(request, "Er komen nu veel leveringen tegelijk binnen. Lever deze over enkele seconden nogmaals.");
	else
		drop_body(request); /* Kafka's client has its own copy */
	if (gateway->message.room > (size_t)4 << 20)
		strbuf_release(&gateway->message);
}

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
	int rc = file_check(strbuf_slice(&upload->body), upload->total, upload->sha256, &expected, &gateway->arena, &file,
			    &err);

	if (rc != 0)
		busy(request, "Er is nu geen ruimte voor deze levering. Probeer het zo weer.");
	else if (file.finding_count > 0)
		refuse(request, upload->total > FILE_BYTES_MAX ? 413 : 422, file.findings, file.finding_count);
	else
		publish(request, &file);
	arena_reset(&gateway->arena);
}

void upload_known(struct request *request)
{
	const struct delivery_header *header = &request->upload->header.header;

	switch (request->job.answer) {
	case JOB_FOUND:
		metric_add(&uploads[UPLOAD_REPEAT], 1);
		drop_body(request);
		reply_release(&request->reply);
		request->reply = (struct reply){ .status = 200, .type = "application/json", .body = request->job.body };
		request->job.body = (struct strbuf){ 0 };
		return;
	case JOB_CLASH:
		refuse_one(request, 409, RULE_K01, FIELD_DELIVERY_ID, 0);
		return;
	default: /* not known, or nobody to ask: the log will tell */
		break;
	}
	if (!reference_has_board(request->gateway->reference, header->board, header->extraction_date))
		refuse_one(request, 422, RULE_K02, FIELD_BOARD, header->board); /* step 3 */
	else if (header->extraction_date > request->upload->received_on)
		refuse_one(request, 422, RULE_K09, FIELD_EXTRACTION_DATE, 0); /* step 4 */
	else
		check_file(request); /* step 5 */
}

void upload_published(struct request *request, const struct kafka_report *report)
{
	struct upload *upload = request->upload;
	char fingerprint[2 * FINGERPRINT_BYTES];

	crash_point("gateway.acknowledged");
	if (report->error != 0) {
		busy(request, "De levering kon nu niet worden vastgelegd. Lever haar over enkele seconden nogmaals.");
		return;
	}
	metric_add(&uploads[UPLOAD_ACCEPTED], 1);
	metric_add(&uploads[UPLOAD_LINES], upload->lines);
	num_to_hex(upload->fingerprint, sizeof upload->fingerprint, fingerprint);
	json_t *receipt = json_pack("{s:s, s:s%, s:i, s:i, s:I}", "leveringsid", upload->id, "fingerprint", fingerprint,
				    sizeof fingerprint, "regels", (int)upload->lines, "partitie", (int)report->partition,
				    "offset", (json_int_t)report->offset);
	char *text = receipt ? json_dumps(receipt, JSON_COMPACT) : NULL;

	reply_text(&request->reply, 202, "application/json", text ? text : "{}");
	snprintf(request->reply.location, sizeof request->reply.location,
		 "/v1/besturen/%05u/leveringen/%s?positie=%d-%lld", upload->header.header.board, upload->id,
		 report->partition, (long long)report->offset);
	free(text);
	json_decref(receipt);
}

void upload_metrics(void)
{
	metrics_register_all(uploads, ARRAY_LEN(uploads));
}
