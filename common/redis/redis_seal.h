/* redis_seal: MACs that bind what stands in Redis to its place, so that only what we wrote there, and wrote there last,
 * is believed (design 4).
 *
 *   head   over gen, wm, vp, tip, boards   in the head's field "seal"; boards: how many have a field, so that one
 *                                          which is removed is missed
 *   entries over a board's string          in the board's field of the head, so the head says which string is current
 *   board  over max, full, seal of entries in the board's field too
 *
 * Each is HMAC-SHA-256, cut to 16 bytes, under a key derived from the HMAC key with a domain of its own, over a domain
 * word, topic, partition, gen and board. What they prevent: an old string of a board that comes back under a head that
 * went on (a key restored by hand, or moved with its slot) says "unchanged" of a content that is no more. tests/model:
 * NO_SEAL. They cannot see a whole partition that went back: that the start folds from the log. Pure. */
#ifndef REDIS_REDIS_SEAL_H
#define REDIS_REDIS_SEAL_H

#include "model/teacher_key.h"

enum { REDIS_SEAL_BYTES = 16 };

struct redis_seal_place {
	const struct hmac_key *key; /* of seals */
	const char *topic;
	int32_t partition;
	struct slice gen;
};

/* The key of seals, from the key of teachers. */
void redis_seal_key(const struct hmac_key *teacher_key, struct hmac_key *ret);

/* word: what the bytes are, "head", "entries" or "board"; board: 0 for a head. */
void redis_seal(const struct redis_seal_place *place, const char *word, uint32_t board, struct slice bytes,
		uint8_t ret[REDIS_SEAL_BYTES]);

#endif
