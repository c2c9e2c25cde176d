#include "gateway/reply.h"

#include "gateway/route.h"

#include <jansson.h>

enum { BODY_BYTES_MAX = 1 << 20, RETRY_AFTER_S = 5, DETAIL_BYTES_MAX = 1024 };

static const char *helpdesk = "";
static bool speaks_tls;

void reply_set_helpdesk(const char *address)
{
	helpdesk = address;
}

const char *reply_helpdesk(void)
{
	return helpdesk;
}

void reply_set_tls(bool has_tls)
{
	speaks_tls = has_tls;
}

/* Dutch API Design Rules, API-57 and the transport security module. There are personal data in most answers, so none
 * may be kept; and there is nothing here that a page of somebody else may show or run. */
void reply_add_site_headers(struct http_reply *to)
{
	http_reply_add_header(to, "API-Version", API_VERSION);
	http_reply_add_header(to, "Cache-Control", "no-store");
	http_reply_add_header(to, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	http_reply_add_header(to, "Referrer-Policy", "no-referrer");
	http_reply_add_header(to, "X-Content-Type-Options", "nosniff");
	http_reply_add_header(to, "X-Frame-Options", "DENY");
	if (speaks_tls)
		http_reply_add_header(to, "Strict-Transport-Security", "max-age=31536000");
}

/* Half an answer would be mistaken for the whole: a client without an answer asks again. */
static void answer_without_memory(struct reply *reply)
{
	reply_release(reply);
	reply->status = 503;
	reply->type = "text/plain";
	reply->retry_after_s = RETRY_AFTER_S;
}

void reply_text(struct reply *reply, unsigned status, const char *type, const char *text)
{
	reply_release(reply);
	strbuf_init(&reply->body, BODY_BYTES_MAX);
	strbuf_add_text(&reply->body, text);
	reply->status = status;
	reply->type = type;
	if (!strbuf_ok(&reply->body))
		answer_without_memory(reply);
}

void reply_body(struct reply *reply, const char *type, struct strbuf *body)
{
	reply_release(reply);
	reply->status = 200;
	reply->type = type;
	reply->body = *body;
	*body = (struct strbuf){ 0 };
}

void reply_stream(struct reply *reply, const char *type, const struct http_stream *stream)
{
	reply_release(reply);
	reply->status = 200;
	reply->type = type;
	reply->stream = *stream;
}

void reply_json(struct reply *reply, unsigned status, const char *type, struct json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text)
		reply_text(reply, status, type, text);
	else
		answer_without_memory(reply);
	free(text);
	json_decref(json);
}

/* With another member, which it takes over; NULL: none. */
static void reply_with(struct reply *reply, unsigned status, const char *type, const char *title, const char *detail,
		       const char *name, json_t *member)
{
	char sentence[DETAIL_BYTES_MAX];

	if (helpdesk[0])
		snprintf(sentence, sizeof sentence, "%s (helpdesk: %s).", detail, helpdesk);
	else
		snprintf(sentence, sizeof sentence, "%s (de helpdesk helpt u verder).", detail);
	reply_json(reply, status, "application/problem+json",
		   json_pack("{s:s, s:s, s:i, s:s, s:o*}", "type", type, "title", title, "status", (int)status,
			     "detail", sentence, name, member));
}

void reply_problem(struct reply *reply, unsigned status, const char *title, const char *detail)
{
	reply_with(reply, status, "about:blank", title, detail, "levering", NULL);
}

void reply_refusal(struct reply *reply, unsigned status, const char *type, const char *detail, struct json_t *delivery)
{
	if (delivery)
		reply_with(reply, status, type, "De levering is geweigerd", detail, "levering", delivery);
	else
		answer_without_memory(reply);
}

void reply_refused_proof(struct reply *reply, const char *reason, const char *detail)
{
	reply_problem(reply, 401, "Niet aangemeld", detail);
	reply->proof_reason = reason;
}

void reply_other_methods(struct reply *reply, unsigned methods)
{
	static const struct {
		unsigned method;
		const char *names;
	} NAMES[] = {
		{ METHOD_GET, "GET, HEAD" }, { METHOD_POST, "POST" }, { METHOD_PUT, "PUT" }, { METHOD_DELETE, "DELETE" }
	};
	size_t n = 0;

	reply_problem(reply, 405, "Andere methode", "Dit adres bestaat, maar niet met deze methode: zie de kop Allow");
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
		if (methods & NAMES[i].method)
			n += (size_t)snprintf(reply->allow + n, sizeof reply->allow - n, "%s%s", n > 0 ? ", " : "",
					      NAMES[i].names);
}

static const struct {
	unsigned status;
	const char *title, *detail;
} REFUSALS[] = {
	{ 408, "Te langzaam", "Het verzoek kwam te langzaam binnen, stuur het nogmaals" },
	{ 414, "Te lang", "Het webadres is te lang" },
	{ 417, "Niet mogelijk", "De verwachting in de kop Expect kennen wij niet" },
	{ 431, "Te groot", "De koppen van het verzoek zijn te groot" },
	{ 501, "Niet mogelijk",
	  "Deze manier van versturen kennen wij niet: laat uw leverancier het programma controleren" },
	{ 503, "Nu niet mogelijk", "Deze ingang sluit, probeer het zo weer" },
	{ 505, "Niet mogelijk", "Alleen HTTP/1.1 en HTTP/1.0 zijn hier mogelijk" },
};

void reply_refused_by_server(struct reply *reply, unsigned status, const char *why)
{
	const char *title = "Verkeerd verzoek";
	const char *detail = "Het verzoek is niet te lezen als HTTP/1.1: laat uw leverancier het programma controleren";

	for (size_t i = 0; i < ARRAY_LEN(REFUSALS); i++)
		if (REFUSALS[i].status == status)
			title = REFUSALS[i].title, detail = REFUSALS[i].detail;
	reply_with(reply, status, "about:blank", title, detail, "http", json_string(why));
	if (status == 503)
		reply->retry_after_s = RETRY_AFTER_S;
}

void reply_busy(struct reply *reply, const char *detail)
{
	reply_problem(reply, 503, "Nu niet mogelijk", detail);
	reply->retry_after_s = RETRY_AFTER_S;
}

void reply_too_much(struct reply *reply)
{
	reply_problem(reply, 429, "Te veel tegelijk",
		      "Er zijn al veel verzoeken van u of van dit bestuur in behandeling, "
		      "wacht tot er enkele klaar zijn");
	reply->retry_after_s = RETRY_AFTER_S;
}

void reply_not_modified(struct reply *reply, const char *etag)
{
	reply_release(reply);
	reply->status = 304;
	snprintf(reply->etag, sizeof reply->etag, "%s", etag);
}

void reply_release(struct reply *reply)
{
	strbuf_release(&reply->body);
	if (reply->stream.free)
		reply->stream.free(reply->stream.self);
	*reply = (struct reply){ 0 };
}
