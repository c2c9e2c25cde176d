/* What one message does to its board: workers/write: processing.c, decision.c, unchanged.c, pending.c, completion.c. */
#include "sim.h"

#include <string.h>

/* A delivery or Replay that is being decided. */
struct walk {
	struct board *board;
	struct ledger *ledger;
	struct result *result;
	const struct raw *raw;
	const struct delivery *delivery;
	const struct verdict *verdict;
	const struct refusal *refusal;
	int partition;
	int sequence; /* that counts */
	bool is_late;
	bool reads_list;
	unsigned keys;	    /* rows of the teachers it names */
	unsigned unchanged; /* rows for the pending list */
	int named_active;
	int active_after;
	uint8_t *refused; /* which the specification hears */
	uint8_t forget;
};

static int row_of(const struct verdict *verdict, int t)
{
	return t + verdict->key_id * TEACHERS;
}

/* ---- pending.c, unchanged.c ---- */

int pending_sequence_of(const struct pending *pending, int row, int row_sequence)
{
	if (pending->sequence <= row_sequence || !has_bit(pending->members, row))
		return row_sequence;
	return pending->sequence;
}

static bool pending_gives_way(const struct pending *pending, int sequence, int member_count)
{
	int standing = count_bits(pending->members);

	if (pending->sequence == 0)
		return true;
	return (sequence > pending->sequence || without(LOWER_REPLACES)) && member_count >= standing - standing / 2;
}

static void raise(struct board *board, unsigned rows, int sequence)
{
	for (int r = 0; r < ROWS; r++) {
		if (!has_bit(rows, r) || board->rows[r].sequence >= sequence)
			continue;
		board->rows[r].sequence = (int16_t)sequence;
		counts[COUNT_RAISED]++;
	}
}

static void enlist_unchanged(struct walk *walk)
{
	struct pending *pending = &walk->board->pending;
	int sequence = walk->sequence;
	bool is_same_list = pending->names == walk->keys;

	if (walk->unchanged == 0 || without(NO_RAISE))
		return;
	bool makes_list = walk->raw->kind == RAW_DELIVERY; /* a Replay's names are no list of the ledger */

	if (!makes_list || !pending_gives_way(pending, sequence, count_bits(walk->unchanged))) {
		if (!without(SMALL_LOST))
			raise(walk->board, walk->unchanged, sequence);
		return;
	}
	if (pending->sequence > 0 && !without(NO_REMAINDER) && !(without(SAME_NAMES_COVER) && is_same_list))
		raise(walk->board, pending->members & ~walk->unchanged, pending->sequence);
	counts[COUNT_LISTS_REPLACED] += pending->sequence > 0;
	*pending = (struct pending){ (int16_t)sequence, (uint8_t)walk->keys, (uint8_t)walk->unchanged };
}

/* ---- decision.c ---- */

static bool reads_list(const struct board *board, const struct raw *raw, int sequence)
{
	if (without(LIST_UNREAD) || (without(LIST_NOT_DRY) && raw->is_dry) ||
	    (without(LIST_NOT_REPLAY) && raw->kind == RAW_REPLAY))
		return false;
	return without(LIST_BELOW_ONLY) ? sequence < board->sequence_max : sequence <= board->sequence_max;
}

/* A teacher whose state this message does not change. */
static void count_as_is(struct walk *walk, int t)
{
	const struct teacher_state *row = &walk->board->rows[row_of(walk->verdict, t)];

	walk->named_active += row->status == STATUS_ACTIEF || without(COUNT_NAMED);
}

static enum outcome decide_refused(struct walk *walk, int t)
{
	bool is_unchanged = walk->verdict->classes[t] == VERDICT_UNCHANGED;

	count_as_is(walk, t);
	*walk->refused |= (uint8_t)bit(t);
	counts[COUNT_REFUSED]++;
	if (walk->raw->is_dry || (is_unchanged && without(DISOWN_CANDIDATES_ONLY)))
		return OUTCOME_QUARANTAINE;
	walk->board->disowned |= (uint8_t)bit(t);
	walk->board->disowned_at[t] = walk->verdict->raw;
	walk->forget |= (uint8_t)bit(t);
	return OUTCOME_QUARANTAINE;
}

static bool is_believed(const struct walk *walk, int t)
{
	if (walk->is_late && !without(BELIEVE_LATE))
		return false;
	return without(NO_DISOWN) || !has_bit(walk->board->disowned, t);
}

/* After a Forget that followed the refusal the cache holds nothing that meets the mark. */
static void claim_forgotten(const struct walk *walk, int t)
{
	const struct partition_log *log = &world.logs[walk->partition];

	for (int r = walk->board->disowned_at[t] + 1; r < walk->verdict->raw; r++) {
		bool is_forget = log->raws[r].kind == RAW_FORGET && log->raws[r].board == walk->raw->board &&
				 has_bit(log->raws[r].teachers, t);

		if (is_forget && log->verdicts[log->counted[r]].kind == VERDICT_KIND_FORGET)
			violate("quarantaine though the cache had forgotten");
	}
}

static enum outcome decide_unchanged(struct walk *walk, int t)
{
	int row = row_of(walk->verdict, t), sequence = walk->sequence;
	const struct teacher_state *state = &walk->board->rows[row];

	counts[COUNT_UNCHANGED]++;
	if (!is_believed(walk, t)) {
		claim_forgotten(walk, t);
		count_as_is(walk, t);
		*walk->refused |= (uint8_t)bit(t);
		walk->forget |= (uint8_t)bit(t);
		return OUTCOME_QUARANTAINE;
	}
	if (state->status != STATUS_ACTIEF || state->content != walk->verdict->content[t] ||
	    pending_sequence_of(&walk->board->pending, row, state->sequence) > sequence)
		violate("UNCHANGED is not true of the register");
	walk->named_active++;
	if (!walk->raw->is_dry)
		walk->unchanged |= bit(row);
	return OUTCOME_ONGEWIJZIGD;
}

static void apply_decided(struct walk *walk, int t, enum outcome outcome, int sequence_before,
			  const struct teacher_state *state)
{
	int row = row_of(walk->verdict, t);
	bool is_set = outcome == OUTCOME_NIEUW || outcome == OUTCOME_GEWIJZIGD || outcome == OUTCOME_INGETROKKEN;

	if (is_set) {
		walk->board->rows[row] = *state;
	} else if (outcome == OUTCOME_ONGEWIJZIGD && state->sequence > sequence_before) {
		if (!without(NO_LIST_CANDIDATE))
			walk->unchanged |= bit(row);
	} else {
		return;
	}
	if (!without(CLEAR_NEVER))
		walk->board->disowned &= (uint8_t)~bit(t);
}

static enum outcome decide_by_state(struct walk *walk, int t)
{
	int row = row_of(walk->verdict, t);
	struct teacher_state state = walk->board->rows[row];

	counts[COUNT_CANDIDATE]++;
	if (walk->reads_list)
		state.sequence = (int16_t)pending_sequence_of(&walk->board->pending, row, state.sequence);
	int sequence_before = state.sequence;
	bool was_active = state.status == STATUS_ACTIEF;
	bool is_withdrawal = walk->verdict->classes[t] == VERDICT_WITHDRAW;
	enum outcome outcome = outcome_decide(&state, walk->sequence, is_withdrawal ? 0 : walk->verdict->content[t]);
	bool is_active = state.status == STATUS_ACTIEF;

	walk->named_active += is_active;
	walk->active_after += is_active - was_active;
	if (!walk->raw->is_dry)
		apply_decided(walk, t, outcome, sequence_before, &state);
	return outcome;
}

static enum outcome decide_group(struct walk *walk, int t)
{
	enum verdict_class class = (enum verdict_class)walk->verdict->classes[t];

	switch (class) {
	case VERDICT_REJECTED:
		count_as_is(walk, t);
		counts[COUNT_REJECTED]++;
		return OUTCOME_AFGEKEURD;
	case VERDICT_QUARANTINE:
		count_as_is(walk, t);
		return OUTCOME_QUARANTAINE;
	default:
		break;
	}
	if (walk->refusal->is_whole || has_bit(walk->refusal->teachers, t))
		return decide_refused(walk, t);
	return class == VERDICT_UNCHANGED ? decide_unchanged(walk, t) : decide_by_state(walk, t);
}

/* A Replay decides only lines whose standing outcome is afgekeurd or quarantaine (design 6). */
static bool is_decided_already(const struct walk *walk, int t)
{
	uint8_t standing = walk->ledger->outcomes[t];

	return walk->raw->kind == RAW_REPLAY && !without(REPLAY_ALL) && standing != OUTCOME_AFGEKEURD &&
	       standing != OUTCOME_QUARANTAINE;
}

static void decide_groups(struct walk *walk)
{
	for (int t = 0; t < TEACHERS; t++) {
		if (!has_bit(raw_teachers(walk->raw), t) || is_decided_already(walk, t))
			continue;
		enum outcome outcome = OUTCOME_QUARANTAINE;

		if (!walk->verdict->body_unreadable) {
			walk->keys |= bit(row_of(walk->verdict, t));
			outcome = decide_group(walk, t);
		}
		walk->result->outcomes[t] = (uint8_t)outcome;
		if (!walk->raw->is_dry)
			walk->ledger->outcomes[t] = (uint8_t)outcome;
	}
	if (walk->raw->is_dry)
		return;
	if (!(walk->raw->kind == RAW_REPLAY && without(REPLAY_NAMES_NOT)))
		walk->ledger->named |= (uint8_t)walk->keys;
	walk->board->active = (int16_t)walk->active_after;
}

/* ---- completion.c ---- */

static unsigned absent_of(const struct board *board, int sequence, unsigned names, bool list_is_read)
{
	unsigned absent = 0;

	if (board->sequence_full > sequence)
		return 0;
	for (int r = 0; r < ROWS; r++) {
		const struct teacher_state *row = &board->rows[r];
		int at = list_is_read ? pending_sequence_of(&board->pending, r, row->sequence) : row->sequence;

		if (row->status == STATUS_ACTIEF && at < sequence && !has_bit(names, r))
			absent |= bit(r);
	}
	return absent;
}

static int lapse(struct board *board, unsigned absent, int sequence)
{
	for (int r = 0; r < ROWS; r++)
		if (has_bit(absent, r)) {
			board->rows[r].status = STATUS_VERVALLEN;
			board->rows[r].sequence = (int16_t)sequence;
		}
	board->active = (int16_t)(board->active - count_bits(absent));
	return count_bits(absent);
}

static void cancel_older(struct reg *work, int board, int at)
{
	for (int d = 0; d < world.delivery_count; d++) {
		struct ledger *ledger = &work->ledgers[d];

		if (!ledger->waits || world.deliveries[d].board != board ||
		    world.deliveries[d].sequence >= world.deliveries[at].sequence)
			continue;
		ledger->waits = false;
		ledger->was_cancelled = true;
	}
}

/* What the second half of judging needs of the first. */
struct second_half {
	unsigned names;
	int named_active, active_after;
	bool hides_teacher; /* nobody can say whom the delivery named: its end is left out */
};

static void ending_judge(struct reg *work, const struct raw *raw, struct result *result, const struct second_half *half,
			 bool late)
{
	const struct delivery *delivery = &world.deliveries[raw->delivery];
	struct board *board = &work->boards[raw->board];
	bool is_left_out = half->hides_teacher && !without(UNKNOWN_ENDS);
	bool is_nobody_absent = board->sequence_full > delivery->sequence || half->named_active == half->active_after ||
				is_left_out;
	bool list_is_read = late && !without(LIST_UNREAD) && !without(LIST_NOT_ENDING);
	unsigned absent = is_nobody_absent ? 0 : absent_of(board, delivery->sequence, half->names, list_is_read);
	bool must_wait = outcome_must_wait(count_bits(absent), half->active_after, delivery->has_unreadable);

	result->absent = (uint8_t)count_bits(absent);
	result->active = (uint8_t)(is_left_out ? 0 : half->active_after);
	result->waits = must_wait;
	if (raw->is_dry)
		return;
	if (must_wait) {
		work->ledgers[raw->delivery].waits = true;
		counts[COUNT_WAITS]++;
	} else {
		work->ledgers[raw->delivery].lapsed = (uint8_t)lapse(board, absent, delivery->sequence);
		counts[COUNT_LAPSED] += (unsigned)count_bits(absent);
	}
	cancel_older(work, raw->board, raw->delivery);
	if (delivery->sequence > board->sequence_full)
		board->sequence_full = (int16_t)delivery->sequence;
}

static void ending_confirm(struct reg *work, const struct raw *raw, struct result *result)
{
	struct ledger *ledger = &work->ledgers[raw->delivery];
	struct board *board = &work->boards[raw->board];
	int sequence = world.deliveries[raw->delivery].sequence;

	if (!ledger->waits)
		return;
	bool list_is_read = !without(LIST_UNREAD) && !without(LIST_NOT_CONFIRM);
	unsigned absent = absent_of(board, sequence, ledger->named, list_is_read);

	ledger->waits = false;
	ledger->lapsed = (uint8_t)lapse(board, absent, sequence);
	result->is_confirmed = true;
	result->confirmed_lapsed = ledger->lapsed;
	counts[COUNT_LAPSED_BY_CONFIRM] += ledger->lapsed;
}

/* specification 7.6: workers/write/set_back.c */
static void set_back(struct reg *work, const struct raw *raw, struct result *result)
{
	struct board *board = &work->boards[raw->board];
	int16_t sequence = (int16_t)raw->sequence;

	if (sequence >= board->sequence_max)
		return;
	result->is_set_back = true;
	counts[COUNT_SET_BACK]++;
	for (int d = 0; d < world.delivery_count && !without(SET_BACK_WAITING_STAY); d++) {
		struct ledger *ledger = &work->ledgers[d];

		if (!ledger->waits || world.deliveries[d].board != raw->board ||
		    world.deliveries[d].sequence <= sequence)
			continue;
		ledger->waits = false;
		ledger->was_cancelled = true;
	}
	for (int r = 0; r < ROWS; r++)
		if (board->rows[r].sequence > sequence)
			board->rows[r].sequence = sequence;
	if (board->pending.sequence > sequence && !without(SET_BACK_LIST_STAYS))
		board->pending.sequence = sequence;
	if (board->sequence_top < board->sequence_max)
		board->sequence_top = board->sequence_max;
	board->sequence_max = sequence;
	if (board->sequence_full > sequence)
		board->sequence_full = sequence;
}

/* ---- processing.c ---- */

/* Between the halves of a VOLLEDIG; one message of a board is open at a time, but without rounds. */
static struct second_half halves[PARTITIONS][RAWS_MAX];

static bool is_repeat(const struct ledger *ledger, const struct raw *raw)
{
	if (raw->kind == RAW_REPLAY && raw->is_dry && !without(DRY_REPLAY_COUNTS))
		return false;
	if (without(OLDER_ATTEMPT_REPEATS))
		return ledger->attempts_seen >> raw->attempt != 0;
	return has_bit(ledger->attempts_seen, raw->attempt);
}

static void enter(struct ledger *ledger, const struct raw *raw)
{
	if (!(raw->kind == RAW_REPLAY && raw->is_dry && !without(DRY_REPLAY_COUNTS)))
		ledger->attempts_seen |= (uint16_t)bit(raw->attempt);
}

static void judge_delivery(struct reg *work, struct walk *walk, struct ending *ret_ending)
{
	const struct raw *raw = walk->raw;

	walk->sequence = walk->delivery->sequence;
	if (raw->kind == RAW_REPLAY && walk->sequence > walk->board->sequence_max && !without(REPLAY_ABOVE_MAX))
		walk->sequence = walk->board->sequence_max;
	walk->is_late = walk->sequence <= walk->board->sequence_max;
	walk->reads_list = reads_list(walk->board, raw, walk->sequence);
	walk->active_after = walk->board->active;
	counts[COUNT_LATE] += walk->is_late;
	counts[COUNT_REPLAYS] += raw->kind == RAW_REPLAY;
	counts[COUNT_DRY] += raw->is_dry;
	enter(walk->ledger, raw);
	decide_groups(walk);
	enlist_unchanged(walk);
	if (raw->kind == RAW_REPLAY && !without(REPLAY_ENDS))
		return;
	halves[walk->partition][walk->verdict->raw] = (struct second_half){ walk->keys, walk->named_active,
									    walk->active_after,
									    walk->verdict->body_unreadable };
	*ret_ending = (struct ending){ true, walk->partition, walk->verdict->raw, walk->is_late };
	if (!raw->is_dry && walk->delivery->sequence > walk->board->sequence_max)
		walk->board->sequence_max = (int16_t)walk->delivery->sequence;
	(void)work;
}

void judge_message(struct reg *work, int partition, const struct verdict *verdict, const struct refusal *refusal,
		   struct ending *ret_ending, uint8_t *ret_forget)
{
	const struct raw *raw = &world.logs[partition].raws[verdict->raw];
	struct walk walk = {
		.board = &work->boards[raw->board],
		.ledger = &work->ledgers[raw->delivery],
		.result = &work->results[partition][verdict->raw],
		.raw = raw,
		.delivery = &world.deliveries[raw->delivery],
		.verdict = verdict,
		.refusal = refusal,
		.partition = partition,
		.refused = &work->refused[partition][verdict->raw],
	};

	*ret_ending = (struct ending){ 0 };
	*ret_forget = 0;
	*walk.result = (struct result){ 0 };
	*walk.refused = 0;
	work->applied[partition][verdict->raw]++;
	counts[COUNT_MESSAGES]++;
	switch (verdict->kind) {
	case VERDICT_KIND_FOREIGN:
		return;
	case VERDICT_KIND_FORGET:
		counts[COUNT_FORGET]++;
		return;
	case VERDICT_KIND_CONFIRM:
		ending_confirm(work, raw, walk.result);
		return;
	case VERDICT_KIND_SET_BACK:
		set_back(work, raw, walk.result);
		return;
	default:
		break;
	}
	if (is_repeat(walk.ledger, raw)) { /* specification 2.1: changes nothing */
		counts[COUNT_REPEATS]++;
		if (!without(APPLY_REPEATS) || raw->is_dry)
			return;
	}
	judge_delivery(work, &walk, ret_ending);
	*ret_forget = walk.forget;
}

void judge_ending(struct reg *work, const struct ending *ending)
{
	const struct raw *raw = &world.logs[ending->partition].raws[ending->raw];
	struct result *result = &work->results[ending->partition][ending->raw];

	result->is_ended = true;
	result->is_late = ending->is_late;
	if (world.deliveries[raw->delivery].kind == DELIVERY_VOLLEDIG)
		ending_judge(work, raw, result, &halves[ending->partition][ending->raw], ending->is_late);
	if (!raw->is_dry)
		work->ledgers[raw->delivery].is_ended = true;
}
