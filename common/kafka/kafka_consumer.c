/* DESIGN. librdkafka's assignment is the list of partitions that are being fetched, each with an explicit offset; a
 * partition that the group gave us and that nobody has started yet is not in it. So nothing can be fetched before its
 * start, no committed offset is ever looked up, and a seek is a new assignment. Each one stops all fetchers and starts
 * them again at the offset we expect next, with a new version: what was fetched for an older version never comes out
 * of the queue (rd_kafka_seek and pausing at assignment race with the start of the fetcher instead). Starts are
 * collected and applied by the next poll, so that a rebalance of many partitions makes one assignment.
 *
 * States of a partition: idle (ours, not fetched) -> running <-> paused; out of range makes it idle again. Invariant:
 * next_offset is the offset of the next message we hand out, unless the log has a hole there. A message of another
 * offset is not handed out: a lower one is dropped, a higher one makes us fetch again from next_offset once; when the
 * same comes back the hole is in the log. */
#include "kafka/kafka_consumer.h"

#include "kafka/kafka_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>

enum {
	PARTITIONS_MAX = 1024,
	CLOSE_MS_MAX = 10000,
	CLOSE_STEP_MS = 50,
	FETCH_WAIT_MS = 250, /* also the longest time a changed assignment waits for a fetch under way */
	ERROR_BACKOFF_MS = 50,
	QUEUED_MESSAGES_MIN = 100000, /* the cap in bytes decides; see kafka_consumer_open */
	DROP_MS_MAX = 100,	      /* beyond its wait a poll drops unwanted messages for so long at most */
	STOP_ROUNDS = 3,
	COMMIT_EVERY_MS = 1000,
};

#define FULL_QUEUE_BACKOFF_MS "10"

enum partition_state { PARTITION_OTHERS = 0, PARTITION_IDLE, PARTITION_RUNNING, PARTITION_PAUSED };

struct consumer_partition {
	enum partition_state state;
	bool is_attached; /* in librdkafka's assignment */
	bool is_marked;	  /* as paused in librdkafka, where the mark outlives the assignment */
	int64_t next_offset;
	int64_t hole_offset; /* a fetch from next_offset gave this higher offset before; -1: none */
	bool is_commit_due;
	int64_t commit_offset;
	char commit_metadata[KAFKA_METADATA_BYTES];
};

struct kafka_consumer {
	rd_kafka_t *rk;
	struct kafka_login login;
	struct kafka_bodies bodies;
	const struct kafka_consumer_events *events;
	void *self;
	char *topic, *group;
	int32_t shares, share; /* see kafka_consumer_options */
	bool (*must_leave)(void);
	struct consumer_partition partitions[PARTITIONS_MAX];
	int32_t partition_end; /* above the highest ever ours */
	bool is_stale;	       /* the assignment is not what the states say */
	bool was_member;       /* had an assignment once: the brokers know us */
	int64_t commit_at_ms;  /* what is due is committed then; 0: nothing is */
	int failed;	       /* an error seen by a callback, for the next poll to return; 0: none */
	struct err failure;
};

static struct consumer_partition *find_ours(struct kafka_consumer *consumer, int32_t partition)
{
	if (partition < 0 || partition >= consumer->partition_end ||
	    consumer->partitions[partition].state == PARTITION_OTHERS)
		return NULL;
	return &consumer->partitions[partition];
}

static void keep_failure(struct kafka_consumer *consumer, rd_kafka_resp_err_t code, const char *what)
{
	consumer->failed = kafka_fail_later(code, what, consumer->was_member, &consumer->failure);
}

/* --- the assignment --- */

/* librdkafka's pause marks outlive the assignment, and would block the next one. */
static void clear_pause_marks(struct kafka_consumer *consumer)
{
	CLEANUP(drop_partition_list)
	rd_kafka_topic_partition_list_t *marked = rd_kafka_topic_partition_list_new(consumer->partition_end + 1);

	for (int32_t i = 0; i < consumer->partition_end; i++) {
		if (consumer->partitions[i].is_marked)
			rd_kafka_topic_partition_list_add(marked, consumer->topic, i);
		consumer->partitions[i].is_marked = false;
	}
	if (marked->cnt > 0)
		rd_kafka_resume_partitions(consumer->rk, marked);
}

/* Waits until the fetchers that an assignment stops have stopped. librdkafka, up to 2.15.0, ends the process when an
 * assignment comes while it still waits for those of the one before (rd_kafka_assignment_partition_stopped;
 * confluentinc/librdkafka#5573: the stop of one partition is counted twice). The stop goes twice
 * through the queue of its main thread; each of these questions goes once, behind it, and one is for the start. */
static void await_stopped(struct kafka_consumer *consumer)
{
	for (int i = 0; i < STOP_ROUNDS; i++) {
		CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = NULL;

		if (rd_kafka_assignment(consumer->rk, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
			return; /* the handle is closing: no assignment follows */
	}
}

/* Makes librdkafka fetch what runs, from where we stand. Partitions that are paused are left out until resumed. */
static void apply_assignment(struct kafka_consumer *consumer)
{
	CLEANUP(drop_partition_list)
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(consumer->partition_end + 1);

	for (int32_t i = 0; i < consumer->partition_end; i++) {
		struct consumer_partition *partition = &consumer->partitions[i];

		partition->is_attached = partition->state == PARTITION_RUNNING;
		if (partition->is_attached)
			rd_kafka_topic_partition_list_add(list, consumer->topic, i)->offset = partition->next_offset;
	}
	clear_pause_marks(consumer);
	rd_kafka_resp_err_t code = rd_kafka_assign(consumer->rk, list);

	await_stopped(consumer);
	consumer->is_stale = false;
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		keep_failure(consumer, code, "assign");
}

static bool is_of_our_share(const struct kafka_consumer *consumer, int32_t partition)
{
	return consumer->shares <= 1 || partition % consumer->shares == consumer->share;
}

/* What of a list of the group's is ours; ret holds PARTITIONS_MAX. */
static size_t read_list(const struct kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list,
			int32_t *ret)
{
	size_t count = 0;

	for (int i = 0; i < list->cnt && count < PARTITIONS_MAX; i++) {
		int32_t partition = list->elems[i].partition;

		if (strcmp(list->elems[i].topic, consumer->topic) == 0 && partition >= 0 &&
		    partition < PARTITIONS_MAX && is_of_our_share(consumer, partition))
			ret[count++] = partition;
	}
	return count;
}

static void take_partitions(struct kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
	int32_t partitions[PARTITIONS_MAX];
	size_t count = read_list(consumer, list, partitions);

	kafka_login_accepted(&consumer->login);
	consumer->was_member = true;
	for (size_t i = 0; i < count; i++) {
		consumer->partitions[partitions[i]] =
			(struct consumer_partition){ .state = PARTITION_IDLE, .hole_offset = -1 };
		consumer->partition_end = MAX(consumer->partition_end, partitions[i] + 1);
	}
	apply_assignment(consumer); /* of none: the group hears that we have taken over */
	consumer->events->assigned(consumer->self, partitions, count);
}

/* All that is due in one request: one per partition and batch would be much of what an idle system asks of its
 * broker. */
static void commit_positions(struct kafka_consumer *consumer)
{
	CLEANUP(drop_partition_list)
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(consumer->partition_end + 1);

	for (int32_t i = 0; i < consumer->partition_end; i++) {
		struct consumer_partition *partition = &consumer->partitions[i];

		if (!partition->is_commit_due)
			continue;
		rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, consumer->topic, i);

		one->offset = partition->commit_offset;
		one->metadata = *partition->commit_metadata ? strdup(partition->commit_metadata)
							    : NULL; /* the list frees it */
		one->metadata_size = one->metadata ? strlen(partition->commit_metadata) : 0;
		partition->is_commit_due = false;
	}
	consumer->commit_at_ms = 0;
	if (list->cnt > 0)
		rd_kafka_commit(consumer->rk, list, 1);
}

static void give_partitions(struct kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
	int32_t partitions[PARTITIONS_MAX];
	size_t count = read_list(consumer, list, partitions);

	if (count > 0)
		consumer->events->revoked(consumer->self, partitions, count, rd_kafka_assignment_lost(consumer->rk));
	commit_positions(consumer);
	clear_pause_marks(consumer);
	for (size_t i = 0; i < count; i++)
		if (partitions[i] < consumer->partition_end)
			consumer->partitions[partitions[i]] = (struct consumer_partition){ .hole_offset = -1 };
	consumer->is_stale = false; /* eager: all of them leave */
	if (rd_kafka_assign(consumer->rk, NULL) != RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_assign(consumer->rk, NULL); /* the group, and leaving it, would wait for this without end */
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct kafka_consumer *consumer = opaque;

	(void)rk;
	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		take_partitions(consumer, list);
	} else {
		give_partitions(consumer, list);
		if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
			keep_failure(consumer, code, "rebalance");
	}
}

/* What stands behind a fatal error, as far as somebody can do something about it: another member of our name. */
static rd_kafka_resp_err_t behind_fatal(rd_kafka_t *rk, rd_kafka_resp_err_t code)
{
	if (code != RD_KAFKA_RESP_ERR__FATAL ||
	    rd_kafka_fatal_error(rk, NULL, 0) != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
		return code;
	return RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

/* Brokers that refuse us at start are a setting; later it is theirs to mend, and we wait. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kafka_consumer *consumer = opaque;

	kafka_cause_note(code, reason);
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
		kafka_login_refused(&consumer->login, rk, consumer->was_member);
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !consumer->was_member)
		keep_failure(consumer, RD_KAFKA_RESP_ERR__AUTHENTICATION, "consumer");
	else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		keep_failure(consumer, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "consumer");
	else if (code == RD_KAFKA_RESP_ERR__FATAL)
		keep_failure(consumer, behind_fatal(rk, code), consumer->topic);
}

/* --- life --- */

static void set_conf(struct kafka_conf *conf, const struct kafka_consumer_options *options,
		     struct kafka_consumer *consumer)
{
	rd_kafka_conf_set_opaque(conf->conf, consumer);
	rd_kafka_conf_set_rebalance_cb(conf->conf, on_rebalance);
	rd_kafka_conf_set_error_cb(conf->conf, on_error);
	kafka_conf_set(conf, "group.id", options->group);
	kafka_conf_set(conf, "partition.assignment.strategy", "range");
	kafka_conf_set(conf, "enable.auto.commit", "false");
	kafka_conf_set(conf, "enable.auto.offset.store", "false");
	kafka_conf_set(conf, "auto.offset.reset", "error");
	kafka_conf_set(conf, "enable.partition.eof", "true"); /* a topic without messages serves us, too */
	kafka_conf_set(conf, "check.crcs", "true");
	kafka_conf_set_number(conf, "session.timeout.ms", options->session_timeout_ms);
	kafka_conf_set_number(conf, "heartbeat.interval.ms", MAX(options->session_timeout_ms / 10, 100));
	kafka_conf_set_number(conf, "fetch.wait.max.ms", FETCH_WAIT_MS);
	kafka_conf_set_number(conf, "fetch.error.backoff.ms", ERROR_BACKOFF_MS);
	kafka_conf_set_number(conf, "queued.min.messages", QUEUED_MESSAGES_MIN);
	kafka_conf_set_number(conf, "queued.max.messages.kbytes", options->queued_kbytes_max);
	kafka_conf_set_fetch_bytes(conf, options->message_bytes_max);
	/* librdkafka before 2.2.0 has no such setting, and looks once a second at a queue that was full: slow, not
	 * wrong. */
	(void)kafka_conf_offer(conf, "fetch.queue.backoff.ms", FULL_QUEUE_BACKOFF_MS);
	if (options->instance && *options->instance)
		kafka_conf_set(conf, "group.instance.id", options->instance);
}

static int subscribe(struct kafka_consumer *consumer, struct err *err)
{
	CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, consumer->topic, RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t code = rd_kafka_poll_set_consumer(consumer->rk);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = rd_kafka_subscribe(consumer->rk, list);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(code, "subscribe", err);
}

static void source_free(struct kafka_consumer *consumer)
{
	if (consumer->rk)
		rd_kafka_destroy(consumer->rk);
	free(consumer->topic);
	free(consumer->group);
	free(consumer);
}

int kafka_consumer_open(const struct kafka_options *kafka, const struct kafka_consumer_options *options,
			const struct kafka_consumer_events *events, void *self, struct kafka_consumer **ret,
			struct err *err)
{
	struct kafka_consumer *consumer = calloc(1, sizeof *consumer);
	struct kafka_conf conf;

	if (consumer) {
		consumer->topic = strdup(options->topic);
		consumer->group = strdup(options->group);
	}
	if (!consumer || !consumer->topic || !consumer->group) {
		if (consumer)
			source_free(consumer);
		return err_set(err, ERR_FATAL, "memory", "no memory for a consumer");
	}
	kafka_login_init(&consumer->login, kafka);
	consumer->bodies = kafka_bodies_of(kafka);
	consumer->events = events;
	consumer->self = self;
	consumer->shares = options->shares;
	consumer->share = options->share;
	consumer->must_leave = options->must_leave;
	kafka_conf_begin(&conf, kafka);
	set_conf(&conf, options, consumer);
	int rc = kafka_conf_finish(&conf, RD_KAFKA_CONSUMER, &consumer->rk, err);

	if (rc == 0)
		rc = subscribe(consumer, err);
	if (rc != 0) {
		source_free(consumer);
		return rc;
	}
	*ret = consumer;
	return 0;
}

static void drop_queue(rd_kafka_queue_t **queue)
{
	rd_kafka_queue_destroy(*queue);
}

/* rd_kafka_consumer_close() waits for what the broker still has to answer, for minutes when it does not. false: it did
 * not within CLOSE_MS_MAX, or nobody waits for it any more. The queue has what was fetched and not handed out, too: it
 * is dropped. librdkafka's call for queues with callbacks alone would abort at it. */
static bool leave_group(struct kafka_consumer *consumer)
{
	CLEANUP(drop_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->rk);
	int64_t end_ms = clock_ms() + CLOSE_MS_MAX;
	rd_kafka_error_t *error = rd_kafka_consumer_close_queue(consumer->rk, queue);

	if (error) { /* it is closed already */
		rd_kafka_error_destroy(error);
		return true;
	}
	while (!rd_kafka_consumer_closed(consumer->rk) && clock_ms() < end_ms &&
	       !(consumer->must_leave && consumer->must_leave())) {
		rd_kafka_message_t *message = rd_kafka_consume_queue(queue, CLOSE_STEP_MS); /* runs on_rebalance */

		if (message)
			rd_kafka_message_destroy(message);
	}
	return rd_kafka_consumer_closed(consumer->rk);
}

void kafka_consumer_close(struct kafka_consumer *consumer)
{
	if (!consumer)
		return;
	if (leave_group(consumer)) {
		source_free(consumer);
		return;
	}
	/* to destroy the handle would wait as well; the process ends, and nobody polls for its callbacks any more */
	log_event(LOG_WARN, "consumer.left", "topic=%s why=%s effect=%s", consumer->topic,
		  LOG_QUOTED(consumer->must_leave && consumer->must_leave() ? "a second signal came"
									    : "Kafka does not answer"),
		  LOG_QUOTED("the group gives our partitions to others when our session is over"));
}

/* --- messages --- */

/* Whether to hand out a message of this offset; see the invariant above. */
static bool is_wanted(struct kafka_consumer *consumer, const rd_kafka_message_t *message)
{
	struct consumer_partition *partition = find_ours(consumer, message->partition);

	if (!partition || partition->state != PARTITION_RUNNING || message->offset < partition->next_offset)
		return false;
	if (message->offset > partition->next_offset && message->offset != partition->hole_offset) {
		partition->hole_offset = message->offset;
		consumer->is_stale = true;
		return false;
	}
	partition->hole_offset = -1;
	partition->next_offset = message->offset + 1;
	return true;
}

static void report_out_of_range(struct kafka_consumer *consumer, int32_t number)
{
	struct consumer_partition *partition = find_ours(consumer, number);

	if (!partition || partition->state != PARTITION_RUNNING)
		return;
	partition->state = PARTITION_IDLE;
	consumer->is_stale = true;
	consumer->events->out_of_range(consumer->self, number, partition->next_offset);
}

/* What a code speaks of: our group, or the topic. */
static const char *subject_of(const struct kafka_consumer *consumer, rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
			       code == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL ||
			       code == RD_KAFKA_RESP_ERR_INVALID_GROUP_ID ||
			       code == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT
		       ? consumer->group
		       : consumer->topic;
}

/* An error in the stream of messages. 0: it was dealt with. */
static int take_error(struct kafka_consumer *consumer, const rd_kafka_message_t *message, struct err *err)
{
	struct consumer_partition *partition = find_ours(consumer, message->partition);

	switch (message->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		kafka_login_served(&consumer->login);
		return 0;
	case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: /* the rebalance that follows says it */
		return 0;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		report_out_of_range(consumer, message->partition);
		return 0;
	case RD_KAFKA_RESP_ERR__BAD_MSG: /* a broken batch: librdkafka would go on behind it, we must not */
		if (partition)
			partition->hole_offset = -1;
		consumer->is_stale = true;
		return err_set(err, ERR_RETRY, rd_kafka_err2name(message->err),
			       "partition %d: a batch fails its checksum", message->partition);
	default:
		return kafka_fail_later(behind_fatal(consumer->rk, message->err), subject_of(consumer, message->err),
					consumer->was_member, err);
	}
}

static int take_failure(struct kafka_consumer *consumer, struct err *err)
{
	int failed = consumer->failed;

	consumer->failed = 0;
	if (failed != 0 && err)
		*err = consumer->failure;
	return failed;
}

/* One message or event of the queue. *ret_came false: nothing for the caller. */
static int poll_one(struct kafka_consumer *consumer, uint32_t wait_ms, bool *ret_is_empty, struct kafka_message *ret,
		    bool *ret_came, struct err *err)
{
	kafka_login_poll(&consumer->login, consumer->rk);
	rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->rk, (int)wait_ms);

	*ret_is_empty = !message;
	*ret_came = false;
	if (!message)
		return take_failure(consumer, err);
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		int rc = take_error(consumer, message, err);

		rd_kafka_message_destroy(message);
		return rc;
	}
	kafka_login_served(&consumer->login);
	if (!is_wanted(consumer, message)) {
		rd_kafka_message_destroy(message);
		return 0;
	}
	int rc = kafka_message_take(&consumer->bodies, message, ret, err);

	*ret_came = rc == 0;
	return rc;
}

int kafka_consumer_poll(struct kafka_consumer *consumer, uint32_t wait_ms, struct kafka_message *ret, bool *ret_came,
			struct err *err)
{
	int64_t end_ms = clock_ms() + wait_ms;
	uint32_t left_ms = wait_ms;

	for (;;) {
		bool is_empty;

		if (consumer->is_stale)
			apply_assignment(consumer);
		if (consumer->commit_at_ms > 0 && clock_ms() >= consumer->commit_at_ms)
			commit_positions(consumer);
		int rc = poll_one(consumer, left_ms, &is_empty, ret, ret_came, err);
		int64_t now_ms = clock_ms();

		if (rc != 0 || *ret_came || (is_empty && left_ms == 0) || now_ms >= end_ms + DROP_MS_MAX)
			return rc;
		left_ms = (uint32_t)MAX(end_ms - now_ms, (int64_t)0);
	}
}

/* --- steering --- */

static int fail_not_ours(int32_t partition, struct err *err)
{
	return err_set(err, ERR_RETRY, "assignment", "partition %d is not ours now", partition);
}

int kafka_consumer_start(struct kafka_consumer *consumer, int32_t partition, int64_t offset, struct err *err)
{
	struct consumer_partition *ours = find_ours(consumer, partition);

	assert(offset >= 0);
	if (!ours)
		return fail_not_ours(partition, err);
	ours->state = PARTITION_RUNNING;
	ours->next_offset = offset;
	ours->hole_offset = -1;
	consumer->is_stale = true;
	return 0;
}

static int steer(struct kafka_consumer *consumer, int32_t number,
		 rd_kafka_resp_err_t (*call)(rd_kafka_t *, rd_kafka_topic_partition_list_t *), struct err *err)
{
	CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, consumer->topic, number);
	rd_kafka_resp_err_t code = call(consumer->rk, list);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = one->err;
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(code, "steer", err);
}

int kafka_consumer_pause(struct kafka_consumer *consumer, int32_t partition, struct err *err)
{
	struct consumer_partition *ours = find_ours(consumer, partition);

	if (!ours)
		return fail_not_ours(partition, err);
	if (ours->state != PARTITION_RUNNING)
		return 0;
	int rc = ours->is_attached ? steer(consumer, partition, rd_kafka_pause_partitions, err) : 0;

	if (rc != 0)
		return rc;
	ours->state = PARTITION_PAUSED;
	ours->is_marked = ours->is_attached;
	return 0;
}

int kafka_consumer_resume(struct kafka_consumer *consumer, int32_t partition, struct err *err)
{
	struct consumer_partition *ours = find_ours(consumer, partition);

	if (!ours)
		return fail_not_ours(partition, err);
	if (ours->state != PARTITION_PAUSED)
		return 0;
	ours->state = PARTITION_RUNNING;
	if (!ours->is_attached) {
		consumer->is_stale = true;
		return 0;
	}
	ours->is_marked = false;
	return steer(consumer, partition, rd_kafka_resume_partitions, err);
}

/* --- questions and commits --- */

int kafka_consumer_range(struct kafka_consumer *consumer, int32_t partition, uint32_t wait_ms,
			 struct kafka_topic_range *ret, struct err *err)
{
	return kafka_ask_range(consumer->rk, consumer->topic, partition, wait_ms, ret, err);
}

int kafka_consumer_gap(struct kafka_consumer *consumer, int32_t partition, int64_t from, uint32_t wait_ms,
		       enum kafka_gap *ret, struct err *err)
{
	return kafka_ask_gap(consumer->rk, consumer->topic, partition, from, wait_ms, ret, err);
}

void kafka_consumer_commit(struct kafka_consumer *consumer, int32_t partition, int64_t next_offset,
			   const char *metadata)
{
	struct consumer_partition *ours = find_ours(consumer, partition);

	if (!ours)
		return;
	ours->is_commit_due = true;
	ours->commit_offset = next_offset;
	snprintf(ours->commit_metadata, sizeof ours->commit_metadata, "%s", metadata ? metadata : "");
	if (consumer->commit_at_ms == 0)
		consumer->commit_at_ms = clock_ms() + COMMIT_EVERY_MS;
}

int kafka_consumer_committed(struct kafka_consumer *consumer, int32_t partition, uint32_t wait_ms, char *buf,
			     size_t buf_bytes, struct err *err)
{
	CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	const rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, consumer->topic, partition);
	rd_kafka_resp_err_t code = rd_kafka_committed(consumer->rk, list, (int)wait_ms);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = one->err;
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail(code, "committed", err);
	size_t n = one->metadata && one->metadata_size < buf_bytes ? one->metadata_size : 0; /* too long is not ours */

	if (n > 0)
		memcpy(buf, one->metadata, n);
	buf[n] = '\0';
	return 0;
}

rd_kafka_t *kafka_consumer_handle(struct kafka_consumer *consumer)
{
	return consumer->rk;
}

struct kafka_login *kafka_consumer_login(struct kafka_consumer *consumer)
{
	return &consumer->login;
}
