/* stage_metrics: the metrics that stages share, with one name and one help text each. stage is a literal: "gateway",
 * "validate" or "write". Every metric of ours has this label. */
#ifndef RUN_STAGE_METRICS_H
#define RUN_STAGE_METRICS_H

#include "run/metrics.h"

#define STAGE_LABEL(stage) "stage=\"" stage "\""

/* state: "owned" counts all, the others those of them that "bypass" the cache, are "waiting" or "parked",
 * or wait as Kafka "refused" what came of them */
#define STAGE_PARTITIONS(stage, state)                                                            \
	METRIC_OF(METRIC_GAUGE, "instroom_partitions", STAGE_LABEL(stage) ",state=\"" state "\"", \
		  "Partitions of this process, all and by state.")
/* topic: "verdict", "quarantine" or "raw" */
#define STAGE_MESSAGES_REFUSED(stage, topic)                                                                    \
	METRIC_OF(METRIC_COUNTER, "instroom_messages_refused_total", STAGE_LABEL(stage) ",topic=\"" topic "\"", \
		  "Tries to produce a message that Kafka refused for good: its size, a policy, a right.")
#define STAGE_RECORDS(stage, outcome)                                                                      \
	METRIC_OF(METRIC_COUNTER, "instroom_records_total", STAGE_LABEL(stage) ",outcome=\"" outcome "\"", \
		  "Lines of deliveries by what came of them.")
#define STAGE_VERDICTS(stage, counts)                                                                     \
	METRIC_OF(METRIC_COUNTER, "instroom_verdicts_total", STAGE_LABEL(stage) ",counts=\"" counts "\"", \
		  "Verdicts read from the log that count, and that do not.")
#define STAGE_BATCHES(stage)                                                    \
	METRIC_OF(METRIC_COUNTER, "instroom_batches_total", STAGE_LABEL(stage), \
		  "Batches finished: verdicts acknowledged, or a transaction committed.")
#define STAGE_BATCH_RETRIES(stage)                                                    \
	METRIC_OF(METRIC_COUNTER, "instroom_batch_retries_total", STAGE_LABEL(stage), \
		  "Batches tried again, as a peer was away or refused.")
#define STAGE_BATCHES_FENCED(stage)                                                    \
	METRIC_OF(METRIC_COUNTER, "instroom_batches_fenced_total", STAGE_LABEL(stage), \
		  "Batches given up as another instance owns a partition.")
#define STAGE_BATCH_DURATION(stage)                                                              \
	HISTOGRAM_OF(METRIC_HISTOGRAM_US, "instroom_batch_duration_seconds", STAGE_LABEL(stage), \
		     "Time of one batch: judging to acknowledgement, or the transaction.")
#define STAGE_BATCH_RECORDS(stage)                                                   \
	HISTOGRAM_OF(METRIC_HISTOGRAM, "instroom_batch_records", STAGE_LABEL(stage), \
		     "Lines of deliveries in one batch.")
#define STAGE_LOG_WAIT(stage)                                                              \
	HISTOGRAM_OF(METRIC_HISTOGRAM_US, "instroom_log_wait_seconds", STAGE_LABEL(stage), \
		     "Time from a message's append to the log until this stage polled it.")

enum { STAGE_PARTITIONS_MAX = 1024 };

/* Of a partition: raw messages that this stage has not done yet (instroom_consumer_lag_records), and when the first of
 * them was appended (instroom_oldest_waiting_timestamp_seconds; 0: none waits). A process is one stage, and reads one
 * topic. The first call for a partition registers its gauges; stage and topic are copied. One thread. */
void stage_metrics_backlog(const char *stage, const char *topic, int32_t partition, int64_t records, int64_t since_ms);
/* The partition has left us: its new owner measures. Any thread. */
void stage_metrics_backlog_left(int32_t partition);

#endif
