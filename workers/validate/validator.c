#include "validate/validator.h"

#include "base/clock.h"
#include "base/log.h"
#include "encryption/body_encryption.h"
#include "run/app.h"
#include "run/crash.h"
#include "run/status.h"
#include "settings/backlog.h"
#include "settings/topic_guard.h"
#include "validate/batch.h"
#include "validate/batch_judge.h"
#include "validate/batch_output.h"
#include "validate/batch_settle.h"
#include "validate/lane_attempt.h"
#include "validate/lane_start.h"
#include "validate/validate_metrics.h"

enum {
	HEARTBEAT_MS_MAX = 60000,
	/* address space; memory is used as far as batches need it */
	BATCH_ARENA_BYTES = 512 << 20,
	BATCH_ARENA_KEEP_BYTES = 4 << 20,
	FILES_WANTED = 1024,
};

struct validator {
	struct validate_config config;
	struct status *status;
	struct body_encryption *encryption; /* NULL: it is off */
	struct peers peers;
	struct reference_cache *references;
	bool is_references_read;
	struct lanes lanes;
	bool is_member;
	bool lacks_lane;    /* a partition of ours got no memory: nobody judges it until we leave the group */
	struct arena arena; /* of one step of a lane, or of one batch */
	struct lane_start start;
	struct batch batch;
	struct topic_guard guard;
	struct backlog *backlog;
};

/* ---- partitions come and go ---- */

static void on_assigned(void *owner, const int32_t *partitions, size_t count)
{
	struct validator *self = owner;

	self->is_member = true;
	for (size_t i = 0; i < count; i++)
		if (!lanes_assign(&self->lanes, partitions[i]))
			self->lacks_lane = true;
}

static void on_revoked(void *owner, const int32_t *partitions, size_t count, bool is_lost)
{
	struct validator *self = owner;

	if (is_lost) /* and until the group has us again */
		self->is_member = false;
	for (size_t i = 0; i < count; i++) {
		struct lane *lane = lanes_find(&self->lanes, partitions[i]);

		if (!lane || lane->state == LANE_UNASSIGNED)
			continue;
		lane_enter(lane, LANE_UNASSIGNED, 0, is_lost ? "it was lost to another" : "the group took it");
		batch_forget_lane(lane);
		backlog_leave(self->backlog, partitions[i]);
	}
}

static void on_out_of_range(void *owner, int32_t partition, int64_t offset)
{
	struct validator *self = owner;
	struct lane *lane = lanes_find(&self->lanes, partition);

	(void)offset;
	if (!lane)
		return;
	lane_forget_fetched(lane); /* the consumer has stopped there, whatever the lane is at */
	if (lane_is_judging(lane))
		lane_park(lane, "the next raw message lies outside the raw log: instroomctl loss show says why");
}

/* ---- what others see ---- */

static int64_t count_refused(const struct validator *self)
{
	int64_t count = 0;

	for (int32_t i = 0; i < self->lanes.end; i++) {
		const struct lane *lane = self->lanes.items[i];

		count += lane && lane->state != LANE_UNASSIGNED && lane->refusals > 0;
	}
	return count;
}

/* Also while a lane looks again, once a second, whether its message may go on: not waiting for an instant now and then,
 * it would seem to a scrape to begin anew each time, and no alert would fire. */
static int64_t count_waiting(const struct validator *self)
{
	int64_t count = 0;

	for (int32_t i = 0; i < self->lanes.end; i++) {
		const struct lane *lane = self->lanes.items[i];

		if (!lane || lane->state == LANE_UNASSIGNED || lane->state == LANE_PARKED)
			continue;
		count += lane->state == LANE_WAITING ||
			 (lane->waiting_offset >= 0 && lane->waiting_offset >= lane->position.next_raw);
	}
	return count;
}

static void report_state(struct validator *self)
{
	const uint32_t *counts = self->lanes.counts;
	int64_t waiting = count_waiting(self);
	uint32_t starting = counts[LANE_START] + counts[LANE_FOLD] + counts[LANE_FOLLOW];
	uint32_t owned = starting + counts[LANE_RUN] + counts[LANE_BYPASS] + counts[LANE_WAITING] + counts[LANE_PARKED];

	validate_metric_set(METRIC_PARTITIONS, owned);
	validate_metric_set(METRIC_PARTITIONS_BYPASS, counts[LANE_BYPASS]);
	validate_metric_set(METRIC_PARTITIONS_WAITING, waiting);
	validate_metric_set(METRIC_PARTITIONS_PARKED, counts[LANE_PARKED]);
	validate_metric_set(METRIC_PARTITIONS_REFUSED, count_refused(self));
	if (!self->is_member)
		app_set_ready(false, "the consumer group");
	else if (counts[LANE_PARKED] > 0)
		app_set_ready(false, "an operator: a partition is parked");
	else if (waiting > 0)
		app_set_ready(false, *self->peers.lacks ? self->peers.lacks : "a schema, reference version or day key");
	else if (self->peers.is_log_late)
		app_set_ready(false, PEERS_LOG_LATE);
	else
		app_set_ready(starting == 0, "the fold of the verdict log");
}

/* Also of lanes that wait or are parked: what they do not judge is what others want to know. */
static void report_backlog(struct validator *self)
{
	for (int32_t i = 0; i < self->lanes.end; i++) {
		const struct lane *lane = self->lanes.items[i];

		if (lane && lane->state != LANE_UNASSIGNED && lane->has_position)
			backlog_set(self->backlog, lane->partition, lane->position.next_raw);
	}
}

/* ---- the poll loop ---- */

/* One step of each lane that has one. *ret_is_busy: some have more to do at once. */
static int step_lanes(struct validator *self, bool *ret_is_busy, struct err *err)
{
	int rc = 0;

	*ret_is_busy = false;
	for (int32_t i = 0; i < self->lanes.end && rc == 0; i++) {
		struct lane *lane = self->lanes.items[i];

		if (!lane)
			continue;
		rc = lane_start_step(&self->start, lane, err);
		*ret_is_busy |= lane_start_is_due(lane);
	}
	return rc;
}

static bool is_in_batch(const struct lane *lane)
{
	return lane && lane->batch.message_count > 0;
}

/* The verdicts of a few lanes leave together, while no more of them wait than can be under way (KAFKA_REQUESTS_MAX).
 * When Kafka refuses some, the lanes behind them are not judged now: each few would wait for a refusal of their own. */
static int judge_lanes(struct validator *self, struct err *err)
{
	int rc = 0, unflushed = 0;

	for (int32_t i = 0; i < self->lanes.end && rc == 0; i++) {
		struct lane *lane = self->lanes.items[i];

		if (!is_in_batch(lane))
			continue;
		if (self->batch.is_refused) {
			lane_forget_fetched(lane);
			continue;
		}
		rc = batch_judge_lane(&self->batch, lane, err);
		unflushed += lane->batch.produced_count > 0;
		if (rc == 0 && unflushed == KAFKA_REQUESTS_MAX) {
			rc = batch_output_await(&self->batch, err);
			unflushed = 0;
		}
	}
	struct err second;
	int waited = batch_output_await(&self->batch, &second);

	return err_first(rc, err, waited, &second);
}

static int settle_lanes(struct validator *self, struct err *err)
{
	int rc = 0;

	for (int32_t i = 0; i < self->lanes.end && rc == 0; i++)
		if (is_in_batch(self->lanes.items[i]))
			rc = batch_settle_lane(&self->batch, self->lanes.items[i], err);
	return rc;
}

static int judge_and_settle(struct validator *self, struct err *err)
{
	int64_t begin_us = clock_us();

	crash_point("validate.polled");
	arena_reset(&self->arena);
	int rc = judge_lanes(self, err);

	if (rc < 0)
		return rc;
	crash_point("validate.delivered");
	rc = settle_lanes(self, err);
	if (rc < 0)
		return rc;
	validate_metric_add(METRIC_BATCHES, 1);
	validate_metric_observe(METRIC_BATCH_US, clock_us() - begin_us);
	validate_metric_observe(METRIC_BATCH_LINES, self->batch.lines);
	return 0;
}

static int run_batch(struct validator *self, struct err *err)
{
	int rc = self->batch.message_count > 0 ? judge_and_settle(self, err) : 0;

	for (int32_t i = 0; rc < 0 && i < self->lanes.end; i++) /* we leave in good order: no message is to blame */
		if (self->lanes.items[i])
			lane_attempt_take_back(&self->peers, self->lanes.items[i]);
	return rc;
}

static int read_references(struct validator *self, struct err *err)
{
	int rc = self->is_references_read ? 0 : reference_cache_refresh(self->references, err);

	self->is_references_read |= rc == 0;
	return rc;
}

static int iterate(void *owner, struct err *err)
{
	struct validator *self = owner;
	bool is_busy = false;
	int rc = topic_guard_poll(&self->guard, err);

	self->peers.lacks = body_encryption_poll(self->encryption);

	if (rc == 0)
		rc = read_references(self, err);
	if (rc == 0)
		rc = step_lanes(self, &is_busy, err);
	if (rc < 0)
		return rc;
	rc = batch_poll(&self->batch, is_busy, err);
	if (rc == 0 && self->lacks_lane)
		rc = err_set(err, ERR_FATAL, "memory", "no memory for a partition that the group gave us");
	if (rc == 0)
		rc = run_batch(self, err);
	batch_drop(&self->batch);
	report_backlog(self);
	report_state(self);
	return rc;
}

/* Between iterations nothing is in flight: leaving the group is all. */
static int drain(void *owner, int64_t deadline_ms, struct err *err)
{
	struct validator *self = owner;

	(void)deadline_ms, (void)err;
	kafka_consumer_close(self->peers.consumer);
	self->peers.consumer = NULL;
	return 0;
}

/* ---- life ---- */

static int begin_watches(struct validator *self, struct err *err)
{
	struct kafka_options kafka = settings_kafka(&self->config.kafka, self->config.log.worker);
	struct topic_settings topics = settings_topics(&self->config.topic, &self->config.encrypt);
	int rc = topic_guard_begin(&self->guard, &kafka, &topics, err);

	return rc != 0 ? rc : backlog_begin(&kafka, "validate", self->config.topic.raw, &self->backlog, err);
}

static int open_spans(struct validator *self, struct err *err)
{
	struct span_exporter_options options = settings_trace(&self->config.trace, "validate", &self->config.log);

	return span_exporter_open(&options, &self->peers.spans, err);
}

static int open_all(struct validator *self, struct err *err)
{
	static const struct kafka_consumer_events PARTITIONS = { on_assigned, on_revoked, on_out_of_range };
	struct peers_events events = { .partitions = &PARTITIONS,
				       .partitions_owner = self,
				       .reported = batch_output_reported,
				       .reported_owner = &self->batch };
	uint64_t files;
	int rc = app_raise_file_limit(FILES_WANTED, &files, err);

	if (rc == 0)
		rc = arena_init(&self->arena, BATCH_ARENA_BYTES, BATCH_ARENA_KEEP_BYTES, err);

	if (rc == 0)
		rc = status_open(self->config.status_address, HEARTBEAT_MS_MAX, &self->status, err);
	if (rc == 0)
		rc = open_spans(self, err);
	if (rc == 0)
		rc = body_encryption_open("validate", &self->config.encrypt, &self->config.topic, &self->config.kafka,
					  &self->encryption, err);
	if (rc == 0)
		rc = peers_open(&self->peers, &self->config, &events, err);
	if (rc == 0)
		rc = reference_cache_open(self->peers.reader, self->config.topic.reference,
					  (size_t)self->config.references_max, &self->references, err);
	if (rc == 0)
		rc = batch_init(&self->batch, &self->peers, &self->lanes, &self->arena, err);
	if (rc == 0)
		rc = begin_watches(self, err);
	self->batch.references = self->references;
	self->start = (struct lane_start){ .peers = &self->peers, .arena = &self->arena };
	return rc;
}

/* The consumer and the producer go first: closing them runs callbacks that know lanes and batch. */
static void close_all(struct validator *self)
{
	struct span_exporter *spans = self->peers.spans; /* what peers_close reports adds some */

	topic_guard_end(&self->guard);
	peers_close(&self->peers);
	span_exporter_close(spans);
	backlog_end(self->backlog);
	reference_cache_close(self->references);
	body_encryption_close(self->encryption);
	batch_release(&self->batch);
	lanes_release(&self->lanes);
	status_close(self->status);
	arena_release(&self->arena);
}

/* Passwords are read again at each login: this only logs which of them a login will find. */
static void reload(void *opaque)
{
	const struct validator *self = opaque;

	config_look_again(&VALIDATE_CONFIG, &self->config);
}

static int run(struct validator *self)
{
	struct app app = {
		.iterate = iterate, .drain = drain, .drain_ms_max = (uint32_t)self->config.drain_ms, .reload = reload
	};
	struct err err = { 0 };

	int rc = open_all(self, &err);

	if (rc != 0)
		return app_fail_start(rc, &err);
	log_event(LOG_INFO, "validate.started", "topic=%s group=%s key_id=%08x", self->config.topic.raw,
		  self->config.kafka.group, self->peers.key.id);
	return app_run(&app, self);
}

int validator_main(int argc, char **argv)
{
	struct validator *self = calloc(1, sizeof *self);

	app_begin(HANGUP_RELOADS);
	app_forbid_core_dumps();
	app_settle_heap();
	if (!self)
		return EXIT_BUG;
	int rc = config_load(&VALIDATE_CONFIG, argc, argv, &self->config), status = exit_status_of_config(rc);

	if (rc == 0) {
		settings_begin_log(&self->config.log);
		validate_metrics_register();
		config_log(&VALIDATE_CONFIG, &self->config);
		status = run(self);
		close_all(self);
		config_release(&VALIDATE_CONFIG, &self->config);
	}
	free(self);
	return status;
}
