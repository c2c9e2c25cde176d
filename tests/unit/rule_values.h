/* rule_values: how many values the text of a rule shows: its <..> that are not the name of the field. */
#ifndef TESTS_RULE_VALUES_H
#define TESTS_RULE_VALUES_H

#include "model/rule.h"

static inline unsigned rule_value_count(enum rule rule)
{
	unsigned count = 0;

	for (const char *p = rule_text(rule); (p = strchr(p, '<')); p++)
		count += strncmp(p, "<veld>", 6) != 0 && strncmp(p, "<kolom>", 7) != 0;
	return count;
}

#endif
