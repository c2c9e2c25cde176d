#include "seal/day_key.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

enum { DAY_DIGITS = 8, DAY_MAX = 99991231 };

void day_key_id_put(const struct day_key_id *id, uint8_t out[DAY_KEY_ID_BYTES])
{
	num_put_be32(out, (uint32_t)id->day);
	memcpy(out + sizeof(uint32_t), id->random, sizeof id->random);
}

struct day_key_id day_key_id_get(const uint8_t in[DAY_KEY_ID_BYTES])
{
	struct day_key_id id = { .day = (int32_t)num_get_be32(in) };

	memcpy(id.random, in + sizeof(uint32_t), sizeof id.random);
	return id;
}

struct slice day_key_id_text(const struct day_key_id *id, char text[DAY_KEY_ID_TEXT_BYTES + 1])
{
	char hex[2 * DAY_KEY_ID_RANDOM_BYTES + 1] = "";

	num_to_hex(id->random, sizeof id->random, hex);
	snprintf(text, DAY_KEY_ID_TEXT_BYTES + 1, "%08" PRIu32 "-%s", (uint32_t)id->day % (DAY_MAX + 1U), hex);
	return slice_make(text, DAY_KEY_ID_TEXT_BYTES);
}

bool day_key_id_parse(struct slice text, struct day_key_id *ret)
{
	struct day_key_id id;
	uint64_t day;

	if (text.n != DAY_KEY_ID_TEXT_BYTES || text.p[DAY_DIGITS] != '-' ||
	    !num_parse_u64(slice_make(text.p, DAY_DIGITS), DAY_MAX, &day) ||
	    !num_from_hex(slice_from(text, DAY_DIGITS + 1), id.random, sizeof id.random))
		return false;
	id.day = (int32_t)day;
	*ret = id;
	return true;
}

int day_key_id_compare(const struct day_key_id *a, const struct day_key_id *b)
{
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return memcmp(a->random, b->random, sizeof a->random);
}
