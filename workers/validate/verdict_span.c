#include "validate/verdict_span.h"

#include "base/clock.h"
#include "protocol/admission.h"

void verdict_span_begin(const struct peers *peers, struct batch_message *message)
{
	struct admission admission;

	message->span.is_sampled = false;
	if (!peers->spans)
		return;
	admission_read(message->raw.headers, message->raw.header_count, &admission);
	message->span.is_sampled = admission.is_sampled;
	if (admission.is_sampled)
		message->span.received_us = clock_wall_us();
}

void verdict_span_judged(struct batch_message *message, const struct raw_input *input,
			 const struct wire_verdict *verdict)
{
	struct verdict_span *span = &message->span;

	if (!span->is_sampled)
		return;
	span->judged_us = clock_wall_us();
	span->outcome = input->state == RAW_INPUT_READY ? "judged" : "quarantined";
	span->line_count = verdict->header.line_count;
	memcpy(span->verdict_id, verdict->id, sizeof span->verdict_id);
}

static bool begin_span(const struct batch_message *message, const uint8_t id[SPAN_ID_BYTES], struct span *ret)
{
	struct admission admission;
	struct raw_input input;

	admission_read(message->raw.headers, message->raw.header_count, &admission);
	if (!span_init(ret, admission.trace_id, admission.parent_id, id))
		return false;
	raw_input_open(&message->raw, &input);
	if (input.has_headers)
		span_set_delivery(ret, input.headers.board, input.headers.delivery_id);
	return true;
}

void verdict_span_reported(const struct peers *peers, const struct batch_message *message,
			   const struct kafka_report *report)
{
	const struct verdict_span *kept = &message->span;
	const uint8_t *id_of_sent = kept->verdict_id, *id_of_judged = kept->verdict_id + SPAN_ID_BYTES;
	const struct topic_settings *topic = &peers->config->topic;
	bool is_stored = report->error == 0;
	struct span span;

	if (!kept->is_sampled || !begin_span(message, id_of_judged, &span))
		return;
	span.kind = SPAN_CONSUMER;
	span.begin_us = kept->received_us;
	span.end_us = kept->judged_us;
	span_add_message(&span, "process", topic->raw, message->raw.partition, message->raw.offset);
	span_add_text(&span, "instroom.outcome", kept->outcome);
	span_add_number(&span, "instroom.lines", kept->line_count);
	span_exporter_add(peers->spans, &span);

	if (!begin_span(message, id_of_sent, &span))
		return;
	span_set_id(span.parent_id, id_of_judged);
	span.kind = SPAN_PRODUCER;
	span.begin_us = kept->judged_us;
	span.end_us = clock_wall_us();
	span.has_failed = !is_stored;
	span_add_message(&span, "send", topic->verdict, is_stored ? message->raw.partition : -1, report->offset);
	span_exporter_add(peers->spans, &span);
}
