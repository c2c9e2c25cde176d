/* polling: takes verdicts from Kafka for the next batch, and keeps Kafka waiting while none may be applied.
 *
 * A busy writer lingers: many small transactions cost more than a few large ones. An idle one does not:
 *
 *   1. partitions that were paused run again
 *   2. the first verdict is waited for, 200 ms at most
 *   3. further ones are polled while they come, up to the limits of the batch or batch.linger.max
 *   4. when none is there, the batch is complete if batch.linger.max has passed since the one before was; else 3
 *
 * So an idle system applies the first verdict at once, and transactions of a busy one begin batch.linger.max apart. */
#ifndef WRITE_POLLING_H
#define WRITE_POLLING_H

#include "write/writer.h"

/* Collects a batch in the inbox; possibly none. ERR_RETRY: Kafka is away; what came before it is in the inbox. */
MUSTUSE int polling_linger(struct writer *writer, struct err *err);

/* Polls once so that the group sees us, while nothing can be applied. A message that comes all the same is not kept:
 * its partition is paused, and starts at that message when it runs again. */
MUSTUSE int polling_rewind(struct writer *writer, struct err *err);

/* Pauses all partitions until polling_linger. Never fails: what comes all the same is left to polling_rewind. */
void polling_pause(struct writer *writer);

/* Sets the gauges of our partitions and of the parked ones. */
void polling_count_partitions(const struct writer *writer);

#endif
