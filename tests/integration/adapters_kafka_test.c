/* kafka against a real broker: reports, positions, pauses, rebalances, ranges. */
#include "adapters_fixture.h"
#include "kafka/kafka_admin.h"
#include "kafka/kafka_reader.h"
#include "kafka/kafka_refusal.h"
#include "kafka/kafka_internal.h"
#include "kafka/kafka_producer.h"
#include "kafka/kafka_consumer.h"
#include "kafka/topic_watch.h"
#include "kafka_transaction.h"
#include "protocol/partitioning.h"

/* clang-format off: the second needs the first */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
/* clang-format on */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { MESSAGE_BYTES_MAX = 8 << 20, WAIT_MS = 120000, PARTITIONS_MAX = 16, REPORTS_MAX = 20000 };

static struct kafka_options broker(void)
{
	return fixture_kafka("adapters_it");
}

/* --- topics and producers --- */

static void make_topic_with(char *name, size_t name_bytes, int32_t partitions, const char *policy)
{
	const struct kafka_topic_setting SETTINGS[] = { { "max.message.bytes", "16777216" },
							{ "cleanup.policy", policy } };
	struct kafka_options kafka = broker();
	struct err err = { 0 };
	struct kafka_topic_spec spec = { .name = fixture_name(name, name_bytes),
					 .partitions = partitions,
					 .replication = 1,
					 .settings = SETTINGS,
					 .setting_count = ARRAY_LEN(SETTINGS) };

	ASSERT_OK(kafka_admin_make_topics(&kafka, &spec, 1, WAIT_MS, &err));
}

static void make_topic(char *name, size_t name_bytes, int32_t partitions)
{
	make_topic_with(name, name_bytes, partitions, "delete");
}

static void transact(const char *topic, int count, enum transaction_is end)
{
	cr_assert(kafka_transaction_write(broker().brokers, topic, 0, count, end));
}

struct reports {
	size_t count, failed;
	struct kafka_report last;
	int64_t offsets[REPORTS_MAX]; /* in the order of the reports */
	size_t tokens[REPORTS_MAX];
};

static void note_report(void *self, const struct kafka_report *report)
{
	struct reports *reports = self;

	reports->failed += report->error != 0;
	reports->last = *report;
	cr_assert_lt(reports->count, (size_t)REPORTS_MAX);
	reports->offsets[reports->count] = report->offset;
	reports->tokens[reports->count++] = (size_t)(uintptr_t)report->token;
}

static struct kafka_producer *open_sink_at(struct kafka_options kafka, struct reports *reports, int32_t timeout_ms)
{
	struct kafka_producer_options options = { .message_bytes_max = MESSAGE_BYTES_MAX,
						  .linger_ms = 0,
						  .delivery_timeout_ms = timeout_ms,
						  .queue_bytes_max = 256 << 20,
						  .compression = "none" };
	struct kafka_producer *producer = NULL;
	struct err err = { 0 };

	ASSERT_OK(kafka_producer_open(&kafka, &options, note_report, reports, &producer, &err));
	return producer;
}

static struct kafka_producer *open_producer(struct reports *reports)
{
	return open_sink_at(broker(), reports, WAIT_MS);
}

/* count messages whose value is their number, from first on. */
static void fill(const char *topic, int32_t partition, int first, int count)
{
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_producer *producer = open_producer(reports);
	struct err err = { 0 };

	for (int i = first; i < first + count; i++) {
		char value[16];

		snprintf(value, sizeof value, "%d", i);
		ASSERT_OK(kafka_producer_produce(producer, topic, partition, SLICE_LITERAL("k"), slice_of(value), NULL,
						 0, NULL, &err));
	}
	ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
	cr_assert_eq(reports->failed, 0);
	kafka_producer_close(producer);
	free(reports);
}

Test(producer, offsets_of_a_partition_are_contiguous_and_in_order)
{
	enum { COUNT = 5000 };
	char topic[64];
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_producer *producer = open_producer(reports);
	struct err err = { 0 };

	make_topic(topic, sizeof topic, 2);
	for (size_t i = 0; i < COUNT; i++)
		ASSERT_OK(kafka_producer_produce(producer, topic, 1, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0,
						 (void *)(uintptr_t)(i + 1), &err));
	ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
	cr_assert_eq(reports->count, COUNT);
	cr_assert_eq(reports->failed, 0);
	for (size_t i = 0; i < COUNT; i++) {
		cr_assert_eq(reports->offsets[i], (int64_t)i);
		cr_assert_eq(reports->tokens[i], i + 1);
	}
	kafka_producer_close(producer);
	free(reports);
}

Test(producer, a_key_goes_where_the_java_client_sends_it)
{
	char topic[64];
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_producer *producer = open_producer(reports);
	struct err err = { 0 };

	make_topic(topic, sizeof topic, 12);
	for (uint32_t board = 41211; board < 41231; board++) {
		char key[PARTITIONING_KEY_BYTES + 1];

		ASSERT_OK(kafka_producer_produce(producer, topic, KAFKA_ANY_PARTITION, partitioning_key(board, key),
						 SLICE_LITERAL("v"), NULL, 0, NULL, &err));
		ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
		cr_expect_eq(reports->last.partition, partitioning_partition(board, 12));
	}
	kafka_producer_close(producer);
	free(reports);
}

Test(producer, sorts_what_cannot_be_sent)
{
	char topic[64];
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_producer *producer = open_producer(reports);
	struct err err = { 0 };
	struct kafka_topic_range range;
	char *large = calloc(1, MESSAGE_BYTES_MAX + 1);
	struct slice most = { large, MESSAGE_BYTES_MAX - 1000 }, more = { large, MESSAGE_BYTES_MAX + 1 };
	struct message_header headers[] = { { "board", SLICE_LITERAL("41211") } };

	make_topic(topic, sizeof topic, 1);
	ASSERT_OK(kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("k"), most, headers, 1, NULL, &err));
	ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
	cr_expect_eq(reports->failed, 0, "%s", reports->last.code);
	ASSERT_OK(kafka_ask_range(kafka_producer_handle(producer), topic, 0, WAIT_MS, &range, &err));
	cr_expect(range.low == 0 && range.high == 1);
	ASSERT_KIND(kafka_ask_range(kafka_producer_handle(producer), topic, 1, WAIT_MS, &range, &err), ERR_CONFIG);
	ASSERT_KIND(kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("k"), more, headers, 1, NULL, &err),
		    ERR_DATA);
	more.n = MESSAGE_BYTES_MAX; /* with its key and headers above the limit */
	ASSERT_KIND(kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("k"), more, headers, 1, NULL, &err),
		    ERR_DATA);
	ASSERT_KIND(kafka_producer_produce(producer, topic, 1, SLICE_LITERAL("k"), SLICE_LITERAL("v"), headers, 1, NULL,
					   &err),
		    ERR_CONFIG);
	ASSERT_KIND(kafka_producer_produce(producer, "it.no.such.topic", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"),
					   headers, 1, NULL, &err),
		    ERR_CONFIG);
	cr_expect_eq(reports->count, 1, "what was refused has no report");
	kafka_producer_close(producer);
	free(large);
	free(reports);
}

Test(producer, without_brokers_each_put_is_reported_as_a_retry)
{
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_options nowhere = { .brokers = "127.0.0.1:1" };
	struct kafka_producer *producer = open_sink_at(nowhere, reports, 1000);
	struct err err = { 0 };

	ASSERT_OK(
		kafka_producer_produce(producer, "t", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0, NULL, &err));
	ASSERT_OK(kafka_producer_flush(producer, 5000, &err));
	cr_expect_eq(reports->last.error, ERR_RETRY, "%s", reports->last.code);
	ASSERT_OK(
		kafka_producer_produce(producer, "t", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0, NULL, &err));
	ASSERT_KIND(kafka_producer_flush(producer, 10, &err), ERR_RETRY);
	kafka_producer_close(producer);
	cr_expect_eq(reports->count, 2, "close reports what is open");
	cr_expect_eq(reports->failed, 2);
	free(reports);
}

Test(producer, its_descriptor_wakes_an_event_loop)
{
	char topic[64];
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_producer *producer = open_producer(reports);
	struct err err = { 0 };
	int fd = kafka_producer_event_fd(producer, &err);

	cr_assert_geq(fd, 0);
	make_topic(topic, sizeof topic, 1);
	for (size_t round = 1; round <= 3; round++) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		ASSERT_OK(kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0,
						 NULL, &err));
		int64_t end_ms = clock_ms() + WAIT_MS;

		while (reports->count < round && clock_ms() < end_ms) {
			cr_assert_eq(poll(&wait, 1, WAIT_MS), 1);
			kafka_producer_poll(producer, 0);
		}
		cr_expect_eq(reports->count, round);
	}
	kafka_producer_close(producer);
	free(reports);
}

static int compare_i64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

Test(producer, is_fast)
{
	enum { TURNS = 500, LARGE = 2000, LARGE_BYTES = 70000 };
	char topic[64];
	struct reports *reports = calloc(1, sizeof *reports);
	int64_t took_us[TURNS];
	struct kafka_producer *producer = open_producer(reports);
	struct err err = { 0 };
	char *value = calloc(1, LARGE_BYTES);
	int64_t begin_us;

	make_topic(topic, sizeof topic, 1);
	for (size_t i = 0; i < TURNS; i++) {
		begin_us = clock_us();
		ASSERT_OK(kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("k"), slice_make(value, 200), NULL,
						 0, NULL, &err));
		while (reports->count <= i)
			kafka_producer_poll(producer, 1000);
		took_us[i] = clock_us() - begin_us;
	}
	int64_t first_us = took_us[0];

	qsort(took_us, TURNS, sizeof took_us[0], compare_i64);
	cr_log_info("put to report: first %" PRId64 " us, median %" PRId64 " us, 99 %% %" PRId64 " us", first_us,
		    took_us[TURNS / 2], took_us[TURNS * 99 / 100]);
	begin_us = clock_us();
	for (size_t i = 0; i < LARGE; i++) {
		int rc;

		while ((rc = kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("k"),
						    slice_make(value, LARGE_BYTES), NULL, 0, NULL, &err)) == -ERR_FULL)
			kafka_producer_poll(producer, 10);
		ASSERT_OK(rc);
	}
	ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
	cr_log_info("producer: %.0f MB/s in messages of %d bytes",
		    (double)LARGE * LARGE_BYTES / (double)(clock_us() - begin_us), LARGE_BYTES);
	cr_expect_eq(reports->failed, 0);
	kafka_producer_close(producer);
	free(value);
	free(reports);
}

/* --- consumers --- */

struct member {
	struct kafka_consumer *consumer;
	const char *topic; /* of the one that joins later */
	bool is_ours[PARTITIONS_MAX];
	bool is_lost; /* it heard so, once at least */
	bool starts_at_once;
	int assignments;
	int64_t out_of_range_at; /* -1: none */
};

static void note_assigned(void *self, const int32_t *partitions, size_t count)
{
	struct member *member = self;
	struct err err = { 0 };

	member->assignments++;
	for (size_t i = 0; i < count; i++) {
		member->is_ours[partitions[i]] = true;
		if (member->starts_at_once)
			ASSERT_OK(kafka_consumer_start(member->consumer, partitions[i], 0, &err));
	}
}

static void note_revoked(void *self, const int32_t *partitions, size_t count, bool is_lost)
{
	struct member *member = self;

	member->is_lost |= is_lost;
	for (size_t i = 0; i < count; i++)
		member->is_ours[partitions[i]] = false;
}

static void note_out_of_range(void *self, int32_t partition, int64_t offset)
{
	struct member *member = self;

	(void)partition;
	member->out_of_range_at = offset;
}

static const struct kafka_consumer_events EVENTS = { note_assigned, note_revoked, note_out_of_range };

/* The member's group is that of its topic. */
static void join_as(struct member *member, const char *topic, const char *instance)
{
	struct kafka_options kafka = broker();
	struct kafka_consumer_options options = { .topic = topic,
						  .group = topic,
						  .instance = instance,
						  .message_bytes_max = MESSAGE_BYTES_MAX,
						  .queued_kbytes_max = 65536,
						  .session_timeout_ms = 30000 };
	struct err err = { 0 };

	*member = (struct member){ .topic = topic, .out_of_range_at = -1 };
	ASSERT_OK(kafka_consumer_open(&kafka, &options, &EVENTS, member, &member->consumer, &err));
}

/* shares, share: as in kafka_consumer_options */
static void join_share(struct member *member, const char *topic, const char *group, int32_t shares, int32_t share)
{
	struct kafka_options kafka = broker();
	struct kafka_consumer_options options = { .topic = topic,
						  .group = group,
						  .message_bytes_max = MESSAGE_BYTES_MAX,
						  .queued_kbytes_max = 65536,
						  .session_timeout_ms = 6000,
						  .shares = shares,
						  .share = share };
	struct err err = { 0 };

	*member = (struct member){ .topic = topic, .out_of_range_at = -1, .starts_at_once = member->starts_at_once };
	ASSERT_OK(kafka_consumer_open(&kafka, &options, &EVENTS, member, &member->consumer, &err));
}

static void join(struct member *member, const char *topic, const char *group)
{
	join_share(member, topic, group, 1, 0);
}

static int count_ours(const struct member *member)
{
	int count = 0;

	for (size_t i = 0; i < PARTITIONS_MAX; i++)
		count += member->is_ours[i];
	return count;
}

/* Polls until something comes; -1 when wait_ms pass. */
static int64_t next_offset(struct member *member, uint32_t wait_ms)
{
	struct kafka_message message = { 0 };
	struct err err = { 0 };
	int64_t end_ms = clock_ms() + wait_ms;
	bool came;

	do
		ASSERT_OK(kafka_consumer_poll(member->consumer, (uint32_t)MIN(wait_ms, 100u), &message, &came, &err));
	while (!came && clock_ms() < end_ms);
	int64_t offset = came ? message.offset : -1;

	kafka_message_drop(&message);
	return offset;
}

static void await_assignment(struct member *member, int partitions)
{
	int64_t end_ms = clock_ms() + WAIT_MS;

	while (count_ours(member) != partitions && clock_ms() < end_ms)
		cr_assert_eq(next_offset(member, 0), -1);
	cr_assert_eq(count_ours(member), partitions);
}

Test(consumer, fetches_nothing_before_it_is_started_and_then_all_in_order)
{
	enum { COUNT = 3000 };
	char topic[64];
	struct member member = { 0 };
	struct err err = { 0 };

	make_topic(topic, sizeof topic, 2);
	fill(topic, 0, 0, COUNT);
	fill(topic, 1, 0, 10);
	join(&member, topic, topic);
	await_assignment(&member, 2);
	cr_expect_eq(next_offset(&member, 500), -1);
	ASSERT_OK(kafka_consumer_start(member.consumer, 0, 100, &err));
	for (int64_t i = 100; i < COUNT; i++)
		cr_assert_eq(next_offset(&member, WAIT_MS), i);
	cr_expect_eq(next_offset(&member, 300), -1, "nothing of the partition that was not started");
	ASSERT_KIND(kafka_consumer_start(member.consumer, 2, 0, &err), ERR_RETRY);
	kafka_consumer_close(member.consumer);
	cr_expect_eq(count_ours(&member), 0, "close runs revoked");
	cr_expect_not(member.is_lost);
}

Test(consumer, a_seek_hands_out_exactly_what_is_asked_for)
{
	char topic[64];
	struct member member = { 0 };
	struct err err = { 0 };
	static const int64_t SEEKS[] = { 0, 1500, 5, 1999, 0, 1000, 1001, 999 };

	make_topic(topic, sizeof topic, 1);
	fill(topic, 0, 0, 2000);
	join(&member, topic, topic);
	await_assignment(&member, 1);
	for (size_t i = 0; i < ARRAY_LEN(SEEKS); i++) {
		ASSERT_OK(kafka_consumer_start(member.consumer, 0, SEEKS[i], &err));
		for (int64_t at = SEEKS[i]; at < MIN(SEEKS[i] + 200, 2000); at++)
			cr_assert_eq(next_offset(&member, WAIT_MS), at, "seek %zu", i);
	}
	kafka_consumer_close(member.consumer);
}

Test(consumer, a_seek_while_messages_are_being_fetched_is_exact_too)
{
	char topic[64];
	struct member member = { 0 };
	struct err err = { 0 };
	uint64_t seed = 12345;

	make_topic(topic, sizeof topic, 2);
	fill(topic, 0, 0, 2000);
	fill(topic, 1, 0, 2000);
	join(&member, topic, topic);
	await_assignment(&member, 2);
	ASSERT_OK(kafka_consumer_start(member.consumer, 1, 0, &err));
	int64_t expected[2] = { 0, 0 };

	for (int step = 0; step < 60; step++) {
		expected[0] = (int64_t)((seed = seed * 6364136223846793005u + 1442695040888963407u) >> 33) % 1900;
		ASSERT_OK(kafka_consumer_start(member.consumer, 0, expected[0], &err));
		for (int i = 0; i < step % 7 * 5; i++) {
			struct kafka_message message = { 0 };
			bool came;

			ASSERT_OK(kafka_consumer_poll(member.consumer, (uint32_t)step % 3 * 10, &message, &came, &err));
			if (came)
				cr_assert_eq(message.offset, expected[message.partition]++, "step %d", step);
			kafka_message_drop(&message);
		}
		if (expected[1] > 1900) {
			expected[1] = 0;
			ASSERT_OK(kafka_consumer_start(member.consumer, 1, 0, &err));
		}
	}
	kafka_consumer_close(member.consumer);
}

Test(consumer, a_pause_holds_one_partition_and_a_resume_goes_on_where_it_stood)
{
	char topic[64];
	struct member member = { 0 };
	struct err err = { 0 };
	int64_t expected[2] = { 0, 0 };

	make_topic(topic, sizeof topic, 2);
	fill(topic, 0, 0, 1000);
	fill(topic, 1, 0, 1000);
	join(&member, topic, topic);
	await_assignment(&member, 2);
	ASSERT_OK(kafka_consumer_start(member.consumer, 0, 0, &err));
	ASSERT_OK(kafka_consumer_start(member.consumer, 1, 0, &err));
	int64_t end_ms = clock_ms() + WAIT_MS;
	bool is_paused = false;

	for (int i = 0; expected[0] + expected[1] < 2000 && clock_ms() < end_ms; i++) {
		struct kafka_message message = { 0 };

		if (i % 50 == 0 && expected[1] < 1000) {
			ASSERT_OK((is_paused ? kafka_consumer_resume : kafka_consumer_pause)(member.consumer, 0, &err));
			is_paused = !is_paused;
		}
		if (i % 330 == 0) /* another partition starts anew while one is paused */
			ASSERT_OK(kafka_consumer_start(member.consumer, 1, expected[1], &err));
		if (is_paused && expected[1] == 1000) {
			ASSERT_OK(kafka_consumer_resume(member.consumer, 0, &err));
			is_paused = false;
		}
		bool came;

		ASSERT_OK(kafka_consumer_poll(member.consumer, 20, &message, &came, &err));
		if (came) {
			cr_assert(!is_paused || message.partition == 1, "a paused partition is silent");
			cr_assert_eq(message.offset, expected[message.partition]++);
		}
		kafka_message_drop(&message);
	}
	cr_expect_eq(expected[0], 1000);
	cr_expect_eq(expected[1], 1000);
	kafka_consumer_close(member.consumer);
}

Test(consumer, a_start_after_a_pause_runs_again)
{
	char topic[64];
	struct member member = { 0 };
	struct err err = { 0 };

	make_topic(topic, sizeof topic, 1);
	fill(topic, 0, 0, 100);
	join(&member, topic, topic);
	await_assignment(&member, 1);
	ASSERT_OK(kafka_consumer_start(member.consumer, 0, 0, &err));
	cr_assert_eq(next_offset(&member, WAIT_MS), 0);
	ASSERT_OK(kafka_consumer_pause(member.consumer, 0, &err));
	cr_expect_eq(next_offset(&member, 200), -1);
	ASSERT_OK(kafka_consumer_start(member.consumer, 0, 50, &err));
	for (int64_t i = 50; i < 100; i++)
		cr_assert_eq(next_offset(&member, WAIT_MS), i);
	ASSERT_OK(kafka_consumer_pause(member.consumer, 0, &err));
	ASSERT_OK(kafka_consumer_resume(member.consumer, 0, &err));
	cr_expect_eq(next_offset(&member, 200), -1);
	fill(topic, 0, 100, 1);
	cr_expect_eq(next_offset(&member, WAIT_MS), 100);
	kafka_consumer_close(member.consumer);
}

Test(consumer, an_offset_outside_the_log_is_reported_and_can_be_mended)
{
	char topic[64];
	struct member member = { 0 };
	struct err err = { 0 };
	struct kafka_topic_range range;

	make_topic(topic, sizeof topic, 1);
	fill(topic, 0, 0, 10);
	join(&member, topic, topic);
	await_assignment(&member, 1);
	ASSERT_OK(kafka_consumer_start(member.consumer, 0, 11, &err));
	int64_t end_ms = clock_ms() + WAIT_MS;

	while (member.out_of_range_at < 0 && clock_ms() < end_ms)
		cr_assert_eq(next_offset(&member, 0), -1);
	cr_expect_eq(member.out_of_range_at, 11);
	ASSERT_OK(kafka_consumer_range(member.consumer, 0, WAIT_MS, &range, &err));
	cr_expect_eq(range.low, 0);
	cr_expect_eq(range.high, 10);
	member.out_of_range_at = -1;
	ASSERT_OK(kafka_consumer_start(member.consumer, 0, 10, &err));
	cr_expect_eq(next_offset(&member, 500), -1);
	cr_expect_eq(member.out_of_range_at, -1, "the end of the log lies inside");
	fill(topic, 0, 10, 1);
	cr_expect_eq(next_offset(&member, WAIT_MS), 10);
	kafka_consumer_close(member.consumer);
}

Test(consumer, goes_on_over_markers)
{
	char topic[64];
	struct member member = { 0 };
	struct err err = { 0 };
	enum kafka_gap gap;

	make_topic(topic, sizeof topic, 1);
	fill(topic, 0, 0, 1);
	transact(topic, 1, TRANSACTION_ABORTED); /* 1, marker 2 */
	transact(topic, 1, TRANSACTION_ENDED);	 /* 3, marker 4 */
	join(&member, topic, topic);
	await_assignment(&member, 1);
	ASSERT_OK(kafka_consumer_start(member.consumer, 0, 0, &err));
	cr_expect_eq(next_offset(&member, WAIT_MS), 0);
	cr_expect_eq(next_offset(&member, WAIT_MS), 1);
	cr_expect_eq(next_offset(&member, WAIT_MS), 3);
	ASSERT_OK(kafka_consumer_gap(member.consumer, 0, 2, WAIT_MS, &gap, &err));
	cr_expect_eq(gap, KAFKA_GAP_EMPTY);
	cr_expect_eq(next_offset(&member, 600), -1);
	transact(topic, 1, TRANSACTION_LEFT_OPEN);
	fill(topic, 0, 1, 1);
	cr_expect_eq(next_offset(&member, WAIT_MS), 5);
	cr_expect_eq(next_offset(&member, WAIT_MS), 6, "a transaction that nobody ends holds up nobody");
	kafka_consumer_close(member.consumer);
}

Test(consumer, a_topic_that_is_not_there_is_a_setting)
{
	struct member member = { 0 };
	struct kafka_message message;
	struct err err = { 0 };
	int64_t end_ms = clock_ms() + WAIT_MS;
	bool came;
	int rc = 0;

	join(&member, "it.no.such.topic", "it.no.such.group");
	while (rc == 0 && clock_ms() < end_ms)
		rc = kafka_consumer_poll(member.consumer, 100, &message, &came, &err);
	cr_expect_eq(rc, -ERR_CONFIG, "%d %s", rc, err.text);
	kafka_consumer_close(member.consumer);
}

/* Polls both until each has its number of partitions. */
static void settle(struct member *a, int want_a, struct member *b, int want_b)
{
	int64_t end_ms = clock_ms() + 2 * WAIT_MS;

	while ((count_ours(a) != want_a || count_ours(b) != want_b) && clock_ms() < end_ms) {
		next_offset(a, 0);
		next_offset(b, 0);
	}
	cr_assert_eq(count_ours(a), want_a);
	cr_assert_eq(count_ours(b), want_b);
}

Test(consumer, members_share_the_partitions_and_take_over_from_one_that_leaves, .timeout = 600)
{
	char topic[64];
	struct member a = { .starts_at_once = true }, b = { .starts_at_once = true };
	struct err err = { 0 };

	make_topic(topic, sizeof topic, 4);
	for (int32_t partition = 0; partition < 4; partition++)
		fill(topic, partition, 0, 200);
	join(&a, topic, topic);
	await_assignment(&a, 4);
	join(&b, topic, topic);
	settle(&a, 2, &b, 2);
	for (int32_t partition = 0; partition < 4; partition++)
		cr_expect_neq(a.is_ours[partition], b.is_ours[partition]);
	cr_expect_not(a.is_lost);
	int left_a = 400;

	while (left_a > 0 && next_offset(&a, WAIT_MS) >= 0)
		left_a--;
	cr_expect_eq(left_a, 0, "all of its two partitions from 0 on");
	cr_expect_eq(next_offset(&a, 300), -1, "and nothing else");
	int32_t of_b = b.is_ours[0] ? 0 : 3;

	ASSERT_KIND(kafka_consumer_start(a.consumer, of_b, 0, &err), ERR_RETRY);
	int64_t begin_ms = clock_ms();

	kafka_consumer_close(b.consumer);
	b.consumer = NULL;
	while (count_ours(&a) != 4 && clock_ms() < begin_ms + WAIT_MS)
		next_offset(&a, 0);
	cr_log_info("a partition changes hands in %" PRId64 " ms", clock_ms() - begin_ms);
	int left = 800;

	while (left > 0 && next_offset(&a, WAIT_MS) >= 0)
		left--;
	cr_expect_eq(left, 0);
	kafka_consumer_close(a.consumer);
}

Test(consumer, a_restart_under_a_name_moves_no_partition, .timeout = 600)
{
	char topic[64];
	struct member a = { 0 }, b = { 0 }, twin = { 0 };
	struct kafka_message message = { 0 };
	struct err err = { 0 };
	bool of_b[PARTITIONS_MAX], came;
	int rc = 0;

	make_topic(topic, sizeof topic, 4);
	join_as(&a, topic, "a");
	await_assignment(&a, 4);
	join_as(&b, topic, "b");
	settle(&a, 2, &b, 2);
	memcpy(of_b, b.is_ours, sizeof of_b);
	int assignments = a.assignments;

	kafka_consumer_close(b.consumer);
	for (int i = 0; i < 20; i++)
		next_offset(&a, 100);
	join_as(&b, topic, "b");
	settle(&a, 2, &b, 2);
	for (int i = 0; i < 20; i++) /* what the coordinator asks of a comes with its heartbeat, each 3 s */
		next_offset(&a, 200);
	cr_expect_eq(a.assignments, assignments, "nobody else is disturbed");
	cr_expect_arr_eq(b.is_ours, of_b, sizeof of_b, "and it has what it had");

	join_as(&twin, topic, "b");
	for (int64_t end_ms = clock_ms() + WAIT_MS; rc == 0 && clock_ms() < end_ms;) {
		next_offset(&a, 0);
		next_offset(&twin, 0);
		rc = kafka_consumer_poll(b.consumer, 10, &message, &came, &err);
	}
	cr_assert_eq(rc, -ERR_FATAL, "of two with one name the older ends");
	cr_expect_not_null(strstr(err.text, "kafka.group.instance"), "%s", err.text);
	kafka_consumer_close(b.consumer);
	settle(&a, 2, &twin, 2);
	kafka_consumer_close(twin.consumer);
	kafka_consumer_close(a.consumer);
}

Test(consumer, a_share_of_the_partitions_is_all_that_is_ours, .timeout = 600)
{
	char topic[64], group[80];
	struct member members[2] = { { .starts_at_once = true }, { .starts_at_once = true } };
	struct err err = { 0 };

	make_topic(topic, sizeof topic, 5);
	for (int32_t partition = 0; partition < 5; partition++)
		fill(topic, partition, 0, 10);
	for (int32_t share = 0; share < 2; share++) {
		struct member *member = &members[share];
		int count = share == 0 ? 3 : 2;

		snprintf(group, sizeof group, "%s-%d", topic, share);
		join_share(member, topic, group, 2, share);
		await_assignment(member, count);
		for (int32_t partition = 0; partition < 5; partition++)
			cr_expect_eq(member->is_ours[partition], partition % 2 == share, "partition %d", partition);
		for (int i = 0; i < 10 * count; i++)
			cr_assert_geq(next_offset(member, WAIT_MS), 0);
		cr_expect_eq(next_offset(member, 300), -1, "and nothing of the others");
		ASSERT_KIND(kafka_consumer_start(member->consumer, 1 - share, 0, &err), ERR_RETRY);
	}
	for (int32_t share = 0; share < 2; share++) {
		kafka_consumer_close(members[share].consumer);
		cr_expect_eq(count_ours(&members[share]), 0);
	}
}

/* One message at most; checks that it is the next of its partition. */
static void poll_checked(struct member *member, int64_t *expected)
{
	struct kafka_message message = { 0 };
	struct err err = { 0 };
	bool came;

	ASSERT_OK(kafka_consumer_poll(member->consumer, 1, &message, &came, &err));
	if (came)
		cr_assert_eq(message.offset, expected[message.partition]++);
	kafka_message_drop(&message);
}

/* A member all of whose partitions are started anew, again and again; what it polls is checked. */
struct restarts {
	struct member member;
	int32_t partitions, log_end;
	int64_t expected[PARTITIONS_MAX];
	uint64_t seed;
	int count;
};

static void restart_one(struct restarts *self)
{
	struct err err = { 0 };

	self->seed = self->seed * 6364136223846793005u + 1442695040888963407u;
	int32_t partition = (int32_t)((self->seed >> 33) % (uint64_t)self->partitions);

	if (self->member.is_ours[partition]) {
		self->expected[partition] = (int64_t)((self->seed >> 40) % (uint64_t)self->log_end);
		ASSERT_OK(kafka_consumer_start(self->member.consumer, partition, self->expected[partition], &err));
		self->count++;
	}
	poll_checked(&self->member, self->expected);
}

/* Until the member has so many partitions. other: polled beside it, unless it is NULL. */
static void restart_until(struct restarts *self, int wanted, struct member *other)
{
	for (int64_t end_ms = clock_ms() + WAIT_MS; count_ours(&self->member) != wanted && clock_ms() < end_ms;) {
		restart_one(self);
		if (other)
			next_offset(other, 0);
	}
	cr_assert_eq(count_ours(&self->member), wanted);
	for (int i = 0; i < self->log_end; i++)
		restart_one(self);
}

Test(consumer, starts_in_the_middle_of_rebalances_are_exact, .timeout = 600)
{
	enum { PARTITIONS = 6, LOG = 300, ROUNDS = 4 };
	char topic[64];
	struct restarts restarts = { .partitions = PARTITIONS, .log_end = LOG, .seed = 7 };
	struct member b = { .starts_at_once = true };

	make_topic(topic, sizeof topic, PARTITIONS);
	for (int32_t partition = 0; partition < PARTITIONS; partition++)
		fill(topic, partition, 0, LOG);
	join(&restarts.member, topic, topic);
	await_assignment(&restarts.member, PARTITIONS);
	for (int round = 0; round < ROUNDS; round++) {
		join(&b, topic, topic);
		restart_until(&restarts, PARTITIONS / 2, &b);
		kafka_consumer_close(b.consumer);
		restart_until(&restarts, PARTITIONS, NULL);
	}
	cr_log_info("%d starts over %d assignments", restarts.count, restarts.member.assignments);
	cr_expect_gt(restarts.member.assignments, ROUNDS);
	kafka_consumer_close(restarts.member.consumer);
}

/* The child is a member; its exit status 0 says that it learned that its partitions were lost. */
static int run_sleeper(const char *topic, int ready_fd)
{
	struct member member = { .starts_at_once = true };
	int64_t end_ms = clock_ms() + 5 * WAIT_MS;

	join(&member, topic, topic);
	await_assignment(&member, 2);
	if (write(ready_fd, "r", 1) != 1)
		return 2;
	while (!member.is_lost && clock_ms() < end_ms)
		next_offset(&member, 0);
	return member.is_lost ? 0 : 1;
}

/* Lets the child sleep until the other member has its partitions too. Returns whether it ended after waking up. */
static bool sleep_once(pid_t child, struct member *other, int *ret_status)
{
	kill(child, SIGSTOP);
	if (!other->consumer)
		join(other, other->topic, other->topic);
	for (int64_t end_ms = clock_ms() + WAIT_MS; count_ours(other) != 2 && clock_ms() < end_ms;)
		next_offset(other, 0);
	cr_expect_eq(count_ours(other), 2, "the other takes over while it sleeps");
	kill(child, SIGCONT);
	for (int64_t end_ms = clock_ms() + 20000; clock_ms() < end_ms;) {
		if (waitpid(child, ret_status, WNOHANG) == child)
			return true;
		next_offset(other, 0);
	}
	return false;
}

/* A heartbeat that the broker answers with "rebalance" just before the child falls asleep is the first thing it reads
 * when it wakes up: it then gives its partitions back in good order, and learns of no loss. So it sleeps again. */
Test(consumer, a_member_that_slept_learns_that_its_partitions_are_lost, .timeout = 600)
{
	enum { NAPS_MAX = 3 };
	char topic[64], ready;
	int fds[2], status = 0;
	bool is_ended = false;

	make_topic(topic, sizeof topic, 2);
	cr_assert_eq(pipe(fds), 0);
	pid_t child = fork();

	if (child == 0)
		_exit(run_sleeper(topic, fds[1]));
	cr_assert_eq(read(fds[0], &ready, 1), 1);
	struct member other = { .topic = topic, .starts_at_once = true };

	for (int nap = 0; nap < NAPS_MAX && !is_ended; nap++)
		is_ended = sleep_once(child, &other, &status);
	cr_expect(is_ended && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	if (!is_ended)
		kill(child, SIGKILL);
	kafka_consumer_close(other.consumer);
}

Test(consumer, the_committed_position_is_read_back_by_the_next_owner)
{
	char topic[64], metadata[128] = "x";
	struct member member = { 0 };
	struct err err = { 0 };

	make_topic(topic, sizeof topic, 2);
	join(&member, topic, topic);
	await_assignment(&member, 2);
	ASSERT_OK(kafka_consumer_committed(member.consumer, 1, WAIT_MS, metadata, sizeof metadata, &err));
	cr_expect_str_eq(metadata, "");
	kafka_consumer_commit(member.consumer, 1, 5, "vp=7 tip=00ff wm=5");
	kafka_consumer_close(member.consumer);
	join(&member, topic, topic);
	await_assignment(&member, 2);
	ASSERT_OK(kafka_consumer_committed(member.consumer, 1, WAIT_MS, metadata, sizeof metadata, &err));
	cr_expect_str_eq(metadata, "vp=7 tip=00ff wm=5");
	ASSERT_OK(kafka_consumer_committed(member.consumer, 1, WAIT_MS, metadata, 18, &err));
	cr_expect_str_eq(metadata, "", "one that does not fit is none");
	kafka_consumer_close(member.consumer);
}

Test(consumer, is_fast_with_a_small_queue)
{
	enum { COUNT = 1500, BYTES = 70000, QUEUE_KBYTES = 4096, FULL_EVERY = 150, FULL_MS = 200, LONG_US = 600000 };
	char topic[64];
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_producer *producer = open_producer(reports);
	struct kafka_options kafka = broker();
	struct kafka_consumer_options options = { .group = topic,
						  .topic = topic,
						  .message_bytes_max = MESSAGE_BYTES_MAX,
						  .queued_kbytes_max = QUEUE_KBYTES,
						  .session_timeout_ms = 6000 };
	struct member member = { .out_of_range_at = -1, .starts_at_once = true };
	struct err err = { 0 };
	char *value = calloc(1, BYTES);
	int long_ones = 0;

	make_topic(topic, sizeof topic, 1);
	for (int i = 0; i < COUNT; i++)
		ASSERT_OK(kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("k"), slice_make(value, BYTES), NULL,
						 0, NULL, &err));
	ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
	ASSERT_OK(kafka_consumer_open(&kafka, &options, &EVENTS, &member, &member.consumer, &err));
	cr_assert_eq(next_offset(&member, WAIT_MS), 0);
	int64_t worst_us = 0;

	for (int64_t i = 1; i < COUNT; i++) {
		if (i % FULL_EVERY == 0) /* the queue fills up */
			nanosleep(&(struct timespec){ .tv_nsec = FULL_MS * 1000000L }, NULL);
		int64_t one_us = clock_us();

		cr_assert_eq(next_offset(&member, WAIT_MS), i);
		one_us = clock_us() - one_us;
		worst_us = MAX(worst_us, one_us);
		long_ones += one_us > LONG_US;
	}
	/* where librdkafka waits for a second before it fetches again, each of them is long */
	cr_expect_leq(long_ones, COUNT / FULL_EVERY / 2, "a queue that was full is filled again at once: %d long waits",
		      long_ones);
	cr_log_info("consumer: longest wait %" PRId64 " us", worst_us);
	for (int i = 0; i < 3; i++) {
		int64_t begin_us = clock_us();

		ASSERT_OK(kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0,
						 NULL, &err));
		cr_assert_eq(next_offset(&member, WAIT_MS), COUNT + i);
		cr_log_info("put to poll on an idle system: %" PRId64 " us", clock_us() - begin_us);
	}
	kafka_producer_close(producer);
	kafka_consumer_close(member.consumer);
	free(value);
	free(reports);
}

/* Answers are of a few MiB at most: a message of more comes alone, and holds up nobody. */
Test(consumer, takes_messages_larger_than_an_answer, .timeout = 600)
{
	enum { PARTITIONS = 3, COUNT = 12, LARGE_EVERY = 4, LARGE_BYTES = 6 << 20, SMALL_BYTES = 300 };
	char topic[64];
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_producer *producer = open_producer(reports);
	struct member member = { .starts_at_once = true };
	struct kafka_message message = { 0 };
	struct err err = { 0 };
	char *value = calloc(1, LARGE_BYTES);
	int64_t next[PARTITIONS] = { 0 };

	make_topic(topic, sizeof topic, PARTITIONS);
	for (int i = 0; i < COUNT; i++)
		for (int partition = 0; partition < PARTITIONS; partition++) {
			bool is_large = (i + partition) % LARGE_EVERY == 0;

			ASSERT_OK(kafka_producer_produce(producer, topic, partition, SLICE_LITERAL("k"),
							 slice_make(value, is_large ? LARGE_BYTES : SMALL_BYTES), NULL,
							 0, NULL, &err));
		}
	ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
	join(&member, topic, topic);
	for (int taken = 0, polls = 0; taken < COUNT * PARTITIONS; polls++) {
		bool came;

		ASSERT_OK(kafka_consumer_poll(member.consumer, 100, &message, &came, &err));
		cr_assert_lt(polls, 600, "taken: %d", taken);
		if (!came)
			continue;
		cr_assert_eq(message.offset, next[message.partition]++);
		cr_assert_eq(message.value.n,
			     (size_t)((message.offset + message.partition) % LARGE_EVERY == 0 ? LARGE_BYTES
											      : SMALL_BYTES));
		kafka_message_drop(&message);
		taken++;
	}
	kafka_consumer_close(member.consumer);
	kafka_producer_close(producer);
	free(value);
	free(reports);
}

/* --- readers --- */

static void read_next(struct kafka_reader *reader, struct kafka_message *ret)
{
	struct err err = { 0 };
	bool came = false;

	ASSERT_OK(kafka_reader_next(reader, WAIT_MS, ret, &came, &err));
	cr_assert(came);
}

Test(reader, reads_ranges_one_after_another)
{
	char topic[64];
	struct kafka_options kafka = broker();
	struct kafka_reader *reader = NULL;
	struct kafka_topic_range range = { 0 };
	struct kafka_message message = { 0 };
	struct err err = { 0 };
	bool came;
	int32_t partitions = 0;

	make_topic(topic, sizeof topic, 2);
	fill(topic, 1, 0, 500);
	ASSERT_OK(kafka_reader_open(&kafka, MESSAGE_BYTES_MAX, &reader, &err));
	ASSERT_OK(kafka_reader_partitions(reader, topic, WAIT_MS, &partitions, &err));
	cr_expect_eq(partitions, 2);
	ASSERT_OK(kafka_reader_range(reader, topic, 1, WAIT_MS, &range, &err));
	cr_expect_eq(range.low, 0);
	cr_expect_eq(range.high, 500);
	for (int64_t start = 490; start >= 0; start -= 70) {
		ASSERT_OK(kafka_reader_begin(reader, topic, 1, start, start + 10, &err));
		for (int64_t i = start; i < start + 10; i++) {
			char want[16];

			read_next(reader, &message);
			cr_assert_eq(message.offset, i);
			snprintf(want, sizeof want, "%" PRId64, i);
			cr_assert(slice_equal_text(message.value, want));
			kafka_message_drop(&message);
		}
	}
	ASSERT_OK(kafka_reader_next(reader, WAIT_MS, &message, &came, &err));
	cr_expect_not(came, "the range ends there, though the log goes on");
	ASSERT_OK(kafka_reader_begin(reader, topic, 1, 500, INT64_MAX, &err));
	ASSERT_OK(kafka_reader_next(reader, WAIT_MS, &message, &came, &err));
	cr_expect_not(came, "the log ends there");
	ASSERT_KIND(kafka_reader_begin(reader, topic, 1, 501, 502, &err), ERR_DATA);
	ASSERT_KIND(kafka_reader_begin(reader, topic, 2, 0, 1, &err), ERR_CONFIG);
	ASSERT_KIND(kafka_reader_partitions(reader, "it.no.such.topic", WAIT_MS, &partitions, &err), ERR_CONFIG);
	int64_t begin_ms = clock_ms();

	ASSERT_KIND(kafka_reader_range(reader, "it.no.such.topic", 0, WAIT_MS, &range, &err), ERR_CONFIG);
	cr_log_info("an unknown topic is known as such in %" PRId64 " ms", clock_ms() - begin_ms);
	kafka_reader_close(reader);
}

static void expect_offsets(struct kafka_reader *reader, const char *topic, const int64_t *offsets, size_t count)
{
	struct kafka_message message;
	struct err err = { 0 };
	bool came;

	ASSERT_OK(kafka_reader_begin(reader, topic, 0, 0, INT64_MAX, &err));
	for (size_t i = 0; i < count; i++) {
		ASSERT_OK(kafka_reader_next(reader, WAIT_MS, &message, &came, &err));
		cr_assert(came && message.offset == offsets[i], "%zu", i);
		kafka_message_drop(&message);
	}
	ASSERT_OK(kafka_reader_next(reader, WAIT_MS, &message, &came, &err));
	cr_expect_not(came);
}

Test(reader, comes_to_the_end_behind_markers_of_transactions)
{
	static const int64_t OFFSETS[] = { 0, 1, 3, 4, 6, 7, 9 };
	char topic[64];
	struct kafka_options kafka = broker();
	struct kafka_reader *reader = NULL;
	struct kafka_topic_range range;
	struct err err = { 0 };
	enum kafka_gap gap;
	bool holds = true;

	make_topic(topic, sizeof topic, 1);
	fill(topic, 0, 0, 1);
	transact(topic, 1, TRANSACTION_ABORTED); /* 1, marker 2 */
	fill(topic, 0, 1, 1);
	transact(topic, 1, TRANSACTION_ENDED); /* 4, marker 5 */
	fill(topic, 0, 2, 1);
	transact(topic, 1, TRANSACTION_ABORTED);   /* 7, marker 8 */
	transact(topic, 1, TRANSACTION_LEFT_OPEN); /* 9: nobody waits for its end */
	ASSERT_OK(kafka_reader_open(&kafka, MESSAGE_BYTES_MAX, &reader, &err));
	ASSERT_OK(kafka_reader_range(reader, topic, 0, WAIT_MS, &range, &err));
	cr_expect_eq(range.high, 10);
	expect_offsets(reader, topic, OFFSETS, ARRAY_LEN(OFFSETS));
	ASSERT_OK(kafka_reader_holds(reader, topic, 0, 8, 9, WAIT_MS, &holds, &err));
	cr_expect_not(holds, "a marker");
	ASSERT_OK(kafka_reader_holds(reader, topic, 0, 7, 9, WAIT_MS, &holds, &err));
	cr_expect(holds);
	ASSERT_OK(kafka_reader_gap(reader, topic, 0, 2, WAIT_MS, &gap, &err));
	cr_expect_eq(gap, KAFKA_GAP_EMPTY);
	kafka_reader_close(reader);
}

Test(reader, a_marker_at_the_very_end_is_the_end)
{
	static const int64_t OFFSETS[] = { 0, 1 };
	char topic[64];
	struct kafka_options kafka = broker();
	struct kafka_reader *reader = NULL;
	struct err err = { 0 };

	make_topic(topic, sizeof topic, 1);
	fill(topic, 0, 0, 1);
	transact(topic, 1, TRANSACTION_ENDED);
	ASSERT_OK(kafka_reader_open(&kafka, MESSAGE_BYTES_MAX, &reader, &err));
	expect_offsets(reader, topic, OFFSETS, ARRAY_LEN(OFFSETS));
	kafka_reader_close(reader);
}

Test(reader, tells_what_never_was_from_what_may_be_lost)
{
	char topic[64];
	struct kafka_options kafka = broker();
	struct kafka_reader *reader = NULL;
	struct err err = { 0 };
	enum kafka_gap gap;

	ASSERT_OK(kafka_reader_open(&kafka, MESSAGE_BYTES_MAX, &reader, &err));
	make_topic_with(topic, sizeof topic, 1, "compact");
	ASSERT_OK(kafka_reader_gap(reader, topic, 0, 0, WAIT_MS, &gap, &err));
	cr_expect_eq(gap, KAFKA_GAP_COMPACTED);
	make_topic(topic, sizeof topic, 1);
	fill(topic, 0, 0, 5);
	cr_assert(kafka_transaction_delete(kafka.brokers, topic, 0, 3));
	ASSERT_OK(kafka_reader_gap(reader, topic, 0, 2, WAIT_MS, &gap, &err));
	cr_expect_eq(gap, KAFKA_GAP_DELETED);
	ASSERT_OK(kafka_reader_gap(reader, topic, 0, 3, WAIT_MS, &gap, &err));
	cr_expect_eq(gap, KAFKA_GAP_EMPTY);
	kafka_reader_close(reader);
}

Test(reader, shows_headers_as_they_were_sent)
{
	char topic[64];
	struct kafka_options kafka = broker();
	struct reports *reports = calloc(1, sizeof *reports);
	struct kafka_producer *producer = open_producer(reports);
	struct kafka_reader *reader = NULL;
	struct kafka_message message = { 0 };
	struct err err = { 0 };
	struct message_header headers[KAFKA_HEADERS_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		headers[i] = (struct message_header){ "board", slice_make("4\0001", 3) };
	headers[1].value = (struct slice){ 0 };
	make_topic(topic, sizeof topic, 1);
	ASSERT_OK(kafka_producer_produce(producer, topic, 0, SLICE_LITERAL("key"), (struct slice){ 0 }, headers,
					 ARRAY_LEN(headers), NULL, &err));
	ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
	ASSERT_OK(kafka_reader_open(&kafka, MESSAGE_BYTES_MAX, &reader, &err));
	ASSERT_OK(kafka_reader_begin(reader, topic, 0, 0, INT64_MAX, &err));
	read_next(reader, &message);
	cr_expect(slice_equal_text(message.key, "key"));
	cr_expect_eq(message.value.n, 0);
	cr_expect_eq(message.header_count, (size_t)KAFKA_HEADERS_MAX, "one more was sent");
	cr_expect_str_eq(message.headers[0].name, "board");
	cr_expect(slice_equal(message.headers[0].value, headers[0].value));
	cr_expect_eq(message.headers[1].value.n, 0);
	cr_expect_gt(message.timestamp_ms, 1500000000000);
	kafka_message_drop(&message);
	kafka_message_drop(&message); /* twice is once */
	kafka_reader_close(reader);
	kafka_producer_close(producer);
	free(reports);
}

/* --- admin --- */

/* --- a topic that is followed --- */

struct follower {
	_Atomic int taken, cuts;
	_Atomic int64_t cut_below;
};

static int note_taken(void *self, const struct kafka_message *message, void **ret, struct err *err)
{
	struct follower *follower = self;

	(void)message;
	(void)err;
	*ret = NULL;
	follower->taken++;
	return 0;
}

static void note_cut(void *self, int64_t below)
{
	struct follower *follower = self;

	follower->cut_below = below;
	follower->cuts++;
}

static void free_none(void *snapshot)
{
	(void)snapshot;
}

static bool await_number(const _Atomic int *number, int wanted)
{
	for (int64_t end_ms = clock_ms() + 30000; *number < wanted && clock_ms() < end_ms;)
		usleep(20000);
	return *number == wanted;
}

/* As the topic of day keys: what its keys sealed nobody could open who starts then. */
static const struct topic_watch_kind FOLLOWED = {
	.event = "followed", .open = note_taken, .free = free_none, .is_optional = true, .cut = note_cut
};

Test(watch, tells_of_a_topic_that_is_deleted_and_reads_the_next_from_its_beginning, .timeout = 600)
{
	struct follower follower = { 0 };
	struct kafka_options kafka = broker();
	struct topic_watch *watch = NULL;
	struct err err = { 0 };
	char topic[64];

	make_topic(topic, sizeof topic, 1);
	fill(topic, 0, 0, 3);
	ASSERT_OK(topic_watch_open(&kafka, topic, &FOLLOWED, &follower, &watch, &err));
	cr_expect(await_number(&follower.taken, 3), "%d", follower.taken);
	cr_expect_eq(follower.cuts, 0);

	cr_assert(kafka_transaction_delete_topic(broker().brokers, topic));
	cr_expect(await_number(&follower.cuts, 1), "the topic is gone");
	cr_expect_eq(follower.cut_below, INT64_MAX);

	struct kafka_topic_spec spec = { .name = topic, .partitions = 1, .replication = 1 };

	ASSERT_OK(kafka_admin_make_topics(&kafka, &spec, 1, WAIT_MS, &err));
	fill(topic, 0, 0, 2);
	cr_expect(await_number(&follower.taken, 5), "its successor is read from the beginning: %d", follower.taken);

	cr_assert(kafka_transaction_delete_topic(broker().brokers, topic)); /* and made anew before anybody looks */
	ASSERT_OK(kafka_admin_make_topics(&kafka, &spec, 1, WAIT_MS, &err));
	fill(topic, 0, 0, 1);
	cr_expect(await_number(&follower.cuts, 2), "it ends before where it was read to");
	cr_expect(await_number(&follower.taken, 6), "%d", follower.taken);
	cr_expect(topic_watch_close(watch));
}

Test(admin, makes_a_topic_once_and_never_another_count)
{
	char topic[64];
	struct kafka_options kafka = broker();
	struct kafka_topic_spec spec = { .name = fixture_name(topic, sizeof topic), .partitions = 3, .replication = 1 };
	struct err err = { 0 };

	ASSERT_OK(kafka_admin_make_topics(&kafka, &spec, 1, WAIT_MS, &err));
	ASSERT_OK(kafka_admin_make_topics(&kafka, &spec, 1, WAIT_MS, &err));
	spec.partitions = 4;
	ASSERT_KIND(kafka_admin_make_topics(&kafka, &spec, 1, WAIT_MS, &err), ERR_CONFIG);
	cr_expect_str_eq(err.code, "partitions");
	kafka.brokers = "127.0.0.1:1";
	ASSERT_KIND(kafka_admin_make_topics(&kafka, &spec, 1, 500, &err), ERR_RETRY);
}

Test(admin, settings_that_librdkafka_refuses_are_config_errors)
{
	struct kafka_topic_spec spec = { .name = "it.never-made", .partitions = 1, .replication = 1 };
	struct err err = { 0 };
	struct kafka_options none = { .brokers = "" }, odd = { .brokers = "127.0.0.1:1", .security_protocol = "ssh" };

	ASSERT_KIND(kafka_admin_make_topics(&none, &spec, 1, 100, &err), ERR_CONFIG);
	ASSERT_KIND(kafka_admin_make_topics(&odd, &spec, 1, 100, &err), ERR_CONFIG);
}

/* --- what brokers refuse for good; of a mock cluster, as ours have no rights to take away --- */

static const struct {
	rd_kafka_resp_err_t code;
	int error;
	bool lasts;
} REFUSALS[] = {
	{ RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ERR_CONFIG, true },
	{ RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ERR_CONFIG, true },
	{ RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ERR_DATA, true },
	{ RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, ERR_DATA, true },
	{ RD_KAFKA_RESP_ERR_INVALID_RECORD, ERR_DATA, true },
	{ RD_KAFKA_RESP_ERR_POLICY_VIOLATION, ERR_FATAL, true },
};

/* The report of one message, whose request the broker answers with code. */
static struct kafka_report refused_with(rd_kafka_mock_cluster_t *mock, struct kafka_producer *producer,
					struct reports *reports, rd_kafka_resp_err_t code)
{
	enum { PRODUCE = 0 };
	struct err err = { 0 };

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_mock_push_request_errors(mock, PRODUCE, 1, code);
	ASSERT_OK(kafka_producer_produce(producer, "mock.raw.1", 0, SLICE_LITERAL("k"), SLICE_LITERAL("v"), NULL, 0,
					 NULL, &err));
	ASSERT_OK(kafka_producer_flush(producer, WAIT_MS, &err));
	return reports->last;
}

Test(producer, a_refusal_for_good_differs_from_one_that_passes_and_ends_no_producer)
{
	struct reports *reports = calloc(1, sizeof *reports);
	rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
	rd_kafka_mock_cluster_t *mock = rd_kafka_mock_cluster_new(host, 1);
	struct kafka_options kafka = { .brokers = rd_kafka_mock_cluster_bootstraps(mock), .client_id = "adapters_it" };

	rd_kafka_mock_topic_create(mock, "mock.raw.1", 1, 1);
	for (size_t i = 0; i < ARRAY_LEN(REFUSALS); i++) {
		struct kafka_producer *producer = open_sink_at(kafka, reports, WAIT_MS);
		const char *name = rd_kafka_err2name(REFUSALS[i].code);
		struct kafka_report report = refused_with(mock, producer, reports, RD_KAFKA_RESP_ERR_NO_ERROR);

		cr_assert_eq(report.error, 0, "%s: before, %s", name, report.code);
		report = refused_with(mock, producer, reports, REFUSALS[i].code);
		cr_expect_eq(report.error, REFUSALS[i].error, "%s: %d, %s", name, report.error, report.code);
		cr_expect_str_eq(report.code, name);
		cr_expect_eq(kafka_refusal_lasts(report.error, report.code), REFUSALS[i].lasts, "%s", name);
		cr_expect(!kafka_producer_is_dead(producer), "%s", name);
		report = refused_with(mock, producer, reports, RD_KAFKA_RESP_ERR_NO_ERROR);
		cr_expect_eq(report.error, 0, "%s: the next is taken, %s", name, report.code);
		kafka_producer_close(producer);
	}
	rd_kafka_mock_cluster_destroy(mock);
	rd_kafka_destroy(host);
	free(reports);
}

/* --- a topic that brokers do not know for a moment --- */

enum { ROUND_TRIP_MS = 1000 };

static void *make_known(void *mock)
{
	usleep(ROUND_TRIP_MS * 1000 / 2); /* behind the first question, before its answer */
	rd_kafka_mock_topic_set_error(mock, "mock.reference.1", RD_KAFKA_RESP_ERR_NO_ERROR);
	return NULL;
}

/* A broker that comes back calls a topic unknown, and then knows it: nobody deleted it. */
Test(reader, a_topic_that_is_unknown_for_a_moment_is_not_gone)
{
	rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
	rd_kafka_mock_cluster_t *mock = rd_kafka_mock_cluster_new(host, 1);
	struct kafka_options kafka = { .brokers = rd_kafka_mock_cluster_bootstraps(mock), .client_id = "adapters_it" };
	struct kafka_reader *reader;
	struct kafka_topic_range range;
	struct err err = { 0 };
	pthread_t thread;

	rd_kafka_mock_topic_create(mock, "mock.reference.1", 1, 1);
	rd_kafka_mock_topic_create(mock, "mock.raw.1", 1, 1);
	ASSERT_OK(kafka_reader_open(&kafka, 1 << 20, &reader, &err));
	ASSERT_OK(kafka_reader_range(reader, "mock.raw.1", 0, WAIT_MS, &range, &err));
	rd_kafka_mock_topic_set_error(mock, "mock.reference.1", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	rd_kafka_mock_broker_set_rtt(mock, 1, ROUND_TRIP_MS);
	cr_assert_eq(pthread_create(&thread, NULL, make_known, mock), 0);
	int rc = kafka_reader_range(reader, "mock.reference.1", 0, WAIT_MS, &range, &err);

	pthread_join(thread, NULL);
	cr_expect_eq(rc, -ERR_RETRY, "%d %s", rc, err.text);
	cr_expect_str_eq(err.code, "LEADER_NOT_AVAILABLE", "it has no code of a topic that is gone");
	rd_kafka_mock_broker_set_rtt(mock, 1, -1);
	kafka_reader_close(reader);
	rd_kafka_mock_cluster_destroy(mock);
	rd_kafka_destroy(host);
}
