/* http_places: how many connections each address has.
 *
 * A hash table of chains with a random seed, so that nobody can choose addresses that meet in one chain. An address
 * without connections has no entry. */
#include "base/num.h"
#include "http/http_internal.h"

#include <stdlib.h>
#include <sys/random.h>

enum { BUCKETS = 4096, KEY_BYTES = 16 };

struct place {
	uint8_t key[KEY_BYTES];
	uint32_t connections;
	struct place *next;
};

struct http_places {
	uint64_t seed;
	struct place *buckets[BUCKETS];
};

struct http_places *http_places_new(void)
{
	struct http_places *places = calloc(1, sizeof *places);

	if (places && getrandom(&places->seed, sizeof places->seed, GRND_NONBLOCK) != sizeof places->seed)
		places->seed = (uint64_t)(uintptr_t)places; /* early at boot; better than the same one everywhere */
	return places;
}

void http_places_free(struct http_places *places)
{
	if (!places)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct place *place = places->buckets[i], *next; place; place = next) {
			next = place->next;
			free(place);
		}
	free(places);
}

static struct place **find(struct http_places *places, const uint8_t key[KEY_BYTES])
{
	uint64_t hash = places->seed;

	for (size_t i = 0; i < KEY_BYTES; i++)
		hash = (hash ^ key[i]) * 0x9e3779b97f4a7c15u;
	struct place **at = &places->buckets[(hash >> 32) % BUCKETS];

	while (*at && memcmp((*at)->key, key, KEY_BYTES) != 0)
		at = &(*at)->next;
	return at;
}

bool http_places_take(struct http_places *places, const uint8_t key[KEY_BYTES], uint32_t max)
{
	if (max == 0)
		return true;
	struct place **at = find(places, key), *place = *at;

	if (!place) {
		place = calloc(1, sizeof *place);
		if (!place)
			return false;
		memcpy(place->key, key, KEY_BYTES);
		*at = place;
	}
	if (place->connections >= max)
		return false;
	place->connections++;
	return true;
}

void http_places_give_back(struct http_places *places, const uint8_t key[KEY_BYTES], uint32_t max)
{
	if (max == 0)
		return;
	struct place **at = find(places, key), *place = *at;

	if (--place->connections > 0)
		return;
	*at = place->next;
	free(place);
}
