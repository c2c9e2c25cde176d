#include "validate/lane.h"

struct cache_head lane_head(const struct lane *lane, const struct chain_position *position)
{
	struct cache_head head = { .next_raw = position->next_raw, .next_verdict = position->next_verdict };

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
