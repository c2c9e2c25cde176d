#include "base/utf8.h"

/* Bytes of the character at p, or 0 when it is not well-formed (Unicode 15, table 3-7). left: at least 1. */
static size_t utf8_step(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		low = p[0] == 0xe0 ? 0xa0 : low;   /* else overlong */
		high = p[0] == 0xed ? 0x9f : high; /* else a surrogate */
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		low = p[0] == 0xf0 ? 0x90 : low;   /* else overlong */
		high = p[0] == 0xf4 ? 0x8f : high; /* else above U+10FFFF */
	} else {
		return 0;
	}
	if (left < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static bool is_ascii_16(const unsigned char *p)
{
	uint64_t low, high;

	memcpy(&low, p, sizeof low);
	memcpy(&high, p + 8, sizeof high);
	return ((low | high) & UINT64_C(0x8080808080808080)) == 0;
}

size_t utf8_valid_bytes(struct slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	for (size_t i = 0; i < bytes.n;) {
		if (bytes.n - i >= 16 && is_ascii_16(p + i)) {
			i += 16;
			continue;
		}
		size_t n = utf8_step(p + i, bytes.n - i);

		if (n == 0)
			return i;
		i += n;
	}
	return bytes.n;
}

bool utf8_is_valid(struct slice bytes)
{
	return utf8_valid_bytes(bytes) == bytes.n;
}

size_t utf8_length(struct slice valid)
{
	size_t length = 0;

	for (size_t i = 0; i < valid.n; i++)
		length += ((unsigned char)valid.p[i] & 0xc0) != 0x80;
	return length;
}

size_t utf8_obeyed_bytes(struct slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	if (p[0] < ' ' || p[0] == 0x7f)
		return 1;
	if (bytes.n >= 2 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
		return 2;
	if (bytes.n < 3 || p[0] != 0xe2)
		return 0;
	return (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9) ? 3 : 0;
}
