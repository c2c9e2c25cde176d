/* verify_groups: a derived delivery's outcomes as the ledger keeps them: one group per teacher, rising by key; behind
 * them the lines without one, in their order. */
#ifndef CTL_VERIFY_GROUPS_H
#define CTL_VERIFY_GROUPS_H

#include "base/strbuf.h"
#include "ctl/prove/verify_board.h"

struct verify_groups {
	struct strbuf outcomes, keys; /* encoded; 16 bytes each, as they are listed: erased_key */
	struct strbuf own_keys;	      /* of the teachers, also of erased ones */
	int64_t lines[OUTCOMES + 1];
	int64_t unreadable;
	bool is_by_key_before;
};

/* by_key_before: as a delivery from before a rotation of the HMAC key has them. To be released whatever comes back;
 * false: no memory. */
bool verify_groups_make(const struct verify_delivery *delivery, bool by_key_before, struct verify_groups *ret);
/* By the present key, or by the one before if key_list, the digest that is stored, is one of that. */
bool verify_groups_make_as(const struct verify_board *board, const struct verify_delivery *delivery,
			   struct slice key_list, struct verify_groups *ret);
bool verify_groups_are_listed(const struct verify_groups *groups, struct slice key_list);
void verify_groups_release(struct verify_groups *groups);

/* 16 bytes of SHA-256: the name of what is stored once. */
void verify_digest(struct slice bytes, uint8_t ret[TEACHER_KEY_BYTES]);

#endif
