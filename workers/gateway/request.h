/* request: one request, from its head to the end of its answer, as handlers see it.
 *
 * Owner: the event loop. It lives from the first call of libmicrohttpd for it until its answer is out or its connection is
 * gone. A suspended request is not touched by the library, so it cannot go away meanwhile. What the walks and
 * request_header give is the library's and lives as long as the request. */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include "gateway/byte_budget.h"
#include "gateway/reply.h"
#include "gateway/route.h"

struct MHD_Connection;
struct services;

struct request {
	/* for the handler */
	struct services *services;
	const struct route *route; /* NULL: the address has none, and the reply says so */
	struct route_values values;
	void *state; /* the handler's own; see handler.h */
	struct reply reply;
	struct byte_reservation reserved;
	int64_t begun_ms;

	/* for the HTTP layer */
	struct MHD_Connection *connection;
	int64_t heard_ms;    /* its last bytes came in */
	int64_t replied_ms;  /* 0: not yet */
	uint64_t body_bytes; /* read so far, kept or not */
	bool is_suspended;
};

struct slice request_header(const struct request *request, const char *name); /* p NULL: not there */

typedef bool take_value(void *self, struct slice name, struct slice value); /* false ends the walk */

void request_walk_query(const struct request *request, take_value *each, void *self);
void request_walk_headers(const struct request *request, take_value *each, void *self);

void request_suspend(struct request *request);
void request_resume(struct request *request); /* once it has a reply; else it waits on */

#endif
