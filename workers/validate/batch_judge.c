#include "validate/batch_judge.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "run/crash.h"
#include "validate/batch_output.h"
#include "validate/cache_fold.h"
#include "validate/lane_attempt.h"
#include "validate/refusal.h"
#include "validate/validate_metrics.h"
#include "validate/verdict_span.h"

enum {
	WAITING_PAUSE_MS = 1000,
	HEADS_LOST_MAX = 8, /* then the cache counts as away: one that keeps nothing must not block judging */
	/* boards of the batch; beyond this a lane leaves its further messages to the next */
	BOARDS_BYTES_MAX = 32 << 20,
};

/* ---- random ids ---- */

static int draw_id(struct batch *batch, uint8_t id[VERDICT_ID_BYTES], struct err *err)
{
	if (batch->ids_left == 0) {
		int rc = random_fill(batch->ids, sizeof batch->ids, err);

		if (rc < 0)
			return rc;
		batch->ids_left = BATCH_IDS;
	}
	memcpy(id, batch->ids[--batch->ids_left], VERDICT_ID_BYTES);
	return 0;
}

/* ---- boards ---- */

static bool slot_is_of(const struct batch *batch, const struct lane *lane, uint32_t board)
{
	uint32_t slot = batch->board_slots[board];

	return slot > 0 && slot <= lane->batch.board_count && lane->batch.boards[slot - 1].board == board;
}

static struct cache_board *find_board(const struct batch *batch, const struct lane *lane, const struct raw_input *input)
{
	if (!input->has_headers || !slot_is_of(batch, lane, input->headers.board))
		return NULL;
	return &lane->batch.boards[batch->board_slots[input->headers.board] - 1];
}

/* The boards the lane's messages name, as far as one call to the cache carries; later messages wait for the next
 * batch. */
static int list_boards(struct batch *batch, struct lane *lane, struct err *err)
{
	struct lane_batch *part = &lane->batch;
	size_t capacity = MIN((size_t)part->message_count, (size_t)CACHE_BOARDS_MAX);

	part->board_count = 0;
	part->boards = arena_take(batch->arena, capacity, sizeof *part->boards);
	if (!part->boards)
		return err_set(err, ERR_FULL, "arena", "the boards of a batch do not fit its arena");
	for (const struct batch_message *message = part->first; message && part->board_count < capacity;
	     message = message->next) {
		struct raw_input input;

		raw_input_open(&message->raw, &input);
		if (!input.has_headers || slot_is_of(batch, lane, input.headers.board))
			continue;
		part->boards[part->board_count++] = (struct cache_board){ .board = input.headers.board };
		batch->board_slots[input.headers.board] = (uint32_t)part->board_count;
	}
	return 0;
}

/* ---- what is missing ---- */

/* *ret: NULL when there is no such version yet. */
static int find_reference(struct batch *batch, const struct raw_input *input, const struct reference **ret,
			  struct err *err)
{
	const uint8_t *version = input->headers.reference_version;
	int rc = reference_cache_find(batch->references, version, ret, err);

	if ((rc == 0 && *ret) || (rc < 0 && rc != -ERR_RETRY))
		return rc;
	rc = reference_cache_refresh(batch->references, err); /* it may also stand elsewhere by now */
	return rc < 0 ? rc : reference_cache_find(batch->references, version, ret, err);
}

/* The body, and the reference version it names. In the end it is READY with what it needs, given up, or WAITING. */
static int open_message(struct batch *batch, const struct batch_message *message, struct raw_input *input,
			const struct reference **ret_reference, struct err *err)
{
	raw_input_decode(&message->raw, &batch->message_arena, input);
	if (input->state != RAW_INPUT_READY || !raw_input_has_lines(input))
		return 0;
	int rc = find_reference(batch, input, ret_reference, err);

	if (rc == 0 && !*ret_reference) {
		input->state = RAW_INPUT_WAITING;
		input->reason = REASON_MISSING_REFERENCE;
	}
	return rc;
}

/* false: not yet, as the topic of day keys was not read to its end. */
static bool log_waiting(const struct batch *batch, const struct lane *lane, const struct batch_message *message,
			const struct raw_input *input)
{
	const struct body_seal *seal = batch->peers->config->kafka.bodies;
	char why[256] = "";

	if (message->raw.body != BODY_NO_KEY) {
		log_event(LOG_ERROR, "message.waiting",
			  "partition=%d offset=%lld why=%s effect=\"the partition waits\"", lane->partition,
			  (long long)message->raw.offset, input->reason);
		return true;
	}
	if (!body_seal_is_sure(seal))
		return false;
	body_seal_explain(seal, message->raw.value, why, sizeof why);
	log_event(LOG_ERROR, "message.waiting", "partition=%d offset=%lld why=%s message=%s effect=%s", lane->partition,
		  (long long)message->raw.offset, input->reason, LOG_QUOTED(why),
		  LOG_QUOTED("the partition waits, the others go on; instroomctl day-keys check"));
	return true;
}

/* Whether the message still waits, and the lane with it; else it is given up. */
static bool goes_on_waiting(const struct batch *batch, struct lane *lane, const struct batch_message *message,
			    struct raw_input *input)
{
	int64_t now_ms = clock_ms(), max_ms = batch->peers->config->missing_wait_ms_max;

	if (lane->waiting_offset != message->raw.offset) {
		lane->waiting_offset = message->raw.offset;
		lane->waiting_since_ms = now_ms;
		lane->waiting_is_logged = false;
	}
	if (!lane->waiting_is_logged)
		lane->waiting_is_logged = log_waiting(batch, lane, message, input);
	if (max_ms == 0 || now_ms - lane->waiting_since_ms < max_ms)
		return true;
	raw_input_give_up(input, input->reason);
	return false;
}

/* ---- judging ---- */

enum judge_step {
	JUDGE_PRODUCED,
	JUDGE_WAITS, /* the message lacks something, so it and those behind it are not judged now */
	JUDGE_FULL,  /* its board was not read: the next batch */
};

/* Judged on board, which the lane's cache knows; NULL: without the cache. */
static int judge_and_produce(struct batch *batch, struct lane *lane, struct batch_message *message,
			     struct raw_input *input, const struct reference *reference, struct cache_board *board,
			     struct err *err)
{
	struct verdict_link link = { .raw_offset = message->raw.offset };
	struct wire_verdict verdict;
	int rc = draw_id(batch, link.id, err);

	if (rc < 0)
		return rc;
	memcpy(link.parent, lane->batch.next.tip, sizeof link.parent);
	rc = verdict_make(&batch->maker, message->raw.value, input, &link, reference, board, &batch->message_arena,
			  &verdict, err);
	if (rc < 0) { /* no memory: for the same message there may be some later */
		lane->batch.pause_ms = BATCH_PAUSE_MS;
		return rc;
	}
	verdict_span_judged(message, input, &verdict);
	crash_point("validate.judged");
	if (input->state != RAW_INPUT_READY)
		rc = batch_output_quarantine(batch, message, input, err);
	if (rc == 0)
		rc = batch_output_verdict(batch, message, &verdict, err);
	if (rc < 0)
		return rc;
	validate_metrics_count(&verdict);
	return board ? cache_fold(board, &verdict, batch->peers->key.id, batch->arena, err) : 0;
}

/* One message, on the fold of those before it. */
static int judge_message(struct batch *batch, struct lane *lane, struct batch_message *message, bool is_poison,
			 enum judge_step *ret, struct err *err)
{
	const struct reference *reference = NULL;
	struct raw_input input;
	int rc = 0;

	arena_reset(&batch->message_arena);
	raw_input_open(&message->raw, &input);
	if (is_poison)
		raw_input_give_up(&input, input.has_headers ? REASON_POISON : REASON_NO_HEADERS);
	else
		rc = open_message(batch, message, &input, &reference, err);
	if (rc < 0)
		return rc;
	if (input.state == RAW_INPUT_WAITING && goes_on_waiting(batch, lane, message, &input)) {
		*ret = JUDGE_WAITS;
		return 0;
	}
	struct cache_board *board = lane->state == LANE_RUN ? find_board(batch, lane, &input) : NULL;

	if (lane->state == LANE_RUN && input.has_headers && !board) {
		*ret = JUDGE_FULL;
		return 0;
	}
	*ret = JUDGE_PRODUCED;
	return judge_and_produce(batch, lane, message, &input, reference, board, err);
}

static int rest_until_there(struct batch *batch, struct lane *lane, const char *why, struct err *err)
{
	lane_attempt_take_back(batch->peers, lane);
	lane_enter(lane, LANE_WAITING, WAITING_PAUSE_MS, why);
	lane_forget_fetched(lane);
	return kafka_consumer_pause(batch->peers->consumer, lane->partition, err);
}

static int judge_messages(struct batch *batch, struct lane *lane, struct err *err)
{
	enum judge_step step = JUDGE_PRODUCED;
	bool is_poison;
	int rc = lane_attempt_begin(batch->peers, lane, &is_poison, err);

	if (rc < 0)
		return rc;
	for (struct batch_message *message = lane->batch.first; message && step == JUDGE_PRODUCED;
	     message = message->next) {
		if (batch->arena->used_bytes > BOARDS_BYTES_MAX && lane->batch.produced_count > 0)
			break;
		rc = judge_message(batch, lane, message, is_poison, &step, err);
		if (rc < 0)
			return rc;
		is_poison = false;
	}
	crash_point("validate.produced");
	return step == JUDGE_WAITS && lane->batch.produced_count == 0
		       ? rest_until_there(batch, lane,
					  "the next message lacks a schema, a reference version or a day key", err)
		       : 0;
}

/* ---- the lane ---- */

/* *ret_is_ready: the boards are read, and the head stands where the lane left it. Else the lane starts again. */
static int read_boards(struct batch *batch, struct lane *lane, bool *ret_is_ready, struct err *err)
{
	struct cache_head head;
	int rc = list_boards(batch, lane, err);

	*ret_is_ready = rc == 0;
	if (rc < 0 || lane->state == LANE_BYPASS)
		return rc;
	rc = redis_cache_read(batch->peers->cache, lane->partition, &head, lane->batch.boards, lane->batch.board_count,
			      batch->arena, err);
	if (rc == 0)
		peers_cache_read(lane->partition, lane->batch.boards, lane->batch.board_count);
	*ret_is_ready = rc == 0 && lane_is_at(lane, &head);
	if (*ret_is_ready)
		lane->cache_board_count = head.board_count;
	if (rc == 0 && !*ret_is_ready && ++lane->heads_lost > HEADS_LOST_MAX)
		rc = err_set(err, ERR_RETRY, "head",
			     "the head of the cache is gone or moved each time we come back to it");
	if (*ret_is_ready || (rc < 0 && rc != -ERR_RETRY))
		return rc;
	if (rc == 0)
		validate_metric_add(METRIC_BATCHES_FENCED, 1);
	else
		peers_cache_failed(batch->peers, err);
	lane_forget_fetched(lane);
	lane_enter(lane, LANE_START, 0, rc == 0 ? "another advanced the cache, or it is gone" : "the cache is away");
	return 0;
}

/* A lane whose messages cannot be judged now. What was produced is void or stands: the start finds out which. */
static int give_up(struct batch *batch, struct lane *lane, int rc, const struct err *err)
{
	if (rc != -ERR_RETRY && rc != -ERR_FULL)
		return rc;
	lane_attempt_take_back(batch->peers, lane);
	if (strcmp(err->code, "day_key") == 0) /* the last one ended just now */
		lane->batch.pause_ms = BATCH_PAUSE_MS;
	validate_metric_add(METRIC_BATCH_RETRIES, 1);
	lane_forget_fetched(lane);
	lane->batch.is_void = lane->batch.produced_count > 0; /* then it starts again when the reports are in */
	if (lane->batch.is_void)
		return 0;
	refusal_settle(batch, lane);
	log_event(lane->batch.refusal.lasts ? LOG_DEBUG : LOG_WARN, "batch.dropped",
		  "partition=%d next_raw=%lld code=%s why=%s effect=\"fetched again\"", lane->partition,
		  (long long)lane->position.next_raw, err->code, LOG_QUOTED(err->text));
	lane_enter(lane, LANE_START, lane->batch.pause_ms, "a batch was dropped");
	return 0;
}

int batch_judge_lane(struct batch *batch, struct lane *lane, struct err *err)
{
	bool is_ready;

	if (!lane_is_judging(lane))
		return 0;				 /* parked or revoked while the batch was polled */
	if (batch->peers->lacks && *batch->peers->lacks) /* else its verdicts would be refused one by one */
		return rest_until_there(batch, lane, "there is no day key for today", err);
	if (lane->batch.first->follows != lane->position.next_raw) { /* a batch before this one failed half-way */
		lane_forget_fetched(lane);
		return 0;
	}
	lane->batch.next = lane->position;
	lane->batch.is_void = false;
	lane->batch.refusal = (struct lane_refusal){ 0 };
	lane->batch.pause_ms = 0;
	int rc = read_boards(batch, lane, &is_ready, err);

	if (rc == 0 && is_ready)
		rc = judge_messages(batch, lane, err);
	return rc < 0 ? give_up(batch, lane, rc, err) : 0;
}
