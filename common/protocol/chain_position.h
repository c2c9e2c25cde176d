/* chain_position: a place in the chain of verdicts of one partition, and the rule which verdict counts next (design 4).
 *
 * A verdict counts if its parent is the id of the last one that counts before it. All others are void, for cache and
 * register alike: left by a validator that no longer owned the partition, or sent twice. A verdict that counts judges
 * the next raw message. That need not be the one at next_raw: markers of foreign transactions take offsets and are no
 * messages, and only the raw log shows it (kafka/kafka_gap.h), so whoever makes a verdict skips them, and whoever
 * follows the chain does as the verdict says. One that judges below next_raw is a hole: the verdict log does not belong
 * to what was followed so far.
 *
 * A position that was true once stays true: verdicts below next_verdict never change, so whoever follows the chain from
 * it comes to the chain's end. Validator, writer and the tests follow it with this code; `instroomctl verify`, which
 * proves them right, has its own. Pure. */
#ifndef PROTOCOL_CHAIN_POSITION_H
#define PROTOCOL_CHAIN_POSITION_H

#include "wire/gen/verdict.h"

enum { VERDICT_ID_BYTES = 16, CHAIN_POSITION_TEXT_BYTES = 96 };

struct chain_position {
	int64_t next_raw;	       /* wm: behind the last raw message that a verdict that counts has judged */
	int64_t next_verdict;	       /* vp: first verdict offset not yet followed */
	uint8_t tip[VERDICT_ID_BYTES]; /* id of the last verdict that counts below next_verdict */
};

/* Where every topic generation begins: no verdict, and the genesis id of sixteen zero bytes. */
extern const struct chain_position CHAIN_GENESIS;

/* register.cursor.parked while instroomctl checkpoint restore is at work, or was killed: the cursor stands where its
 * checkpoint ends, and boards are missing. No writer goes on there. */
#define CURSOR_RESTORING "checkpoint restore is not finished"
/* SQL of what is left of a reason when a partition's chain was mended: its rows are another matter. */
#define CURSOR_PARKED_STILL "case when parked = '" CURSOR_RESTORING "' then parked end"

enum chain_step {
	CHAIN_COUNTS, /* it is the next of the chain; *position stands behind it */
	CHAIN_VOID,   /* it does not count; *position stands behind it */
	CHAIN_HOLE,   /* it would count, but judges a raw message below the next; *position is as it was */
};

/* verdict: at offset, which is not below next_verdict; NULL: bytes that are no verdict, which do not count. */
MUSTUSE enum chain_step chain_position_follow(struct chain_position *position, int64_t offset,
					      const struct wire_verdict *verdict);

MUSTUSE bool chain_position_equal(const struct chain_position *a, const struct chain_position *b);

/* As text, "next_verdict,tip in hex,next_raw,key id in hex", with the HMAC key of who stood there, it is the metadata
 * of the validators' committed offset: the last resort of a validator without Redis and PostgreSQL. NUL-terminated. */
void chain_position_to_text(const struct chain_position *position, uint32_t key_id,
			    char ret[CHAIN_POSITION_TEXT_BYTES]);
/* false: another form; nothing is written. A text from before key ids were in it leaves *ret_key_id as it is. */
MUSTUSE bool chain_position_parse(struct slice text, struct chain_position *ret, uint32_t *ret_key_id);

#endif
