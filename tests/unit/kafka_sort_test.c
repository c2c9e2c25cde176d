#include "kafka/kafka_reader.h"
#include "kafka/kafka_room.h"
#include "kafka/kafka_sink.h"

#include <criterion/criterion.h>

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

static void note(void *self, const struct kafka_report *report)
{
	*(int *)self = report->error;
}

Test(kafka, a_producer_that_is_dead_says_so_and_fails_what_is_open)
{
	struct kafka_options nowhere = { .brokers = "127.0.0.1:1" };
	struct kafka_sink_options options = {
		.message_bytes_max = 1 << 20, .delivery_timeout_ms = 60000, .queue_bytes_max = 1 << 20, .compression = "lz4"
	};
	struct kafka_sink *sink = NULL;
	struct err err;
	int error = 0;

	cr_assert_eq(kafka_sink_open(&nowhere, &options, note, &error, &sink, &err), 0, "%s", err.text);
	cr_assert_eq(kafka_sink_put(sink, "t", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0, NULL, &err), 0);
	cr_expect_not(kafka_sink_is_dead(sink));
	rd_kafka_test_fatal_error(kafka_sink_handle(sink), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test");
	for (int i = 0; i < 100 && error == 0; i++)
		kafka_sink_poll(sink, 50);
	cr_expect_eq(error, ERR_FATAL);
	cr_expect(kafka_sink_is_dead(sink));
	cr_expect_eq(kafka_sink_put(sink, "t", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0, NULL, &err), -ERR_FATAL);
	kafka_sink_close(sink);
}
