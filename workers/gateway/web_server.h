/* web_server: the web server: listens, reads requests, gives them to the handlers of its route table, sends the replies.
 *
 * One request:
 *   1. The client connects: the connection enters the list (connection.h).
 *   2. The head is in: the route table gives the route (404 if none), admit says whether the client may (401, 403, 503), the
 *      handler's begin looks at the head. A reply known by now is sent before the body to those who ask with Expect:
 *      100-continue; the others may be writing and would not read it, so their body is read and dropped.
 *   3. Pieces of the body: counted against the route's limit, then the handler's take.
 *   4. The body is in: the handler's end fills the reply, or waits, and the request is suspended.
 *   5. Somebody fills the reply of a suspended request and calls request_resume: the library calls in again.
 *   6. The reply is sent. When it is out, or the connection is gone, the handler's free runs, and the request's memory and
 *      its part of the byte budget are given back.
 * Meanwhile web_server_sweep ends whoever is too slow at any of these.
 *
 * Owner: the event loop. All calls of libmicrohttpd stand in web_server.c and request.c; it calls in from
 * web_server_run only. */
#ifndef GATEWAY_WEB_SERVER_H
#define GATEWAY_WEB_SERVER_H

#include "base/err.h"
#include "base/slice.h"
#include "gateway/connection.h"

#include <stdint.h>

struct MHD_Daemon;
struct byte_budget;
struct request;
struct route;
struct services;

struct web_server_options {
	const char *listen;    /* IPv4 address:port */
	const char *cert_file; /* empty: no TLS */
	struct slice cert_key; /* PEM */
	uint32_t connections_max;
	struct time_limits time_limits;
	const struct route *routes;
	size_t route_count;
	/* false: the request has its reply, a refusal, and its handler never hears of it. */
	bool (*admit)(struct request *request);
	struct services *services;  /* given to each request */
	struct byte_budget *budget; /* likewise */
};

struct web_server {
	struct web_server_options options;
	struct MHD_Daemon *daemon; /* NULL: not open */
	struct connections connections;
	bool is_draining;
};

MUSTUSE int web_server_open(struct web_server *server, const struct web_server_options *options, struct err *err);
int web_server_fd(const struct web_server *server); /* readable: web_server_run has something to do */
int web_server_wait_ms(const struct web_server *server, int wait_ms_max); /* until it must run in any case */
void web_server_run(struct web_server *server);
void web_server_sweep(struct web_server *server);
/* No new connections; those without a request are closed, the others after their answer. */
void web_server_drain(struct web_server *server);
/* Nobody fills replies any more: what still waits gets 503, and all connections end. One that is not open is fine. */
void web_server_close(struct web_server *server);

#endif
