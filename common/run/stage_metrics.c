#include "run/stage_metrics.h"

struct lag {
	struct metric metric;
	char labels[300];
	bool is_registered;
};

static struct lag lags[STAGE_PARTITIONS_MAX];

void stage_metrics_lag(const char *stage, const char *topic, int32_t partition, int64_t records)
{
	if (partition < 0 || partition >= STAGE_PARTITIONS_MAX)
		return;
	struct lag *lag = &lags[partition];

	metric_set(&lag->metric, records);
	if (lag->is_registered)
		return;
	snprintf(lag->labels, sizeof lag->labels, "stage=\"%s\",topic=\"%s\",partition=\"%d\"", stage, topic,
		 partition);
	lag->metric.name = "instroom_consumer_lag_records";
	lag->metric.labels = lag->labels;
	lag->metric.help = "Messages of the partition that this stage has not done yet.";
	lag->metric.kind = METRIC_GAUGE;
	metrics_register(&lag->metric);
	lag->is_registered = true;
}

void stage_metrics_lag_left(int32_t partition)
{
	if (partition >= 0 && partition < STAGE_PARTITIONS_MAX)
		metric_set(&lags[partition].metric, 0);
}
