#include "validate/cache_fold.h"

#include "validate/cache_entries.h"

enum change_kind { CHANGE_NONE, CHANGE_SET, CHANGE_REMOVE };

struct change {
	enum change_kind kind;
	const uint8_t *key;
	const uint8_t *hash; /* of CHANGE_SET */
};

/* Walks the groups of a verdict that touch an entry. */
struct change_walk {
	const struct wire_verdict *verdict;
	bool is_late;
	size_t group;
	size_t hash;
};

static bool class_has_hash(uint8_t class)
{
	return class == VERDICT_CANDIDATE || class == VERDICT_UNCHANGED;
}

static enum change_kind change_of(uint8_t class, bool is_late)
{
	switch (class) {
	case VERDICT_UNCHANGED:
		return CHANGE_SET;
	case VERDICT_CANDIDATE:
		return is_late ? CHANGE_REMOVE : CHANGE_SET;
	case VERDICT_WITHDRAW:
		return CHANGE_REMOVE;
	default:
		return CHANGE_NONE;
	}
}

static bool change_next(struct change_walk *walk, struct change *ret)
{
	const struct wire_verdict *verdict = walk->verdict;
	size_t keys = verdict->keys.n / TEACHER_KEY_BYTES;

	while (walk->group < keys) {
		size_t group = walk->group++;

		*ret = (struct change){ .kind = CHANGE_REMOVE,
					.key = (const uint8_t *)verdict->keys.p + group * TEACHER_KEY_BYTES };
		if (verdict->kind == VERDICT_KIND_FORGET)
			return true;
		uint8_t class = (uint8_t)verdict->classes.p[group];

		ret->kind = change_of(class, walk->is_late);
		if (class_has_hash(class))
			ret->hash = (const uint8_t *)verdict->hashes.p + walk->hash++ * CONTENT_HASH_BYTES;
		if (ret->kind != CHANGE_NONE)
			return true;
	}
	return false;
}

/* The entries lie in the caller's arena and may be written: see cache_fold.h. */
static uint8_t *entries_to_write(const struct cache_board *board)
{
	return (uint8_t *)(uintptr_t)board->entries.p;
}

struct change_count {
	size_t inserted;
	size_t removed;
};

/* Entries that are there get their new hash and sequence; those to insert or remove are counted. */
static struct change_count fold_standing(struct cache_board *board, struct change_walk walk, int64_t sequence)
{
	struct change_count count = { 0 };
	struct change change;
	size_t at = 0;

	while (change_next(&walk, &change)) {
		bool stands = entries_find(board->entries, &at, change.key) != NULL;

		if (stands && change.kind == CHANGE_SET) {
			entry_set(entries_to_write(board) + at * CACHE_ENTRY_BYTES, change.hash, sequence);
			board->is_changed = true;
		}
		count.inserted += !stands && change.kind == CHANGE_SET;
		count.removed += stands && change.kind == CHANGE_REMOVE;
	}
	return count;
}

/* Copies the entries to out, without the removed and with the new ones. out may be the entries themselves when
 * nothing is added: writing never overtakes reading then. */
static void fold_joins_and_leaves(struct slice entries, struct change_walk walk, int64_t sequence, uint8_t *out)
{
	struct change change;
	size_t at = 0, copied = 0;

	while (change_next(&walk, &change)) {
		bool stands = entries_find(entries, &at, change.key) != NULL;

		if (stands == (change.kind == CHANGE_SET))
			continue;
		size_t run_bytes = (at - copied) * CACHE_ENTRY_BYTES;

		if (run_bytes > 0)
			memmove(out, entries_at(entries, copied), run_bytes);
		out += run_bytes;
		copied = at + stands;
		if (!stands) {
			memcpy(out, change.key, TEACHER_KEY_BYTES);
			entry_set(out, change.hash, sequence);
			out += CACHE_ENTRY_BYTES;
		}
	}
	if (copied < entries_count(entries))
		memmove(out, entries_at(entries, copied), entries.n - copied * CACHE_ENTRY_BYTES);
}

static int fold_groups(struct cache_board *board, const struct wire_verdict *verdict, struct arena *arena,
		       struct err *err)
{
	/* a replay's volgnummer is at or below max already; of one that speaks of no delivery the writer takes
	 * nothing */
	bool is_late = verdict->kind == VERDICT_KIND_REPLAY || verdict->header.sequence <= board->sequence_max;
	struct change_walk walk = { .verdict = verdict, .is_late = is_late };
	struct change_count count = fold_standing(board, walk, verdict->header.sequence);

	if (count.inserted + count.removed == 0)
		return 0;
	size_t entries = entries_count(board->entries) + count.inserted - count.removed;
	uint8_t *out = count.inserted == 0 ? entries_to_write(board) : arena_take(arena, entries, CACHE_ENTRY_BYTES);

	if (!out)
		return err_set(err, ERR_FULL, "arena", "%zu entries of a board do not fit the arena", entries);
	fold_joins_and_leaves(board->entries, walk, verdict->header.sequence, out);
	board->entries = slice_make(out, entries * CACHE_ENTRY_BYTES);
	board->is_changed = true;
	return 0;
}

static int fold_teachers(struct cache_board *board, const struct wire_verdict *verdict, uint32_t key_id,
			 struct arena *arena, struct err *err)
{
	if ((uint32_t)verdict->key_id == key_id)
		return fold_groups(board, verdict, arena, err);
	board->is_changed = board->is_changed || board->entries.n > 0;
	board->entries.n = 0;
	return 0;
}

static void fold_sequence(int64_t *highest, int64_t sequence, bool *is_changed)
{
	if (sequence > *highest) {
		*highest = sequence;
		*is_changed = true;
	}
}

int cache_fold(struct cache_board *board, const struct wire_verdict *verdict, uint32_t key_id, struct arena *arena,
	       struct err *err)
{
	switch (verdict->kind) {
	case VERDICT_KIND_FORGET:
		return fold_teachers(board, verdict, key_id, arena, err);
	case VERDICT_KIND_SET_BACK:
		board->is_changed = board->is_changed || board->entries.n > 0;
		board->entries.n = 0;
		return 0;
	case VERDICT_KIND_DELIVERY:
	case VERDICT_KIND_REPLAY:
		break;
	default:
		return 0;
	}
	if (verdict->header.dry_run || verdict->replay_dry_run)
		return 0;
	int rc = fold_teachers(board, verdict, key_id, arena, err);

	if (rc < 0)
		return rc;
	fold_sequence(&board->sequence_max, verdict->header.sequence, &board->is_changed);
	if (verdict->header.kind == DELIVERY_VOLLEDIG)
		fold_sequence(&board->sequence_full, verdict->header.sequence, &board->is_changed);
	return 0;
}

static bool is_surely_current(const struct cache_board *board, size_t *at, const struct judged_group *group)
{
	const uint8_t *entry = entries_find(board->entries, at, group->key);

	return entry && memcmp(entry_hash(entry), group->content_hash, CONTENT_HASH_BYTES) == 0 &&
	       entry_sequence(entry) >= board->sequence_full;
}

void cache_classify(const struct cache_board *board, enum delivery_kind kind, int64_t sequence, bool is_dry,
		    const struct judged *judged, uint8_t *ret_classes)
{
	bool may_skip = board && !is_dry && sequence > board->sequence_max;
	size_t at = 0;

	for (size_t i = 0; i < judged->group_count; i++) {
		const struct judged_group *group = &judged->groups[i];

		if (!group->is_valid)
			ret_classes[i] = VERDICT_REJECTED;
		else if (kind == DELIVERY_INTREKKING)
			ret_classes[i] = VERDICT_WITHDRAW;
		else if (may_skip && is_surely_current(board, &at, group))
			ret_classes[i] = VERDICT_UNCHANGED;
		else
			ret_classes[i] = VERDICT_CANDIDATE;
	}
}
