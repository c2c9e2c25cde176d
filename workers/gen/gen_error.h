/* gen_error: ways to break one rule each, so that every code of ernst A on lines comes up. */
#ifndef GEN_GEN_ERROR_H
#define GEN_GEN_ERROR_H

#include "gen/gen_lines.h"
#include <stdbool.h>

struct gen_error {
	const char *code; /* the one aimed at; others may come with it */
	/* false: the teacher does not lend itself to it, as it takes two lines. */
	bool (*break_it)(struct gen_teacher *teacher);
};

extern const struct gen_error GEN_ERRORS[];
extern const size_t GEN_ERROR_COUNT;

#endif
