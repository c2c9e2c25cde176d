#include "encryption/day_key_topic.h"

#include "encryption/day_key_message.h"
#include "kafka/kafka_reader.h"

enum { MESSAGE_BYTES_MAX = 1 << 20, WAIT_MS = 10000 };

static int take(const struct kafka_message *message, struct day_keys *keys, const struct day_key_topic_look *look,
		struct err *err)
{
	struct day_key_record record;

	if (message->value.n == 0) { /* somebody deleted it */
		if (keys && day_key_id_parse(message->key, &record.id))
			(void)day_keys_delete(keys, &record.id);
		return 0;
	}
	int rc = day_key_message_read(message->key, message->value, &record, err);

	if (rc == -ERR_DATA)
		return 0;
	if (rc != 0)
		return rc;
	record.offset = message->offset;
	if (look && look->visit)
		look->visit(look->self, &record, message->offset);
	if (keys && !day_keys_take(keys, &record))
		return err_set(err, ERR_CONFIG, "day_keys", "the topic of day keys names more than %d keys",
			       DAY_KEYS_MAX);
	return 0;
}

static int read_all(struct kafka_reader *reader, const char *topic, struct day_keys *keys,
		    const struct day_key_topic_look *look, struct err *err)
{
	struct kafka_topic_range range;
	bool came = true;
	int rc = kafka_reader_range(reader, topic, 0, WAIT_MS, &range, err);

	if (rc == 0)
		rc = kafka_reader_begin(reader, topic, 0, range.low, range.high, err);
	while (rc == 0 && came) {
		struct kafka_message message = { 0 };

		rc = kafka_reader_next(reader, WAIT_MS, &message, &came, err);
		if (rc == 0 && came)
			rc = take(&message, keys, look, err);
		kafka_message_drop(&message);
	}
	kafka_reader_rest(reader);
	return rc;
}

int day_key_topic_read(const struct kafka_options *kafka, const char *topic, struct day_keys *keys,
		       const struct day_key_topic_look *look, struct err *err)
{
	struct kafka_reader *reader;
	int rc = kafka_reader_open(kafka, MESSAGE_BYTES_MAX, &reader, err);

	if (rc != 0)
		return rc;
	rc = read_all(reader, topic, keys, look, err);
	kafka_reader_close(reader);
	if (rc == 0 && keys)
		day_keys_set_read(keys);
	return rc;
}
