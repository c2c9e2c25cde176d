/* specification 6 and 7.2, as common/model/outcome.c has them. Content is a small number; a withdrawn teacher has
 * none. */
#include "sim.h"

enum { FEW_ABSENT = 5, ACTIVE_SHARE = 10 };

static enum outcome decide_withdrawn(struct teacher_state *state, int sequence)
{
	if (state->status == STATUS_NONE)
		return OUTCOME_AFGEKEURD;
	if (sequence < state->sequence)
		return OUTCOME_VEROUDERD;
	if (sequence == state->sequence)
		return state->status == STATUS_INGETROKKEN ? OUTCOME_ONGEWIJZIGD : OUTCOME_AFGEKEURD;
	if (state->status != STATUS_ACTIEF)
		return OUTCOME_AFGEKEURD;
	*state = (struct teacher_state){ .status = STATUS_INGETROKKEN, .sequence = (int16_t)sequence };
	return OUTCOME_INGETROKKEN;
}

enum outcome outcome_decide(struct teacher_state *state, int sequence, int content)
{
	bool is_same = state->status == STATUS_ACTIEF && state->content == content;
	bool was_active = state->status == STATUS_ACTIEF;

	if (content == 0)
		return decide_withdrawn(state, sequence);
	if (state->status != STATUS_NONE && sequence < state->sequence)
		return OUTCOME_VEROUDERD;
	if (state->status != STATUS_NONE && sequence == state->sequence)
		return is_same ? OUTCOME_ONGEWIJZIGD : OUTCOME_AFGEKEURD;
	*state = (struct teacher_state){ STATUS_ACTIEF, (uint8_t)content, (int16_t)sequence };
	return !was_active ? OUTCOME_NIEUW : is_same ? OUTCOME_ONGEWIJZIGD : OUTCOME_GEWIJZIGD;
}

bool outcome_must_wait(int absent, int active, bool has_unreadable)
{
	if (absent <= 0)
		return false;
	return has_unreadable || absent > active / 2 || (absent > FEW_ABSENT && absent > active / ACTIVE_SHARE);
}

int count_bits(unsigned bits)
{
	return __builtin_popcount(bits);
}
