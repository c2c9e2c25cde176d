/* base64url: bytes in the alphabet of RFC 4648 5 without padding, as signed tokens and their keys have them.
 *
 * One text per content: padding, the other alphabet, blanks and bits that mean nothing are refused, so that nobody can
 * write the same token in two ways. Pure. */
#ifndef GATEWAY_BASE64URL_H
#define GATEWAY_BASE64URL_H

#include "base/slice.h"

/* out holds 3 bytes per 4 characters, rounded up. false: another form; out may be partly written. */
MUSTUSE bool base64url_read(struct slice text, char *out, size_t *ret_bytes);

#endif
