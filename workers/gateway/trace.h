/* trace: the W3C Trace Context of a request (traceparent, https://www.w3.org/TR/trace-context/).
 *
 * A sender who follows his requests through several systems sends it; we hand it on with the message in the log, under
 * its trace id and a parent id of our own. One that is malformed, or sent twice, counts as none. Of its flags we hand
 * on those that the standard knows: sampled, random. Pure but for random ids. */
#ifndef GATEWAY_TRACE_H
#define GATEWAY_TRACE_H

#include "base/slice.h"

enum { TRACE_ID_DIGITS = 32, TRACE_PARENT_DIGITS = 16, TRACEPARENT_BYTES = 55 };

struct trace {
	char traceparent[TRACEPARENT_BYTES + 1]; /* to hand on; empty: the request has none */
	char sender_id[TRACE_PARENT_DIGITS + 1]; /* parent id as the sender wrote it; empty: the trace is ours */
};

/* value: of the header traceparent; count: how many there are. */
void trace_read(struct trace *trace, struct slice value, size_t count);
/* For a delivery whose sender sent none: a trace of ours. sample: of a thousand so many are sampled, chosen by trace
 * id. Without random bytes there is none. */
void trace_begin(struct trace *trace, int64_t sample);
bool trace_is_sampled(const struct trace *trace);
/* The parent id that is handed on; there must be one. */
struct slice trace_parent_id(const struct trace *trace);
/* For log lines: the trace id; "-" when there is none. */
struct slice trace_id(const struct trace *trace);

#endif
