/* reference_effect: what other reference tables would change in how lines are judged.
 *
 * The same deliveries are judged twice, with the tables before and after; nothing is written anywhere. All lines of a
 * teacher pass or fail together, so a teacher counts once, with all his lines. Pure. */
#ifndef CTL_REFERENCE_EFFECT_H
#define CTL_REFERENCE_EFFECT_H

#include "model/judge.h"
#include "model/rule.h"

enum effect_change { EFFECT_FAILS, EFFECT_PASSES, EFFECT_OTHER_TARGET, EFFECT_CHANGES };
const char *effect_change_name(enum effect_change change); /* "fails" */

struct effect_count {
	int64_t boards, teachers, lines;
	uint32_t last_board; /* counted in boards */
};

enum { EFFECT_RULES = RULE_LETTERS * RULE_NUMBERS };

/* Zero it. A teacher with two codes counts under both, and once in the totals. */
struct effect {
	struct effect_count totals[EFFECT_CHANGES];
	struct effect_count by_rule[EFFECT_CHANGES][EFFECT_RULES];
	int64_t lines, teachers; /* that were judged */
};

/* The rule of a place in by_rule; RULE_NONE: none has it. */
enum rule effect_rule(size_t place);

/* A delivery, judged with the tables before and after. is_counted: of each group, false for one that a newer delivery
 * names too. ERR_FULL: the arena is too small. ERR_FATAL: the two are not of one delivery. */
MUSTUSE int effect_add(struct effect *effect, uint32_t board, const struct judged *before, const struct judged *after,
		       const bool *is_counted, size_t line_count, struct arena *arena, struct err *err);

#endif
