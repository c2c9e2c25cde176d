#include "write/board_state.h"

void board_state_init(struct board_state *board, int32_t number, int32_t partition)
{
	*board = (struct board_state){ .number = number, .partition = partition, .has_all = true };
	board->waiting_end = &board->waiting;
}

void board_state_set_row(struct board_state *board, const struct board_row *row)
{
	board->is_stored = true;
	board->sequence_max = row->sequence_max;
	board->sequence_full = row->sequence_full;
	board->sequence_top = row->sequence_top;
	board->teachers = row->teachers;
	board->active = row->active;
	board->disowned = row->disowned;
	board->has_all = row->teachers == 0;
	if (!row->pending_key_list)
		return;
	board->pending.sequence = row->pending_sequence;
	memcpy(board->pending.key_list, row->pending_key_list, DIGEST_BYTES);
	board->pending.members = (const uint8_t *)row->pending_members.p;
	board->pending.member_bytes = row->pending_members.n;
	board->pending.member_count = bits_count(board->pending.members, board->pending.member_bytes);
}

void board_state_add_known(struct board_state *board, struct known_delivery *known)
{
	known->next = board->known;
	board->known = known;
}

void board_state_add_waiting(struct board_state *board, struct waiting *waiting)
{
	*board->waiting_end = waiting;
	board->waiting_end = &waiting->next;
}

bool board_state_knows(const struct board_state *board, const struct wire_header *header, int32_t attempt)
{
	for (const struct known_delivery *known = board->known; known; known = known->next)
		if (known->attempt >= attempt && slice_equal(known->id, header->delivery_id) &&
		    memcmp(known->fingerprint, header->fingerprint, sizeof header->fingerprint) == 0)
			return true;
	return false;
}
