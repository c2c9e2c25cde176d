/* confirm_condition: the condition that a confirmation may carry (specification 8.6): digests of the file of who would
 * lapse, 32 bytes each. It holds if one of them is the digest at the moment of the judgement. None: no condition.
 *
 * Pure. */
#ifndef PROTOCOL_CONFIRM_CONDITION_H
#define PROTOCOL_CONFIRM_CONDITION_H

#include "base/slice.h"

#include <stdint.h>
#include <string.h>

enum { CONDITION_DIGEST_BYTES = 32, CONDITION_DIGESTS_MAX = 8 };
enum { CONDITION_BYTES_MAX = CONDITION_DIGEST_BYTES * CONDITION_DIGESTS_MAX };

static inline bool condition_is_good(struct slice condition)
{
	return condition.n % CONDITION_DIGEST_BYTES == 0 && condition.n <= CONDITION_BYTES_MAX;
}

static inline bool condition_holds(struct slice condition, const uint8_t sha256[CONDITION_DIGEST_BYTES])
{
	for (size_t at = 0; at + CONDITION_DIGEST_BYTES <= condition.n; at += CONDITION_DIGEST_BYTES)
		if (memcmp(condition.p + at, sha256, CONDITION_DIGEST_BYTES) == 0)
			return true;
	return condition.n == 0;
}

#endif
