#include "kafka_transaction.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_MS = 15000 };

static bool is_good(rd_kafka_error_t *error)
{
	if (!error)
		return true;
	fprintf(stderr, "kafka_transaction: %s\n", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return false;
}

/* First line of the file; empty: there is none. */
static void read_line(const char *path, char *ret, size_t ret_bytes)
{
	FILE *file = path ? fopen(path, "re") : NULL;

	if (!file || !fgets(ret, (int)ret_bytes, file))
		ret[0] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
	if (file)
		fclose(file);
}

/* On a secured stack with the settings of that name in the environment. */
static rd_kafka_conf_t *conf_of(const char *brokers)
{
	static const char *const SETTINGS[][2] = {
		{ "security.protocol", "INSTROOM_KAFKA_SECURITY_PROTOCOL" },
		{ "ssl.ca.location", "INSTROOM_KAFKA_CA_FILE" },
		{ "sasl.mechanism", "INSTROOM_KAFKA_SASL_MECHANISM" },
		{ "sasl.username", "INSTROOM_KAFKA_SASL_USER" },
	};
	char password[256], reason[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, reason, sizeof reason);
	for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
		const char *value = getenv(SETTINGS[i][1]);

		if (value)
			rd_kafka_conf_set(conf, SETTINGS[i][0], value, reason, sizeof reason);
	}
	read_line(getenv("INSTROOM_KAFKA_SASL_PASSWORD_FILE"), password, sizeof password);
	if (password[0])
		rd_kafka_conf_set(conf, "sasl.password", password, reason, sizeof reason);
	return conf;
}

static rd_kafka_t *open_producer(const char *brokers)
{
	char id[64], reason[256];
	struct timespec now;
	rd_kafka_conf_t *conf = conf_of(brokers);

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(id, sizeof id, "foreign-%lld-%ld", (long long)now.tv_sec, now.tv_nsec);
	rd_kafka_conf_set(conf, "transactional.id", id, reason, sizeof reason);
	return rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
}

static bool write_records(rd_kafka_t *rk, const char *topic, int32_t partition, int count)
{
	static char key[] = "foreign", value[] = "of a transaction";

	for (int i = 0; i < count; i++) {
		rd_kafka_resp_err_t code = rd_kafka_producev(rk, RD_KAFKA_VTYPE_TOPIC, topic, RD_KAFKA_VTYPE_PARTITION,
							     partition, RD_KAFKA_VTYPE_MSGFLAGS,
							     (int)RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_KEY, (void *)key,
							     strlen(key), RD_KAFKA_VTYPE_VALUE, (void *)value,
							     strlen(value), RD_KAFKA_VTYPE_END);

		if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
			return false;
	}
	return rd_kafka_flush(rk, WAIT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool kafka_transaction_write(const char *brokers, const char *topic, int32_t partition, int n, enum transaction_is end)
{
	rd_kafka_t *rk = open_producer(brokers);

	if (!rk)
		return false;
	bool good = is_good(rd_kafka_init_transactions(rk, WAIT_MS)) && is_good(rd_kafka_begin_transaction(rk)) &&
		    write_records(rk, topic, partition, n);

	if (good && end == TRANSACTION_ABORTED)
		good = is_good(rd_kafka_abort_transaction(rk, WAIT_MS));
	else if (good && end == TRANSACTION_ENDED)
		good = is_good(rd_kafka_commit_transaction(rk, WAIT_MS));
	rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	return good;
}

bool kafka_transaction_delete(const char *brokers, const char *topic, int32_t partition, int64_t below)
{
	char reason[256];
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf_of(brokers), reason, sizeof reason);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);

	rd_kafka_topic_partition_list_add(list, topic, partition)->offset = below;
	rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);

	rd_kafka_DeleteRecords(rk, &request, 1, NULL, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
	bool good = event && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;

	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_DeleteRecords_destroy(request);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return good;
}

bool kafka_transaction_delete_topic(const char *brokers, const char *topic)
{
	char reason[256];
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf_of(brokers), reason, sizeof reason);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(topic);

	rd_kafka_DeleteTopics(rk, &request, 1, NULL, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
	bool good = event && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;

	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_DeleteTopic_destroy(request);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return good;
}
