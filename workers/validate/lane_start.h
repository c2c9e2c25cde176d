/* lane_start: how a lane finds its place in the chain of verdicts, from START to where it may judge (design 4).
 *
 * Warm: the cache has a head.
 *   1. Read the head: where the cache stands (START). It may be old, after a crash, a rollback or another's work.
 *   2. Read the verdict log from there, chunk by chunk, and fold what counts into the cache (FOLD). Each chunk advances
 *      the head by comparison, so of two that fold only one goes on; the other begins anew. Without this fold a verdict
 *      that was produced but not advanced over would be judged a second time.
 *   3. At the end of the log the consumer fetches from position.next_raw on, and the lane judges (RUN).
 *
 * Cold: the cache has no head.
 *   1. Read cursor and highest sequences from the register, in one snapshot. Sequences younger than the cursor would
 *      call deliveries late that are not, older ones would believe what a late delivery replaced.
 *   2. The key id must be ours, and the cursor must lie in the verdict log; else the lane is PARKED.
 *   3. Begin the cache with a new gen, unless another did meanwhile; then as warm from 2 on.
 *
 * Bypass: the cache is away, or it is cold and the register is away.
 *   1. Take a place that is sure: from memory, else the register's cursor, else the metadata of the group's committed
 *      offset, else the beginning of a log that still has it. None: PARKED.
 *   2. Follow the chain from there to its end (FOLLOW), and judge without the cache: everything is a candidate
 *      (BYPASS).
 *   3. Every second, as far as the breakers let a question through, start again: the cache may be back. Then what was
 *      judged without it is folded, as warm.
 *
 * Rebalance: a partition that comes to us starts as any other. What we remember of the chain from before is still true,
 * as verdicts never change; what we remember of the cache is not used. A partition that leaves us is dropped where it
 * stands: what was fetched of it is not judged, what was produced of it is found in the log by the next owner.
 *
 * Crash points: validate.began (the cache is begun, nothing folded), validate.folded (a chunk is folded). A validator
 * that dies at any of them leaves a head that is true, and the next start goes on from it. */
#ifndef VALIDATE_LANE_START_H
#define VALIDATE_LANE_START_H

#include "base/arena.h"
#include "validate/lane.h"
#include "validate/peers.h"

struct lane_start {
	struct peers *peers;
	struct arena *arena; /* emptied at each step */
};

/* One step towards judging, or back to the cache, for a lane that can take one; bounded by one chunk of the verdict
 * log. A peer that is away is dealt with here. */
MUSTUSE int lane_start_step(struct lane_start *self, struct lane *lane, struct err *err);
/* The lane may take another step at once. */
bool lane_start_is_due(const struct lane *lane);

/* Makes the consumer fetch from the lane's position on, unless it does. */
MUSTUSE int lane_start_fetch(struct peers *peers, struct lane *lane, struct err *err);

#endif
