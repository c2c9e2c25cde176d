#include "ctl/base/topic_walk.h"

#include "ctl/base/ctl.h"

int topic_walk(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t from, int64_t end,
	       topic_visit *visit, void *self, struct err *err)
{
	int rc = from < end ? kafka_reader_seek(reader, topic, partition, from, err) : 0;

	for (int64_t next = from; rc == 0 && next < end;) {
		struct kafka_message message = { 0 };
		bool came;

		if (stop_poll() != STOP_NONE)
			return err_set(err, ERR_STOP, "stop", "stopped");
		rc = kafka_reader_next(reader, CTL_WAIT_MS, &message, &came, err);
		if (rc != 0 || !came)
			return rc != 0 ? rc : err_set(err, ERR_RETRY, "silent", "%s gives nothing below its end", topic);
		next = message.offset + 1;
		rc = next > end ? 0 : visit(self, &message, err);
		kafka_message_drop(&message);
	}
	return rc;
}

int topic_message_at(struct kafka_reader *reader, const char *topic, int32_t partition, int64_t offset,
		     enum topic_found *ret_found, struct kafka_message *ret, struct err *err)
{
	struct kafka_message message = { 0 };
	bool came = false;
	int rc = kafka_reader_seek(reader, topic, partition, offset, err);

	if (rc == 0)
		rc = kafka_reader_next(reader, CTL_WAIT_MS, &message, &came, err);
	if (rc != 0 && rc != -ERR_DATA)
		return rc;
	*ret_found = rc != 0 ? TOPIC_GONE : !came ? TOPIC_SILENT : message.offset == offset ? TOPIC_FOUND : TOPIC_GONE;
	if (*ret_found == TOPIC_FOUND)
		*ret = message;
	else if (came)
		kafka_message_drop(&message);
	return 0;
}
