#include "ctl/base/topic_walk.h"

#include "ctl/base/ctl.h"

int topic_walk(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from, int64_t end,
	       topic_visit *visit, void *self, struct err *err)
{
	bool came = from < end;
	int rc = came ? kafka_reader_begin(reader, topic, partition, from, end, err) : 0;

	while (rc == 0 && came) {
		struct kafka_message message = { 0 };

		if (stop_poll() != STOP_NONE)
			return err_set(err, ERR_STOP, "stop", "stopped");
		rc = kafka_reader_next(reader, CTL_WAIT_MS, &message, &came, err);
		if (rc == 0 && came)
			rc = visit(self, &message, err);
		kafka_message_drop(&message);
	}
	return rc;
}

int topic_message_at(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t offset,
		     enum topic_found *ret_found, struct kafka_message *ret, struct err *err)
{
	bool came = false;
	int rc = kafka_reader_begin(reader, topic, partition, offset, offset + 1, err);

	if (rc == 0)
		rc = kafka_reader_next(reader, CTL_WAIT_MS, ret, &came, err);
	if (rc < 0 && rc != -ERR_DATA)
		return rc;
	*ret_found = rc == 0 && came ? TOPIC_FOUND : TOPIC_GONE;
	return 0;
}
