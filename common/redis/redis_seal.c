#include "redis/redis_seal.h"

#include "base/num.h"

#include <assert.h>
#include <inttypes.h>

enum { WORDS_BYTES_MAX = 400, GEN_HEX_BYTES_MAX = 64, MAC_BYTES = 32 };

void redis_seal_key(const struct hmac_key *teacher_key, struct hmac_key *ret)
{
	uint8_t bytes[MAC_BYTES];

	hmac_key_mac(teacher_key, SLICE_LITERAL("cache/v1"), bytes);
	hmac_key_init(ret, slice_make(bytes, sizeof bytes));
	explicit_bzero(bytes, sizeof bytes);
}

/* The words end with a line feed, and none of them has one: no two different things have the same text. */
void redis_seal(const struct redis_seal_place *place, const char *word, uint32_t board, struct slice bytes,
		uint8_t ret[REDIS_SEAL_BYTES])
{
	char gen[GEN_HEX_BYTES_MAX + 1] = "", words[WORDS_BYTES_MAX];
	uint8_t mac[MAC_BYTES];

	assert(2 * place->gen.n <= GEN_HEX_BYTES_MAX);
	num_to_hex((const uint8_t *)place->gen.p, place->gen.n, gen);
	int n = snprintf(words, sizeof words, "%s\n%s\n%" PRId32 "\n%s\n%" PRIu32 "\n", word, place->topic,
			 place->partition, gen, board);

	assert(n > 0 && n < WORDS_BYTES_MAX);
	hmac_key_mac_of(place->key, slice_make(words, (size_t)n), bytes, mac);
	memcpy(ret, mac, REDIS_SEAL_BYTES);
}
