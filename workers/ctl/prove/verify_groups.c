#include "ctl/prove/verify_groups.h"

#include "ctl/base/erased_key.h"
#include "protocol/outcomes.h"

#include <stdlib.h>

enum { OUTCOMES_BYTES_MAX = 1 << 20 };

struct named {
	uint8_t key[TEACHER_KEY_BYTES];
	uint8_t outcome;
	bool is_erased;
};

static int compare_named(const void *a, const void *b)
{
	return memcmp(((const struct named *)a)->key, ((const struct named *)b)->key, TEACHER_KEY_BYTES);
}

static bool is_given_up(const struct verify_delivery *delivery)
{
	for (size_t i = 0; i < delivery->line_count; i++)
		if (delivery->lines[i].is_readable || delivery->lines[i].outcome != OUTCOME_QUARANTAINE)
			return false;
	return true;
}

static void add_listed(struct strbuf *keys, const struct named *named)
{
	uint8_t erased[TEACHER_KEY_BYTES];

	erased_key_after(keys->n > 0 ? (const uint8_t *)keys->p + keys->n - TEACHER_KEY_BYTES : NULL, erased);
	strbuf_add_bytes(keys, named->is_erased ? erased : named->key, TEACHER_KEY_BYTES);
}

bool verify_groups_make(const struct verify_delivery *delivery, bool by_key_before, struct verify_groups *ret)
{
	struct named *named = calloc(delivery->line_count, sizeof *named);
	uint8_t *outcomes = calloc(delivery->line_count, 1);
	size_t count = 0, groups = 0;

	*ret = (struct verify_groups){ .is_by_key_before = by_key_before };
	strbuf_init(&ret->outcomes, OUTCOMES_BYTES_MAX);
	strbuf_init(&ret->keys, (size_t)FILE_LINES_MAX * TEACHER_KEY_BYTES);
	strbuf_init(&ret->own_keys, (size_t)FILE_LINES_MAX * TEACHER_KEY_BYTES);
	for (size_t i = 0; named && outcomes && i < delivery->line_count; i++) {
		const struct verify_line *line = &delivery->lines[i];

		ret->lines[outcome_counted_as((enum outcome)line->outcome)]++;
		ret->unreadable += !line->is_readable;
		if (!line->is_readable)
			continue;
		memcpy(named[count].key, by_key_before ? line->key_before : line->key, TEACHER_KEY_BYTES);
		named[count].is_erased = line->is_erased;
		named[count++].outcome = line->outcome;
	}
	if (named && outcomes && count > 0)
		qsort(named, count, sizeof *named, compare_named);
	for (size_t i = 0; named && outcomes && i < count; i++) {
		if (i > 0 && compare_named(&named[i - 1], &named[i]) == 0)
			continue;
		strbuf_add_bytes(&ret->own_keys, named[i].key, TEACHER_KEY_BYTES);
		add_listed(&ret->keys, &named[i]);
		outcomes[groups++] = named[i].outcome;
	}
	for (size_t i = 0; named && outcomes && i < delivery->line_count; i++)
		if (!delivery->lines[i].is_readable)
			outcomes[groups++] = delivery->lines[i].outcome;
	if (outcomes && is_given_up(delivery))
		groups = 1;
	if (outcomes)
		outcomes_encode(&ret->outcomes, outcomes, groups);
	bool is_made = named && outcomes && strbuf_ok(&ret->outcomes) && strbuf_ok(&ret->keys) &&
		       strbuf_ok(&ret->own_keys);

	free(named);
	free(outcomes);
	return is_made;
}

void verify_groups_release(struct verify_groups *groups)
{
	strbuf_release(&groups->outcomes);
	strbuf_release(&groups->keys);
	strbuf_release(&groups->own_keys);
}

void verify_digest(struct slice bytes, uint8_t ret[TEACHER_KEY_BYTES])
{
	uint8_t sha256[32];

	sha256_of(bytes, sha256);
	memcpy(ret, sha256, TEACHER_KEY_BYTES);
}

bool verify_groups_are_listed(const struct verify_groups *groups, struct slice key_list)
{
	uint8_t digest[TEACHER_KEY_BYTES];

	verify_digest(strbuf_slice(&groups->keys), digest);
	return slice_equal(key_list, slice_make(digest, sizeof digest));
}

bool verify_groups_make_as(const struct verify_board *board, const struct verify_delivery *delivery,
			   struct slice key_list, struct verify_groups *ret)
{
	struct verify_groups before = { 0 };

	if (!verify_groups_make(delivery, false, ret))
		return false;
	if (!board->key_before || verify_groups_are_listed(ret, key_list))
		return true;
	bool is_before = verify_groups_make(delivery, true, &before) && verify_groups_are_listed(&before, key_list);

	verify_groups_release(is_before ? ret : &before);
	if (is_before)
		*ret = before;
	return true;
}
