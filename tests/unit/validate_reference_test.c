/* The snapshots that messages name, from a topic of librdkafka's own cluster. */
#include "kafka/kafka_internal.h"
#include "kafka/kafka_producer.h"
#include "validate/reference_cache.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

enum { FETCH_REQUEST = 1, BROKER = 1, ANSWERS = 1000, WAIT_MS = 5000, REST_MS = 300, SNAPSHOTS = 2 };

static const char *const KEYS[SNAPSHOTS] = { "1111111111111111111111111111111111111111111111111111111111111111",
					     "2222222222222222222222222222222222222222222222222222222222222222" };

struct world {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	struct kafka_options kafka;
	struct kafka_reader *reader;
	struct reference_cache *cache;
};

static void ignore(void *self, const struct kafka_report *report)
{
	(void)self;
	cr_assert_eq(report->error, 0, "%s", report->code);
}

/* Bytes that are no snapshot: how a message is fetched does not depend on what is in it. */
static void publish(const struct world *world)
{
	struct kafka_producer_options options = { .message_bytes_max = 1 << 20,
						  .delivery_timeout_ms = WAIT_MS,
						  .queue_bytes_max = 1 << 20,
						  .compression = "none" };
	struct kafka_producer *producer;
	struct err err;

	cr_assert_eq(kafka_producer_open(&world->kafka, &options, ignore, NULL, &producer, &err), 0, "%s", err.text);
	for (size_t i = 0; i < SNAPSHOTS; i++)
		cr_assert_eq(kafka_producer_produce(producer, "reference", 0, slice_of(KEYS[i]), SLICE_LITERAL("x"),
						    NULL, 0, NULL, &err),
			     0, "%s", err.text);
	cr_assert_eq(kafka_producer_flush(producer, WAIT_MS, &err), 0, "%s", err.text);
	kafka_producer_close(producer);
}

static void open_world(struct world *world)
{
	char error[256];
	struct err err;

	world->rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof error);
	cr_assert(world->rk, "%s", error);
	world->cluster = rd_kafka_mock_cluster_new(world->rk, 1);
	cr_assert_eq(rd_kafka_mock_topic_create(world->cluster, "reference", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
	world->kafka = (struct kafka_options){ .brokers = rd_kafka_mock_cluster_bootstraps(world->cluster) };
	publish(world);
	cr_assert_eq(kafka_reader_open(&world->kafka, 1 << 20, &world->reader, &err), 0, "%s", err.text);
	cr_assert_eq(reference_cache_open(world->reader, "reference", 1, &world->cache, &err), 0, "%s", err.text);
	cr_assert_eq(reference_cache_refresh(world->cache, &err), 0, "%s", err.text);
}

static void close_world(struct world *world)
{
	reference_cache_close(world->cache);
	kafka_reader_close(world->reader);
	rd_kafka_mock_cluster_destroy(world->cluster);
	rd_kafka_destroy(world->rk);
}

/* Each request takes one answer off those laid out for it. */
static size_t count_fetches(const struct world *world, int ms)
{
	size_t left = 0;

	for (size_t i = 0; i < ANSWERS; i++)
		rd_kafka_mock_broker_push_request_error_rtts(world->cluster, BROKER, FETCH_REQUEST, 1,
							     RD_KAFKA_RESP_ERR_NO_ERROR, 0);
	usleep((useconds_t)ms * 1000);
	cr_assert_eq(rd_kafka_mock_broker_error_stack_cnt(world->cluster, BROKER, FETCH_REQUEST, &left),
		     RD_KAFKA_RESP_ERR_NO_ERROR);
	return ANSWERS - left;
}

Test(validate_reference, who_has_read_a_snapshot_leaves_the_broker_alone)
{
	const struct reference *reference = NULL;
	uint8_t version[REFERENCE_VERSION_BYTES];
	struct world world;
	struct err err;

	open_world(&world);
	memset(version, 0x11, sizeof version);
	cr_expect_eq(reference_cache_find(world.cache, version, &reference, &err), 0, "%s", err.text);
	usleep(REST_MS * 1000); /* what was under way comes in */
	cr_expect_eq(count_fetches(&world, REST_MS), 0, "and no newer snapshot lies in our memory unasked");
	close_world(&world);
}
