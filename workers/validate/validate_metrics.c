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
	[METRIC_REFUSED_BOARDS] = COUNTER("instroom_cache_refused_boards_total",
					  "Entries of a board that the cache's head does not vouch for."),
	[METRIC_QUARANTINED] = COUNTER("instroom_quarantined_total", "Raw messages quarantined."),
	[METRIC_REFUSED_VERDICTS] = STAGE_MESSAGES_REFUSED("validate", "verdict"),
	[METRIC_REFUSED_QUARANTINE] = STAGE_MESSAGES_REFUSED("validate", "quarantine"),
	[METRIC_PARTITIONS] = STAGE_PARTITIONS("validate", "owned"),
	[METRIC_PARTITIONS_BYPASS] = STAGE_PARTITIONS("validate", "bypass"),
	[METRIC_PARTITIONS_WAITING] = STAGE_PARTITIONS("validate", "waiting"),
	[METRIC_PARTITIONS_PARKED] = STAGE_PARTITIONS("validate", "parked"),
	[METRIC_PARTITIONS_REFUSED] = STAGE_PARTITIONS("validate", "refused"),
};

static struct metric messages[] = {
	[VERDICT_KIND_DELIVERY] = MESSAGES("delivery"), [VERDICT_KIND_CONFIRM] = MESSAGES("confirm"),
	[VERDICT_KIND_REPLAY] = MESSAGES("replay"),	[VERDICT_KIND_FORGET] = MESSAGES("forget"),
	[VERDICT_KIND_FOREIGN] = MESSAGES("foreign"),	[VERDICT_KIND_SET_BACK] = MESSAGES("set-back"),
};

static struct metric lines[] = {
	[VERDICT_CANDIDATE] = LINES("candidate"),   [VERDICT_UNCHANGED] = LINES("unchanged"),
	[VERDICT_REJECTED] = LINES("rejected"),	    [VERDICT_WITHDRAW] = LINES("withdraw"),
	[VERDICT_QUARANTINE] = LINES("quarantine"),
};

/* What redis_cache fails with, and the error replies of Redis that we know; the last is for all others. */
static const char *const REDIS_CODES[] = {
	"connection", "name",	     "answer",	  "NOAUTH", "WRONGPASS", "NOPERM", "READONLY", "MASTERDOWN",
	"LOADING",    "CLUSTERDOWN", "TRYAGAIN",  "MOVED",  "ASK",	 "OOM",	   "MISCONF",  "NOREPLICAS",
	"UNBLOCKED",  "BUSY",	     "CROSSSLOT", "ERR",    "head",	 "other",
};
static struct metric redis_errors[ARRAY_LEN(REDIS_CODES)];

static void register_redis_errors(void)
{
	static char labels[ARRAY_LEN(REDIS_CODES)][48];

	for (size_t i = 0; i < ARRAY_LEN(REDIS_CODES); i++) {
		snprintf(labels[i], sizeof labels[i], STAGE ",code=\"%s\"", REDIS_CODES[i]);
		redis_errors[i].name = "instroom_redis_errors_total";
		redis_errors[i].labels = labels[i];
		redis_errors[i].help = "Calls to Redis that failed, by the code of the error.";
		redis_errors[i].kind = METRIC_COUNTER;
	}
	metrics_register_all(redis_errors, ARRAY_LEN(redis_errors));
}

void validate_metrics_redis_failed(const char *code)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(REDIS_CODES) && strcmp(REDIS_CODES[i], code) != 0)
		i++;
	metric_add(&redis_errors[i], 1);
}

void validate_metrics_register(void)
{
	register_redis_errors();
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
