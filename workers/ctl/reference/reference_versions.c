#include "ctl/reference/reference_versions.h"

#include "ctl/base/topic_walk.h"
#include "protocol/reference_snapshot.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 16 };

struct snapshot {
	uint8_t version[REFERENCE_VERSION_BYTES];
	int64_t offset;
	struct reference *reference; /* NULL: not asked for yet */
};

struct reference_versions {
	struct kafka_reader *reader;
	const char *topic;
	struct snapshot *snapshots; /* in the order of the topic, the last copy of a version at the end */
	size_t count, capacity;
};

static int add_snapshot(struct reference_versions *versions, const uint8_t *version, int64_t offset, struct err *err)
{
	if (versions->count == versions->capacity) {
		size_t capacity = MAX(versions->capacity * 2, (size_t)CAPACITY_FIRST);
		struct snapshot *grown = reallocarray(versions->snapshots, capacity, sizeof *grown);

		if (!grown)
			return err_set(err, ERR_FATAL, "memory", "no memory for %zu reference versions", capacity);
		versions->snapshots = grown;
		versions->capacity = capacity;
	}
	struct snapshot *snapshot = &versions->snapshots[versions->count++];

	*snapshot = (struct snapshot){ .offset = offset };
	memcpy(snapshot->version, version, sizeof snapshot->version);
	return 0;
}

static int note_snapshot(void *self, const struct kafka_message *message, struct err *err)
{
	uint8_t version[REFERENCE_VERSION_BYTES];

	if (!reference_snapshot_version(message->key, version))
		return 0;
	return add_snapshot(self, version, message->offset, err);
}

static int read_index(struct reference_versions *versions, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_range(versions->reader, versions->topic, 0, CTL_WAIT_MS, &range, err);

	return rc != 0 ? rc
		       : topic_walk(versions->reader, versions->topic, 0, range.low, range.high, note_snapshot,
				    versions, err);
}

int reference_versions_open(struct ctl *ctl, struct kafka_reader *reader, struct reference_versions **ret,
			    struct err *err)
{
	struct reference_versions *versions = calloc(1, sizeof *versions);

	if (!versions)
		return err_set(err, ERR_FATAL, "memory", "no memory for reference snapshots");
	versions->reader = reader;
	versions->topic = ctl->config.topic.reference;
	int rc = read_index(versions, err);

	if (rc == 0)
		*ret = versions;
	else
		reference_versions_close(versions);
	return rc;
}

void reference_versions_close(struct reference_versions *versions)
{
	if (!versions)
		return;
	for (size_t i = 0; i < versions->count; i++)
		reference_free(versions->snapshots[i].reference);
	free(versions->snapshots);
	free(versions);
}

static int load(struct reference_versions *versions, struct snapshot *snapshot, struct err *err)
{
	struct kafka_message message = { 0 };
	enum topic_found found = TOPIC_GONE;

	if (snapshot->reference)
		return 0;
	int rc = topic_message_at(versions->reader, versions->topic, 0, snapshot->offset, &found, &message, err);

	if (rc != 0)
		return rc;
	if (found == TOPIC_GONE)
		return err_set(err, ERR_DATA, "reference", "%s no longer holds the snapshot at %lld", versions->topic,
			       (long long)snapshot->offset);
	rc = reference_snapshot_open(message.value, snapshot->version, &snapshot->reference, err);
	kafka_message_drop(&message);
	return rc;
}

int reference_versions_in_force(struct reference_versions *versions, uint8_t ret[REFERENCE_VERSION_BYTES],
				struct err *err)
{
	for (size_t i = versions->count; i-- > 0;) {
		int rc = load(versions, &versions->snapshots[i], err);

		if (rc == 0)
			memcpy(ret, versions->snapshots[i].version, REFERENCE_VERSION_BYTES);
		if (rc != -ERR_DATA)
			return rc;
	}
	return err_set(err, ERR_DATA, "reference", "%s holds no snapshot that can be used", versions->topic);
}

int reference_versions_find(struct reference_versions *versions, const uint8_t version[REFERENCE_VERSION_BYTES],
			    const struct reference **ret, struct err *err)
{
	for (size_t i = versions->count; i-- > 0;) {
		struct snapshot *snapshot = &versions->snapshots[i];

		if (memcmp(snapshot->version, version, sizeof snapshot->version) != 0)
			continue;
		int rc = load(versions, snapshot, err);

		if (rc == 0)
			*ret = snapshot->reference;
		return rc;
	}
	return err_set(err, ERR_DATA, "reference", "%s does not hold a reference version that is named",
		       versions->topic);
}
