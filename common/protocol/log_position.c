#include "protocol/log_position.h"

#include "base/num.h"

bool log_position_make(int32_t generation, int32_t partition, int64_t offset, int64_t *ret)
{
	if (generation < 1 || generation > LOG_POSITION_GENERATION_MAX || partition < 0 ||
	    partition > LOG_POSITION_PARTITION_MAX || offset < 0 || offset > LOG_POSITION_OFFSET_MAX)
		return false;
	*ret = (int64_t)generation << (LOG_POSITION_PARTITION_BITS + LOG_POSITION_OFFSET_BITS) |
	       (int64_t)partition << LOG_POSITION_OFFSET_BITS | offset;
	return true;
}

int32_t log_position_generation(int64_t position)
{
	return (int32_t)(position >> (LOG_POSITION_PARTITION_BITS + LOG_POSITION_OFFSET_BITS));
}

int32_t log_position_partition(int64_t position)
{
	return (int32_t)(position >> LOG_POSITION_OFFSET_BITS & LOG_POSITION_PARTITION_MAX);
}

int64_t log_position_offset(int64_t position)
{
	return position & LOG_POSITION_OFFSET_MAX;
}

bool log_position_split_topic(struct slice topic, struct slice *ret_stem, int32_t *ret_generation)
{
	size_t digits_at = topic.n;
	uint64_t generation;

	while (digits_at > 0 && topic.p[digits_at - 1] != '.')
		digits_at--;
	if (digits_at == 0 || !num_parse_u64(slice_from(topic, digits_at), LOG_POSITION_GENERATION_MAX, &generation) ||
	    generation == 0)
		return false;
	if (ret_stem)
		*ret_stem = (struct slice){ topic.p, digits_at };
	if (ret_generation)
		*ret_generation = (int32_t)generation;
	return true;
}
