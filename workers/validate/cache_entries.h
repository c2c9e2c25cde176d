/* cache_entries: what is certain of one board's teachers, packed as redis_cache keeps it.
 *
 *   teacher key 16, content hash 16, sequence 8 big-endian; sorted by teacher key, each key once
 *
 * Pure. An entry says: the register's current content of this teacher has this hash and was delivered with this
 * sequence. No entry means "not sure", never "not there" (design 4). */
#ifndef VALIDATE_CACHE_ENTRIES_H
#define VALIDATE_CACHE_ENTRIES_H

#include "base/num.h"
#include "model/teacher_key.h"
#include "redis/redis_cache.h"

#include <assert.h>

enum { ENTRY_HASH_AT = TEACHER_KEY_BYTES, ENTRY_SEQUENCE_AT = ENTRY_HASH_AT + CONTENT_HASH_BYTES };

static inline size_t entries_count(struct slice entries)
{
	return entries.n / CACHE_ENTRY_BYTES;
}

static inline const uint8_t *entries_at(struct slice entries, size_t index)
{
	return (const uint8_t *)entries.p + index * CACHE_ENTRY_BYTES;
}

static inline const uint8_t *entry_hash(const uint8_t *entry)
{
	return entry + ENTRY_HASH_AT;
}

static inline int64_t entry_sequence(const uint8_t *entry)
{
	return (int64_t)num_get_be64(entry + ENTRY_SEQUENCE_AT);
}

static inline void entry_set(uint8_t *entry, const uint8_t *hash, int64_t sequence)
{
	assert(hash);
	memcpy(entry + ENTRY_HASH_AT, hash, CONTENT_HASH_BYTES);
	num_put_be64(entry + ENTRY_SEQUENCE_AT, (uint64_t)sequence);
}

/* Byte order of two teacher keys, as memcmp. */
static inline int teacher_key_compare(const uint8_t *a, const uint8_t *b)
{
	uint64_t x = num_get_be64(a), y = num_get_be64(b);

	if (x == y) {
		x = num_get_be64(a + 8);
		y = num_get_be64(b + 8);
	}
	return (x > y) - (x < y);
}

/* The first index, from `from` on, whose key is key or above; the count when there is none. Walk a sorted list of keys
 * with from = the index found last: each look-up then costs the logarithm of the gap, so few keys in many entries are
 * cheap. */
size_t entries_seek(struct slice entries, size_t from, const uint8_t *key);

/* The entry of key, from *at on; NULL: there is none. *at moves to where it is, or would be. */
const uint8_t *entries_find(struct slice entries, size_t *at, const uint8_t *key);

#endif
