/* request: one request, from its head to the end of its answer, as handlers see it.
 *
 * Owner: the event loop. It lives from its last header until its answer is out or, while it is read, its sender is
 * gone. One that waits for something lives until that has come. What request_header and the walks give lives as long as
 * the request. */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include "gateway/access_grant.h"
#include "gateway/byte_budget.h"
#include "gateway/load.h"
#include "gateway/reply.h"
#include "gateway/route.h"
#include "gateway/trace.h"
#include "trace/span.h"

struct http_request;
struct services;
struct span_exporter;

/* What the spans of a sampled request need (request_span.h). */
struct request_span {
	struct span_exporter *spans; /* NULL: it is not sampled */
	const char *topic;
	uint8_t id[SPAN_ID_BYTES];
	int64_t produced_us; /* since 1970: the message was handed to Kafka's client */
	uint32_t board;
	char delivery_id[SPAN_DELIVERY_BYTES];
	uint32_t lines;
};

struct request {
	/* for the handler */
	struct services *services;
	const struct route *route; /* NULL: the address has none, and the reply says so */
	struct route_values values;
	void *state; /* the handler's own; see handler.h */
	struct reply reply;
	struct byte_reservation reserved;
	struct load_part load;
	struct sender *sender; /* NULL: not known yet */
	struct access_grant grant;
	int64_t begun_ms;
	struct trace trace;
	struct request_span span;
	struct slice type; /* of what the sender wants of those the route offers; p NULL: the route offers none */

	/* for the HTTP layer */
	struct http_request *http;
	char *decoded;	   /* names and values of the query, percent-decoded */
	bool is_suspended; /* it waits for something */
};

struct slice request_header(const struct request *request, const char *name); /* p NULL: not there */
enum { REQUEST_LIST_BYTES = 4096 }; /* more than the eight ETags that a condition may name */
/* Of a list that may stand in several lines, as of http_head_list; what does not fit is left out. */
struct slice request_header_list(const struct request *request, const char *name, char buf[REQUEST_LIST_BYTES]);
/* false: not all fits, and *ret lacks some. */
MUSTUSE bool request_header_whole_list(const struct request *request, const char *name, char buf[REQUEST_LIST_BYTES],
				       struct slice *ret);
size_t request_header_count(const struct request *request, const char *name);
/* Whether the sender wants the answer that has this ETag, by If-Match and If-None-Match. false: the reply is 412 or
 * 304. */
MUSTUSE bool request_wants(struct request *request, const char *etag);
/* Over a Unix socket: from a front of ours. */
bool request_is_from_front(const struct request *request);
/* Adds the certificates of its TLS, as of http_request_certificates. */
void request_certificates(const struct request *request, struct strbuf *ders);
uint64_t request_content_length(const struct request *request); /* 0: not said */

typedef bool take_value(void *self, struct slice name, struct slice value); /* false ends the walk */

/* Decodes the query, once, before the walks. false: no memory. */
MUSTUSE bool request_decode_query(struct request *request);
void request_walk_query(const struct request *request, take_value *each, void *self);
void request_walk_headers(const struct request *request, take_value *each, void *self);

void request_suspend(struct request *request);
void request_resume(struct request *request); /* once it has a reply; else it waits on */
void request_send_reply(struct request *request);

#endif
