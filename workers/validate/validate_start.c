/* Bringing a lane to where it may judge: design 4, "Start", "Cold" and "Redis unreachable". */
#include "validate/validate.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/frame.h"
#include "run/crash.h"
#include "validate/cache_fold.h"
#include "validate/register_state.h"
#include "validate/validate_metrics.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

enum {
	CHUNK_MESSAGES_MAX = 128,  /* verdicts folded or followed in one step */
	CHUNK_BYTES_MAX = 4 << 20, /* the one that passes it is the last */
	CHUNK_READ_MS = 1000,
	PARKED_MS = 10000,
	COLD_RETRY_MS = 1000,
	STEP_RETRY_MS = 500,
};

static const char OTHER_KEY[] = "the register holds teacher keys of another HMAC key: give hmac.key.file that key";

void validate_restart(struct lane *lane)
{
	lane->mode = LANE_START;
	lane->retry_at_ms = 0;
}

void validate_park(struct lane *lane, const char *why)
{
	log_event(LOG_ERROR, "partition.parked", "partition=%d next_raw=%lld next_verdict=%lld why=\"%s\"",
		  lane->partition, (long long)lane->position.next_raw, (long long)lane->position.next_verdict, why);
	lane->mode = LANE_PARKED;
	lane->retry_at_ms = clock_ms() + PARKED_MS;
}

void validate_redis_failed(struct validate *self, const struct err *err)
{
	if (!self->redis.is_open)
		log_event(LOG_WARN, "redis.away", "code=%s why=%s then=\"everything is a candidate until it is back\"",
			  err->code, LOG_QUOTED(err->text));
	breaker_failed(&self->redis, clock_ms());
}

static void redis_answered(struct validate *self)
{
	if (breaker_answered(&self->redis))
		log_event(LOG_INFO, "redis.back", "then=\"fold what was judged without it\"");
}

int validate_fetch(struct validate *self, struct lane *lane, struct err *err)
{
	if (lane->next_fetch == lane->position.next_raw)
		return 0;
	int rc = kafka_consumer_start(self->consumer, lane->partition, lane->position.next_raw, err);

	if (rc == 0)
		lane->next_fetch = lane->position.next_raw;
	return rc;
}

/* The lane judges from here on. */
static int begin_judging(struct validate *self, struct lane *lane, enum lane_mode mode, struct err *err)
{
	const struct chain_position *position = &lane->position;
	int rc = validate_fetch(self, lane, err);

	if (rc < 0)
		return rc;
	log_event(lane->mode_logged == mode ? LOG_DEBUG : LOG_INFO, "partition.starts",
		  "partition=%d next_raw=%lld next_verdict=%lld cache=%s", lane->partition,
		  (long long)position->next_raw, (long long)position->next_verdict, mode == LANE_RUN ? "yes" : "no");
	lane->mode = lane->mode_logged = mode;
	lane->failures = 0;
	return 0;
}

/* *ret_is_inside: the position's verdict offset lies in the log, so that the chain can be read from there. */
static int ask_verdict_log(struct validate *self, const struct lane *lane, const struct chain_position *position,
			   struct kafka_topic_range *ret, bool *ret_is_inside, struct err *err)
{
	int rc = kafka_reader_range(self->reader, self->config.topic.verdict, lane->partition, VALIDATE_BROKER_WAIT_MS,
				    ret, err);

	if (rc == 0)
		*ret_is_inside = position->next_verdict >= ret->low && position->next_verdict <= ret->high;
	return rc;
}

/* ---- a place in the chain ---- */

/* 1 with *ret; 0: the register is away, or there is none. */
static int ask_register(struct validate *self, const struct lane *lane, struct register_state *ret, struct err *err)
{
	if (!self->link || !breaker_may_ask(&self->pg, clock_ms()))
		return 0;
	int rc = register_state_read(self->link, self->config.topic.raw, lane->partition, &self->turn, ret, err);

	if (rc == -ERR_RETRY) {
		if (!self->pg.is_open)
			log_event(LOG_WARN, "register.away", "code=%s why=%s then=\"a cold cache stays cold\"",
				  err->code, LOG_QUOTED(err->text));
		breaker_failed(&self->pg, clock_ms());
		return 0;
	}
	if (rc < 0)
		return rc;
	breaker_answered(&self->pg);
	return 1;
}

/* A verdict with other teacher keys would count, and the writer could not go on behind it. */
static bool has_other_key(const struct validate *self, const struct register_state *state)
{
	return state->has_key_id && state->key_id != self->key.id;
}

static int mirrored_position(struct validate *self, const struct lane *lane, struct chain_position *ret, struct err *err)
{
	char text[CHAIN_POSITION_TEXT_BYTES];
	int rc = kafka_consumer_committed(self->consumer, lane->partition, VALIDATE_BROKER_WAIT_MS, text, sizeof text, err);

	return rc < 0 ? rc : chain_position_parse(slice_of(text), ret);
}

/* A place of the chain from which it can be followed: from memory, the register's cursor, the group's metadata, or its very
 * beginning while the log still has that. 1: *ret is one; 0: there is none, or the log is another than it speaks of, or we
 * must not judge there; *ret_why says so. */
static int find_position(struct validate *self, const struct lane *lane, struct chain_position *ret,
			 const char **ret_why, struct err *err)
{
	struct register_state state;
	struct kafka_topic_range range;
	bool is_inside = false;
	int rc = ask_verdict_log(self, lane, &lane->position, &range, &is_inside, err);

	if (rc < 0)
		return rc;
	*ret = lane->position;
	*ret_why = "without cache and register nothing tells where the chain of verdicts stands";
	if (lane->has_position && is_inside)
		return 1;
	rc = ask_register(self, lane, &state, err);
	if (rc == 1 && has_other_key(self, &state)) {
		*ret_why = OTHER_KEY;
		return 0;
	}
	if (rc == 1)
		*ret = state.position;
	else if (rc == 0)
		rc = mirrored_position(self, lane, ret, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		return ret->next_verdict >= range.low && ret->next_verdict <= range.high;
	*ret = CHAIN_GENESIS;
	return range.low == 0;
}

static int go_through(struct validate *self, struct lane *lane, struct err *err)
{
	struct chain_position position;
	const char *why;
	int rc = find_position(self, lane, &position, &why, err);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		validate_park(lane, why);
		return 0;
	}
	lane->position = position;
	lane->has_position = true;
	lane->retry_at_ms = clock_ms() + COLD_RETRY_MS;
	lane->mode = LANE_FOLLOW;
	return 0;
}

/* ---- a chunk of the verdict log ---- */

struct chunk {
	struct kafka_message messages[CHUNK_MESSAGES_MAX];
	size_t message_count;
	struct wire_verdict *counted[CHUNK_MESSAGES_MAX]; /* in the turn's arena, borrowing from the messages */
	size_t counted_count;
	struct chain_position next; /* behind the chunk */
	bool is_hole;
};

static void chunk_drop(struct chunk *chunk)
{
	for (size_t i = 0; i < chunk->message_count; i++)
		kafka_message_drop(&chunk->messages[i]);
	chunk->message_count = 0;
}

static int chunk_read(struct validate *self, const struct lane *lane, int64_t end, struct chunk *chunk, struct err *err)
{
	size_t bytes = 0;
	int64_t next = lane->position.next_verdict;
	int rc = kafka_reader_seek(self->reader, self->config.topic.verdict, lane->partition, next, err);

	while (rc == 0 && next < end && chunk->message_count < CHUNK_MESSAGES_MAX && bytes < CHUNK_BYTES_MAX) {
		struct kafka_message *message = &chunk->messages[chunk->message_count];

		rc = kafka_reader_next(self->reader, CHUNK_READ_MS, message, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return err_set(err, ERR_RETRY, "verdicts", "partition %d gives nothing below its end",
				       lane->partition);
		chunk->message_count++;
		bytes += message->value.n;
		next = message->offset + 1;
		rc = 0;
	}
	kafka_reader_rest(self->reader);
	return rc;
}

/* 1: *ret is a verdict. 0: bytes that are none and count for nothing. ERR_RETRY: of a schema only a newer build knows. */
static int verdict_read(struct validate *self, const struct kafka_message *message, struct wire_verdict *ret,
			struct err *err)
{
	uint64_t schema;
	struct slice body;

	if (frame_open(message->value, &schema, &body, NULL) != 0)
		return 0;
	if (!wire_schema_find(schema))
		return err_set(err, ERR_RETRY, "schema",
			       "partition %d holds verdicts of a newer schema: upgrade this validator",
			       message->partition);
	size_t mark = self->turn.used_bytes;
	int rc = wire_verdict_decode_as(schema, body, &self->turn, ret, err);

	if (rc == 0)
		rc = wire_verdict_check(ret, err);
	if (rc != -ERR_FULL)
		return rc == 0 ? 1 : rc == -ERR_DATA ? 0 : rc;
	self->turn.used_bytes = mark; /* no verdict of ours needs so much: a chunk of them fits many times */
	return 0;
}

static int chunk_decode(struct validate *self, const struct lane *lane, struct chunk *chunk, struct err *err)
{
	chunk->next = lane->position;
	for (size_t i = 0; i < chunk->message_count && !chunk->is_hole; i++) {
		struct wire_verdict *verdict = arena_take(&self->turn, 1, sizeof *verdict);
		int rc = verdict ? verdict_read(self, &chunk->messages[i], verdict, err)
				 : err_set(err, ERR_FULL, "arena", "no room for a chunk of verdicts");

		if (rc < 0)
			return rc;
		switch (chain_position_follow(&chunk->next, chunk->messages[i].offset, rc == 1 ? verdict : NULL)) {
		case CHAIN_COUNTS:
			chunk->counted[chunk->counted_count++] = verdict;
			break;
		case CHAIN_VOID:
			validate_metric_add(METRIC_VOID, 1);
			break;
		case CHAIN_HOLE:
			chunk->is_hole = true;
			break;
		}
	}
	return 0;
}

static int chunk_take(struct validate *self, const struct lane *lane, int64_t end, struct chunk *chunk, struct err *err)
{
	int rc = chunk_read(self, lane, end, chunk, err);

	return rc == 0 ? chunk_decode(self, lane, chunk, err) : rc;
}

/* ---- fold ---- */

static bool touches_a_board(const struct wire_verdict *verdict)
{
	return verdict->kind != VERDICT_KIND_FOREIGN && verdict->kind != VERDICT_KIND_CONFIRM;
}

static struct cache_board *board_of(struct cache_board *boards, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (boards[i].board == number)
			return &boards[i];
	return NULL;
}

static size_t list_boards(const struct chunk *chunk, struct cache_board *boards)
{
	size_t count = 0;

	for (size_t i = 0; i < chunk->counted_count; i++) {
		uint32_t number = (uint32_t)chunk->counted[i]->header.board;

		if (touches_a_board(chunk->counted[i]) && !board_of(boards, count, number))
			boards[count++] = (struct cache_board){ .board = number };
	}
	return count;
}

/* 1: Redis is the fold of the verdict log up to chunk->next. 0: it changed under us. */
static int fold_chunk(struct validate *self, struct lane *lane, const struct chunk *chunk, struct err *err)
{
	struct cache_board boards[CHUNK_MESSAGES_MAX];
	size_t count = list_boards(chunk, boards);
	struct cache_head head, next = lane_head(lane, &chunk->next);
	int rc = redis_cache_read(self->cache, lane->partition, &head, boards, count, &self->turn, err);

	if (rc < 0)
		return rc;
	if (!lane_is_at(lane, &head))
		return 0;
	for (size_t i = 0; i < chunk->counted_count; i++) {
		struct cache_board *board = board_of(boards, count, (uint32_t)chunk->counted[i]->header.board);

		if (touches_a_board(chunk->counted[i]))
			rc = cache_fold(board, chunk->counted[i], self->key.id, &self->turn, err);
		if (rc < 0)
			return rc;
	}
	return redis_cache_advance(self->cache, lane->partition, &head, &next, boards, count, err);
}

static int fold_taken(struct validate *self, struct lane *lane, const struct chunk *chunk, struct err *err)
{
	if (chunk->is_hole) {
		validate_park(lane, "a verdict that counts speaks of another raw message than the next");
		return 0;
	}
	int rc = fold_chunk(self, lane, chunk, err);

	if (rc == -ERR_RETRY) {
		validate_redis_failed(self, err);
		return go_through(self, lane, err);
	}
	if (rc < 0)
		return rc;
	if (rc == 0) {
		validate_metric_add(METRIC_CONFLICTS, 1);
		validate_restart(lane);
		return 0;
	}
	validate_metric_add(METRIC_FOLDED, (int64_t)chunk->counted_count);
	lane->position = chunk->next;
	crash_point("validate.folded");
	return 0;
}

static int step_fold(struct validate *self, struct lane *lane, struct err *err)
{
	struct kafka_topic_range range;
	struct chunk chunk = { .message_count = 0 };
	bool is_inside = false;
	int rc = ask_verdict_log(self, lane, &lane->position, &range, &is_inside, err);

	if (rc < 0)
		return rc;
	if (!is_inside) {
		validate_park(lane, "the cache stands outside the verdict log: remove its head when the log was replaced");
		return 0;
	}
	if (lane->position.next_verdict == range.high)
		return begin_judging(self, lane, LANE_RUN, err);
	rc = chunk_take(self, lane, range.high, &chunk, err);
	if (rc == 0)
		rc = fold_taken(self, lane, &chunk, err);
	chunk_drop(&chunk);
	return rc;
}

/* ---- cold start ---- */

static int draw_gen(uint8_t gen[CACHE_GEN_BYTES], struct err *err)
{
	if (getrandom(gen, CACHE_GEN_BYTES, 0) != CACHE_GEN_BYTES)
		return err_set(err, ERR_FATAL, "random", "the system gives no random bytes: %s", strerrorname_np(errno));
	return 0;
}

static int begin_cache(struct validate *self, struct lane *lane, const struct register_state *state, struct err *err)
{
	int rc = draw_gen(lane->gen, err);

	if (rc < 0)
		return rc;
	struct cache_head head = lane_head(lane, &state->position);

	rc = redis_cache_begin(self->cache, lane->partition, &head, state->boards, state->board_count, err);
	if (rc == -ERR_RETRY) {
		validate_redis_failed(self, err);
		return go_through(self, lane, err);
	}
	if (rc < 0)
		return rc;
	if (rc == 0) {
		validate_restart(lane); /* another began it */
		return 0;
	}
	crash_point("validate.began");
	validate_metric_add(METRIC_COLD_STARTS, 1);
	log_event(LOG_INFO, "cache.begun", "partition=%d next_raw=%lld next_verdict=%lld boards=%zu", lane->partition,
		  (long long)state->position.next_raw, (long long)state->position.next_verdict, state->board_count);
	lane->position = state->position;
	lane->has_position = true;
	lane->mode = LANE_FOLD;
	return 0;
}

static int begin_cold(struct validate *self, struct lane *lane, struct err *err)
{
	struct register_state state;
	struct kafka_topic_range range;
	bool is_inside = false;
	int rc = ask_register(self, lane, &state, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return go_through(self, lane, err);
	if (has_other_key(self, &state)) {
		validate_park(lane, OTHER_KEY);
		return 0;
	}
	rc = ask_verdict_log(self, lane, &state.position, &range, &is_inside, err);
	if (rc < 0)
		return rc;
	if (!is_inside) {
		validate_park(lane, "the register's cursor lies outside the verdict log: instroomctl refill");
		return 0;
	}
	return begin_cache(self, lane, &state, err);
}

/* ---- start ---- */

static int step_start(struct validate *self, struct lane *lane, struct err *err)
{
	struct cache_head head;

	if (!breaker_may_ask(&self->redis, clock_ms()))
		return go_through(self, lane, err);
	int rc = redis_cache_read(self->cache, lane->partition, &head, NULL, 0, &self->turn, err);

	if (rc == -ERR_RETRY) {
		validate_redis_failed(self, err);
		return go_through(self, lane, err);
	}
	if (rc < 0)
		return rc;
	redis_answered(self);
	if (head.is_cold)
		return begin_cold(self, lane, err);
	lane->position = lane_position_of(&head);
	lane->has_position = true;
	memcpy(lane->gen, head.gen, sizeof lane->gen);
	lane->mode = LANE_FOLD;
	return 0;
}

/* ---- follow: without the cache ---- */

static int step_follow(struct validate *self, struct lane *lane, struct err *err)
{
	struct kafka_topic_range range;
	struct chunk chunk = { .message_count = 0 };
	bool is_inside = false;
	int rc = ask_verdict_log(self, lane, &lane->position, &range, &is_inside, err);

	if (rc < 0)
		return rc;
	if (!is_inside) {
		lane->has_position = false;
		validate_restart(lane);
		return 0;
	}
	if (lane->position.next_verdict == range.high)
		return begin_judging(self, lane, LANE_THROUGH, err);
	rc = chunk_take(self, lane, range.high, &chunk, err);
	if (rc == 0 && chunk.is_hole)
		validate_park(lane, "a verdict that counts speaks of another raw message than the next");
	else if (rc == 0)
		lane->position = chunk.next;
	chunk_drop(&chunk);
	return rc;
}

static int step(struct validate *self, struct lane *lane, struct err *err)
{
	switch (lane->mode) {
	case LANE_START:
		return step_start(self, lane, err);
	case LANE_FOLD:
		return step_fold(self, lane, err);
	default:
		return step_follow(self, lane, err);
	}
}

/* What a lane that waits may do again. Without Redis one lane at a time asks for it; while it has no head and the register is
 * away there is nothing to ask for. */
static bool may_start(const struct validate *self, const struct lane *lane, int64_t now_ms)
{
	if (now_ms < lane->retry_at_ms)
		return false;
	return lane->mode != LANE_THROUGH || (breaker_may_ask(&self->redis, now_ms) && breaker_may_ask(&self->pg, now_ms));
}

int validate_step(struct validate *self, struct lane *lane, struct err *err)
{
	bool waits = lane->mode == LANE_THROUGH || lane->mode == LANE_LATE || lane->mode == LANE_PARKED;

	if (waits && may_start(self, lane, clock_ms()))
		lane->mode = LANE_START;
	if (lane->mode != LANE_START && lane->mode != LANE_FOLD && lane->mode != LANE_FOLLOW)
		return 0;
	if (lane->mode == LANE_START && clock_ms() < lane->retry_at_ms)
		return 0;
	enum lane_mode mode;
	int rc;

	do { /* a lane that finds its place at the end of the log misses no message over it */
		mode = lane->mode;
		arena_reset(&self->turn);
		rc = step(self, lane, err);
	} while (rc == 0 && mode == LANE_START && (lane->mode == LANE_FOLD || lane->mode == LANE_FOLLOW));
	if (rc != -ERR_RETRY)
		return rc;
	lane->failures++;
	if ((lane->failures & (lane->failures - 1)) == 0) /* the first, and then each time they have doubled */
		log_event(LOG_WARN, "partition.retry", "partition=%d attempt=%u code=%s why=%s", lane->partition,
			  lane->failures, err->code, LOG_QUOTED(err->text));
	validate_restart(lane);
	lane->retry_at_ms = clock_ms() + STEP_RETRY_MS;
	return 0;
}
