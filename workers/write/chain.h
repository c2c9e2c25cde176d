/* chain: where the writer of one partition stands in the chain of verdicts, as register.cursor keeps it.
 *
 * Invariant: the register holds the effect of every verdict below at.next_verdict and of none above. Which verdict
 * counts next, protocol/chain_position says. Pure. */
#ifndef WRITE_CHAIN_H
#define WRITE_CHAIN_H

#include "protocol/chain_position.h"

struct chain {
	struct chain_position at;
	uint8_t digest[VERDICT_ID_BYTES]; /* of the raw message below at.next_raw */
	int32_t key_id;			  /* when has_key_id */
	bool has_key_id;
};

/* As chain_position_follow; digest and key_id are those of the last verdict that counts. */
MUSTUSE enum chain_step chain_follow(struct chain *chain, int64_t offset, const struct wire_verdict *verdict);

/* The verdict's teacher keys are made with the HMAC key of those before it. The first one of a generation brings its
 * key. */
MUSTUSE bool chain_has_key_of(const struct chain *chain, const struct wire_verdict *verdict);

#endif
