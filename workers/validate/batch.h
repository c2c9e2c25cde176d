/* batch: the raw messages that are judged together, and what it takes to judge them.
 *
 * One batch, from poll to settle (validator.c calls the steps, in this order):
 *   1. Poll: messages of all lanes, until the batch is full or nothing more comes (batch.c). A lane gives as many as
 *      its messages_max allows, in the order of the log, without a hole.
 *   2. Per lane, read the boards these messages name from the cache, in one call with the head. A head that moved sends
 *      the lane to its start before anything is produced (batch_judge.c).
 *   3. Per lane and message, in order: decode, find the reference version, judge on the fold of the messages before it,
 *      produce the verdict with the one before it as parent, fold it in memory. What cannot be judged is in the
 *      quarantine topic, acknowledged, before its verdict is produced (batch_output.c).
 *   4. After every few lanes, and at the end, send their verdicts and wait for all reports. A refusal ends the judging:
 *      lanes that were not judged yet fetch their messages again.
 *   5. Per lane (batch_settle.c): verdicts that stand in a row at position.next_verdict count. Advance cache and
 *      position over them, in that order; commit the offset for those who watch the lag. Any other offset, or a
 *      refusal: nothing of it is believed, the lane starts anew and reads from the log what counts.
 *
 * A crash, at each of its points:
 *   validate.polled     nothing was done; the same messages come again
 *   validate.judged     likewise, as a verdict only counts in the log
 *   validate.produced   verdicts may be in the log or not: the next start folds those that are, and judges the rest
 *   validate.delivered  all are in the log, the cache knows none: the next start folds them
 *   validate.advanced   done; only the committed offset is old, and nobody starts from that while cache or register
 *                       answer
 *
 * Memory, by lifetime: the process (received, verdict maker), the batch (arena: boards and entries; emptied at each
 * batch and at each step of a lane), the message (message_arena: cells, judged groups, candidates; emptied before each
 * message). The bytes of a raw message live until the batch is dropped, those of a verdict until it is produced, as
 * Kafka copies them. */
#ifndef VALIDATE_BATCH_H
#define VALIDATE_BATCH_H

#include "base/arena.h"
#include "validate/lane.h"
#include "validate/peers.h"
#include "validate/reference_cache.h"
#include "validate/verdict_maker.h"

enum {
	BATCH_BOARD_NUMBERS = 100000,
	BATCH_IDS = 256,      /* random ids drawn at once */
	BATCH_PAUSE_MS = 500, /* of a lane when Kafka does not take a message, or there is no memory */
};

struct batch {
	struct peers *peers;
	struct lanes *lanes;
	struct reference_cache *references;
	struct verdict_maker maker;
	struct arena *arena; /* borrowed */
	struct arena message_arena;

	struct batch_message *messages; /* config.batch_messages_max of them */
	size_t message_count;
	int64_t bytes, lines; /* of all messages */
	int64_t polled_at_ms; /* when the last batch with messages was complete */

	uint32_t board_slots[BATCH_BOARD_NUMBERS]; /* index + 1 in the boards of the lane at hand */
	uint8_t ids[BATCH_IDS][VERDICT_ID_BYTES];
	size_t ids_left;

	bool is_refused; /* Kafka did not take a verdict of this batch */
	/* the message whose bytes are on their way to the quarantine, one at a time; NULL: none */
	const struct batch_message *quarantining;
	bool has_produced; /* Kafka has accepted a message of ours: a right that is missing now was there */
};

/* All three are borrowed. batch_release is due even after a failure. */
MUSTUSE int batch_init(struct batch *batch, struct peers *peers, struct lanes *lanes, struct arena *arena,
		       struct err *err);
void batch_release(struct batch *batch);

/* Fills an empty batch. is_busy: lanes have more to do at once, so nothing is waited for. ERR_RETRY: all brokers are
 * away. */
MUSTUSE int batch_poll(struct batch *batch, bool is_busy, struct err *err);
/* Gives the messages back. */
void batch_drop(struct batch *batch);
/* A lane that leaves us: what was received of it is not judged. */
void batch_forget_lane(struct lane *lane);

#endif
