#include "write/forgets.h"

#include "base/log.h"
#include "kafka/kafka_refusal.h"
#include "protocol/raw_message.h"
#include "run/crash.h"
#include "write/board_state.h"
#include "write/write_metrics.h"

enum {
	FORGET_BYTES_MAX = 2 << 20, /* 50,000 teachers are 800,000 bytes */
	FORGETS_WAIT_MS = 10000,
};

static const char SENT_AGAIN[] = "the next verdict that needs it sends it again";

void forgets_init(struct forgets *forgets, struct kafka_producer *producer, const char *topic)
{
	*forgets = (struct forgets){ .producer = producer, .topic = topic };
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

/* *ret_teachers: how many the message's Forget names; 0: it has none. */
static int publish_one(struct forgets *forgets, const struct message *message, size_t *ret_teachers, struct err *err)
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
	return kafka_producer_produce(forgets->producer, forgets->topic, message->partition, raw.key, raw.value,
				      raw.headers.items, raw.headers.count, NULL, err);
}

void forgets_reported(void *opaque, const struct kafka_report *report)
{
	struct forgets *forgets = opaque;

	forgets->in_flight--;
	bool lasts = kafka_refusal_lasts(report->error, report->code);

	write_count(COUNT_FORGETS_REFUSED, lasts);
	if (report->error != 0)
		log_event(lasts ? LOG_ERROR : LOG_WARN, "forget.lost", "partition=%d code=%s effect=%s",
			  report->partition, report->code, LOG_QUOTED(SENT_AGAIN));
}

void forgets_publish(struct forgets *forgets, struct message *const *messages, size_t count)
{
	size_t teachers;
	struct err err;

	for (size_t i = 0; i < count; i++) {
		if (publish_one(forgets, messages[i], &teachers, &err) != 0) {
			log_event(LOG_WARN, "forget.lost", "partition=%d code=%s why=%s effect=%s",
				  messages[i]->partition, LOG_QUOTED(err.code), LOG_QUOTED(err.text),
				  LOG_QUOTED(SENT_AGAIN));
			continue;
		}
		forgets->in_flight += teachers > 0;
		write_count(COUNT_FORGOTTEN, (int64_t)teachers);
	}
	if (forgets->in_flight > 0 && kafka_producer_flush(forgets->producer, FORGETS_WAIT_MS, &err) != 0)
		log_event(LOG_WARN, "forget.unreported", "code=%s why=%s effect=%s", LOG_QUOTED(err.code),
			  LOG_QUOTED(err.text), LOG_QUOTED("not waited for"));
	crash_point("write.forget-published");
}
