#include "write/set_back.h"

void set_back_apply(struct message *message)
{
	struct board_state *board = message->board;
	struct set_back *made = &message->set_back;
	int64_t sequence = message->verdict.header.sequence;

	*made = (struct set_back){ .sequence_before = board->sequence_max };
	if (sequence >= board->sequence_max)
		return;
	made->is_executed = true;
	for (struct waiting *waiting = board->waiting; waiting; waiting = waiting->next) {
		if (waiting->is_over || waiting->sequence <= sequence)
			continue;
		waiting->is_over = true;
		waiting->notices = NOTICE_K10;
		made->cancelled++;
		if (waiting->message) {
			waiting->message->ledger.state = DELIVERY_VERWERKT;
			waiting->message->ledger.notices |= NOTICE_K10;
		}
	}
	board->sequence_top = MAX(board->sequence_top, board->sequence_max);
	board->sequence_max = sequence;
	board->sequence_full = MIN(board->sequence_full, sequence);
	board->pending.sequence = MIN(board->pending.sequence, sequence);
	board->is_changed = true;
}

void set_back_bound_replay(struct message *message)
{
	struct wire_header *header = &message->verdict.header;

	header->sequence = MIN(header->sequence, message->board->sequence_max);
}
