/* setup_commands: the commands that make and check what the workers need. */
#ifndef CTL_SETUP_COMMANDS_H
#define CTL_SETUP_COMMANDS_H

#include "ctl/base/ctl.h"

int run_migrate(struct ctl *ctl);
int run_doctor(struct ctl *ctl);

#endif
