#include "validate/reference_cache.h"

#include "base/log.h"
#include "protocol/reference_snapshot.h"

enum { READ_WAIT_MS = 2000, PARTITIONS_MAX = 256, INDEX_MAX = 100000, INDEX_STEP = 64 };

struct snapshot_place { /* where a version stands in the topic */
	uint8_t version[REFERENCE_VERSION_BYTES];
	int32_t partition;
	int64_t offset;
	bool is_damaged;
};

struct cached_snapshot {
	struct reference *reference; /* NULL: free */
	uint64_t used_at;	     /* tick of the last find */
};

struct reference_cache {
	struct kafka_reader *reader;
	const char *topic;
	int32_t partitions; /* 0: not asked yet */
	int64_t next[PARTITIONS_MAX];
	struct snapshot_place *places;
	size_t place_count, place_capacity;
	struct cached_snapshot *snapshots;
	size_t snapshot_count;
	uint64_t tick;
};

int reference_cache_open(struct kafka_reader *reader, const char *topic, size_t versions_max,
			 struct reference_cache **ret, struct err *err)
{
	struct reference_cache *cache = calloc(1, sizeof *cache);
	struct cached_snapshot *snapshots = calloc(versions_max, sizeof *snapshots);

	if (!cache || !snapshots) {
		free(cache);
		free(snapshots);
		return err_set(err, ERR_FATAL, "memory", "no memory for %zu reference versions", versions_max);
	}
	*cache = (struct reference_cache){
		.reader = reader, .topic = topic, .snapshots = snapshots, .snapshot_count = versions_max
	};
	*ret = cache;
	return 0;
}

void reference_cache_close(struct reference_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->snapshot_count; i++)
		reference_free(cache->snapshots[i].reference);
	free(cache->snapshots);
	free(cache->places);
	free(cache);
}

static struct snapshot_place *place_of(struct reference_cache *cache, const uint8_t *version)
{
	for (size_t i = 0; i < cache->place_count; i++)
		if (memcmp(cache->places[i].version, version, REFERENCE_VERSION_BYTES) == 0)
			return &cache->places[i];
	return NULL;
}

static int make_capacity(struct reference_cache *cache, struct err *err)
{
	if (cache->place_count < cache->place_capacity)
		return 0;
	if (cache->place_capacity >= INDEX_MAX)
		return err_set(err, ERR_FATAL, "references", "more than %d reference versions in %s", INDEX_MAX,
			       cache->topic);
	size_t capacity = cache->place_capacity + INDEX_STEP;
	struct snapshot_place *places = reallocarray(cache->places, capacity, sizeof *places);

	if (!places)
		return err_set(err, ERR_FATAL, "memory", "no memory for %zu reference versions", capacity);
	cache->places = places;
	cache->place_capacity = capacity;
	return 0;
}

/* The same version published again: the newer copy holds, as compaction drops the older. */
static int index_message(struct reference_cache *cache, const struct kafka_message *message, struct err *err)
{
	struct snapshot_place place = { .partition = message->partition, .offset = message->offset };

	if (!reference_snapshot_version(message->key, place.version)) {
		log_event(LOG_WARN, "reference.skipped", "topic=%s partition=%d offset=%lld why=\"key is no version\"",
			  cache->topic, message->partition, (long long)message->offset);
		return 0;
	}
	struct snapshot_place *known = place_of(cache, place.version);

	if (!known) {
		int rc = make_capacity(cache, err);

		if (rc < 0)
			return rc;
		known = &cache->places[cache->place_count++];
	}
	*known = place;
	return 0;
}

static int refresh_partition(struct reference_cache *cache, int32_t partition, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_range(cache->reader, cache->topic, partition, READ_WAIT_MS, &range, err);

	if (rc < 0)
		return rc;
	int64_t *next = &cache->next[partition];

	*next = MAX(*next, range.low);
	if (*next >= range.high)
		return 0;
	rc = kafka_reader_begin(cache->reader, cache->topic, partition, *next, range.high, err);
	while (rc == 0 && *next < range.high) {
		struct kafka_message message;
		bool came;

		rc = kafka_reader_next(cache->reader, READ_WAIT_MS, &message, &came, err);
		if (rc < 0)
			break;
		*next = came ? message.offset + 1 : range.high;
		if (!came)
			break;
		rc = index_message(cache, &message, err);
		kafka_message_drop(&message);
	}
	kafka_reader_rest(cache->reader);
	return rc;
}

int reference_cache_refresh(struct reference_cache *cache, struct err *err)
{
	if (cache->partitions == 0) {
		int32_t partitions;
		int rc = kafka_reader_partitions(cache->reader, cache->topic, READ_WAIT_MS, &partitions, err);

		if (rc < 0)
			return rc;
		if (partitions < 1 || partitions > PARTITIONS_MAX)
			return err_set(err, ERR_CONFIG, "partitions", "%s has %d partitions, at most %d are expected",
				       cache->topic, partitions, PARTITIONS_MAX);
		cache->partitions = partitions;
	}
	for (int32_t partition = 0; partition < cache->partitions; partition++) {
		int rc = refresh_partition(cache, partition, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static struct cached_snapshot *oldest_snapshot(struct reference_cache *cache)
{
	struct cached_snapshot *oldest = &cache->snapshots[0];

	for (size_t i = 1; i < cache->snapshot_count; i++)
		if (cache->snapshots[i].used_at < oldest->used_at)
			oldest = &cache->snapshots[i];
	return oldest;
}

static int read_snapshot(struct reference_cache *cache, const struct snapshot_place *place, struct reference **ret,
			 struct err *err)
{
	struct kafka_message message = { 0 };
	bool came = false;
	int rc = kafka_reader_begin(cache->reader, cache->topic, place->partition, place->offset, place->offset + 1,
				    err);

	if (rc == 0)
		rc = kafka_reader_next(cache->reader, READ_WAIT_MS, &message, &came, err);
	kafka_reader_rest(cache->reader); /* or it goes on to the snapshots behind this one, and then asks for more */
	if (rc < 0)
		return rc;
	/* the key was read when the place was found: this message has it */
	rc = came ? reference_snapshot_open(message.value, place->version, ret, err)
		  : err_set(err, ERR_RETRY, "references", "compacted away: index again");
	kafka_message_drop(&message);
	return rc;
}

static struct cached_snapshot *snapshot_of(struct reference_cache *cache, const uint8_t *version)
{
	for (size_t i = 0; i < cache->snapshot_count; i++) {
		struct cached_snapshot *snapshot = &cache->snapshots[i];

		if (snapshot->reference &&
		    memcmp(reference_version(snapshot->reference), version, REFERENCE_VERSION_BYTES) == 0)
			return snapshot;
	}
	return NULL;
}

int reference_cache_find(struct reference_cache *cache, const uint8_t version[REFERENCE_VERSION_BYTES],
			 const struct reference **ret, struct err *err)
{
	struct cached_snapshot *snapshot = snapshot_of(cache, version);

	*ret = NULL;
	if (!snapshot) {
		struct snapshot_place *place = place_of(cache, version);
		struct reference *reference = NULL;

		if (!place || place->is_damaged)
			return 0;
		int rc = read_snapshot(cache, place, &reference, err);

		if (rc == -ERR_DATA) {
			place->is_damaged = true;
			log_event(LOG_ERROR, "reference.damaged",
				  "topic=%s partition=%d offset=%lld why=%s effect=\"deliveries that name it wait\"",
				  cache->topic, place->partition, (long long)place->offset, LOG_QUOTED(err->text));
			return 0;
		}
		if (rc < 0)
			return rc;
		snapshot = oldest_snapshot(cache);
		reference_free(snapshot->reference);
		snapshot->reference = reference;
	}
	snapshot->used_at = ++cache->tick;
	*ret = snapshot->reference;
	return 0;
}
