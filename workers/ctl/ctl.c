#include "ctl/ctl_main.h"

#include "base/log.h"
#include "ctl/base/ctl.h"
#include "ctl/deliver/deliver_commands.h"
#include "ctl/look/look_commands.h"
#include "ctl/prove/prove_commands.h"
#include "ctl/reference/reference_commands.h"
#include "ctl/repair/repair_commands.h"
#include "ctl/replay/replay_commands.h"
#include "ctl/setup/setup_commands.h"

enum { ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 64 << 20 };

const struct ctl_command CTL_COMMANDS[] = {
	{ "migrate", "", "make topics, tables, roles' rights and cursors, as far as they are missing",
	  "Safe to run again. Runs as the owner of the database.", run_migrate },
	{ "reference import", "DIR", "take the six reference tables of DIR into the register's database",
	  "DIR holds besturen.csv, scholen.csv, vestigingen.csv, bestuur_school.csv, benoemingsgrondslagen.csv and\n"
	  "onderwijsterreinen.csv. All or nothing; nothing is published yet.",
	  run_reference_import },
	{ "reference build", "--duo DIR --out DIR", "make the six tables from DUO's own lists",
	  "Reads the files as DUO gives them, in their own "
	  "encodings. WEC and MBO schools are not in them:\nadd those by hand.",
	  run_reference_build },
	{ "reference publish", "", "publish the imported tables as the snapshot in force",
	  "Deliveries accepted from now on are judged with it.", run_reference_publish },
	{ "deliver", "[--parallel N] [--quiet] [--json] FILE.csv|DIR ..", "upload deliveries through the gateway",
	  "The header of x.csv stands in x.json: an object with bestuur, soort, volgnummer, extractiedatum and the other\n"
	  "fields of a header. What was acknowledged is kept in DIR/acknowledged.jsonl: run it again and it goes on where\n"
	  "it was. Exit status 1: some were refused, their findings are printed; 69: the gateway did not take some;\n"
	  "77: it does not take our token.",
	  run_deliver },
	{ "wait", "[--timeout SECONDS] [--quiet]", "wait until all that is delivered now is judged and written",
	  "Exit status 1: not within the time (default 600).", run_wait },
	{ "status", "[--json]", "where each partition stands, and what waits", "", run_status },
	{ "report", "BOARD ID [--format text|csv|json]", "the terugmelding of a delivery",
	  "Leaves a row in register.access.", run_report },
	{ "stand", "--board N | --all [--with-bsn]", "what the register holds, as CSV",
	  "With a pseudonym (stand.key.file), or --with-bsn for the board's own overview, which leaves a row in\n"
	  "register.access.",
	  run_stand },
	{ "ledger", "[--check] [--board N] [--json]", "deliveries, lines and outcomes; --check proves that they balance",
	  "Exit status 1 with --check: something does not balance; what, is printed.", run_ledger },
	{ "confirm", "BOARD ID [--json]", "confirm a VOLLEDIG that waits, for a board",
	  "Prints \"uitgevoerd: ja\" or \"uitgevoerd: nee\".", run_confirm },
	{ "coverage", "[--json]", "boards without delivery, without contact person, waiting, with rejected lines", "",
	  run_coverage },
	{ "dump", "TOPIC PARTITION OFFSET [--with-personal-data]", "one message, decoded as JSON",
	  "Personal fields are masked unless asked for; asking leaves a row in register.access.", run_dump },
	{ "replay plan",
	  "--delivery BOARD ID | --board N | --code LR-xxx | --period FROM TO | --quarantine [--reference current|original] [--json]",
	  "what judging failed lines again would do, and a job for it",
	  "Takes lines that stand as afgekeurd or quarantaine, of a teacher all or none; --board, --code, --period (ontvangen_op,\n"
	  "JJJJMMDD) and --quarantine narrow each other. Nothing is published. Exit status 1: there is nothing to replay.",
	  run_replay_plan },
	{ "replay start", "JOB --reason TEXT [--rate N/s]", "publish the messages of a job",
	  "JOB: its id or the first digits of it. TERM stops it between two messages; resume goes on.", run_replay_start },
	{ "replay resume", "JOB [--rate N/s]", "go on with a job that was paused, stopped or killed",
	  "What may stand in the log already is published again: the writer takes it for the repeat it is.",
	  run_replay_resume },
	{ "replay pause", "JOB [--reason TEXT]", "let a running job stop where it is", "", run_replay_pause },
	{ "replay cancel", "JOB [--reason TEXT]", "publish no more of a job", "What was published stays.",
	  run_replay_cancel },
	{ "replay list", "[--json]", "all jobs", "", run_replay_list },
	{ "replay show", "JOB [--json]", "how far a job is, what it changed, and who did what", "", run_replay_show },
	{ "refill", "PARTITION --reason TEXT --validators-are-stopped",
	  "let a parked partition's raw messages be judged again",
	  "For a partition whose chain of verdicts cannot go on. Afterwards start the validators and restart the writers:\n"
	  "what the register has not applied is judged anew, and nothing is applied twice.",
	  run_refill },
	{ "verify", "--board N | --sample N | --all [--json]",
	  "derive the register again from the log and compare it with the one that runs",
	  "Needs the log from its beginning and hmac.key.file. Exit status 1: something differs; what, is printed.",
	  run_verify },
	{ "quarantine list", "[--json]", "messages a validator set aside, and what became of them", "", run_quarantine_list },
	{ "quarantine show", "PARTITION/OFFSET", "one of them, as JSON", "", run_quarantine_show },
	{ "quarantine replay", "[PARTITION/OFFSET] [--reference current|original] [--json]",
	  "plan a replay of one of them, or of all that are open", "As replay plan: carry it out with replay start.",
	  run_quarantine_replay },
	{ "quarantine discard", "PARTITION/OFFSET --reason TEXT", "decide that one of them is not to be replayed",
	  "Its lines stay quarantaine; the message stays in its topic.", run_quarantine_discard },
};
const size_t CTL_COMMAND_COUNT = ARRAY_LEN(CTL_COMMANDS);

/* ---- commands ---- */

static bool is_of_family(const struct ctl_command *command, const char *family)
{
	size_t n = strlen(family);

	return n == 0 || (strncmp(command->name, family, n) == 0 && command->name[n] == ' ');
}

/* family: "replay" of "replay plan"; "": all. Their number. */
static size_t print_commands(FILE *out, const char *family)
{
	size_t count = 0;

	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++)
		if (is_of_family(&CTL_COMMANDS[i], family)) {
			fprintf(out, "  %-18s %s\n", CTL_COMMANDS[i].name, CTL_COMMANDS[i].purpose);
			count++;
		}
	return count;
}

/* argv[0] alone is no command, but may be what some begin with. */
static int answer_family(int argc, char **argv)
{
	bool is_asked = argc > 1 && strcmp(argv[1], "--help") == 0;

	if (print_commands(is_asked ? stdout : stderr, argv[0]) == 0)
		return ctl_usage("there is no command %s; see instroomctl --help", argv[0]);
	if (is_asked)
		return 0;
	return argc > 1 ? ctl_usage("there is no command %s %s, only these", argv[0], argv[1])
			: ctl_usage("%s wants to know which of these", argv[0]);
}

static void print_usage(FILE *out)
{
	fputs("usage: instroomctl [--config FILE] [--key=value ..] COMMAND [options]\n\ncommands:\n", out);
	print_commands(out, "");
	fputs("\n  instroomctl COMMAND --help     what one command takes\n"
	      "  instroomctl --help-settings    all settings (--key=value, file, or environment INSTROOM_KEY)\n"
	      "  instroomctl COMMAND .. -- ARG  what stands behind a -- is no option\n\n"
	      "Exit status: 0 done; 1 done, and the answer is no; 64 usage; 66 no such file; 69 a server is away;\n"
	      "70 a fault of ours; 77 wrong credentials; 78 settings or a missing migration.\n",
	      out);
}

static void print_help(const struct ctl_command *command)
{
	printf("usage: instroomctl %s%s%s\n\n%s%s%s\n", command->name, command->arguments[0] ? " " : "",
	       command->arguments, command->purpose, command->help[0] ? ".\n\n" : "", command->help);
}

static const struct ctl_command *find_command(int argc, char **argv, int *ret_words)
{
	char two[64];

	snprintf(two, sizeof two, "%s %s", argv[0], argc > 1 ? argv[1] : "");
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++) {
		bool has_two = strchr(CTL_COMMANDS[i].name, ' ') != NULL;

		if (strcmp(CTL_COMMANDS[i].name, has_two ? two : argv[0]) == 0) {
			*ret_words = has_two ? 2 : 1;
			return &CTL_COMMANDS[i];
		}
	}
	return NULL;
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

/* Settings stand before the command, in the form --key=value, and "--config FILE". */
static int count_settings(int argc, char **argv)
{
	int count = 1;

	while (count < argc && strncmp(argv[count], "--", 2) == 0)
		count += strcmp(argv[count], "--config") == 0 ? 2 : 1;
	return MIN(count, argc);
}

static int run_command(struct ctl *ctl, int settings, int argc, char **argv)
{
	const struct ctl_command *command;
	struct err err = { 0 };
	int words = 0;

	command = find_command(argc, argv, &words);
	if (!command)
		return answer_family(argc, argv);
	ctl->command = command;
	if (asks_help(argc, argv)) {
		print_help(command);
		return 0;
	}
	int rc = config_load(&CTL_CONFIG, settings, argv - settings, &ctl->config);

	if (rc != 0)
		return rc > 0 ? 0 : EXIT_SETTINGS;
	ctl->kafka = settings_kafka(&ctl->config.kafka, "instroomctl");
	if (arena_init(&ctl->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, &err) != 0)
		return ctl_fail(&err);
	argv[words - 1] = (char *)(uintptr_t)command->name;
	int status = command->run(ctl, argc - words + 1, argv + words - 1);

	arena_release(&ctl->arena);
	config_release(&CTL_CONFIG, &ctl->config);
	return status;
}

int ctl_main(int argc, char **argv)
{
	struct ctl ctl = { 0 };
	int settings = count_settings(argc, argv);

	app_block_signals();
	app_forbid_core_dumps();
	log_init("instroomctl", LOG_WARN);
	if (settings < argc)
		return run_command(&ctl, settings, argc - settings, argv + settings);
	if (argc == 1) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--help-settings") == 0)
		argv[1] = (char *)(uintptr_t) "--help";
	return config_load(&CTL_CONFIG, argc, argv, &ctl.config) > 0 ? 0 : ctl_usage("no command; see instroomctl --help");
}
