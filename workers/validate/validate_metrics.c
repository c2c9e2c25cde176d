#include "validate/validate_metrics.h"

#include "wire/verdict_class.h"

enum { PARTITIONS_MAX = 1024 };

static struct metric metrics[VALIDATE_METRICS] = {
	[METRIC_TURNS] = { "instroom_turns_total", "stage=\"validate\"", "turns that judged something", METRIC_COUNTER },
	[METRIC_TURN_US] = { "instroom_turn_seconds_total", "stage=\"validate\"", "time spent in them", METRIC_COUNTER_US },
	[METRIC_BYTES] = { "instroom_verdict_bytes_total", "", "bytes of verdicts made", METRIC_COUNTER },
	[METRIC_FOLDED] = { "instroom_dedup_folded_total", "", "verdicts of the log folded into the cache", METRIC_COUNTER },
	[METRIC_VOID] = { "instroom_dedup_void_total", "", "verdicts met in the log that do not count", METRIC_COUNTER },
	[METRIC_COLD_STARTS] = { "instroom_dedup_cold_starts_total", "", "caches begun from the register", METRIC_COUNTER },
	[METRIC_THROUGH_TURNS] = { "instroom_dedup_through_turns_total", "", "batches judged without the cache", METRIC_COUNTER },
	[METRIC_CONFLICTS] = { "instroom_dedup_conflicts_total", "", "batches whose verdicts may not count: another wrote", METRIC_COUNTER },
	[METRIC_QUARANTINED] = { "instroom_quarantined_total", "stage=\"validate\"", "raw messages put aside", METRIC_COUNTER },
	[METRIC_PARTITIONS] = { "instroom_partitions", "stage=\"validate\",state=\"owned\"", "raw partitions of this process", METRIC_GAUGE },
	[METRIC_PARTITIONS_THROUGH] = { "instroom_partitions", "stage=\"validate\",state=\"through\"", "judged without the cache", METRIC_GAUGE },
	[METRIC_PARTITIONS_LATE] = { "instroom_partitions", "stage=\"validate\",state=\"late\"", "wait for a schema or reference version", METRIC_GAUGE },
	[METRIC_PARTITIONS_PARKED] = { "instroom_partitions", "stage=\"validate\",state=\"parked\"", "wait for an operator", METRIC_GAUGE },
};

#define MESSAGES(kind) { "instroom_messages_total", "stage=\"validate\",kind=\"" kind "\"", "raw messages judged", METRIC_COUNTER }
static struct metric messages[] = {
	[VERDICT_KIND_DELIVERY] = MESSAGES("delivery"), [VERDICT_KIND_CONFIRM] = MESSAGES("confirm"),
	[VERDICT_KIND_REPLAY] = MESSAGES("replay"),	[VERDICT_KIND_FORGET] = MESSAGES("forget"),
	[VERDICT_KIND_FOREIGN] = MESSAGES("foreign"),
};

#define LINES(outcome) { "instroom_records_total", "stage=\"validate\",outcome=\"" outcome "\"", "lines judged", METRIC_COUNTER }
static struct metric lines[] = {
	[VERDICT_CANDIDATE] = LINES("candidate"), [VERDICT_UNCHANGED] = LINES("unchanged"),
	[VERDICT_REJECTED] = LINES("rejected"),	  [VERDICT_WITHDRAW] = LINES("withdraw"),
	[VERDICT_QUARANTINE] = LINES("quarantine"),
};

struct lag_metric {
	struct metric metric;
	char labels[300];
	bool is_registered;
};
static struct lag_metric lags[PARTITIONS_MAX];

void validate_metrics_register(void)
{
	metrics_register_all(metrics, ARRAY_LEN(metrics));
	metrics_register_all(messages + VERDICT_KIND_DELIVERY, ARRAY_LEN(messages) - VERDICT_KIND_DELIVERY);
	metrics_register_all(lines + VERDICT_CANDIDATE, ARRAY_LEN(lines) - VERDICT_CANDIDATE);
}

void validate_metric_add(enum validate_metric metric, int64_t n)
{
	metric_add(&metrics[metric], n);
}

void validate_metric_set(enum validate_metric metric, int64_t v)
{
	metric_set(&metrics[metric], v);
}

void validate_metrics_count(const struct wire_verdict *verdict)
{
	int64_t counts[ARRAY_LEN(lines)] = { 0 };

	metric_add(&messages[verdict->kind], 1);
	if (verdict->body_unreadable)
		counts[VERDICT_QUARANTINE] = verdict->header.line_count;
	for (size_t i = 0; i < verdict->group_lines.count; i++)
		counts[(uint8_t)verdict->classes.p[i]] += verdict->group_lines.items[i];
	for (size_t i = VERDICT_CANDIDATE; i < ARRAY_LEN(lines); i++)
		metric_add(&lines[i], counts[i]);
}

void validate_metrics_lag(const char *topic, int32_t partition, int64_t records)
{
	if (partition < 0 || partition >= PARTITIONS_MAX)
		return;
	struct lag_metric *lag = &lags[partition];

	metric_set(&lag->metric, records);
	if (lag->is_registered)
		return;
	snprintf(lag->labels, sizeof lag->labels, "stage=\"validate\",topic=\"%s\",partition=\"%d\"", topic, partition);
	lag->metric.name = "instroom_consumer_lag_records";
	lag->metric.labels = lag->labels;
	lag->metric.help = "raw messages not judged yet";
	lag->metric.kind = METRIC_GAUGE;
	metrics_register(&lag->metric);
	lag->is_registered = true;
}
