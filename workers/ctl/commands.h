/* commands: the one table of what instroomctl can do.
 *
 * To add a command: its run function in the folder of what the operator does with it, declared in the header of that
 * folder's commands; its row in commands.c; an option with a new name in base/option.h and option.c. Arguments, help,
 * completion and man page follow. A list, or one record of figures, goes through base/output.h, and the row's outputs
 * say so. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/command.h"

extern const struct command_table COMMANDS;

#endif
