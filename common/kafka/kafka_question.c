#include "kafka/kafka_internal.h"

void kafka_question_begin(struct kafka_question *question, rd_kafka_t *rk, rd_kafka_admin_op_t kind, uint32_t wait_ms)
{
	char reason[256];

	question->queue = rd_kafka_queue_new(rk);
	question->options = rd_kafka_AdminOptions_new(rk, kind);
	question->answer = NULL;
	rd_kafka_AdminOptions_set_request_timeout(question->options, (int)wait_ms, reason, sizeof reason);
}

rd_kafka_resp_err_t kafka_question_await(struct kafka_question *question, uint32_t wait_ms)
{
	if (!question->answer)
		question->answer = rd_kafka_queue_poll(question->queue, (int)wait_ms);
	return question->answer ? rd_kafka_event_error(question->answer) : RD_KAFKA_RESP_ERR__TIMED_OUT;
}

void kafka_question_release(struct kafka_question *question)
{
	if (question->answer)
		rd_kafka_event_destroy(question->answer);
	if (question->options)
		rd_kafka_AdminOptions_destroy(question->options);
	if (question->queue)
		rd_kafka_queue_destroy(question->queue);
	*question = (struct kafka_question){ 0 };
}

const char *kafka_config_value(const rd_kafka_ConfigResource_t *resource, const char *name)
{
	size_t count = 0;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
			return rd_kafka_ConfigEntry_value(entries[i]);
	return NULL;
}
