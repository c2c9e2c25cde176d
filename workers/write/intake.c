#include "write/intake.h"

#include "base/log.h"
#include "protocol/frame.h"
#include "protocol/log_position.h"
#include "write/pending.h"

#include <stdarg.h>

enum {
	ARENA_KEPT_BYTES = 16 << 20,
	LISTED_SHARE = 16, /* so many keys that need no decision weigh as one that does */
};

int intake_init(struct intake *intake, const struct intake_limits *limits, int32_t generation, size_t arena_bytes_max,
		struct err *err)
{
	*intake = (struct intake){ .limits = *limits, .generation = generation };
	return arena_init(&intake->arena, arena_bytes_max, ARENA_KEPT_BYTES, err);
}

void intake_release(struct intake *intake)
{
	intake_clear(intake);
	arena_release(&intake->arena);
}

bool intake_is_full(const struct intake *intake)
{
	return intake->count == INTAKE_MESSAGES_MAX || intake->rows >= intake->limits.rows_max ||
	       intake->bytes >= intake->limits.bytes_max;
}

static bool has_moved(const struct partition *partition)
{
	return partition->state >= PARTITION_RUNNING &&
	       partition->ahead.at.next_verdict != partition->committed.at.next_verdict;
}

bool intake_is_empty(const struct intake *intake)
{
	for (int32_t i = 0; i < intake->partition_end; i++)
		if (has_moved(&intake->partitions[i]))
			return false;
	return true;
}

void intake_park(struct intake *intake, int32_t partition, const char *fmt, ...)
{
	struct partition *parked = &intake->partitions[partition];
	va_list args;

	va_start(args, fmt);
	vsnprintf(parked->why, sizeof parked->why, fmt, args);
	va_end(args);
	parked->state = PARTITION_PARKED;
	parked->must_tell_why = true;
	log_event(LOG_ERROR, "write.parked", "partition=%d why=%s", partition, LOG_QUOTED(parked->why));
}

enum decoded { DECODED = 1, DECODED_NOT, DECODED_UNKNOWN, DECODED_FULL };

/* Bytes that are no verdict, or none that holds together, count for nobody: the cache's fold passes over them as we do.
 * A schema we do not know is of a newer validator, whose verdicts do count. */
static enum decoded decode(struct intake *intake, struct slice value, struct wire_verdict *ret, struct err *err)
{
	struct slice body;
	uint64_t schema;

	if (frame_open(value, &schema, &body, err) != 0)
		return DECODED_NOT;
	const struct wire_schema *known = wire_schema_find(schema);

	if (!known)
		return DECODED_UNKNOWN;
	int rc = wire_verdict_decode_as(schema, body, &intake->arena, ret, err);

	if (rc == -ERR_FULL)
		return DECODED_FULL;
	if (rc != 0 || wire_verdict_check(ret, err) != 0)
		return DECODED_NOT;
	return DECODED;
}

static enum intake_end pass_over(struct partition *partition, const struct kafka_message *raw, const struct err *err)
{
	enum chain_step step = chain_follow(&partition->ahead, raw->offset, NULL);

	(void)step; /* without a verdict always VOID */
	log_event(LOG_WARN, "write.no-verdict", "partition=%d offset=%lld code=%s why=%s", raw->partition,
		  (long long)raw->offset, LOG_QUOTED(err->code), LOG_QUOTED("these bytes are no verdict: passed over"));
	return INTAKE_VOID;
}

static bool is_replay(const struct wire_verdict *verdict)
{
	return verdict->kind == VERDICT_KIND_REPLAY;
}

static int64_t rows_of(const struct wire_verdict *verdict)
{
	return (int64_t)(1 + verdict->candidates.count + keys_count(verdict->keys) / LISTED_SHARE);
}

static enum intake_end add(struct intake *intake, struct message *message, const struct kafka_message *raw)
{
	if (!log_position_make(intake->generation, raw->partition, message->verdict.raw_offset, &message->position)) {
		intake_park(intake, raw->partition,
			    "raw offset %lld is above what the register can number: begin a new generation",
			    (long long)message->verdict.raw_offset);
		return INTAKE_PARKED;
	}
	size_t at = intake->count++;

	message->partition = raw->partition;
	message->verdict_offset = raw->offset;
	intake->messages[at] = message;
	intake->after[at] = intake->partitions[raw->partition].ahead;
	intake->raws[at] = *raw;
	intake->rows += rows_of(&message->verdict);
	intake->has_replay |= is_replay(&message->verdict);
	return INTAKE_TAKEN;
}

static enum intake_end follow_chain(struct intake *intake, struct message *message, const struct kafka_message *raw)
{
	struct partition *partition = &intake->partitions[raw->partition];
	const struct wire_verdict *verdict = &message->verdict;
	struct chain ahead = partition->ahead;
	enum chain_step step = chain_follow(&ahead, raw->offset, verdict);

	if (step == CHAIN_HOLE) {
		intake_park(intake, raw->partition,
			    "the verdict at offset %lld speaks of raw message %lld, but the next is %lld: run instroomctl refill",
			    (long long)raw->offset, (long long)verdict->raw_offset, (long long)ahead.at.next_raw);
		return INTAKE_PARKED;
	}
	if (step == CHAIN_COUNTS && !chain_has_key_of(&partition->ahead, verdict)) {
		intake_park(intake, raw->partition,
			    "the verdict at offset %lld is made with HMAC key %u, the register with %u: give validators the register's key",
			    (long long)raw->offset, (unsigned)verdict->key_id, (unsigned)partition->ahead.key_id);
		return INTAKE_PARKED;
	}
	partition->ahead = ahead;
	return step == CHAIN_COUNTS ? add(intake, message, raw) : INTAKE_VOID;
}

static bool withdraws(const struct wire_verdict *verdict)
{
	return memchr(verdict->classes.p, VERDICT_WITHDRAW, verdict->classes.n);
}

/* A replay and another message of its board do not go into one batch. Nor does a withdrawal go into that of a content of
 * its board: the content would be erased before it is written, and whether the register can store it would show in some
 * batches only. */
static bool must_wait(const struct intake *intake, const struct wire_verdict *verdict)
{
	bool is_alone = is_replay(verdict), is_behind_contents = verdict->classes.n > 0 && withdraws(verdict);

	if (!is_alone && !is_behind_contents && !intake->has_replay)
		return false;
	for (size_t i = 0; i < intake->count; i++) {
		const struct wire_verdict *other = &intake->messages[i]->verdict;

		if (other->header.board != verdict->header.board)
			continue;
		if (is_alone || is_replay(other) || (is_behind_contents && other->candidates.count > 0))
			return true;
	}
	return false;
}

static enum intake_end take(struct intake *intake, const struct kafka_message *raw)
{
	struct partition *partition = &intake->partitions[raw->partition];
	struct message *message = arena_take_zeroed(&intake->arena, 1, sizeof *message);
	struct err err = { 0 };

	if (!message)
		return INTAKE_FULL;
	switch (decode(intake, raw->value, &message->verdict, &err)) {
	case DECODED:
		if (must_wait(intake, &message->verdict))
			return INTAKE_FULL;
		return follow_chain(intake, message, raw);
	case DECODED_NOT:
		return pass_over(partition, raw, &err);
	case DECODED_UNKNOWN:
		intake_park(intake, raw->partition,
			    "the verdict at offset %lld has a schema this program does not know: install a newer instroom-write",
			    (long long)raw->offset);
		return INTAKE_PARKED;
	default:
		/* alone it would fit, or it is larger than anything a validator makes */
		return intake->count > 0 ? INTAKE_FULL : pass_over(partition, raw, &err);
	}
}

enum intake_end intake_take(struct intake *intake, struct kafka_message *raw)
{
	size_t mark = intake->arena.used_bytes;

	if (intake->partitions[raw->partition].state != PARTITION_RUNNING) {
		kafka_message_drop(raw);
		return INTAKE_VOID;
	}
	intake->bytes += (int64_t)raw->value.n;
	enum intake_end end = take(intake, raw);

	if (end != INTAKE_TAKEN) {
		intake->arena.used_bytes = mark; /* what was decoded of it is not kept */
		kafka_message_drop(raw);
	}
	return end;
}

size_t intake_moves(const struct intake *intake, struct cursor_move *ret)
{
	size_t count = 0;

	for (int32_t i = 0; i < intake->partition_end; i++) {
		const struct partition *partition = &intake->partitions[i];

		if (has_moved(partition))
			ret[count++] = (struct cursor_move){ i, partition->committed.at.next_verdict, partition->ahead };
	}
	return count;
}

static int64_t expected_before(const struct intake *intake, size_t at)
{
	int32_t partition = intake->messages[at]->partition;

	for (size_t i = at; i-- > 0;)
		if (intake->messages[i]->partition == partition)
			return intake->after[i].at.next_verdict;
	return intake->partitions[partition].committed.at.next_verdict;
}

void intake_moves_each(const struct intake *intake, struct cursor_move *ret)
{
	for (size_t i = 0; i < intake->count; i++)
		ret[i] = (struct cursor_move){ intake->messages[i]->partition, expected_before(intake, i),
					       intake->after[i] };
}

void intake_drop_first(struct intake *intake, size_t count)
{
	size_t left = intake->count - count;

	for (size_t i = 0; i < count; i++)
		kafka_message_drop(&intake->raws[i]);
	memmove(intake->messages, intake->messages + count, left * sizeof intake->messages[0]);
	memmove(intake->after, intake->after + count, left * sizeof intake->after[0]);
	memmove(intake->raws, intake->raws + count, left * sizeof intake->raws[0]);
	intake->count = left;
}

void intake_clear(struct intake *intake)
{
	intake_drop_first(intake, intake->count);
	intake->rows = intake->bytes = 0;
	intake->has_replay = false;
	arena_reset(&intake->arena);
}
