/* reference_shelf: the reference snapshots that messages name, by version.
 *
 * The topic's keys are indexed as they come; a snapshot is read and built when a message first names it, and the least
 * recently named goes when the shelf is full. Immutable versions make this safe: whatever is read again is the same.
 * Owner: the turn thread. */
#ifndef VALIDATE_REFERENCE_SHELF_H
#define VALIDATE_REFERENCE_SHELF_H

#include "kafka/kafka_reader.h"
#include "model/reference.h"

struct reference_shelf;

/* reader is borrowed and shared with others of this thread: each use begins with a seek. */
MUSTUSE int reference_shelf_open(struct kafka_reader *reader, const char *topic, size_t versions_max,
				 struct reference_shelf **ret, struct err *err);
void reference_shelf_close(struct reference_shelf *shelf);

/* Indexes what was published since. ERR_RETRY: Kafka is away. */
MUSTUSE int reference_shelf_refresh(struct reference_shelf *shelf, struct err *err);

/* 1 and *ret, which stands until the next call; 0: no such version in what was indexed, or its snapshot is damaged. */
MUSTUSE int reference_shelf_find(struct reference_shelf *shelf, const uint8_t version[REFERENCE_VERSION_BYTES],
				 const struct reference **ret, struct err *err);

#endif
