/* http_request: one request, from its head to the end of its answer, as handlers see it.
 *
 * Owner: the event loop. It lives from the first call of libmicrohttpd for it until its answer is out or its connection is
 * gone. A suspended request is not touched by the library, so it cannot go away meanwhile. What the walks and
 * http_request_header give is the library's and lives as long as the request. */
#ifndef GATEWAY_HTTP_REQUEST_H
#define GATEWAY_HTTP_REQUEST_H

#include "gateway/byte_budget.h"
#include "gateway/http_reply.h"
#include "gateway/route.h"

struct MHD_Connection;
struct services;

struct http_request {
	/* for the handler */
	struct services *services;
	const struct route *route; /* NULL: the address has none, and the reply says so */
	struct route_values values;
	void *state; /* the handler's own; see handler.h */
	struct http_reply reply;
	struct byte_reservation reserved;
	int64_t begun_ms;

	/* for the HTTP layer */
	struct MHD_Connection *connection;
	int64_t heard_ms;    /* its last bytes came in */
	int64_t replied_ms;  /* 0: not yet */
	uint64_t body_bytes; /* read so far, kept or not */
	bool is_suspended;
};

struct slice http_request_header(const struct http_request *request, const char *name); /* p NULL: not there */

typedef bool http_each(void *self, struct slice name, struct slice value); /* false ends the walk */

void http_request_walk_query(const struct http_request *request, http_each *each, void *self);
void http_request_walk_headers(const struct http_request *request, http_each *each, void *self);

void http_request_suspend(struct http_request *request);
void http_request_resume(struct http_request *request); /* once it has a reply; else it waits on */

#endif
