/* request_span: the spans of a request that brings a delivery or a confirmation (trace/span.h): the request itself, and
 * the message that it produces. Nothing is done for one that is not sampled, nor without trace.endpoint. Owner: the
 * event loop. */
#ifndef GATEWAY_REQUEST_SPAN_H
#define GATEWAY_REQUEST_SPAN_H

#include "gateway/request.h"

struct kafka_report;
struct span_exporter;

/* spans: NULL: nothing is done. sample: of trace.sample, for a request without a traceparent, which gets one of ours.
 * topic: where its message goes; it outlives the exporter. */
void request_span_begin(struct request *request, struct span_exporter *spans, int64_t sample, const char *topic);
/* What is known of the delivery by now. */
void request_span_of_delivery(struct request *request, uint32_t board, struct slice delivery_id, uint32_t lines);
void request_span_produced(struct request *request);
void request_span_reported(const struct request *request, const struct kafka_report *report);
/* Its answer is out, or its sender gone. */
void request_span_end(const struct request *request);

#endif
