#include "write/chain.h"

#include <assert.h>

static bool is_next(const struct chain *chain, const struct wire_verdict *verdict)
{
	return verdict && memcmp(chain->tip, verdict->parent, VERDICT_ID_BYTES) == 0;
}

enum chain_step chain_take(struct chain *chain, int64_t offset, const struct wire_verdict *verdict)
{
	assert(offset >= chain->next_verdict); /* offsets may skip, never step back */
	if (!is_next(chain, verdict)) {
		chain->next_verdict = offset + 1;
		return CHAIN_VOID;
	}
	if (verdict->raw_offset != chain->next_raw)
		return CHAIN_HOLE;
	if (chain->has_key_id && verdict->key_id != chain->key_id)
		return CHAIN_OTHER_KEY;
	chain->next_verdict = offset + 1;
	chain->next_raw = verdict->raw_offset + 1;
	chain->key_id = verdict->key_id;
	chain->has_key_id = true;
	memcpy(chain->tip, verdict->id, VERDICT_ID_BYTES);
	memcpy(chain->digest, verdict->raw_digest, VERDICT_ID_BYTES);
	return CHAIN_COUNTS;
}
