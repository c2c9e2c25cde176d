/* suggestion: which of the words there are somebody meant who mistyped one. Pure. */
#ifndef BASE_SUGGESTION_H
#define BASE_SUGGESTION_H

#include <stddef.h>

enum { SUGGESTION_BYTES = 64 };

struct suggestion {
	const char *typed;
	char best[SUGGESTION_BYTES];
	size_t distance;
};

void suggestion_init(struct suggestion *suggestion, const char *typed);
void suggestion_try(struct suggestion *suggestion, const char *word);
/* The nearest of the words tried, "" if none is near: at most a third of what was typed may differ, and two letters
 * that changed places differ once. */
const char *suggestion_best(const struct suggestion *suggestion);

/* Letters added, left out, changed, or swapped with their neighbour. Words longer than SUGGESTION_BYTES differ
 * wholly. */
size_t edit_distance(const char *a, const char *b);

#endif
