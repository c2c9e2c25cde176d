/* conditional: strong ETags, and what If-Match and If-None-Match say about them (RFC 9110, 13).
 *
 * An ETag is the first half of the SHA-256 of what an answer shows, in quotes: the same text again has the same ETag,
 * on every gateway. Pure. */
#ifndef GATEWAY_CONDITIONAL_H
#define GATEWAY_CONDITIONAL_H

#include "base/slice.h"

#include <stdint.h>

enum { ETAG_HEX_DIGITS = 32, ETAG_BYTES = ETAG_HEX_DIGITS + 3 }; /* with its quotes and NUL */

void etag_write(const uint8_t sha256[32], char ret[ETAG_BYTES]);

/* Whether the value of If-Match or If-None-Match is "*" or names this ETag. is_weak_fine: W/"x" names "x" too, as
 * If-None-Match has it. A list that cannot be read names what stands before the fault. */
bool etag_is_named(struct slice list, const char *etag, bool is_weak_fine);

enum condition {
	CONDITION_HOLDS,
	CONDITION_FAILED,	/* 412: If-Match does not name it */
	CONDITION_NOT_MODIFIED, /* 304: If-None-Match does */
};

/* Of a reading. p NULL: the request has no such header. */
enum condition conditional_check(struct slice if_match, struct slice if_none_match, const char *etag);

#endif
