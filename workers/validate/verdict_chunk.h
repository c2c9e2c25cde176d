/* verdict_chunk: a piece of the verdict log, read back from a place of the chain on.
 *
 * Bounded, so that a lane that catches up never keeps the others waiting for long. */
#ifndef VALIDATE_VERDICT_CHUNK_H
#define VALIDATE_VERDICT_CHUNK_H

#include "base/arena.h"
#include "kafka/kafka_reader.h"
#include "protocol/chain_position.h"

enum { VERDICT_CHUNK_MESSAGES_MAX = 128 };

struct verdict_chunk {
	struct kafka_message messages[VERDICT_CHUNK_MESSAGES_MAX];
	size_t message_count;
	struct wire_verdict *counted[VERDICT_CHUNK_MESSAGES_MAX]; /* in the arena, borrowing from the messages */
	size_t counted_count;
	size_t void_count;
	struct chain_position next; /* behind the chunk, or before the hole */
	bool is_at_end;		    /* nothing is between the last message and the log's end */
	bool is_hole;		    /* the chain cannot go on here: see CHAIN_HOLE */
	bool is_lacking;	    /* verdicts may be lost before one of the messages, or before the end */
};

/* What the verdict topic holds of one partition. */
struct verdict_log {
	struct kafka_reader *reader;
	const char *topic;
	int32_t partition;
	int64_t end; /* offset behind its last message */
};

/* Reads from the position on, which lies below the end. Offsets that are no messages are followed over when Kafka can
 * prove that they never were (kafka/kafka_gap.h). verdict_chunk_drop is due even after a failure. ERR_RETRY: Kafka is
 * away, or a verdict has a schema that only a newer build knows. */
MUSTUSE int verdict_chunk_read(struct verdict_chunk *chunk, const struct verdict_log *log,
			       const struct chain_position *from, struct arena *arena, struct err *err);
void verdict_chunk_drop(struct verdict_chunk *chunk);

/* Of the raw message that the verdict at the tip judged. */
struct judged_last {
	bool is_known;
	int64_t raw_offset;
	uint8_t raw_digest[VERDICT_ID_BYTES];
};

/* The tip stands shortly before at->next_verdict, and not below low; ret->is_known is false when it is not
 * found, or cannot be opened. */
MUSTUSE int verdict_chunk_last(const struct verdict_log *log, int64_t low, const struct chain_position *at,
			       struct arena *arena, struct judged_last *ret, struct err *err);

#endif
