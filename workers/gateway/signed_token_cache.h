/* signed_token_cache: tokens that were found good, so that one that is shown at each delivery of a night is checked
 * once.
 *
 * To check a signature costs a gateway a third of what a delivery of 220 lines costs it (scripts/access_cost). Kept is
 * only what a good token said, by the SHA-256 of all its bytes: whoever changes one has another token. An entry counts
 *
 *  1. for the set of keys it was checked with: a set that was read later, with the same keys or without one of them, is
 *     another, and all is checked again;
 *  2. until the token ends, with the same leeway as signed_token_check; and not before the moment at which it was
 *     checked, when a clock was set back.
 *
 * A refusal is never kept. One place for each value of a byte of the digest: a token that comes to it takes it. So
 * whoever makes many cannot make the gateway grow, and at worst each is checked. Rules are those of the process, which
 * do not change while it lives. Owner: the event loop. */
#ifndef GATEWAY_SIGNED_TOKEN_CACHE_H
#define GATEWAY_SIGNED_TOKEN_CACHE_H

#include "gateway/signed_token.h"

struct signed_token_cache;

/* NULL: no memory. */
struct signed_token_cache *signed_token_cache_new(void);
void signed_token_cache_free(struct signed_token_cache *cache); /* takes NULL */

/* As signed_token_check, which it calls for a token that it does not have. cache NULL: for each. */
enum signed_token_answer signed_token_cache_check(struct signed_token_cache *cache, struct slice token,
						  const struct key_set *keys, const struct signed_token_rules *rules,
						  int64_t now_s, struct signed_token *ret);

#endif
