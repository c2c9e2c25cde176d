#include "kafka/kafka_gap.h"

#include "kafka/kafka_internal.h"

#include "base/clock.h"

const char *kafka_gap_text(enum kafka_gap gap)
{
	switch (gap) {
	case KAFKA_GAP_EMPTY:
		return "never were messages";
	case KAFKA_GAP_DELETED:
		return "were deleted from the log";
	case KAFKA_GAP_COMPACTED:
		return "may have been compacted away: the topic must have cleanup.policy=delete";
	case KAFKA_GAP_HIDDEN:
		return "may be lost: Kafka does not let us read the topic's settings (right DescribeConfigs)";
	}
	return "";
}

static void drop_config_resource(rd_kafka_ConfigResource_t **resource)
{
	if (*resource)
		rd_kafka_ConfigResource_destroy(*resource);
}

static rd_kafka_resp_err_t read_policy(rd_kafka_event_t *answer, enum kafka_gap *ret)
{
	size_t count = 0;
	const rd_kafka_ConfigResource_t **resources =
		rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(answer), &count);

	if (count != 1)
		return RD_KAFKA_RESP_ERR__FAIL;
	if (rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return rd_kafka_ConfigResource_error(resources[0]);
	const char *policy = kafka_config_value(resources[0], "cleanup.policy");

	*ret = !policy ? KAFKA_GAP_HIDDEN : strstr(policy, "compact") ? KAFKA_GAP_COMPACTED : KAFKA_GAP_EMPTY;
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* What became of an offset that is missing above the topic's beginning, as far as its cleanup.policy says so. */
static int ask_policy(rd_kafka_t *rk, const char *topic, uint32_t wait_ms, enum kafka_gap *ret, struct err *err)
{
	CLEANUP(drop_config_resource)
	rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
	CLEANUP(kafka_question_release) struct kafka_question question = { 0 };

	if (!resource)
		return err_set(err, ERR_CONFIG, "topic", "a topic without a name");
	kafka_question_begin(&question, rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, wait_ms);
	rd_kafka_DescribeConfigs(rk, &resource, 1, question.options, question.queue);
	rd_kafka_resp_err_t code = kafka_question_await(&question, wait_ms);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = read_policy(question.answer, ret);
	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	    code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) {
		*ret = KAFKA_GAP_HIDDEN;
		return 0;
	}
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(code, topic, err);
}

/* The policy first: what is deleted between the two questions then shows in the beginning. */
int kafka_ask_gap(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t from, uint32_t wait_ms,
		  enum kafka_gap *ret, struct err *err)
{
	struct kafka_topic_range range;
	int64_t end_ms = clock_ms() + wait_ms;
	int rc = ask_policy(rk, topic, wait_ms, ret, err);

	if (rc == 0)
		rc = kafka_ask_range(rk, topic, partition, (uint32_t)MAX(end_ms - clock_ms(), 1), &range, err);
	if (rc == 0 && range.low > from)
		*ret = KAFKA_GAP_DELETED;
	return rc;
}
