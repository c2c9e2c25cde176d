/* erased_key: what stands in a key list for a teacher who was erased from it (design 11): the key before his and 1.
 *
 * The place is kept, so that outcomes and lines still find their group, and keys still rise; nothing of the erased key
 * is left. Two keys of teachers follow each other by 1 once in 2^100 lists. */
#ifndef CTL_ERASED_KEY_H
#define CTL_ERASED_KEY_H

#include "model/teacher_key.h"

#include <string.h>

/* before NULL: he was the first. */
static inline void erased_key_after(const uint8_t *before, uint8_t ret[TEACHER_KEY_BYTES])
{
	memset(ret, 0, TEACHER_KEY_BYTES);
	if (before)
		memcpy(ret, before, TEACHER_KEY_BYTES);
	for (size_t i = TEACHER_KEY_BYTES; i-- > 0;)
		if (++ret[i] != 0)
			break;
}

static inline bool erased_key_is(const uint8_t *before, const uint8_t key[TEACHER_KEY_BYTES])
{
	uint8_t erased[TEACHER_KEY_BYTES];

	erased_key_after(before, erased);
	return memcmp(erased, key, TEACHER_KEY_BYTES) == 0;
}

/* Takes the key at index out of a list. Whoever stands behind it and was erased before is named by a key that follows
 * it: it moves, too, so the list is the same whoever was erased first. */
static inline void erased_key_put(uint8_t *keys, size_t count, size_t index)
{
	uint8_t was[TEACHER_KEY_BYTES] = { 0 };

	for (size_t i = index; i < count; i++) {
		uint8_t *key = keys + i * TEACHER_KEY_BYTES;

		if (i > index && !erased_key_is(was, key))
			break;
		memcpy(was, key, TEACHER_KEY_BYTES);
		erased_key_after(i > 0 ? key - TEACHER_KEY_BYTES : NULL, key);
	}
}

#endif
