/* breaker: whether a peer that may be away is worth asking now (a circuit breaker).
 *
 * After a failure nobody asks until a pause has passed, which grows from failure to failure; then one question is let
 * through. So a peer that is away costs one connect timeout per pause, not one per batch. Time comes in as an
 * argument. */
#ifndef VALIDATE_BREAKER_H
#define VALIDATE_BREAKER_H

#include "base/backoff.h"

#include <stdbool.h>

struct breaker {
	struct backoff backoff;
	int64_t retry_at_ms;
	bool is_open; /* the last question was not answered */
};

void breaker_init(struct breaker *breaker, uint32_t pause_min_ms, uint32_t pause_max_ms);
bool breaker_may_ask(const struct breaker *breaker, int64_t now_ms);
void breaker_failed(struct breaker *breaker, int64_t now_ms);
/* true: the peer had been away. */
bool breaker_answered(struct breaker *breaker);

#endif
