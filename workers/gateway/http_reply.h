/* http_reply: what is sent back for a request. The reply owns its body.
 *
 * A call on a reply that was filled before replaces all of it. */
#ifndef GATEWAY_HTTP_REPLY_H
#define GATEWAY_HTTP_REPLY_H

#include "base/strbuf.h"

struct json_t; /* of jansson */

struct http_reply {
	unsigned status;  /* 0: not known yet */
	const char *type; /* static */
	struct strbuf body;
	char location[160];	/* empty: none */
	unsigned retry_after_s; /* 0: none */
};

void http_reply_text(struct http_reply *reply, unsigned status, const char *type, const char *text);
void http_reply_body(struct http_reply *reply, const char *type, struct strbuf *body); /* 200; the body is the reply's then */
/* Takes json over. NULL (no memory for it) is sent as {}. */
void http_reply_json(struct http_reply *reply, unsigned status, const char *type, struct json_t *json);
void http_reply_problem(struct http_reply *reply, unsigned status, const char *title, const char *detail); /* RFC 9457 */
void http_reply_busy(struct http_reply *reply, const char *detail); /* 503 with Retry-After */
void http_reply_release(struct http_reply *reply);

#endif
