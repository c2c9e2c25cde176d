/* batch_output: what a batch sends to Kafka, and the reports that come back. */
#ifndef VALIDATE_BATCH_OUTPUT_H
#define VALIDATE_BATCH_OUTPUT_H

#include "validate/batch.h"
#include "validate/raw_input.h"

/* The verdict in batch->maker, as the next of the lane's chain. */
MUSTUSE int batch_output_verdict(struct batch *batch, struct batch_message *message, const struct wire_verdict *verdict,
				 struct err *err);
/* The bytes of the raw message with their coordinates; acknowledged when it returns 0. */
MUSTUSE int batch_output_quarantine(struct batch *batch, const struct batch_message *message,
				    const struct raw_input *input, struct err *err);
/* Waits until everything produced has its report. */
MUSTUSE int batch_output_await(struct batch *batch, struct err *err);
/* The producer's callback; the owner is the batch. */
void batch_output_reported(void *owner, const struct kafka_report *report);

#endif
