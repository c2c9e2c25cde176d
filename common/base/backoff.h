/* backoff: how long to wait before the same again. Doubles from min to max, with jitter of a quarter. */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint32_t min_ms;
	uint32_t max_ms;
	uint32_t next_ms;
	uint32_t attempt;
	uint64_t seed;
};

void backoff_init(struct backoff *backoff, uint32_t min_ms, uint32_t max_ms);
void backoff_reset(struct backoff *backoff);
uint32_t backoff_next_ms(struct backoff *backoff);

#endif
