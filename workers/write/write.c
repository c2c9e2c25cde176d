#include "write/write.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/peer_cause.h"
#include "encryption/body_encryption.h"
#include "protocol/log_position.h"
#include "run/app.h"
#include "run/status.h"
#include "write/application.h"
#include "write/confirmations.h"
#include "write/polling.h"
#include "write/register_check.h"
#include "write/write_metrics.h"

#include <stdlib.h>

enum {
	HEARTBEAT_MS_MAX = 60000,     /* waits for PostgreSQL beat too (on_wait) */
	COMMIT_LATE_MS = 5000,	      /* a COMMIT that takes longer waits for something else than its disk */
	VERDICT_BYTES_MAX = 65 << 20, /* 64 MiB and its frame */
	FORGET_MESSAGE_BYTES_MAX = 4 << 20,
	FORGET_DELIVERY_MS = 10000,
	FORGET_QUEUE_BYTES = 16 << 20,
	JUDGE_ARENA_KEPT_BYTES = 16 << 20,
	CHECK_EVERY_MS = 10000,
	CONFIRMATIONS_EVERY_MS = 10000,
	FILES_WANTED = 1024,
};

/* What Kafka says of our partitions, inside kafka_consumer_poll. */

static void on_assigned(void *opaque, const int32_t *partitions, size_t count)
{
	struct writer *writer = opaque;

	writer->is_outside = false;
	for (size_t i = 0; i < count; i++) {
		if (partitions[i] >= INBOX_PARTITIONS_MAX)
			continue; /* the open of the topic refused so many */
		partition_change(&writer->inbox.partitions[partitions[i]], PARTITION_ASSIGNED);
		writer->inbox.partition_end = MAX(writer->inbox.partition_end, partitions[i] + 1);
	}
	polling_count_partitions(writer);
}

static void on_revoked(void *opaque, const int32_t *partitions, size_t count, bool is_lost)
{
	struct writer *writer = opaque;

	log_event(LOG_INFO, "partition.revoked", "partitions=%zu is_lost=%d effect=%s", count, is_lost,
		  LOG_QUOTED("the batch is given up"));
	writer->is_outside |= is_lost;
	application_give_up(writer);
	for (size_t i = 0; i < count; i++)
		if (partitions[i] < INBOX_PARTITIONS_MAX) {
			partition_change(&writer->inbox.partitions[partitions[i]], PARTITION_OTHERS);
			backlog_leave(writer->backlog, partitions[i]);
		}
	polling_count_partitions(writer);
}

static void on_out_of_range(void *opaque, int32_t partition, int64_t offset)
{
	struct writer *writer = opaque;

	partition_park(&writer->inbox.partitions[partition], partition,
		       "the verdict log does not hold offset %lld, the next to apply: run instroomctl refill",
		       (long long)offset);
	polling_count_partitions(writer);
}

static const struct kafka_consumer_events EVENTS = { on_assigned, on_revoked, on_out_of_range };

/* ---- the parts of an iteration ---- */

static int connect_register(struct writer *writer, struct err *err)
{
	if (!pg_link_is_up(writer->link))
		writer->check_at_ms = 0;
	int rc = pg_link_connect(writer->link, err);

	if (rc == 0 && !writer->is_register_checked)
		rc = register_check(writer->link, err);
	writer->is_register_checked |= rc == 0;
	return rc;
}

/* Was the register set back to an earlier time? See assignment.h. */
static int check_cursors(struct writer *writer, struct err *err)
{
	enum cursors_found found;

	if (clock_ms() < writer->check_at_ms || writer_state_has_batch(writer->state) || writer->inbox.count > 0)
		return 0;
	int rc = assignment_check(&writer->assignment, &found, err);

	if (rc != 0)
		return rc == -ERR_RETRY ? rc : register_session_explain(err);
	writer->check_at_ms = clock_ms() + CHECK_EVERY_MS;
	if (found == CURSORS_ADDED)
		log_event(LOG_INFO, "cursors.added", "why=%s effect=%s",
			  LOG_QUOTED("an operator gave the register those that it lacked"),
			  LOG_QUOTED("their partitions are opened"));
	else if (found == CURSORS_MOVED)
		log_event(LOG_WARN, "register.set-back", "why=%s effect=%s",
			  LOG_QUOTED("its cursors are not where we left them"),
			  LOG_QUOTED("verdicts are applied again from the register's cursors"));
	if (found != CURSORS_STAND)
		application_give_up(writer);
	return 0;
}

static int count_confirmations(struct writer *writer, struct err *err)
{
	if (clock_ms() < writer->count_at_ms || writer_state_has_batch(writer->state))
		return 0;
	int rc = confirmations_measure(&writer->transaction.session, err);

	if (rc != 0)
		return rc == -ERR_RETRY ? rc : register_session_explain(err);
	writer->count_at_ms = clock_ms() + CONFIRMATIONS_EVERY_MS;
	return 0;
}

/* Opens what was assigned. A batch that is kept goes first, as it needs the same peer. */
static int open_assigned(struct writer *writer, struct err *err)
{
	if (writer_state_has_batch(writer->state) || !assignment_is_due(&writer->inbox))
		return 0;
	int rc = assignment_open(&writer->assignment, err);

	polling_count_partitions(writer);
	return rc == 0 || rc == -ERR_RETRY ? rc : register_session_explain(err);
}

static bool may_poll(const struct writer *writer)
{
	return !writer_state_has_batch(writer->state) && !assignment_is_due(&writer->inbox);
}

static int prepare_register(struct writer *writer, struct err *err)
{
	int rc = connect_register(writer, err);

	if (rc == 0)
		rc = check_cursors(writer, err);
	return rc == 0 ? count_confirmations(writer, err) : rc;
}

/* Up to a batch in the inbox, or none. *ret_why: of an ERR_RETRY, what it waits for. */
static int prepare(struct writer *writer, const char **ret_why, struct err *err)
{
	int rc = 0;

	*ret_why = "Kafka";
	if (!may_poll(writer) || !pg_link_is_up(writer->link))
		rc = polling_rewind(writer, err);
	if (rc != 0)
		return rc;
	*ret_why = "PostgreSQL";
	rc = prepare_register(writer, err);
	if (rc != 0)
		return rc;
	*ret_why = "PostgreSQL or Kafka to open partitions";
	rc = open_assigned(writer, err);
	if (rc != 0)
		return rc;
	*ret_why = "Kafka";
	return may_poll(writer) ? polling_linger(writer, err) : 0;
}

/* Where the register's cursors stand, also while it is away and of partitions that are parked. */
static void report_backlog(const struct writer *writer)
{
	for (int32_t i = 0; i < writer->inbox.partition_end; i++) {
		const struct partition *partition = &writer->inbox.partitions[i];

		if (partition_is_open(partition))
			backlog_set(writer->backlog, i, partition->committed.at.next_raw);
	}
}

static int iterate(void *opaque, struct err *err)
{
	struct writer *writer = opaque;

	report_backlog(writer);
	(void)body_encryption_poll(writer->encryption); /* for metrics: Forgets that lack a key are sent again */
	if (kafka_producer_is_dead(writer->producer))
		return err_set(err, ERR_FATAL, "producer", "the producer of Forgets is dead: starting anew");
	int guarded = topic_guard_poll(&writer->guard, err);

	if (guarded != 0)
		return guarded;
	const char *why;
	int prepared = prepare(writer, &why, err);

	if (prepared != 0 && prepared != -ERR_RETRY)
		return prepared;
	/* what was polled before a peer went away is applied, if it can be */
	struct err apply_err = { 0 };
	int applied = application_run(writer, &apply_err);

	if (applied != 0) {
		*err = apply_err;
		return applied;
	}
	if (prepared != 0) {
		writer_state_wait(&writer->state, why);
		return prepared;
	}
	if (!peer_has_answered(PEER_KAFKA)) { /* it is asked for our partitions, which a poll does not wait for */
		writer_state_wait(&writer->state, "Kafka");
		return 0;
	}
	if (writer->is_outside) {
		writer_state_wait(&writer->state, "the consumer group");
		return 0;
	}
	writer_state_change(&writer->state, WRITER_RUNNING, "all peers answer");
	return assignment_note_parked(&writer->assignment, err);
}

/* Passwords are read again at each login: this only logs which of them a login will find. */
static void reload(void *opaque)
{
	const struct writer *writer = opaque;

	config_look_again(&WRITE_CONFIG, &writer->config);
}

static int drain(void *opaque, int64_t deadline_ms, struct err *err)
{
	struct writer *writer = opaque;
	int rc = clock_ms() < deadline_ms ? application_run(writer, err) : 0;

	if (rc == -ERR_RETRY) {
		log_event(LOG_WARN, "batch.dropped", "code=%s why=%s effect=%s", LOG_QUOTED(err->code),
			  LOG_QUOTED(err->text), LOG_QUOTED("nothing of it is in: it is the next owner's"));
		rc = 0;
	}
	kafka_consumer_close(writer->consumer);
	writer->consumer = NULL;
	return rc;
}

/* ---- life ---- */

/* PostgreSQL has not answered for so long. Of a COMMIT that is late the service manager and /readyz hear: a synchronous
 * standby that is away makes it wait for as long as that takes, and nothing else would show. */
static void on_wait(void *opaque, int64_t waited_ms)
{
	struct writer *writer = opaque;

	app_heartbeat();
	if (waited_ms < COMMIT_LATE_MS || writer->is_commit_late || !writer->transaction.is_commit_in_doubt ||
	    !writer_state_is_ready(writer->state))
		return;
	writer->is_commit_late = true;
	app_set_ready(false, "PostgreSQL to confirm a COMMIT: is a synchronous standby away?");
	log_event(
		LOG_WARN, "commit.late", "messages=%zu waited_ms=%lld why=%s effect=%s", writer->inbox.count,
		(long long)waited_ms, LOG_QUOTED("PostgreSQL has not confirmed it: a synchronous standby may be away"),
		LOG_QUOTED(
			"we wait; after pg.statement.max the hosts are asked again, and the cursor what became of it"));
}

static int open_register(struct writer *writer, struct err *err)
{
	const struct write_config *config = &writer->config;
	struct pg_options options = settings_pg(&config->pg, "instroom-write");

	options.lock_ms = (uint32_t)config->pg_lock_ms;
	options.idle_transaction_ms = (uint32_t)config->pg_idle_ms;
	options.must_write = true;
	options.faults_pass = true;
	options.should_stop = stop_is_urgent; /* the first signal lets the open transaction finish */
	options.waits = on_wait;
	options.waits_self = writer;
	pg_note_environment();
	int rc = pg_link_open(&options, &writer->link, err);

	if (rc != 0)
		return rc;
	rc = transaction_init(&writer->transaction, writer->link, slice_of(config->topic.raw),
			      (size_t)config->batch_arena_bytes, JUDGE_ARENA_KEPT_BYTES, err);
	writer->transaction.check_share = (uint32_t)config->unchanged_check_share;
	return rc;
}

static int open_kafka(struct writer *writer, struct err *err)
{
	const struct write_config *config = &writer->config;
	struct kafka_producer_options producer = {
		.message_bytes_max = FORGET_MESSAGE_BYTES_MAX,
		.linger_ms = 0,
		.batch_messages_max = 1, /* one that its topic does not take keeps back no other */
		.delivery_timeout_ms = FORGET_DELIVERY_MS,
		.queue_bytes_max = FORGET_QUEUE_BYTES,
		.compression = "none",
	};
	struct kafka_consumer_options consumer;
	char group[SETTINGS_GROUP_BYTES];
	int rc = settings_consumer(&config->kafka, group, &consumer, err);

	if (rc == 0)
		rc = kafka_producer_open(&writer->kafka, &producer, forgets_reported, &writer->forgets,
					 &writer->producer, err);
	if (rc != 0)
		return rc;
	consumer.topic = config->topic.verdict;
	consumer.message_bytes_max = VERDICT_BYTES_MAX;
	consumer.must_leave = stop_is_urgent;
	forgets_init(&writer->forgets, writer->producer, config->topic.raw);
	return kafka_consumer_open(&writer->kafka, &consumer, &EVENTS, writer, &writer->consumer, err);
}

static int open_spans(struct writer *writer, struct err *err)
{
	struct span_exporter_options options = settings_trace(&writer->config.trace, "write", &writer->config.log);

	return span_exporter_open(&options, &writer->spans, err);
}

static int open_all(struct writer *writer, struct err *err)
{
	const struct write_config *config = &writer->config;
	struct topic_settings topics = settings_topics(&config->topic, &config->encrypt);
	struct inbox_limits limits = { config->batch_rows_max, config->batch_bytes_max };
	uint64_t files;
	int32_t generation;
	int rc = app_raise_file_limit(FILES_WANTED, &files, err);

	if (rc != 0)
		return rc;
	if (!log_position_split_topic(slice_of(config->topic.raw), NULL, &generation))
		return err_set(err, ERR_CONFIG, "topic.raw",
			       "topic.raw must end in a dot and its generation, as instroom.raw.1");
	rc = inbox_init(&writer->inbox, &limits, generation, (size_t)config->batch_arena_bytes, err);
	if (rc == 0)
		rc = status_open(config->status_address, HEARTBEAT_MS_MAX, &writer->status, err);
	if (rc == 0)
		rc = open_spans(writer, err);
	if (rc == 0)
		rc = body_encryption_open("write", &config->encrypt, &config->topic, &writer->config.kafka,
					  &writer->encryption, err);
	writer->kafka = settings_kafka(&config->kafka, config->log.worker);
	if (rc == 0)
		rc = open_register(writer, err);
	if (rc == 0)
		rc = open_kafka(writer, err);
	if (rc == 0)
		rc = topic_guard_begin(&writer->guard, &writer->kafka, &topics, err);
	if (rc == 0)
		rc = backlog_begin(&writer->kafka, "write", config->topic.raw, &writer->backlog, err);
	writer->assignment = (struct assignment){
		.inbox = &writer->inbox,
		.consumer = writer->consumer,
		.kafka = &writer->kafka,
		.topic_raw = config->topic.raw,
		.session = &writer->transaction.session,
		.wait_ms = (uint32_t)config->kafka_wait_ms,
	};
	return rc;
}

static void close_all(struct writer *writer)
{
	topic_guard_end(&writer->guard);
	kafka_consumer_close(writer->consumer);
	backlog_end(writer->backlog);
	kafka_producer_close(writer->producer);
	span_exporter_close(writer->spans);
	forgets_release(&writer->forgets);
	transaction_release(&writer->transaction);
	body_encryption_close(writer->encryption);
	pg_link_close(writer->link);
	inbox_release(&writer->inbox);
	status_close(writer->status);
}

static int write_run(struct writer *writer)
{
	struct app app = { iterate, drain, (uint32_t)writer->config.drain_ms, reload };
	struct err err = { 0 };

	settings_begin_log(&writer->config.log);
	config_log(&WRITE_CONFIG, &writer->config);
	write_metrics_register();
	writer_state_change(&writer->state, WRITER_STARTING, "starting");
	int rc = open_all(writer, &err);
	int status = rc == 0 ? app_run(&app, writer) : app_fail_start(rc, &err);

	close_all(writer);
	return status;
}

int write_main(int argc, char **argv)
{
	app_begin(HANGUP_RELOADS);
	app_forbid_core_dumps();
	app_settle_heap();
	struct writer *writer = calloc(1, sizeof *writer);

	if (!writer)
		return EXIT_BUG;
	int rc = config_load(&WRITE_CONFIG, argc, argv, &writer->config);
	int status = rc == 0 ? write_run(writer) : exit_status_of_config(rc);

	config_release(&WRITE_CONFIG, &writer->config);
	free(writer);
	return status;
}
