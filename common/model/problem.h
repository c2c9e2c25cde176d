/* problem: the reference of a problem that a board reported, and the states it may have (specification 8.7). Pure. */
#ifndef MODEL_PROBLEM_H
#define MODEL_PROBLEM_H

#include "base/slice.h"

enum { PROBLEM_REFERENCE_BYTES = 17 };

/* P-BCDF-GHJK-LMNP, as the register makes it: consonants only, so that it holds no number and no word. */
bool problem_reference_is_good(struct slice text);
/* The name of a state, as it is stored. NULL: there is no such state. */
const char *problem_state_of(struct slice text);

#endif
