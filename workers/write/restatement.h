/* restatement: lines of an earlier delivery, judged again on an operator's word (design 6).
 *
 * A Replay verdict decides groups whose lines all stand as afgekeurd or quarantaine; of every other line the first
 * outcome stays, and its teacher is not touched. What the delivery says afterwards (outcomes, counts, findings,
 * feedback, key list) is its standing state with those lines replaced, so the seven counts add up as before. There is
 * no end of delivery. When the delivery is unknown, was a proef, or does not fit the message, nothing is changed and
 * that is logged. An attempt that was entered before is a repeat. The dry run of a replay is not entered.
 *
 * A replay stands alone for its board in a batch (inbox.c), so the delivery it speaks of is wholly in the register.
 * Pure. Owner: the batch; everything lives in its arena. */
#ifndef WRITE_RESTATEMENT_H
#define WRITE_RESTATEMENT_H

#include "write/batch.h"

/* A delivery as the register has it: what its message made of it, and the replays since. */
struct standing {
	int64_t position;
	bool has_attempt; /* the attempt of the message at hand is entered already */
	int64_t line_count;
	int64_t lines[OUTCOMES + 1]; /* by enum outcome of the seven */
	struct slice keys;	     /* the teachers it names, rising */
	bool has_old_keys;	     /* made with the HMAC key of before a rotation: not those of the message at hand */
	bool has_feedback;	     /* false: its body could not be read, all lines are one group */
	struct slice feedback;
	uint8_t *outcomes; /* one per group: those of keys, then the lines without a readable BSN */
	size_t group_count;
};

/* The same after the replay. */
struct restated {
	struct ledger ledger; /* outcomes and lines only */
	struct slice keys;
	uint8_t key_list[DIGEST_BYTES]; /* digest of keys */
	struct slice feedback;
	uint8_t feedback_digest[DIGEST_BYTES];
	int64_t unreadable_lines;
	struct wire_finding_count *findings; /* those of the outcomes included */
	size_t finding_count;
};

/* Judges the message against message->standing, which is NULL for an unknown delivery. Sets message->replay and, when
 * it is entered, message->restated. ERR_FULL is the only error. */
MUSTUSE int restatement_make(struct batch *batch, struct message *message, struct err *err);

#endif
