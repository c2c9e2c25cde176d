#include "protocol/partitioning.h"

#include "base/num.h"
#include "model/delivery.h"

#include <assert.h>

struct slice partitioning_key(uint32_t board, char ret[PARTITIONING_KEY_BYTES + 1])
{
	assert(board <= BOARD_NUMBER_MAX);
	for (size_t i = PARTITIONING_KEY_BYTES; i-- > 0; board /= 10)
		ret[i] = (char)('0' + board % 10);
	ret[PARTITIONING_KEY_BYTES] = '\0';
	return slice_make(ret, PARTITIONING_KEY_BYTES);
}

int32_t partitioning_partition(uint32_t board, int32_t partitions)
{
	char text[PARTITIONING_KEY_BYTES + 1];

	return partitioning_of_key(partitioning_key(board, text), partitions);
}

int32_t partitioning_of_key(struct slice key, int32_t partitions)
{
	assert(partitions > 0);
	return (int32_t)(num_murmur2(key.p, key.n) & INT32_MAX) % partitions;
}
