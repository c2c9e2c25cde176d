#include "ctl/command.h"

const struct command_exit COMMAND_EXITS[] = {
	{ 0, "done" },
	{ EXIT_ANSWER_IS_NO, "done, and the answer is no" },
	{ EXIT_USAGE, "a wrong command line" },
	{ EXIT_NO_FILE, "a file that cannot be read or written" },
	{ EXIT_NO_PEER, "a server is away" },
	{ EXIT_BUG, "a fault of ours, or output that could not be written whole" },
	{ EXIT_CREDENTIALS, "wrong credentials" },
	{ EXIT_SETTINGS, "wrong settings, or a missing migration" },
};
const size_t COMMAND_EXIT_COUNT = ARRAY_LEN(COMMAND_EXITS);

void command_each(const struct command_table *table, void (*visit)(void *self, const struct command *command),
		  void *self)
{
	for (size_t g = 0; g < table->group_count; g++)
		for (size_t i = 0; i < table->groups[g].count; i++)
			visit(self, &table->groups[g].commands[i]);
}

/* "party-add" is party-add, and party add, too. */
static bool is_second_word(const char *name, char *const *words, size_t count, size_t *ret_word_count)
{
	size_t n = count > 0 ? strlen(words[0]) : 0;

	*ret_word_count = 1;
	if (count > 0 && strcmp(name, words[0]) == 0)
		return true;
	*ret_word_count = 2;
	return count > 1 && strncmp(name, words[0], n) == 0 && name[n] == '-' && strcmp(name + n + 1, words[1]) == 0;
}

static bool is_named(const struct command *command, char *const *words, size_t count, size_t *ret_word_count)
{
	const char *blank = strchr(command->name, ' ');
	struct slice first = slice_make(command->name, blank ? (size_t)(blank - command->name) : strlen(command->name));

	*ret_word_count = 1;
	if (count == 0 || !slice_equal_text(first, words[0]))
		return false;
	if (!blank)
		return true;
	bool is_second = is_second_word(blank + 1, words + 1, count - 1, ret_word_count);

	*ret_word_count += 1;
	return is_second;
}

const struct command *command_find(const struct command_table *table, char *const *words, size_t count,
				   size_t *ret_word_count)
{
	for (size_t g = 0; g < table->group_count; g++)
		for (size_t i = 0; i < table->groups[g].count; i++)
			if (is_named(&table->groups[g].commands[i], words, count, ret_word_count))
				return &table->groups[g].commands[i];
	return NULL;
}

const struct command_option *command_option(const struct command *command, struct slice name)
{
	for (size_t i = 0; i < command->option_count; i++)
		if (slice_equal_text(name, option_name(command->options[i].option)))
			return &command->options[i];
	return NULL;
}

const char *command_outputs(const struct command *command, char buf[COMMAND_OUTPUTS_BYTES])
{
	static const enum output_format FORMATS[] = { OUTPUT_TEXT, OUTPUT_CSV, OUTPUT_JSON };
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++)
		if (command->outputs & FORMATS[i])
			n += (size_t)snprintf(buf + n, COMMAND_OUTPUTS_BYTES - n, "%s%s", n > 0 ? "|" : "",
					      output_format_name(FORMATS[i]));
	return buf;
}
