#include "write/decision.h"

#include "write/spot_check.h"

#include <assert.h>

/* Where we are in the lists of a verdict, which run beside each other. */
struct walk {
	struct batch *batch;
	struct board_state *board;
	struct message *message;
	size_t group;
	size_t hash;	  /* of the next CANDIDATE or UNCHANGED */
	size_t candidate; /* of the next CANDIDATE */
	bool is_late;
	bool is_dry;
	bool is_full; /* the arena */
};

static enum verdict_class class_of(const struct message *message, size_t group)
{
	return (enum verdict_class)message->verdict.classes.p[group];
}

static bool is_readable(const struct message *message, size_t group)
{
	return group < keys_count(message->verdict.keys);
}

static bool is_refused(const struct message *message, size_t group)
{
	const struct refusal *refusal = &message->refusal;

	return refusal->is_whole || (refusal->groups && bit_is_set(refusal->groups, group));
}

bool decision_needs_row(const struct batch *batch, const struct message *message, size_t group)
{
	switch (class_of(message, group)) {
	case VERDICT_CANDIDATE:
	case VERDICT_WITHDRAW:
		return true;
	case VERDICT_REJECTED:
	case VERDICT_QUARANTINE: /* not for the outcome, but for counting who is named and ACTIEF */
		return message->verdict.header.kind == DELIVERY_VOLLEDIG && is_readable(message, group);
	case VERDICT_UNCHANGED:
		return spot_check_picks(batch->check_share, message, group);
	default:
		return false;
	}
}

static const uint8_t *key_of(const struct walk *walk)
{
	return keys_at(walk->message->verdict.keys, walk->group);
}

static void mark(struct walk *walk, uint8_t **bits)
{
	if (!*bits)
		*bits = arena_take_zeroed(walk->batch->arena, bits_bytes(keys_count(walk->message->verdict.keys)), 1);
	if (*bits)
		bit_set(*bits, walk->group);
	else
		walk->is_full = true;
}

static struct teacher *teacher_of(struct walk *walk)
{
	struct teacher *teacher = batch_teacher(walk->batch, walk->board, key_of(walk));

	walk->is_full |= !teacher;
	return teacher;
}

/* A teacher whose state this message does not change counts for specification 7 by the state it has. One whose state is
 * not known is not counted: then the board's rows are read, and show it. */
static void count_as_is(struct walk *walk)
{
	if (walk->message->verdict.header.kind != DELIVERY_VOLLEDIG || !is_readable(walk->message, walk->group))
		return;
	const struct teacher *teacher = teacher_map_find(&walk->batch->teachers, walk->board, key_of(walk));

	if (teacher && teacher->flags & TEACHER_LOADED && teacher->now.status == STATUS_ACTIEF)
		walk->message->named_active++;
}

static void disown(struct walk *walk, struct teacher *teacher)
{
	if (!(teacher->flags & TEACHER_DISOWNED))
		walk->board->disowned++;
	teacher_disown(teacher, walk->message->position);
	mark(walk, &walk->message->forget);
}

/* The register would not take this teacher, or the whole message: the cache believes it accepted and must forget it. */
static enum outcome decide_refused(struct walk *walk)
{
	count_as_is(walk);
	if (walk->is_dry)
		return OUTCOME_QUARANTAINE;
	struct teacher *teacher = teacher_of(walk);

	if (!teacher)
		return OUTCOME_NONE;
	disown(walk, teacher);
	return OUTCOME_QUARANTAINE;
}

/* An UNCHANGED verdict is certain, but for teachers the register once refused. One at or below the highest volgnummer
 * is never made by a sound validator. */
static bool is_believed(const struct walk *walk)
{
	if (walk->is_late)
		return false;
	if (walk->board->disowned == 0)
		return true;
	const struct teacher *teacher = teacher_map_find(&walk->batch->teachers, walk->board, key_of(walk));

	return !teacher || !(teacher->flags & TEACHER_DISOWNED);
}

/* Compares the register with what the cache believed, if this teacher is to be (spot_check.h). *ret: it differs, and is
 * disowned. */
static void check_unchanged(struct walk *walk, const uint8_t *hash, bool *ret)
{
	struct message *message = walk->message;

	*ret = false;
	if (!message->checks_all && !spot_check_picks(walk->batch->check_share, message, walk->group))
		return;
	struct teacher *teacher = teacher_of(walk);

	if (!teacher)
		return;
	assert(teacher->flags & TEACHER_LOADED);
	message->checked++;
	if (spot_check_agrees(teacher, hash))
		return;
	message->differing++;
	disown(walk, teacher);
	*ret = true;
}

static enum outcome decide_unchanged(struct walk *walk, const uint8_t *hash)
{
	bool differs;

	if (!is_believed(walk)) {
		count_as_is(walk);
		mark(walk, &walk->message->forget);
		return OUTCOME_QUARANTAINE;
	}
	check_unchanged(walk, hash, &differs);
	if (differs) {
		count_as_is(walk);
		return OUTCOME_QUARANTAINE;
	}
	walk->message->named_active++;
	if (!walk->is_dry) {
		mark(walk, &walk->message->unchanged);
		walk->message->unchanged_count++;
	}
	return OUTCOME_ONGEWIJZIGD;
}

/* What the outcome does to the board and to the teacher's row. */
static void apply_decided(struct walk *walk, struct teacher *teacher, enum outcome outcome, int64_t sequence_before,
			  const struct teacher_change *change)
{
	struct board_state *board = walk->board;
	bool is_set = outcome == OUTCOME_NIEUW || outcome == OUTCOME_GEWIJZIGD || outcome == OUTCOME_INGETROKKEN;

	if (is_set) {
		board->teachers += teacher->now.status == STATUS_NONE;
		walk->is_full |= !teacher_apply(teacher, walk->batch->arena, change);
	} else if (outcome == OUTCOME_ONGEWIJZIGD && change->state.sequence > sequence_before) {
		mark(walk, &walk->message->unchanged);
		walk->message->unchanged_count++;
	} else {
		return;
	}
	if (teacher->flags & TEACHER_DISOWNED) { /* its sequence is set: what the cache now learns is true */
		teacher->flags &= ~(uint32_t)TEACHER_DISOWNED;
		board->disowned--;
	}
}

static enum outcome decide_by_state(struct walk *walk, const uint8_t *hash, const struct wire_candidate *candidate)
{
	struct message *message = walk->message;
	struct teacher *teacher = teacher_of(walk);

	if (!teacher)
		return OUTCOME_NONE;
	assert(teacher->flags & TEACHER_LOADED);
	struct teacher_change change = { .state = teacher->now, .position = message->position };

	if (walk->is_late) /* above it every sequence is lower, listed or not */
		change.state.sequence = pending_sequence_of(&walk->board->pending, teacher->key, teacher->now.sequence);
	if (candidate) {
		change.bsn = (uint32_t)candidate->bsn;
		change.content = candidate->content;
		change.targets = candidate->targets;
	}
	int64_t sequence_before = change.state.sequence;
	bool was_active = change.state.status == STATUS_ACTIEF;
	enum outcome outcome = outcome_decide(&change.state, message->verdict.header.sequence, hash);
	bool is_active = change.state.status == STATUS_ACTIEF;

	message->named_active += is_active;
	message->active_after += is_active - was_active;
	if (!walk->is_dry)
		apply_decided(walk, teacher, outcome, sequence_before, &change);
	return outcome;
}

static enum outcome decide_group(struct walk *walk)
{
	const struct wire_verdict *verdict = &walk->message->verdict;
	enum verdict_class class = class_of(walk->message, walk->group);
	const uint8_t *hash = NULL;
	const struct wire_candidate *candidate = NULL;

	if (class == VERDICT_CANDIDATE || class == VERDICT_UNCHANGED)
		hash = (const uint8_t *)verdict->hashes.p + CONTENT_HASH_BYTES * walk->hash++;
	if (class == VERDICT_CANDIDATE)
		candidate = &verdict->candidates.items[walk->candidate++];
	if (walk->message->scope && !bit_is_set(walk->message->scope, walk->group))
		return OUTCOME_NONE;
	switch (class) {
	case VERDICT_REJECTED:
		count_as_is(walk);
		return OUTCOME_AFGEKEURD;
	case VERDICT_QUARANTINE:
		count_as_is(walk);
		return OUTCOME_QUARANTAINE;
	default:
		break;
	}
	if (is_refused(walk->message, walk->group))
		return decide_refused(walk);
	if (class == VERDICT_UNCHANGED)
		return decide_unchanged(walk, hash);
	return decide_by_state(walk, hash, candidate);
}

/* In a body that could not be read nobody can be identified: all its lines are one group. */
static int decide_unreadable_body(struct batch *batch, struct message *message, struct err *err)
{
	struct ledger *ledger = &message->ledger;

	message->active_after = message->board->active;
	ledger->group_count = 1;
	ledger->outcomes = arena_take(batch->arena, 1, 1);
	if (!ledger->outcomes)
		return batch_full(err);
	ledger->outcomes[0] = OUTCOME_QUARANTAINE;
	ledger->lines[OUTCOME_QUARANTAINE] = message->verdict.header.line_count;
	return 0;
}

int decision_make(struct batch *batch, struct message *message, struct err *err)
{
	const struct wire_verdict *verdict = &message->verdict;
	struct ledger *ledger = &message->ledger;

	if (verdict->body_unreadable)
		return decide_unreadable_body(batch, message, err);
	struct walk walk = {
		.batch = batch,
		.board = message->board,
		.message = message,
		.is_late = message_is_late(message, message->board->sequence_max),
		.is_dry = verdict->header.dry_run,
	};

	message->active_after = message->board->active;
	ledger->group_count = verdict->classes.n;
	ledger->outcomes = arena_take(batch->arena, ledger->group_count, 1);
	if (!ledger->outcomes)
		return batch_full(err);
	for (; walk.group < ledger->group_count; walk.group++) {
		enum outcome outcome = decide_group(&walk);
		int32_t lines = verdict->group_lines.items[walk.group];

		ledger->outcomes[walk.group] = (uint8_t)outcome;
		ledger->lines[outcome_counted_as(outcome)] += lines;
		ledger->lines_r01 += outcome == OUTCOME_AFGEKEURD_R01 ? lines : 0;
		ledger->lines_r08 += outcome == OUTCOME_AFGEKEURD_R08 ? lines : 0;
	}
	if (walk.is_full)
		return batch_full(err);
	if (!walk.is_dry)
		message->board->active = message->active_after;
	return 0;
}
