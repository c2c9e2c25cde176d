#include "run/config_manual.h"

#include "run/config_help.h"
#include "run/exit_status.h"

#include <ctype.h>

enum { TITLE_BYTES = 64 };

/* What a worker ends with; instroomctl has a table of its own, as it waits for nobody. */
static const struct {
	enum exit_status status;
	const char *meaning;
} EXITS[] = {
	{ EXIT_DRAINED, "drained: a TERM or INT came and what was begun is finished" },
	{ EXIT_USAGE, "wrong arguments" },
	{ EXIT_NO_FILE, "a file it is to read is not there" },
	{ EXIT_BUG, "a fault of ours: the service manager starts it again" },
	{ EXIT_CREDENTIALS, "a server refused its credentials at start" },
	{ EXIT_SETTINGS, "wrong settings, or a migration is missing" },
};

void manual_text(FILE *to, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", to);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", to);
		else if (*text == '-')
			fputs("\\-", to);
		else if (text[0] == '\n' && text[1] == '\n')
			fputs("\n.PP", to);
		else
			fputc(*text, to);
	}
}

void manual_entry(FILE *to, const char *name, const char *value, const char *text)
{
	fputs(".TP\n\\fB", to);
	manual_text(to, name);
	fputs("\\fR", to);
	if (value) {
		fputs(" \\fI", to);
		manual_text(to, value);
		fputs("\\fR", to);
	}
	fputc('\n', to);
	manual_text(to, text);
	fputc('\n', to);
}

void manual_settings(FILE *to, const struct config_table *table)
{
	char range[CONFIG_RANGE_BYTES];

	for (size_t i = 0; i < table->key_count; i++) {
		const struct config_key *key = &table->keys[i];

		manual_entry(to, key->key, NULL, key->help);
		fputs(".br\n", to);
		manual_text(to, config_range(key, range, sizeof range));
		if (*key->fallback) {
			fputs("; default ", to);
			manual_text(to, key->fallback);
		}
		fputc('\n', to);
	}
}

static void print_title(FILE *to, const char *program)
{
	char title[TITLE_BYTES];
	size_t n = 0;

	for (; program[n] && n < sizeof title - 1; n++)
		title[n] = (char)toupper((unsigned char)program[n]);
	title[n] = '\0';
	fputs(".\\\" Made by --manual of the program from its settings table.\n.TH ", to);
	manual_text(to, title);
	fputs(" 8 \"\" \"Instroom " INSTROOM_VERSION "\" \"Instroom\"\n", to);
}

static void print_exits(FILE *to)
{
	char status[8];

	for (size_t i = 0; i < ARRAY_LEN(EXITS); i++) {
		snprintf(status, sizeof status, "%d", EXITS[i].status);
		manual_entry(to, status, NULL, EXITS[i].meaning);
	}
}

void config_manual(FILE *to, const struct config_table *table)
{
	print_title(to, table->program);
	fputs(".SH NAME\n", to);
	manual_text(to, table->program);
	fputs(" \\- ", to);
	manual_text(to, table->purpose);
	fputs("\n.SH SYNOPSIS\n\\fB", to);
	manual_text(to, table->program);
	fputs("\\fR [\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-\\-\\fIkey\\fB=\\fIvalue\\fR ..]\n.br\n\\fB", to);
	manual_text(to, table->program);
	fputs("\\fR \\fB\\-\\-help\\fR | \\fB\\-\\-version\\fR | \\fB\\-\\-config\\-help\\fR | \\fB\\-\\-manual\\fR\n"
	      ".SH DESCRIPTION\nA worker of Instroom, which takes in what school boards deliver for the register of\n"
	      "teachers. It runs until a signal ends it, waits for servers that are away, and logs to standard\n"
	      "error, one event per line. It keeps nothing on disk and may be killed at any time.\n"
	      ".SH SETTINGS\nFrom their default, the \\fIFILE\\fR (key = value lines, # comments), the environment\n"
	      "(INSTROOM_ and the key in capitals, dots as underscores), and the arguments; the last one stands.\n"
	      "Counts and bytes take k, M, G (1000 and 1024), durations ms, s, m. Secrets are files that others\n"
	      "cannot read.\n",
	      to);
	manual_settings(to, table);
	fputs(".SH SIGNALS\n", to);
	manual_entry(to, "TERM, INT", NULL, "drain and end; a second one ends at once");
	manual_entry(to, "HUP", NULL, "read the files of secrets again, without a pause; settings want a restart");
	fputs(".SH \"EXIT STATUS\"\n", to);
	print_exits(to);
	fputs(".SH FILES\n", to);
	manual_entry(to, "/etc/instroom", NULL, "settings of the installation, and its secrets");
	fputs(".SH \"SEE ALSO\"\n\\fBinstroomctl\\fR(1), /usr/share/doc/instroom-common\n", to);
}

bool config_manual_answer(const struct config_table *table, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--manual") != 0)
			continue;
		config_manual(stdout, table);
		return true;
	}
	return false;
}
