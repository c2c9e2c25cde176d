/* command: one row of the command table, and questions to the table. Arguments, help, the man page and completion are
 * made from it; the table itself is commands.c. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "ctl/base/ctl.h"

enum { COMMAND_EXITS_MAX = 3, ARGUMENTS_ANY = 1000000 };

struct command_option {
	enum option option;
	const char *value; /* "N", or "current|original": one of these words; NULL: it takes none */
	const char *purpose;
	bool is_required;
	const char *implied; /* the value where another option, or nothing, follows; NULL: one has to be given */
};

/* What an exit status means here, beyond what it means everywhere. */
struct command_exit {
	int status;
	const char *meaning;
};

struct command {
	const char *name; /* "reference publish": the first word is its family; "access party-add": access party add */
	const char *arguments; /* "BOARD ID" */
	size_t arguments_min, arguments_max;
	const char *purpose; /* one line */
	const char *help;    /* what else there is to know; an empty line between paragraphs */
	const struct command_option *options;
	size_t option_count;
	unsigned outputs; /* of enum output_format; 0: it has one form, and no --output */
	enum output_format output;
	bool is_bare; /* needs no settings */
	struct command_exit exits[COMMAND_EXITS_MAX];
	int (*run)(struct ctl *ctl); /* the exit status */
};

/* Commands of one kind, under one heading. */
struct command_group {
	const char *title;
	const struct command *commands;
	size_t count;
};

struct command_table {
	const struct command_group *groups;
	size_t group_count;
};

/* The command that words begin with. NULL: none. */
const struct command *command_find(const struct command_table *table, char *const *words, size_t count,
				   size_t *ret_word_count);
/* Calls visit with each command, in the order of the table. */
void command_each(const struct command_table *table, void (*visit)(void *self, const struct command *command),
		  void *self);
/* The option of this name that the command takes. NULL: it takes none such. */
const struct command_option *command_option(const struct command *command, struct slice name);
enum { COMMAND_OUTPUTS_BYTES = 16 };
/* "text|csv|json" of --output, as far as the command has them. Returns buf. */
const char *command_outputs(const struct command *command, char buf[COMMAND_OUTPUTS_BYTES]);

/* What every exit status means. */
extern const struct command_exit COMMAND_EXITS[];
extern const size_t COMMAND_EXIT_COUNT;

#endif
