#include "base/backoff.h"

#include "base/clock.h"
#include "base/macros.h"

void backoff_init(struct backoff *backoff, uint32_t min_ms, uint32_t max_ms)
{
	*backoff = (struct backoff){ .min_ms = min_ms, .max_ms = max_ms, .next_ms = min_ms };
	backoff->seed = (uint64_t)clock_us() | 1;
}

void backoff_reset(struct backoff *backoff)
{
	backoff->next_ms = backoff->min_ms;
	backoff->attempt = 0;
}

uint32_t backoff_next_ms(struct backoff *backoff)
{
	uint32_t wait_ms = backoff->next_ms;

	backoff->seed ^= backoff->seed << 13;
	backoff->seed ^= backoff->seed >> 7;
	backoff->seed ^= backoff->seed << 17;
	backoff->next_ms = wait_ms > backoff->max_ms / 2 ? backoff->max_ms : wait_ms * 2;
	backoff->attempt++;
	return wait_ms - (uint32_t)(backoff->seed % (wait_ms / 4 + 1));
}
