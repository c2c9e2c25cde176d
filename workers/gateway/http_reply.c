#include "gateway/http_reply.h"

#include <jansson.h>

enum { BODY_BYTES_MAX = 1 << 20, RETRY_AFTER_S = 5 };

void http_reply_text(struct http_reply *reply, unsigned status, const char *type, const char *text)
{
	http_reply_release(reply);
	strbuf_init(&reply->body, BODY_BYTES_MAX);
	strbuf_add_text(&reply->body, text);
	reply->status = status;
	reply->type = type;
}

void http_reply_body(struct http_reply *reply, const char *type, struct strbuf *body)
{
	http_reply_release(reply);
	reply->status = 200;
	reply->type = type;
	reply->body = *body;
	*body = (struct strbuf){ 0 };
}

void http_reply_json(struct http_reply *reply, unsigned status, const char *type, struct json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	http_reply_text(reply, status, type, text ? text : "{}");
	free(text);
	json_decref(json);
}

void http_reply_problem(struct http_reply *reply, unsigned status, const char *title, const char *detail)
{
	http_reply_json(reply, status, "application/problem+json",
			json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title, "status", (int)status,
				  "detail", detail));
}

void http_reply_busy(struct http_reply *reply, const char *detail)
{
	http_reply_problem(reply, 503, "Nu niet mogelijk", detail);
	reply->retry_after_s = RETRY_AFTER_S;
}

void http_reply_release(struct http_reply *reply)
{
	strbuf_release(&reply->body);
	*reply = (struct http_reply){ 0 };
}
