/* help: what instroomctl says about itself, from the command table, in lines of at most 80 columns. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include "ctl/command.h"

enum { HELP_COLUMNS = 80 };

void help_all(const struct command_table *table, FILE *to);
void help_command(FILE *to, const struct command *command);
/* The commands whose first word this is, such as "replay". false: there are none. */
bool help_family(const struct command_table *table, FILE *to, const char *family);

/* Says that there is no such command, what may have been meant, or which there are of the family. The exit status. */
int help_refuse(const struct command_table *table, char *const *words, size_t count);

int run_help(struct ctl *ctl);

#endif
