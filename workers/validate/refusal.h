/* refusal: verdicts and messages of the quarantine that Kafka does not take.
 *
 * A refusal that passes (brokers away, a topic that comes back) is retried after BATCH_PAUSE_MS like any failure. One
 * that lasts until somebody mends it (larger than the topic takes, a policy, a missing right) cannot become an outcome:
 * it is no fault of what was delivered, and the verdicts behind it build on it. So its lane waits, the others go on:
 *   1. The lane's next batches are of one message each, so that only the one that is refused waits and not those that
 *      shared a request with it.
 *   2. The pause doubles up to REFUSAL_PAUSE_MS_MAX; once the cause is mended the lane goes on by itself.
 *   3. Each try counts in instroom_messages_refused_total and the lane in instroom_partitions{state="refused"}, on
 *      which an alert stands. The log has an error at the first try and each time the tries have doubled. */
#ifndef VALIDATE_REFUSAL_H
#define VALIDATE_REFUSAL_H

#include "validate/batch.h"

enum { REFUSAL_PAUSE_MS_MAX = 8000 };

/* Kafka did not take the verdict of message or, is_quarantine, its bytes. error and code: as of a report. */
void refusal_note(struct lane *lane, const struct batch_message *message, bool is_quarantine, int error,
		  const char *code);
/* When the batch ends: reports a refusal that lasts, if there was one, and sets the lane's pace and pause. */
void refusal_settle(const struct batch *batch, struct lane *lane);

#endif
