#include "validate/lane.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>

enum { PARKED_PAUSE_MS = 10000 };

#define TO(state) (1u << (state))

static const struct {
	const char *name;
	const char *event; /* logged when the state is entered */
	enum log_level level;
	unsigned to; /* states that may follow */
} STATES[LANE_STATES] = {
	[LANE_UNASSIGNED] = { "UNASSIGNED", "partition.revoked", LOG_INFO, TO(LANE_START) },
	[LANE_START] = { "START", "partition.starting", LOG_DEBUG,
			 TO(LANE_START) | TO(LANE_FOLD) | TO(LANE_FOLLOW) | TO(LANE_PARKED) | TO(LANE_UNASSIGNED) },
	[LANE_FOLD] = { "FOLD", "partition.folding", LOG_DEBUG,
			TO(LANE_START) | TO(LANE_FOLLOW) | TO(LANE_PARKED) | TO(LANE_RUN) | TO(LANE_UNASSIGNED) },
	[LANE_FOLLOW] = { "FOLLOW", "partition.following", LOG_DEBUG,
			  TO(LANE_START) | TO(LANE_PARKED) | TO(LANE_BYPASS) | TO(LANE_UNASSIGNED) },
	[LANE_RUN] = { "RUN", "partition.running", LOG_INFO,
		       TO(LANE_START) | TO(LANE_WAITING) | TO(LANE_PARKED) | TO(LANE_UNASSIGNED) },
	[LANE_BYPASS] = { "BYPASS", "partition.bypassing", LOG_INFO,
			  TO(LANE_START) | TO(LANE_WAITING) | TO(LANE_PARKED) | TO(LANE_UNASSIGNED) },
	[LANE_WAITING] = { "WAITING", "partition.waiting", LOG_DEBUG, TO(LANE_START) | TO(LANE_UNASSIGNED) },
	[LANE_PARKED] = { "PARKED", "partition.parked", LOG_ERROR, TO(LANE_START) | TO(LANE_UNASSIGNED) },
};

const char *lane_state_name(enum lane_state state)
{
	return STATES[state].name;
}

bool lane_may_enter(enum lane_state from, enum lane_state to)
{
	return STATES[from].to & TO(to);
}

/* A lane that goes from RUN to RUN by way of START says nothing new to an operator. */
static enum log_level level_of(struct lane *lane, enum lane_state from)
{
	if (from == LANE_UNASSIGNED)
		return LOG_INFO;
	if (!lane_is_judging(lane))
		return STATES[lane->state].level;
	bool is_new = lane->state != lane->state_logged;

	lane->state_logged = lane->state;
	return is_new ? STATES[lane->state].level : LOG_DEBUG;
}

void lane_enter(struct lane *lane, enum lane_state state, uint32_t pause_ms, const char *why)
{
	enum lane_state from = lane->state;

	assert(lane_may_enter(from, state));
	lane->all->counts[from]--;
	lane->all->counts[state]++;
	lane->state = state;
	lane->retry_at_ms = pause_ms > 0 ? clock_ms() + pause_ms : 0;
	log_event(level_of(lane, from), from == LANE_UNASSIGNED ? "partition.assigned" : STATES[state].event,
		  "partition=%d from=%s next_raw=%lld next_verdict=%lld why=%s", lane->partition, STATES[from].name,
		  (long long)lane->position.next_raw, (long long)lane->position.next_verdict, LOG_QUOTED(why));
}

void lane_park(struct lane *lane, const char *why)
{
	lane_enter(lane, LANE_PARKED, PARKED_PAUSE_MS, why);
}

struct lane *lanes_assign(struct lanes *lanes, int32_t partition)
{
	struct lane *lane = lanes->items[partition];

	if (!lane) {
		lane = calloc(1, sizeof *lane);
		if (!lane)
			return NULL;
		lanes->items[partition] = lane;
		lanes->end = MAX(lanes->end, partition + 1);
		lanes->counts[LANE_UNASSIGNED]++;
	}
	*lane = (struct lane){ .all = lanes,
			       .partition = partition,
			       .state = lane->state,
			       .position = lane->position, /* once true of the chain, always */
			       .has_position = lane->has_position,
			       .next_fetch = -1,
			       .messages_max = 1,
			       .waiting_offset = -1 };
	lane_enter(lane, LANE_START, 0, "the group gave us the partition");
	return lane;
}

void lanes_release(struct lanes *lanes)
{
	for (int32_t i = 0; i < lanes->end; i++)
		free(lanes->items[i]);
	*lanes = (struct lanes){ 0 };
}

struct cache_head lane_head(const struct lane *lane, const struct chain_position *position)
{
	struct cache_head head = { .next_raw = position->next_raw, .next_verdict = position->next_verdict };

	head.board_count = lane->cache_board_count;
	memcpy(head.gen, lane->gen, sizeof head.gen);
	memcpy(head.tip, position->tip, sizeof head.tip);
	return head;
}

struct chain_position lane_position_of(const struct cache_head *head)
{
	struct chain_position position = { .next_raw = head->next_raw, .next_verdict = head->next_verdict };

	memcpy(position.tip, head->tip, sizeof position.tip);
	return position;
}

bool lane_is_at(const struct lane *lane, const struct cache_head *head)
{
	struct chain_position position = lane_position_of(head);

	return !head->is_cold && memcmp(head->gen, lane->gen, sizeof lane->gen) == 0 &&
	       chain_position_equal(&position, &lane->position);
}
