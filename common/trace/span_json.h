/* span_json: spans as a request of OTLP in JSON (opentelemetry-proto, trace/v1; ids in hex, 64-bit numbers as text).
 * Pure. */
#ifndef TRACE_SPAN_JSON_H
#define TRACE_SPAN_JSON_H

#include "base/strbuf.h"
#include "trace/span.h"

/* stage: the service is instroom- and it; instance: which of them. */
void span_json_begin(struct strbuf *out, const char *stage, const char *instance);
void span_json_add(struct strbuf *out, const struct span *span, bool is_first);
void span_json_end(struct strbuf *out);

#endif
