/* trace: the W3C Trace Context of a request (traceparent, https://www.w3.org/TR/trace-context/).
 *
 * A sender who follows his requests through several systems sends it; we hand it on with the message in the log, under
 * its trace id and a parent id of our own. One that is malformed, or sent twice, counts as none. Pure but for the
 * random parent id. */
#ifndef GATEWAY_TRACE_H
#define GATEWAY_TRACE_H

#include "base/slice.h"

enum { TRACE_ID_DIGITS = 32, TRACE_PARENT_DIGITS = 16, TRACEPARENT_BYTES = 55 };

struct trace {
	char traceparent[TRACEPARENT_BYTES + 1]; /* to hand on; empty: the request has none */
};

/* value: of the header traceparent; count: how many there are. */
void trace_read(struct trace *trace, struct slice value, size_t count);
/* For log lines: the trace id; "-" when there is none. */
struct slice trace_id(const struct trace *trace);

#endif
