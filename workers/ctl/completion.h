/* completion: a bash script that completes commands, options and their values, made from the command table. */
#ifndef CTL_COMPLETION_H
#define CTL_COMPLETION_H

#include "ctl/command.h"

void completion_bash(const struct command_table *table, FILE *to);

int run_completion(struct ctl *ctl);

#endif
