#include "run/stage_metrics.h"

enum { US_PER_MS = 1000 };

struct backlog_gauges {
	struct metric records, since;
	char labels[300];
	bool is_registered;
};

static struct backlog_gauges gauges[STAGE_PARTITIONS_MAX];

static void register_gauges(struct backlog_gauges *of, const char *stage, const char *topic, int32_t partition)
{
	snprintf(of->labels, sizeof of->labels, "stage=\"%s\",topic=\"%s\",partition=\"%d\"", stage, topic, partition);
	of->records.name = "instroom_consumer_lag_records";
	of->records.help = "Raw messages of the partition that this stage has not done yet.";
	of->records.kind = METRIC_GAUGE;
	of->since.name = "instroom_oldest_waiting_timestamp_seconds";
	of->since.help = "When the first of them was appended to the raw log, since 1970; 0 when none waits.";
	of->since.kind = METRIC_GAUGE_US;
	of->records.labels = of->since.labels = of->labels;
	metrics_register(&of->records);
	metrics_register(&of->since);
	of->is_registered = true;
}

void stage_metrics_backlog(const char *stage, const char *topic, int32_t partition, int64_t records, int64_t since_ms)
{
	if (partition < 0 || partition >= STAGE_PARTITIONS_MAX)
		return;
	metric_set(&gauges[partition].records, records);
	metric_set(&gauges[partition].since, since_ms * US_PER_MS);
	if (!gauges[partition].is_registered)
		register_gauges(&gauges[partition], stage, topic, partition);
}

void stage_metrics_backlog_left(int32_t partition)
{
	if (partition < 0 || partition >= STAGE_PARTITIONS_MAX)
		return;
	metric_set(&gauges[partition].records, 0);
	metric_set(&gauges[partition].since, 0);
}
