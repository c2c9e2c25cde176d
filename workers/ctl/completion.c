#include "ctl/completion.h"

/* words[2] is the second word of the command where there is one. What follows a value of "current|original" or --output
 * is one of its words; files complete everything else. */
static const char HEAD[] =
	"# bash completion of instroomctl, made by: instroomctl completion bash\n"
	"_instroomctl() {\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at=1\n"
	"\tlocal first second options values\n"
	"\twhile [[ ${COMP_WORDS[at]} == --* ]] && ((at < COMP_CWORD)); do\n"
	"\t\t[[ ${COMP_WORDS[at]} == --config ]] && ((at++))\n"
	"\t\t((at++))\n"
	"\tdone\n"
	"\tfirst=${COMP_WORDS[at]} second=${COMP_WORDS[at+1]}\n"
	"\tCOMPREPLY=()\n";

static const char TAIL[] =
	"\t[[ -n $values ]] && { mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$current\"); return; }\n"
	"\t[[ $current == -* ]] && mapfile -t COMPREPLY < <(compgen -W \"$options --help\" -- \"$current\")\n"
	"}\n"
	"complete -o default -F _instroomctl instroomctl\n";

struct words {
	const struct command_table *table;
	FILE *to;
	const char *family; /* its second words; NULL: first words */
	char last[64];	    /* the word before: those of a family stand together */
};

static void print_word(void *self, const struct command *command)
{
	struct words *words = self;
	size_t n = strcspn(command->name, " ");
	char word[sizeof words->last];

	if (words->family) {
		if (command->name[n] == ' ' && strlen(words->family) == n &&
		    strncmp(command->name, words->family, n) == 0)
			fprintf(words->to, " %s", command->name + n + 1);
		return;
	}
	snprintf(word, sizeof word, "%.*s", (int)n, command->name);
	if (strcmp(word, words->last) != 0)
		fprintf(words->to, " %s", word);
	memcpy(words->last, word, sizeof word);
}

/* Once for each family: its second words. */
static void print_family(void *self, const struct command *command)
{
	struct words *words = self;
	size_t n = strcspn(command->name, " ");
	char family[sizeof words->last];

	snprintf(family, sizeof family, "%.*s", (int)n, command->name);
	if (command->name[n] == '\0' || strcmp(family, words->last) == 0)
		return;
	memcpy(words->last, family, sizeof family);
	struct words inner = { .table = words->table, .to = words->to, .family = family };

	fprintf(words->to, "\t\t%s) values=\"", family);
	command_each(words->table, print_word, &inner);
	fputs("\" ;;\n", words->to);
}

static void print_values(FILE *to, const char *name, const char *value)
{
	fprintf(to, " [[ $before == --%s ]] && values=\"", name);
	for (; *value; value++)
		fputc(*value == '|' ? ' ' : *value, to);
	fputs("\";", to);
}

static void print_command(void *self, const struct command *command)
{
	char outputs[COMMAND_OUTPUTS_BYTES];
	bool has_two = strchr(command->name, ' ') != NULL;
	FILE *to = self;

	fprintf(to, "\t\t\"%s\"%s) options=\"", command->name, has_two ? "" : "*");
	for (size_t i = 0; i < command->option_count; i++)
		fprintf(to, " --%s", option_name(command->options[i].option));
	fputs(command->outputs ? " --output\";" : "\";", to);
	for (size_t i = 0; i < command->option_count; i++)
		if (command->options[i].value && strchr(command->options[i].value, '|'))
			print_values(to, option_name(command->options[i].option), command->options[i].value);
	if (command->outputs)
		print_values(to, "output", command_outputs(command, outputs));
	fputs(" ;;\n", to);
}

void completion_bash(const struct command_table *table, FILE *to)
{
	struct words words = { .table = table, .to = to };

	fputs(HEAD, to);
	fputs("\tif ((COMP_CWORD == at)); then\n\t\tvalues=\"", to);
	command_each(table, print_word, &words);
	fputs("\"\n\telif ((COMP_CWORD == at + 1)); then\n\t\tcase $first in\n", to);
	words.last[0] = '\0';
	command_each(table, print_family, &words);
	fputs("\t\tesac\n\tfi\n\tcase \"$first $second\" in\n", to);
	command_each(table, print_command, to);
	fputs("\tesac\n", to);
	fputs(TAIL, to);
}

int run_completion(struct ctl *ctl)
{
	if (strcmp(ctl->arguments[0], "bash") != 0)
		return ctl_usage("there is completion for bash only");
	completion_bash(ctl->commands, stdout);
	return 0;
}
