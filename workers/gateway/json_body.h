/* json_body: the body of a request that is one JSON object.
 *
 * It is kept as it comes in, counted in the byte budget; a route that takes one has body_bytes_max JSON_BODY_BYTES_MAX,
 * so that what is longer is refused before it comes here. Owner: the request's state;
 * released with it. */
#ifndef GATEWAY_JSON_BODY_H
#define GATEWAY_JSON_BODY_H

#include "base/strbuf.h"

struct json_t; /* of jansson */
struct request;

enum { JSON_BODY_BYTES_MAX = 64 << 10, JSON_BODY_DEPTH_MAX = 4 };

struct json_body {
	struct strbuf text;
};

/* false: the request says that it sends something else than JSON, and the reply says so. */
MUSTUSE bool json_body_begin(struct request *request, struct json_body *body);
void json_body_take(struct request *request, struct json_body *body, struct slice bytes);
/* *ret is the caller's. false: it is no such object, and the reply says so. */
MUSTUSE bool json_body_read(struct request *request, const struct json_body *body, struct json_t **ret);
/* Replies why it is no JSON object of at most this depth. */
void json_body_refuse(struct request *request, const struct json_body *body, unsigned depth_max);
void json_body_release(struct json_body *body);

#endif
