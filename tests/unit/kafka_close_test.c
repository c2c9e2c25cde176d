/* A consumer that is closed: while its broker takes requests and answers none, and while messages wait in it. The
 * brokers are a cluster of librdkafka's own. */
#include "base/clock.h"
#include "kafka/kafka_consumer.h"
#include "kafka/kafka_internal.h"
#include "kafka/kafka_producer.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PARTITIONS = 2, MESSAGES = 400, FLUSH_MS = 60000 };
enum { BROKER = 1, POLLS_MAX = 3000, POLL_MS = 20, MUTE_MS = 3600000, SESSION_MS = 6000 };
/* Without a bound of ours librdkafka gives a request up after a minute. */
enum { CLOSED_MS_MAX = 40000 };
enum { LITTLE_BYTES = 40 << 20 }; /* four stacks */

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

struct site {
	rd_kafka_t *host; /* the cluster lives in it */
	rd_kafka_mock_cluster_t *cluster;
	struct seen seen;
};

static const struct kafka_consumer_events EVENTS = { note_assigned, note_revoked, note_outside };

static void begin(struct site *site)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	*site = (struct site){ 0 };
	rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", NULL, 0);
	site->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
	site->cluster = rd_kafka_handle_mock_cluster(site->host);
	cr_assert_eq(rd_kafka_mock_topic_create(site->cluster, "raw", PARTITIONS, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void end(struct site *site)
{
	rd_kafka_destroy(site->host);
}

static bool (*must_leave)(void);
static int questions;

/* Polls until it owns both partitions, and, if wanted, has a message. */
static void join(struct site *site, bool wants_message)
{
	struct kafka_options kafka = { .brokers = rd_kafka_mock_cluster_bootstraps(site->cluster),
				       .client_id = "close" };
	struct kafka_consumer_options options = { .topic = "raw",
						  .group = "close",
						  .message_bytes_max = 1 << 20,
						  .queued_kbytes_max = 1024,
						  .session_timeout_ms = SESSION_MS,
						  .must_leave = must_leave };
	bool has_message = false;
	struct err err;

	cr_assert_eq(kafka_consumer_open(&kafka, &options, &EVENTS, &site->seen, &site->seen.consumer, &err), 0, "%s",
		     err.text);
	for (int i = 0; i < POLLS_MAX && (site->seen.assigned < PARTITIONS || has_message != wants_message); i++) {
		struct kafka_message message;
		bool came = false;

		if (kafka_consumer_poll(site->seen.consumer, POLL_MS, &message, &came, &err) == 0 && came)
			kafka_message_drop(&message);
		has_message |= came;
	}
	cr_assert_eq(site->seen.assigned, PARTITIONS, "it never became a member");
	cr_assert_eq(has_message, wants_message);
}

/* Closes a consumer of a broker that answers nothing any more: how long that took. */
static int64_t close_at_a_mute_broker(struct site *site)
{
	begin(site);
	join(site, false);
	kafka_consumer_commit(site->seen.consumer, 0, 0, "");
	rd_kafka_mock_broker_set_rtt(site->cluster, BROKER, MUTE_MS);
	int64_t begun_ms = clock_ms();

	kafka_consumer_close(site->seen.consumer);
	int64_t took_ms = clock_ms() - begun_ms;

	printf("    closed after %lld ms\n", (long long)took_ms);
	end(site);
	return took_ms;
}

Test(kafka_close, a_broker_that_is_mute_holds_no_consumer_back)
{
	struct site site;

	cr_expect_lt(close_at_a_mute_broker(&site), CLOSED_MS_MAX);
	cr_expect_eq(site.seen.revoked, PARTITIONS, "what is ours was said goodbye to");
}

/* It is asked between the waits for the broker: how often tells that nobody waited on. */
static bool leave_at_third_question(void)
{
	return ++questions >= 3;
}

Test(kafka_close, whoever_must_leave_waits_for_no_broker)
{
	struct site site;

	must_leave = leave_at_third_question;
	(void)close_at_a_mute_broker(&site);
	cr_expect_leq(questions, 4, "and once more for the log");
}

/* Under a backlog, as at every rolling restart. */
Test(kafka_close, what_was_fetched_and_not_handed_out_is_dropped)
{
	struct site site;

	begin(&site);
	for (int i = 0; i < MESSAGES; i++)
		cr_assert_eq(rd_kafka_producev(site.host, RD_KAFKA_V_TOPIC("raw"), RD_KAFKA_V_PARTITION(i % PARTITIONS),
					       RD_KAFKA_V_VALUE("text", 4), RD_KAFKA_V_END),
			     RD_KAFKA_RESP_ERR_NO_ERROR);
	cr_assert_eq(rd_kafka_flush(site.host, FLUSH_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
	join(&site, true);
	kafka_consumer_close(site.seen.consumer);
	cr_expect_eq(site.seen.revoked, PARTITIONS, "what is ours was said goodbye to");
	end(&site);
}

/* As with ulimit -v; root is bound by no ulimit -u. A stack is address space, too. */
static void leave_little_address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	cr_assert(file && fscanf(file, "%lu", &pages) == 1);
	fclose(file);
	struct rlimit limit = { .rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + LITTLE_BYTES,
				.rlim_max = RLIM_INFINITY };

	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

static void note_no_report(void *self, const struct kafka_report *report)
{
	(void)self, (void)report;
}

/* librdkafka ends the process in mid-work when it finds no thread for a broker. */
Test(kafka, a_system_without_threads_for_a_client_is_said_before_there_is_one)
{
#ifdef __SANITIZE_ADDRESS__
	cr_skip("the sanitizer wants address space itself");
#endif
	const struct kafka_options kafka = { .brokers = "127.0.0.1:1", .client_id = "it" };
	const struct kafka_producer_options options = { .message_bytes_max = 1 << 20,
							.delivery_timeout_ms = 10000,
							.queue_bytes_max = 2 << 20 };
	struct kafka_producer *producer = NULL;
	struct err err = { 0 };

	leave_little_address_space();
	cr_expect_eq(kafka_producer_open(&kafka, &options, note_no_report, NULL, &producer, &err), -ERR_FATAL);
	cr_expect_str_eq(err.code, "threads");
	cr_expect(strstr(err.text, "TasksMax"), "%s", err.text);
}
