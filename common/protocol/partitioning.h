/* partitioning: the Kafka key of a board, and the partition of the raw topic that holds its messages (design 2).
 *
 * Every message of a board has the same key and so lands in one partition, where the offsets order its deliveries. A
 * verdict goes to the partition with the number of its raw message. librdkafka's partitioner murmur2_random chooses the
 * same one (tests/integration/adapters_kafka_test.c checks it), but of as many partitions as the topic has at the
 * moment: somebody who adds some would move boards. So producers name the partition, of the number in the register.
 * Pure. */
#ifndef PROTOCOL_PARTITIONING_H
#define PROTOCOL_PARTITIONING_H

#include "base/slice.h"

enum { PARTITIONING_KEY_BYTES = 5 };

/* The board number in five digits. ret needs one byte more than the key for its NUL; the slice returned points into
 * it. */
struct slice partitioning_key(uint32_t board, char ret[PARTITIONING_KEY_BYTES + 1]);

/* partitions: of the topic, 1 or more. */
int32_t partitioning_partition(uint32_t board, int32_t partitions);
/* The same of a key of partitioning_key. */
int32_t partitioning_of_key(struct slice key, int32_t partitions);

#endif
