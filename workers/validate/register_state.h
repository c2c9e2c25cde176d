/* register_state: what a cold start takes from the register (design 4): the cursor of one partition and the highest
 * sequence of each of its boards, in one statement and so in one snapshot. Read apart they would lose updates:
 * tests/model, SPLIT_COLD_READ. Owner: the worker thread. */
#ifndef VALIDATE_REGISTER_STATE_H
#define VALIDATE_REGISTER_STATE_H

#include "base/arena.h"
#include "pg/pg_link.h"
#include "protocol/chain_position.h"
#include "redis/redis_cache.h"

struct register_state {
	bool has_cursor; /* false: somebody added the partition to the topic; the rest says nothing */
	struct chain_position position;
	bool has_key_id;	    /* false: nothing of this partition was written yet */
	uint32_t key_id;	    /* of the HMAC key whose teacher keys the register holds */
	struct cache_board *boards; /* sequence_full = sequence_max, no entries; in the arena */
	size_t board_count;
};

/* ERR_RETRY: PostgreSQL is away. ERR_CONFIG: no cursor row of the whole topic, so the migration is missing or
 * the topic has another name. */
MUSTUSE int register_state_read(struct pg_link *link, const char *raw_topic, int32_t partition, struct arena *arena,
				struct register_state *ret, struct err *err);

#endif
