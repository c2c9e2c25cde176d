/* arguments: what stands behind a command on the command line, read by its row of the command table.
 *
 * --name VALUE or --name=VALUE, in any order between the arguments; behind "--" nothing is an option, as a leveringsid
 * may begin so. --json and --format are other names of --output. */
#ifndef CTL_ARGUMENTS_H
#define CTL_ARGUMENTS_H

#include "ctl/command.h"

enum arguments_answer {
	ARGUMENTS_READ,	 /* into ctl */
	ARGUMENTS_HELP,	 /* --help or -h is among them */
	ARGUMENTS_WRONG, /* what is wrong is on stderr */
};

/* words: those behind the command; ctl->arguments points into them, as they are put in order. */
MUSTUSE enum arguments_answer arguments_read(const struct command *command, char **words, size_t count,
					     struct ctl *ctl);

#endif
