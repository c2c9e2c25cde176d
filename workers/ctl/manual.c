#include "ctl/manual.h"

#include "run/config_help.h"
#include "run/config_manual.h"

#include <ctype.h>

enum { NAME_BYTES = 64 };

static void print_exits(FILE *to, const struct command_exit *exits, size_t count)
{
	char status[8];

	for (size_t i = 0; i < count && exits[i].meaning; i++) {
		snprintf(status, sizeof status, "%d", exits[i].status);
		manual_entry(to, status, NULL, exits[i].meaning);
	}
}

static void print_command(FILE *to, const struct command *command)
{
	char outputs[COMMAND_OUTPUTS_BYTES];
	char name[NAME_BYTES];

	fputs(".SS \"instroomctl ", to);
	manual_text(to, command->name);
	if (command->arguments) {
		fputs(" ", to);
		manual_text(to, command->arguments);
	}
	fprintf(to, "\"\n%c", toupper(command->purpose[0]));
	manual_text(to, command->purpose + 1);
	fputs(".\n", to);
	if (command->help) {
		fputs(".PP\n", to);
		manual_text(to, command->help);
		fputc('\n', to);
	}
	for (size_t i = 0; i < command->option_count; i++) {
		snprintf(name, sizeof name, "--%s", option_name(command->options[i].option));
		manual_entry(to, name, command->options[i].value, command->options[i].purpose);
	}
	if (command->outputs)
		manual_entry(to, "--output", command_outputs(command, outputs), "the form of the answer");
	if (!command->exits[0].meaning)
		return;
	fputs(".PP\nExit status:\n", to);
	print_exits(to, command->exits, COMMAND_EXITS_MAX);
}

static void print_settings(FILE *to)
{
	struct config_key keys[CONFIG_KEYS_MAX];
	struct config_table table = config_flatten(&CTL_CONFIG, keys);

	manual_settings(to, &table);
}

void manual_roff(const struct command_table *table, FILE *to)
{
	fputs(".\\\" Made by instroomctl man from its command table.\n"
	      ".TH INSTROOMCTL 1 \"\" \"Instroom " INSTROOM_VERSION
	      "\" \"Instroom\"\n"
	      ".SH NAME\ninstroomctl \\- questions and chores for operators of Instroom\n"
	      ".SH SYNOPSIS\n\\fBinstroomctl\\fR [\\fB\\-\\-config\\fR \\fIFILE\\fR] "
	      "[\\fB\\-\\-\\fIkey\\fB=\\fIvalue\\fR ..]\n"
	      "\\fICOMMAND\\fR [\\fIoptions\\fR]\n"
	      ".SH DESCRIPTION\nAnswers go to standard output, all else to standard error. "
	      "What stands behind a \\fB\\-\\-\\fR is no option.\n"
	      "In CSV fields are apart by a semicolon; in JSON a board number is a text; times are ISO 8601 in UTC.\n"
	      "\\fB\\-\\-json\\fR is another name of \\fB\\-\\-output json\\fR.\n"
	      ".SH COMMANDS\n",
	      to);
	for (size_t g = 0; g < table->group_count; g++)
		for (size_t i = 0; i < table->groups[g].count; i++)
			print_command(to, &table->groups[g].commands[i]);
	fputs(".SH SETTINGS\nFrom their default, the \\fIFILE\\fR (key = value lines), the environment\n"
	      "(INSTROOM_ and the key in capitals, dots as underscores), and "
	      "\\fB\\-\\-\\fIkey\\fB=\\fIvalue\\fR before the command; the last one counts.\n",
	      to);
	print_settings(to);
	fputs(".SH \"EXIT STATUS\"\n", to);
	print_exits(to, COMMAND_EXITS, COMMAND_EXIT_COUNT);
}

int run_man(struct ctl *ctl)
{
	manual_roff(ctl->commands, stdout);
	return 0;
}
