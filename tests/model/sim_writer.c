/* Two writers, each the other's zombie: workers/write: application.c, inbox.c, cursor.c, transaction.c, isolation.c.
 *
 * A writer polls verdicts, and applies them in a later step; what happens between begin and COMMIT is one step, as
 * the fence has locked the cursors. What can happen to that step: it is rolled back, its answer is lost either way, the
 * writer dies before it or behind it. */
#include "sim.h"

#include <string.h>

struct polled_verdict {
	int partition, offset;
	struct cursor after;
	struct refusal refusal; /* what the register would refuse of it */
};

struct cursor_move {
	int partition, expected_next_verdict;
	struct cursor to;
};

struct writer {
	bool is_assigned;
	bool has_new_link; /* the register may be an earlier one: cursors are read again before the next batch */
	bool is_parked[PARTITIONS];
	struct cursor committed[PARTITIONS], ahead[PARTITIONS];
	struct polled_verdict batch[BATCH_MAX];
	int count, done; /* done: in the register, when isolating */
	bool is_isolating, is_in_doubt;
	struct cursor_move doubted[PARTITIONS];
	int doubted_count;
	uint8_t doubted_forgets[BOARDS];
};

struct reg reg;
static struct reg backup;
static bool has_backup;
static struct writer writers[WRITERS];

void writers_reset(void)
{
	memset(&reg, 0, sizeof reg);
	memset(writers, 0, sizeof writers);
	has_backup = false;
}

void writer_restore(void)
{
	if (!has_backup)
		return;
	world.restores--;
	reg = backup;
	for (int w = 0; w < WRITERS; w++)
		writers[w].has_new_link = !without(LINK_NOT_NOTICED);
	counts[COUNT_RESTORES]++;
}

static void give_up_batch(struct writer *writer)
{
	*writer = (struct writer){ 0 };
}

static bool is_idle(const struct writer *writer)
{
	return writer->count == 0 && !writer->is_in_doubt;
}

/* ---- inbox.c ---- */

static bool is_other_key(const struct cursor *cursor, const struct verdict *verdict)
{
	return cursor->has_key_id && cursor->key_id != verdict->key_id && !without(NO_KEY_CHECK);
}

/* The step of chain.c: the position, and the key of the register. false: the partition cannot go on. */
static bool cursor_take(struct cursor *cursor, int offset, const struct verdict *verdict, enum chain_step *ret)
{
	struct cursor next = *cursor;

	*ret = chain_take(&next.position, offset, verdict);
	if (*ret == CHAIN_HOLE)
		violate("hole before the cursor");
	if (*ret == CHAIN_HOLE || (*ret == CHAIN_COUNTS && is_other_key(cursor, verdict)))
		return false;
	if (*ret == CHAIN_COUNTS) {
		next.has_key_id = true;
		next.key_id = verdict->key_id;
	}
	*cursor = next;
	return true;
}

/* SQLSTATE 21, 22, 23, 54: of a row, or of what the message says of its delivery. */
static struct refusal refusal_draw(const struct raw *raw, const struct verdict *verdict)
{
	struct refusal refusal = { .is_whole = one_in(60) };

	for (int t = 0; t < TEACHERS; t++)
		if ((verdict->classes[t] == VERDICT_CANDIDATE || verdict->classes[t] == VERDICT_WITHDRAW) &&
		    !raw->is_dry && one_in(60))
			refusal.teachers |= (uint8_t)bit(t);
	return refusal;
}

static bool is_refused(const struct refusal *refusal)
{
	return refusal->is_whole || refusal->teachers != 0;
}

/* The old way: whatever speaks of a raw message at or below the next is applied. */
static bool take_without_chain(struct cursor *cursor, int offset, const struct verdict *verdict)
{
	cursor->position.next_verdict = offset + 1;
	if (verdict->raw > cursor->position.next_raw)
		return false;
	if (verdict->raw == cursor->position.next_raw)
		cursor->position.next_raw++;
	return true;
}

static void intake_take(struct writer *writer, int partition)
{
	struct cursor *ahead = &writer->ahead[partition];
	int offset = ahead->position.next_verdict;
	const struct verdict *verdict = &world.logs[partition].verdicts[offset];
	enum chain_step step = CHAIN_VOID;

	if (without(DUPLICATES_APPLIED))
		step = take_without_chain(ahead, offset, verdict) ? CHAIN_COUNTS : CHAIN_VOID;
	else if (!cursor_take(ahead, offset, verdict, &step)) {
		counts[COUNT_PARKED] += !writer->is_parked[partition];
		writer->is_parked[partition] = true;
	}
	if (step != CHAIN_COUNTS || writer->is_parked[partition])
		return;
	writer->batch[writer->count++] =
		(struct polled_verdict){ partition, offset, *ahead,
					 refusal_draw(&world.logs[partition].raws[verdict->raw], verdict) };
}

bool is_parked(int partition)
{
	const struct partition_log *log = &world.logs[partition];
	struct cursor cursor = reg.cursors[partition];
	enum chain_step step;

	for (int o = cursor.position.next_verdict; o < log->verdict_count; o++)
		if (!cursor_take(&cursor, o, &log->verdicts[o], &step))
			return true;
	return false;
}

static void poll_verdict(struct writer *writer)
{
	int looks = 1 + (int)chance(6);

	while (looks-- > 0 && writer->count < BATCH_MAX) {
		int p = (int)chance(world.boards > 1 ? PARTITIONS : 1);

		if (!writer->is_parked[p] && writer->ahead[p].position.next_verdict < read_end(&world.logs[p]))
			intake_take(writer, p);
	}
}

static int intake_moves(const struct writer *writer, struct cursor_move *ret)
{
	int count = 0;

	for (int p = 0; p < PARTITIONS; p++)
		if (writer->ahead[p].position.next_verdict != writer->committed[p].position.next_verdict)
			ret[count++] =
				(struct cursor_move){ p, writer->committed[p].position.next_verdict, writer->ahead[p] };
	return count;
}

/* The step of the first message that is not in yet, alone. */
static struct cursor_move intake_move_first(const struct writer *writer)
{
	const struct polled_verdict *message = &writer->batch[writer->done];
	int p = message->partition;

	return (struct cursor_move){ p, writer->committed[p].position.next_verdict,
				     without(ISOLATE_MOVES_BATCH) ? writer->ahead[p] : message->after };
}

/* ---- transaction.c ---- */

static bool fence_holds(const struct cursor_move *moves, int count)
{
	for (int i = 0; i < count; i++)
		if (reg.cursors[moves[i].partition].position.next_verdict != moves[i].expected_next_verdict)
			return false;
	return true;
}

static void claim_active(const struct board *board)
{
	int active = 0;

	for (int r = 0; r < ROWS; r++)
		active += board->rows[r].status == STATUS_ACTIEF;
	if (active != board->active)
		violate("the board's number of ACTIEF teachers is wrong");
}

/* A round a message; the next of the same board sees its end. */
static void batch_judge(struct reg *work, const struct polled_verdict *messages, int count, bool has_refusals,
			uint8_t forgets[BOARDS])
{
	struct ending endings[BATCH_MAX];
	int ending_count = 0;

	for (int i = 0; i < count; i++) {
		const struct partition_log *log = &world.logs[messages[i].partition];
		const struct verdict *verdict = &log->verdicts[messages[i].offset];
		struct refusal none = { 0 };
		struct ending ending;
		uint8_t forget;

		judge_message(work, messages[i].partition, verdict, has_refusals ? &messages[i].refusal : &none,
			      &ending, &forget);
		forgets[log->raws[verdict->raw].board] |= forget;
		if (ending.is_due && without(NO_ROUNDS))
			endings[ending_count++] = ending;
		else if (ending.is_due)
			judge_ending(work, &ending);
	}
	for (int i = 0; i < ending_count; i++)
		judge_ending(work, &endings[i]);
	for (int b = 0; b < BOARDS; b++)
		claim_active(&work->boards[b]);
}

enum commit_fate {
	COMMIT_DONE,
	COMMIT_ROLLED_BACK_AND_DIED,
	COMMIT_LOST_BEFORE,
	COMMIT_LOST_BEHIND,
	COMMIT_DIED_BEHIND
};

static enum commit_fate commit_fate_draw(void)
{
	if (world.is_calm)
		return COMMIT_DONE;
	switch (chance(24)) {
	case 0:
		return COMMIT_ROLLED_BACK_AND_DIED;
	case 1:
		return COMMIT_LOST_BEFORE;
	case 2:
		return COMMIT_LOST_BEHIND;
	case 3:
		return COMMIT_DIED_BEHIND;
	default:
		return COMMIT_DONE;
	}
}

static void commit(const struct reg *work, const uint8_t forgets[BOARDS])
{
	reg = *work;
	for (int b = 0; b < BOARDS; b++)
		world.lost_forgets[b] |= forgets[b];
	if (one_in(4)) {
		backup = reg;
		has_backup = true;
	}
}

static void publish_forgets(const uint8_t forgets[BOARDS])
{
	for (int b = 0; b < BOARDS; b++) {
		struct raw raw = { .kind = RAW_FORGET, .board = b, .teachers = forgets[b] };

		if (forgets[b] == 0 || (!world.is_calm && one_in(12)))
			continue;
		if (!without(NO_FORGET))
			publish(partition_of(b), &raw);
		world.lost_forgets[b] &= (uint8_t)~forgets[b];
	}
}

static void committed(struct writer *writer, const struct cursor_move *moves, int count, const uint8_t forgets[BOARDS])
{
	publish_forgets(forgets);
	for (int i = 0; i < count; i++)
		writer->committed[moves[i].partition] = moves[i].to;
}

static void enter_doubt(struct writer *writer, const struct cursor_move *moves, int count,
			const uint8_t forgets[BOARDS])
{
	writer->is_in_doubt = true;
	writer->doubted_count = count;
	memcpy(writer->doubted, moves, (size_t)count * sizeof *moves);
	memcpy(writer->doubted_forgets, forgets, BOARDS);
	counts[COUNT_DOUBTS]++;
}

/* true: the messages are in the register, and we know. The writer may be no more. */
static bool transaction_run(struct writer *writer, const struct polled_verdict *messages, int count, bool has_refusals,
			    const struct cursor_move *moves, int move_count)
{
	static struct reg work;
	uint8_t forgets[BOARDS] = { 0 };

	if (!fence_holds(moves, move_count) && !without(NO_FENCE)) {
		counts[COUNT_FENCED]++;
		give_up_batch(writer);
		return false;
	}
	work = reg;
	for (int i = 0; i < move_count; i++)
		work.cursors[moves[i].partition] = moves[i].to;
	batch_judge(&work, messages, count, has_refusals, forgets);
	enum commit_fate fate = commit_fate_draw();

	if (fate == COMMIT_DONE || fate == COMMIT_LOST_BEHIND || fate == COMMIT_DIED_BEHIND)
		commit(&work, forgets);
	if (fate == COMMIT_DONE)
		committed(writer, moves, move_count, forgets);
	else if (fate == COMMIT_LOST_BEFORE || fate == COMMIT_LOST_BEHIND)
		enter_doubt(writer, moves, move_count, forgets);
	else
		give_up_batch(writer);
	return fate == COMMIT_DONE;
}

/* ---- application.c, isolation.c ---- */

/* true: the COMMIT in doubt went through. */
static bool ask_cursor(const struct writer *writer)
{
	if (without(DOUBT_IS_DONE) || without(DOUBT_IS_UNDONE))
		return without(DOUBT_IS_DONE);
	for (int i = 0; i < writer->doubted_count; i++) {
		const struct position *is = &reg.cursors[writer->doubted[i].partition].position;
		const struct position *to = &writer->doubted[i].to.position;

		if (is->next_verdict != to->next_verdict || is->tip != to->tip)
			return false;
	}
	return true;
}

static void finish_batch(struct writer *writer)
{
	writer->count = writer->done = 0;
	writer->is_isolating = false;
}

static void messages_are_in(struct writer *writer)
{
	if (writer->is_isolating)
		writer->done++;
	if (!writer->is_isolating || writer->done == writer->count)
		finish_batch(writer);
}

static void resolve_doubt(struct writer *writer)
{
	writer->is_in_doubt = false;
	if (!ask_cursor(writer))
		return; /* the same again */
	committed(writer, writer->doubted, writer->doubted_count, writer->doubted_forgets);
	messages_are_in(writer);
}

static bool batch_is_refused(const struct writer *writer)
{
	for (int i = 0; i < writer->count; i++)
		if (is_refused(&writer->batch[i].refusal))
			return true;
	return false;
}

static void apply_batch(struct writer *writer)
{
	struct cursor_move moves[PARTITIONS];
	int move_count = intake_moves(writer, moves);

	if (!writer->is_isolating && batch_is_refused(writer)) { /* nothing is written */
		writer->is_isolating = true;
		counts[COUNT_ISOLATED]++;
		return;
	}
	if (writer->is_isolating) {
		struct cursor_move move = intake_move_first(writer);

		if (transaction_run(writer, &writer->batch[writer->done], 1, true, &move, 1))
			messages_are_in(writer);
	} else if (move_count > 0 && transaction_run(writer, writer->batch, writer->count, false, moves, move_count)) {
		messages_are_in(writer);
	}
}

static void assignment_open(struct writer *writer)
{
	give_up_batch(writer);
	writer->is_assigned = true;
	for (int p = 0; p < PARTITIONS; p++)
		writer->committed[p] = writer->ahead[p] = reg.cursors[p];
}

static bool has_moved(const struct writer *writer)
{
	struct cursor_move moves[PARTITIONS];

	return intake_moves(writer, moves) > 0;
}

void writer_step(void)
{
	struct writer *writer = &writers[one_in(4)]; /* one has most of it */

	if (!world.is_calm && one_in(60)) {
		give_up_batch(writer);
		return;
	}
	if (!writer->is_assigned || (writer->has_new_link && is_idle(writer)))
		assignment_open(writer);
	if (writer->is_in_doubt)
		resolve_doubt(writer);
	else if (writer->count > 0 || has_moved(writer))
		apply_batch(writer);
	else
		poll_verdict(writer);
}

bool writers_are_done(void)
{
	for (int p = 0; p < PARTITIONS; p++) {
		const struct position *at = &reg.cursors[p].position;
		bool is_at_end = at->next_verdict == world.logs[p].verdict_count &&
				 next_message(&world.logs[p], at->next_raw) == world.logs[p].raw_count &&
				 !is_loss_open(p);

		if (!is_at_end && !is_parked(p))
			return false;
	}
	for (int w = 0; w < WRITERS; w++)
		if (writers[w].is_in_doubt)
			return false;
	return true;
}
