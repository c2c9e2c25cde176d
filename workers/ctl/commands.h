/* commands: the one table of what instroomctl can do. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/command.h"

extern const struct command_table COMMANDS;

#endif
