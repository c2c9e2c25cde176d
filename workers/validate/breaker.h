/* breaker: whether a peer that may be away is worth asking now (a circuit breaker).
 *
 * After a failure nobody asks until a pause has passed, which grows from failure to failure; then one question is let
 * through. So a peer that is away costs one connect timeout per pause, not one per batch. Time comes in as an
 * argument.
 *
 * A peer may answer one command and refuse the next (a right, a full memory): the pause begins anew only after it has
 * served for twice the longest pause, so that this costs one attempt per pause too, and few lines of the log. */
#ifndef VALIDATE_BREAKER_H
#define VALIDATE_BREAKER_H

#include "base/backoff.h"

#include <stdbool.h>

struct breaker {
	struct backoff backoff;
	int64_t retry_at_ms;
	int64_t answered_at_ms; /* the first answer since it was open */
	bool is_open;		/* the last question was not answered */
	bool is_logged;		/* and that stands in the log */
};

void breaker_init(struct breaker *breaker, uint32_t pause_min_ms, uint32_t pause_max_ms);
bool breaker_may_ask(const struct breaker *breaker, int64_t now_ms);
/* true: worth a line of the log. It served until now, or has failed twice as often as at the line before. */
bool breaker_failed(struct breaker *breaker, int64_t now_ms);
/* true: the peer had been away, and the log says so. */
bool breaker_answered(struct breaker *breaker, int64_t now_ms);

#endif
