/* replay_plan: the plan of a filter, with the rows of its job. Nothing personal is printed. */
#ifndef CTL_REPLAY_PLAN_H
#define CTL_REPLAY_PLAN_H

#include "ctl/base/ctl.h"
#include "ctl/replay/replay_scope.h"

/* Plans and prints; the exit status. scope: the filter in words. is_current: judge by the reference version in force,
 * not by each delivery's own. */
int replay_make_plan(struct ctl *ctl, const struct replay_filter *filter, const char *scope, bool is_current);

/* --reference: the data in force, unless each delivery's own is asked for. */
static inline bool replay_is_current(const struct ctl *ctl)
{
	return !ctl_has(ctl, OPTION_REFERENCE) || strcmp(ctl->options[OPTION_REFERENCE], "current") == 0;
}

#endif
