/* hash: FNV-1a of 64 bits, to tell texts of ours apart. Nobody hostile may choose them: collisions are easily made. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

static const uint64_t HASH_BEGIN = UINT64_C(0xcbf29ce484222325);

static inline uint64_t hash_add(uint64_t hash, const void *bytes, size_t n)
{
	for (const uint8_t *p = bytes; n > 0; p++, n--)
		hash = (hash ^ *p) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
