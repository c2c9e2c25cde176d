#include "validate/refusal.h"

#include "base/log.h"
#include "kafka/kafka_refusal.h"
#include "validate/validate_metrics.h"

void refusal_note(struct lane *lane, const struct batch_message *message, bool is_quarantine, int error,
		  const char *code)
{
	struct lane_refusal *refusal = &lane->batch.refusal;
	bool is_first = !refusal->is_there || message->raw.offset < refusal->offset;

	lane->batch.pause_ms = BATCH_PAUSE_MS;
	refusal->is_there = true;
	refusal->lasts |= kafka_refusal_lasts(error, code);
	if (!is_first)
		return;
	refusal->offset = message->raw.offset;
	refusal->is_quarantine = is_quarantine;
	snprintf(refusal->code, sizeof refusal->code, "%s", code);
}

static uint32_t pause_ms(uint32_t tries)
{
	uint32_t doublings = MIN(tries - 1, 10u);

	return MIN((uint32_t)BATCH_PAUSE_MS << doublings, (uint32_t)REFUSAL_PAUSE_MS_MAX);
}

void refusal_settle(const struct batch *batch, struct lane *lane)
{
	const struct lane_refusal *refusal = &lane->batch.refusal;
	const struct topic_settings *topics = &batch->peers->config->topic;

	if (!refusal->lasts)
		return;
	lane->refusals++;
	lane->messages_max = 1;
	lane->batch.pause_ms = pause_ms(lane->refusals);
	validate_metric_add(refusal->is_quarantine ? METRIC_REFUSED_QUARANTINE : METRIC_REFUSED_VERDICTS, 1);
	if ((lane->refusals & (lane->refusals - 1)) != 0)
		return;
	log_event(LOG_ERROR, "message.refused", "topic=%s partition=%d offset=%lld code=%s tries=%u why=%s effect=%s",
		  refusal->is_quarantine ? topics->quarantine : topics->verdict, lane->partition,
		  (long long)refusal->offset, refusal->code, lane->refusals,
		  LOG_QUOTED("Kafka will not take what came of this raw message until somebody mends that"),
		  LOG_QUOTED("the partition waits: deploy/RUNBOOK.md, Kafka refuses verdicts, says what to do"));
}
