/* key_set: the keys of an issuer of signed tokens, as its JWKS has them (RFC 7517).
 *
 * A key is kept if it can only be used in one way: it has a name (kid) that no other key of the set has, it is public,
 * meant for signatures, and its algorithm is known: the one it names, or the only one possible for its type among those
 * allowed. RSA keys have 2048 to 8192 bits, the curve is P-256. Of what is kept only the numbers are: an algorithm, a
 * use or a certificate that the document adds cannot speak again later. The rest is skipped and counted.
 *
 * Immutable once read; a newer document is another set. */
#ifndef GATEWAY_KEY_SET_H
#define GATEWAY_KEY_SET_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct json_t; /* of jansson */

enum { KEY_SET_BYTES_MAX = 256 << 10, KEY_SET_KEYS_MAX = 64, KEY_ID_BYTES_MAX = 128 };

enum signature_alg { ALG_RS256, ALG_PS256, ALG_ES256, SIGNATURE_ALGS };

/* "RS256". */
const char *signature_alg_name(enum signature_alg alg);
/* SIGNATURE_ALGS: none of them. Upper case only, as RFC 7515 has it. */
enum signature_alg signature_alg_find(struct slice name);
/* "RS256,ES256" as bits 1 << alg; 0: an unknown word, or one twice. */
unsigned signature_algs_read(struct slice list);

struct signing_key {
	char id[KEY_ID_BYTES_MAX + 1];
	enum signature_alg alg;
	size_t signature_bytes; /* of each signature it makes */
	struct json_t *jwk;	/* kty, alg and the public numbers */
};

struct key_set;

/* algs: those allowed. ERR_DATA: no JWKS, or none of its keys can be used. ERR_RETRY: no memory. */
MUSTUSE int key_set_read(struct slice document, unsigned algs, struct key_set **ret, struct err *err);
void key_set_free(struct key_set *set); /* takes NULL */
/* NULL: it has no such key. Takes a NULL set. */
const struct signing_key *key_set_find(const struct key_set *set, struct slice id);
size_t key_set_count(const struct key_set *set); /* takes NULL */
/* No other set of this process has it; 0: a NULL set. */
uint64_t key_set_serial(const struct key_set *set);
size_t key_set_skipped(const struct key_set *set); /* keys of the document that are not used; takes NULL */

#endif
