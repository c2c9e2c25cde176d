#include "validate/cache_entries.h"

size_t entries_seek(struct slice entries, size_t from, const uint8_t *key)
{
	size_t count = entries_count(entries), low = from, step = 1;

	/* strides that double until one passes key, then halving between the last two */
	while (low < count && count - low > step && teacher_key_compare(entries_at(entries, low + step), key) < 0) {
		low += step;
		step *= 2;
	}
	size_t high = count - low > step ? low + step : count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (teacher_key_compare(entries_at(entries, middle), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const uint8_t *entries_find(struct slice entries, size_t *at, const uint8_t *key)
{
	*at = entries_seek(entries, *at, key);
	if (*at == entries_count(entries) || teacher_key_compare(entries_at(entries, *at), key) != 0)
		return NULL;
	return entries_at(entries, *at);
}
