/* signed_token: who speaks, by a token that an issuer signed (JWT: RFC 7519, 7515, 8725, 9068; and the NL GOV profile
 * for OpenID Connect).
 *
 * A check is a walk in one order, and the first thing that is not as it must be ends it:
 *
 *  1. size and form: at most 8 KiB, three parts divided by dots (five would be an encrypted one), each base64url
 *     without padding, the header one JSON object without a member twice;
 *  2. the header: nothing in it may bring a key of its own (jwk, jku, x5c, x5u) or ask for something we do not know
 *     (crit, b64, zip, enc, cty); typ is one we take; alg is one that is allowed, and so never none or HMAC;
 *  3. the key: one, by its kid, and its own algorithm is the token's;
 *  4. the signature, by libjose, which is given that one key with that one algorithm and chooses nothing. Before this
 *     nothing of the content is looked at;
 *  5. the content: issuer, audience, from when and until when (a minute of difference between clocks is allowed), not
 *     bound to a certificate that we do not compare (cnf), and the level of the login (acr);
 *  6. who: sub is who speaks. represents, nested, are those acted for: the deepest is the party, those before it the
 *     chain to it. Each of them has a number that we know the kind of. One that cannot be read refuses the token: who
 *     acts for somebody is never taken for a person acting for himself.
 *
 * Pure: the moment and the keys are given, nothing is kept. Other members than these say nothing here. */
#ifndef GATEWAY_SIGNED_TOKEN_H
#define GATEWAY_SIGNED_TOKEN_H

#include "base/slice.h"
#include "gateway/key_set.h"
#include "model/party_number.h"

#include <stdint.h>

enum {
	SIGNED_TOKEN_BYTES_MAX = 8192,
	SIGNED_TOKEN_LEEWAY_S = 60,
	SIGNED_TOKEN_PARTIES_MAX = 5,
	SIGNED_TOKEN_SUBJECT_BYTES_MAX = 255,
};

struct signed_token_rules {
	const char *issuer;   /* iss, byte by byte */
	const char *audience; /* must be, or be in, aud */
	const char *types;    /* of typ, joined by commas; "application/" in front and upper case do not matter */
	const char *levels;   /* acr that suffice, joined by commas; empty: none is asked for */
	unsigned algs;	      /* as signature_algs_read has them */
};

/* What a token is refused for; the order is that of the check. */
enum signed_token_answer {
	SIGNED_TOKEN_GOOD,
	SIGNED_TOKEN_TOO_LARGE,
	SIGNED_TOKEN_FORM,
	SIGNED_TOKEN_HEADER,
	SIGNED_TOKEN_TYPE,
	SIGNED_TOKEN_ALGORITHM,
	SIGNED_TOKEN_KEY, /* unknown; the issuer may know it */
	SIGNED_TOKEN_SIGNATURE,
	SIGNED_TOKEN_CONTENT,
	SIGNED_TOKEN_ISSUER,
	SIGNED_TOKEN_AUDIENCE,
	SIGNED_TOKEN_EXPIRED,
	SIGNED_TOKEN_EARLY,
	SIGNED_TOKEN_BOUND,
	SIGNED_TOKEN_LEVEL,
	SIGNED_TOKEN_SUBJECT,
	SIGNED_TOKEN_REPRESENTS,
	SIGNED_TOKEN_MEMORY, /* none: nothing is known of the token */
	SIGNED_TOKEN_ANSWERS
};

struct signed_token {
	char subject[SIGNED_TOKEN_SUBJECT_BYTES_MAX + 1]; /* sub: a pseudonym; it does not go into a log */
	/* From who speaks to whom is acted for: the last is the party, those before it the chain. Who speaks is among
	 * them if sub is itself such a number. 0: a person, for himself. */
	struct party_number parties[SIGNED_TOKEN_PARTIES_MAX];
	size_t party_count;
	int64_t expires_s; /* since 1970 */
};

/* Whether a bearer value claims to be one: it has two dots. */
bool signed_token_is_one(struct slice bearer);

/* keys: NULL: none yet. now_s: since 1970. *ret is written with SIGNED_TOKEN_GOOD only. */
enum signed_token_answer signed_token_check(struct slice token, const struct key_set *keys,
					    const struct signed_token_rules *rules, int64_t now_s,
					    struct signed_token *ret);

/* The word for metrics and the log: "expired". */
const char *signed_token_reason(enum signed_token_answer answer);
/* One Dutch sentence without its full stop: what the sender can do. Of what only a forger sends it says nothing. */
const char *signed_token_advice(enum signed_token_answer answer);

#endif
