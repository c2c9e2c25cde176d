#include "validate/validate.h"

#include "base/clock.h"
#include "base/log.h"
#include "run/app.h"
#include "run/crash.h"
#include "validate/validate_metrics.h"
#include "wire/wire.h"

enum {
	IDLE_WAIT_MS = 100,
	LAG_EVERY_MS = 5000,
	LAG_WAIT_MS = 100,
	BEAT_MS_MAX = 60000,
	PEER_PAUSE_MS_MIN = 250,
	PEER_PAUSE_MS_MAX = 5000,
	SINK_QUEUE_BYTES = 192 << 20,
	/* address space; memory is used as far as messages need it */
	MESSAGE_ARENA_BYTES = 256 << 20,
	MESSAGE_ARENA_KEEP_BYTES = 4 << 20,
	TURN_ARENA_BYTES = 512 << 20,
	TURN_ARENA_KEEP_BYTES = 4 << 20,
};

/* ---- partitions come and go ---- */

static void on_assigned(void *ours, const int32_t *partitions, size_t count)
{
	struct validate *self = ours;

	self->is_member = true;
	for (size_t i = 0; i < count; i++) {
		struct lane *lane = self->lanes[partitions[i]];

		if (!lane)
			lane = calloc(1, sizeof *lane);
		if (!lane) {
			log_event(LOG_ERROR, "partition.refused", "partition=%d why=memory", partitions[i]);
			continue;
		}
		*lane = (struct lane){ .partition = partitions[i],
				       .mode = LANE_START,
				       .position = lane->position, /* once true of the chain, always */
				       .has_position = lane->has_position,
				       .next_fetch = -1,
				       .messages_max = 1,
				       .late_offset = -1 };
		self->lanes[partitions[i]] = lane;
		self->lane_end = MAX(self->lane_end, partitions[i] + 1);
		log_event(LOG_INFO, "partition.assigned", "partition=%d", partitions[i]);
	}
}

static void on_revoked(void *ours, const int32_t *partitions, size_t count, bool is_lost)
{
	struct validate *self = ours;

	for (size_t i = 0; i < count; i++) {
		struct lane *lane = self->lanes[partitions[i]];

		log_event(LOG_INFO, "partition.revoked", "partition=%d is_lost=%s", partitions[i], is_lost ? "yes" : "no");
		if (!lane)
			continue;
		lane->mode = LANE_OTHERS; /* what was taken of it this turn is not judged */
		lane->first = lane->last = NULL;
		lane->taken_count = 0;
	}
}

static void on_out_of_range(void *ours, int32_t partition, int64_t offset)
{
	struct validate *self = ours;
	struct lane *lane = self->lanes[partition];

	(void)offset;
	if (!lane)
		return;
	lane->next_fetch = -1; /* the source has stopped there, whatever the lane is at */
	if (lane_is_judging(lane))
		validate_park(lane, "the next raw message lies outside the raw log");
}

/* ---- the turn ---- */

static void turn_begin(struct validate *self)
{
	for (int32_t i = 0; i < self->lane_end; i++) {
		struct lane *lane = self->lanes[i];

		if (!lane)
			continue;
		lane->first = lane->last = NULL;
		lane->taken_count = lane->put_count = 0;
	}
	self->taken_count = 0;
	self->taken_bytes = self->taken_lines = 0;
}

static int64_t lines_announced(const struct kafka_message *message)
{
	struct intake intake;

	intake_open(message, &intake);
	return intake.has_headers ? intake.headers.line_count : 0;
}

/* false: the lane takes none now, or not this one; it is fetched again when its turn comes. */
static bool lane_takes(struct lane *lane, struct taken *taken)
{
	if (!lane_is_judging(lane)) {
		lane->next_fetch = -1;
		return false;
	}
	if (taken->message.offset != lane->next_fetch) {
		validate_park(lane, "the raw log has a hole");
		lane->next_fetch = -1;
		return false;
	}
	lane->next_fetch++;
	taken->lane = lane;
	taken->next = NULL;
	if (lane->last)
		lane->last->next = taken;
	else
		lane->first = taken;
	lane->last = taken;
	lane->taken_count++;
	return true;
}

/* true: the turn is full. */
static bool take(struct validate *self, struct taken *taken)
{
	struct lane *lane = self->lanes[taken->message.partition];

	self->taken_count++;
	if (!lane_takes(lane, taken))
		return self->taken_count == (size_t)self->config.batch_messages_max;
	self->taken_bytes += (int64_t)taken->message.value.n;
	self->taken_lines += lines_announced(&taken->message);
	return self->taken_count == (size_t)self->config.batch_messages_max ||
	       self->taken_bytes >= self->config.batch_bytes_max || self->taken_lines >= self->config.batch_lines_max ||
	       lane->taken_count >= lane->messages_max;
}

/* Messages of all lanes until the turn is full, its time is over or nothing more is there. An idle system judges the first
 * message at once; one that has just judged waits for others, as many small turns cost everybody more than a few large ones:
 * turns begin batch.linger.max apart. */
static int gather(struct validate *self, bool is_busy, struct err *err)
{
	uint32_t wait_ms = is_busy ? 0 : IDLE_WAIT_MS;
	int64_t end_ms = clock_ms() + wait_ms + self->config.batch_linger_ms;
	int64_t next_ms = is_busy ? 0 : self->gathered_at_ms + self->config.batch_linger_ms;
	bool is_full = false;

	while (!is_full && clock_ms() <= end_ms) {
		struct taken *taken = &self->taken[self->taken_count];
		int rc = kafka_consumer_poll(self->consumer, wait_ms, &taken->message, err);

		if (rc < 0)
			return self->taken_count > 0 && rc == -ERR_RETRY ? 0 : rc;
		if (rc == 0)
			break;
		is_full = take(self, taken);
		wait_ms = (uint32_t)MAX(next_ms - clock_ms(), (int64_t)0);
	}
	if (self->taken_count > 0)
		self->gathered_at_ms = clock_ms();
	return 0;
}

static void drop_taken(struct validate *self)
{
	for (size_t i = 0; i < self->taken_count; i++)
		kafka_message_drop(&self->taken[i].message);
	self->taken_count = 0;
}

typedef int lane_act(struct validate *self, struct lane *lane, struct err *err);

static int each_taken_lane(struct validate *self, lane_act *act, struct err *err)
{
	int rc = 0;

	for (int32_t i = 0; i < self->lane_end && rc == 0; i++)
		if (self->lanes[i] && self->lanes[i]->taken_count > 0)
			rc = act(self, self->lanes[i], err);
	return rc;
}

static int judge_and_settle(struct validate *self, struct err *err)
{
	int64_t begin_us = clock_us();

	crash_point("validate.taken");
	arena_reset(&self->turn);
	int rc = each_taken_lane(self, validate_judge, err), waited = validate_await_reports(self, err);

	if (rc < 0 || waited < 0)
		return rc < 0 ? rc : waited;
	crash_point("validate.delivered");
	rc = each_taken_lane(self, validate_settle, err);
	validate_metric_add(METRIC_TURNS, 1);
	validate_metric_add(METRIC_TURN_US, clock_us() - begin_us);
	return rc;
}

static int judge_taken(struct validate *self, struct err *err)
{
	int rc = judge_and_settle(self, err);

	for (int32_t i = 0; rc < 0 && i < self->lane_end; i++) /* we leave in good order: no message is to blame */
		if (self->lanes[i])
			validate_attempt_came_back(self, self->lanes[i]);
	return rc;
}

/* ---- what others see ---- */

static void tell_state(struct validate *self)
{
	int64_t counts[LANE_PARKED + 1] = { 0 };

	for (int32_t i = 0; i < self->lane_end; i++)
		if (self->lanes[i])
			counts[self->lanes[i]->mode]++;
	int64_t on_their_way = counts[LANE_START] + counts[LANE_FOLD] + counts[LANE_FOLLOW];
	int64_t owned = on_their_way + counts[LANE_RUN] + counts[LANE_THROUGH] + counts[LANE_LATE] + counts[LANE_PARKED];

	validate_metric_set(METRIC_PARTITIONS, owned);
	validate_metric_set(METRIC_PARTITIONS_THROUGH, counts[LANE_THROUGH]);
	validate_metric_set(METRIC_PARTITIONS_LATE, counts[LANE_LATE]);
	validate_metric_set(METRIC_PARTITIONS_PARKED, counts[LANE_PARKED]);
	if (!self->is_member)
		status_ready(false, "the consumer group");
	else if (counts[LANE_PARKED] > 0)
		status_ready(false, "an operator: a partition is parked");
	else if (counts[LANE_LATE] > 0)
		status_ready(false, "a schema or reference version");
	else
		status_ready(on_their_way == 0, "the fold of the verdict log");
}

static void measure_lag(struct validate *self)
{
	if (clock_ms() < self->lag_at_ms)
		return;
	self->lag_at_ms = clock_ms() + LAG_EVERY_MS;
	for (int32_t i = 0; i < self->lane_end; i++) {
		struct lane *lane = self->lanes[i];
		struct kafka_topic_range range;

		if (!lane || !lane_is_judging(lane))
			continue;
		if (kafka_producer_range(self->producer, self->config.topic.raw, lane->partition, LAG_WAIT_MS, &range,
					 NULL) < 0)
			return; /* asked again later */
		validate_metrics_lag(self->config.topic.raw, lane->partition, range.high - lane->position.next_raw);
	}
}

/* ---- turns ---- */

/* One step of each lane that has one. *ret_is_busy: some have more to do at once. */
static int step_lanes(struct validate *self, bool *ret_is_busy, struct err *err)
{
	int rc = 0;

	*ret_is_busy = false;
	for (int32_t i = 0; i < self->lane_end && rc == 0; i++) {
		struct lane *lane = self->lanes[i];

		if (!lane)
			continue;
		rc = validate_step(self, lane, err);
		*ret_is_busy |= lane->mode == LANE_FOLD || lane->mode == LANE_FOLLOW ||
				(lane->mode == LANE_START && lane->retry_at_ms == 0);
	}
	return rc;
}

static int read_shelf(struct validate *self, struct err *err)
{
	int rc = self->is_shelf_read ? 0 : reference_shelf_refresh(self->shelf, err);

	self->is_shelf_read |= rc == 0;
	return rc;
}

static int turn(void *ours, struct err *err)
{
	struct validate *self = ours;
	bool is_busy = false;
	int rc = read_shelf(self, err);

	if (rc == 0)
		rc = step_lanes(self, &is_busy, err);
	if (rc < 0)
		return rc;
	turn_begin(self);
	rc = gather(self, is_busy, err);
	if (rc == 0 && self->taken_count > 0)
		rc = judge_taken(self, err);
	drop_taken(self);
	measure_lag(self);
	tell_state(self);
	return rc;
}

/* Between turns nothing is open: leaving the group is all. */
static int drain(void *ours, int64_t deadline_ms, struct err *err)
{
	struct validate *self = ours;

	(void)deadline_ms, (void)err;
	kafka_consumer_close(self->consumer);
	self->consumer = NULL;
	return 0;
}

/* ---- life ---- */

static int open_memory(struct validate *self, struct err *err)
{
	self->taken = calloc((size_t)self->config.batch_messages_max, sizeof *self->taken);
	if (!self->taken)
		return err_set(err, ERR_FATAL, "memory", "no memory for the messages of a turn");
	int rc = arena_init(&self->message, MESSAGE_ARENA_BYTES, MESSAGE_ARENA_KEEP_BYTES, err);

	return rc == 0 ? arena_init(&self->turn, TURN_ARENA_BYTES, TURN_ARENA_KEEP_BYTES, err) : rc;
}

static int open_cache(struct validate *self, struct err *err)
{
	const struct validate_config *config = &self->config;
	struct redis_options options = settings_redis(&config->redis);

	breaker_init(&self->redis, PEER_PAUSE_MS_MIN, PEER_PAUSE_MS_MAX);
	return redis_cache_open(&options, config->topic.raw, self->key.id, &self->cache, err);
}

static int open_register(struct validate *self, struct err *err)
{
	const struct validate_config *config = &self->config;
	struct pg_options options = settings_pg(&config->pg, "instroom-validate");

	options.should_stop = stop_is_asked;
	breaker_init(&self->pg, PEER_PAUSE_MS_MIN, PEER_PAUSE_MS_MAX);
	return *config->pg.conninfo ? pg_link_open(&options, &self->link, err) : 0;
}

/* Raw and verdict must have as many partitions: a verdict goes to the number of its raw message. Brokers that are away are
 * waited for later. */
static int check_topics(struct validate *self, struct err *err)
{
	int32_t raw = 0, verdict = 0;
	int rc = kafka_reader_partitions(self->reader, self->config.topic.raw, VALIDATE_BROKER_WAIT_MS, &raw, err);

	if (rc == 0)
		rc = kafka_reader_partitions(self->reader, self->config.topic.verdict, VALIDATE_BROKER_WAIT_MS,
					     &verdict, err);
	if (rc < 0)
		return rc == -ERR_RETRY ? 0 : rc;
	if (raw != verdict || raw > VALIDATE_PARTITIONS_MAX)
		return err_set(err, ERR_CONFIG, "partitions",
			       "%s has %d partitions and %s %d: as many are needed, at most %d", self->config.topic.raw,
			       raw, self->config.topic.verdict, verdict, VALIDATE_PARTITIONS_MAX);
	return 0;
}

static int open_kafka(struct validate *self, struct err *err)
{
	static const struct kafka_consumer_events EVENTS = { on_assigned, on_revoked, on_out_of_range };
	const struct validate_config *config = &self->config;
	struct kafka_options kafka = settings_kafka(&config->kafka, "instroom-validate");
	struct kafka_consumer_options source = { .topic = config->topic.raw,
						 .group = config->kafka.group,
						 .message_bytes_max = VALIDATE_MESSAGE_BYTES_MAX,
						 .queued_kbytes_max = config->kafka.prefetch_bytes / 1024,
						 .session_timeout_ms = (int32_t)config->kafka.session_ms };
	struct kafka_producer_options producer = { .message_bytes_max = VALIDATE_MESSAGE_BYTES_MAX,
						   .delivery_timeout_ms = (int32_t)config->kafka.delivery_ms,
						   .queue_bytes_max = SINK_QUEUE_BYTES,
						   .compression = config->kafka.compression };
	int rc = kafka_reader_open(&kafka, VALIDATE_MESSAGE_BYTES_MAX, &self->reader, err);

	if (rc == 0)
		rc = check_topics(self, err);
	if (rc == 0)
		rc = kafka_producer_open(&kafka, &producer, validate_reported, self, &self->producer, err);
	if (rc == 0)
		rc = kafka_consumer_open(&kafka, &source, &EVENTS, self, &self->consumer, err);
	if (rc == 0)
		rc = reference_shelf_open(self->reader, config->topic.reference, (size_t)config->references_max,
					  &self->shelf, err);
	return rc;
}

static int open_all(struct validate *self, struct err *err)
{
	hmac_key_init(&self->key, self->config.hmac_key);
	verdict_maker_init(&self->maker, &self->key);
	int rc = open_memory(self, err);

	if (rc == 0)
		rc = status_open(self->config.status_address, BEAT_MS_MAX, &self->status, err);
	if (rc == 0)
		rc = open_cache(self, err);
	if (rc == 0)
		rc = open_register(self, err);
	return rc == 0 ? open_kafka(self, err) : rc;
}

static void close_all(struct validate *self)
{
	kafka_consumer_close(self->consumer);
	kafka_producer_close(self->producer);
	reference_shelf_close(self->shelf);
	kafka_reader_close(self->reader);
	redis_cache_close(self->cache);
	pg_link_close(self->link);
	status_close(self->status);
	verdict_maker_release(&self->maker);
	arena_release(&self->turn);
	arena_release(&self->message);
	for (int32_t i = 0; i < self->lane_end; i++)
		free(self->lanes[i]);
	free(self->taken);
}

static int run(struct validate *self)
{
	struct app app = { .turn = turn, .drain = drain, .drain_ms_max = (uint32_t)self->config.drain_ms };
	struct err err = { 0 };

	if (open_all(self, &err) < 0) {
		log_event(LOG_ERROR, "validate.start", "code=%s why=%s", LOG_QUOTED(err.code), LOG_QUOTED(err.text));
		return app_exit_status(&err);
	}
	log_event(LOG_INFO, "validate.started", "topic=%s group=%s key_id=%08x", self->config.topic.raw,
		  self->config.kafka.group, self->key.id);
	return app_run(&app, self);
}

int validate_main(int argc, char **argv)
{
	struct validate *self = calloc(1, sizeof *self);

	app_block_signals();
	app_forbid_core_dumps();
	app_settle_heap();
	if (!self)
		return EXIT_BUG;
	int rc = config_load(&VALIDATE_CONFIG, argc, argv, &self->config), status = EXIT_SETTINGS;

	if (rc == 0) {
		settings_begin_log(&self->config.log);
		validate_metrics_register();
		config_log(&VALIDATE_CONFIG, &self->config);
		status = run(self);
		close_all(self);
		config_release(&VALIDATE_CONFIG, &self->config);
	}
	free(self);
	return rc > 0 ? EXIT_DRAINED : status;
}
