#include "kafka/kafka_reader.h"
#include "base/clock.h"
#include "kafka/kafka_consumer.h"
#include "kafka/kafka_internal.h"
#include "kafka/kafka_producer.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

static const struct {
	rd_kafka_resp_err_t code;
	enum err_kind want;
	const char *why;
} SORT_ROWS[] = {
	{ RD_KAFKA_RESP_ERR__TRANSPORT, ERR_RETRY, "a broker went away" },
	{ RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ERR_RETRY, "all went away" },
	{ RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ERR_RETRY, "no answer in time; it may be in the log" },
	{ RD_KAFKA_RESP_ERR__TIMED_OUT, ERR_RETRY, "no answer in time" },
	{ RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, ERR_RETRY, "called off by us" },
	{ RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, ERR_RETRY, "replicas come back" },
	{ RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, ERR_RETRY, "a full disk is emptied" },
	{ RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, ERR_RETRY, "the leader moves" },
	{ RD_KAFKA_RESP_ERR__QUEUE_FULL, ERR_FULL, "our window is full" },
	{ RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ERR_DATA, "this message will never fit" },
	{ RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, ERR_DATA, "this position is not in the log" },
	{ RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ERR_CONFIG, "someone must make it" },
	{ RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ERR_CONFIG, "someone must make it" },
	{ RD_KAFKA_RESP_ERR__AUTHENTICATION, ERR_CONFIG, "someone must set it right" },
	{ RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ERR_CONFIG, "someone must permit it" },
	{ RD_KAFKA_RESP_ERR__FATAL, ERR_FATAL, "this producer is done" },
	{ RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, ERR_FATAL, "this producer is done" },
};

Test(kafka, sorts_codes_by_what_a_caller_can_do)
{
	for (size_t i = 0; i < ARRAY_LEN(SORT_ROWS); i++) {
		struct err err;

		cr_expect_eq(kafka_sort(SORT_ROWS[i].code), SORT_ROWS[i].want, "%s: %s",
			     rd_kafka_err2name(SORT_ROWS[i].code), SORT_ROWS[i].why);
		cr_expect_eq(kafka_fail(SORT_ROWS[i].code, "test", &err), -(int)SORT_ROWS[i].want);
		cr_expect_eq(err.kind, SORT_ROWS[i].want);
	}
}

Test(kafka, wrong_credentials_have_one_code_whatever_the_library_calls_them)
{
	struct err err;

	(void)kafka_fail(RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, "test", &err);
	cr_expect_str_eq(err.code, "credentials");
	(void)kafka_fail(RD_KAFKA_RESP_ERR__TRANSPORT, "test", &err);
	cr_expect_str_eq(err.code, "_TRANSPORT");
}

Test(kafka, a_broker_that_answers_is_not_away)
{
	static const struct {
		int code;
		const char *words;
	} ROWS[] = {
		{ RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
		  "test: Kafka answers COORDINATOR_LOAD_IN_PROGRESS (" },
		{ RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
		  "group test: Kafka answers INVALID_SESSION_TIMEOUT: kafka.session.max " },
		{ RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, "group test: Kafka has others in our consumer group" },
		{ RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "group test: Kafka does not permit" },
		{ RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "topic test: Kafka does not permit" },
		{ RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, "test: Kafka does not offer the way to log in" },
	};

	kafka_cause_note(RD_KAFKA_RESP_ERR__TRANSPORT, "ssl://b1:9092/1: Connect to a failed: Connection refused");
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct err err;

		(void)kafka_fail(ROWS[i].code, "test", &err);
		cr_expect(strstr(err.text, ROWS[i].words) == err.text, "%s", err.text);
	}
}

Test(kafka, the_broker_that_fails_is_named)
{
	static const struct {
		const char *reason, *where;
	} ROWS[] = {
		{ "sasl_ssl://b1.example:9093/bootstrap: SSL handshake failed: x", "b1.example:9093" },
		{ "b1:9092/1: Disconnected", "b1:9092" },
		{ "ssl://[::1]:9092/bootstrap: Connect to x", "[::1]:9092" },
		{ "GroupCoordinator: b2:9092: Disconnected", "b2:9092" },
		{ "1/1 brokers are down", "" },
		{ "", "" },
	};
	char where[PEER_WHERE_BYTES];
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		kafka_place_of(ROWS[i].reason, where);
		cr_expect_str_eq(where, ROWS[i].where, "%s", ROWS[i].reason);
	}
	kafka_cause_note(RD_KAFKA_RESP_ERR__TRANSPORT, "ssl://b1:9092/1: Connect to a failed: Connection refused");
	(void)kafka_fail(RD_KAFKA_RESP_ERR__TRANSPORT, "test", &err);
	cr_expect(strstr(err.text, "Kafka at b1:9092 cannot be reached: it refuses"), "%s", err.text);
}

Test(kafka, settings_of_a_peer_are_checked_before_anything_is_opened)
{
	static const struct kafka_options ROWS[] = {
		{ .brokers = "" },
		{ .brokers = "b:1", .security_protocol = "ssh" },
		{ .brokers = "b:1", .security_protocol = "ssl", .ca_file = "/no/such/file" },
		{ .brokers = "b:1", .security_protocol = "sasl_plaintext", .sasl_mechanism = "NONE-SUCH" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct kafka_reader *reader = NULL;
		struct err err;

		cr_expect_eq(kafka_reader_open(&ROWS[i], 1 << 20, &reader, &err), -ERR_CONFIG, "row %zu", i);
	}
}

Test(kafka, a_limit_that_brokers_got_later_is_waited_for)
{
	struct err err;

	cr_expect_eq(kafka_fail_later(RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, "g", false, &err), -ERR_CONFIG);
	cr_expect_eq(kafka_fail_later(RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, "g", true, &err), -ERR_RETRY);
	cr_expect_eq(err.kind, ERR_RETRY);
	cr_expect_eq(kafka_fail_later(RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, "g", true, &err), -ERR_RETRY);
	cr_expect_eq(kafka_fail_later(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "t", true, &err), -ERR_CONFIG);
}

/* A writer opens a reader with each assignment, also while a certificate is renewed. */
Test(kafka, files_that_are_not_right_while_a_program_runs_are_waited_for)
{
	struct kafka_options kafka = { .brokers = "b:1", .security_protocol = "ssl", .ca_file = "/no/such/file" };
	struct kafka_reader *reader = NULL;
	struct err err;

	peer_answered(PEER_KAFKA);
	cr_expect_eq(kafka_reader_open(&kafka, 1 << 20, &reader, &err), -ERR_RETRY);
	cr_expect_eq(err.kind, ERR_RETRY);
	cr_expect_str_eq(err.code, "file");
	cr_expect_eq(peer_failures(PEER_KAFKA, PEER_FILES), 1);
	kafka.security_protocol = "ssh";
	cr_expect_eq(kafka_reader_open(&kafka, 1 << 20, &reader, &err), -ERR_CONFIG);
}

static void note(void *self, const struct kafka_report *report)
{
	*(int *)self = report->error;
}

Test(kafka, a_producer_that_is_dead_says_so_and_fails_what_is_open)
{
	struct kafka_options nowhere = { .brokers = "127.0.0.1:1" };
	struct kafka_producer_options options = { .message_bytes_max = 1 << 20,
						  .delivery_timeout_ms = 60000,
						  .queue_bytes_max = 1 << 20,
						  .compression = "lz4" };
	struct kafka_producer *producer = NULL;
	struct err err;
	int error = 0;

	cr_assert_eq(kafka_producer_open(&nowhere, &options, note, &error, &producer, &err), 0, "%s", err.text);
	cr_assert_eq(kafka_producer_produce(producer, "t", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0, NULL,
					    &err),
		     0);
	cr_expect_not(kafka_producer_is_dead(producer));
	rd_kafka_test_fatal_error(kafka_producer_handle(producer), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
				  "test");
	for (int i = 0; i < 100 && error == 0; i++)
		kafka_producer_poll(producer, 50);
	cr_expect_eq(error, ERR_FATAL);
	cr_expect(kafka_producer_is_dead(producer));
	cr_expect_eq(kafka_producer_produce(producer, "t", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0, NULL,
					    &err),
		     -ERR_FATAL);
	kafka_producer_close(producer);
}

/* --- credentials --- */

Test(kafka, scram_is_refused_when_the_library_cannot_do_it)
{
	struct kafka_options kafka = { .brokers = "127.0.0.1:1",
				       .security_protocol = "sasl_plaintext",
				       .sasl_mechanism = "SCRAM-SHA-512",
				       .sasl_user = "u",
				       .sasl_password = { .bytes = SLICE_LITERAL("p") } };
	struct kafka_reader *reader = NULL;
	struct err err = { 0 };

	cr_expect_not(kafka_can_scram(0x020002ff), "2.0.2");
	cr_expect_not(kafka_can_scram(0x020600ff), "2.6.0");
	cr_expect(kafka_can_scram(0x020601ff), "2.6.1");
	cr_expect(kafka_can_scram(0x020800ff), "2.8.0");
	int rc = kafka_reader_open(&kafka, 1 << 20, &reader, &err);

	if (kafka_can_scram(rd_kafka_version())) {
		cr_expect_eq(rc, 0, "%s", err.text);
		kafka_reader_close(reader);
		return;
	}
	cr_expect_eq(rc, -ERR_CONFIG);
	cr_expect_str_eq(err.code, "library");
	cr_expect(strstr(err.text, "2.6.1"), "%s", err.text);
}

/* What librdkafka 2.0.2 says of wrong credentials, and of a connection that breaks while it logs in. It has no call
 * that raises an error, but shows where the handler is. */
static void refuse(rd_kafka_t *rk)
{
	void (*on_error)(rd_kafka_t * rk, int code, const char *reason, void *opaque);
	void *address = NULL;
	char text[32];
	size_t text_bytes = sizeof text;

	cr_assert_eq(rd_kafka_conf_get(rd_kafka_conf(rk), "error_cb", text, &text_bytes), RD_KAFKA_CONF_OK);
	cr_assert_eq(sscanf(text, "%p", &address), 1);
	memcpy(&on_error, &address, sizeof on_error);
	on_error(rk, RD_KAFKA_RESP_ERR__AUTHENTICATION, "test", rd_kafka_opaque(rk));
}

static struct kafka_producer *open_sink(const char *brokers, int *error)
{
	struct kafka_options kafka = { .brokers = brokers };
	struct kafka_producer_options options = { .message_bytes_max = 1 << 20,
						  .delivery_timeout_ms = 60000,
						  .queue_bytes_max = 1 << 20,
						  .compression = "lz4" };
	struct kafka_producer *producer = NULL;
	struct err err;

	cr_assert_eq(kafka_producer_open(&kafka, &options, note, error, &producer, &err), 0, "%s", err.text);
	return producer;
}

static int put_one(struct kafka_producer *producer, struct err *err)
{
	return kafka_producer_produce(producer, "t", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0, NULL, err);
}

Test(kafka, a_producer_that_is_refused_says_so_once_and_asks_again)
{
	int error = 0;
	struct kafka_producer *producer = open_sink("127.0.0.1:1", &error);
	struct err err;

	for (int i = 0; i < 2; i++) {
		refuse(kafka_producer_handle(producer));
		cr_expect_eq(put_one(producer, &err), -ERR_CONFIG);
		cr_expect_str_eq(err.code, "credentials");
		cr_expect_eq(put_one(producer, &err), 0, "%s", err.text);
	}
	kafka_producer_close(producer);
}

/* A cluster of librdkafka's own, in this process. */
struct mock {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
};

static struct mock open_mock(void)
{
	struct mock mock = { .rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0) };

	cr_assert(mock.rk);
	mock.cluster = rd_kafka_mock_cluster_new(mock.rk, 1);
	cr_assert(mock.cluster);
	cr_assert_eq(rd_kafka_mock_topic_create(mock.cluster, "t", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
	return mock;
}

static void close_mock(struct mock *mock)
{
	rd_kafka_mock_cluster_destroy(mock->cluster);
	rd_kafka_destroy(mock->rk);
}

Test(kafka, a_producer_that_was_taken_once_waits_for_those_that_refuse_it)
{
	struct mock mock = open_mock();
	int error = 0;
	struct kafka_producer *producer = open_sink(rd_kafka_mock_cluster_bootstraps(mock.cluster), &error);
	struct err err;

	refuse(kafka_producer_handle(producer));
	cr_expect_eq(put_one(producer, &err), 0, "a broker answers meanwhile: %s", err.text);
	refuse(kafka_producer_handle(producer));
	cr_expect_eq(put_one(producer, &err), 0, "%s", err.text);
	cr_expect_eq(kafka_producer_flush(producer, 10000, &err), 0);
	cr_expect_eq(error, 0);
	kafka_producer_close(producer);
	close_mock(&mock);
}

Test(kafka, a_reader_that_is_refused_is_a_setting_until_it_was_answered_once)
{
	struct mock mock = open_mock();
	struct kafka_options kafka = { .brokers = rd_kafka_mock_cluster_bootstraps(mock.cluster) };
	struct kafka_reader *reader = NULL;
	struct err err;
	int32_t partitions;

	cr_assert_eq(kafka_reader_open(&kafka, 1 << 20, &reader, &err), 0, "%s", err.text);
	rd_kafka_mock_broker_set_down(mock.cluster, 1);
	refuse(kafka_reader_handle(reader));
	cr_expect_eq(kafka_reader_partitions(reader, "t", 100, &partitions, &err), -ERR_CONFIG);
	cr_expect_str_eq(err.code, "credentials");
	rd_kafka_mock_broker_set_up(mock.cluster, 1);
	cr_expect_eq(kafka_reader_partitions(reader, "t", 10000, &partitions, &err), 0, "%s", err.text);
	rd_kafka_mock_broker_set_down(mock.cluster, 1);
	refuse(kafka_reader_handle(reader));
	cr_expect_eq(kafka_reader_partitions(reader, "t", 100, &partitions, &err), -ERR_RETRY, "%s", err.text);
	kafka_reader_close(reader);
	/* one that begins in the middle of a rotation of the password */
	cr_assert_eq(kafka_reader_open(&kafka, 1 << 20, &reader, &err), 0, "%s", err.text);
	refuse(kafka_reader_handle(reader));
	cr_expect_eq(kafka_reader_partitions(reader, "t", 100, &partitions, &err), -ERR_RETRY, "%s", err.text);
	kafka_reader_close(reader);
	close_mock(&mock);
}

static void write_password(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static bool has_password(rd_kafka_t *rk, const char *want)
{
	char text[32];
	size_t text_bytes = sizeof text;

	return rd_kafka_conf_get(rd_kafka_conf(rk), "sasl.password", text, &text_bytes) == RD_KAFKA_CONF_OK &&
	       strcmp(text, want) == 0;
}

/* The server had its new password before our file: librdkafka tells of no refusal but the first for half a minute. */
Test(kafka, a_client_that_was_refused_reads_its_password_without_being_refused_again)
{
	char path[] = "/tmp/instroom-kafka-XXXXXX";
	int fd = mkstemp(path), error = 0;
	struct kafka_options kafka = { .brokers = "127.0.0.1:1",
				       .sasl_user = "u",
				       .sasl_password = { .bytes = SLICE_LITERAL("first"), .path = path } };
	struct kafka_producer_options options = { .message_bytes_max = 1 << 20,
						  .delivery_timeout_ms = 60000,
						  .queue_bytes_max = 1 << 20,
						  .compression = "lz4" };
	struct kafka_producer *producer = NULL;
	struct err err;

	cr_assert_geq(fd, 0);
	close(fd);
	write_password(path, "first");
	cr_assert_eq(kafka_producer_open(&kafka, &options, note, &error, &producer, &err), 0, "%s", err.text);
	rd_kafka_t *rk = kafka_producer_handle(producer);

	refuse(rk);
	cr_expect(has_password(rk, "first"));
	write_password(path, "second");
	for (int i = 0; i < 600 && !has_password(rk, "second"); i++)
		kafka_producer_poll(producer, 100);
	cr_expect(has_password(rk, "second"));
	kafka_producer_close(producer);
	unlink(path);
}

static void begin_all(void *self, const int32_t *partitions, size_t count)
{
	(void)partitions;
	*(bool *)self = count > 0;
}

static void end_all(void *self, const int32_t *partitions, size_t count, bool is_lost)
{
	(void)partitions, (void)count, (void)is_lost;
	*(bool *)self = false;
}

static void end_one(void *self, int32_t partition, int64_t offset)
{
	(void)self, (void)partition, (void)offset;
}

static const struct kafka_consumer_events EVENTS = { begin_all, end_all, end_one };

/* Polls until a message came, the password is read no more, or a minute is over. true: a message came. */
static bool poll_until(struct kafka_consumer *consumer, bool wants_message)
{
	struct kafka_message message = { 0 };
	bool came = false;
	struct err err;

	for (int64_t end_ms = clock_ms() + 60000; clock_ms() < end_ms && !came;) {
		if (!wants_message && kafka_consumer_login(consumer)->read_again_at_ms == 0)
			return false;
		if (kafka_consumer_poll(consumer, 100, &message, &came, &err) != 0)
			came = false;
	}
	kafka_message_drop(&message);
	return came;
}

static void refuse_long_ago(struct kafka_consumer *consumer)
{
	refuse(kafka_consumer_handle(consumer));
	kafka_consumer_login(consumer)->refused_at_ms -= 120000;
}

/* With no new assignment the password was read every second for ever. */
Test(kafka, a_consumer_that_is_served_again_stops_reading_its_password, .timeout = 300)
{
	struct mock mock = open_mock();
	struct kafka_options kafka = { .brokers = rd_kafka_mock_cluster_bootstraps(mock.cluster) };
	struct kafka_consumer_options options = { .topic = "t",
						  .group = "g",
						  .message_bytes_max = 1 << 20,
						  .queued_kbytes_max = 64,
						  .session_timeout_ms = 6000 };
	struct kafka_consumer *consumer = NULL;
	bool is_assigned = false, came = false;
	struct kafka_message message;
	struct err err;
	int error = 0;
	struct kafka_producer *producer = open_sink(kafka.brokers, &error);

	cr_assert_eq(kafka_consumer_open(&kafka, &options, &EVENTS, &is_assigned, &consumer, &err), 0, "%s", err.text);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(put_one(producer, &err), 0, "%s", err.text);
	cr_assert_eq(kafka_producer_flush(producer, 60000, &err), 0, "%s", err.text);
	for (int64_t end_ms = clock_ms() + 60000; clock_ms() < end_ms && !is_assigned;)
		(void)!kafka_consumer_poll(consumer, 100, &message, &came, &err);
	cr_assert(is_assigned);
	cr_assert_eq(kafka_consumer_start(consumer, 0, 0, &err), 0, "%s", err.text);

	refuse(kafka_consumer_handle(consumer));
	cr_assert(poll_until(consumer, true));
	cr_expect_gt(kafka_consumer_login(consumer)->read_again_at_ms, 0, "it may have been fetched before");
	refuse_long_ago(consumer);
	cr_assert(poll_until(consumer, true));
	cr_expect_eq(kafka_consumer_login(consumer)->read_again_at_ms, 0, "a message");
	cr_expect_not(kafka_consumer_login(consumer)->is_refused);
	cr_assert(poll_until(consumer, true));
	refuse_long_ago(consumer);
	cr_expect_not(poll_until(consumer, false));
	cr_expect_eq(kafka_consumer_login(consumer)->read_again_at_ms, 0, "the end of the partition");

	kafka_consumer_close(consumer);
	kafka_producer_close(producer);
	close_mock(&mock);
}

Test(kafka, a_right_is_a_setting_until_it_was_there_once)
{
	const int16_t list_offsets = 2;
	struct mock mock = open_mock();
	struct kafka_options kafka = { .brokers = rd_kafka_mock_cluster_bootstraps(mock.cluster) };
	struct kafka_topic_range range;
	struct kafka_reader *reader = NULL;
	struct err err;

	cr_assert_eq(rd_kafka_mock_topic_create(mock.cluster, "other", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
	cr_assert_eq(kafka_reader_open(&kafka, 1 << 20, &reader, &err), 0, "%s", err.text);
	cr_assert_eq(kafka_reader_range(reader, "other", 0, 30000, &range, &err), 0, "%s", err.text);
	for (int was_there = 0; was_there < 2; was_there++) {
		rd_kafka_mock_push_request_errors(mock.cluster, list_offsets, 1,
						  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
		cr_expect_eq(kafka_reader_range(reader, "t", 0, 30000, &range, &err),
			     was_there ? -ERR_RETRY : -ERR_CONFIG, "%d: %s", was_there, err.text);
		cr_expect_str_eq(err.code, "TOPIC_AUTHORIZATION_FAILED");
		cr_expect_eq(kafka_reader_range(reader, "t", 0, 30000, &range, &err), 0, "%s", err.text);
	}
	kafka_reader_close(reader);
	close_mock(&mock);
}
