#include "write/pending.h"

#include <assert.h>

size_t bits_count(const uint8_t *bits, size_t bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes; i++)
		count += (size_t)__builtin_popcount(bits[i]);
	return count;
}

bool keys_find(struct slice keys, const uint8_t *key, size_t *ret)
{
	size_t low = 0, high = keys_count(keys);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(keys_at(keys, middle), key, TEACHER_KEY_BYTES);

		if (order == 0) {
			*ret = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int64_t pending_sequence_of(const struct pending *pending, const uint8_t *key, int64_t row_sequence)
{
	size_t i;

	if (pending->sequence <= row_sequence)
		return row_sequence;
	assert(pending->has_keys);
	if (!keys_find(pending->keys, key, &i) || i / 8 >= pending->member_bytes || !bit_is_set(pending->members, i))
		return row_sequence;
	return pending->sequence;
}

bool pending_gives_way(const struct pending *pending, int64_t sequence, size_t member_count)
{
	if (pending->sequence == 0)
		return true;
	/* a lower one never: nobody in it is in the list that stands, so replacing would write that whole list */
	return sequence > pending->sequence && member_count >= pending->member_count - pending->member_count / 2;
}
