/* verdict_span: the two spans of a sampled raw message (trace/span.h): received and judged, and its verdict produced.
 * Ids are the halves of the verdict's id, so that the writer knows its parent. One whose judging failed has none: it is
 * judged again. Nothing is done for others, nor without trace.endpoint. Owner: the worker thread. */
#ifndef VALIDATE_VERDICT_SPAN_H
#define VALIDATE_VERDICT_SPAN_H

#include "validate/lane.h"
#include "validate/peers.h"
#include "validate/raw_input.h"

void verdict_span_begin(const struct peers *peers, struct batch_message *message);
void verdict_span_judged(struct batch_message *message, const struct raw_input *input,
			 const struct wire_verdict *verdict);
void verdict_span_reported(const struct peers *peers, const struct batch_message *message,
			   const struct kafka_report *report);

#endif
