#include "validate/lane_attempt.h"

#include "base/log.h"

enum { CRASHES_MAX = 3 };

int lane_attempt_begin(struct peers *peers, struct lane *lane, bool *ret_is_poison, struct err *err)
{
	int64_t offset = lane->batch.first->raw.offset, attempts = 0;

	*ret_is_poison = false;
	if (lane->is_tried || lane->state != LANE_RUN)
		return 0;
	int rc = redis_cache_try(peers->cache, lane->partition, offset, &attempts, err);

	if (rc == -ERR_RETRY) /* it may still read, but takes no writes: the lane goes on without it */
		peers_cache_failed(peers, err);
	if (rc < 0)
		return rc;
	lane->is_tried = lane->is_trying = true;
	lane->tried_offset = offset;
	*ret_is_poison = attempts > CRASHES_MAX;
	return 0;
}

void lane_attempt_choose_pace(struct peers *peers, struct lane *lane)
{
	int64_t attempts = 0;
	struct err err;

	if (lane->is_tried)
		return;
	if (lane->refusals > 0) { /* see refusal.h */
		lane->messages_max = 1;
		return;
	}
	bool is_known = redis_cache_attempts(peers->cache, lane->partition, lane->position.next_raw, &attempts, &err) ==
			0;

	lane->messages_max = is_known && attempts == 0 ? (uint32_t)peers->config->batch_messages_max : 1;
}

void lane_attempt_take_back(struct peers *peers, struct lane *lane)
{
	struct err err;

	if (lane->is_trying && redis_cache_came_back(peers->cache, lane->partition, lane->tried_offset, &err) != 0)
		log_event(LOG_DEBUG, "attempt.kept", "partition=%d code=%s", lane->partition, err.code);
	lane->is_trying = false;
}
