/* chain: where the writer of one partition stands, and which verdict counts next (design 4).
 *
 * A verdict counts if its parent is the id of the last one that counts before it. All others are void: left by a
 * validator that no longer owned the partition, or sent twice. A verdict that counts must speak of the next raw
 * message; a hole means that log and register do not belong together, and the partition is parked until an operator has
 * looked. Pure. Owner: the turn thread. */
#ifndef WRITE_CHAIN_H
#define WRITE_CHAIN_H

#include "wire/gen/verdict.h"

enum { VERDICT_ID_BYTES = 16 };

/* A row of register.cursor. Invariant: the register holds the effect of every verdict below it and of none above. */
struct chain {
	int64_t next_raw;
	int64_t next_verdict;
	uint8_t tip[VERDICT_ID_BYTES];
	uint8_t digest[VERDICT_ID_BYTES]; /* of the raw message below next_raw */
	int32_t key_id;			  /* when has_key_id */
	bool has_key_id;
};

enum chain_step {
	CHAIN_COUNTS,	 /* it is the next; *chain stands behind it */
	CHAIN_VOID,	 /* it does not count; *chain stands behind it */
	CHAIN_HOLE,	 /* it would count, but speaks of another raw message than the next; *chain is as it was */
	CHAIN_OTHER_KEY, /* it would count, but its teacher keys are made with another HMAC key; as it was */
};

/* verdict: at offset, which is not below chain->next_verdict; NULL: bytes that are no verdict. */
MUSTUSE enum chain_step chain_take(struct chain *chain, int64_t offset, const struct wire_verdict *verdict);

#endif
