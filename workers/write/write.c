#include "write/write.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/log_position.h"
#include "run/app.h"
#include "run/crash.h"
#include "run/notify.h"
#include "run/status.h"
#include "write/assignment.h"
#include "write/forgets.h"
#include "write/isolation.h"
#include "write/write_config.h"
#include "write/write_metrics.h"

#include <stdlib.h>

enum {
	POLL_MS = 200,
	BEAT_MS_MAX = 60000,	      /* a turn is bounded by statements; the longest is a whole transaction */
	VERDICT_BYTES_MAX = 65 << 20, /* 64 MiB and its frame */
	FORGET_MESSAGE_BYTES_MAX = 4 << 20,
	FORGET_DELIVERY_MS = 10000,
	FORGET_QUEUE_BYTES = 16 << 20,
	JUDGE_ARENA_KEPT_BYTES = 16 << 20,
	LAG_EVERY_MS = 10000,
};

struct write {
	struct write_config config;
	struct kafka_options kafka;
	struct status *status;
	struct inbox inbox;
	struct kafka_consumer *consumer;
	struct kafka_producer *producer;
	struct pg_link *link;
	struct transaction transaction;
	struct forgets forgets;
	bool is_stuck;	   /* a batch waits to be tried again */
	bool is_isolating; /* it goes message by message */
	bool is_held;	   /* partitions that run are paused: the next gather resumes them */
	bool was_ready;
	size_t forgets_open; /* handed to the producer, not reported */
	int64_t lag_at_ms, check_at_ms, gathered_at_ms;
	struct cursor_move moves[INBOX_PARTITIONS_MAX];
	struct cursor_move moves_each[INBOX_MESSAGES_MAX];
};

/* What Kafka tells, inside kafka_consumer_poll. */

static void count_partitions(const struct write *self)
{
	int64_t owned = 0, parked = 0;

	for (int32_t i = 0; i < self->inbox.partition_end; i++) {
		owned += self->inbox.partitions[i].state != PARTITION_OTHERS;
		parked += self->inbox.partitions[i].state == PARTITION_PARKED;
	}
	write_gauge(GAUGE_PARTITIONS, owned);
	write_gauge(GAUGE_PARKED, parked);
}

/* The batch is given up: nothing of it is in the register. What runs is fetched again from there. */
static void give_up_batch(struct write *self)
{
	inbox_clear(&self->inbox);
	transaction_forget(&self->transaction);
	self->is_stuck = self->is_isolating = false;
	assignment_again(&self->inbox);
}

static void on_assigned(void *opaque, const int32_t *partitions, size_t count)
{
	struct write *self = opaque;

	for (size_t i = 0; i < count; i++) {
		if (partitions[i] >= INBOX_PARTITIONS_MAX)
			continue; /* the open of the topic refused so many */
		self->inbox.partitions[partitions[i]] = (struct partition){ .state = PARTITION_ASSIGNED };
		self->inbox.partition_end = MAX(self->inbox.partition_end, partitions[i] + 1);
	}
	count_partitions(self);
}

static void on_revoked(void *opaque, const int32_t *partitions, size_t count, bool is_lost)
{
	struct write *self = opaque;

	log_event(LOG_INFO, "write.revoked", "partitions=%zu is_lost=%d", count, is_lost);
	give_up_batch(self);
	for (size_t i = 0; i < count; i++)
		if (partitions[i] < INBOX_PARTITIONS_MAX)
			self->inbox.partitions[partitions[i]] = (struct partition){ 0 };
	count_partitions(self);
}

static void on_out_of_range(void *opaque, int32_t partition, int64_t offset)
{
	struct write *self = opaque;

	inbox_park(&self->inbox, partition,
		   "the verdict log does not hold offset %lld, the next to apply: run instroomctl refill",
		   (long long)offset);
	count_partitions(self);
}

static const struct kafka_consumer_events EVENTS = { on_assigned, on_revoked, on_out_of_range };

static void on_forget_reported(void *opaque, const struct kafka_report *report)
{
	struct write *self = opaque;

	self->forgets_open--;
	if (report->error != 0)
		log_event(LOG_WARN, "write.forget-lost", "partition=%d code=%s why=%s", report->partition, report->code,
			  LOG_QUOTED("the next verdict that needs it sends it again"));
}

/* After COMMIT. */

static void publish_forgets(struct write *self, struct message *const *messages, size_t count)
{
	size_t teachers;
	struct err err;

	for (size_t i = 0; i < count; i++) {
		if (forgets_publish(&self->forgets, messages[i], &teachers, &err) != 0) {
			log_event(LOG_WARN, "write.forget-lost", "partition=%d code=%s why=%s", messages[i]->partition,
				  LOG_QUOTED(err.code), LOG_QUOTED(err.text));
			continue;
		}
		self->forgets_open += teachers > 0;
		write_count(COUNT_FORGOTTEN, (int64_t)teachers);
	}
	if (self->forgets_open > 0 && kafka_producer_flush(self->producer, FORGET_DELIVERY_MS, &err) != 0)
		log_event(LOG_WARN, "write.forget-late", "code=%s why=%s", LOG_QUOTED(err.code), LOG_QUOTED(err.text));
	crash_point("write.forget-published");
}

static void count_messages(struct message *const *messages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct message *message = messages[i];

		if (message->is_entered || message->replay == REPLAY_ENTERED)
			write_count_lines(&message->ledger);
		else if (message->verdict.kind == VERDICT_KIND_DELIVERY || message->replay == REPLAY_REPEATED)
			write_count(COUNT_REPEATS, 1);
	}
	write_count(COUNT_MESSAGES, (int64_t)count);
	write_count(COUNT_BATCHES, 1);
}

/* An operator asked for a replay, so one that did nothing must not go unseen. */
static void tell_replays(struct message *const *messages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct message *message = messages[i];

		write_count(COUNT_REPLAYS, message->replay == REPLAY_ENTERED);
		if (message->replay != REPLAY_UNKNOWN && message->replay != REPLAY_UNFIT)
			continue;
		write_count(COUNT_REPLAYS_LEFT, 1);
		log_event(LOG_ERROR, "write.replay-passed-over", "partition=%d offset=%lld board=%05d attempt=%d why=%s",
			  message->partition, (long long)message->verdict.raw_offset, message->verdict.header.board,
			  message->verdict.attempt,
			  LOG_QUOTED(message->replay == REPLAY_UNKNOWN
					     ? "the ledger has no such delivery: nothing is changed"
					     : "its lines do not fit those of the delivery: nothing is changed"));
	}
}

static void on_committed(void *opaque, struct message **messages, size_t count, const struct cursor_move *moves,
			 size_t move_count)
{
	struct write *self = opaque;

	crash_point("write.committed");
	publish_forgets(self, messages, count);
	count_messages(messages, count);
	tell_replays(messages, count);
	for (size_t i = 0; i < move_count; i++) {
		self->inbox.partitions[moves[i].partition].committed = moves[i].to;
		kafka_consumer_commit(self->consumer, moves[i].partition, moves[i].to.at.next_verdict, NULL);
	}
}

/* One batch. */

static int apply_whole(struct write *self, enum transaction_end *ret, struct err *err)
{
	struct transaction_work work = {
		.messages = self->inbox.messages,
		.message_count = self->inbox.count,
		.moves = self->moves,
		.move_count = inbox_moves(&self->inbox, self->moves),
	};
	int rc = transaction_run(&self->transaction, &work, ret, err);

	if (rc == 0 && *ret == TRANSACTION_COMMITTED)
		on_committed(self, work.messages, work.message_count, work.moves, work.move_count);
	return rc;
}

static int apply_singly(struct write *self, enum transaction_end *ret, struct err *err)
{
	struct isolation isolation = {
		.transaction = &self->transaction,
		.arena = &self->inbox.arena,
		.committed = on_committed,
		.self = self,
	};
	size_t done = 0;

	inbox_moves_each(&self->inbox, self->moves_each);
	*ret = TRANSACTION_COMMITTED;
	int rc = isolation_run(&isolation, self->inbox.messages, self->moves_each, self->inbox.count, &done, ret, err);

	inbox_drop_first(&self->inbox, done);
	return rc;
}

static int apply(struct write *self, enum transaction_end *ret, struct err *err)
{
	int rc = self->is_isolating ? -ERR_DATA : apply_whole(self, ret, err);

	if (rc != -ERR_DATA && rc != -ERR_FULL)
		return rc;
	if (!self->is_isolating)
		log_event(LOG_WARN, "write.isolate", "messages=%zu code=%s why=%s", self->inbox.count,
			  LOG_QUOTED(err->code), LOG_QUOTED("the batch cannot be stored as one: message by message"));
	self->is_isolating = true;
	return apply_singly(self, ret, err);
}

/* 42P01, 3F000, 42703: a relation, schema or column is not there. */
static int explain(struct err *err)
{
	if (strcmp(err->code, "42P01") == 0 || strcmp(err->code, "3F000") == 0 || strcmp(err->code, "42703") == 0)
		return err_set(err, ERR_CONFIG, "migration",
			       "the register lacks tables this program needs: run instroomctl migrate");
	if (strcmp(err->code, "42501") == 0)
		return err_set(err, ERR_FATAL, "42501",
			       "the user of pg.conninfo lacks a grant: it must have role instroom_writer");
	return -(int)err->kind;
}

static int pause_all(struct write *self, bool is_paused, struct err *err)
{
	int rc = 0;

	for (int32_t i = 0; rc == 0 && i < self->inbox.partition_end; i++)
		if (self->inbox.partitions[i].state == PARTITION_RUNNING)
			rc = is_paused ? kafka_consumer_pause(self->consumer, i, err)
				       : kafka_consumer_resume(self->consumer, i, err);
	return rc == -ERR_RETRY ? 0 : rc; /* it has left us meanwhile: revoked comes */
}

static void set_ready(struct write *self, bool is_ready, const char *why)
{
	status_ready(is_ready, why);
	if (is_ready && !self->was_ready) {
		notify_ready();
		log_event(LOG_INFO, "write.ready", "topic=%s group=%s", self->config.topic.verdict,
			  self->config.kafka.group);
	}
	self->was_ready |= is_ready;
}

static int wait_for_register(struct write *self, struct err *err)
{
	struct err second;

	write_count(COUNT_RETRIES, 1);
	set_ready(self, false, "waiting for PostgreSQL");
	if (!self->is_stuck && pause_all(self, true, &second) != 0)
		log_event(LOG_WARN, "write.pause", "code=%s why=%s", LOG_QUOTED(second.code), LOG_QUOTED(second.text));
	self->is_stuck = self->is_held = true;
	return -(int)err->kind;
}

static void finish_batch(struct write *self, enum transaction_end end)
{
	if (end == TRANSACTION_FENCED) {
		write_count(COUNT_FENCED, 1);
		log_event(LOG_WARN, "write.fenced", "messages=%zu why=%s", self->inbox.count,
			  LOG_QUOTED("another instance moved a cursor: starting there"));
		give_up_batch(self);
		return;
	}
	inbox_clear(&self->inbox);
	self->is_stuck = self->is_isolating = false;
}

static int apply_batch(struct write *self, struct err *err)
{
	int64_t start_us = clock_us();
	enum transaction_end end = TRANSACTION_COMMITTED;
	int rc;

	if (inbox_is_empty(&self->inbox))
		return 0;
	rc = apply(self, &end, err);
	write_count(COUNT_BATCH_US, clock_us() - start_us);
	if (rc == -ERR_RETRY)
		return wait_for_register(self, err);
	if (rc != 0)
		return explain(err);
	finish_batch(self, end);
	return 0;
}

/* Gathering. */

/* The next message of the partition is the one that had no room. */
static int fetch_again(struct write *self, int32_t partition, struct err *err)
{
	int rc = kafka_consumer_start(self->consumer, partition,
				      self->inbox.partitions[partition].ahead.at.next_verdict, err);

	return rc == -ERR_RETRY ? 0 : rc;
}

static int take_one(struct write *self, struct kafka_message *raw, bool *ret_is_full, struct err *err)
{
	int32_t partition = raw->partition;
	int rc = 0;

	switch (inbox_add(&self->inbox, raw)) {
	case INBOX_VOID:
		write_count(COUNT_VOID, 1);
		break;
	case INBOX_PARKED:
		count_partitions(self);
		rc = kafka_consumer_pause(self->consumer, partition, err);
		break;
	case INBOX_FULL:
		*ret_is_full = true;
		return fetch_again(self, partition, err);
	default:
		break;
	}
	*ret_is_full = inbox_is_full(&self->inbox);
	return rc == -ERR_RETRY ? 0 : rc;
}

static int resume_held(struct write *self, struct err *err)
{
	int rc = self->is_held ? pause_all(self, false, err) : 0;

	if (rc == 0)
		self->is_held = false;
	return rc;
}

/* Takes what is there, and what comes while it comes. An idle system writes the first verdict at once; one that has just
 * written waits for others, as many small transactions cost more than a few large ones: they begin batch.linger.max apart. */
static int gather(struct write *self, struct err *err)
{
	int64_t end_ms = clock_ms() + POLL_MS + self->config.batch_linger_ms;
	int64_t next_ms = self->gathered_at_ms + self->config.batch_linger_ms;
	bool is_full = false;
	int rc = resume_held(self, err);

	while (rc == 0 && !is_full && clock_ms() <= end_ms) {
		struct kafka_message raw;
		int64_t wait_ms = self->inbox.count > 0 ? MAX(next_ms - clock_ms(), (int64_t)0) : POLL_MS;
		int came = kafka_consumer_poll(self->consumer, (uint32_t)wait_ms, &raw, err);

		if (came <= 0) {
			rc = came;
			break;
		}
		if (self->inbox.count == 0)
			end_ms = clock_ms() + self->config.batch_linger_ms;
		rc = take_one(self, &raw, &is_full, err);
	}
	if (self->inbox.count > 0)
		self->gathered_at_ms = clock_ms();
	return rc;
}

/* The group must see us while nothing can be taken. A message that comes all the same is fetched again later: a batch may
 * be stuck, or the register have gone away while there was none. */
static int poll_only(struct write *self, struct err *err)
{
	struct kafka_message raw;
	int came = kafka_consumer_poll(self->consumer, 0, &raw, err);

	if (came <= 0)
		return came;
	int rc = kafka_consumer_start(self->consumer, raw.partition, raw.offset, err);

	if (rc == 0)
		rc = kafka_consumer_pause(self->consumer, raw.partition, err);
	self->is_held = true;
	kafka_message_drop(&raw);
	return rc;
}

static void measure_lag(struct write *self)
{
	struct kafka_topic_range range;
	struct err err;
	int64_t lag = 0;

	if (clock_ms() < self->lag_at_ms)
		return;
	self->lag_at_ms = clock_ms() + LAG_EVERY_MS;
	for (int32_t i = 0; i < self->inbox.partition_end; i++) {
		const struct partition *partition = &self->inbox.partitions[i];

		if (partition->state < PARTITION_RUNNING)
			continue;
		if (kafka_producer_range(self->producer, self->config.topic.verdict, i, POLL_MS, &range, &err) != 0)
			return; /* the last figure stays */
		lag += range.high - partition->committed.at.next_verdict;
	}
	write_gauge(GAUGE_LAG, lag);
}

static struct assignment assignment_of(struct write *self)
{
	return (struct assignment){
		.inbox = &self->inbox,
		.consumer = self->consumer,
		.kafka = &self->kafka,
		.topic_raw = self->config.topic.raw,
		.session = &self->transaction.session,
		.wait_ms = (uint32_t)self->config.kafka_wait_ms,
	};
}

/* Now and then, and after every new connection: was the register set back to an earlier time? */
static int check_cursors(struct write *self, struct err *err)
{
	struct assignment assignment = assignment_of(self);
	bool stands;

	if (clock_ms() < self->check_at_ms || self->is_stuck || self->inbox.count > 0)
		return 0;
	int rc = assignment_check(&assignment, &stands, err);

	if (rc != 0)
		return rc == -ERR_RETRY ? rc : explain(err);
	self->check_at_ms = clock_ms() + LAG_EVERY_MS;
	if (!stands) {
		log_event(LOG_WARN, "write.set-back", "then=\"verdicts are applied again from the register's cursors\"");
		give_up_batch(self);
	}
	return 0;
}

/* Opens what was assigned. A batch that is stuck goes first, as it needs the same peer. */
static int open_assigned(struct write *self, struct err *err)
{
	struct assignment assignment = assignment_of(self);

	if (self->is_stuck || !assignment_is_due(&self->inbox))
		return 0;
	int rc = assignment_open(&assignment, err);

	count_partitions(self);
	if (rc == -ERR_RETRY)
		set_ready(self, false, "waiting for PostgreSQL or Kafka to open partitions");
	return rc == 0 || rc == -ERR_RETRY ? rc : explain(err);
}

static int connect_register(struct write *self, struct err *err)
{
	if (!pg_link_is_up(self->link))
		self->check_at_ms = 0;
	int rc = pg_link_connect(self->link, err);

	if (rc != 0)
		set_ready(self, false, "waiting for PostgreSQL");
	return rc;
}

static int write_turn(void *opaque, struct err *err)
{
	struct write *self = opaque;
	int rc = 0;

	if (kafka_producer_is_dead(self->producer))
		return err_set(err, ERR_FATAL, "producer", "the producer of Forgets is dead: starting anew");
	if (self->is_stuck || assignment_is_due(&self->inbox) || !pg_link_is_up(self->link))
		rc = poll_only(self, err);
	if (rc == 0)
		rc = connect_register(self, err);
	if (rc == 0)
		rc = check_cursors(self, err);
	if (rc == 0)
		rc = open_assigned(self, err);
	if (rc == 0 && !self->is_stuck && !assignment_is_due(&self->inbox))
		rc = gather(self, err);
	if (rc != 0 && rc != -ERR_RETRY)
		return rc;
	int applied = apply_batch(self, err);

	if (applied != 0)
		return applied;
	if (rc != 0) {
		if (pg_link_is_up(self->link))
			set_ready(self, false, "waiting for Kafka");
		return rc;
	}
	set_ready(self, true, "");
	measure_lag(self);
	struct assignment assignment = assignment_of(self);

	return assignment_tell_parked(&assignment, err);
}

static int write_drain(void *opaque, int64_t deadline_ms, struct err *err)
{
	struct write *self = opaque;
	int rc = clock_ms() < deadline_ms ? apply_batch(self, err) : 0;

	if (rc == -ERR_RETRY) { /* left to the next owner: nothing of it is in */
		log_event(LOG_WARN, "write.drain", "code=%s why=%s", LOG_QUOTED(err->code), LOG_QUOTED(err->text));
		rc = 0;
	}
	kafka_consumer_close(self->consumer);
	self->consumer = NULL;
	return rc;
}

/* Life. */

/* The first signal lets the open transaction finish; the second does not. */
static bool must_leave(void)
{
	return stop_poll() == STOP_NOW;
}

static int open_register(struct write *self, struct err *err)
{
	const struct write_config *config = &self->config;
	struct pg_options options = settings_pg(&config->pg, "instroom-write");

	options.lock_ms = (uint32_t)config->pg_lock_ms;
	options.idle_transaction_ms = (uint32_t)config->pg_idle_ms;
	options.should_stop = must_leave;
	int rc = pg_link_open(&options, &self->link, err);

	if (rc != 0)
		return rc;
	return transaction_init(&self->transaction, self->link, slice_of(config->topic.raw),
				(size_t)config->batch_arena_bytes, JUDGE_ARENA_KEPT_BYTES, err);
}

static int open_kafka(struct write *self, struct err *err)
{
	const struct write_config *config = &self->config;
	struct kafka_producer_options producer = {
		.message_bytes_max = FORGET_MESSAGE_BYTES_MAX,
		.linger_ms = 0,
		.delivery_timeout_ms = FORGET_DELIVERY_MS,
		.queue_bytes_max = FORGET_QUEUE_BYTES,
		.compression = "none",
	};
	struct kafka_consumer_options source = {
		.topic = config->topic.verdict,
		.group = config->kafka.group,
		.message_bytes_max = VERDICT_BYTES_MAX,
		.queued_kbytes_max = config->kafka.prefetch_bytes / 1024,
		.session_timeout_ms = (int32_t)config->kafka.session_ms,
	};
	int rc = kafka_producer_open(&self->kafka, &producer, on_forget_reported, self, &self->producer, err);

	if (rc != 0)
		return rc;
	forgets_init(&self->forgets, self->producer, config->topic.raw);
	return kafka_consumer_open(&self->kafka, &source, &EVENTS, self, &self->consumer, err);
}

static int write_open(struct write *self, struct err *err)
{
	const struct write_config *config = &self->config;
	struct inbox_limits limits = { config->batch_rows_max, config->batch_bytes_max };
	int32_t generation;
	int rc;

	self->kafka = settings_kafka(&config->kafka, config->log.worker);
	if (!log_position_split_topic(slice_of(config->topic.raw), NULL, &generation))
		return err_set(err, ERR_CONFIG, "topic.raw",
			       "topic.raw must end in a dot and its generation, as instroom.raw.1");
	rc = inbox_init(&self->inbox, &limits, generation, (size_t)config->batch_arena_bytes, err);
	if (rc == 0)
		rc = status_open(config->status_address, BEAT_MS_MAX, &self->status, err);
	if (rc == 0)
		rc = open_register(self, err);
	return rc != 0 ? rc : open_kafka(self, err);
}

static void write_close(struct write *self)
{
	kafka_consumer_close(self->consumer);
	kafka_producer_close(self->producer);
	forgets_release(&self->forgets);
	transaction_release(&self->transaction);
	pg_link_close(self->link);
	inbox_release(&self->inbox);
	status_close(self->status);
}

static int write_run(struct write *self)
{
	struct app app = { write_turn, write_drain, (uint32_t)self->config.drain_ms };
	struct err err = { 0 };
	int status;

	settings_begin_log(&self->config.log);
	config_log(&WRITE_CONFIG, &self->config);
	write_metrics_register();
	set_ready(self, false, "starting");
	if (write_open(self, &err) == 0) {
		status = app_run(&app, self);
	} else {
		log_event(LOG_ERROR, "write.start", "code=%s why=%s", LOG_QUOTED(err.code), LOG_QUOTED(err.text));
		status = app_exit_status(&err);
	}
	write_close(self);
	return status;
}

int write_main(int argc, char **argv)
{
	app_block_signals();
	app_forbid_core_dumps();
	app_settle_heap();
	struct write *self = calloc(1, sizeof *self);

	if (!self)
		return EXIT_BUG;
	int rc = config_load(&WRITE_CONFIG, argc, argv, &self->config);
	int status = rc == 0 ? write_run(self) : rc > 0 ? EXIT_DRAINED : EXIT_SETTINGS;

	config_release(&WRITE_CONFIG, &self->config);
	free(self);
	return status;
}
