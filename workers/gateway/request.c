#include "gateway/request.h"

#include "gateway/conditional.h"
#include "gateway/gateway_metrics.h"
#include "http/http_query.h"
#include "http/http_server.h"

#include <stdlib.h>

enum {
	/* What is read of a body behind a refusal, so that a sender whom we know reads why; of others the server's
	 * minimum. */
	KNOWN_REST_BYTES_MAX = 32 << 20,
	KNOWN_REST_MS_MAX = 30000,
};

/* ---- what was sent ---- */

struct slice request_header(const struct request *request, const char *name)
{
	return http_head_value(&request->http->head, name);
}

bool request_header_whole_list(const struct request *request, const char *name, char buf[REQUEST_LIST_BYTES],
			       struct slice *ret)
{
	bool is_whole;

	*ret = http_head_list(&request->http->head, name, buf, REQUEST_LIST_BYTES, &is_whole);
	return is_whole;
}

struct slice request_header_list(const struct request *request, const char *name, char buf[REQUEST_LIST_BYTES])
{
	struct slice list;

	(void)!request_header_whole_list(request, name, buf, &list);
	return list;
}

size_t request_header_count(const struct request *request, const char *name)
{
	return http_head_count(&request->http->head, name);
}

bool request_wants(struct request *request, const char *etag)
{
	char matching[REQUEST_LIST_BYTES], other[REQUEST_LIST_BYTES];
	struct reply *reply = &request->reply;

	switch (conditional_check(request_header_list(request, "If-Match", matching),
				  request_header_list(request, "If-None-Match", other), etag)) {
	case CONDITION_FAILED:
		reply_problem(reply, 412, "Intussen anders",
			      "Wat hier staat is niet meer wat de kop If-Match noemt: vraag het opnieuw op");
		return false;
	case CONDITION_NOT_MODIFIED:
		reply_not_modified(reply, etag);
		return false;
	default:
		return true;
	}
}

bool request_is_from_front(const struct request *request)
{
	return strcmp(request->http->peer, "unix") == 0;
}

void request_certificates(const struct request *request, struct strbuf *ders)
{
	http_request_certificates(request->http, ders);
}

uint64_t request_content_length(const struct request *request)
{
	const struct http_head *head = &request->http->head;

	return head->framing == HTTP_BODY_OF_LENGTH ? head->content_length : 0;
}

bool request_decode_query(struct request *request)
{
	size_t bytes = request->http->head.query.n;

	request->decoded = malloc(MAX(bytes, (size_t)1));
	return request->decoded != NULL;
}

/* Decoded text is never longer than it was, so all parts have their place. */
void request_walk_query(const struct request *request, take_value *each, void *self)
{
	struct slice query = request->http->head.query, name, value;
	char *out = request->decoded;

	while (http_query_next(&query, &name, &value)) {
		size_t name_bytes = name.n, value_bytes = value.n;

		if (!http_decode(name, true, out, name_bytes, &name) ||
		    !http_decode(value, true, out + name_bytes, value_bytes, &value) || !each(self, name, value))
			return;
		out += name_bytes + value_bytes;
	}
}

void request_walk_headers(const struct request *request, take_value *each, void *self)
{
	const struct http_head *head = &request->http->head;

	for (size_t i = 0; i < head->header_count; i++)
		if (!each(self, head->headers[i].name, head->headers[i].value))
			return;
}

/* ---- what is sent back ---- */

static void add_challenge(const struct reply *reply, struct http_reply *to)
{
	char text[96] = "Bearer";

	if (reply->proof_reason)
		snprintf(text, sizeof text, "Bearer error=\"invalid_token\", error_description=\"%s\"",
			 reply->proof_reason);
	http_reply_add_header(to, "WWW-Authenticate", text);
}

static void add_headers(const struct reply *reply, struct http_reply *to)
{
	char seconds[16];

	reply_add_site_headers(to);
	if (reply->is_public)
		http_reply_add_header(to, "Access-Control-Allow-Origin", "*");
	if (reply->etag[0])
		http_reply_add_header(to, "ETag", reply->etag);
	if (reply->location[0])
		http_reply_add_header(to, "Location", reply->location);
	if (reply->allow[0])
		http_reply_add_header(to, "Allow", reply->allow);
	if (reply->status == 401)
		add_challenge(reply, to);
	if (reply->retry_after_s > 0) {
		snprintf(seconds, sizeof seconds, "%u", reply->retry_after_s);
		http_reply_add_header(to, "Retry-After", seconds);
	}
}

void request_send_reply(struct request *request)
{
	struct reply *reply = &request->reply;
	struct http_reply to;

	gateway_metric_refusal(reply->status);
	http_reply_init(&to);
	to.status = reply->status;
	to.type = reply->type;
	to.body = reply->body; /* which go on to the server */
	to.stream = reply->stream;
	reply->body = (struct strbuf){ 0 };
	reply->stream = (struct http_stream){ 0 };
	add_headers(reply, &to);
	if (request->sender) {
		to.rest_bytes_max = KNOWN_REST_BYTES_MAX;
		to.rest_ms_max = KNOWN_REST_MS_MAX;
	}
	http_answer(request->http, &to);
}

void request_suspend(struct request *request)
{
	request->is_suspended = true;
}

void request_resume(struct request *request)
{
	if (!request->is_suspended || request->reply.status == 0)
		return;
	request->is_suspended = false;
	request_send_reply(request);
}
