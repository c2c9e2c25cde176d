#include "gateway/request_span.h"

#include "base/clock.h"
#include "base/random.h"
#include "kafka/kafka_producer.h"
#include "trace/span_exporter.h"

enum { SERVER_ERRORS = 500 };

void request_span_begin(struct request *request, struct span_exporter *spans, int64_t sample, const char *topic)
{
	struct request_span *span = &request->span;
	struct err err;

	if (!spans)
		return;
	trace_begin(&request->trace, sample);
	if (!trace_is_sampled(&request->trace) || random_fill(span->id, sizeof span->id, &err) != 0)
		return;
	span_set_id(span->id, span->id);
	span->spans = spans;
	span->topic = topic;
}

void request_span_of_delivery(struct request *request, uint32_t board, struct slice delivery_id, uint32_t lines)
{
	struct request_span *span = &request->span;

	if (!span->spans)
		return;
	span->board = board;
	span->lines = lines;
	if (delivery_id.n < sizeof span->delivery_id) {
		memcpy(span->delivery_id, delivery_id.n > 0 ? delivery_id.p : "", delivery_id.n);
		span->delivery_id[delivery_id.n] = '\0';
	}
}

void request_span_produced(struct request *request)
{
	if (request->span.spans)
		request->span.produced_us = clock_wall_us();
}

static bool begin_span(const struct request *request, struct slice parent_id, const uint8_t id[SPAN_ID_BYTES],
		       struct span *ret)
{
	const struct request_span *span = &request->span;

	if (!span->spans || !span_init(ret, trace_id(&request->trace), parent_id, id))
		return false;
	if (span->delivery_id[0]) /* its header was read */
		span_set_delivery(ret, span->board, slice_of(span->delivery_id));
	ret->end_us = clock_wall_us();
	return true;
}

/* Its id is the parent id in the message. */
void request_span_reported(const struct request *request, const struct kafka_report *report)
{
	struct span span;
	bool is_stored = report->error == 0;

	if (!begin_span(request, trace_parent_id(&request->trace), request->span.id, &span))
		return;
	/* read as the parent, it is the id */
	span_set_id(span.id, span.parent_id);
	span_set_id(span.parent_id, request->span.id);
	span.kind = SPAN_PRODUCER;
	span.begin_us = request->span.produced_us;
	span.has_failed = !is_stored;
	span_add_message(&span, "send", request->span.topic, is_stored ? report->partition : -1, report->offset);
	span_exporter_add(request->span.spans, &span);
}

void request_span_end(const struct request *request)
{
	struct span span;
	unsigned status = request->reply.status; /* 0: its sender went away */

	if (!begin_span(request, slice_of(request->trace.sender_id), request->span.id, &span))
		return;
	span.kind = SPAN_SERVER;
	span.begin_us = span.end_us - (clock_ms() - request->begun_ms) * 1000;
	span.has_failed = status == 0 || status >= SERVER_ERRORS;
	span_name(&span, "POST", request->route->pattern);
	span_add_text(&span, "http.request.method", "POST");
	span_add_text(&span, "http.route", request->route->pattern);
	if (status != 0)
		span_add_number(&span, "http.response.status_code", (int64_t)status);
	if (request->span.lines > 0)
		span_add_number(&span, "instroom.lines", request->span.lines);
	span_exporter_add(request->span.spans, &span);
}
