/* not_recorded: the answer when Kafka did not take a message.
 *
 * A refusal that passes (brokers away, a full queue) is 503: send it again. One that does not pass by itself (a message
 * larger than the broker takes, a policy, a missing right) is a fault of ours and not the sender's: 500 with a
 * reference that he can quote, which the log line has too, and a metric that alerts. To have him try for ever would
 * help nobody. */
#ifndef GATEWAY_NOT_RECORDED_H
#define GATEWAY_NOT_RECORDED_H

#include <stdbool.h>
#include <stdint.h>

struct request;

/* error: an err_kind. code: Kafka's name of it. detail_busy: the sentence of the 503. Returns whether it passes. */
bool not_recorded_answer(struct request *request, int error, const char *code, uint32_t board, const char *detail_busy);

#endif
