#include "gateway/reply.h"

#include <jansson.h>

enum { BODY_BYTES_MAX = 1 << 20, RETRY_AFTER_S = 5 };

void reply_text(struct reply *reply, unsigned status, const char *type, const char *text)
{
	reply_release(reply);
	strbuf_init(&reply->body, BODY_BYTES_MAX);
	strbuf_add_text(&reply->body, text);
	reply->status = status;
	reply->type = type;
}

void reply_body(struct reply *reply, const char *type, struct strbuf *body)
{
	reply_release(reply);
	reply->status = 200;
	reply->type = type;
	reply->body = *body;
	*body = (struct strbuf){ 0 };
}

void reply_json(struct reply *reply, unsigned status, const char *type, struct json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	reply_text(reply, status, type, text ? text : "{}");
	free(text);
	json_decref(json);
}

void reply_problem(struct reply *reply, unsigned status, const char *title, const char *detail)
{
	reply_json(reply, status, "application/problem+json",
		   json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title, "status", (int)status,
			     "detail", detail));
}

void reply_busy(struct reply *reply, const char *detail)
{
	reply_problem(reply, 503, "Nu niet mogelijk", detail);
	reply->retry_after_s = RETRY_AFTER_S;
}

void reply_release(struct reply *reply)
{
	strbuf_release(&reply->body);
	*reply = (struct reply){ 0 };
}
