#include "gateway/load.h"

#include <assert.h>
#include <stdlib.h>

enum { BUCKETS = 1024, BOARDS = BOARD_NUMBER_MAX + 1 };

struct load {
	struct load_limits limits;
	struct sender *senders[BUCKETS];
	uint32_t uploads[BOARDS], questions[BOARDS];
};

struct load *load_new(const struct load_limits *limits)
{
	struct load *load = calloc(1, sizeof *load);

	if (load)
		load->limits = *limits;
	return load;
}

void load_free(struct load *load)
{
	for (size_t i = 0; load && i < BUCKETS; i++)
		for (struct sender *sender = load->senders[i], *next; sender; sender = next) {
			next = sender->next;
			free(sender);
		}
	free(load);
}

struct sender *load_sender(struct load *load, uint64_t id)
{
	struct sender **at = &load->senders[id % BUCKETS];

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	if (*at)
		return *at;
	struct sender *sender = calloc(1, sizeof *sender);

	if (sender)
		sender->id = id;
	*at = sender;
	return sender;
}

static uint32_t *board_count(struct load *load, enum load_kind kind, uint32_t board)
{
	assert(board < BOARDS);
	return kind == LOAD_UPLOAD ? &load->uploads[board] : &load->questions[board];
}

static bool begin_stranger(const struct load *load, struct load_part *part, struct sender *sender)
{
	if (sender->questions_in_progress >= load->limits.board_questions_max)
		return false;
	sender->questions_in_progress++;
	*part = (struct load_part){ .kind = LOAD_STRANGER, .sender = sender };
	return true;
}

bool load_begin(struct load *load, struct load_part *part, enum load_kind kind, struct sender *sender, uint32_t board)
{
	const struct load_limits *limits = &load->limits;

	assert(part->kind == LOAD_NONE && kind != LOAD_NONE);
	if (kind == LOAD_STRANGER)
		return begin_stranger(load, part, sender);
	uint32_t *count = board_count(load, kind, board);

	if (*count >= (kind == LOAD_UPLOAD ? limits->board_uploads_max : limits->board_questions_max))
		return false;
	if (kind == LOAD_UPLOAD && sender->uploads_in_progress >= limits->sender_uploads_max)
		return false;
	++*count;
	sender->uploads_in_progress += kind == LOAD_UPLOAD;
	*part = (struct load_part){ kind, sender, board };
	return true;
}

void load_end(struct load *load, struct load_part *part)
{
	if (part->kind == LOAD_NONE)
		return;
	if (part->kind == LOAD_STRANGER)
		part->sender->questions_in_progress--;
	else
		--*board_count(load, part->kind, part->board);
	part->sender->uploads_in_progress -= part->kind == LOAD_UPLOAD;
	*part = (struct load_part){ 0 };
}
