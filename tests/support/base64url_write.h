/* base64url_write: bytes as base64url (RFC 4648 5) without padding, as the parts of tokens and keys that tests make.
 * The product only reads them (gateway/base64url.h). */
#ifndef TEST_BASE64URL_WRITE_H
#define TEST_BASE64URL_WRITE_H

#include "base/num.h"
#include "base/strbuf.h"

static const char BASE64URL_ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static inline void base64url_write(struct strbuf *out, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i += 3) {
		size_t rest = MIN(n - i, (size_t)3);
		uint32_t v = (uint32_t)p[i] << 16 | (rest > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			     (rest > 2 ? p[i + 2] : 0);

		for (size_t c = 0; c <= rest; c++)
			strbuf_add_char(out, BASE64URL_ALPHABET[v >> (18 - 6 * c) & 63]);
	}
}

#endif
