#include "validate/batch_settle.h"

#include "base/log.h"
#include "run/crash.h"
#include "validate/lane_attempt.h"
#include "validate/lane_start.h"
#include "validate/refusal.h"
#include "validate/validate_metrics.h"

/* The verdicts stand in a row where they were meant to, so they count. */
static void move_position(struct batch *batch, struct lane *lane)
{
	char text[CHAIN_POSITION_TEXT_BYTES];

	lane->position = lane->batch.next;
	if (lane->position.next_raw > lane->waiting_offset)
		lane->waiting_offset = -1; /* it has passed; a position that goes back later does not make it wait */
	lane->messages_max = (uint32_t)MIN((int64_t)lane->messages_max * 2, batch->peers->config->batch_messages_max);
	chain_position_to_text(&lane->position, batch->peers->key.id, text);
	kafka_consumer_commit(batch->peers->consumer, lane->partition, lane->position.next_raw, text);
}

static void log_void(const struct lane *lane)
{
	const struct lane_refusal *refusal = &lane->batch.refusal;

	log_event(LOG_WARN, refusal->is_there ? "batch.refused" : "batch.void",
		  "partition=%d next_raw=%lld next_verdict=%lld code=%s why=%s "
		  "effect=\"the log is read to where it counts\"",
		  lane->partition, (long long)lane->position.next_raw, (long long)lane->position.next_verdict,
		  refusal->is_there ? refusal->code : "row",
		  refusal->is_there ? "\"Kafka did not take a verdict\"" : "\"the verdicts do not stand in a row\"");
}

static void settle_void(struct batch *batch, struct lane *lane)
{
	const struct lane_refusal *refusal = &lane->batch.refusal;

	lane_attempt_take_back(batch->peers, lane);
	validate_metric_add(refusal->is_there ? METRIC_BATCH_RETRIES : METRIC_BATCHES_FENCED, 1);
	lane_forget_fetched(lane);
	refusal_settle(batch, lane);
	if (!refusal->lasts)
		log_void(lane);
	lane_enter(lane, LANE_START, lane->batch.pause_ms,
		   refusal->is_there ? "a batch was refused" : "a batch was void");
}

/* *ret_is_current: the cache knows the batch, or is not used. Else it is away, or another's. */
static int advance_cache(struct batch *batch, struct lane *lane, bool *ret_is_current, struct err *err)
{
	struct cache_head expected = lane_head(lane, &lane->position), next = lane_head(lane, &lane->batch.next);

	*ret_is_current = true;
	if (lane->state != LANE_RUN) {
		validate_metric_add(METRIC_BYPASSED_BATCHES, 1);
		return 0;
	}
	int rc = redis_cache_advance(batch->peers->cache, lane->partition, &expected, &next, lane->batch.boards,
				     lane->batch.board_count, ret_is_current, err);

	crash_point("validate.advanced");
	if (rc == -ERR_RETRY)
		peers_cache_failed(batch->peers, err);
	else if (!*ret_is_current) /* another wrote, or one call cannot carry it: the start folds it in chunks */
		validate_metric_add(METRIC_BATCHES_FENCED, 1);
	return rc == -ERR_RETRY || rc == -ERR_FULL ? 0 : rc;
}

static int settle_counted(struct batch *batch, struct lane *lane, struct err *err)
{
	bool is_current;
	int rc = advance_cache(batch, lane, &is_current, err);

	lane->heads_lost = 0;
	lane->refusals = 0;
	if (rc < 0)
		return rc;
	if (is_current)
		lane_attempt_succeeded(lane);
	else
		lane_attempt_take_back(batch->peers, lane);
	move_position(batch, lane); /* whatever became of the cache, the verdicts count */
	if (!is_current)
		lane_enter(lane, LANE_START, 0, "the cache is away, or another advanced it");
	return 0;
}

int batch_settle_lane(struct batch *batch, struct lane *lane, struct err *err)
{
	int rc = 0;

	if (lane->batch.produced_count > 0 && lane->batch.is_void)
		settle_void(batch, lane);
	else if (lane->batch.produced_count > 0)
		rc = settle_counted(batch, lane, err);
	if (rc < 0)
		return rc;
	if (lane_is_judging(lane) && lane_start_fetch(batch->peers, lane, err) < 0)
		lane_enter(lane, LANE_START, 0, "the consumer could not be set");
	return 0;
}
