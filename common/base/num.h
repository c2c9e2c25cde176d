/* num: numbers to bytes and back. Pure; never locale-dependent. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/slice.h"

/* All of text is 1 or more ASCII digits, no sign, value at most max. */
MUSTUSE bool num_parse_u64(struct slice text, uint64_t max, uint64_t *ret);
MUSTUSE bool num_parse_i64(struct slice text, int64_t min, int64_t max, int64_t *ret); /* an optional '-' in front */

/* Lower-case hex; out holds 2 * n bytes, and no NUL is added. */
void num_to_hex(const void *bytes, size_t n, char *out);
/* Exactly 2 * n hex digits of any case. false: another form; out may be partly written. */
MUSTUSE bool num_from_hex(struct slice text, void *out, size_t n);

/* Base64 with the alphabet of RFC 4648 4. out holds num_base64_bytes(n), padding included, and no NUL is added. */
size_t num_base64_bytes(size_t n);
void num_to_base64(const void *bytes, size_t n, char *out);
/* The padding may be left out. false: no base64, or not of exactly n bytes; out may be partly written. */
MUSTUSE bool num_from_base64(struct slice text, void *out, size_t n);

static inline bool num_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool num_is_digits(struct slice s) /* true for the empty slice too */
{
	for (size_t i = 0; i < s.n; i++)
		if (!num_is_digit(s.p[i]))
			return false;
	return true;
}

static inline void num_put_be64(uint8_t *out, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(out, &v, sizeof v);
}

static inline uint64_t num_get_be64(const uint8_t *in)
{
	uint64_t v;

	memcpy(&v, in, sizeof v);
	return __builtin_bswap64(v);
}

static inline void num_put_be32(uint8_t *out, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(out, &v, sizeof v);
}

static inline uint32_t num_get_be32(const uint8_t *in)
{
	uint32_t v;

	memcpy(&v, in, sizeof v);
	return __builtin_bswap32(v);
}

static inline void num_put_be16(uint8_t *out, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(out, &v, sizeof v);
}

/* murmur2 of the Java client: partition of a key = (murmur2 & 0x7fffffff) % partitions. */
uint32_t num_murmur2(const void *key, size_t n);

#endif
