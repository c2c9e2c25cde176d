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

bool breaker_failed(struct breaker *breaker, int64_t now_ms)
{
	bool was_open = breaker->is_open;

	if (!was_open && now_ms - breaker->answered_at_ms >= 2 * (int64_t)breaker->backoff.max_ms)
		backoff_reset(&breaker->backoff);
	breaker->is_open = true;
	breaker->retry_at_ms = now_ms + backoff_next_ms(&breaker->backoff);
	uint32_t attempt = breaker->backoff.attempt;
	bool is_due = !was_open && (attempt & (attempt - 1)) == 0;

	breaker->is_logged |= is_due;
	return is_due;
}

bool breaker_answered(struct breaker *breaker, int64_t now_ms)
{
	bool is_news = breaker->is_open && breaker->is_logged;

	if (breaker->is_open)
		breaker->answered_at_ms = now_ms;
	breaker->is_open = breaker->is_logged = false;
	return is_news;
}
