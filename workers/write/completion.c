#include "write/completion.h"

#include "protocol/confirm_condition.h"

#include <assert.h>

/* A VOLLEDIG, or one that waited, at its end. */
struct completion {
	struct batch *batch;
	struct board_state *board;
	struct slice keys; /* the teachers it names, rising */
	int64_t sequence;
	int32_t extraction_date;
	int64_t position; /* of the message that makes them lapse */
	bool is_late;	  /* the list of the unchanged may hold a volgnummer that is not lower */
};

static bool is_absent(const struct completion *completion, const struct teacher *teacher)
{
	int64_t sequence = teacher->now.sequence;
	size_t at;

	if (!(teacher->flags & TEACHER_LOADED) || teacher->now.status != STATUS_ACTIEF)
		return false;
	if (completion->is_late)
		sequence = pending_sequence_of(&completion->board->pending, teacher->key, sequence);
	return sequence < completion->sequence && !keys_find(completion->keys, teacher->key, &at);
}

static int64_t count_absent(const struct completion *completion)
{
	int64_t count = 0;

	for (const struct teacher *teacher = completion->board->teachers_first; teacher; teacher = teacher->next)
		count += is_absent(completion, teacher);
	return count;
}

static int lapse_absent(const struct completion *completion, int64_t *ret_lapsed, struct err *err)
{
	*ret_lapsed = 0;
	for (struct teacher *teacher = completion->board->teachers_first; teacher; teacher = teacher->next) {
		if (!is_absent(completion, teacher))
			continue;
		struct teacher_change change = {
			.state = teacher->now,
			.position = completion->position,
			.lapsed_on = completion->extraction_date,
		};

		change.state.status = STATUS_VERVALLEN;
		change.state.sequence = completion->sequence;
		if (!teacher_apply(teacher, completion->batch->arena, &change))
			return batch_full(err);
		++*ret_lapsed;
	}
	completion->board->active -= *ret_lapsed;
	completion->board->is_changed |= *ret_lapsed > 0;
	return 0;
}

/* Nobody is absent if a newer VOLLEDIG is completed, or if as many ACTIEF teachers are named as there are. */
static bool nobody_is_absent(const struct board_state *board, const struct message *message)
{
	return board->sequence_full > message->verdict.header.sequence ||
	       message->named_active == message->active_after;
}

bool completion_needs_all(const struct board_state *board, const struct message *message)
{
	return message->verdict.header.kind == DELIVERY_VOLLEDIG && !board->has_all &&
	       !nobody_is_absent(board, message) && !verdict_hides_teacher(&message->verdict);
}

/* specification 7.3: a completed VOLLEDIG makes confirmations of older ones needless. */
static void cancel_older(const struct board_state *board, int64_t sequence)
{
	for (struct waiting *waiting = board->waiting; waiting; waiting = waiting->next) {
		if (waiting->is_over || waiting->sequence >= sequence)
			continue;
		waiting->is_over = true;
		waiting->notices = NOTICE_K10;
		if (waiting->message) {
			waiting->message->ledger.state = DELIVERY_VERWERKT;
			waiting->message->ledger.notices |= NOTICE_K10;
		}
	}
}

static int add_waiting(struct batch *batch, struct message *message, struct err *err)
{
	const struct wire_verdict *verdict = &message->verdict;
	struct waiting *waiting = arena_take(batch->arena, 1, sizeof *waiting);

	if (!waiting)
		return batch_full(err);
	*waiting = (struct waiting){
		.position = message->position,
		.delivery_id = verdict->header.delivery_id,
		.sequence = verdict->header.sequence,
		.extraction_date = verdict->header.extraction_date,
		.has_keys = true,
		.keys = verdict->keys,
		.message = message,
	};
	memcpy(waiting->key_list, verdict->keys_digest, DIGEST_BYTES);
	board_state_add_waiting(message->board, waiting);
	return 0;
}

/* specification 7.1 and 7.2: who is absent, and whether they lapse or the delivery waits. When nobody can say whom it
 * named, n and m stay 0: nobody lapses by our fault, and nothing waits. */
static bool count_ending(const struct completion *completion, const struct message *message, struct ledger *ledger)
{
	const struct wire_verdict *verdict = &message->verdict;

	if (verdict_hides_teacher(verdict))
		return false;
	ledger->active = message->active_after;
	ledger->absent = nobody_is_absent(completion->board, message) ? 0 : count_absent(completion);
	bool must_wait = outcome_must_wait(ledger->absent, ledger->active, verdict->unreadable_lines > 0);

	if (must_wait)
		ledger->notices |= NOTICE_K06;
	else if (ledger->absent > 0)
		ledger->notices |= NOTICE_R06;
	if (!must_wait)
		ledger->lapsed = ledger->absent;
	return must_wait;
}

int completion_of_delivery(struct batch *batch, struct message *message, bool is_late, struct err *err)
{
	const struct wire_verdict *verdict = &message->verdict;
	struct board_state *board = message->board;
	struct ledger *ledger = &message->ledger;
	struct completion completion = {
		.batch = batch,
		.board = board,
		.keys = verdict->keys,
		.sequence = verdict->header.sequence,
		.extraction_date = verdict->header.extraction_date,
		.position = message->position,
		.is_late = is_late,
	};
	int rc = 0;

	if (verdict->header.kind != DELIVERY_VOLLEDIG)
		return 0;
	bool must_wait = count_ending(&completion, message, ledger);

	if (verdict->header.dry_run)
		return 0;
	if (!must_wait && ledger->absent > 0)
		rc = lapse_absent(&completion, &ledger->lapsed, err);
	if (must_wait) {
		ledger->state = DELIVERY_WACHT;
		rc = add_waiting(batch, message, err);
	}
	if (rc != 0)
		return rc;
	cancel_older(board, verdict->header.sequence);
	board->sequence_full = MAX(board->sequence_full, verdict->header.sequence);
	return 0;
}

struct waiting *completion_find_waiting(const struct board_state *board, struct slice delivery_id)
{
	for (struct waiting *waiting = board->waiting; waiting; waiting = waiting->next)
		if (!waiting->is_over && slice_equal(waiting->delivery_id, delivery_id))
			return waiting;
	return NULL;
}

int completion_confirm(struct batch *batch, struct message *message, struct err *err)
{
	struct board_state *board = message->board;
	struct waiting *waiting = message->confirms;

	if (!waiting)
		return 0;
	assert(waiting->has_keys && board->has_all);
	message->has_other_absent = !condition_holds(message->verdict.condition, message->absent_sha256);
	if (message->has_other_absent)
		return 0;
	struct completion completion = {
		.batch = batch,
		.board = board,
		.keys = waiting->keys,
		.sequence = waiting->sequence,
		.extraction_date = waiting->extraction_date,
		.position = message->position,
		.is_late = true,
	};

	/* a completed VOLLEDIG with a higher volgnummer would have cancelled it, so L is not empty for that reason */
	int rc = lapse_absent(&completion, &waiting->lapsed, err);

	if (rc != 0)
		return rc;
	waiting->is_over = true;
	waiting->notices = waiting->lapsed > 0 ? NOTICE_R06 : 0;
	message->has_confirmed = true;
	message->confirmed_lapsed = waiting->lapsed;
	if (waiting->message) {
		waiting->message->ledger.state = DELIVERY_VERWERKT;
		waiting->message->ledger.notices |= waiting->notices;
		waiting->message->ledger.lapsed = waiting->lapsed;
	}
	return 0;
}
