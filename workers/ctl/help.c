#include "ctl/help.h"

#include "base/suggestion.h"

#include <ctype.h>

enum { NAME_COLUMNS = 20, OPTION_COLUMNS = 28, EXIT_COLUMNS = 4, USAGE_BYTES = 256 };

/* ---- lines ---- */

/* Words go to a line until it is full; the next one begins indented. */
struct wrap {
	FILE *to;
	size_t indent, column;
};

static void wrap_word(struct wrap *wrap, struct slice word)
{
	bool is_first = wrap->column <= wrap->indent;

	if (!is_first && wrap->column + 1 + word.n > HELP_COLUMNS) {
		fprintf(wrap->to, "\n%*s", (int)wrap->indent, "");
		wrap->column = wrap->indent;
		is_first = true;
	}
	fprintf(wrap->to, "%s%.*s", is_first ? "" : " ", (int)word.n, word.p);
	wrap->column += word.n + !is_first;
}

/* Words are apart by a blank; a line feed in text stays one. */
static void wrap_text(struct wrap *wrap, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, " \n");

		if (n > 0)
			wrap_word(wrap, slice_make(text, n));
		if (text[n] == '\n') {
			fprintf(wrap->to, "\n%*s", text[n + 1] == '\n' ? 0 : (int)wrap->indent, "");
			wrap->column = wrap->indent;
		}
		text += n + (text[n] != '\0');
	}
}

/* "  name    text", text in a column of its own. */
static void print_entry(FILE *to, const char *name, size_t columns, const char *text)
{
	struct wrap wrap = { to, columns + 2, columns + 2 };

	bool fits = strlen(name) + 2 <= columns; /* two blanks between them */

	fprintf(to, "  %-*s", fits ? (int)columns : 0, name);
	if (!fits)
		fprintf(to, "\n%*s", (int)wrap.indent, "");
	wrap_text(&wrap, text);
	fputc('\n', to);
}

/* ---- a command ---- */

static void option_text(const struct command_option *option, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "--%s%s%s", option_name(option->option), option->value ? " " : "",
		 option->value ? option->value : "");
}

static void output_option(const struct command *command, char *out, size_t out_bytes)
{
	char outputs[COMMAND_OUTPUTS_BYTES];

	snprintf(out, out_bytes, "--output %s", command_outputs(command, outputs));
}

static void print_usage(FILE *to, const struct command *command)
{
	struct wrap wrap = { to, strlen("usage: "), 0 };
	char text[USAGE_BYTES - 2], word[USAGE_BYTES];

	wrap.column = (size_t)fprintf(to, "usage: instroomctl %s", command->name);
	if (command->arguments)
		wrap_text(&wrap, command->arguments);
	for (size_t i = 0; i < command->option_count; i++) {
		const struct command_option *option = &command->options[i];

		option_text(option, text, sizeof text);
		snprintf(word, sizeof word, option->is_required ? "%s" : "[%s]", text);
		wrap_word(&wrap, slice_of(word));
	}
	if (command->outputs != 0) {
		output_option(command, text, sizeof text);
		snprintf(word, sizeof word, "[%s]", text);
		wrap_word(&wrap, slice_of(word));
	}
	fputc('\n', to);
}

static void print_options(FILE *to, const struct command *command)
{
	char text[USAGE_BYTES], purpose[USAGE_BYTES];

	if (command->option_count > 0 || command->outputs != 0)
		fputs("\nOptions:\n", to);
	for (size_t i = 0; i < command->option_count; i++) {
		option_text(&command->options[i], text, sizeof text);
		print_entry(to, text, OPTION_COLUMNS, command->options[i].purpose);
	}
	if (command->outputs == 0)
		return;
	output_option(command, text, sizeof text);
	snprintf(purpose, sizeof purpose, "form of the answer, else %s; --json is json",
		 output_format_name(command->output ? command->output : OUTPUT_TEXT));
	print_entry(to, text, OPTION_COLUMNS, purpose);
}

static void print_exits(FILE *to, const struct command_exit *exits, size_t count)
{
	char status[8];

	for (size_t i = 0; i < count && exits[i].meaning; i++) {
		snprintf(status, sizeof status, "%d", exits[i].status);
		print_entry(to, status, EXIT_COLUMNS, exits[i].meaning);
	}
}

void help_command(FILE *to, const struct command *command)
{
	print_usage(to, command);
	fprintf(to, "\n%c%s.\n", toupper(command->purpose[0]), command->purpose + 1);
	if (command->help) {
		struct wrap wrap = { .to = to };

		fputc('\n', to);
		wrap_text(&wrap, command->help);
		fputc('\n', to);
	}
	print_options(to, command);
	if (command->exits[0].meaning) {
		fputs("\nExit status, beyond what instroomctl --help says:\n", to);
		print_exits(to, command->exits, COMMAND_EXITS_MAX);
	}
}

/* ---- all of them ---- */

void help_all(const struct command_table *table, FILE *to)
{
	fputs("usage: instroomctl [--config FILE] [--key=value ..] COMMAND [options]\n", to);
	for (size_t g = 0; g < table->group_count; g++) {
		fprintf(to, "\n%s:\n", table->groups[g].title);
		for (size_t i = 0; i < table->groups[g].count; i++)
			print_entry(to, table->groups[g].commands[i].name, NAME_COLUMNS,
				    table->groups[g].commands[i].purpose);
	}
	fputs("\nMore:\n", to);
	print_entry(to, "COMMAND --help, -h", OPTION_COLUMNS, "what one command takes");
	print_entry(to, "--help-settings", OPTION_COLUMNS,
		    "all settings: --key=value, a line of the file, or INSTROOM_KEY in the environment");
	print_entry(to, "--version, -V", OPTION_COLUMNS, "which release this is");
	print_entry(to, "COMMAND .. -- ARGUMENT", OPTION_COLUMNS, "what stands behind -- is no option");
	fputs("\nExit status:\n", to);
	print_exits(to, COMMAND_EXITS, COMMAND_EXIT_COUNT);
}

struct family {
	FILE *to;
	const char *word;
	size_t count;
};

static void print_member(void *self, const struct command *command)
{
	struct family *family = self;
	size_t n = strlen(family->word);

	if (strncmp(command->name, family->word, n) != 0 || command->name[n] != ' ')
		return;
	if (family->to)
		print_entry(family->to, command->name, NAME_COLUMNS, command->purpose);
	family->count++;
}

bool help_family(const struct command_table *table, FILE *to, const char *word)
{
	struct family family = { .to = to, .word = word };

	command_each(table, print_member, &family);
	return family.count > 0;
}

/* ---- what is no command ---- */

/* The nearest word there is, first or second. family NULL: first words; else the second words of this family. */
struct nearest {
	struct suggestion near;
	const char *family;
};

static void try_name(void *self, const struct command *command)
{
	struct nearest *nearest = self;
	size_t n = strcspn(command->name, " ");
	char first[SUGGESTION_BYTES];

	snprintf(first, sizeof first, "%.*s", (int)n, command->name);
	if (!nearest->family)
		suggestion_try(&nearest->near, first);
	else if (command->name[n] == ' ' && strcmp(first, nearest->family) == 0)
		suggestion_try(&nearest->near, command->name + n + 1);
}

int help_refuse(const struct command_table *table, char *const *words, size_t count)
{
	struct nearest first = { .family = NULL }, second = { .family = first.near.best };
	bool is_family = help_family(table, NULL, words[0]);

	if (is_family && count < 2) {
		help_family(table, stderr, words[0]);
		return ctl_usage("%s wants to know which of these", words[0]);
	}
	suggestion_init(&first.near, words[0]);
	suggestion_init(&second.near, count > 1 ? words[1] : "");
	command_each(table, try_name, &first);
	command_each(table, try_name, &second);
	const char *family = suggestion_best(&first.near), *member = suggestion_best(&second.near);

	if (is_family && !*member) {
		help_family(table, stderr, words[0]);
		return ctl_usage("there is no command %s %s, only these", words[0], words[1]);
	}
	if (!*family)
		return ctl_usage("there is no command %s; see instroomctl --help", words[0]);
	return ctl_usage("there is no command %s%s%s; did you mean %s%s%s?", words[0], *member ? " " : "",
			 *member ? words[1] : "", family, *member ? " " : "", member);
}

int run_help(struct ctl *ctl)
{
	size_t count;

	if (ctl->argument_count == 0) {
		help_all(ctl->commands, stdout);
		return 0;
	}
	const struct command *command = command_find(ctl->commands, ctl->arguments, ctl->argument_count, &count);

	if (command)
		help_command(stdout, command);
	else if (ctl->argument_count > 1 || !help_family(ctl->commands, stdout, ctl->arguments[0]))
		return help_refuse(ctl->commands, ctl->arguments, ctl->argument_count);
	return 0;
}
