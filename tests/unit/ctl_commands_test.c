/* The command table, and what is made from it: arguments, help, suggestions. */
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/help.h"
#include "base/suggestion.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct command *find(const char *first, const char *second)
{
	char *words[] = { (char *)(uintptr_t)first, (char *)(uintptr_t)second };
	size_t count = 0;

	return command_find(&COMMANDS, words, second ? 2 : 1, &count);
}

static void check_command(void *self, const struct command *command)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	(void)self;
	cr_expect(command->run && command->purpose, "%s", command->name);
	cr_expect(command->arguments_min <= command->arguments_max, "%s", command->name);
	cr_expect(command->output == 0 || command->outputs & command->output, "%s", command->name);
	help_command(to, command);
	fclose(to);
	for (char *line = text; *line; line += strcspn(line, "\n") + 1)
		cr_expect(strcspn(line, "\n") <= HELP_COLUMNS, "%s: %s", command->name, line);
	free(text);
}

Test(ctl_commands, each_is_whole_and_its_help_fits)
{
	command_each(&COMMANDS, check_command, NULL);
}

Test(ctl_commands, every_option_has_a_name)
{
	for (int option = 0; option < OPTIONS; option++)
		cr_expect(option_name((enum option)option), "option %d", option);
}

Test(ctl_commands, a_command_is_found_by_its_one_or_two_words)
{
	cr_expect_str_eq(find("ledger", NULL)->name, "ledger");
	cr_expect_str_eq(find("ledger", "start")->name, "ledger");
	cr_expect_str_eq(find("replay", "start")->name, "replay start");
	cr_expect_null(find("replay", NULL));
	cr_expect_null(find("replays", "start"));
}

static enum arguments_answer answer(const struct command *command, struct ctl *ctl, size_t count, const char **words)
{
	*ctl = (struct ctl){ 0 };
	return arguments_read(command, (char **)(uintptr_t)words, count, ctl);
}

Test(ctl_commands, a_hyphen_of_a_second_word_may_be_a_blank)
{
	char access[] = "access", board_number[] = "board-number", add[] = "add", party_add[] = "party-add",
	     other[] = "ad";
	char *three[] = { access, board_number, add }, *two[] = { access, party_add, add };
	char *wrong[] = { access, board_number, other };
	size_t count = 0;

	cr_expect_str_eq(command_find(&COMMANDS, three, 3, &count)->name, "access board-number-add");
	cr_expect_eq(count, 3);
	cr_expect_str_eq(command_find(&COMMANDS, two, 3, &count)->name, "access party-add");
	cr_expect_eq(count, 2);
	cr_expect_null(command_find(&COMMANDS, three, 2, &count));
	cr_expect_null(command_find(&COMMANDS, wrong, 3, &count));
}

Test(ctl_commands, options_stand_anywhere_but_behind_two_hyphens)
{
	const char *words[] = { "--json", "99901", "--", "--an-id" };
	struct ctl ctl;

	cr_assert_eq(answer(find("report", NULL), &ctl, 4, words), ARGUMENTS_READ);
	cr_expect_eq(ctl.output, OUTPUT_JSON);
	cr_expect_eq(ctl.argument_count, 2);
	cr_expect_str_eq(ctl.arguments[0], "99901");
	cr_expect_str_eq(ctl.arguments[1], "--an-id");
}

Test(ctl_commands, a_value_stands_behind_a_blank_or_an_equals_sign)
{
	const char *words[] = { "--board", "99901", "--check", "--format=csv" };
	struct ctl ctl;

	cr_assert_eq(answer(find("ledger", NULL), &ctl, 4, words), ARGUMENTS_READ);
	cr_expect_str_eq(ctl.options[OPTION_BOARD], "99901");
	cr_expect(ctl_has(&ctl, OPTION_CHECK));
	cr_expect_eq(ctl.output, OUTPUT_CSV);
	const char *equals[] = { "--board=99902" };

	cr_assert_eq(answer(find("ledger", NULL), &ctl, 1, equals), ARGUMENTS_READ);
	cr_expect_str_eq(ctl.options[OPTION_BOARD], "99902");
	cr_expect_eq(ctl.output, OUTPUT_TEXT);
}

Test(ctl_commands, what_is_wrong_is_refused)
{
	static const struct {
		const char *first, *second;
		const char *words[3];
	} CASES[] = {
		{ "ledger", NULL, { "--bord" } },
		{ "ledger", NULL, { "--board" } },
		{ "ledger", NULL, { "--board=" } },
		{ "ledger", NULL, { "--check=yes" } },
		{ "ledger", NULL, { "--json=yes" } },
		{ "ledger", NULL, { "argument" } },
		{ "migrate", NULL, { "--json" } },
		{ "replay", "list", { "--output", "xml" } },
		{ "replay", "show", { "job", "--output", "csv" } },
		{ "replay", "start", { "job" } },
		{ "replay", "start", { "job", "--reason", "" } },
		{ "replay", "plan", { "--quarantine", "--reference", "newest" } },
		{ "report", NULL, { "99901" } },
		{ "report", NULL, { "99901", "" } },
		{ "report", NULL, { "99901", "an-id\n" } },
		{ "replay", "show", { "\xff\xfe" } },
		{ "reference", "import", { "" } },
		{ "deliver", NULL, { "folder", "" } },
		{ "ledger", NULL, { "--board=99901", "--board=99902" } },
		{ "ledger", NULL, { "--check", "--check" } },
		{ "findings", NULL, { "--code", "LR-\xc3" } },
		{ "quarantine", "discard", { "1/2", "--reason", "a\x1b[2Jb" } },
	};

	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		const char *words[3] = { CASES[i].words[0], CASES[i].words[1], CASES[i].words[2] };
		size_t count = words[2] ? 3 : words[1] ? 2 : 1;
		struct ctl ctl;

		cr_expect_eq(answer(find(CASES[i].first, CASES[i].second), &ctl, count, words), ARGUMENTS_WRONG,
			     "case %zu", i);
	}
}

/* Files are called as people like. */
Test(ctl_commands, a_path_may_have_any_bytes)
{
	const char *words[] = { "b\xffx", "a\nb" };
	struct ctl ctl;

	cr_expect_eq(answer(find("deliver", NULL), &ctl, 2, words), ARGUMENTS_READ);
	cr_expect_eq(answer(find("refusals", NULL), &ctl, 2, words), ARGUMENTS_READ);
}

Test(ctl_commands, help_is_asked_by_two_words)
{
	const char *shorter[] = { "-h" }, *longer[] = { "x", "--help" };
	struct ctl ctl;

	cr_expect_eq(answer(find("refill", NULL), &ctl, 1, shorter), ARGUMENTS_HELP);
	cr_expect_eq(answer(find("refill", NULL), &ctl, 2, longer), ARGUMENTS_HELP);
}

Test(ctl_commands, distance_counts_letters_and_swaps)
{
	cr_expect_eq(edit_distance("ledger", "ledger"), 0);
	cr_expect_eq(edit_distance("lgedger", "ledger"), 1);
	cr_expect_eq(edit_distance("strat", "start"), 1);
	cr_expect_eq(edit_distance("", "abc"), 3);
	cr_expect_eq(edit_distance("kitten", "sitting"), 3);
}

Test(ctl_commands, only_what_is_near_is_suggested)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, "verfiy");
	suggestion_try(&suggestion, "verify");
	suggestion_try(&suggestion, "refill");
	cr_expect_str_eq(suggestion_best(&suggestion), "verify");
	suggestion_init(&suggestion, "x");
	suggestion_try(&suggestion, "man");
	suggestion_try(&suggestion, "y");
	cr_expect_str_eq(suggestion_best(&suggestion), "");
}
