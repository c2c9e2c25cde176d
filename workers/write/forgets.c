#include "write/forgets.h"

#include "protocol/raw_message.h"
#include "write/board_state.h"

enum { FORGET_BYTES_MAX = 2 << 20 }; /* 50,000 teachers are 800,000 bytes */

void forgets_init(struct forgets *forgets, struct kafka_producer *producer, const char *topic)
{
	forgets->producer = producer;
	forgets->topic = topic;
	strbuf_init(&forgets->keys, FORGET_BYTES_MAX);
	strbuf_init(&forgets->value, FORGET_BYTES_MAX);
}

void forgets_release(struct forgets *forgets)
{
	strbuf_release(&forgets->keys);
	strbuf_release(&forgets->value);
}

static size_t collect_keys(struct strbuf *out, const struct message *message)
{
	struct slice keys = message->verdict.keys;
	size_t count = 0;

	strbuf_reset(out);
	for (size_t i = 0; i < keys_count(keys); i++) {
		if (!bit_is_set(message->forget, i))
			continue;
		strbuf_add_bytes(out, keys_at(keys, i), TEACHER_KEY_BYTES);
		count++;
	}
	return count;
}

int forgets_publish(struct forgets *forgets, const struct message *message, size_t *ret_teachers, struct err *err)
{
	*ret_teachers = 0;
	if (!message->forget)
		return 0;
	int32_t board = message->verdict.header.board;
	size_t teachers = collect_keys(&forgets->keys, message);

	if (teachers == 0)
		return 0;
	struct wire_forget body = { .board = board, .keys = strbuf_slice(&forgets->keys) };
	struct raw_message raw;

	raw_message_of_forget(&raw, &body, &forgets->value);
	if (!strbuf_ok(&forgets->keys) || !strbuf_ok(&forgets->value))
		return err_set(err, ERR_FULL, "forget", "a Forget of %zu teachers does not fit", teachers);
	*ret_teachers = teachers;
	return kafka_producer_put(forgets->producer, forgets->topic, message->partition, raw.key, raw.value,
				  raw.headers.items, raw.headers.count, NULL, err);
}
