/* kafka_bench: what the log alone costs: takes all messages of a topic, then produces the same into another.
 *
 *   kafka_bench BROKERS FROM INTO
 *
 * Both topics have the same number of partitions; INTO is empty. Producing is as the gateway and the validators do it:
 * idempotent, acks=all, keys and partitions as they were. Prints JSON: messages, bytes, seconds of consuming (first
 * message to last) and of producing (first call to last acknowledgement). Memory: the whole topic. */
#include "base/macros.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_MS = 10000, MESSAGE_BYTES_MAX = 64 << 20, PARTITIONS_MAX = 4096 };

struct log_copy {
	rd_kafka_message_t **messages;
	size_t count, capacity, bytes;
};

static _Noreturn void give_up(const char *what, const char *why)
{
	fprintf(stderr, "kafka_bench: %s: %s\n", what, why);
	exit(70);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *const settings[][2], size_t count)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[512];

	for (size_t i = 0; i < count; i++)
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) != RD_KAFKA_CONF_OK)
			give_up(settings[i][0], text);
	rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);

	if (!rk)
		give_up("client", text);
	return rk;
}

static int partitions_of(rd_kafka_t *rk, const char *topic)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
	const struct rd_kafka_metadata *found;

	if (rd_kafka_metadata(rk, 0, handle, &found, WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR || found->topic_cnt != 1)
		give_up(topic, "its partitions could not be asked");
	int count = found->topics[0].partition_cnt;

	rd_kafka_metadata_destroy(found);
	rd_kafka_topic_destroy(handle);
	return count;
}

/* Assigns all partitions from their beginning. Returns how many messages there are (the log has no holes). */
static size_t assign_all(rd_kafka_t *rk, const char *topic)
{
	int partitions = partitions_of(rk, topic);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	size_t wanted = 0;

	for (int p = 0; p < partitions; p++) {
		int64_t low, high;

		if (rd_kafka_query_watermark_offsets(rk, topic, p, &low, &high, WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
			give_up(topic, "its ends could not be asked");
		wanted += (size_t)(high - low);
		rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
	}
	if (rd_kafka_assign(rk, list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		give_up(topic, "cannot be assigned");
	rd_kafka_topic_partition_list_destroy(list);
	return wanted;
}

static double consume(rd_kafka_t *rk, size_t wanted, struct log_copy *copy)
{
	double begun = now_s();

	copy->messages = calloc(wanted + 1, sizeof *copy->messages);
	if (!copy->messages)
		give_up("memory", "the topic is too large");
	while (copy->count < wanted) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, WAIT_MS);

		if (!message || message->err)
			give_up("consume", message ? rd_kafka_message_errstr(message) : "nothing came");
		copy->messages[copy->count++] = message;
		copy->bytes += message->len;
	}
	return now_s() - begun;
}

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *self)
{
	(void)rk;
	(void)self;
	if (message->err)
		give_up("produce", rd_kafka_message_errstr(message));
}

static double produce(const char *brokers, const char *topic, const struct log_copy *copy)
{
	const char *const settings[][2] = { { "bootstrap.servers", brokers },
					    { "enable.idempotence", "true" },
					    { "acks", "all" },
					    { "linger.ms", "2" },
					    { "message.max.bytes", "67108864" },
					    { "queue.buffering.max.kbytes", "262144" } };
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) != RD_KAFKA_CONF_OK)
			give_up(settings[i][0], text);
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);

	if (!rk)
		give_up("producer", text);
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);

	partitions_of(rk, topic); /* the first call of a topic waits for its metadata: not part of the measure */
	double begun = now_s();

	for (size_t i = 0; i < copy->count; i++) {
		const rd_kafka_message_t *message = copy->messages[i];

		while (rd_kafka_produce(handle, message->partition, 0, message->payload, message->len, message->key,
					message->key_len, NULL) != 0) {
			if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
				give_up("produce", rd_kafka_err2str(rd_kafka_last_error()));
			rd_kafka_poll(rk, 10);
		}
		rd_kafka_poll(rk, 0);
	}
	if (rd_kafka_flush(rk, 10 * WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		give_up("produce", "not everything was acknowledged");
	double seconds = now_s() - begun;

	rd_kafka_topic_destroy(handle);
	rd_kafka_destroy(rk);
	return seconds;
}

int main(int argc, char **argv)
{
	struct log_copy copy = { 0 };

	if (argc != 4) {
		fputs("usage: kafka_bench BROKERS FROM INTO\n", stderr);
		return 64;
	}
	const char *const settings[][2] = { { "bootstrap.servers", argv[1] },
					    { "group.id", "kafka-bench" },
					    { "enable.auto.commit", "false" },
					    { "enable.auto.offset.store", "false" },
					    { "fetch.message.max.bytes", "67108864" },
					    { "fetch.max.bytes", "134217728" },
					    { "receive.message.max.bytes", "201326592" },
					    { "queued.max.messages.kbytes", "262144" } };
	rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, settings, ARRAY_LEN(settings));

	rd_kafka_poll_set_consumer(rk);
	double consumed_s = consume(rk, assign_all(rk, argv[2]), &copy);
	double produced_s = produce(argv[1], argv[3], &copy);

	printf("{\"messages\": %zu, \"bytes\": %zu, \"consume_seconds\": %.4f, \"produce_seconds\": %.4f}\n",
	       copy.count, copy.bytes, consumed_s, produced_s);
	for (size_t i = 0; i < copy.count; i++)
		rd_kafka_message_destroy(copy.messages[i]);
	free(copy.messages);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return 0;
}
