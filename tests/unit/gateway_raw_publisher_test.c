/* What becomes of messages that shared a request with one that the broker refuses, by a cluster of librdkafka's own. */
#include "gateway/raw_publisher.h"
#include "kafka/kafka_internal.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { PRODUCE_REQUEST = 0, BROKER = 1, MESSAGES = 4, WAITS_MAX = 3000, WAIT_MS = 20 };

struct world {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	struct raw_publisher publisher;
	int epoll_fd;
	int reports[MESSAGES], errors[MESSAGES];
	int32_t partitions[MESSAGES];
};

static struct world world;

static void note(void *self, const struct kafka_report *report)
{
	size_t which = (size_t)((int *)report->token - world.reports);

	(void)self;
	world.reports[which]++;
	world.errors[which] = report->error;
	world.partitions[which] = report->partition;
}

static void open_cluster(int partitions)
{
	char error[256];
	struct err err;

	world.rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof error);
	cr_assert(world.rk, "%s", error);
	world.cluster = rd_kafka_mock_cluster_new(world.rk, 1);
	cr_assert_eq(rd_kafka_mock_topic_create(world.cluster, "raw", partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
	world.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct raw_publisher_options options = { .kafka = { .brokers =
								    rd_kafka_mock_cluster_bootstraps(world.cluster) },
						 .producer = { .message_bytes_max = 1 << 20,
							       .linger_ms = 2,
							       .requests_max = 1,
							       .delivery_timeout_ms = 60000,
							       .queue_bytes_max = 1 << 20,
							       .compression = "none" },
						 .topic = "raw",
						 .epoll_fd = world.epoll_fd,
						 .reported = note };

	cr_assert_eq(raw_publisher_open(&world.publisher, &options, &err), 0, "%s", err.text);
}

static void open_world(void)
{
	open_cluster(1);
}

static void close_world(void)
{
	raw_publisher_close(&world.publisher);
	close(world.epoll_fd);
	rd_kafka_mock_cluster_destroy(world.cluster);
	rd_kafka_destroy(world.rk);
}

static void put(size_t which)
{
	struct raw_message message = { .key = SLICE_LITERAL("99901"), .value = SLICE_LITERAL("a delivery") };
	struct err err;

	raw_headers_add(&message.headers, "instroom-kind", "DELIVERY");
	cr_assert_eq(raw_publisher_put(&world.publisher, &message, &world.reports[which], &err), 0, "%s", err.text);
}

/* As the event loop does: it sleeps until a descriptor says that there are reports. */
static void await(int64_t in_flight)
{
	struct epoll_event event;

	for (int i = 0; i < WAITS_MAX && world.publisher.in_flight > in_flight; i++) {
		if (epoll_wait(world.epoll_fd, &event, 1, WAIT_MS) > 0)
			raw_publisher_poll(&world.publisher);
	}
	cr_assert_eq(world.publisher.in_flight, in_flight);
}

/* Message 0 goes alone, so that the topic is known; 1 to 3 wait for the broker, and share the next request. */
static void put_three_in_one_request(void)
{
	put(0);
	await(0);
	cr_assert_eq(world.errors[0], 0);
	rd_kafka_mock_broker_set_down(world.cluster, BROKER);
	for (size_t i = 1; i < MESSAGES; i++)
		put(i);
}

Test(gateway_raw_publisher, only_the_message_that_is_too_large_is_refused, .init = open_world, .fini = close_world)
{
	put_three_in_one_request();
	rd_kafka_mock_push_request_errors(world.cluster, PRODUCE_REQUEST, 3, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
					  RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	rd_kafka_mock_broker_set_up(world.cluster, BROKER);
	await(0);
	cr_expect_eq(world.errors[1], 0, "sent alone, and taken");
	cr_expect_eq(world.errors[2], ERR_DATA, "alone it is refused again: its own fault");
	cr_expect_eq(world.errors[3], 0, "sent alone, and taken");
	for (size_t i = 0; i < MESSAGES; i++)
		cr_expect_eq(world.reports[i], 1, "message %zu has %d reports", i, world.reports[i]);
}

Test(gateway_raw_publisher, a_missing_right_is_missing_for_all, .init = open_world, .fini = close_world)
{
	put_three_in_one_request();
	rd_kafka_mock_push_request_errors(world.cluster, PRODUCE_REQUEST, 1,
					  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	rd_kafka_mock_broker_set_up(world.cluster, BROKER);
	await(0);
	for (size_t i = 1; i < MESSAGES; i++)
		cr_expect_eq(world.errors[i], ERR_CONFIG);
	cr_expect_null(world.publisher.alone, "nothing is asked again");
}

Test(gateway_raw_publisher, what_waits_at_the_end_is_reported_once, .init = open_world, .fini = close_world)
{
	put_three_in_one_request();
	raw_publisher_close(&world.publisher);
	for (size_t i = 1; i < MESSAGES; i++) {
		cr_expect_eq(world.reports[i], 1);
		cr_expect_eq(world.errors[i], ERR_RETRY);
	}
}

enum { PINNED = 12, GROWN = 17 };

static void open_grown(void)
{
	open_cluster(GROWN);
}

/* Somebody added partitions to the topic: Kafka's client would choose among all of them. */
Test(gateway_raw_publisher, a_board_stays_in_its_partition_when_some_are_added, .init = open_grown, .fini = close_world)
{
	const struct slice key = SLICE_LITERAL("99901");

	cr_assert_neq(partitioning_of_key(key, PINNED), partitioning_of_key(key, GROWN), "else nothing is tried");
	raw_publisher_pin(&world.publisher, PINNED);
	put(0);
	await(0);
	cr_expect_eq(world.errors[0], 0);
	cr_expect_eq(world.partitions[0], partitioning_of_key(key, PINNED));
}

Test(gateway_raw_publisher, without_the_register_the_first_number_of_kafka_counts, .init = open_grown,
     .fini = close_world)
{
	put(0);
	await(0);
	cr_expect_eq(world.partitions[0], partitioning_of_key(SLICE_LITERAL("99901"), GROWN));
	cr_expect_eq(world.publisher.partitions, GROWN);
	cr_expect_not(world.publisher.is_pinned, "the register may know better");
	raw_publisher_pin(&world.publisher, PINNED);
	put(1);
	await(0);
	cr_expect_eq(world.partitions[1], partitioning_of_key(SLICE_LITERAL("99901"), PINNED));
}
