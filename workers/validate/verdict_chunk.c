#include "validate/verdict_chunk.h"

#include "base/log.h"
#include "protocol/frame.h"
#include "protocol/verdict_class.h"

enum {
	CHUNK_BYTES_MAX = 4 << 20, /* the message that passes it is the last */
	READ_WAIT_MS = 1000,
	BACK_MAX = 32, /* void verdicts behind the tip; more are rare, and then nothing is said */
};

void verdict_chunk_drop(struct verdict_chunk *chunk)
{
	for (size_t i = 0; i < chunk->message_count; i++)
		kafka_message_drop(&chunk->messages[i]);
	chunk->message_count = 0;
}

static int read_messages(struct verdict_chunk *chunk, const struct verdict_log *log, int64_t next, struct err *err)
{
	size_t bytes = 0;
	int rc = kafka_reader_begin(log->reader, log->topic, log->partition, next, log->end, err);

	while (rc == 0 && !chunk->is_at_end && chunk->message_count < VERDICT_CHUNK_MESSAGES_MAX &&
	       bytes < CHUNK_BYTES_MAX) {
		struct kafka_message *message = &chunk->messages[chunk->message_count];
		bool came = false;

		rc = kafka_reader_next(log->reader, READ_WAIT_MS, message, &came, err);
		chunk->is_at_end = rc == 0 && !came;
		if (!came)
			continue;
		chunk->message_count++;
		bytes += message->value.n;
	}
	kafka_reader_rest(log->reader);
	return rc;
}

/* The next message, or the end of the log, is at offset. What lacks before it never was a message, or the chunk
 * is_lacking. */
static int pass_gap(struct verdict_chunk *chunk, const struct verdict_log *log, int64_t offset, struct err *err)
{
	enum kafka_gap gap = KAFKA_GAP_EMPTY;

	if (offset == chunk->next.next_verdict)
		return 0;
	int rc = kafka_reader_gap(log->reader, log->topic, log->partition, chunk->next.next_verdict, READ_WAIT_MS, &gap,
				  err);

	chunk->is_lacking = rc == 0 && gap != KAFKA_GAP_EMPTY;
	if (chunk->is_lacking)
		log_event(LOG_ERROR, "verdicts.missing", "partition=%d offset=%lld next=%lld why=%s", log->partition,
			  (long long)chunk->next.next_verdict, (long long)offset, LOG_QUOTED(kafka_gap_text(gap)));
	return rc;
}

/* *ret: verdict, or NULL for bytes that are none and count for nothing. */
static int decode(const struct kafka_message *message, struct arena *arena, struct wire_verdict *verdict,
		  const struct wire_verdict **ret, struct err *err)
{
	uint64_t schema;
	struct slice body;

	*ret = NULL;
	if (frame_open(message->value, &schema, &body, NULL) != 0)
		return 0;
	if (!wire_schema_find(schema))
		return err_set(err, ERR_RETRY, "schema",
			       "partition %d holds verdicts of a newer schema: upgrade this validator",
			       message->partition);
	size_t mark = arena->used_bytes;
	int rc = wire_verdict_decode_as(schema, body, arena, verdict, err);

	if (rc == 0)
		rc = verdict_check(verdict, err);
	if (rc == 0)
		*ret = verdict;
	if (rc == -ERR_FULL)
		arena->used_bytes = mark; /* no verdict of ours needs so much: a chunk of them fits many times */
	return rc == -ERR_FULL || rc == -ERR_DATA ? 0 : rc;
}

static int take(struct verdict_chunk *chunk, const struct kafka_message *message, struct arena *arena, struct err *err)
{
	struct wire_verdict *memory = arena_take(arena, 1, sizeof *memory);
	const struct wire_verdict *verdict;

	if (!memory)
		return err_set(err, ERR_FULL, "arena", "a chunk of verdicts does not fit its arena");
	int rc = decode(message, arena, memory, &verdict, err);

	if (rc < 0)
		return rc;
	switch (chain_position_follow(&chunk->next, message->offset, verdict)) {
	case CHAIN_COUNTS:
		chunk->counted[chunk->counted_count++] = memory;
		break;
	case CHAIN_VOID:
		chunk->void_count++;
		break;
	case CHAIN_HOLE:
		chunk->is_hole = true;
		break;
	}
	return 0;
}

int verdict_chunk_read(struct verdict_chunk *chunk, const struct verdict_log *log, const struct chain_position *from,
		       struct arena *arena, struct err *err)
{
	*chunk = (struct verdict_chunk){ .next = *from };
	int rc = read_messages(chunk, log, from->next_verdict, err);

	for (size_t i = 0; rc == 0 && i < chunk->message_count && !chunk->is_hole && !chunk->is_lacking; i++) {
		rc = pass_gap(chunk, log, chunk->messages[i].offset, err);
		if (rc == 0 && !chunk->is_lacking)
			rc = take(chunk, &chunk->messages[i], arena, err);
	}
	if (rc != 0 || !chunk->is_at_end || chunk->is_hole || chunk->is_lacking)
		return rc;
	rc = pass_gap(chunk, log, log->end, err);
	if (rc == 0 && !chunk->is_lacking)
		chunk->next.next_verdict = log->end;
	return rc;
}

/* The last of them is dropped before the next comes: only what is copied out of it stays. */
static int find_tip(const struct verdict_log *log, const struct chain_position *at, struct arena *arena,
		    struct judged_last *ret, struct err *err)
{
	struct kafka_message message;
	bool came = true;
	int rc = 0;

	while (rc == 0 && came && !ret->is_known) {
		struct wire_verdict memory;
		const struct wire_verdict *verdict = NULL;
		size_t mark = arena->used_bytes;

		rc = kafka_reader_next(log->reader, READ_WAIT_MS, &message, &came, err);
		if (rc != 0 || !came)
			break;
		rc = decode(&message, arena, &memory, &verdict, err);
		if (verdict && memcmp(verdict->id, at->tip, VERDICT_ID_BYTES) == 0) {
			*ret = (struct judged_last){ .is_known = true, .raw_offset = verdict->raw_offset };
			memcpy(ret->raw_digest, verdict->raw_digest, sizeof ret->raw_digest);
		}
		arena->used_bytes = mark;
		kafka_message_drop(&message);
	}
	return rc;
}

int verdict_chunk_last(const struct verdict_log *log, int64_t low, const struct chain_position *at, struct arena *arena,
		       struct judged_last *ret, struct err *err)
{
	int64_t end = at->next_verdict;
	int rc = 0;

	*ret = (struct judged_last){ 0 };
	for (int64_t back = 1; rc == 0 && !ret->is_known && back <= BACK_MAX && end - back >= low; back *= BACK_MAX) {
		rc = kafka_reader_begin(log->reader, log->topic, log->partition, end - back, end, err);
		if (rc == 0)
			rc = find_tip(log, at, arena, ret, err);
		kafka_reader_rest(log->reader);
	}
	return kafka_reader_cannot_open(rc, err) ? 0 : rc;
}
