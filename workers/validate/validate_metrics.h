/* validate_metrics: what instroom-validate counts. */
#ifndef VALIDATE_VALIDATE_METRICS_H
#define VALIDATE_VALIDATE_METRICS_H

#include "run/metrics.h"

#include <stdbool.h>

struct wire_verdict;

enum validate_metric {
	METRIC_BATCHES,
	METRIC_BATCH_RETRIES,
	METRIC_BATCHES_FENCED,
	METRIC_BATCH_US,    /* histogram */
	METRIC_BATCH_LINES, /* histogram */
	METRIC_LOG_WAIT_US, /* histogram */
	METRIC_BYTES,
	METRIC_FOLDED,
	METRIC_VOID,
	METRIC_COLD_STARTS,
	METRIC_BYPASSED_BATCHES,
	METRIC_REFUSED_BOARDS,
	METRIC_QUARANTINED,
	METRIC_REFUSED_VERDICTS,
	METRIC_REFUSED_QUARANTINE,
	METRIC_PARTITIONS,
	METRIC_PARTITIONS_BYPASS,
	METRIC_PARTITIONS_WAITING,
	METRIC_PARTITIONS_PARKED,
	METRIC_PARTITIONS_REFUSED,
	VALIDATE_METRICS
};

void validate_metrics_register(void);
void validate_metric_add(enum validate_metric metric, int64_t n);
void validate_metric_set(enum validate_metric metric, int64_t v);
void validate_metric_observe(enum validate_metric metric, int64_t v);
/* A verdict that counts: its message by kind, its lines by class. */
void validate_metrics_count(const struct wire_verdict *verdict);

/* A call to Redis that did not succeed, by the code of its error. */
void validate_metrics_redis_failed(const char *code);

#endif
