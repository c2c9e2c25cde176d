/* manual: the man page instroomctl(1) as roff, made from the command table and the settings. */
#ifndef CTL_MANUAL_H
#define CTL_MANUAL_H

#include "ctl/command.h"

void manual_roff(const struct command_table *table, FILE *to);

int run_man(struct ctl *ctl);

#endif
