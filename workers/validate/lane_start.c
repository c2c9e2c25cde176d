#include "validate/lane_start.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "run/crash.h"
#include "validate/cache_fold.h"
#include "validate/lane_attempt.h"
#include "validate/register_state.h"
#include "validate/validate_metrics.h"
#include "validate/verdict_chunk.h"

enum { BYPASS_PAUSE_MS = 1000, RETRY_PAUSE_MS = 500 };

static const char OTHER_KEY[] =
	"the register or the verdict log has teacher keys of another HMAC key: hmac.key.file is not the present one, or"
	" hmac.key.old.file is not the one before";
static const char ADDED[] =
	"register.cursor has no row for it: somebody added it to the topic. RUNBOOK.md, Partitions were added";
static const char ADDED_RAW[] =
	"the verdict topic has no such partition: somebody added it to the raw topic. RUNBOOK.md, "
	"Partitions were added";
static const char OTHER_RAW[] =
	"the raw log is another one than was judged so far: the topic was made anew, or this is another cluster. "
	"RUNBOOK.md, A partition is parked";
static const char HOLE[] = "a verdict that counts speaks of a raw message that was judged before";
static const char LACKING[] = "verdicts are missing from the verdict log: run instroomctl refill";

int lane_start_fetch(struct peers *peers, struct lane *lane, struct err *err)
{
	if (lane->next_fetch == lane->position.next_raw)
		return 0;
	int rc = kafka_consumer_start(peers->consumer, lane->partition, lane->position.next_raw, err);

	if (rc == 0)
		lane->next_fetch = lane->position.next_raw;
	return rc;
}

/* ---- the raw log ---- */

/* One that the log keeps no more, or that nobody can open, counts as the same. */
static int match_raw(struct lane_start *self, const struct lane *lane, const struct judged_last *last, bool *ret,
		     struct err *err)
{
	struct kafka_reader *reader = self->peers->reader;
	const char *topic = self->peers->config->topic.raw;
	struct kafka_message message = { 0 };
	bool came = false;
	uint8_t digest[32];
	int rc = kafka_reader_begin(reader, topic, lane->partition, last->raw_offset, last->raw_offset + 1, err);

	*ret = true;
	if (rc == 0)
		rc = kafka_reader_next(reader, PEERS_BROKER_WAIT_MS, &message, &came, err);
	kafka_reader_rest(reader);
	if (kafka_reader_cannot_open(rc, err))
		return 0;
	if (rc != 0 || !came)
		return rc;
	if (message.body != BODY_SHREDDED && message.body != BODY_NO_KEY) {
		sha256_of(message.value, digest);
		*ret = memcmp(digest, last->raw_digest, sizeof last->raw_digest) == 0;
	}
	kafka_message_drop(&message);
	return 0;
}

/* Whether the raw log is the one that was judged so far. A topic that was made anew begins at 0: what stands below
 * next_raw would never be judged, once it is as long as the other was. low: of the verdict log. */
static int is_same_raw_log(struct lane_start *self, const struct lane *lane, int64_t low, bool *ret, struct err *err)
{
	static const uint8_t LOST[VERDICT_ID_BYTES]; /* what was lost has no digest: instroomctl loss accept */
	struct peers *peers = self->peers;
	struct verdict_log log = { .reader = peers->reader,
				   .topic = peers->config->topic.verdict,
				   .partition = lane->partition };
	struct kafka_topic_range range;
	struct judged_last last;
	int rc = verdict_chunk_last(&log, low, &lane->position, self->arena, &last, err);

	*ret = true;
	if (rc != 0 || !last.is_known || memcmp(last.raw_digest, LOST, sizeof LOST) == 0)
		return rc;
	rc = kafka_reader_range(peers->reader, peers->config->topic.raw, lane->partition, PEERS_BROKER_WAIT_MS, &range,
				err);
	if (rc != 0 || last.raw_offset < range.low || last.raw_offset >= range.high)
		return rc; /* gone by its term; or it ends before, as the consumer will find */
	return match_raw(self, lane, &last, ret, err);
}

/* The lane judges from here on. range: of the verdict log. */
static int begin_judging(struct lane_start *self, struct lane *lane, const struct kafka_topic_range *range,
			 enum lane_state state, struct err *err)
{
	bool is_same = true;
	int rc = is_same_raw_log(self, lane, range->low, &is_same, err);

	if (rc == 0 && !is_same)
		lane_park(lane, OTHER_RAW);
	if (rc != 0 || !is_same)
		return rc;
	rc = lane_start_fetch(self->peers, lane, err);
	if (rc < 0)
		return rc;
	if (state == LANE_RUN)
		lane_attempt_choose_pace(self->peers, lane);
	lane_enter(lane, state, state == LANE_BYPASS ? BYPASS_PAUSE_MS : 0, "the end of the verdict log is reached");
	lane->failures = 0;
	return 0;
}

/* ---- the verdict log ---- */

/* The chain can be read from there on. */
static bool range_has(const struct kafka_topic_range *range, const struct chain_position *position)
{
	return position->next_verdict >= range->low && position->next_verdict <= range->high;
}

static int ask_verdict_log(struct lane_start *self, const struct lane *lane, struct kafka_topic_range *ret,
			   struct err *err)
{
	return kafka_reader_range(self->peers->reader, self->peers->config->topic.verdict, lane->partition,
				  PEERS_BROKER_WAIT_MS, ret, err);
}

static int read_chunk(struct lane_start *self, const struct lane *lane, int64_t end, struct verdict_chunk *chunk,
		      struct err *err)
{
	struct verdict_log log = { .reader = self->peers->reader,
				   .topic = self->peers->config->topic.verdict,
				   .partition = lane->partition,
				   .end = end };
	int rc = verdict_chunk_read(chunk, &log, &lane->position, self->arena, err);

	validate_metric_add(METRIC_VOID, (int64_t)chunk->void_count);
	return rc;
}

/* ---- a place in the chain ---- */

/* *ret_is_known: the register answered, and *ret is its state. Else it is away, or there is none. */
static int ask_register(struct lane_start *self, const struct lane *lane, struct register_state *ret,
			bool *ret_is_known, struct err *err)
{
	struct peers *peers = self->peers;

	*ret_is_known = false;
	if (!peers->register_link || !breaker_may_ask(&peers->register_breaker, clock_ms()))
		return 0;
	int rc = register_state_read(peers->register_link, peers->config->topic.raw, lane->partition, self->arena, ret,
				     err);

	if (rc == -ERR_RETRY) {
		peers_register_failed(peers, err);
		return 0;
	}
	if (rc < 0)
		return rc;
	peers_register_answered(peers);
	*ret_is_known = true;
	return 0;
}

/* A verdict with other teacher keys would count, and the writer could not go on behind it: unless they are of the key
 * that follows the register's, on which it waits for instroomctl key rotate. */
static bool has_other_key(const struct lane_start *self, const struct register_state *state)
{
	return state->has_key_id && !peers_know_key(self->peers, state->key_id);
}

static bool has_unknown_key(const struct lane_start *self, const struct verdict_chunk *chunk)
{
	for (size_t i = 0; i < chunk->counted_count; i++)
		if (!peers_know_key(self->peers, (uint32_t)chunk->counted[i]->key_id))
			return true;
	return false;
}

/* The place that stands beside the group's committed offset, and who stood there. */
static int committed_position(struct lane_start *self, const struct lane *lane, struct chain_position *ret,
			      uint32_t *ret_key_id, bool *ret_is_known, struct err *err)
{
	char text[CHAIN_POSITION_TEXT_BYTES];
	int rc = kafka_consumer_committed(self->peers->consumer, lane->partition, PEERS_BROKER_WAIT_MS, text,
					  sizeof text, err);

	*ret_is_known = rc == 0 && chain_position_parse(slice_of(text), ret, ret_key_id);
	return rc;
}

/* A place of the chain from which it can be followed; scenario bypass, 1. *ret_why is NULL when *ret is one; else there
 * is none, or the log is another than it speaks of, or we must not judge there. */
static int find_position(struct lane_start *self, const struct lane *lane, struct chain_position *ret,
			 const char **ret_why, struct err *err)
{
	struct register_state state;
	struct kafka_topic_range range;
	uint32_t key_id = self->peers->key.id;
	bool is_known = false;
	int rc = ask_verdict_log(self, lane, &range, err);

	if (rc < 0)
		return rc;
	*ret_why = NULL;
	*ret = lane->position;
	if (lane->has_position && range_has(&range, ret))
		return 0;
	rc = ask_register(self, lane, &state, &is_known, err);
	if (rc == 0 && is_known) {
		if (!state.has_cursor) {
			*ret_why = ADDED;
			return 0;
		}
		*ret = state.position;
		if (has_other_key(self, &state)) {
			*ret_why = OTHER_KEY;
			return 0;
		}
	} else if (rc == 0) {
		rc = committed_position(self, lane, ret, &key_id, &is_known, err);
	}
	if (rc < 0)
		return rc;
	if (!is_known)
		*ret = CHAIN_GENESIS;
	if (!peers_know_key(self->peers, key_id))
		*ret_why = OTHER_KEY;
	else if (!range_has(&range, ret))
		*ret_why = "without cache and register nothing says where the chain of verdicts stands";
	return 0;
}

static int enter_follow(struct lane_start *self, struct lane *lane, struct err *err)
{
	struct chain_position position;
	const char *why;
	int rc = find_position(self, lane, &position, &why, err);

	if (rc < 0)
		return rc;
	if (why) {
		lane_park(lane, why);
		return 0;
	}
	lane->position = position;
	lane->has_position = true;
	lane_enter(lane, LANE_FOLLOW, 0, "no cache to judge on");
	return 0;
}

static int bypass_failed_cache(struct lane_start *self, struct lane *lane, struct err *err)
{
	peers_cache_failed(self->peers, err);
	return enter_follow(self, lane, err);
}

/* ---- along the verdict log ---- */

/* What FOLD and FOLLOW do with a chunk of the chain that they may use. */
typedef int take_chunk(struct lane_start *self, struct lane *lane, const struct verdict_chunk *chunk, struct err *err);

/* One chunk from the lane's place on. At the log's end the lane judges, in the state given. */
static int step_log(struct lane_start *self, struct lane *lane, const struct kafka_topic_range *range,
		    enum lane_state judging, take_chunk *take, struct err *err)
{
	struct verdict_chunk chunk;

	if (lane->position.next_verdict == range->high)
		return begin_judging(self, lane, range, judging, err);
	int rc = read_chunk(self, lane, range->high, &chunk, err);

	if (rc == 0 && has_unknown_key(self, &chunk))
		lane_park(lane, OTHER_KEY);
	else if (rc == 0 && (chunk.is_hole || chunk.is_lacking))
		lane_park(lane, chunk.is_hole ? HOLE : LACKING);
	else if (rc == 0)
		rc = take(self, lane, &chunk, err);
	verdict_chunk_drop(&chunk);
	return rc;
}

/* ---- FOLD ---- */

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

static size_t list_boards(const struct verdict_chunk *chunk, struct cache_board *boards)
{
	size_t count = 0;

	for (size_t i = 0; i < chunk->counted_count; i++) {
		uint32_t number = (uint32_t)chunk->counted[i]->header.board;

		if (touches_a_board(chunk->counted[i]) && !board_of(boards, count, number))
			boards[count++] = (struct cache_board){ .board = number };
	}
	return count;
}

/* *ret_is_folded: Redis is the fold of the verdict log up to chunk->next. Else it changed under us. */
static int fold_chunk(struct lane_start *self, struct lane *lane, const struct verdict_chunk *chunk,
		      bool *ret_is_folded, struct err *err)
{
	struct cache_board boards[VERDICT_CHUNK_MESSAGES_MAX];
	size_t count = list_boards(chunk, boards);
	struct cache_head head, next = lane_head(lane, &chunk->next);
	struct peers *peers = self->peers;
	int rc = redis_cache_read(peers->cache, lane->partition, &head, boards, count, self->arena, err);

	*ret_is_folded = false;
	if (rc == 0)
		peers_cache_read(lane->partition, boards, count);
	if (rc < 0 || !lane_is_at(lane, &head))
		return rc;
	for (size_t i = 0; rc == 0 && i < chunk->counted_count; i++)
		if (touches_a_board(chunk->counted[i]))
			rc = cache_fold(board_of(boards, count, (uint32_t)chunk->counted[i]->header.board),
					chunk->counted[i], peers->key.id, self->arena, err);
	if (rc < 0)
		return rc;
	return redis_cache_advance(peers->cache, lane->partition, &head, &next, boards, count, ret_is_folded, err);
}

static int take_folded(struct lane_start *self, struct lane *lane, const struct verdict_chunk *chunk, struct err *err)
{
	bool is_folded;
	int rc = fold_chunk(self, lane, chunk, &is_folded, err);

	if (rc == -ERR_RETRY)
		return bypass_failed_cache(self, lane, err);
	if (rc < 0)
		return rc;
	if (!is_folded) {
		validate_metric_add(METRIC_BATCHES_FENCED, 1);
		lane_enter(lane, LANE_START, 0, "another advanced the cache, or began it again");
		return 0;
	}
	validate_metric_add(METRIC_FOLDED, (int64_t)chunk->counted_count);
	lane->position = chunk->next;
	crash_point("validate.folded");
	return 0;
}

static int step_fold(struct lane_start *self, struct lane *lane, struct err *err)
{
	struct kafka_topic_range range;
	int rc = ask_verdict_log(self, lane, &range, err);

	if (rc < 0)
		return rc;
	if (!range_has(&range, &lane->position)) {
		lane_park(lane, "the cache stands outside the verdict log: remove its head when the log was replaced");
		return 0;
	}
	return step_log(self, lane, &range, LANE_RUN, take_folded, err);
}

/* ---- START ---- */

static int begin_cache(struct lane_start *self, struct lane *lane, const struct register_state *state, struct err *err)
{
	bool is_begun = false;
	int rc = random_fill(lane->gen, sizeof lane->gen, err);

	if (rc < 0)
		return rc;
	struct cache_head head = lane_head(lane, &state->position);

	rc = redis_cache_begin(self->peers->cache, lane->partition, &head, state->boards, state->board_count, &is_begun,
			       err);
	if (rc == -ERR_RETRY)
		return bypass_failed_cache(self, lane, err);
	if (rc < 0)
		return rc;
	if (!is_begun) {
		lane_enter(lane, LANE_START, 0, "another began the cache");
		return 0;
	}
	crash_point("validate.began");
	validate_metric_add(METRIC_COLD_STARTS, 1);
	log_event(LOG_INFO, "cache.begun", "partition=%d next_raw=%lld next_verdict=%lld boards=%zu", lane->partition,
		  (long long)state->position.next_raw, (long long)state->position.next_verdict, state->board_count);
	lane->position = state->position;
	lane->has_position = true;
	lane_enter(lane, LANE_FOLD, 0, "the cache was begun from the register");
	return 0;
}

static int start_cold(struct lane_start *self, struct lane *lane, struct err *err)
{
	struct register_state state;
	struct kafka_topic_range range;
	bool is_known;
	int rc = ask_register(self, lane, &state, &is_known, err);

	if (rc < 0)
		return rc;
	if (!is_known)
		return enter_follow(self, lane, err);
	if (!state.has_cursor || has_other_key(self, &state)) {
		lane_park(lane, state.has_cursor ? OTHER_KEY : ADDED);
		return 0;
	}
	rc = ask_verdict_log(self, lane, &range, err);
	if (rc < 0)
		return rc;
	if (!range_has(&range, &state.position)) {
		lane_park(lane, "the register's cursor lies outside the verdict log: instroomctl refill");
		return 0;
	}
	return begin_cache(self, lane, &state, err);
}

/* Not known when we began before Kafka was there. */
static int find_verdict_partition(struct peers *peers, const struct lane *lane, bool *ret, struct err *err)
{
	int rc = 0;

	if (peers->verdict_partitions == 0)
		rc = kafka_reader_partitions(peers->reader, peers->config->topic.verdict, PEERS_BROKER_WAIT_MS,
					     &peers->verdict_partitions, err);
	*ret = lane->partition < peers->verdict_partitions;
	return rc;
}

static int step_start(struct lane_start *self, struct lane *lane, struct err *err)
{
	struct cache_head head;
	bool is_there = false;
	int rc = find_verdict_partition(self->peers, lane, &is_there, err);

	if (rc < 0)
		return rc;
	if (!is_there) {
		lane_park(lane, ADDED_RAW);
		return 0;
	}
	if (!breaker_may_ask(&self->peers->cache_breaker, clock_ms()))
		return enter_follow(self, lane, err);
	rc = redis_cache_read(self->peers->cache, lane->partition, &head, NULL, 0, self->arena, err);
	if (rc == -ERR_RETRY)
		return bypass_failed_cache(self, lane, err);
	if (rc < 0)
		return rc;
	peers_cache_answered(self->peers);
	if (head.is_cold)
		return start_cold(self, lane, err);
	lane->position = lane_position_of(&head);
	lane->has_position = true;
	memcpy(lane->gen, head.gen, sizeof lane->gen);
	lane_enter(lane, LANE_FOLD, 0, "the cache has a head");
	return 0;
}

/* ---- FOLLOW ---- */

static int take_followed(struct lane_start *self, struct lane *lane, const struct verdict_chunk *chunk, struct err *err)
{
	(void)self, (void)err;
	lane->position = chunk->next;
	return 0;
}

static int step_follow(struct lane_start *self, struct lane *lane, struct err *err)
{
	struct kafka_topic_range range;
	int rc = ask_verdict_log(self, lane, &range, err);

	if (rc < 0)
		return rc;
	if (!range_has(&range, &lane->position)) {
		lane->has_position = false;
		lane_enter(lane, LANE_START, 0, "what we remember lies outside the verdict log");
		return 0;
	}
	return step_log(self, lane, &range, LANE_BYPASS, take_followed, err);
}

/* ---- a step ---- */

static int step(struct lane_start *self, struct lane *lane, struct err *err)
{
	switch (lane->state) {
	case LANE_START:
		return step_start(self, lane, err);
	case LANE_FOLD:
		return step_fold(self, lane, err);
	default:
		return step_follow(self, lane, err);
	}
}

/* Without the cache one lane at a time asks for it; while it has no head and the register is away there is nothing to
 * ask for. */
static bool may_leave_bypass(const struct lane_start *self, int64_t now_ms)
{
	return breaker_may_ask(&self->peers->cache_breaker, now_ms) &&
	       breaker_may_ask(&self->peers->register_breaker, now_ms);
}

static void leave_rest(struct lane_start *self, struct lane *lane, int64_t now_ms)
{
	if (lane->state == LANE_WAITING)
		lane_enter(lane, LANE_START, 0, "what was missing may be there");
	else if (lane->state == LANE_PARKED)
		lane_enter(lane, LANE_START, 0, "an operator may have mended it");
	else if (lane->state == LANE_BYPASS && may_leave_bypass(self, now_ms))
		lane_enter(lane, LANE_START, 0, "the cache may answer again");
}

static bool is_starting(const struct lane *lane)
{
	return lane->state == LANE_START || lane->state == LANE_FOLD || lane->state == LANE_FOLLOW;
}

bool lane_start_is_due(const struct lane *lane)
{
	return is_starting(lane) && lane->retry_at_ms == 0;
}

/* Kafka is away, or knows less than it should: from the beginning, as what we read so far may be old by then. */
static void start_again(struct lane *lane, const struct err *err)
{
	lane->failures++;
	if ((lane->failures & (lane->failures - 1)) == 0) /* the first, and then each time they have doubled */
		log_event(LOG_WARN, "partition.delayed",
			  "partition=%d attempt=%u code=%s why=%s effect=\"tried again\"", lane->partition,
			  lane->failures, err->code, LOG_QUOTED(err->text));
	lane_enter(lane, LANE_START, RETRY_PAUSE_MS, "a step failed");
}

int lane_start_step(struct lane_start *self, struct lane *lane, struct err *err)
{
	int64_t now_ms = clock_ms();

	if (now_ms < lane->retry_at_ms)
		return 0;
	leave_rest(self, lane, now_ms);
	if (!is_starting(lane))
		return 0;
	enum lane_state state;
	int rc;

	do { /* a lane that finds its place at the end of the log is back in RUN or BYPASS before anything is fetched */
		state = lane->state;
		arena_reset(self->arena);
		rc = step(self, lane, err);
	} while (rc == 0 && state == LANE_START && (lane->state == LANE_FOLD || lane->state == LANE_FOLLOW));
	if (rc != -ERR_RETRY)
		return rc;
	start_again(lane, err);
	return 0;
}
