/* The plain consumer of librdkafka, without a group: start at an offset, poll, stop. A stop drops what was fetched, so
 * a message of before a begin cannot come after it. */
#include "kafka/kafka_reader.h"

#include "kafka/kafka_internal.h"

#include "base/clock.h"

enum { FETCH_WAIT_MS = 10, BEGIN_MS_MAX = 5000 };

static const char LACKS_KEY[] = "day_key", NO_MASTER[] = "encrypt.key.file";

struct kafka_reader {
	rd_kafka_t *rk;
	struct kafka_login login;
	struct kafka_bodies bodies;
	rd_kafka_topic_t *topic; /* of the range under way, else NULL */
	int32_t partition;
	int64_t next; /* Kafka has handed out all that is below it */
	int64_t end;
	bool was_answered; /* our credentials are good */
	bool has_read;	   /* of the range under way: so is our right to read */
	bool is_refused;
};

/* A connection that breaks while it logs in counts as refused in librdkafka 2.0.2: once answered, we wait instead. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kafka_reader *reader = opaque;

	kafka_cause_note(code, reason);
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
		kafka_login_refused(&reader->login, rk, reader->was_answered);
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !reader->was_answered)
		reader->is_refused = true;
}

int kafka_reader_open(const struct kafka_options *kafka, int32_t message_bytes_max, struct kafka_reader **ret,
		      struct err *err)
{
	struct kafka_reader *reader = calloc(1, sizeof *reader);
	struct kafka_conf conf;

	if (!reader)
		return err_set(err, ERR_FATAL, "memory", "no memory for a reader");
	kafka_login_init(&reader->login, kafka);
	reader->bodies = kafka_bodies_of(kafka);
	kafka_conf_begin(&conf, kafka);
	rd_kafka_conf_set_opaque(conf.conf, reader);
	rd_kafka_conf_set_error_cb(conf.conf, on_error);
	kafka_conf_set(&conf, "check.crcs", "true");
	kafka_conf_set(&conf, "auto.offset.reset", "error");
	kafka_conf_set(&conf, "enable.auto.offset.store", "false");
	kafka_conf_set(&conf, "enable.partition.eof", "true");
	kafka_conf_set_number(&conf, "fetch.wait.max.ms", FETCH_WAIT_MS);
	kafka_conf_set_number(&conf, "fetch.error.backoff.ms", FETCH_WAIT_MS);
	kafka_conf_set_fetch_bytes(&conf, message_bytes_max);
	int rc = kafka_conf_finish(&conf, RD_KAFKA_CONSUMER, &reader->rk, err);

	if (rc != 0) {
		free(reader);
		return rc;
	}
	*ret = reader;
	return 0;
}

static void end_range(struct kafka_reader *reader)
{
	if (!reader->topic)
		return;
	rd_kafka_consume_stop(reader->topic, reader->partition);
	rd_kafka_topic_destroy(reader->topic);
	reader->topic = NULL;
}

void kafka_reader_rest(struct kafka_reader *reader)
{
	end_range(reader);
}

void kafka_reader_close(struct kafka_reader *reader)
{
	if (!reader)
		return;
	end_range(reader);
	rd_kafka_destroy(reader->rk);
	free(reader);
}

/* Wrong credentials show as a timeout of the call, and as an event of the connection: the event says it better. */
static int name_cause(struct kafka_reader *reader, int rc, struct err *err)
{
	rd_kafka_poll(reader->rk, 0);
	if (rc != 0)
		kafka_login_poll(&reader->login, reader->rk);
	if (rc == -ERR_RETRY && reader->is_refused)
		return kafka_fail(RD_KAFKA_RESP_ERR__AUTHENTICATION, "reader", err);
	if (rc == -ERR_RETRY)
		return kafka_name_cause(rc, "reader", err);
	if (rc == 0) {
		kafka_login_accepted(&reader->login);
		reader->was_answered = true;
		reader->is_refused = false;
	}
	return rc;
}

int kafka_reader_range(struct kafka_reader *reader, const char *topic, int32_t partition, uint32_t wait_ms,
		       struct kafka_topic_range *ret, struct err *err)
{
	return name_cause(reader, kafka_ask_range(reader->rk, topic, partition, wait_ms, ret, err), err);
}

int kafka_reader_partitions(struct kafka_reader *reader, const char *topic, uint32_t wait_ms, int32_t *ret,
			    struct err *err)
{
	return name_cause(reader, kafka_ask_partitions(reader->rk, topic, wait_ms, ret, err), err);
}

int kafka_reader_cluster_id(struct kafka_reader *reader, uint32_t wait_ms, char *buf, size_t buf_bytes, struct err *err)
{
	char *id = rd_kafka_clusterid(reader->rk, (int)wait_ms);

	if (!id)
		return name_cause(reader,
				  err_set(err, ERR_RETRY, "_TIMED_OUT", "no broker tells the id of its cluster"), err);
	int n = snprintf(buf, buf_bytes, "%s", id);

	rd_kafka_mem_free(reader->rk, id);
	return (size_t)n < buf_bytes
		       ? 0
		       : err_set(err, ERR_CONFIG, "kafka", "the cluster's id is longer than %zu bytes", buf_bytes - 1);
}

int kafka_reader_begin(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from, int64_t end,
		       struct err *err)
{
	struct kafka_topic_range range;

	end_range(reader);
	int rc = kafka_reader_range(reader, topic, partition, BEGIN_MS_MAX, &range, err);

	if (rc != 0)
		return rc;
	if (from < range.low || from > range.high)
		return err_set(err, ERR_DATA, "offset", "%s/%d: the offset lies outside the log", topic, partition);
	rd_kafka_topic_t *handle = rd_kafka_topic_new(reader->rk, topic, NULL);

	if (!handle)
		return kafka_fail(rd_kafka_last_error(), topic, err);
	if (rd_kafka_consume_start(handle, partition, from) < 0) {
		rc = kafka_fail(rd_kafka_last_error(), topic, err);
		rd_kafka_topic_destroy(handle);
		return rc;
	}
	reader->topic = handle;
	reader->has_read = false;
	reader->partition = partition;
	reader->next = from;
	reader->end = MIN(end, range.high);
	return 0;
}

/* The right to read belongs to the process: another reader of the topic counts on it, too. */
static void note_read(struct kafka_reader *reader, rd_kafka_resp_err_t code)
{
	if (reader->has_read || (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__PARTITION_EOF))
		return;
	reader->has_read = true;
	kafka_note_read(rd_kafka_topic_name(reader->topic));
}

bool kafka_reader_lacks_key(int rc, const struct err *err)
{
	return rc == -ERR_RETRY && strcmp(err->code, LACKS_KEY) == 0;
}

bool kafka_reader_cannot_open(int rc, const struct err *err)
{
	return kafka_reader_lacks_key(rc, err) || (rc == -ERR_RETRY && strcmp(err->code, NO_MASTER) == 0);
}

/* Who reads on without the body would take it for bytes that are no message. */
static int fail_shut(struct kafka_reader *reader, struct kafka_message *message, struct err *err)
{
	int64_t offset = message->offset;
	char why[256];

	body_seal_explain(reader->bodies.seal, message->value, why, sizeof why);
	kafka_message_drop(message);
	return err_set(err, ERR_RETRY, reader->bodies.seal ? LACKS_KEY : NO_MASTER,
		       "%s/%d: the message at offset %lld %s", rd_kafka_topic_name(reader->topic), reader->partition,
		       (long long)offset, why);
}

/* One message or event of the queue. *ret stays NULL when it brought none. */
static int read_one(struct kafka_reader *reader, uint32_t wait_ms, rd_kafka_message_t **ret, struct err *err)
{
	rd_kafka_message_t *message = rd_kafka_consume(reader->topic, reader->partition, (int)wait_ms);
	rd_kafka_resp_err_t code = message ? message->err : RD_KAFKA_RESP_ERR_NO_ERROR;

	if (!message)
		return 0;
	note_read(reader, code);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset < reader->end) {
		reader->next = message->offset + 1;
		*ret = message;
		return 0;
	}
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		reader->next = MAX(reader->next, message->offset); /* nothing below it is left to come */
	rd_kafka_message_destroy(message);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return 0;
	/* whoever may ask where a topic ends may not read it for that */
	bool has_read = kafka_has_read(rd_kafka_topic_name(reader->topic));

	return name_cause(reader, kafka_fail_later(code, "read", has_read, err), err);
}

int kafka_reader_next(struct kafka_reader *reader, uint32_t wait_ms, struct kafka_message *ret, bool *ret_came,
		      struct err *err)
{
	int64_t end_ms = clock_ms() + wait_ms, left_ms = wait_ms;
	rd_kafka_message_t *message = NULL;
	int rc = 0;

	*ret_came = false;
	if (!reader->topic)
		return err_set(err, ERR_FATAL, "reader", "a reader was asked for a message before a begin");
	rd_kafka_poll(reader->rk, 0);
	kafka_login_poll(&reader->login, reader->rk);
	while (rc == 0 && !message && reader->next < reader->end && left_ms >= 0) {
		rc = read_one(reader, (uint32_t)left_ms, &message, err);
		left_ms = end_ms - clock_ms();
	}
	if (rc != 0 || (!message && reader->next >= reader->end))
		return rc;
	if (!message)
		return err_set(err, ERR_RETRY, "silent", "%s/%d gives nothing from %lld on, though it ends at %lld",
			       rd_kafka_topic_name(reader->topic), reader->partition, (long long)reader->next,
			       (long long)reader->end);
	rc = kafka_message_take(&reader->bodies, message, ret, err);
	if (rc == 0 && ret->body == BODY_NO_KEY && !reader->bodies.are_shown_shut)
		rc = fail_shut(reader, ret, err);
	*ret_came = rc == 0;
	return rc;
}

int kafka_reader_holds(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from, int64_t end,
		       uint32_t wait_ms, bool *ret_holds, struct err *err)
{
	struct kafka_message message = { 0 };
	struct kafka_bodies bodies = reader->bodies;
	int rc = kafka_reader_begin(reader, topic, partition, from, end, err);

	reader->bodies.are_ignored = true;
	if (rc == 0)
		rc = kafka_reader_next(reader, wait_ms, &message, ret_holds, err);
	kafka_message_drop(&message);
	reader->bodies = bodies;
	end_range(reader);
	return rc;
}

int kafka_reader_gap(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from, uint32_t wait_ms,
		     enum kafka_gap *ret, struct err *err)
{
	return name_cause(reader, kafka_ask_gap(reader->rk, topic, partition, from, wait_ms, ret, err), err);
}

rd_kafka_t *kafka_reader_handle(struct kafka_reader *reader)
{
	return reader->rk;
}
