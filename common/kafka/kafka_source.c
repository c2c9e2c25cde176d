/* DESIGN. librdkafka's assignment is the list of partitions that are being fetched, each with an explicit offset; a
 * partition that the group gave us and that nobody has started yet is not in it. So nothing can be fetched before its
 * start, no committed offset is ever looked up, and a seek is a new assignment. Each one stops all fetchers and starts
 * them again at the offset we expect next, with a new version: what was fetched for an older version never comes out
 * of the queue (rd_kafka_seek and pausing at assignment race with the start of the fetcher instead). Starts are
 * gathered and applied by the next poll, so that a rebalance of many partitions makes one assignment.
 *
 * States of a partition: idle (ours, not fetched) -> running <-> paused; out of range makes it idle again. Invariant:
 * next_offset is the offset of the next message we hand out, unless the log has a hole there. A message of another
 * offset is not handed out: a lower one is dropped, a higher one makes us fetch again from next_offset once; when the
 * same comes back the hole is in the log. */
#include "kafka/kafka_source.h"

#include "kafka/kafka_room.h"

#include "base/clock.h"

#include <assert.h>

enum {
	PARTITIONS_MAX = 1024,
	FETCH_WAIT_MS = 250, /* also the longest time a changed assignment waits for a fetch under way */
	ERROR_BACKOFF_MS = 50,
	QUEUED_MESSAGES_MIN = 100000, /* the cap in bytes decides; see kafka_source_open */
	WAKES_PER_QUEUE = 8,
	CREDENTIAL_BYTES = 512,
	DROP_MS_MAX = 100, /* beyond its wait a poll drops unwanted messages for so long at most */
	STOP_ROUNDS = 3,
};

enum partition_state { PARTITION_OTHERS = 0, PARTITION_IDLE, PARTITION_RUNNING, PARTITION_PAUSED };

struct source_partition {
	enum partition_state state;
	bool is_attached; /* in librdkafka's assignment */
	bool is_held;	  /* marked as paused in librdkafka, where the mark outlives the assignment */
	int64_t next_offset;
	int64_t hole_offset; /* a fetch from next_offset gave this higher offset before; -1: none */
};

struct kafka_source {
	rd_kafka_t *rk;
	const struct kafka_source_events *events;
	void *self;
	char *topic;
	struct source_partition partitions[PARTITIONS_MAX];
	int32_t partition_end; /* above the highest ever ours */
	bool is_stale;	       /* the assignment is not what the states say */
	bool was_member;       /* had an assignment once: the brokers know us */
	int64_t wake_bytes;    /* the fetchers are woken when so much was handed out, */
	int64_t taken_bytes;   /* and this is since they were */
	int failed;	       /* an error seen by a callback, for the next poll to return; 0: none */
	struct err failure;
};

static struct source_partition *find_ours(struct kafka_source *source, int32_t partition)
{
	if (partition < 0 || partition >= source->partition_end || source->partitions[partition].state == PARTITION_OTHERS)
		return NULL;
	return &source->partitions[partition];
}

static void keep_failure(struct kafka_source *source, rd_kafka_resp_err_t code, const char *what)
{
	source->failed = kafka_fail(code, what, &source->failure);
}

/* --- the assignment --- */

/* Takes librdkafka's marks off: they outlive the assignment, and would hold up the next one. */
static void release_holds(struct kafka_source *source)
{
	CLEANUP(drop_partition_list)
	rd_kafka_topic_partition_list_t *held = rd_kafka_topic_partition_list_new(source->partition_end + 1);

	for (int32_t i = 0; i < source->partition_end; i++) {
		if (source->partitions[i].is_held)
			rd_kafka_topic_partition_list_add(held, source->topic, i);
		source->partitions[i].is_held = false;
	}
	if (held->cnt > 0)
		rd_kafka_resume_partitions(source->rk, held);
}

/* Waits until the fetchers that an assignment stops have stopped. librdkafka 2.0.2 ends the process when an assignment
 * comes while it still waits for those of the one before (rd_kafka_assignment_partition_stopped). The stop goes twice
 * through the queue of its main thread; each of these questions goes once, behind it, and one is for the start. */
static void await_stopped(struct kafka_source *source)
{
	for (int i = 0; i < STOP_ROUNDS; i++) {
		CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = NULL;

		if (rd_kafka_assignment(source->rk, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
			return; /* the handle is closing: no assignment follows */
	}
}

/* Makes librdkafka fetch what runs, from where we stand. Partitions that are paused are left out until resumed. */
static void apply_assignment(struct kafka_source *source)
{
	CLEANUP(drop_partition_list)
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(source->partition_end + 1);

	for (int32_t i = 0; i < source->partition_end; i++) {
		struct source_partition *partition = &source->partitions[i];

		partition->is_attached = partition->state == PARTITION_RUNNING;
		if (partition->is_attached)
			rd_kafka_topic_partition_list_add(list, source->topic, i)->offset = partition->next_offset;
	}
	release_holds(source);
	rd_kafka_resp_err_t code = rd_kafka_assign(source->rk, list);

	await_stopped(source);
	source->is_stale = false;
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		keep_failure(source, code, "assign");
}

static size_t read_list(const struct kafka_source *source, const rd_kafka_topic_partition_list_t *list, int32_t *ret)
{
	size_t count = 0;

	for (int i = 0; i < list->cnt && count < PARTITIONS_MAX; i++) {
		int32_t partition = list->elems[i].partition;

		if (strcmp(list->elems[i].topic, source->topic) == 0 && partition >= 0 && partition < PARTITIONS_MAX)
			ret[count++] = partition;
	}
	return count;
}

static void take_partitions(struct kafka_source *source, const rd_kafka_topic_partition_list_t *list)
{
	int32_t partitions[PARTITIONS_MAX];
	size_t count = read_list(source, list, partitions);

	source->was_member = true;
	for (size_t i = 0; i < count; i++) {
		source->partitions[partitions[i]] = (struct source_partition){ .state = PARTITION_IDLE, .hole_offset = -1 };
		source->partition_end = MAX(source->partition_end, partitions[i] + 1);
	}
	apply_assignment(source); /* of none: tells the group that we have taken over */
	source->events->assigned(source->self, partitions, count);
}

static void give_partitions(struct kafka_source *source, const rd_kafka_topic_partition_list_t *list)
{
	int32_t partitions[PARTITIONS_MAX];
	size_t count = read_list(source, list, partitions);

	if (count > 0)
		source->events->revoked(source->self, partitions, count, rd_kafka_assignment_lost(source->rk));
	release_holds(source);
	for (size_t i = 0; i < count; i++)
		if (partitions[i] < source->partition_end)
			source->partitions[partitions[i]] = (struct source_partition){ .hole_offset = -1 };
	source->is_stale = false; /* eager: all of them leave */
	rd_kafka_assign(source->rk, NULL);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct kafka_source *source = opaque;

	(void)rk;
	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		take_partitions(source, list);
	} else {
		give_partitions(source, list);
		if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
			keep_failure(source, code, "rebalance");
	}
}

/* Brokers that refuse us at start are a setting; later it is theirs to mend, and we wait. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kafka_source *source = opaque;

	(void)rk, (void)reason;
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !source->was_member)
		keep_failure(source, RD_KAFKA_RESP_ERR__AUTHENTICATION, "consumer");
	else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		keep_failure(source, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "consumer");
	else if (code == RD_KAFKA_RESP_ERR__FATAL)
		keep_failure(source, RD_KAFKA_RESP_ERR__FATAL, "consumer");
}

/* --- life --- */

static void set_conf(struct kafka_conf *conf, const struct kafka_source_options *options, struct kafka_source *source)
{
	rd_kafka_conf_set_opaque(conf->conf, source);
	rd_kafka_conf_set_rebalance_cb(conf->conf, on_rebalance);
	rd_kafka_conf_set_error_cb(conf->conf, on_error);
	kafka_conf_set(conf, "group.id", options->group);
	kafka_conf_set(conf, "partition.assignment.strategy", "range");
	kafka_conf_set(conf, "enable.auto.commit", "false");
	kafka_conf_set(conf, "enable.auto.offset.store", "false");
	kafka_conf_set(conf, "auto.offset.reset", "error");
	kafka_conf_set(conf, "check.crcs", "true");
	kafka_conf_set_number(conf, "session.timeout.ms", options->session_timeout_ms);
	kafka_conf_set_number(conf, "heartbeat.interval.ms", MAX(options->session_timeout_ms / 10, 100));
	kafka_conf_set_number(conf, "fetch.wait.max.ms", FETCH_WAIT_MS);
	kafka_conf_set_number(conf, "fetch.error.backoff.ms", ERROR_BACKOFF_MS);
	kafka_conf_set_number(conf, "queued.min.messages", QUEUED_MESSAGES_MIN);
	kafka_conf_set_number(conf, "queued.max.messages.kbytes", options->queued_kbytes_max);
	kafka_conf_set_fetch_bytes(conf, options->message_bytes_max);
}

static int subscribe(struct kafka_source *source, struct err *err)
{
	CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, source->topic, RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t code = rd_kafka_poll_set_consumer(source->rk);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = rd_kafka_subscribe(source->rk, list);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(code, "subscribe", err);
}

static void source_free(struct kafka_source *source)
{
	if (source->rk)
		rd_kafka_destroy(source->rk);
	free(source->topic);
	free(source);
}

int kafka_source_open(const struct kafka_options *kafka, const struct kafka_source_options *options,
		      const struct kafka_source_events *events, void *self, struct kafka_source **ret, struct err *err)
{
	struct kafka_source *source = calloc(1, sizeof *source);
	struct kafka_conf conf;

	if (source)
		source->topic = strdup(options->topic);
	if (!source || !source->topic) {
		free(source);
		return err_set(err, ERR_FATAL, "memory", "no memory for a consumer");
	}
	source->events = events;
	source->self = self;
	source->wake_bytes = options->queued_kbytes_max * 1024 / WAKES_PER_QUEUE;
	kafka_conf_begin(&conf, kafka);
	set_conf(&conf, options, source);
	int rc = kafka_conf_finish(&conf, RD_KAFKA_CONSUMER, &source->rk, err);

	if (rc == 0)
		rc = subscribe(source, err);
	if (rc != 0) {
		source_free(source);
		return rc;
	}
	*ret = source;
	return 0;
}

void kafka_source_close(struct kafka_source *source)
{
	if (!source)
		return;
	rd_kafka_consumer_close(source->rk); /* serves on_rebalance, which says goodbye to what is ours */
	source_free(source);
}

/* --- messages --- */

/* Whether to hand out a message of this offset; see the invariant above. */
static bool is_wanted(struct kafka_source *source, const rd_kafka_message_t *message)
{
	struct source_partition *partition = find_ours(source, message->partition);

	if (!partition || partition->state != PARTITION_RUNNING || message->offset < partition->next_offset)
		return false;
	if (message->offset > partition->next_offset && message->offset != partition->hole_offset) {
		partition->hole_offset = message->offset;
		source->is_stale = true;
		return false;
	}
	partition->hole_offset = -1;
	partition->next_offset = message->offset + 1;
	return true;
}

/* librdkafka 2.0.2 looks only once a second whether a queue that was full has room again (2.2 made that a setting,
 * fetch.queue.backoff.ms): with a short queue the consumer would stand still most of the time. Of all its calls that
 * wake the threads which fetch this one does nothing else: it sets the credentials to what they are. */
static void wake_fetchers(struct kafka_source *source)
{
	const rd_kafka_conf_t *conf = rd_kafka_conf(source->rk);
	char user[CREDENTIAL_BYTES] = "", password[CREDENTIAL_BYTES] = ""; /* stay so where none are set */
	size_t user_bytes = sizeof user, password_bytes = sizeof password;

	rd_kafka_conf_get(conf, "sasl.username", user, &user_bytes);
	rd_kafka_conf_get(conf, "sasl.password", password, &password_bytes);
	rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(source->rk, user, password));
	source->taken_bytes = 0;
	explicit_bzero(password, sizeof password);
}

static void report_out_of_range(struct kafka_source *source, int32_t number)
{
	struct source_partition *partition = find_ours(source, number);

	if (!partition || partition->state != PARTITION_RUNNING)
		return;
	partition->state = PARTITION_IDLE;
	source->is_stale = true;
	source->events->out_of_range(source->self, number, partition->next_offset);
}

/* An error in the stream of messages. 0: it was dealt with. */
static int take_error(struct kafka_source *source, const rd_kafka_message_t *message, struct err *err)
{
	struct source_partition *partition = find_ours(source, message->partition);

	switch (message->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
	case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: /* the rebalance that follows says it */
		return 0;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		report_out_of_range(source, message->partition);
		return 0;
	case RD_KAFKA_RESP_ERR__BAD_MSG: /* a broken batch: librdkafka would go on behind it, we must not */
		if (partition)
			partition->hole_offset = -1;
		source->is_stale = true;
		return err_set(err, ERR_RETRY, rd_kafka_err2name(message->err),
			       "partition %d: a batch fails its checksum", message->partition);
	default:
		return kafka_fail(message->err, source->topic, err);
	}
}

static int take_failure(struct kafka_source *source, struct err *err)
{
	int failed = source->failed;

	source->failed = 0;
	if (failed != 0 && err)
		*err = source->failure;
	return failed;
}

/* One message or event of the queue. 1 with *ret, 0 with nothing for the caller, < 0 error. */
static int take_one(struct kafka_source *source, uint32_t wait_ms, bool *ret_is_empty, struct kafka_message *ret,
		    struct err *err)
{
	rd_kafka_message_t *message = rd_kafka_consumer_poll(source->rk, (int)wait_ms);

	*ret_is_empty = !message;
	if (!message)
		return take_failure(source, err);
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		int rc = take_error(source, message, err);

		rd_kafka_message_destroy(message);
		return rc;
	}
	if (!is_wanted(source, message)) {
		rd_kafka_message_destroy(message);
		return 0;
	}
	source->taken_bytes += (int64_t)message->len;
	if (source->taken_bytes >= source->wake_bytes)
		wake_fetchers(source);
	int rc = kafka_message_take(message, ret, err);

	return rc == 0 ? 1 : rc;
}

int kafka_source_poll(struct kafka_source *source, uint32_t wait_ms, struct kafka_message *ret, struct err *err)
{
	int64_t end_ms = clock_ms() + wait_ms;
	uint32_t left_ms = wait_ms;

	for (;;) {
		bool is_empty;

		if (source->is_stale)
			apply_assignment(source);
		int rc = take_one(source, left_ms, &is_empty, ret, err);
		int64_t now_ms = clock_ms();

		if (rc != 0 || (is_empty && left_ms == 0) || now_ms >= end_ms + DROP_MS_MAX)
			return rc;
		left_ms = (uint32_t)MAX(end_ms - now_ms, (int64_t)0);
	}
}

/* --- steering --- */

static int fail_not_ours(int32_t partition, struct err *err)
{
	return err_set(err, ERR_RETRY, "assignment", "partition %d is not ours now", partition);
}

int kafka_source_start(struct kafka_source *source, int32_t partition, int64_t offset, struct err *err)
{
	struct source_partition *ours = find_ours(source, partition);

	assert(offset >= 0);
	if (!ours)
		return fail_not_ours(partition, err);
	*ours = (struct source_partition){
		.state = PARTITION_RUNNING,
		.is_attached = ours->is_attached,
		.is_held = ours->is_held,
		.next_offset = offset,
		.hole_offset = -1,
	};
	source->is_stale = true;
	return 0;
}

static int steer(struct kafka_source *source, int32_t number,
		 rd_kafka_resp_err_t (*call)(rd_kafka_t *, rd_kafka_topic_partition_list_t *), struct err *err)
{
	CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, source->topic, number);
	rd_kafka_resp_err_t code = call(source->rk, list);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = one->err;
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(code, "steer", err);
}

int kafka_source_pause(struct kafka_source *source, int32_t partition, struct err *err)
{
	struct source_partition *ours = find_ours(source, partition);

	if (!ours)
		return fail_not_ours(partition, err);
	if (ours->state != PARTITION_RUNNING)
		return 0;
	int rc = ours->is_attached ? steer(source, partition, rd_kafka_pause_partitions, err) : 0;

	if (rc != 0)
		return rc;
	ours->state = PARTITION_PAUSED;
	ours->is_held = ours->is_attached;
	return 0;
}

int kafka_source_resume(struct kafka_source *source, int32_t partition, struct err *err)
{
	struct source_partition *ours = find_ours(source, partition);

	if (!ours)
		return fail_not_ours(partition, err);
	if (ours->state != PARTITION_PAUSED)
		return 0;
	ours->state = PARTITION_RUNNING;
	if (!ours->is_attached) {
		source->is_stale = true;
		return 0;
	}
	ours->is_held = false;
	return steer(source, partition, rd_kafka_resume_partitions, err);
}

/* --- questions and the mirror --- */

int kafka_source_range(struct kafka_source *source, int32_t partition, uint32_t wait_ms, struct kafka_topic_range *ret,
		       struct err *err)
{
	return kafka_ask_range(source->rk, source->topic, partition, wait_ms, ret, err);
}

void kafka_source_mirror(struct kafka_source *source, int32_t partition, int64_t next_offset, const char *metadata)
{
	CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, source->topic, partition);

	one->offset = next_offset;
	one->metadata = metadata ? strdup(metadata) : NULL; /* the list frees it */
	one->metadata_size = one->metadata ? strlen(metadata) : 0;
	rd_kafka_commit(source->rk, list, 1);
}

int kafka_source_mirrored(struct kafka_source *source, int32_t partition, uint32_t wait_ms, char *buf, size_t buf_bytes,
			  struct err *err)
{
	CLEANUP(drop_partition_list) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	const rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, source->topic, partition);
	rd_kafka_resp_err_t code = rd_kafka_committed(source->rk, list, (int)wait_ms);

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
