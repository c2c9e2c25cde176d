#include "write/forgets.h"

#include "protocol/frame.h"
#include "wire/gen/forget.h"
#include "protocol/partitioning.h"
#include "protocol/raw_headers.h"
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
	struct raw_headers headers = { .kind = RAW_FORGET, .board = (uint32_t)board };
	struct raw_headers_text text;
	struct kafka_header pairs[RAW_HEADERS_MAX];
	char key[PARTITIONING_KEY_BYTES + 1];

	strbuf_reset(&forgets->value);
	frame_put(&forgets->value, WIRE_FORGET_SCHEMA);
	wire_forget_encode(&forgets->value, &body);
	if (!strbuf_ok(&forgets->keys) || !strbuf_ok(&forgets->value))
		return err_set(err, ERR_FULL, "forget", "a Forget of %zu teachers does not fit", teachers);
	raw_headers_write(&headers, &text);
	for (size_t i = 0; i < text.count; i++)
		pairs[i] = (struct kafka_header){ text.items[i].name, text.items[i].value };
	*ret_teachers = teachers;
	return kafka_producer_put(forgets->producer, forgets->topic, message->partition,
				  partitioning_key(headers.board, key), strbuf_slice(&forgets->value), pairs,
				  text.count, NULL, err);
}
