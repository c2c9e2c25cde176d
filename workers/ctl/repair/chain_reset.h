/* chain_reset: gives a chain of verdicts up that cannot go on, and lets validators begin anew from the register.
 *
 * The cursor's tip and next raw message stay; its place in the verdict log moves to the end, so that nothing which
 * stands there counts. The cache's head goes, so validators begin cold: from the register's cursor, naming its tip as
 * parent, everything CANDIDATE. Nothing below next_raw is judged again, nothing above it was applied: no effect is lost
 * or comes twice. Validators must be stopped meanwhile: one that works without the cache would go on in the chain that
 * is given up.
 *
 *   1. chain_reset_prepare asks whether the validators' group has members (one that was killed stays a member for its
 *      session), and Redis; nothing is changed yet
 *   2. chain_reset_run: the head goes first, then the cursor moves. Killed between the two, the partition is still
 *      parked, and the same is done again. The other way round a validator would find the old head, and go on in the
 *      chain that was given up */
#ifndef CTL_CHAIN_RESET_H
#define CTL_CHAIN_RESET_H

#include "ctl/repair/chain_end.h"
#include "model/teacher_key.h"
#include "redis/redis_cache.h"

struct chain_reset {
	struct hmac_key key;
	struct redis_cache *cache;
};

/* ERR_DATA: validators run. ERR_CONFIG: no key, or Redis refuses us. Release it in any case. */
MUSTUSE int chain_reset_prepare(struct ctl *ctl, struct pg_link *link, int32_t partition, struct chain_reset *reset,
				struct err *err);
/* With its audit row. ERR_DATA: a writer moved the cursor meanwhile. */
MUSTUSE int chain_reset_run(struct ctl *ctl, struct pg_link *link, struct chain_reset *reset,
			    const struct chain_end *end, const char *reason, struct err *err);
void chain_reset_release(struct chain_reset *reset);

#endif
