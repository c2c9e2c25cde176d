#include "ctl/deliver/transfers.h"

#include "base/num.h"
#include "ctl/base/ctl.h"
#include "ctl/deliver/header_file.h"
#include "model/teacher_key.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>

enum {
	REPLY_BYTES_MAX = 64 << 20,
	URL_BYTES_MAX = 4096,
	TOKEN_LINE_BYTES = 8192 + 32, /* of gateway.token.file, and "Authorization: Bearer " */
	SEND_BYTES = 256 << 10,	      /* curl's buffer */
	CONNECT_MS = 5000,
	WAIT_MS = 500, /* for the network, while something is in flight */
	PAUSE_MS = 50, /* while nothing is */
	SILENT_S_MAX = 300,
	ASK_MS_MAX = 10000,
};

struct transfer {
	CURL *curl;
	struct curl_slist *headers;
	struct upload *upload; /* NULL: it is free */
	json_t *header;
	struct strbuf content, reply;
	char why[CURL_ERROR_SIZE]; /* it failed, in more words than those of curl's code; empty: none */
	bool is_short;		   /* of memory: a part of the request is missing, and it must not be sent */
};

/* A request of which curl did not keep a part is another request: without its token, or without its time limit. */
#define SET_OPTION(transfer, option, value) \
	((transfer)->is_short |= curl_easy_setopt((transfer)->curl, option, value) != CURLE_OK)

struct transfers {
	const char *url, *ca_file;
	transfers_ended *ended;
	void *self;
	CURLM *multi;
	size_t parallel, in_flight;
	char authorization[TOKEN_LINE_BYTES];
	struct transfer items[TRANSFERS_MAX];
};

/* ---- the request ---- */

static void add_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *headers = curl_slist_append(transfer->headers, line);

	if (headers)
		transfer->headers = headers;
	else
		transfer->is_short = true;
}

static int check_request(const struct transfer *transfer, struct err *err)
{
	return transfer->is_short ? err_set(err, ERR_FATAL, "curl", "no memory for a request") : 0;
}

static size_t keep_reply(char *bytes, size_t one, size_t n, void *self)
{
	struct transfer *transfer = self;

	strbuf_add_bytes(&transfer->reply, bytes, n * one);
	return strbuf_ok(&transfer->reply) ? n * one : 0;
}

/* The JSON type a header field must have (specification 14.2). */
static bool has_right_type(const char *name, const json_t *value)
{
	if (strcmp(name, "proef") == 0)
		return json_is_boolean(value);
	if (strcmp(name, "volgnummer") == 0 || strcmp(name, "regels") == 0)
		return json_is_integer(value);
	return json_is_string(value);
}

/* What LR-K08 cannot say: 99901 looks like a board number, and is a number where JSON wants a text. */
static void note_type(struct upload *upload, const char *name, const json_t *value)
{
	const char *wanted = strcmp(name, "proef") == 0 ? "true or false, without quotes"
			     : strcmp(name, "volgnummer") == 0 || strcmp(name, "regels") == 0
				     ? "a whole number, without quotes"
				     : "a text, in quotes";

	if (!has_right_type(name, value) && !upload->mistyped[0])
		snprintf(upload->mistyped, sizeof upload->mistyped, "in JSON %s is %s", name, wanted);
}

/* As a query parameter. A value of another type has no such form: an empty text is just as wrong (LR-K08). */
static struct slice value_text(const char *name, const json_t *value, char *buf, size_t buf_bytes)
{
	if (!has_right_type(name, value))
		return slice_of("");
	if (json_is_string(value))
		return slice_make(json_string_value(value), json_string_length(value));
	if (json_is_boolean(value))
		return slice_of(json_is_true(value) ? "ja" : "nee");
	return slice_make(buf, (size_t)snprintf(buf, buf_bytes, "%" JSON_INTEGER_FORMAT, json_integer_value(value)));
}

/* Percent-encoded; curl takes a length of 0 for "count it yourself". NULL: no memory. */
static char *escape(struct transfer *transfer, struct slice text)
{
	char *escaped = curl_easy_escape(transfer->curl, text.n > 0 ? text.p : "", (int)text.n);

	transfer->is_short |= escaped == NULL;
	return escaped;
}

static const char *contact_header(const char *name)
{
	static const struct {
		const char *field, *header;
	} CONTACTS[] = { { "contact_naam", "Instroom-Contact-Naam" },
			 { "contact_telefoon", "Instroom-Contact-Telefoon" },
			 { "contact_email", "Instroom-Contact-Email" } };

	for (size_t i = 0; i < ARRAY_LEN(CONTACTS); i++)
		if (strcmp(name, CONTACTS[i].field) == 0)
			return CONTACTS[i].header;
	return NULL;
}

/* A value that is no text becomes a byte that is no UTF-8, which is just as wrong. */
static void add_contact(struct transfer *transfer, const char *header, const json_t *value)
{
	char *escaped = json_is_string(value)
				? escape(transfer, slice_make(json_string_value(value), json_string_length(value)))
				: NULL;
	char line[2048];

	snprintf(line, sizeof line, "%s: %s", header, escaped ? escaped : "%FF");
	curl_free(escaped);
	add_header(transfer, line);
}

/* The declared sha256, else that of what is sent: what the gateway keeps is then what was read here. A declared one of
 * another form becomes a digest of no form, which is just as wrong (LR-K08). */
static void add_digest(struct transfer *transfer, const json_t *declared)
{
	uint8_t sha256[32];
	char base64[48] = "", line[80];
	bool is_good = true;

	if (!declared || json_is_null(declared))
		sha256_of(strbuf_slice(&transfer->content), sha256);
	else
		is_good = json_is_string(declared) &&
			  num_from_hex(slice_make(json_string_value(declared), json_string_length(declared)), sha256,
				       sizeof sha256);
	if (is_good)
		num_to_base64(sha256, sizeof sha256, base64);
	snprintf(line, sizeof line, "Content-Digest: sha-256=:%s:", base64);
	add_header(transfer, line);
}

static int set_address(const struct transfers *transfers, struct transfer *transfer, struct upload *upload,
		       struct err *err)
{
	json_t *header = transfer->header;
	char url[URL_BYTES_MAX], number[32], separator = '?';
	size_t n = (size_t)snprintf(url, sizeof url, "%s/v1/leveringen", transfers->url);
	const char *name;
	json_t *value;

	json_object_foreach(header, name, value)
	{
		const char *contact = contact_header(name);

		if (json_is_null(value))
			continue;
		note_type(upload, name, value);
		if (strcmp(name, "sha256") == 0)
			continue;
		if (contact) {
			add_contact(transfer, contact, value);
			continue;
		}
		char *field = escape(transfer, slice_of(name));
		char *escaped = escape(transfer, value_text(name, value, number, sizeof number));

		n += (size_t)snprintf(url + n, sizeof url - n, "%c%s=%s", separator, field ? field : "",
				      escaped ? escaped : "");
		curl_free(field);
		curl_free(escaped);
		separator = '&';
		if (n >= sizeof url)
			return err_set(err, ERR_DATA, "header", "its header is too long");
	}
	add_digest(transfer, json_object_get(header, "sha256"));
	SET_OPTION(transfer, CURLOPT_URL, url);
	return 0;
}

int transfers_begin(struct transfers *transfers, struct upload *upload, struct err *err)
{
	struct transfer *transfer = transfers->items;

	while (transfer->upload) /* one is free */
		transfer++;
	json_decref(transfer->header);
	transfer->header = NULL;
	strbuf_reset(&transfer->content);
	strbuf_reset(&transfer->reply);
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	add_header(transfer, transfers->authorization);
	add_header(transfer, file_name_ends_with(upload->path, ".xml") ? "Content-Type: application/xml"
								       : "Content-Type: text/csv");
	add_header(transfer, "Expect:");
	int rc = upload_read(upload, &transfer->content, &transfer->header, err);

	if (rc == 0)
		rc = set_address(transfers, transfer, upload, err);
	if (rc != 0)
		return rc;
	SET_OPTION(transfer, CURLOPT_HTTPHEADER, transfer->headers);
	SET_OPTION(transfer, CURLOPT_POSTFIELDS, transfer->content.p ? transfer->content.p : "");
	SET_OPTION(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->content.n);
	rc = check_request(transfer, err);
	if (rc != 0)
		return rc;
	transfer->why[0] = '\0';
	if (curl_multi_add_handle(transfers->multi, transfer->curl) != CURLM_OK)
		return err_set(err, ERR_FATAL, "curl", "no memory for a transfer");
	transfer->upload = upload;
	transfers->in_flight++;
	upload->state = UPLOAD_IN_FLIGHT;
	upload->tries++;
	return 0;
}

/* ---- answers ---- */

/* Of a certificate curl's code says only that it was not OK. Its other words have times in them: each is new. */
static const char *failure_of(const struct transfer *transfer, CURLcode code)
{
	bool is_tls = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
		      code == CURLE_SSL_CONNECT_ERROR;

	if (code == CURLE_OK)
		return NULL;
	return is_tls && transfer->why[0] ? transfer->why : curl_easy_strerror(code);
}

static void read_answer(struct transfer *transfer, CURLcode code, const struct answer_sent *sent, struct answer *ret)
{
	struct answer_reply reply = { .failure = failure_of(transfer, code),
				      /* the first: of HTTP/0.9, which has no head */
				      .is_no_http = code == CURLE_UNSUPPORTED_PROTOCOL ||
						    code == CURLE_WEIRD_SERVER_REPLY,
				      .body = strbuf_slice(&transfer->reply) };
	curl_off_t retry_after_s = 0;
	char *type = NULL, *location = NULL;

	if (code == CURLE_OK) {
		/* these cannot fail: they copy what the transfer left */
		curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &reply.status);
		curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &type);
		curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &location);
		curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &retry_after_s);
	}
	reply.type = type;
	reply.location = location;
	reply.retry_after_s = retry_after_s;
	answer_read(&reply, sent, ret);
}

static void end_transfer(struct transfers *transfers, struct transfer *transfer, CURLcode code)
{
	struct upload *upload = transfer->upload;
	CLEANUP(answer_release) struct answer answer = { 0 };

	read_answer(transfer, code, &(struct answer_sent){ upload->content_sha256, transfer->header }, &answer);
	curl_multi_remove_handle(transfers->multi, transfer->curl);
	transfer->upload = NULL;
	transfers->in_flight--;
	transfers->ended(transfers->self, upload, &answer, (int64_t)transfer->content.n);
}

bool transfers_are_full(const struct transfers *transfers)
{
	return transfers->in_flight == transfers->parallel;
}

void transfers_run(struct transfers *transfers)
{
	int running = 0, left;
	bool has_ended = false;

	curl_multi_perform(transfers->multi, &running);
	for (CURLMsg *message; (message = curl_multi_info_read(transfers->multi, &left)) != NULL;) {
		if (message->msg != CURLMSG_DONE)
			continue;
		for (size_t i = 0; i < transfers->parallel; i++)
			if (transfers->items[i].upload && transfers->items[i].curl == message->easy_handle) {
				end_transfer(transfers, &transfers->items[i], message->data.result);
				has_ended = true;
				break;
			}
	}
	if (!has_ended) /* else the caller has something to send first */
		curl_multi_poll(transfers->multi, NULL, 0, running > 0 ? WAIT_MS : PAUSE_MS, NULL);
}

/* ---- one transfer ---- */

static int open_transfer(struct transfer *transfer, const char *ca_file, struct err *err)
{
	transfer->curl = curl_easy_init();
	if (!transfer->curl)
		return err_set(err, ERR_FATAL, "curl", "no memory for transfers");
	strbuf_init(&transfer->content, UPLOAD_BYTES_MAX);
	strbuf_init(&transfer->reply, REPLY_BYTES_MAX);
	SET_OPTION(transfer, CURLOPT_WRITEFUNCTION, keep_reply);
	SET_OPTION(transfer, CURLOPT_WRITEDATA, transfer);
	SET_OPTION(transfer, CURLOPT_ERRORBUFFER, transfer->why);
	SET_OPTION(transfer, CURLOPT_NOSIGNAL, 1L);
	SET_OPTION(transfer, CURLOPT_ACCEPT_ENCODING, ""); /* a proxy may pack answers, whether asked to or not */
	SET_OPTION(transfer, CURLOPT_PROTOCOLS_STR, "http,https");
	SET_OPTION(transfer, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
	SET_OPTION(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	SET_OPTION(transfer, CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET_OPTION(transfer, CURLOPT_LOW_SPEED_TIME, (long)SILENT_S_MAX);
	if (*ca_file)
		SET_OPTION(transfer, CURLOPT_CAINFO, ca_file);
	return check_request(transfer, err);
}

static void release_transfer(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->curl);
	curl_slist_free_all(transfer->headers);
	json_decref(transfer->header);
	strbuf_release(&transfer->content);
	strbuf_release(&transfer->reply);
}

/* ---- which installation ---- */

static int leave_at_signal(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)self, (void)a, (void)b, (void)c, (void)d;
	return stop_poll() != STOP_NONE;
}

static CURLcode ask(const struct transfers *transfers, struct transfer *transfer)
{
	char url[URL_BYTES_MAX];
	struct err err;

	snprintf(url, sizeof url, "%s/v1/installatie", transfers->url);
	add_header(transfer, transfers->authorization);
	SET_OPTION(transfer, CURLOPT_URL, url);
	SET_OPTION(transfer, CURLOPT_HTTPHEADER, transfer->headers);
	SET_OPTION(transfer, CURLOPT_TIMEOUT_MS, (long)ASK_MS_MAX);
	SET_OPTION(transfer, CURLOPT_NOPROGRESS, 0L);
	SET_OPTION(transfer, CURLOPT_XFERINFOFUNCTION, leave_at_signal);
	return check_request(transfer, &err) == 0 ? curl_easy_perform(transfer->curl) : CURLE_OUT_OF_MEMORY;
}

/* A gateway of an earlier release, or a foreign server, gives no id; the uploads will show which it is. */
bool transfers_ask_installation(struct transfers *transfers, char id[UPLOAD_INSTALLATION_BYTES], struct answer *answer)
{
	static const uint8_t NOTHING[32];
	CLEANUP(release_transfer) struct transfer transfer = { 0 };
	struct err err;

	id[0] = '\0';
	*answer = (struct answer){ .kind = ANSWER_LATER };
	if (open_transfer(&transfer, transfers->ca_file, &err) != 0)
		return false;
	CURLcode code = ask(transfers, &transfer);

	read_answer(&transfer, code, &(struct answer_sent){ NOTHING, NULL }, answer);
	const char *named = json_string_value(json_object_get(answer->json, "installatie"));

	if (named && strlen(named) < UPLOAD_INSTALLATION_BYTES)
		snprintf(id, UPLOAD_INSTALLATION_BYTES, "%s", named);
	return answer->kind != ANSWER_LATER;
}

/* ---- opening and closing ---- */

/* An address that curl cannot read is a setting that nobody mends by waiting. */
static int check_url(const char *url, struct err *err)
{
	CURLU *parsed = curl_url();
	CURLUcode code =
		parsed ? curl_url_set(parsed, CURLUPART_URL, url, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME)
		       : CURLUE_OUT_OF_MEMORY;

	curl_url_cleanup(parsed);
	if (code == CURLUE_OUT_OF_MEMORY)
		return err_set(err, ERR_FATAL, "memory", "no memory for an address");
	if (code != CURLUE_OK)
		return err_set(err, ERR_CONFIG, "gateway.url",
			       "%s is no address: https://, a name and a port, without quotation marks", url);
	return 0;
}

int transfers_open(const char *url, const char *ca_file, struct slice token, size_t parallel, transfers_ended *ended,
		   void *self, struct transfers **ret, struct err *err)
{
	struct transfers *transfers = calloc(1, sizeof *transfers);

	if (!transfers || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(transfers);
		return err_set(err, ERR_FATAL, "memory", "no memory for transfers");
	}
	transfers->url = url;
	transfers->ca_file = ca_file;
	transfers->ended = ended;
	transfers->self = self;
	transfers->parallel = parallel;
	transfers->multi = curl_multi_init();
	snprintf(transfers->authorization, sizeof transfers->authorization, "Authorization: Bearer %.*s", (int)token.n,
		 token.p);
	int rc = transfers->multi ? check_url(url, err) : err_set(err, ERR_FATAL, "curl", "no memory for transfers");

	for (size_t i = 0; rc == 0 && i < parallel; i++)
		rc = open_transfer(&transfers->items[i], ca_file, err);
	if (rc == 0)
		*ret = transfers;
	else
		transfers_close(transfers);
	return rc;
}

void transfers_close(struct transfers *transfers)
{
	if (!transfers)
		return;
	for (size_t i = 0; i < transfers->parallel; i++) {
		struct transfer *transfer = &transfers->items[i];

		if (!transfer->curl)
			continue;
		if (transfer->upload)
			curl_multi_remove_handle(transfers->multi, transfer->curl);
		release_transfer(transfer);
	}
	curl_multi_cleanup(transfers->multi);
	curl_global_cleanup();
	free(transfers);
}
