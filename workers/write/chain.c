#include "write/chain.h"

enum chain_step chain_follow(struct chain *chain, int64_t offset, const struct wire_verdict *verdict)
{
	enum chain_step step = chain_position_follow(&chain->at, offset, verdict);

	if (step == CHAIN_COUNTS) {
		chain->key_id = verdict->key_id;
		chain->has_key_id = true;
		memcpy(chain->digest, verdict->raw_digest, VERDICT_ID_BYTES);
	}
	return step;
}

bool chain_has_key_of(const struct chain *chain, const struct wire_verdict *verdict)
{
	return !chain->has_key_id || verdict->key_id == chain->key_id;
}
