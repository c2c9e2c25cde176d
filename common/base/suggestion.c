#include "base/suggestion.h"

#include "base/macros.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

size_t edit_distance(const char *a, const char *b)
{
	/* [i][j]: between the first i letters of a and the first j of b */
	uint8_t distance[SUGGESTION_BYTES + 1][SUGGESTION_BYTES + 1];
	size_t a_count = strlen(a), b_count = strlen(b);

	if (a_count > SUGGESTION_BYTES || b_count > SUGGESTION_BYTES)
		return MAX(a_count, b_count);
	for (size_t i = 0; i <= a_count; i++)
		distance[i][0] = (uint8_t)i;
	for (size_t j = 0; j <= b_count; j++)
		distance[0][j] = (uint8_t)j;
	for (size_t i = 1; i <= a_count; i++)
		for (size_t j = 1; j <= b_count; j++) {
			size_t changed = (size_t)distance[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			changed = MIN(changed, (size_t)distance[i - 1][j] + 1);
			changed = MIN(changed, (size_t)distance[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				changed = MIN(changed, (size_t)distance[i - 2][j - 2] + 1);
			distance[i][j] = (uint8_t)changed;
		}
	return distance[a_count][b_count];
}

void suggestion_init(struct suggestion *suggestion, const char *typed)
{
	*suggestion = (struct suggestion){ .typed = typed, .distance = MAX(strlen(typed) / 3, (size_t)1) + 1 };
}

void suggestion_try(struct suggestion *suggestion, const char *word)
{
	size_t distance = edit_distance(suggestion->typed, word);

	if (distance >= suggestion->distance || distance >= strlen(word))
		return;
	suggestion->distance = distance;
	snprintf(suggestion->best, sizeof suggestion->best, "%s", word);
}

const char *suggestion_best(const struct suggestion *suggestion)
{
	return suggestion->best;
}
