#include "write/teacher.h"

enum { SLOTS_MIN = 256 };

void teacher_map_init(struct teacher_map *map, struct arena *arena)
{
	*map = (struct teacher_map){ .arena = arena };
}

/* Keys are HMACs: their own bytes are the hash. One teacher with two boards has two keys. */
static size_t slot_of(const struct teacher_map *map, const uint8_t *key)
{
	uint64_t hash;

	memcpy(&hash, key, sizeof hash);
	return (size_t)hash & (map->slot_count - 1);
}

static bool is_of(const struct teacher *teacher, const struct board_state *board, const uint8_t *key)
{
	return memcmp(teacher->key, key, TEACHER_KEY_BYTES) == 0 && teacher->board == board;
}

struct teacher *teacher_map_find(const struct teacher_map *map, const struct board_state *board, const uint8_t *key)
{
	if (map->slot_count == 0)
		return NULL;
	for (size_t i = slot_of(map, key); map->slots[i]; i = (i + 1) & (map->slot_count - 1))
		if (is_of(map->slots[i], board, key))
			return map->slots[i];
	return NULL;
}

static void map_place(struct teacher_map *map, struct teacher *teacher)
{
	size_t i = slot_of(map, teacher->key);

	while (map->slots[i])
		i = (i + 1) & (map->slot_count - 1);
	map->slots[i] = teacher;
}

static bool map_grow(struct teacher_map *map)
{
	struct teacher **old = map->slots;
	size_t old_count = map->slot_count;
	size_t count = old_count == 0 ? SLOTS_MIN : old_count * 2;
	struct teacher **slots = arena_take_zeroed(map->arena, count, sizeof(struct teacher *));

	if (!slots)
		return false;
	map->slots = slots;
	map->slot_count = count;
	for (size_t i = 0; i < old_count; i++)
		if (old[i])
			map_place(map, old[i]);
	return true;
}

struct teacher *teacher_map_add(struct teacher_map *map, struct board_state *board, const uint8_t *key)
{
	if (map->count >= map->slot_count / 2 && !map_grow(map))
		return NULL;
	struct teacher *teacher = arena_take_zeroed(map->arena, 1, sizeof *teacher);

	if (!teacher)
		return NULL;
	memcpy(teacher->key, key, TEACHER_KEY_BYTES);
	teacher->board = board;
	map_place(map, teacher);
	map->count++;
	return teacher;
}

void teacher_set_row(struct teacher *teacher, const struct teacher_state *row)
{
	if (teacher->flags & TEACHER_LOADED)
		return;
	teacher->now = *row;
	teacher->flags |= TEACHER_LOADED;
	if (row->status != STATUS_NONE)
		teacher->flags |= TEACHER_STORED;
	teacher->now.sequence = MAX(row->sequence, teacher->raised_to);
}

void teacher_raise(struct teacher *teacher, int64_t sequence)
{
	int64_t *at = teacher->flags & TEACHER_LOADED ? &teacher->now.sequence : &teacher->raised_to;

	if (*at >= sequence)
		return;
	*at = sequence;
	teacher->flags |= TEACHER_RAISED;
}

/* The stored row goes to history by the register itself, which has its content; a version of this batch by us. */
static bool teacher_archive(struct teacher *teacher, struct arena *arena, int64_t until)
{
	if (teacher->now.status == STATUS_NONE)
		return true;
	if (!(teacher->flags & TEACHER_WRITTEN)) {
		teacher->was_sequence = teacher->now.sequence;
		teacher->was_until = until;
		return true;
	}
	struct teacher_version *version = arena_take(arena, 1, sizeof *version);

	if (!version)
		return false;
	*version = (struct teacher_version){
		.older = teacher->versions,
		.state = teacher->now,
		.since = teacher->since,
		.until = until,
		.lapsed_on = teacher->lapsed_on,
		.keeps_content = teacher->flags & TEACHER_KEEPS_CONTENT,
		.content = teacher->content,
		.targets = teacher->targets,
	};
	teacher->versions = version;
	return true;
}

static void teacher_erase(struct teacher *teacher, int64_t position)
{
	teacher->flags |= TEACHER_ERASED;
	teacher->erased_at = position;
	for (struct teacher_version *version = teacher->versions; version; version = version->older) {
		version->keeps_content = false;
		version->content = version->targets = (struct slice){ 0 };
	}
}

bool teacher_apply(struct teacher *teacher, struct arena *arena, const struct teacher_change *change)
{
	bool was_written = teacher->flags & TEACHER_WRITTEN;

	if (!teacher_archive(teacher, arena, change->position))
		return false;
	teacher->flags |= TEACHER_WRITTEN;
	teacher->now = change->state;
	teacher->since = change->position;
	teacher->lapsed_on = change->lapsed_on;
	switch (change->state.status) {
	case STATUS_VERVALLEN: /* of a version of this batch content stays where it is */
		if (!was_written)
			teacher->flags |= TEACHER_KEEPS_CONTENT;
		break;
	case STATUS_INGETROKKEN:
		teacher_erase(teacher, change->position);
		/* fall through */
	default:
		teacher->flags &= ~(uint32_t)TEACHER_KEEPS_CONTENT;
		teacher->content = change->content;
		teacher->targets = change->targets;
	}
	if (change->bsn != 0)
		teacher->bsn = change->bsn;
	return true;
}

void teacher_disown(struct teacher *teacher, int64_t position)
{
	teacher->flags |= TEACHER_DISOWNED;
	teacher->disowned_since = position;
}
