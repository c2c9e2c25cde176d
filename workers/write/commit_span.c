#include "write/commit_span.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/random.h"

static const char *outcome_of(const struct message *message)
{
	if (message->verdict.kind == VERDICT_KIND_CONFIRM)
		return message->has_confirmed ? "confirmed" : "nothing to confirm";
	if (message->is_entered)
		return delivery_state_name(message->ledger.state);
	return message->replay == REPLAY_ENTERED ? "replayed" : "repeated";
}

/* Lines by outcome, those that there are. */
static void add_lines(struct span *span, const struct ledger *ledger)
{
	static const char *const KEYS[OUTCOMES + 1] = {
		[OUTCOME_NIEUW] = "instroom.lines.nieuw",
		[OUTCOME_GEWIJZIGD] = "instroom.lines.gewijzigd",
		[OUTCOME_ONGEWIJZIGD] = "instroom.lines.ongewijzigd",
		[OUTCOME_VEROUDERD] = "instroom.lines.verouderd",
		[OUTCOME_AFGEKEURD] = "instroom.lines.afgekeurd",
		[OUTCOME_INGETROKKEN] = "instroom.lines.ingetrokken",
		[OUTCOME_QUARANTAINE] = "instroom.lines.quarantaine",
	};

	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
		if (KEYS[i] && ledger->lines[i] > 0)
			span_add_number(span, KEYS[i], ledger->lines[i]);
}

static void add_one(const struct writer *writer, const struct message *message)
{
	const struct wire_verdict *verdict = &message->verdict;
	uint8_t id[SPAN_ID_BYTES];
	char parent[2 * SPAN_ID_BYTES];
	struct span span;
	struct err err;

	num_to_hex(verdict->id, SPAN_ID_BYTES, parent);
	if (random_fill(id, sizeof id, &err) != 0 ||
	    !span_init(&span, message->admission.trace_id, slice_make(parent, sizeof parent), id))
		return;
	span_set_id(span.parent_id, span.parent_id); /* as the validator writes it */
	span.kind = SPAN_CONSUMER;
	span.begin_us = message->received_us;
	span.end_us = clock_wall_us();
	span_set_delivery(&span, (uint32_t)verdict->header.board, verdict->header.delivery_id);
	span_add_message(&span, "process", writer->config.topic.verdict, message->partition, message->verdict_offset);
	span_add_text(&span, "instroom.outcome", outcome_of(message));
	if (message->is_entered)
		add_lines(&span, &message->ledger);
	span_exporter_add(writer->spans, &span);
}

void commit_span_add(const struct writer *writer, struct message *const *messages, size_t count)
{
	if (!writer->spans)
		return;
	for (size_t i = 0; i < count; i++)
		if (messages[i]->admission.is_sampled)
			add_one(writer, messages[i]);
}
