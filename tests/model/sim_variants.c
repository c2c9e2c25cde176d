#include "sim_variants.h"

#include <string.h>

#define VARIANT_ABOUT(name, expected, sentence) { #name, expected, sentence },
const struct variant_about VARIANTS_ABOUT[VARIANTS_END] = { VARIANTS(VARIANT_ABOUT) };

bool variant_is_on[VARIANTS_END];

bool variant_find(const char *name, enum variant *ret)
{
	for (int i = 0; i < VARIANTS_END; i++)
		if (strcmp(VARIANTS_ABOUT[i].name, name) == 0) {
			*ret = (enum variant)i;
			return true;
		}
	return false;
}
