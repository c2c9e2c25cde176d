/* issuer_keys: the keys that signed tokens are checked with, as the issuer has them now.
 *
 * From a file (a JWKS that somebody puts there), read again when it changes and on SIGHUP. Or from the issuer's own
 * address, asked by a thread of its own, so that the event loop never waits for it:
 *
 *  1. at the start, and every quarter of an hour from then on: a key that the issuer took back goes within that time;
 *  2. for a token of a key that is not known, at most once per pause (a minute): keys change at night without a word,
 *     but whoever invents key names must not make us a burden to the issuer. A name that comes within the pause is
 *     remembered, and asked for at its end;
 *  3. after a failure, once per pause. What is known goes on for a day, then it is no longer believed.
 *
 * The connection is HTTPS (plain HTTP to this machine only), certificate and name are checked, redirects are not
 * followed, and time and size are bounded. A document that is no good leaves the last one in use. Owner: the event
 * loop, for all calls. */
#ifndef GATEWAY_ISSUER_KEYS_H
#define GATEWAY_ISSUER_KEYS_H

#include "base/err.h"
#include "gateway/key_set.h"

#include <stdint.h>

struct issuer_keys_options {
	const char *file, *url; /* one of them; the other is empty */
	const char *ca_file;	/* who signs the issuer's certificate; empty: the CAs of the system */
	unsigned algs;		/* as signature_algs_read has them */
	int64_t pause_ms;
};

struct issuer_keys;

/* ERR_CONFIG: the address is none that may be asked, or the file has no keys. An issuer that is away is no error. */
MUSTUSE int issuer_keys_open(const struct issuer_keys_options *options, struct issuer_keys **ret, struct err *err);
void issuer_keys_close(struct issuer_keys *keys); /* takes NULL; ends a question that is under way */

/* NULL: none are known, or none have been for a day. The set lives until the next call of this function. */
const struct key_set *issuer_keys_now(struct issuer_keys *keys);

/* A token has a key that the set does not have. true: the issuer may say more in a moment, so nothing is known of the
 * token; false: it was asked within the pause and does not have it. */
bool issuer_keys_miss(struct issuer_keys *keys);

/* From time to time: reads a file that has changed. */
void issuer_keys_poll(struct issuer_keys *keys);
/* On SIGHUP: reads the file, or asks the issuer, whatever the pause says. An error: what was read before stays in
 * use. */
MUSTUSE int issuer_keys_reload(struct issuer_keys *keys, struct err *err);

struct issuer_keys_state {
	int64_t asked, failed; /* questions to the issuer since the start, and how many of them gave no keys */
	int64_t age_s;	       /* of what is known; -1: nothing is */
	int64_t count;	       /* of keys in use */
};

void issuer_keys_measure(struct issuer_keys *keys, struct issuer_keys_state *ret);

#endif
