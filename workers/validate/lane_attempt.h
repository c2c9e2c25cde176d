/* lane_attempt: how often a lane's first message was tried without coming back, counted in Redis.
 *
 * A message that kills us must not do so for ever, nor take others with it:
 *   1. A lane whose first message was tried before and did not come back begins with one message per batch and doubles
 *      with each batch that worked, so each such crash leaves fewer messages before the one to blame until it is alone.
 *      Any other lane takes full batches at once: with many partitions a slow start of each is most of a short load.
 *   2. The attempt at the first message of a lane is counted before the message is looked at, once since the partition
 *      came to us.
 *   3. An advance takes the counter away. An attempt that ends without one while we live is taken back, so waiting or a
 *      change of owner makes no message look like poison.
 *   4. The attempt after the third that did not come back gives the message up. A restart of another cause counts too,
 *      but only when it hits the same first message. */
#ifndef VALIDATE_LANE_ATTEMPT_H
#define VALIDATE_LANE_ATTEMPT_H

#include "validate/lane.h"
#include "validate/peers.h"

/* Before a lane judges: with how many messages per batch it begins. When Redis does not say, with one. */
void lane_attempt_choose_pace(struct peers *peers, struct lane *lane);
/* Before the lane's first message of a batch is looked at. ERR_RETRY: the cache is away, or takes no writes. */
MUSTUSE int lane_attempt_begin(struct peers *peers, struct lane *lane, bool *ret_is_poison, struct err *err);
/* The attempt ended without an advance, and we live. When Redis cannot be reached, one attempt too many stays counted;
 * it takes three crashes more to matter. */
void lane_attempt_take_back(struct peers *peers, struct lane *lane);
/* The batch advanced over the message. */
static inline void lane_attempt_succeeded(struct lane *lane)
{
	lane->is_trying = false;
}

#endif
