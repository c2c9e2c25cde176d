#include "write/inbox.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/frame.h"
#include "protocol/log_position.h"
#include "protocol/verdict_headers.h"
#include "write/pending.h"

enum {
	ARENA_KEPT_BYTES = 16 << 20,
	LISTED_SHARE = 16, /* so many keys that need no decision weigh as one that does */
};

int inbox_init(struct inbox *inbox, const struct inbox_limits *limits, int32_t generation, size_t arena_bytes_max,
	       struct err *err)
{
	*inbox = (struct inbox){ .limits = *limits, .generation = generation };
	return arena_init(&inbox->arena, arena_bytes_max, ARENA_KEPT_BYTES, err);
}

void inbox_release(struct inbox *inbox)
{
	inbox_clear(inbox);
	arena_release(&inbox->arena);
}

bool inbox_is_full(const struct inbox *inbox)
{
	return inbox->count == INBOX_MESSAGES_MAX || inbox->rows >= inbox->limits.rows_max ||
	       inbox->bytes >= inbox->limits.bytes_max;
}

bool inbox_is_empty(const struct inbox *inbox)
{
	for (int32_t i = 0; i < inbox->partition_end; i++)
		if (partition_has_moved(&inbox->partitions[i]))
			return false;
	return true;
}

enum decoded { DECODED = 1, DECODED_NOT, DECODED_UNKNOWN, DECODED_FULL };

/* Bytes that are no verdict, or none that holds together, count for nobody: the cache's fold skips them as we do.
 * A schema we do not know is of a newer validator, whose verdicts do count. */
static enum decoded decode(struct inbox *inbox, struct slice value, struct wire_verdict *ret, struct err *err)
{
	struct slice body;
	uint64_t schema;

	if (frame_open(value, &schema, &body, err) != 0)
		return DECODED_NOT;
	const struct wire_schema *known = wire_schema_find(schema);

	if (!known)
		return DECODED_UNKNOWN;
	int rc = wire_verdict_decode_as(schema, body, &inbox->arena, ret, err);

	if (rc == -ERR_FULL)
		return DECODED_FULL;
	if (rc != 0 || verdict_check(ret, err) != 0)
		return DECODED_NOT;
	return DECODED;
}

static enum inbox_result skip(struct partition *partition, const struct kafka_message *raw, const struct err *err)
{
	enum chain_step step = chain_follow(&partition->ahead, raw->offset, NULL);

	(void)step; /* without a verdict always VOID */
	log_event(LOG_WARN, "verdict.skipped", "partition=%d offset=%lld code=%s why=%s effect=%s", raw->partition,
		  (long long)raw->offset, LOG_QUOTED(err->code), LOG_QUOTED("these bytes are no verdict"),
		  LOG_QUOTED("it counts for nobody"));
	return INBOX_VOID;
}

/* What it does rests on what the register, not the batch, holds of its board. */
static bool must_be_alone(const struct wire_verdict *verdict)
{
	return verdict->kind == VERDICT_KIND_REPLAY || verdict->kind == VERDICT_KIND_SET_BACK ||
	       verdict->condition.n > 0;
}

static int64_t rows_of(const struct wire_verdict *verdict)
{
	return (int64_t)(1 + verdict->candidates.count + keys_count(verdict->keys) / LISTED_SHARE);
}

static enum inbox_result add(struct inbox *inbox, struct message *message, const struct kafka_message *raw)
{
	size_t at = inbox->count++;

	message->partition = raw->partition;
	message->verdict_offset = raw->offset;
	message->accepted_at_ms = verdict_headers_accepted_at(raw->headers, raw->header_count);
	admission_read(raw->headers, raw->header_count, &message->admission);
	if (message->admission.is_sampled)
		message->received_us = clock_wall_us();
	inbox->messages[at] = message;
	inbox->after[at] = inbox->partitions[raw->partition].ahead;
	inbox->raws[at] = *raw;
	inbox->rows += rows_of(&message->verdict);
	inbox->has_lone |= must_be_alone(&message->verdict);
	return INBOX_ADDED;
}

static enum inbox_result follow_chain(struct inbox *inbox, struct message *message, const struct kafka_message *raw)
{
	struct partition *partition = &inbox->partitions[raw->partition];
	const struct wire_verdict *verdict = &message->verdict;
	struct chain ahead = partition->ahead;
	enum chain_step step = chain_follow(&ahead, raw->offset, verdict);

	if (step == CHAIN_HOLE) {
		partition_park(partition, raw->partition,
			       "the verdict at offset %lld speaks of raw message %lld, but the next is %lld: "
			       "run instroomctl refill",
			       (long long)raw->offset, (long long)verdict->raw_offset, (long long)ahead.at.next_raw);
		return INBOX_PARKED;
	}
	if (step == CHAIN_COUNTS && !chain_has_key_of(&partition->ahead, verdict)) {
		partition_park(partition, raw->partition,
			       "the verdict at offset %lld is made with HMAC key %08x, the register with %08x: "
			       "instroomctl key rotate, or give validators the register's key",
			       (long long)raw->offset, (unsigned)verdict->key_id, (unsigned)partition->ahead.key_id);
		return INBOX_PARKED;
	}
	if (step == CHAIN_COUNTS &&
	    !log_position_make(inbox->generation, raw->partition, verdict->raw_offset, &message->position)) {
		partition_park(partition, raw->partition,
			       "raw offset %lld is above what the register can number: begin a new generation",
			       (long long)verdict->raw_offset);
		return INBOX_PARKED;
	}
	partition->ahead = ahead; /* only now: a parked partition stays before what it does not apply */
	return step == CHAIN_COUNTS ? add(inbox, message, raw) : INBOX_VOID;
}

static bool withdraws(const struct wire_verdict *verdict)
{
	return memchr(verdict->classes.p, VERDICT_WITHDRAW, verdict->classes.n);
}

/* A replay, a set-back, or a confirmation with a condition, and another message of its board do not go into one batch.
 * Nor does a withdrawal go into that of a content of its board: the content would be erased before it is written, and
 * whether the register can store it would show in some batches only. */
static bool must_wait(const struct inbox *inbox, const struct wire_verdict *verdict)
{
	bool is_alone = must_be_alone(verdict), is_behind_contents = verdict->classes.n > 0 && withdraws(verdict);

	if (!is_alone && !is_behind_contents && !inbox->has_lone)
		return false;
	for (size_t i = 0; i < inbox->count; i++) {
		const struct wire_verdict *other = &inbox->messages[i]->verdict;

		if (other->header.board != verdict->header.board)
			continue;
		if (is_alone || must_be_alone(other) || (is_behind_contents && other->candidates.count > 0))
			return true;
	}
	return false;
}

static enum inbox_result decode_and_add(struct inbox *inbox, const struct kafka_message *raw)
{
	struct partition *partition = &inbox->partitions[raw->partition];
	struct message *message = arena_take_zeroed(&inbox->arena, 1, sizeof *message);
	struct err err = { 0 };

	if (!message)
		return INBOX_FULL;
	switch (decode(inbox, raw->value, &message->verdict, &err)) {
	case DECODED:
		if (must_wait(inbox, &message->verdict))
			return INBOX_FULL;
		return follow_chain(inbox, message, raw);
	case DECODED_NOT:
		return skip(partition, raw, &err);
	case DECODED_UNKNOWN:
		partition_park(partition, raw->partition,
			       "the verdict at offset %lld has a schema this program does not know: "
			       "install a newer instroom-write",
			       (long long)raw->offset);
		return INBOX_PARKED;
	default:
		/* alone it would fit, or it is larger than anything a validator makes */
		return inbox->count > 0 ? INBOX_FULL : skip(partition, raw, &err);
	}
}

enum inbox_result inbox_add(struct inbox *inbox, struct kafka_message *raw)
{
	size_t mark = inbox->arena.used_bytes;

	if (inbox->partitions[raw->partition].state != PARTITION_RUNNING) {
		kafka_message_drop(raw);
		return INBOX_VOID;
	}
	inbox->bytes += (int64_t)raw->value.n;
	enum inbox_result end = decode_and_add(inbox, raw);

	if (end != INBOX_ADDED) {
		inbox->arena.used_bytes = mark; /* what was decoded of it is not kept */
		kafka_message_drop(raw);
	}
	return end;
}

size_t inbox_moves(const struct inbox *inbox, struct cursor_move *ret)
{
	size_t count = 0;

	for (int32_t i = 0; i < inbox->partition_end; i++) {
		const struct partition *one = &inbox->partitions[i];

		if (partition_has_moved(one))
			ret[count++] = (struct cursor_move){ i, one->committed.at.next_verdict, one->ahead };
	}
	return count;
}

static int64_t expected_before(const struct inbox *inbox, size_t at)
{
	int32_t partition = inbox->messages[at]->partition;

	for (size_t i = at; i-- > 0;)
		if (inbox->messages[i]->partition == partition)
			return inbox->after[i].at.next_verdict;
	return inbox->partitions[partition].committed.at.next_verdict;
}

void inbox_moves_each(const struct inbox *inbox, struct cursor_move *ret)
{
	for (size_t i = 0; i < inbox->count; i++)
		ret[i] = (struct cursor_move){ inbox->messages[i]->partition, expected_before(inbox, i),
					       inbox->after[i] };
}

void inbox_drop_first(struct inbox *inbox, size_t count)
{
	size_t left = inbox->count - count;

	for (size_t i = 0; i < count; i++)
		kafka_message_drop(&inbox->raws[i]);
	memmove(inbox->messages, inbox->messages + count, left * sizeof inbox->messages[0]);
	memmove(inbox->after, inbox->after + count, left * sizeof inbox->after[0]);
	memmove(inbox->raws, inbox->raws + count, left * sizeof inbox->raws[0]);
	inbox->count = left;
}

void inbox_clear(struct inbox *inbox)
{
	inbox_drop_first(inbox, inbox->count);
	inbox->rows = inbox->bytes = 0;
	inbox->has_lone = false;
	arena_reset(&inbox->arena);
}
