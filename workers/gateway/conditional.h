/* conditional: strong ETags, and what If-Match and If-None-Match say about them (RFC 9110, 13).
 *
 * An ETag is the first half of the SHA-256 of what an answer shows, in quotes: the same text again has the same ETag,
 * on every gateway. That of the file of who would lapse is all of the SHA-256 (specification 8.6). Pure. */
#ifndef GATEWAY_CONDITIONAL_H
#define GATEWAY_CONDITIONAL_H

#include "base/slice.h"
#include "protocol/confirm_condition.h"

#include <stdint.h>

enum { ETAG_HEX_DIGITS = 32, ETAG_WHOLE_DIGITS = 64, ETAG_BYTES = ETAG_WHOLE_DIGITS + 3 }; /* with quotes and NUL */

void etag_write(const uint8_t sha256[32], char ret[ETAG_BYTES]);
void etag_write_whole(const uint8_t sha256[32], char ret[ETAG_BYTES]);

/* The SHA-256 of each strong ETag of a list that is a whole one, the first CONDITION_DIGESTS_MAX of them, one behind
 * the other. ret_is_any: it is "*". Returns their number; others name no file of ours. */
size_t etag_list_digests(struct slice list, uint8_t ret[CONDITION_BYTES_MAX], bool *ret_is_any);

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
