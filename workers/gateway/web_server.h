/* web_server: gives requests to the handlers of its route table and sends the replies; common/http does the rest.
 *
 * One request:
 *   1. The head is in: the route table gives the route (404, or 405 with the methods there are), admit says whether the
 *      client may (401, 403, 503), Accept which form it wants (406), and the handler's begin looks at the head.
 *   2. Pieces of the body: counted against the route's limit (413), then the handler's take.
 *   3. The body is in: if there was one, empty or not, confirm says whether the client still may; the handler's end
 *      fills the reply, or waits, and the request is suspended.
 *   4. Somebody fills the reply of a suspended request and calls request_resume, which sends it.
 *   5. The reply is out, or the connection is gone: the handler's free runs, and the request's memory and its part of
 *      the byte budget are given back.
 * A reply that is known before the body has ended is sent at once; of the rest of the body a bounded part is read, so
 * that the sender reads the reply and does not find his connection reset.
 *
 * Owner: the event loop. */
#ifndef GATEWAY_WEB_SERVER_H
#define GATEWAY_WEB_SERVER_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct byte_budget;
struct http_server;
struct request;
struct route;
struct services;

struct web_server_options {
	const char *listen;
	const char *cert_file;	/* empty: no TLS */
	struct slice cert_key;	/* PEM */
	bool asks_certificates; /* of clients, where there is TLS */
	uint32_t connections_max;
	uint32_t address_connections_max; /* 0: no limit */
	int64_t idle_ms_max;		  /* of a connection between two requests, and of a silent one */
	int64_t request_ms_max;		  /* for the body; and again for the reading of the answer */
	const struct route *routes;
	size_t route_count;
	/* false: the request has its reply, a refusal, and its handler never hears of it. */
	bool (*admit)(struct request *request);
	/* Asked again behind a body: false as above, but that the handler heard of it. */
	bool (*confirm)(struct request *request);
	struct services *services; /* given to each request */
	/* Each request reserves from the one or the other, so that neither uploads nor answers crowd out the other. */
	struct byte_budget *uploads, *answers;
	void (*forget)(struct request *request); /* the last call, before the request's memory is given back */
};

struct web_server {
	struct web_server_options options;
	struct http_server *http; /* NULL: not open */
	bool is_draining;
};

MUSTUSE int web_server_open(struct web_server *server, const struct web_server_options *options, struct err *err);
/* Certificate and key as their files are now, for connections from now on. On failure those of before stay. */
MUSTUSE int web_server_renew_tls(struct web_server *server, const char *key_file, struct err *err);
int web_server_fd(const struct web_server *server); /* readable: web_server_run has something to do */
int web_server_wait_ms(const struct web_server *server, int wait_ms_max); /* until it must run in any case */
size_t web_server_connections(const struct web_server *server);
void web_server_run(struct web_server *server);
/* No new connections; those without a request are closed, the others after their answer. */
void web_server_drain(struct web_server *server);
/* Nobody fills replies any more: what still waits gets 503, and all connections end. One that is not open is fine. */
void web_server_close(struct web_server *server);

#endif
