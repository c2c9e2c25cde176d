/* outcome: specification 4.3, 6 and 7.2. */
#include "model/outcome.h"

enum {
	FEW_ABSENT = 5,	   /* specification 7.2: up to so many may lapse, unless they are more than half */
	ACTIVE_SHARE = 10, /* beyond it, more than a tenth waits */
};

enum outcome outcome_counted_as(enum outcome outcome)
{
	if (outcome == OUTCOME_AFGEKEURD_R01 || outcome == OUTCOME_AFGEKEURD_R08)
		return OUTCOME_AFGEKEURD;
	return outcome;
}

const char *outcome_name(enum outcome outcome)
{
	switch (outcome_counted_as(outcome)) {
	case OUTCOME_NIEUW:
		return "nieuw";
	case OUTCOME_GEWIJZIGD:
		return "gewijzigd";
	case OUTCOME_ONGEWIJZIGD:
		return "ongewijzigd";
	case OUTCOME_VEROUDERD:
		return "verouderd";
	case OUTCOME_AFGEKEURD:
		return "afgekeurd";
	case OUTCOME_INGETROKKEN:
		return "ingetrokken";
	case OUTCOME_QUARANTAINE:
		return "quarantaine";
	default:
		return "";
	}
}

const char *teacher_status_name(enum teacher_status status)
{
	switch (status) {
	case STATUS_ACTIEF:
		return "ACTIEF";
	case STATUS_INGETROKKEN:
		return "INGETROKKEN";
	case STATUS_VERVALLEN:
		return "VERVALLEN";
	default:
		return "";
	}
}

static bool has_content(const struct teacher_state *state, const uint8_t *content_hash)
{
	return state->status == STATUS_ACTIEF && memcmp(state->content_hash, content_hash, CONTENT_HASH_BYTES) == 0;
}

static enum outcome apply(struct teacher_state *state, int64_t sequence, const uint8_t *content_hash,
			  enum outcome outcome)
{
	state->sequence = sequence;
	state->status = STATUS_ACTIEF;
	memcpy(state->content_hash, content_hash, CONTENT_HASH_BYTES);
	return outcome;
}

/* VOLLEDIG and MUTATIE. */
static enum outcome decide_delivered(struct teacher_state *state, int64_t sequence, const uint8_t *content_hash)
{
	if (state->status == STATUS_NONE)
		return apply(state, sequence, content_hash, OUTCOME_NIEUW);
	if (sequence < state->sequence)
		return OUTCOME_VEROUDERD;
	if (sequence == state->sequence)
		return has_content(state, content_hash) ? OUTCOME_ONGEWIJZIGD : OUTCOME_AFGEKEURD_R08;
	if (state->status != STATUS_ACTIEF)
		return apply(state, sequence, content_hash, OUTCOME_NIEUW);
	if (!has_content(state, content_hash))
		return apply(state, sequence, content_hash, OUTCOME_GEWIJZIGD);
	state->sequence = sequence;
	return OUTCOME_ONGEWIJZIGD;
}

/* INTREKKING. */
static enum outcome decide_withdrawn(struct teacher_state *state, int64_t sequence)
{
	if (state->status == STATUS_NONE)
		return OUTCOME_AFGEKEURD_R01;
	if (sequence < state->sequence)
		return OUTCOME_VEROUDERD;
	if (sequence == state->sequence)
		return state->status == STATUS_INGETROKKEN ? OUTCOME_ONGEWIJZIGD : OUTCOME_AFGEKEURD_R08;
	if (state->status != STATUS_ACTIEF)
		return OUTCOME_AFGEKEURD_R01;
	*state = (struct teacher_state){ .sequence = sequence, .status = STATUS_INGETROKKEN };
	return OUTCOME_INGETROKKEN;
}

enum outcome outcome_decide(struct teacher_state *state, int64_t sequence, const uint8_t *content_hash)
{
	return content_hash ? decide_delivered(state, sequence, content_hash) : decide_withdrawn(state, sequence);
}

bool outcome_must_wait(int64_t absent, int64_t active, bool has_unreadable)
{
	if (absent <= 0)
		return false;
	return has_unreadable || absent > active / 2 || (absent > FEW_ABSENT && absent > active / ACTIVE_SHARE);
}
