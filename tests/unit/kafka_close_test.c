/* A consumer that is closed while its broker takes requests and answers none, by a cluster of librdkafka's own. */
#include "base/clock.h"
#include "kafka/kafka_consumer.h"
#include "kafka/kafka_internal.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka_mock.h>

enum { BROKER = 1, POLLS_MAX = 3000, POLL_MS = 20, MUTE_MS = 3600000, SESSION_MS = 6000 };
/* Without a bound of ours librdkafka gives a request up after a minute. */
enum { CLOSED_MS_MAX = 40000 };

struct seen {
	struct kafka_consumer *consumer;
	size_t assigned, revoked;
};

static void note_assigned(void *self, const int32_t *partitions, size_t count)
{
	struct seen *seen = self;
	struct err err;

	seen->assigned += count;
	for (size_t i = 0; i < count && seen->consumer; i++)
		cr_expect_eq(kafka_consumer_start(seen->consumer, partitions[i], 0, &err), 0, "%s", err.text);
}

static void note_revoked(void *self, const int32_t *partitions, size_t count, bool is_lost)
{
	struct seen *seen = self;

	(void)partitions, (void)is_lost;
	seen->revoked += count;
}

static void note_outside(void *self, int32_t partition, int64_t offset)
{
	(void)self, (void)partition, (void)offset;
}

Test(kafka_close, a_broker_that_is_mute_holds_no_consumer_back)
{
	const struct kafka_consumer_events events = { note_assigned, note_revoked, note_outside };
	rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
	struct kafka_options kafka = { .brokers = rd_kafka_mock_cluster_bootstraps(cluster), .client_id = "close" };
	struct kafka_consumer_options options = { .topic = "raw",
						  .group = "close",
						  .message_bytes_max = 1 << 20,
						  .queued_kbytes_max = 1024,
						  .session_timeout_ms = SESSION_MS };
	struct seen seen = { 0 };
	struct err err;

	cr_assert_eq(rd_kafka_mock_topic_create(cluster, "raw", 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
	cr_assert_eq(kafka_consumer_open(&kafka, &options, &events, &seen, &seen.consumer, &err), 0, "%s", err.text);
	for (int i = 0; i < POLLS_MAX && seen.assigned < 2; i++) {
		struct kafka_message message;
		bool came;

		(void)!kafka_consumer_poll(seen.consumer, POLL_MS, &message, &came, &err);
	}
	cr_assert_eq(seen.assigned, 2, "it never became a member");
	kafka_consumer_commit(seen.consumer, 0, 0, "");
	rd_kafka_mock_broker_set_rtt(cluster, BROKER, MUTE_MS);
	int64_t begun_ms = clock_ms();

	kafka_consumer_close(seen.consumer);
	printf("    closed after %lld ms\n", (long long)(clock_ms() - begun_ms));
	cr_expect_lt(clock_ms() - begun_ms, CLOSED_MS_MAX);
	cr_expect_eq(seen.revoked, 2, "what is ours was said goodbye to");
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(host);
}
