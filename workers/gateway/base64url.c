#include "gateway/base64url.h"

/* -1: not of the alphabet. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

bool base64url_read(struct slice text, char *out, size_t *ret_bytes)
{
	uint32_t bits = 0;
	unsigned bit_count = 0;
	size_t bytes = 0;

	if (text.n % 4 == 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int value = value_of(text.p[i]);

		if (value < 0)
			return false;
		bits = (bits << 6 | (uint32_t)value) & 0xffff;
		bit_count += 6;
		if (bit_count < 8)
			continue;
		bit_count -= 8;
		out[bytes++] = (char)(bits >> bit_count & 0xff);
	}
	if (bits & ((1U << bit_count) - 1)) /* left over */
		return false;
	*ret_bytes = bytes;
	return true;
}
