/* position: where in the log something happened, as the ledger keeps it: generation << 52 | partition << 40 | offset
 * (ARCHITECTURE.md, "Positions are numbers of the log"). Pure. */
#ifndef CTL_POSITION_H
#define CTL_POSITION_H

#include "base/num.h"

enum { POSITION_PARTITION_BITS = 12, POSITION_OFFSET_BITS = 40, POSITION_GENERATION_MAX = (1 << 11) - 1 };

static inline int32_t position_generation(int64_t position)
{
	return (int32_t)(position >> (POSITION_PARTITION_BITS + POSITION_OFFSET_BITS));
}

static inline int32_t position_partition(int64_t position)
{
	return (int32_t)(position >> POSITION_OFFSET_BITS) & ((1 << POSITION_PARTITION_BITS) - 1);
}

static inline int64_t position_offset(int64_t position)
{
	return position & (((int64_t)1 << POSITION_OFFSET_BITS) - 1);
}

static inline int64_t position_make(int32_t generation, int32_t partition, int64_t offset)
{
	return (int64_t)generation << (POSITION_PARTITION_BITS + POSITION_OFFSET_BITS) |
	       (int64_t)partition << POSITION_OFFSET_BITS | offset;
}

/* "instroom.raw." of instroom.raw.1, and 1. false: the name does not end in a dot and a generation. */
MUSTUSE static inline bool position_split_topic(struct slice topic, struct slice *ret_stem, int32_t *ret_generation)
{
	size_t dot = topic.n;
	uint64_t generation;

	while (dot > 0 && topic.p[dot - 1] != '.')
		dot--;
	if (dot == 0 || !num_parse_u64(slice_from(topic, dot), POSITION_GENERATION_MAX, &generation) || generation == 0)
		return false;
	*ret_stem = (struct slice){ topic.p, dot };
	*ret_generation = (int32_t)generation;
	return true;
}

#endif
