#include "base/num.h"

bool num_parse_u64(struct slice text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (text.n == 0)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!num_is_digit(text.p[i]) || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text.p[i] - '0'), &value))
			return false;
	}
	if (value > max)
		return false;
	*ret = value;
	return true;
}

bool num_parse_i64(struct slice text, int64_t min, int64_t max, int64_t *ret)
{
	uint64_t magnitude;
	bool is_negative = text.n > 0 && text.p[0] == '-';

	if (!num_parse_u64(slice_from(text, is_negative ? 1 : 0), INT64_MAX, &magnitude))
		return false;
	int64_t value = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;

	if (value < min || value > max)
		return false;
	*ret = value;
	return true;
}

void num_to_hex(const void *bytes, size_t n, char *out)
{
	static const char DIGITS[] = "0123456789abcdef";
	const uint8_t *in = bytes;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = DIGITS[in[i] >> 4];
		out[2 * i + 1] = DIGITS[in[i] & 15];
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t num_base64_bytes(size_t n)
{
	return (n + 2) / 3 * 4;
}

void num_to_base64(const void *bytes, size_t n, char *out)
{
	const uint8_t *in = bytes;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t three = (uint32_t)in[i] << 16;

		three |= i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0;
		three |= i + 2 < n ? in[i + 2] : 0;
		*out++ = BASE64[three >> 18];
		*out++ = BASE64[three >> 12 & 63];
		*out++ = i + 1 < n ? BASE64[three >> 6 & 63] : '=';
		*out++ = i + 2 < n ? BASE64[three & 63] : '=';
	}
}

bool num_from_base64(struct slice text, void *out, size_t n)
{
	uint8_t *bytes = out;
	uint32_t bits = 0;
	unsigned bit_count = 0;
	size_t written = 0, padding = num_base64_bytes(n) - (n * 8 + 5) / 6;

	if (text.n == num_base64_bytes(n))
		for (; padding > 0 && text.p[text.n - 1] == '='; padding--)
			text.n--;
	if (text.n != (n * 8 + 5) / 6)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		const char *at = text.p[i] != '\0' ? strchr(BASE64, text.p[i]) : NULL;

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - BASE64);
		bit_count += 6;
		if (bit_count >= 8 && written < n) {
			bit_count -= 8;
			bytes[written++] = (uint8_t)(bits >> bit_count);
		}
	}
	return true;
}

bool num_from_hex(struct slice text, void *out, size_t n)
{
	uint8_t *bytes = out;

	if (text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(text.p[2 * i]), low = hex_value(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

uint32_t num_murmur2(const void *key, size_t n)
{
	const uint32_t m = 0x5bd1e995;
	const uint8_t *data = key;
	uint32_t h = 0x9747b28cu ^ (uint32_t)n;

	for (; n >= 4; data += 4, n -= 4) {
		uint32_t k;

		memcpy(&k, data, sizeof k);
		k *= m;
		k ^= k >> 24;
		k *= m;
		h *= m;
		h ^= k;
	}
	switch (n) {
	case 3:
		h ^= (uint32_t)data[2] << 16;
		/* fallthrough */
	case 2:
		h ^= (uint32_t)data[1] << 8;
		/* fallthrough */
	case 1:
		h ^= data[0];
		h *= m;
		break;
	default:
		break;
	}
	h ^= h >> 13;
	h *= m;
	h ^= h >> 15;
	return h;
}
