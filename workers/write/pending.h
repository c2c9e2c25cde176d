/* pending: which teachers of a board a delivery left unchanged, and its volgnummer (design 5.3(b)).
 *
 * A night in which nothing changed must not write one row per teacher. So a board has at most one pending list: a key
 * list with one bit per key. A teacher whose bit is set has at least the list's sequence, whatever his row says.
 *
 *   1. a delivery leaves teachers unchanged: they are the new list
 *   2. it replaces the old list, if its volgnummer is higher and it has at least half as many members. Members of the
 *      old list that the new one does not cover get the old sequence into their rows
 *   3. otherwise the old list stays, and the few teachers of the new one get its sequence into their rows
 *
 * The keys of the list stand in the register under their digest. They are read only when they are needed: for a message
 * at or below the board's highest volgnummer, for a confirmation, or to replace the list by one of another key list. */
#ifndef WRITE_PENDING_H
#define WRITE_PENDING_H

#include "base/arena.h"
#include "model/teacher_key.h"

enum { DIGEST_BYTES = 16 };

struct pending {
	int64_t sequence;		/* 0: no list */
	uint8_t key_list[DIGEST_BYTES]; /* its digest */
	const uint8_t *members;		/* bit i, lowest first: key i of the list is a member */
	size_t member_bytes;
	size_t member_count;
	bool has_keys;
	struct slice keys; /* when has_keys */
};

static inline size_t bits_bytes(size_t bits)
{
	return (bits + 7) / 8;
}

static inline bool bit_is_set(const uint8_t *bits, size_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

static inline void bit_set(uint8_t *bits, size_t i)
{
	bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
}

static inline void bit_clear(uint8_t *bits, size_t i)
{
	bits[i / 8] &= (uint8_t) ~(1u << i % 8);
}

size_t bits_count(const uint8_t *bits, size_t bytes);

static inline size_t keys_count(struct slice keys)
{
	return keys.n / TEACHER_KEY_BYTES;
}

static inline const uint8_t *keys_at(struct slice keys, size_t i)
{
	return (const uint8_t *)keys.p + i * TEACHER_KEY_BYTES;
}

/* keys are sorted. false: key is not among them. */
MUSTUSE bool keys_find(struct slice keys, const uint8_t *key, size_t *ret);

/* The volgnummer that counts: of the row, or of the list if it is higher and names the teacher. Needs the keys. */
int64_t pending_sequence_of(const struct pending *pending, const uint8_t *key, int64_t row_sequence);

/* Whether a list of member_count members, delivered with sequence, replaces the one that stands. */
bool pending_gives_way(const struct pending *pending, int64_t sequence, size_t member_count);

#endif
