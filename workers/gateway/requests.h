/* requests: connections, what is asked over them and what is sent back: all that the gateway has to do with
 * libmicrohttpd.
 *
 * The library calls in from MHD_run. A request lives from the first call for it until its answer is out or its connection
 * is gone; one that is suspended is not touched by the library, so it cannot go away meanwhile. The library's time limit
 * is one of silence: a client that sends a byte now and then would stay for good. So every connection stands in a list,
 * and requests_sweep ends those that take too long over a head, a body or an answer. */
#ifndef GATEWAY_REQUESTS_H
#define GATEWAY_REQUESTS_H

#include "base/err.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

struct gateway;
struct request;
struct client;

struct clients {
	struct client *first;
	size_t count;
};

/* What is sent back. body is owned. */
struct reply {
	unsigned status; /* 0: not known yet */
	const char *type;
	struct strbuf body;
	char location[160];
	unsigned retry_after_s; /* 0: none */
};

/* requests.c */
MUSTUSE int requests_open(struct gateway *gateway, struct err *err); /* listens */
int requests_fd(const struct gateway *gateway);			     /* readable: requests_run has something to do */
int requests_wait_ms(const struct gateway *gateway, int wait_ms); /* the same or less: when it has to run in any case */
void requests_run(struct gateway *gateway);
void requests_sweep(struct gateway *gateway);
/* No new connections; those without a request are closed, the others after their answer. */
void requests_drain(struct gateway *gateway);
/* Nobody answers any more: what still waits gets 503, and all connections end. */
void requests_close(struct gateway *gateway);

void request_suspend(struct request *request);
void request_resume(struct request *request);
/* The query value of this name; false: not there. A name without "=" has the empty value. */
bool request_query(const struct request *request, const char *name, struct slice *ret);
struct slice request_header(const struct request *request, const char *name); /* p NULL: not there */
/* Walks query or headers. each: false ends the walk. */
void request_walk_query(const struct request *request, bool (*each)(void *self, struct slice name, struct slice value),
			void *self);
void request_walk_headers(const struct request *request,
			  bool (*each)(void *self, struct slice name, struct slice value), void *self);

/* reply.c */
void reply_problem(struct reply *reply, unsigned status, const char *title, const char *detail);
void reply_text(struct reply *reply, unsigned status, const char *type, const char *text);
void reply_body(struct reply *reply, const char *type, struct strbuf *body); /* 200; takes the body over */
void reply_busy(struct reply *reply, const char *detail);		     /* 503 with Retry-After */
void reply_release(struct reply *reply);

#endif
