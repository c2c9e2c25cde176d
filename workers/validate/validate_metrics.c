#include "validate/validate_metrics.h"

#include "protocol/verdict_class.h"
#include "run/stage_metrics.h"

#define STAGE		    STAGE_LABEL("validate")
#define COUNTER(name, help) METRIC_OF(METRIC_COUNTER, name, STAGE, help)
#define MESSAGES(kind) \
	METRIC_OF(METRIC_COUNTER, "instroom_messages_total", STAGE ",kind=\"" kind "\"", "Raw messages judged.")
#define LINES(outcome) STAGE_RECORDS("validate", outcome)

static struct metric metrics[VALIDATE_METRICS] = {
	[METRIC_BATCHES] = STAGE_BATCHES("validate"),
	[METRIC_BATCH_RETRIES] = STAGE_BATCH_RETRIES("validate"),
	[METRIC_BATCHES_FENCED] = STAGE_BATCHES_FENCED("validate"),
	[METRIC_BATCH_US] = STAGE_BATCH_DURATION("validate"),
	[METRIC_BATCH_LINES] = STAGE_BATCH_RECORDS("validate"),
	[METRIC_LOG_WAIT_US] = STAGE_LOG_WAIT("validate"),
	[METRIC_BYTES] = COUNTER("instroom_verdict_bytes_total", "Bytes of verdicts produced."),
	[METRIC_FOLDED] = STAGE_VERDICTS("validate", "yes"),
	[METRIC_VOID] = STAGE_VERDICTS("validate", "no"),
	[METRIC_COLD_STARTS] = COUNTER("instroom_cache_cold_starts_total", "Caches begun from the register."),
	[METRIC_BYPASSED_BATCHES] =
		COUNTER("instroom_cache_bypassed_batches_total", "Batches of one partition judged without the cache."),
	[METRIC_QUARANTINED] = COUNTER("instroom_quarantined_total", "Raw messages quarantined."),
	[METRIC_PARTITIONS] = STAGE_PARTITIONS("validate", "owned"),
	[METRIC_PARTITIONS_BYPASS] = STAGE_PARTITIONS("validate", "bypass"),
	[METRIC_PARTITIONS_WAITING] = STAGE_PARTITIONS("validate", "waiting"),
	[METRIC_PARTITIONS_PARKED] = STAGE_PARTITIONS("validate", "parked"),
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

void validate_metric_observe(enum validate_metric metric, int64_t v)
{
	metric_observe(&metrics[metric], v);
}
