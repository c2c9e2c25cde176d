/* reference_cache: the reference snapshots that messages name, by version.
 *
 * The topic's keys are indexed as they come. A snapshot is read and built when a message first names it, and the least
 * recently named one goes when the cache is full. This is safe because versions are immutable: whatever is read again
 * is the same. Owner: the worker thread. */
#ifndef VALIDATE_REFERENCE_CACHE_H
#define VALIDATE_REFERENCE_CACHE_H

#include "kafka/kafka_reader.h"
#include "model/reference.h"

struct reference_cache;

/* reader is borrowed and shared with others of this thread: each use begins with a seek. */
MUSTUSE int reference_cache_open(struct kafka_reader *reader, const char *topic, size_t versions_max,
				 struct reference_cache **ret, struct err *err);
void reference_cache_close(struct reference_cache *cache);

/* Indexes what was published since. ERR_RETRY: Kafka is away. */
MUSTUSE int reference_cache_refresh(struct reference_cache *cache, struct err *err);

/* *ret stands until the next call; NULL: no such version in what was indexed, or its snapshot is damaged. */
MUSTUSE int reference_cache_find(struct reference_cache *cache, const uint8_t version[REFERENCE_VERSION_BYTES],
				 const struct reference **ret, struct err *err);

#endif
