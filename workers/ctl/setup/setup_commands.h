/* setup_commands: the command that makes what the workers need. */
#ifndef CTL_SETUP_COMMANDS_H
#define CTL_SETUP_COMMANDS_H

#include "ctl/base/ctl.h"

int run_migrate(struct ctl *ctl);

#endif
