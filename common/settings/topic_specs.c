#include "settings/topic_specs.h"

#include <stdio.h>

#define RAW_BYTES     "33554432" /* 32 MiB */
#define DAY_MS_TEXT   "86400000"
#define VERDICT_BYTES "67108864" /* 64 MiB */

enum { MS_A_DAY = 86400000 };

static void add(struct topic_specs *specs, struct kafka_topic_setting setting)
{
	struct kafka_topic_spec *spec = &specs->items[specs->count];

	specs->settings[specs->count][spec->setting_count++] = setting;
}

static void add_sizes(struct topic_specs *specs, const char *bytes)
{
	add(specs, (struct kafka_topic_setting){ "max.message.bytes", bytes, KAFKA_AT_LEAST, .is_vital = true });
	add(specs, (struct kafka_topic_setting){ "segment.bytes", bytes, KAFKA_AT_LEAST, .is_vital = true,
						 .is_default = true });
}

static void add_copies(struct topic_specs *specs)
{
	add(specs, (struct kafka_topic_setting){ "min.insync.replicas", "2", KAFKA_AT_LEAST, .replicas_min = 3 });
	add(specs, (struct kafka_topic_setting){ "min.insync.replicas", "1", KAFKA_AT_LEAST, .replicas_max = 2 });
	add(specs, (struct kafka_topic_setting){ "unclean.leader.election.enable", "false" });
}

/* The log of what was delivered and judged: kept for a time, whole. */
static void add_log(struct topic_specs *specs, const char *bytes)
{
	add(specs, (struct kafka_topic_setting){ "cleanup.policy", "delete", .is_vital = true });
	if (specs->retention_ms[0])
		add(specs, (struct kafka_topic_setting){ "retention.ms", specs->retention_ms, KAFKA_AT_LEAST });
	add(specs, (struct kafka_topic_setting){ "retention.bytes", "-1", KAFKA_AT_LEAST });
	add(specs, (struct kafka_topic_setting){ "message.timestamp.type", "LogAppendTime" });
	add_sizes(specs, bytes);
	add_copies(specs);
}

/* A shredded key is to be gone from the disks: a record that a newer one replaces is compacted away within a day, and
 * segments are short enough for that. */
static void add_day_keys(struct topic_specs *specs)
{
	add(specs, (struct kafka_topic_setting){ "cleanup.policy", "compact", .is_vital = true });
	add(specs, (struct kafka_topic_setting){ "max.compaction.lag.ms", DAY_MS_TEXT, KAFKA_AT_MOST });
	add(specs, (struct kafka_topic_setting){ "segment.ms", DAY_MS_TEXT, KAFKA_AT_MOST });
	add_copies(specs);
}

static void end(struct topic_specs *specs, const char *name, int32_t partitions, int32_t replication)
{
	struct kafka_topic_spec *spec = &specs->items[specs->count];

	if (!name) { /* a topic that this program has nothing to do with */
		spec->setting_count = 0;
		return;
	}
	spec->name = name;
	spec->partitions = partitions;
	spec->replication = replication;
	spec->settings = specs->settings[specs->count++];
}

void topic_specs_make(const struct topic_settings *topics, int32_t partitions, int32_t replication,
		      int64_t retention_days, struct topic_specs *specs)
{
	*specs = (struct topic_specs){ 0 };
	if (retention_days > 0)
		snprintf(specs->retention_ms, sizeof specs->retention_ms, "%lld", (long long)retention_days * MS_A_DAY);
	add_log(specs, RAW_BYTES);
	/* a single broker flushes each message: an acknowledged delivery outlives a power cut (design 2) */
	add(specs, (struct kafka_topic_setting){ "flush.messages", "1", KAFKA_AT_MOST, .replicas_max = 1 });
	end(specs, topics->raw, partitions, replication);
	add_log(specs, VERDICT_BYTES);
	end(specs, topics->verdict, partitions, replication);
	add_log(specs, VERDICT_BYTES);
	end(specs, topics->quarantine, partitions, replication);
	add(specs, (struct kafka_topic_setting){ "cleanup.policy", "compact" });
	add(specs, (struct kafka_topic_setting){ "message.timestamp.type", "LogAppendTime" });
	add_sizes(specs, RAW_BYTES);
	add_copies(specs);
	end(specs, topics->reference, 1, replication);
	add(specs, (struct kafka_topic_setting){ "cleanup.policy", "compact" });
	add_sizes(specs, RAW_BYTES);
	add_copies(specs);
	end(specs, topics->access, 1, replication);
	add_day_keys(specs);
	end(specs, topics->day_keys, 1, replication);
}
