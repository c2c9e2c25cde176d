/* log_position: where in the raw log a message stands, as the one number the register keeps of it.
 *
 *   generation << 52 | partition << 40 | offset
 *
 * The generation is the number at the end of the topic's name: 1 of instroom.raw.1. Positions of one board rise in log
 * order, because a board stays in its partition and generations count up. The same log gives the same numbers, so a
 * register that is derived again has the same rows. Pure. */
#ifndef PROTOCOL_LOG_POSITION_H
#define PROTOCOL_LOG_POSITION_H

#include "base/slice.h"

enum {
	LOG_POSITION_PARTITION_BITS = 12,
	LOG_POSITION_OFFSET_BITS = 40,
	LOG_POSITION_GENERATION_MAX = (1 << 11) - 1, /* the sign bit stays free */
	LOG_POSITION_PARTITION_MAX = (1 << LOG_POSITION_PARTITION_BITS) - 1,
};
#define LOG_POSITION_OFFSET_MAX (((int64_t)1 << LOG_POSITION_OFFSET_BITS) - 1)

/* false: a part is negative or above its maximum; a generation begins at 1. */
MUSTUSE bool log_position_make(int32_t generation, int32_t partition, int64_t offset, int64_t *ret);

/* position: one that log_position_make gave. */
int32_t log_position_generation(int64_t position);
int32_t log_position_partition(int64_t position);
int64_t log_position_offset(int64_t position);

/* "instroom.raw." of instroom.raw.1, and 1; either ret may be NULL. false: the name does not end in a dot and a number
 * of 1 to LOG_POSITION_GENERATION_MAX. */
MUSTUSE bool log_position_split_topic(struct slice topic, struct slice *ret_stem, int32_t *ret_generation);

#endif
