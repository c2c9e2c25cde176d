#include "write/lag.h"

#include "base/clock.h"
#include "run/stage_metrics.h"

enum { LAG_EVERY_MS = 10000, LAG_WAIT_MS = 200 };

/* With no batch kept, all that was handed out is applied, and what lies below the consumer's place is no message. */
static int64_t done_below(const struct writer *writer, int32_t partition)
{
	const struct partition *ours = &writer->inbox.partitions[partition];

	if (ours->state != PARTITION_RUNNING || !inbox_is_empty(&writer->inbox))
		return ours->committed.at.next_verdict;
	return MAX(ours->committed.at.next_verdict, kafka_consumer_position(writer->consumer, partition));
}

void lag_measure(struct writer *writer)
{
	const char *topic = writer->config.topic.verdict;
	struct kafka_topic_range range;
	struct err err;

	if (clock_ms() < writer->lag_at_ms)
		return;
	writer->lag_at_ms = clock_ms() + LAG_EVERY_MS;
	for (int32_t i = 0; i < writer->inbox.partition_end; i++) {
		const struct partition *partition = &writer->inbox.partitions[i];

		if (!partition_is_open(partition))
			continue;
		if (kafka_producer_range(writer->producer, topic, i, LAG_WAIT_MS, &range, &err) != 0)
			return;
		stage_metrics_lag("write", topic, i, MAX(range.high - done_below(writer, i), (int64_t)0));
	}
}
