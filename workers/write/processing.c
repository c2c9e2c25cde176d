#include "write/processing.h"

#include "model/date.h"
#include "write/completion.h"
#include "write/decision.h"
#include "write/restatement.h"
#include "write/set_back.h"
#include "write/spot_check.h"
#include "write/unchanged.h"

enum { DATA_DAYS_MAX = 31 }; /* LR-K05 */

static uint32_t wants_pending_keys(const struct board_state *board)
{
	return board->pending.sequence > 0 && !board->pending.has_keys ? WANT_PENDING_KEYS : 0;
}

static uint32_t confirm_wants(const struct board_state *board, struct message *message)
{
	message->confirms = completion_find_waiting(board, message->verdict.header.delivery_id);
	if (!message->confirms)
		return 0;
	return wants_pending_keys(board) | (message->confirms->has_keys ? 0 : WANT_WAITING_KEYS) |
	       (board->has_all ? 0 : WANT_ALL_TEACHERS) | (message->verdict.condition.n > 0 ? WANT_ABSENT_SHA256 : 0);
}

static bool is_repeat(const struct board_state *board, const struct message *message)
{
	return board_state_knows(board, &message->verdict.header, message->verdict.attempt);
}

uint32_t processing_first_wants(const struct batch *batch, struct message *message)
{
	const struct board_state *board = message->board;

	if (message->verdict.kind == VERDICT_KIND_CONFIRM)
		return confirm_wants(board, message);
	if (message->verdict.kind == VERDICT_KIND_SET_BACK)
		return 0;
	if (message->verdict.kind == VERDICT_KIND_REPLAY)
		return message->standing ? wants_pending_keys(board) : 0; /* always late */
	if (is_repeat(board, message))
		return 0;
	if (message_is_late(message, board->sequence_max))
		return wants_pending_keys(board);
	spot_check_first(batch, message);
	return message->checks_all && !board->has_all ? WANT_ALL_TEACHERS : 0;
}

/* Contact persons are kept with history: one row each time they change. */
static void note_contact(struct message *message)
{
	const struct wire_header *header = &message->verdict.header;
	struct contact *latest = &message->board->contact;

	if (!message_has_contact(message) || message->refusal.is_whole ||
	    (slice_equal(latest->name, header->contact_name) && slice_equal(latest->phone, header->contact_phone) &&
	     slice_equal(latest->email, header->contact_email)))
		return;
	message->has_new_contact = true;
	*latest = (struct contact){ header->contact_name, header->contact_phone, header->contact_email };
}

static int enter(struct batch *batch, struct message *message, struct err *err)
{
	const struct wire_header *header = &message->verdict.header;
	struct known_delivery *known = arena_take(batch->arena, 1, sizeof *known);

	if (!known)
		return batch_full(err);
	*known = (struct known_delivery){ .id = header->delivery_id, .fingerprint = header->fingerprint };
	board_state_add_known(message->board, known);
	message->is_entered = true;
	message->board->is_changed = true;
	message->ledger.state = DELIVERY_VERWERKT;
	if (message_is_late(message, message->board->sequence_max))
		message->ledger.notices |= NOTICE_K04;
	if (date_add_days(header->extraction_date, DATA_DAYS_MAX) < header->received_on)
		message->ledger.notices |= NOTICE_K05;
	note_contact(message);
	return 0;
}

int processing_first_half(struct batch *batch, struct message *message, struct err *err)
{
	if (message->verdict.kind == VERDICT_KIND_CONFIRM)
		return completion_confirm(batch, message, err);
	if (message->verdict.kind == VERDICT_KIND_SET_BACK) {
		set_back_apply(message);
		return 0;
	}
	if (message->verdict.kind == VERDICT_KIND_REPLAY) {
		set_back_bound_replay(message);
		return restatement_make(batch, message, err);
	}
	if (is_repeat(message->board, message)) /* specification 2.1: changes nothing */
		return 0;
	int rc = enter(batch, message, err);

	return rc != 0 ? rc : decision_make(batch, message, err);
}

uint32_t processing_second_wants(const struct board_state *board, const struct message *message)
{
	if (!message->is_entered)
		return 0;
	return (unchanged_needs_keys(board, message) ? WANT_PENDING_KEYS : 0) |
	       (completion_needs_all(board, message) ? WANT_ALL_TEACHERS : 0);
}

int processing_second_half(struct batch *batch, struct message *message, struct err *err)
{
	struct board_state *board = message->board;

	if (message->replay == REPLAY_ENTERED)
		return unchanged_record(batch, message, err);
	if (!message->is_entered)
		return 0;
	bool is_late = message_is_late(message, board->sequence_max);
	int rc = unchanged_record(batch, message, err);

	if (rc == 0)
		rc = completion_of_delivery(batch, message, is_late, err);
	if (rc == 0 && !message->verdict.header.dry_run)
		board->sequence_max = MAX(board->sequence_max, message->verdict.header.sequence);
	return rc;
}
