#include "validate/breaker.h"

void breaker_init(struct breaker *breaker, uint32_t pause_min_ms, uint32_t pause_max_ms)
{
	*breaker = (struct breaker){ 0 };
	backoff_init(&breaker->backoff, pause_min_ms, pause_max_ms);
}

bool breaker_may_ask(const struct breaker *breaker, int64_t now_ms)
{
	return !breaker->is_open || now_ms >= breaker->retry_at_ms;
}

void breaker_failed(struct breaker *breaker, int64_t now_ms)
{
	breaker->is_open = true;
	breaker->retry_at_ms = now_ms + backoff_next_ms(&breaker->backoff);
}

bool breaker_answered(struct breaker *breaker)
{
	bool was_open = breaker->is_open;

	breaker->is_open = false;
	backoff_reset(&breaker->backoff);
	return was_open;
}
