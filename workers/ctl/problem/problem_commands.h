/* problem_commands: the commands of the helpdesk about what boards report (specification 8.7). */
#ifndef CTL_PROBLEM_COMMANDS_H
#define CTL_PROBLEM_COMMANDS_H

#include "ctl/base/ctl.h"

int run_problems_list(struct ctl *ctl);
int run_problems_show(struct ctl *ctl);
int run_problems_close(struct ctl *ctl);
int run_problems_send(struct ctl *ctl);

#endif
