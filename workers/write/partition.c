#include "write/partition.h"

#include "base/log.h"

#include <assert.h>
#include <stdarg.h>

#define TO(state) (1u << PARTITION_##state)

/* Bits of the states that each may change to. OTHERS: the group takes a partition away, also one that is not ours. */
static const unsigned ALLOWED[PARTITION_STATES] = {
	[PARTITION_OTHERS] = TO(OTHERS) | TO(ASSIGNED),
	[PARTITION_ASSIGNED] = TO(OTHERS) | TO(ASSIGNED) | TO(RUNNING) | TO(PARKED),
	[PARTITION_RUNNING] = TO(OTHERS) | TO(ASSIGNED) | TO(PAUSED) | TO(PARKED),
	[PARTITION_PAUSED] = TO(OTHERS) | TO(ASSIGNED) | TO(RUNNING) | TO(PARKED),
	[PARTITION_PARKED] = TO(OTHERS) | TO(ASSIGNED) | TO(PARKED),
};

bool partition_may_change(enum partition_state from, enum partition_state to)
{
	return ALLOWED[from] >> to & 1;
}

void partition_change(struct partition *partition, enum partition_state to)
{
	assert(partition_may_change(partition->state, to));
	if (to == PARTITION_OTHERS)
		*partition = (struct partition){ 0 };
	partition->state = to;
}

void partition_park(struct partition *partition, int32_t number, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(partition->why, sizeof partition->why, fmt, args);
	va_end(args);
	partition_change(partition, PARTITION_PARKED);
	partition->is_why_due = true;
	log_event(LOG_ERROR, "partition.parked", "partition=%d why=%s effect=%s", number, LOG_QUOTED(partition->why),
		  LOG_QUOTED("it waits for an operator, the others go on"));
}

enum cursors_found partition_compare(const struct partition *partition, const struct cursor *cursor)
{
	const struct chain *ours = &partition->committed;

	if (!cursor->is_there)
		return partition->has_cursor ? CURSORS_MOVED : CURSORS_STAND;
	if (!partition->has_cursor)
		return CURSORS_ADDED;
	bool stands = cursor->is_restoring == partition->is_restoring &&
		      cursor->chain.at.next_verdict == ours->at.next_verdict &&
		      cursor->chain.at.next_raw == ours->at.next_raw &&
		      (!ours->has_key_id || cursor->chain.key_id == ours->key_id);

	return stands ? CURSORS_STAND : CURSORS_MOVED;
}
