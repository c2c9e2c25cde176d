/* ctl: one command, from the command line to the exit status.
 *
 *   1. --help, -h, --version and -V are answered before anything else; "help", "man" and "completion" need no settings.
 *   2. The command is found in the table (commands.c) and its words are read by its row (arguments.c): a wrong command
 *      line ends with 64 before a setting is looked at.
 *   3. Settings, then the command itself.
 *   4. What stdio still holds is written. An answer that could not be written whole must not end with 0.
 *
 * No header: ctl_main stands in ctl_main.h. */
#include "ctl/ctl_main.h"

#include "base/log.h"
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/help.h"
#include "encryption/body_encryption.h"

#include <errno.h>

enum { ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 64 << 20 };

static bool is_any_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* Settings stand before the command, in the form --key=value, and "--config FILE". */
static int count_settings(int argc, char **argv)
{
	int count = 1;

	while (count < argc && strncmp(argv[count], "--", 2) == 0 && !is_any_of(argv[count], "--help", "--version"))
		count += strcmp(argv[count], "--config") == 0 ? 2 : 1;
	return MIN(count, argc);
}

/* What no command can see of itself: to each of them such a body is bytes that are no message. */
static void report_bodies(const struct ctl *ctl)
{
	struct day_keys *keys = body_encryption_keys(ctl->encryption);
	struct day_keys_counts counts = { 0 };

	if (keys)
		counts = day_keys_counts(keys);
	if (counts.waiting > 0)
		fputs("instroomctl: what is sealed with that key cannot be read here: instroomctl day-keys check says "
		      "which keys are missing, for which messages, and what to do\n",
		      stderr);
	if (counts.shredded > 0)
		fprintf(stderr,
			"instroomctl: %lld messages cannot be read, as their day keys are shredded: "
			"instroomctl day-keys list says when and by whom\n",
			(long long)counts.shredded);
	if (counts.broken > 0)
		fprintf(stderr,
			"instroomctl: %lld messages do not open: somebody changed or moved them (body.tampered)\n",
			(long long)counts.broken);
}

static int run_with_settings(struct ctl *ctl, const struct command *command, int setting_count, char **settings)
{
	struct err err = { 0 };
	int rc = config_load(&CTL_CONFIG, setting_count, settings, &ctl->config);

	if (rc != 0)
		return exit_status_of_config(rc);
	rc = body_encryption_open_once(&ctl->config.encrypt, &ctl->config.topic, &ctl->config.kafka, &ctl->encryption,
				       &err);
	ctl->kafka = settings_kafka(&ctl->config.kafka, "instroomctl");
	if (rc == 0)
		rc = arena_init(&ctl->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, &err);
	int status = rc == 0 ? command->run(ctl) : ctl_fail(&err);

	report_bodies(ctl);
	arena_release(&ctl->arena);
	body_encryption_close(ctl->encryption);
	config_release(&CTL_CONFIG, &ctl->config);
	return status;
}

static int run_command(struct ctl *ctl, int setting_count, char **settings, char **words, size_t count)
{
	size_t word_count = 0;
	const struct command *command = command_find(&COMMANDS, words, count, &word_count);
	bool asks_help = count > 1 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0);

	if (!command && asks_help && help_family(&COMMANDS, stdout, words[0]))
		return 0;
	if (!command)
		return help_refuse(&COMMANDS, words, asks_help ? 1 : count);
	switch (arguments_read(command, words + word_count, count - word_count, ctl)) {
	case ARGUMENTS_HELP:
		help_command(stdout, command);
		return 0;
	case ARGUMENTS_WRONG:
		return EXIT_USAGE;
	default:
		break;
	}
	return command->is_bare ? command->run(ctl) : run_with_settings(ctl, command, setting_count, settings);
}

static int run(int argc, char **argv)
{
	struct ctl ctl = { .commands = &COMMANDS };
	int settings = count_settings(argc, argv);

	if (argc == 1) {
		help_all(&COMMANDS, stderr);
		return EXIT_USAGE;
	}
	if (settings < argc && is_any_of(argv[settings], "--help", "-h")) {
		help_all(&COMMANDS, stdout);
		return 0;
	}
	if (settings < argc && is_any_of(argv[settings], "--version", "-V")) {
		printf("instroomctl %s\n", INSTROOM_VERSION);
		return 0;
	}
	if (settings < argc)
		return run_command(&ctl, settings, argv, argv + settings, (size_t)(argc - settings));
	if (strcmp(argv[1], "--help-settings") == 0)
		argv[1] = (char *)(uintptr_t) "--help";
	return config_load(&CTL_CONFIG, argc, argv, &ctl.config) > 0 ? 0
								     : ctl_usage("no command; see instroomctl --help");
}

/* What was printed may still wait in stdio, and only now be refused. An answer cut short must not look like a whole
 * one. */
static int check_output(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (status != 0 && status != EXIT_ANSWER_IS_NO)
		return status;
	fprintf(stderr, "instroomctl: the output could not be written whole%s%s\n", errno ? ": " : "",
		errno ? strerror(errno) : "");
	return EXIT_BUG;
}

int ctl_main(int argc, char **argv)
{
	app_begin(HANGUP_STOPS);
	app_forbid_core_dumps();
	log_init("instroomctl", LOG_WARN);
	return check_output(run(argc, argv));
}
