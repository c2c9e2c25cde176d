/* bundle: the questions are the commands themselves, run one after the other with what they print caught in a file
 * without a name. A command that fails, as a server is away, leaves what it said and its status. None of them shows
 * persons (doctor, status, ledger, coverage, lists of jobs, quarantine, losses and keys); logs have none by design. All
 * of it goes through mask.h all the same, and then into a file that only its owner can read. */
#include "ctl/bundle.h"

#include "base/log.h"
#include "ctl/command.h"
#include "ctl/mask.h"
#include "run/config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { BUNDLE_BYTES_MAX = 64 << 20, LOG_BYTES_MAX = 1 << 20, FILE_MODE = 0600 };

struct bundle {
	struct ctl *ctl;
	FILE *caught;
	int out_fd, err_fd; /* where stdout and stderr went before */
};

static const char *const QUESTIONS[][2] = {
	{ "doctor", NULL },	 { "status", NULL },   { "ledger", NULL },
	{ "reference", "list" }, { "replay", "list" }, { "quarantine", "list" },
	{ "loss", "list" },	 { "key", "status" },  { "coverage", NULL },
};

/* ---- what commands print ---- */

static int catch_output(struct bundle *bundle, struct err *err)
{
	fflush(stdout);
	bundle->caught = tmpfile();
	bundle->out_fd = dup(STDOUT_FILENO);
	bundle->err_fd = dup(STDERR_FILENO);
	if (!bundle->caught || bundle->out_fd < 0 || bundle->err_fd < 0 ||
	    dup2(fileno(bundle->caught), STDOUT_FILENO) < 0 || dup2(fileno(bundle->caught), STDERR_FILENO) < 0)
		return err_set(err, ERR_FATAL, "bundle", "no place to keep what is asked");
	return 0;
}

static void release_output(struct bundle *bundle)
{
	fflush(stdout);
	if (bundle->out_fd >= 0 && dup2(bundle->out_fd, STDOUT_FILENO) >= 0)
		close(bundle->out_fd);
	if (bundle->err_fd >= 0 && dup2(bundle->err_fd, STDERR_FILENO) >= 0)
		close(bundle->err_fd);
	bundle->out_fd = bundle->err_fd = -1;
}

static void ask(const struct bundle *bundle, const char *const question[2])
{
	char *words[] = { (char *)(uintptr_t)question[0], (char *)(uintptr_t)question[1] };
	struct ctl asked = *bundle->ctl;
	size_t word_count = 0;
	const struct command *command = command_find(bundle->ctl->commands, words, question[1] ? 2 : 1, &word_count);

	if (!command)
		return;
	memset(asked.options, 0, sizeof asked.options);
	asked.arguments = NULL;
	asked.argument_count = 0;
	asked.output = OUTPUT_TEXT;
	printf("\n== instroomctl %s\n", command->name);
	fflush(stdout);
	int status = command->run(&asked);

	printf("(status %d)\n", status);
	fflush(stdout);
}

/* ---- logs ---- */

static int add_log(const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");
	char line[4096];

	if (!file)
		return err_set(err, ERR_DATA, "file", "%s cannot be read: %s", path, strerror(errno));
	printf("\n== the end of %s\n", path);
	if (fseek(file, -(long)LOG_BYTES_MAX, SEEK_END) != 0)
		rewind(file); /* it is shorter */
	while (fgets(line, sizeof line, file))
		fputs(line, stdout);
	bool is_whole = !ferror(file);

	fclose(file);
	return is_whole ? 0 : err_set(err, ERR_DATA, "file", "%s cannot be read to its end", path);
}

static int collect(struct bundle *bundle, struct err *err)
{
	int rc = 0;

	puts("instroomctl " INSTROOM_VERSION "\n\n== settings");
	fflush(stdout);
	log_init("instroomctl", LOG_INFO);
	config_log(&CTL_CONFIG, &bundle->ctl->config);
	log_init("instroomctl", LOG_WARN);
	for (size_t i = 0; i < ARRAY_LEN(QUESTIONS); i++)
		ask(bundle, QUESTIONS[i]);
	for (size_t i = 0; rc == 0 && i < bundle->ctl->argument_count; i++)
		rc = add_log(bundle->ctl->arguments[i], err);
	return rc;
}

/* ---- the file ---- */

static int write_file(const char *path, struct slice text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		return err_set(err, ERR_DATA, "file", "%s cannot be made: %s", path, strerror(errno));
	bool is_written = fwrite(text.p, 1, text.n, file) == text.n;

	if (fclose(file) != 0 || !is_written)
		return err_set(err, ERR_FATAL, "file", "%s could not be written whole", path);
	return 0;
}

static int mask_and_write(struct bundle *bundle, const char *path, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text = { 0 };
	char line[8192];
	size_t masked = 0;

	strbuf_init(&text, BUNDLE_BYTES_MAX);
	rewind(bundle->caught);
	while (fgets(line, sizeof line, bundle->caught))
		masked += mask_text(slice_of(line), &text);
	if (ferror(bundle->caught) || !strbuf_ok(&text))
		return err_set(err, ERR_FATAL, "bundle", "more was said than a bundle holds");
	int rc = write_file(path, strbuf_slice(&text), err);

	if (rc == 0)
		printf("%s: %zu bytes, %zu pieces masked. Look through it before you hand it on.\n", path, text.n,
		       masked);
	return rc;
}

int run_bundle(struct ctl *ctl)
{
	struct bundle bundle = { .ctl = ctl, .out_fd = -1, .err_fd = -1 };
	struct err err = { 0 };
	int rc = catch_output(&bundle, &err);

	if (rc == 0)
		rc = collect(&bundle, &err);
	release_output(&bundle);
	if (rc == 0)
		rc = mask_and_write(&bundle, ctl->options[OPTION_OUT], &err);
	if (bundle.caught)
		fclose(bundle.caught);
	return rc == 0 ? 0 : ctl_fail(&err);
}
