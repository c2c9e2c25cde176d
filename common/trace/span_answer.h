/* span_answer: what an endpoint of OTLP/HTTP made of a request (opentelemetry.io/docs/specs/otlp, OTLP/HTTP response).
 * Pure. */
#ifndef TRACE_SPAN_ANSWER_H
#define TRACE_SPAN_ANSWER_H

#include "base/slice.h"

enum span_verdict {
	SPANS_TAKEN = 1,
	SPANS_REFUSED, /* sending them again does not help */
	SPANS_LATER,   /* the endpoint is away, or asks to wait */
};

enum span_verdict span_answer_of_status(long status);
/* Of count spans that an answer with this body speaks of, how many it refused. A body that is no JSON says nothing. */
size_t span_answer_rejected(struct slice body, size_t count);

#endif
