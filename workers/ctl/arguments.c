#include "ctl/arguments.h"

#include "base/suggestion.h"
#include "base/utf8.h"
#include "model/bsn.h"

/* The words being read, and where we are in them. */
struct reading {
	const struct command *command;
	struct ctl *ctl;
	char **words;
	size_t count, next;
};

/* One word that begins with "--": its name, and what stands behind "=". */
struct given {
	struct slice name;
	const char *value; /* NULL: no "=" */
};

static struct given split(const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');

	return (struct given){ slice_make(name, equals ? (size_t)(equals - name) : strlen(name)),
			       equals ? equals + 1 : NULL };
}

/* The value: behind "=", or the next word. false: there is none. */
static bool take_value(struct reading *reading, const struct given *given, const char **ret)
{
	*ret = given->value;
	if (!*ret && reading->next < reading->count)
		*ret = reading->words[reading->next++];
	if (!*ret || !**ret)
		ctl_usage("--%.*s wants a value", (int)given->name.n, given->name.p);
	return *ret && **ret;
}

/* ---- --output ---- */

static bool is_output(const struct command *command, struct slice name)
{
	return command->outputs != 0 && (slice_equal_text(name, "output") || slice_equal_text(name, "format"));
}

static bool take_output(struct reading *reading, const struct given *given)
{
	static const enum output_format FORMATS[] = { OUTPUT_TEXT, OUTPUT_CSV, OUTPUT_JSON };
	char known[COMMAND_OUTPUTS_BYTES];
	const char *value;

	if (!take_value(reading, given, &value))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++)
		if (reading->command->outputs & FORMATS[i] && strcmp(value, output_format_name(FORMATS[i])) == 0) {
			reading->ctl->output = FORMATS[i];
			return true;
		}
	ctl_usage("--%.*s of %s is one of %s", (int)given->name.n, given->name.p, reading->command->name,
		  command_outputs(reading->command, known));
	return false;
}

static bool take_json(struct reading *reading, const struct given *given)
{
	if (given->value)
		ctl_usage("--json takes no value");
	reading->ctl->output = OUTPUT_JSON;
	return !given->value;
}

/* ---- options ---- */

/* words: "current|original". */
static bool is_one_of(const char *words, const char *value)
{
	struct slice rest = slice_of(words);

	while (rest.n > 0) {
		const char *bar = memchr(rest.p, '|', rest.n);
		size_t n = bar ? (size_t)(bar - rest.p) : rest.n;

		if (slice_equal_text(slice_make(rest.p, n), value))
			return true;
		rest = slice_from(rest, n + 1);
	}
	return false;
}

static void refuse_option(const struct command *command, const struct given *given)
{
	char typed[SUGGESTION_BYTES];
	struct suggestion near;

	snprintf(typed, sizeof typed, "%.*s", (int)MIN(given->name.n, sizeof typed - 1), given->name.p);
	suggestion_init(&near, typed);
	for (size_t i = 0; i < command->option_count; i++)
		suggestion_try(&near, option_name(command->options[i].option));
	if (command->outputs != 0)
		suggestion_try(&near, "output");
	suggestion_try(&near, "help");
	if (*suggestion_best(&near))
		ctl_usage("%s has no option --%s; did you mean --%s?", command->name, typed, suggestion_best(&near));
	else
		ctl_usage("%s has no option --%s%s; see instroomctl %s --help", command->name, typed,
			  strchr(typed, '.') ? " (settings stand before the command)" : "", command->name);
}

/* A path may have any bytes. what: "FILE", "BOARD ID". */
static bool is_path(const char *what)
{
	static const char *const PATHS[] = { "FILE", "DIR", "LOG" };

	for (size_t i = 0; i < ARRAY_LEN(PATHS); i++)
		if (strstr(what, PATHS[i]))
			return true;
	return false;
}

/* What no name, number or reason has; a database or a terminal would stumble over it. */
static bool is_text(const char *value)
{
	for (const char *at = value; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	return utf8_is_valid(slice_of(value));
}

static bool check_value(const struct command_option *option, const char *value)
{
	const char *name = option_name(option->option);

	if (strchr(option->value, '|') && !is_one_of(option->value, value)) {
		ctl_usage("--%s is one of %s", name, option->value);
		return false;
	}
	if (!is_path(option->value) && !is_text(value)) {
		ctl_usage("the value of --%s holds a line end or another character that is no text", name);
		return false;
	}
	if (option->option == OPTION_REASON && bsn_find(slice_of(value), (struct slice){ 0 }) != RULE_NONE) {
		ctl_usage("--reason is kept for years, so it names nobody: this one holds a number like a BSN");
		return false;
	}
	return true;
}

static bool has_value_next(const struct reading *reading)
{
	return reading->next < reading->count && strncmp(reading->words[reading->next], "--", 2) != 0;
}

static bool take_option(struct reading *reading, const char *word)
{
	struct given given = split(word);
	const struct command_option *option = command_option(reading->command, given.name);
	const char *value = "";

	if (is_output(reading->command, given.name))
		return take_output(reading, &given);
	if (reading->command->outputs & OUTPUT_JSON && slice_equal_text(given.name, "json"))
		return take_json(reading, &given);
	if (!option) {
		refuse_option(reading->command, &given);
		return false;
	}
	if (!option->value && given.value) {
		ctl_usage("--%s takes no value", option_name(option->option));
		return false;
	}
	if (option->implied && !given.value && !has_value_next(reading))
		value = option->implied;
	else if (option->value && !take_value(reading, &given, &value))
		return false;
	if (option->value && !check_value(option, value))
		return false;
	if (ctl_has(reading->ctl, option->option)) { /* the other would be left out without a word */
		ctl_usage("--%s is given twice", option_name(option->option));
		return false;
	}
	reading->ctl->options[option->option] = value;
	return true;
}

/* ---- all of it ---- */

/* A shell leaves an empty one of a variable that is not set, and "/besturen.csv" would be read for "$DIR"/besturen.csv.
 */
static bool check_arguments(const struct reading *reading)
{
	const struct command *command = reading->command;

	for (size_t i = 0; i < reading->ctl->argument_count; i++) {
		const char *word = reading->ctl->arguments[i];

		if (*word == '\0') {
			ctl_usage("argument %zu of %s is empty", i + 1, command->name);
			return false;
		}
		if (!is_text(word) && !(command->arguments && is_path(command->arguments))) {
			ctl_usage("argument %zu of %s holds a line end or another character that is no text", i + 1,
				  command->name);
			return false;
		}
	}
	return true;
}

static bool has_all(const struct reading *reading)
{
	const struct command *command = reading->command;
	size_t count = reading->ctl->argument_count;

	if (!check_arguments(reading))
		return false;

	for (size_t i = 0; i < command->option_count; i++) {
		const struct command_option *option = &command->options[i];

		if (!option->is_required || ctl_has(reading->ctl, option->option))
			continue;
		ctl_usage("%s wants --%s%s%s: %s", command->name, option_name(option->option), option->value ? " " : "",
			  option->value ? option->value : "", option->purpose);
		return false;
	}
	if (count >= command->arguments_min && count <= command->arguments_max)
		return true;
	ctl_usage("%s takes %s; see instroomctl %s --help", command->name,
		  command->arguments ? command->arguments : "no arguments", command->name);
	return false;
}

enum arguments_answer arguments_read(const struct command *command, char **words, size_t count, struct ctl *ctl)
{
	struct reading reading = { .command = command, .ctl = ctl, .words = words, .count = count };
	bool are_over = false; /* the options */

	ctl->output = command->output ? command->output : OUTPUT_TEXT;
	ctl->arguments = words;
	while (reading.next < count) {
		char *word = words[reading.next++];

		if (!are_over && strcmp(word, "--") == 0)
			are_over = true;
		else if (are_over || (strncmp(word, "--", 2) != 0 && strcmp(word, "-h") != 0))
			words[ctl->argument_count++] = word;
		else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
			return ARGUMENTS_HELP;
		else if (!take_option(&reading, word))
			return ARGUMENTS_WRONG;
	}
	return has_all(&reading) ? ARGUMENTS_READ : ARGUMENTS_WRONG;
}
