/* position: where in the log something happened, as one number.
 *
 *   generation << 52 | partition << 40 | raw offset
 *
 * The generation is the number at the end of the raw topic's name (instroom.raw.1). Positions of one board rise in log
 * order, as a board stays in its partition and generations count up. The same log gives the same numbers, so a register
 * that is derived again has the same rows. Pure. */
#ifndef WRITE_POSITION_H
#define WRITE_POSITION_H

#include "base/num.h"

enum {
	POSITION_PARTITION_BITS = 12,
	POSITION_OFFSET_BITS = 40,
	POSITION_GENERATION_MAX = (1 << 11) - 1, /* the sign bit stays free */
	POSITION_PARTITION_MAX = (1 << POSITION_PARTITION_BITS) - 1,
};
#define POSITION_OFFSET_MAX (((int64_t)1 << POSITION_OFFSET_BITS) - 1)

static inline int64_t position_make(int32_t generation, int32_t partition, int64_t offset)
{
	return (int64_t)generation << (POSITION_PARTITION_BITS + POSITION_OFFSET_BITS) |
	       (int64_t)partition << POSITION_OFFSET_BITS | offset;
}

static inline int32_t position_generation(int64_t position)
{
	return (int32_t)(position >> (POSITION_PARTITION_BITS + POSITION_OFFSET_BITS));
}

static inline int32_t position_partition(int64_t position)
{
	return (int32_t)(position >> POSITION_OFFSET_BITS) & POSITION_PARTITION_MAX;
}

static inline int64_t position_offset(int64_t position)
{
	return position & POSITION_OFFSET_MAX;
}

/* false: the topic's name does not end in a dot and a number of 1 to POSITION_GENERATION_MAX. */
MUSTUSE static inline bool position_generation_of(struct slice topic, int32_t *ret)
{
	size_t dot = topic.n;
	uint64_t generation;

	while (dot > 0 && topic.p[dot - 1] != '.')
		dot--;
	if (dot == 0 || !num_parse_u64(slice_from(topic, dot), POSITION_GENERATION_MAX, &generation) || generation == 0)
		return false;
	*ret = (int32_t)generation;
	return true;
}

#endif
