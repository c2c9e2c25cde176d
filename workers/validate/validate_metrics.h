/* validate_metrics: what instroom-validate counts. */
#ifndef VALIDATE_VALIDATE_METRICS_H
#define VALIDATE_VALIDATE_METRICS_H

#include "run/metrics.h"

#include <stdbool.h>

struct wire_verdict;

enum validate_metric {
	METRIC_TURNS,
	METRIC_TURN_US,
	METRIC_BYTES,
	METRIC_FOLDED,
	METRIC_VOID,
	METRIC_COLD_STARTS,
	METRIC_THROUGH_TURNS,
	METRIC_CONFLICTS,
	METRIC_QUARANTINED,
	METRIC_PARTITIONS,
	METRIC_PARTITIONS_THROUGH,
	METRIC_PARTITIONS_LATE,
	METRIC_PARTITIONS_PARKED,
	VALIDATE_METRICS
};

void validate_metrics_register(void);
void validate_metric_add(enum validate_metric metric, int64_t n);
void validate_metric_set(enum validate_metric metric, int64_t v);
/* A verdict that counts: its message by kind, its lines by class. */
void validate_metrics_count(const struct wire_verdict *verdict);

/* Records of a raw partition behind the end of what is judged. Registered at the first call for that partition. */
void validate_metrics_lag(const char *topic, int32_t partition, int64_t records);

#endif
