/* span_exporter: hands spans to an endpoint of OpenTelemetry (OTLP/HTTP in JSON), without ever being waited for.
 *
 *   1. the worker's loop copies a span into a queue of fixed size, without lock or allocation. Full: it is dropped and
 *      counted
 *   2. a thread of its own takes up to 256 of them twice a second and posts them in one request
 *   3. taken: counted as sent, but for those that the answer names as rejected. Refused for good (a redirect, 400, 401,
 *      500): dropped and counted. Away, slow, or asking to wait (429, 502 to 504): sent again after a pause that
 *      doubles, while the queue fills; so what is kept is bounded
 *   4. at the end what is left is sent once, within two seconds; the rest is dropped
 *
 * No failure changes an outcome. The first of a row is logged, and then each time their number has doubled. */
#ifndef TRACE_SPAN_EXPORTER_H
#define TRACE_SPAN_EXPORTER_H

#include "base/err.h"
#include "trace/span.h"

struct span_exporter;

struct span_exporter_options {
	const char *endpoint; /* https://host/v1/traces, or http:// of this machine; empty: none */
	const char *ca_file;  /* PEM; empty: those of the system */
	const char *stage;    /* "gateway": the service is instroom-gateway */
	const char *instance; /* worker.name */
};

/* Texts are borrowed. *ret is NULL without an endpoint, and all calls accept that. ERR_CONFIG: the endpoint is none we
 * may send to. */
MUSTUSE int span_exporter_open(const struct span_exporter_options *options, struct span_exporter **ret,
			       struct err *err);
/* Never blocks. One thread adds: the worker's loop. */
void span_exporter_add(struct span_exporter *exporter, const struct span *span);
/* Sends what is left, for SPAN_EXPORTER_CLOSE_MS at most and a second more when the endpoint is silent just then. After
 * a second signal nothing is sent. */
void span_exporter_close(struct span_exporter *exporter);

enum { SPAN_EXPORTER_CLOSE_MS = 2000, SPAN_EXPORTER_QUEUE = 2048 };

#endif
