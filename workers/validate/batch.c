#include "validate/batch.h"

#include "base/clock.h"
#include "base/log.h"
#include "validate/raw_input.h"
#include "validate/validate_metrics.h"
#include "validate/verdict_span.h"

#include <assert.h>

enum {
	IDLE_WAIT_MS = 100,
	/* address space; memory is used as far as messages need it */
	MESSAGE_ARENA_BYTES = 256 << 20,
	MESSAGE_ARENA_KEEP_BYTES = 4 << 20,
};

int batch_init(struct batch *batch, struct peers *peers, struct lanes *lanes, struct arena *arena, struct err *err)
{
	batch->peers = peers;
	batch->lanes = lanes;
	batch->arena = arena;
	verdict_maker_init(&batch->maker, &peers->key);
	batch->messages = calloc((size_t)peers->config->batch_messages_max, sizeof *batch->messages);
	if (!batch->messages)
		return err_set(err, ERR_FATAL, "memory", "no memory for the messages of a batch");
	return arena_init(&batch->message_arena, MESSAGE_ARENA_BYTES, MESSAGE_ARENA_KEEP_BYTES, err);
}

void batch_release(struct batch *batch)
{
	verdict_maker_release(&batch->maker);
	arena_release(&batch->message_arena);
	free(batch->messages);
}

void batch_forget_lane(struct lane *lane)
{
	lane->batch.first = lane->batch.last = NULL;
	lane->batch.message_count = 0;
}

static void begin(struct batch *batch)
{
	for (int32_t i = 0; i < batch->lanes->end; i++) {
		struct lane *lane = batch->lanes->items[i];

		if (!lane)
			continue;
		batch_forget_lane(lane);
		lane->batch.produced_count = 0;
	}
	batch->bytes = batch->lines = 0;
	batch->is_refused = false;
}

void batch_drop(struct batch *batch)
{
	for (size_t i = 0; i < batch->message_count; i++)
		kafka_message_drop(&batch->messages[i].raw);
	batch->message_count = 0;
}

static int64_t lines_announced(const struct kafka_message *raw)
{
	struct raw_input input;

	raw_input_open(raw, &input);
	return input.has_headers ? input.headers.line_count : 0;
}

/* Whether the offsets missing before the message never were messages (kafka/kafka_gap.h). Else the lane stops here. */
static bool lane_passes_gap(struct batch *batch, struct lane *lane, int64_t offset)
{
	struct peers *peers = batch->peers;
	enum kafka_gap gap;
	struct err err;
	int rc = kafka_reader_gap(peers->reader, peers->config->topic.raw, lane->partition, lane->next_fetch,
				  PEERS_BROKER_WAIT_MS, &gap, &err);

	if (rc == 0 && gap == KAFKA_GAP_EMPTY)
		return true;
	log_event(LOG_ERROR, "messages.missing", "partition=%d offset=%lld next=%lld why=%s", lane->partition,
		  (long long)lane->next_fetch, (long long)offset, LOG_QUOTED(rc == 0 ? kafka_gap_text(gap) : err.text));
	if (rc == 0)
		lane_park(lane, "raw messages may be lost: instroomctl loss show says which, and what to do");
	else
		lane_enter(lane, LANE_START, BATCH_PAUSE_MS, "Kafka does not say what is missing");
	return false;
}

/* false: the lane accepts none now, or not this one; it is fetched again when the lane judges. */
static bool lane_accepts(struct batch *batch, struct lane *lane, struct batch_message *message)
{
	int64_t offset = message->raw.offset;

	if (!lane_is_judging(lane) || offset < lane->next_fetch ||
	    (offset != lane->next_fetch && !lane_passes_gap(batch, lane, offset))) {
		lane_forget_fetched(lane);
		return false;
	}
	message->follows = lane->next_fetch;
	lane->next_fetch = offset + 1;
	message->lane = lane;
	message->next = NULL;
	verdict_span_begin(batch->peers, message);
	if (lane->batch.last)
		lane->batch.last->next = message;
	else
		lane->batch.first = message;
	lane->batch.last = message;
	lane->batch.message_count++;
	return true;
}

/* *ret_is_full: no further message belongs in this batch. */
static void add_message(struct batch *batch, struct batch_message *message, bool *ret_is_full)
{
	const struct validate_config *config = batch->peers->config;
	struct lane *lane = lanes_find(batch->lanes, message->raw.partition);

	assert(lane); /* a consumer gives messages of partitions it was assigned only */
	bool is_accepted = lane_accepts(batch, lane, message);

	batch->message_count++;
	*ret_is_full = batch->message_count == (size_t)config->batch_messages_max;
	if (!is_accepted)
		return;
	batch->bytes += (int64_t)message->raw.value.n;
	batch->lines += lines_announced(&message->raw);
	if (message->raw.timestamp_ms >= 0)
		validate_metric_observe(METRIC_LOG_WAIT_US, (clock_wall_ms() - message->raw.timestamp_ms) * 1000);
	*ret_is_full |= batch->bytes >= config->batch_bytes_max || batch->lines >= config->batch_lines_max ||
			lane->batch.message_count >= lane->messages_max;
}

/* An idle system judges the first message at once. One that has just judged lingers for others, as many small batches
 * cost everybody more than a few large ones: batches begin batch.linger.max apart. */
int batch_poll(struct batch *batch, bool is_busy, struct err *err)
{
	int64_t linger_ms = batch->peers->config->batch_linger_ms;
	uint32_t wait_ms = is_busy ? 0 : IDLE_WAIT_MS;
	int64_t end_ms = clock_ms() + wait_ms + linger_ms;
	int64_t next_ms = is_busy ? 0 : batch->polled_at_ms + linger_ms;
	bool is_full = false;

	begin(batch);
	while (!is_full && clock_ms() <= end_ms) {
		struct batch_message *message = &batch->messages[batch->message_count];
		bool came;
		int rc = kafka_consumer_poll(batch->peers->consumer, wait_ms, &message->raw, &came, err);

		if (rc != 0)
			return batch->message_count > 0 && rc == -ERR_RETRY ? 0 : rc;
		if (!came)
			break;
		add_message(batch, message, &is_full);
		wait_ms = (uint32_t)MAX(next_ms - clock_ms(), (int64_t)0);
	}
	if (batch->message_count > 0)
		batch->polled_at_ms = clock_ms();
	return 0;
}
