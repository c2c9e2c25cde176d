#include "validate/validate_metrics.h"

#include "protocol/verdict_class.h"

enum { PARTITIONS_MAX = 1024 };

#define METRIC(name_, labels_, help_, kind_)                                           \
	{                                                                              \
		.name = (name_), .labels = (labels_), .help = (help_), .kind = (kind_) \
	}
#define COUNTER(name, labels, help) METRIC(name, labels, help, METRIC_COUNTER)
#define STATE(state, help)	    METRIC("instroom_partitions", "stage=\"validate\",state=\"" state "\"", help, METRIC_GAUGE)
#define MESSAGES(kind)		    COUNTER("instroom_messages_total", "stage=\"validate\",kind=\"" kind "\"", "raw messages judged")
#define LINES(outcome)		    COUNTER("instroom_records_total", "stage=\"validate\",outcome=\"" outcome "\"", "lines judged")

static struct metric metrics[VALIDATE_METRICS] = {
	[METRIC_TURNS] = COUNTER("instroom_turns_total", "stage=\"validate\"", "turns that judged something"),
	[METRIC_TURN_US] =
		METRIC("instroom_turn_seconds_total", "stage=\"validate\"", "time spent in them", METRIC_COUNTER_US),
	[METRIC_BYTES] = COUNTER("instroom_verdict_bytes_total", "", "bytes of verdicts made"),
	[METRIC_FOLDED] = COUNTER("instroom_dedup_folded_total", "", "verdicts of the log folded into the cache"),
	[METRIC_VOID] = COUNTER("instroom_dedup_void_total", "", "verdicts met in the log that do not count"),
	[METRIC_COLD_STARTS] = COUNTER("instroom_dedup_cold_starts_total", "", "caches begun from the register"),
	[METRIC_THROUGH_TURNS] = COUNTER("instroom_dedup_through_turns_total", "", "batches judged without the cache"),
	[METRIC_CONFLICTS] = COUNTER("instroom_dedup_conflicts_total", "", "batches given up because another wrote"),
	[METRIC_QUARANTINED] = COUNTER("instroom_quarantined_total", "stage=\"validate\"", "raw messages put aside"),
	[METRIC_PARTITIONS] = STATE("owned", "raw partitions of this process"),
	[METRIC_PARTITIONS_THROUGH] = STATE("through", "raw partitions judged without the cache"),
	[METRIC_PARTITIONS_LATE] = STATE("late", "raw partitions that wait for a schema or reference version"),
	[METRIC_PARTITIONS_PARKED] = STATE("parked", "raw partitions that wait for an operator"),
};

static struct metric messages[] = {
	[VERDICT_KIND_DELIVERY] = MESSAGES("delivery"), [VERDICT_KIND_CONFIRM] = MESSAGES("confirm"),
	[VERDICT_KIND_REPLAY] = MESSAGES("replay"),	[VERDICT_KIND_FORGET] = MESSAGES("forget"),
	[VERDICT_KIND_FOREIGN] = MESSAGES("foreign"),
};

static struct metric lines[] = {
	[VERDICT_CANDIDATE] = LINES("candidate"),   [VERDICT_UNCHANGED] = LINES("unchanged"),
	[VERDICT_REJECTED] = LINES("rejected"),	    [VERDICT_WITHDRAW] = LINES("withdraw"),
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
