/* The first message of a topic makes the topic's handle and asks for its metadata by name: without it that message
 * would wait up to a second in librdkafka. Messages are produced by handle with rd_kafka_producev, whose headers stay
 * ours when it fails (produceva frees them twice then). Delivery reports come from the main queue only, so on the
 * owner's thread. */
#include "kafka/kafka_producer.h"

#include "kafka/kafka_internal.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
	TOPICS_MAX = 16,
	TOPIC_BYTES_MAX = 250,
	BATCH_BYTES_MAX = 4 << 20,
	QUEUE_MESSAGES_MAX = 1000000,
	WARM_MS = 2000,
	CLOSE_STEP_MS = 50,
	RIGHTS_PAUSE_MS = 1000,
	RIGHTS_WAIT_MS = 200,
	SEALED_BYTES_MAX = SEALED_BODY_BYTES_MAX + (1 << 20), /* more than LZ4 may need for the largest body */
	SEALED_BYTES_KEPT = 4 << 20,
};

struct sink_topic {
	char name[TOPIC_BYTES_MAX];
	rd_kafka_topic_t *handle;
	int32_t partitions; /* as of kafka_producer_partitions; 0: not known */
};

struct kafka_producer {
	rd_kafka_t *rk;
	struct kafka_login login;
	const struct body_seal *bodies;
	struct strbuf sealed; /* the message that is sealed now */
	void (*reported)(void *self, const struct kafka_report *report);
	void *self;
	struct sink_topic topics[TOPICS_MAX];
	size_t topic_count;
	int32_t message_bytes_max;
	int reports_out; /* since the last poll began */
	bool is_dead;
	bool was_accepted; /* a broker has answered us: our credentials are good */
	bool is_refused;   /* the brokers refuse our credentials, and the next call says so */
	int64_t ask_at_ms; /* not before */
	int event_fds[2];  /* a pipe; -1: not asked for */
};

/* --- reports --- */

static bool is_fatal(rd_kafka_t *rk)
{
	return rd_kafka_fatal_error(rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

static int report_kind(struct kafka_producer *producer, rd_kafka_resp_err_t code)
{
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	if (producer->is_dead || is_fatal(producer->rk))
		return ERR_FATAL;
	return (int)kafka_sort(code);
}

static void note_accepted(struct kafka_producer *producer)
{
	kafka_login_accepted(&producer->login);
	producer->was_accepted = true;
	producer->is_refused = false;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct kafka_producer *producer = opaque;
	struct kafka_report report = {
		.error = report_kind(producer, message->err),
		.code = rd_kafka_err2name(message->err),
		.partition = message->partition,
		.offset = message->err ? -1 : message->offset,
		.token = message->_private,
		.message = message,
	};

	(void)rk;
	if (report.error == 0)
		note_accepted(producer);
	producer->reports_out++;
	producer->reported(producer->self, &report);
}

/* A connection that breaks while it logs in counts as refused in librdkafka 2.0.2: once accepted, we wait instead. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kafka_producer *producer = opaque;

	kafka_cause_note(code, reason);
	if (code == RD_KAFKA_RESP_ERR__FATAL || is_fatal(rk))
		producer->is_dead = true;
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
		kafka_login_refused(&producer->login, rk, producer->was_accepted);
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !producer->was_accepted)
		producer->is_refused = true;
}

/* --- life --- */

int kafka_producer_open(const struct kafka_options *kafka, const struct kafka_producer_options *options,
			void (*reported)(void *self, const struct kafka_report *report), void *self,
			struct kafka_producer **ret, struct err *err)
{
	struct kafka_producer *producer = calloc(1, sizeof *producer);
	struct kafka_conf conf;

	if (!producer)
		return err_set(err, ERR_FATAL, "memory", "no memory for a producer");
	kafka_login_init(&producer->login, kafka);
	producer->bodies = kafka->bodies;
	strbuf_init(&producer->sealed, SEALED_BYTES_MAX);
	producer->reported = reported;
	producer->self = self;
	producer->message_bytes_max = options->message_bytes_max;
	producer->event_fds[0] = producer->event_fds[1] = -1;
	kafka_conf_begin(&conf, kafka);
	rd_kafka_conf_set_opaque(conf.conf, producer);
	rd_kafka_conf_set_dr_msg_cb(conf.conf, on_report);
	rd_kafka_conf_set_error_cb(conf.conf, on_error);
	kafka_conf_set(&conf, "enable.idempotence", "true");
	kafka_conf_set(&conf, "acks", "all");
	kafka_conf_set(&conf, "partitioner", "murmur2_random"); /* of the Java client; every key of ours is set */
	kafka_conf_set_number(&conf, "max.in.flight.requests.per.connection",
			      options->requests_max > 0 ? options->requests_max : KAFKA_REQUESTS_MAX);
	kafka_conf_set_number(&conf, "linger.ms", options->linger_ms);
	kafka_conf_set_number(&conf, "message.max.bytes", options->message_bytes_max);
	kafka_conf_set_number(&conf, "batch.size", MIN(options->message_bytes_max, (int32_t)BATCH_BYTES_MAX));
	if (options->batch_messages_max > 0)
		kafka_conf_set_number(&conf, "batch.num.messages", options->batch_messages_max);
	kafka_conf_set_number(&conf, "message.timeout.ms", options->delivery_timeout_ms);
	kafka_conf_set_number(&conf, "queue.buffering.max.kbytes", MAX(options->queue_bytes_max / 1024, (int64_t)1));
	kafka_conf_set_number(&conf, "queue.buffering.max.messages", QUEUE_MESSAGES_MAX);
	/* sealed bytes do not compress; they were before */
	bool seals = kafka->bodies && kafka->bodies->seals;

	kafka_conf_set(&conf, "compression.codec", seals ? "none" : options->compression);
	int rc = kafka_conf_finish(&conf, RD_KAFKA_PRODUCER, &producer->rk, err);

	if (rc != 0) {
		free(producer);
		return rc;
	}
	*ret = producer;
	return 0;
}

/* Everything open is called off; what was on its way may be in the log all the same, so its report is ERR_RETRY. */
static void report_the_rest(struct kafka_producer *producer)
{
	rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (rd_kafka_outq_len(producer->rk) > 0)
		rd_kafka_poll(producer->rk, CLOSE_STEP_MS);
}

void kafka_producer_close(struct kafka_producer *producer)
{
	if (!producer)
		return;
	report_the_rest(producer);
	for (size_t i = 0; i < producer->topic_count; i++)
		rd_kafka_topic_destroy(producer->topics[i].handle);
	rd_kafka_destroy(producer->rk);
	strbuf_release(&producer->sealed);
	for (size_t i = 0; i < ARRAY_LEN(producer->event_fds); i++)
		if (producer->event_fds[i] >= 0)
			close(producer->event_fds[i]);
	free(producer);
}

/* --- producing --- */

/* Reported once: whoever goes on all the same asks the brokers again. */
static int fail_refused(struct kafka_producer *producer, struct err *err)
{
	producer->is_refused = false;
	return kafka_fail(RD_KAFKA_RESP_ERR__AUTHENTICATION, "producer", err);
}

static int find_topic(struct kafka_producer *producer, const char *name, struct sink_topic **ret, struct err *err)
{
	int32_t partitions = 0;

	for (size_t i = 0; i < producer->topic_count; i++) {
		if (strcmp(producer->topics[i].name, name) == 0) {
			*ret = &producer->topics[i];
			return 0;
		}
	}
	if (producer->topic_count == TOPICS_MAX || strlen(name) >= TOPIC_BYTES_MAX)
		return err_set(err, ERR_CONFIG, "topic",
			       "%d topics of names below %d bytes are all a producer can serve", TOPICS_MAX,
			       TOPIC_BYTES_MAX);
	rd_kafka_topic_t *handle = rd_kafka_topic_new(producer->rk, name, NULL);

	if (!handle)
		return kafka_fail(rd_kafka_last_error(), name, err);
	/* With the metadata at hand the first message goes out at once. Brokers that are away are no reason to refuse:
	 * it waits for them, as all others do. */
	int rc = kafka_ask_partitions(producer->rk, name, WARM_MS, &partitions, err);

	if (rc == -ERR_CONFIG) {
		rd_kafka_topic_destroy(handle);
		return rc;
	}
	if (rc == 0)
		note_accepted(producer);
	struct sink_topic *topic = &producer->topics[producer->topic_count++];

	snprintf(topic->name, sizeof topic->name, "%s", name);
	topic->handle = handle;
	topic->partitions = rc == 0 ? partitions : 0;
	*ret = topic;
	return 0;
}

/* Once a second: who asks waits. */
static bool may_ask(struct kafka_producer *producer)
{
	int64_t now_ms = clock_ms();

	if (now_ms < producer->ask_at_ms)
		return false;
	producer->ask_at_ms = now_ms + RIGHTS_PAUSE_MS;
	return true;
}

int kafka_producer_partitions(struct kafka_producer *producer, const char *topic, int32_t *ret, struct err *err)
{
	struct sink_topic *found = NULL;
	int rc = find_topic(producer, topic, &found, err);

	assert(rc != 0 || found);
	if (rc == 0 && found->partitions == 0 && may_ask(producer))
		rc = kafka_ask_partitions(producer->rk, topic, RIGHTS_WAIT_MS, &found->partitions, err);
	if (rc == 0 && found->partitions == 0)
		return err_set(err, ERR_RETRY, "partitions", "%s: Kafka does not say yet how many partitions it has",
			       topic);
	if (rc == 0)
		*ret = found->partitions;
	return rc;
}

/* NULL: not all of them. A message without one of its headers would be another message, and an acknowledged one. */
static rd_kafka_headers_t *copy_headers(const struct message_header *headers, size_t count)
{
	rd_kafka_headers_t *copy = rd_kafka_headers_new(count);

	for (size_t i = 0; i < count; i++) {
		if (rd_kafka_header_add(copy, headers[i].name, -1, headers[i].value.p, (ssize_t)headers[i].value.n) ==
		    0)
			continue;
		rd_kafka_headers_destroy(copy);
		return NULL;
	}
	return copy;
}

static int fail_put(struct kafka_producer *producer, rd_kafka_resp_err_t code, const char *topic, struct err *err)
{
	if (code == RD_KAFKA_RESP_ERR__FATAL || is_fatal(producer->rk)) {
		producer->is_dead = true;
		return err_set(err, ERR_FATAL, rd_kafka_err2name(code), "%s: the producer is dead", topic);
	}
	return kafka_fail(code, topic, err);
}

struct put {
	rd_kafka_topic_t *topic;
	int32_t partition;
	struct slice key, value;
	rd_kafka_headers_t *headers; /* librdkafka's once it has taken the message */
	void *token;
};

static rd_kafka_resp_err_t put_message(struct kafka_producer *producer, const struct put *put)
{
	/* the types by hand: the macros for them are no C17. What is const here is only copied by it. */
	return rd_kafka_producev(producer->rk, RD_KAFKA_VTYPE_RKT, put->topic, RD_KAFKA_VTYPE_PARTITION, put->partition,
				 RD_KAFKA_VTYPE_MSGFLAGS, (int)RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_KEY,
				 (void *)(uintptr_t)put->key.p, put->key.n, RD_KAFKA_VTYPE_VALUE,
				 (void *)(uintptr_t)put->value.p, put->value.n, RD_KAFKA_VTYPE_OPAQUE, put->token,
				 RD_KAFKA_VTYPE_HEADERS, put->headers, RD_KAFKA_VTYPE_END);
}

/* librdkafka refuses by itself after a broker did once, until it next asks for metadata: minutes after the right was
 * granted. So we ask, once a second at most. */
static bool has_right_again(struct kafka_producer *producer, const char *topic)
{
	int32_t partitions;

	if (!may_ask(producer))
		return false;
	return kafka_ask_partitions(producer->rk, topic, RIGHTS_WAIT_MS, &partitions, NULL) == 0;
}

/* The headers are ours again when it fails. */
static int put(struct kafka_producer *producer, const char *topic, struct put *put, struct err *err)
{
	rd_kafka_resp_err_t code = put_message(producer, put);

	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED && has_right_again(producer, topic))
		code = put_message(producer, put);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	if (put->headers)
		rd_kafka_headers_destroy(put->headers);
	return fail_put(producer, code, topic, err);
}

static int check_producer(struct kafka_producer *producer, const char *topic, rd_kafka_topic_t **ret, struct err *err)
{
	if (producer->is_dead)
		return fail_put(producer, RD_KAFKA_RESP_ERR__FATAL, topic, err);
	struct sink_topic *found = NULL;
	int rc = find_topic(producer, topic, &found, err);

	assert(rc != 0 || found);
	if (rc == 0)
		*ret = found->handle;
	return rc == 0 && producer->is_refused ? fail_refused(producer, err) : rc;
}

static int put_new(struct kafka_producer *producer, const char *topic, int32_t partition, struct slice key,
		   struct slice value, const struct message_header *headers, size_t header_count, void *token,
		   struct err *err)
{
	rd_kafka_topic_t *handle = NULL;

	if (value.n > (size_t)producer->message_bytes_max)
		return err_set(err, ERR_DATA, "size", "%s: %zu bytes are more than a message may have", topic, value.n);
	int rc = check_producer(producer, topic, &handle, err);

	if (rc != 0)
		return rc;
	rd_kafka_headers_t *copy = header_count > 0 ? copy_headers(headers, header_count) : NULL;

	if (header_count > 0 && !copy)
		return err_set(err, ERR_RETRY, "headers", "%s: the headers of a message could not be copied", topic);
	struct put message = { handle, partition == KAFKA_ANY_PARTITION ? RD_KAFKA_PARTITION_UA : partition,
			       key,    value,
			       copy,   token };

	return put(producer, topic, &message, err);
}

/* librdkafka has its own copy by then; the memory of a large one is not kept. */
static void forget_sealed(struct kafka_producer *producer)
{
	strbuf_reset(&producer->sealed);
	if (producer->sealed.capacity > SEALED_BYTES_KEPT) {
		strbuf_release(&producer->sealed);
		strbuf_init(&producer->sealed, SEALED_BYTES_MAX);
	}
}

int kafka_producer_produce(struct kafka_producer *producer, const char *topic, int32_t partition, struct slice key,
			   struct slice value, const struct message_header *headers, size_t header_count, void *token,
			   struct err *err)
{
	struct body_place place = { topic, key, headers, header_count };

	if (!body_seal_covers(producer->bodies, topic))
		return put_new(producer, topic, partition, key, value, headers, header_count, token, err);
	int rc = body_seal_put(producer->bodies, &place, value, &producer->sealed, err);

	if (rc == -ERR_FULL)
		rc = err_set(err, ERR_DATA, "size", "%s: %zu bytes are more than a message may have", topic, value.n);
	if (rc == 0)
		rc = put_new(producer, topic, partition, key, strbuf_slice(&producer->sealed), headers, header_count,
			     token, err);
	forget_sealed(producer);
	return rc;
}

int kafka_producer_produce_again(struct kafka_producer *producer, const char *topic, const struct kafka_report *report,
				 struct err *err)
{
	const rd_kafka_message_t *message = report->message;
	rd_kafka_headers_t *headers = NULL, *copy = NULL;
	rd_kafka_topic_t *handle = NULL;
	int rc = check_producer(producer, topic, &handle, err);

	if (rc != 0)
		return rc;
	rd_kafka_resp_err_t code = rd_kafka_message_headers(message, &headers);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		copy = rd_kafka_headers_copy(headers);
	if (code != RD_KAFKA_RESP_ERR__NOENT && !copy) /* without them it would be another message */
		return err_set(err, ERR_RETRY, "headers", "%s: the headers of a message could not be copied", topic);
	struct put again = {
		handle, message->partition, { message->key, message->key_len }, { message->payload, message->len },
		copy,	report->token
	};

	return put(producer, topic, &again, err);
}

static void drain_event_fd(struct kafka_producer *producer)
{
	char bytes[64];

	while (producer->event_fds[0] >= 0 &&
	       read(producer->event_fds[0], bytes, sizeof bytes) == (ssize_t)sizeof bytes)
		;
}

int kafka_producer_poll(struct kafka_producer *producer, uint32_t wait_ms)
{
	drain_event_fd(producer); /* before the reports: one that comes meanwhile writes again */
	producer->reports_out = 0;
	kafka_login_poll(&producer->login, producer->rk);
	rd_kafka_poll(producer->rk, (int)wait_ms);
	if (producer->is_dead && rd_kafka_outq_len(producer->rk) > 0) {
		rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_poll(producer->rk, 0);
	}
	return producer->reports_out;
}

int kafka_producer_flush(struct kafka_producer *producer, uint32_t wait_ms, struct err *err)
{
	int64_t end_ms = clock_ms() + wait_ms;

	for (;;) {
		int64_t left_ms = MAX(end_ms - clock_ms(), (int64_t)0);

		kafka_producer_poll(producer, 0);
		/* ends linger.ms for what is queued, and hands out reports as they come; we look at the count
		 * ourselves */
		(void)rd_kafka_flush(producer->rk, (int)MIN(left_ms, (int64_t)CLOSE_STEP_MS));
		if (rd_kafka_outq_len(producer->rk) == 0)
			return 0;
		if (left_ms == 0)
			return err_set(err, ERR_RETRY, "open", "%d messages have no report yet",
				       rd_kafka_outq_len(producer->rk));
	}
}

rd_kafka_t *kafka_producer_handle(struct kafka_producer *producer)
{
	return producer->rk;
}

bool kafka_producer_is_dead(const struct kafka_producer *producer)
{
	return producer->is_dead;
}

bool kafka_producer_cluster_id(struct kafka_producer *producer, char *buf, size_t buf_bytes)
{
	char *id = rd_kafka_clusterid(producer->rk, 0);
	bool is_known = id && strlen(id) < buf_bytes;

	if (is_known)
		snprintf(buf, buf_bytes, "%s", id);
	if (id)
		rd_kafka_mem_free(producer->rk, id);
	return is_known;
}

int kafka_producer_event_fd(struct kafka_producer *producer, struct err *err)
{
	if (producer->event_fds[0] >= 0)
		return producer->event_fds[0];
	if (pipe2(producer->event_fds, O_NONBLOCK | O_CLOEXEC) < 0) {
		producer->event_fds[0] = producer->event_fds[1] = -1;
		return err_set(err, ERR_FATAL, "pipe", "no pipe for the reports: %s", strerrorname_np(errno));
	}
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(producer->rk);

	rd_kafka_queue_io_event_enable(queue, producer->event_fds[1], "r", 1);
	rd_kafka_queue_destroy(queue);
	return producer->event_fds[0];
}
