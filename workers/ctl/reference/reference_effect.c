#include "ctl/reference/reference_effect.h"

enum { NO_CHANGE = EFFECT_CHANGES };

const char *effect_change_name(enum effect_change change)
{
	static const char *const NAMES[] = { "fails", "passes", "other target" };

	return NAMES[change];
}

static size_t place_of(enum rule rule)
{
	unsigned letter = ((unsigned)rule >> 8) - 'A', number = (unsigned)rule & 0xff;

	return letter * RULE_NUMBERS + number;
}

enum rule effect_rule(size_t place)
{
	unsigned rule = RULE_ID((unsigned)('A' + place / RULE_NUMBERS), (unsigned)(place % RULE_NUMBERS));

	return rule_is_known(rule) ? (enum rule)rule : RULE_NONE;
}

/* One delivery. */
struct comparison {
	struct effect *effect;
	uint32_t board;
	const struct judged *before, *after;
	uint8_t *changes;	    /* of each group; NO_CHANGE */
	bool *marked[EFFECT_RULES]; /* of each group, whether it was counted under a rule; NULL: none was */
	struct arena *arena;
};

static void count_group(const struct comparison *comparison, struct effect_count *count, uint32_t group)
{
	count->boards += count->last_board != comparison->board;
	count->last_board = comparison->board;
	count->teachers++;
	count->lines += comparison->after->groups[group].line_count;
}

static void find_changes(struct comparison *comparison, const bool *is_counted)
{
	const struct judged *before = comparison->before, *after = comparison->after;

	for (size_t g = 0; g < after->group_count; g++) {
		bool passed = before->groups[g].is_valid, passes = after->groups[g].is_valid;

		comparison->changes[g] = NO_CHANGE;
		if (!is_counted[g])
			continue;
		comparison->effect->teachers++;
		comparison->effect->lines += after->groups[g].line_count;
		if (passed != passes)
			comparison->changes[g] = passes ? EFFECT_PASSES : EFFECT_FAILS;
	}
}

/* Of a teacher who passes before and after. */
static void find_targets(struct comparison *comparison, const bool *is_counted, size_t line_count)
{
	for (size_t i = 0; i < line_count; i++) {
		uint32_t group = comparison->after->lines[i].group;

		if (is_counted[group] && comparison->changes[group] == NO_CHANGE &&
		    comparison->after->groups[group].is_valid &&
		    comparison->before->lines[i].target != comparison->after->lines[i].target)
			comparison->changes[group] = EFFECT_OTHER_TARGET;
	}
}

static int count_rule(struct comparison *comparison, enum rule rule, uint32_t group, struct err *err)
{
	size_t place = place_of(rule);
	bool **marked = &comparison->marked[place];

	if (!*marked)
		*marked = arena_take_zeroed(comparison->arena, comparison->after->group_count, sizeof **marked);
	if (!*marked)
		return err_set(err, ERR_FULL, "arena", "no memory for the teachers of a delivery");
	if (!(*marked)[group])
		count_group(comparison, &comparison->effect->by_rule[comparison->changes[group]][place], group);
	(*marked)[group] = true;
	return 0;
}

/* The codes that reject a teacher who fails are found after, those of one who passes before. */
static int count_rules(struct comparison *comparison, enum effect_change change, size_t line_count, struct err *err)
{
	const struct judged *judged = change == EFFECT_FAILS ? comparison->after : comparison->before;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < line_count; i++) {
		const struct judged_line *line = &judged->lines[i];

		if (comparison->changes[line->group] != change)
			continue;
		for (size_t f = 0; rc == 0 && f < line->finding_count; f++) {
			enum rule rule = (enum rule)judged->findings[line->finding_first + f].rule;

			if (rule_rejects(rule))
				rc = count_rule(comparison, rule, line->group, err);
		}
	}
	return rc;
}

int effect_add(struct effect *effect, uint32_t board, const struct judged *before, const struct judged *after,
	       const bool *is_counted, size_t line_count, struct arena *arena, struct err *err)
{
	struct comparison comparison = {
		.effect = effect, .board = board, .before = before, .after = after, .arena = arena
	};

	if (before->group_count != after->group_count)
		return err_set(err, ERR_FATAL, "groups", "a delivery has other teachers with other tables");
	comparison.changes = arena_take(arena, after->group_count, sizeof *comparison.changes);
	if (!comparison.changes)
		return err_set(err, ERR_FULL, "arena", "no memory for the teachers of a delivery");
	find_changes(&comparison, is_counted);
	find_targets(&comparison, is_counted, line_count);
	for (uint32_t g = 0; g < after->group_count; g++)
		if (comparison.changes[g] != NO_CHANGE)
			count_group(&comparison, &effect->totals[comparison.changes[g]], g);
	int rc = count_rules(&comparison, EFFECT_FAILS, line_count, err);

	return rc != 0 ? rc : count_rules(&comparison, EFFECT_PASSES, line_count, err);
}
