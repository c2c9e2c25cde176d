#include "ctl/base/publish.h"

#include "ctl/base/raw_log.h"
#include "kafka/kafka_refusal.h"
#include "protocol/raw_message.h"

static void keep_report(void *self, const struct kafka_report *report)
{
	*(struct kafka_report *)self = *report;
}

int publish_fail(int error, const char *code, const char *what, const char *topic, struct err *err)
{
	if (kafka_refusal_lasts(error, code))
		return err_set(err, ERR_CONFIG, code,
			       "Kafka will not take %s until somebody mends topic %s (its max.message.bytes, a policy, "
			       "a right): instroomctl migrate names what differs",
			       what, topic);
	return err_set(err, (enum err_kind)error, code, "Kafka did not take %s", what);
}

int publish_one(struct ctl *ctl, const struct publish_message *message, struct err *err)
{
	struct kafka_producer_options options = { .message_bytes_max = CTL_MESSAGE_BYTES_MAX,
						  .delivery_timeout_ms = CTL_WAIT_MS,
						  .queue_bytes_max = 2 * CTL_MESSAGE_BYTES_MAX,
						  .compression = "lz4" };
	struct kafka_report report = { .error = ERR_RETRY, .code = "timeout" };
	struct kafka_producer *producer;
	int rc = kafka_producer_open(&ctl->kafka, &options, keep_report, &report, &producer, err);

	if (rc != 0)
		return rc;
	rc = kafka_producer_produce(producer, message->topic, message->partition, message->key, message->value,
				    message->headers, message->header_count, NULL, err);
	if (rc == 0)
		rc = kafka_producer_flush(producer, CTL_WAIT_MS, err);
	if (rc == 0 && report.error != 0)
		rc = publish_fail(report.error, report.code, message->what, message->topic, err);
	kafka_producer_close(producer);
	return rc;
}

int publish_raw(struct ctl *ctl, struct pg_link *link, const char *what, const struct raw_message *message,
		const struct strbuf *value, struct err *err)
{
	struct publish_message published = { .what = what,
					     .topic = ctl->config.topic.raw,
					     .key = message->key,
					     .value = message->value,
					     .headers = message->headers.items,
					     .header_count = message->headers.count };
	int32_t partitions = 0;
	int rc = strbuf_check(value, what, err);

	if (rc == 0)
		rc = raw_log_partitions(ctl, link, &partitions, err);
	if (rc != 0)
		return rc;
	published.partition = partitioning_of_key(message->key, partitions);
	return publish_one(ctl, &published, err);
}
