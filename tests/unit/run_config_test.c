#include "base/plain_file.h"
#include "run/config.h"
#include "run/config_help.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
	const char *name;
	int64_t rows, capacity, wait;
	bool is_on;
	struct secret secret;
	const char *address, *level, *mode;
};

#define AT(field) offsetof(struct settings, field)
static const struct config_key KEYS[] = {
	{ "peer.name", CONFIG_TEXT, AT(name), "a", 1, 5, "name of the peer" },
	{ "batch.rows.max", CONFIG_COUNT, AT(rows), "1k", 1, 10000, "rows of a batch | at most",
	  .old_key = "turn.rows.max" },
	{ "peer.capacity", CONFIG_BYTES, AT(capacity), "1M", 0, 1 << 21, "capacity" },
	{ "peer.wait.max", CONFIG_MS, AT(wait), "250ms", 1, 120000, "wait" },
	{ "peer.on", CONFIG_BOOL, AT(is_on), "no", 0, 0, "switch" },
	{ "peer.password.file", CONFIG_SECRET, AT(secret), "", 0, 8, "file that holds the password" },
};

/* What a program shares with others: its struct begins at address. */
#define SHARED_AT(field) (AT(field) - AT(address))
static const struct config_key SHARED_KEYS[] = {
	{ "peer.address", CONFIG_ADDRESS, SHARED_AT(address), "", 1, 20, "address of the peer" },
	{ "log.level", CONFIG_WORD, SHARED_AT(level), "info", 1, 0, "least level",
	  .words = "debug|info|SCRAM-SHA-512" },
	{ "peer.mode", CONFIG_WORD, SHARED_AT(mode), "", 0, 0, "mode", .words = "plain|tls" },
};
static const struct config_rows SHARED_ROWS = { SHARED_KEYS, ARRAY_LEN(SHARED_KEYS) };
static const struct config_section SHARED[] = { { &SHARED_ROWS, AT(address) } };
static const struct config_default DEFAULTS[] = { { "peer.address", "b:1", .is_optional = true } };

static const struct config_table TABLE = {
	.program = "instroom-test",
	.purpose = "tests the settings",
	.keys = KEYS,
	.key_count = ARRAY_LEN(KEYS),
	.shared = SHARED,
	.shared_count = ARRAY_LEN(SHARED),
	.defaults = DEFAULTS,
	.default_count = ARRAY_LEN(DEFAULTS),
};

static int load(struct settings *settings, size_t count, const char *const *words)
{
	char *argv[16] = { (char *)(uintptr_t) "instroom-test" };

	for (size_t i = 0; i < count; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	memset(settings, 0xee, sizeof *settings);
	return config_load(&TABLE, (int)count + 1, argv, settings);
}

#define LOAD(settings, ...) \
	load((settings), sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *[]){ __VA_ARGS__ })

static const char *write_file(char *path, size_t path_bytes, const char *content, size_t n)
{
	static int number;

	snprintf(path, path_bytes, "/tmp/instroom-config-%d-%d", (int)getpid(), number++);
	umask(0077); /* others must not read a secret */
	FILE *file = fopen(path, "we");

	cr_assert(file && fwrite(content, 1, n, file) == n);
	fclose(file);
	return path;
}

Test(config, defaults_stand_when_nothing_is_said)
{
	struct settings settings;

	cr_assert_eq(load(&settings, 0, NULL), 0);
	cr_expect_str_eq(settings.name, "a");
	cr_expect_eq(settings.rows, 1000);
	cr_expect_eq(settings.capacity, 1 << 20);
	cr_expect_eq(settings.wait, 250);
	cr_expect_not(settings.is_on);
	cr_expect_eq(settings.secret.bytes.n, 0);
	cr_expect_str_eq(settings.address, "b:1");
	cr_expect_str_eq(settings.level, "info");
	cr_expect_str_eq(settings.mode, "");
	config_release(&TABLE, &settings);
	cr_expect_null(settings.name);
	config_release(&TABLE, &settings);
}

Test(config, file_then_environment_then_arguments_the_last_one_stands)
{
	static const char CONTENT[] =
		"# of the test\n\n  peer.name =  file \r\nbatch.rows.max=1\npeer.capacity = 1\npeer.on = yes\n";
	struct settings settings;
	char path[64];

	write_file(path, sizeof path, CONTENT, sizeof CONTENT - 1);
	setenv("INSTROOM_BATCH_ROWS_MAX", "2", 1);
	setenv("INSTROOM_PEER_ROOM", "2", 1);
	setenv("INSTROOM_OTHER_PROGRAM", "x", 1);
	cr_assert_eq(LOAD(&settings, "--peer.capacity=3", "--config", path, "--peer.wait.max", "3s"), 0);
	cr_expect_str_eq(settings.name, "file");
	cr_expect_eq(settings.rows, 2);
	cr_expect_eq(settings.capacity, 3);
	cr_expect_eq(settings.wait, 3000);
	cr_expect(settings.is_on);
	config_release(&TABLE, &settings);
	unlink(path);
}

static const struct {
	const char *word;
	bool is_fine;
	int64_t want; /* of the number it sets, when fine */
	const char *why;
} VALUE_ROWS[] = {
	{ "--batch.rows.max=1", true, 1, "the least" },
	{ "--batch.rows.max=0", false, 0, "below the least" },
	{ "--batch.rows.max=10000", true, 10000, "the most" },
	{ "--batch.rows.max=10k", true, 10000, "thousands" },
	{ "--batch.rows.max=10001", false, 0, "above the most" },
	{ "--batch.rows.max=1M", false, 0, "above the most by its unit" },
	{ "--batch.rows.max=9223372036854775807G", false, 0, "no number of 64 bits" },
	{ "--batch.rows.max=99999999999999999999", false, 0, "no number of 64 bits" },
	{ "--batch.rows.max=", false, 0, "empty" },
	{ "--batch.rows.max=-1", false, 0, "a sign" },
	{ "--batch.rows.max=1 ", false, 0, "a blank" },
	{ "--batch.rows.max=1x", false, 0, "an unknown unit" },
	{ "--batch.rows.max=k", false, 0, "a unit alone" },
	{ "--turn.rows.max=7", true, 7, "its old name" },
	{ "--turn.rows.max=10001", false, 0, "held to the same range" },
	{ "--peer.capacity=0", true, 0, "the least" },
	{ "--peer.capacity=2M", true, 2 << 20, "bytes count in 1024" },
	{ "--peer.capacity=2097153", false, 0, "above the most" },
	{ "--peer.wait.max=1ms", true, 1, "the least" },
	{ "--peer.wait.max=0ms", false, 0, "below the least" },
	{ "--peer.wait.max=2m", true, 120000, "the most" },
	{ "--peer.wait.max=121s", false, 0, "above the most" },
	{ "--peer.wait.max=5", false, 0, "a duration names its unit" },
	{ "--peer.on=true", false, 0, "only yes or no" },
	{ "--peer.name=", false, 0, "shorter than the least" },
	{ "--peer.name=12345", true, 0, "the longest" },
	{ "--peer.name=123456", false, 0, "too long" },
	{ "--log.level=debug", true, 0, "one of the words" },
	{ "--log.level=warm", false, 0, "none of the words" },
	{ "--log.level=inf", false, 0, "the beginning of one" },
	{ "--log.level=info|debug", false, 0, "two of them" },
	{ "--log.level=", false, 0, "empty, and not optional" },
	{ "--peer.mode=", true, 0, "empty, and optional" },
	{ "--peer.mode=ssl", false, 0, "none of the words" },
	{ "--peer.address=", true, 0, "optional in this program" },
	{ "--peer.address=12345678901234567890", true, 0, "the longest" },
	{ "--peer.address=123456789012345678901", false, 0, "too long" },
};

Test(config, each_value_is_held_to_its_type_and_range)
{
	cr_redirect_stderr();
	for (size_t i = 0; i < ARRAY_LEN(VALUE_ROWS); i++) {
		struct settings settings;
		int rc = LOAD(&settings, VALUE_ROWS[i].word);

		cr_expect_eq(rc, VALUE_ROWS[i].is_fine ? 0 : -ERR_CONFIG, "%s: %s", VALUE_ROWS[i].word,
			     VALUE_ROWS[i].why);
		if (rc != 0)
			continue;
		int64_t got = strstr(VALUE_ROWS[i].word, "rows")       ? settings.rows
			      : strstr(VALUE_ROWS[i].word, "capacity") ? settings.capacity
			      : strstr(VALUE_ROWS[i].word, "wait")     ? settings.wait
								       : 0;

		cr_expect_eq(got, VALUE_ROWS[i].want, "%s", VALUE_ROWS[i].word);
		config_release(&TABLE, &settings);
	}
}

Test(config, all_faults_are_logged_at_once_with_their_places)
{
	static const char CONTENT[] =
		"peer.nam = x\nno equals sign\npeer.on = maybe\npeer.on = no\n= x\nBATCH_ROWS_MAX = 1\n";
	struct settings settings;
	char path[64], want[256], got[4096] = "";

	cr_redirect_stderr();
	write_file(path, sizeof path, CONTENT, sizeof CONTENT - 1);
	setenv("INSTROOM_BATCH_ROWS_MAX", "many", 1);
	cr_assert_eq(LOAD(&settings, "--config", path, "--peer.wait.max=0ms", "--peer.unknown=1", "stray"),
		     -ERR_CONFIG);
	fflush(stderr);
	FILE *log = cr_get_redirected_stderr();
	size_t n = fread(got, 1, sizeof got - 1, log);

	got[n] = '\0';
	static const char *const LINES[] = {
		":1: unknown key \"peer.nam\"",
		":2: no \"key = value\"",
		":3: peer.on: the value cannot be read",
		":4: peer.on: stands on line 3 already",
		":5: no \"key = value\"",
		":6: unknown key \"BATCH_ROWS_MAX\"; did you mean batch.rows.max?",
	};

	for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
		snprintf(want, sizeof want, "instroom-test: %s%s", path, LINES[i]);
		cr_expect(strstr(got, want), "%s is not in:\n%s", want, got);
	}
	cr_expect(strstr(got, "INSTROOM_BATCH_ROWS_MAX: batch.rows.max: the value cannot be read; it takes 1 to 10k"),
		  "%s", got);
	cr_expect(strstr(got, "argument: peer.wait.max: the value is outside its range; it takes 1ms to 2m"), "%s",
		  got);
	cr_expect(strstr(got, "unknown key \"peer.unknown\""), "%s", got);
	cr_expect(strstr(got, "stray"), "%s", got);
	unlink(path);
}

/* What stderr holds, in a buffer of the test's. */
static const char *logged(void)
{
	static char got[4096];

	fflush(stderr);
	got[fread(got, 1, sizeof got - 1, cr_get_redirected_stderr())] = '\0';
	return got;
}

Test(config, a_wrong_word_is_logged_with_those_allowed)
{
	struct settings settings;

	cr_redirect_stderr();
	cr_assert_eq(LOAD(&settings, "--log.level=warm", "--peer.mode=ssl"), -ERR_CONFIG);
	const char *got = logged();

	cr_expect(strstr(got, "log.level: there is no such word; it takes debug, info or SCRAM-SHA-512\n"), "%s", got);
	cr_expect(strstr(got, "peer.mode: there is no such word; it takes plain, tls or nothing\n"), "%s", got);
}

Test(config, a_word_is_known_in_any_case_and_kept_as_the_table_spells_it)
{
	struct settings settings;

	cr_assert_eq(LOAD(&settings, "--log.level=scram-SHA-512", "--peer.mode=TLS"), 0);
	cr_expect_str_eq(settings.level, "SCRAM-SHA-512");
	cr_expect_str_eq(settings.mode, "tls");
	config_release(&TABLE, &settings);
}

Test(config, a_file_as_other_systems_write_it_is_read)
{
	static const char CONTENT[] =
		"\xef\xbb\xbfpeer.name = file \t\r\n\r\n# note\r\nbatch.rows.max = 7\r\npeer.mode = tls";
	struct settings settings;
	char path[64];

	write_file(path, sizeof path, CONTENT, sizeof CONTENT - 1);
	cr_assert_eq(LOAD(&settings, "--config", path), 0);
	cr_expect_str_eq(settings.name, "file");
	cr_expect_eq(settings.rows, 7);
	cr_expect_str_eq(settings.mode, "tls");
	config_release(&TABLE, &settings);
	unlink(path);
}

/* What is copied from a mail or a web page brings blanks along that nobody sees. */
Test(config, blanks_that_cannot_be_seen_are_dropped)
{
	static const char CONTENT[] =
		"\xc2\xa0peer.name\xc2\xa0= \xe2\x80\x8b file\xe2\x80\x8b \xc2\xa0\n"
		"batch.rows.max = 7\xe2\x81\xa0\n\xe2\x80\xaf\n\xef\xbb\xbfpeer.mode = tls\n";
	struct settings settings;
	char path[64];

	write_file(path, sizeof path, CONTENT, sizeof CONTENT - 1);
	cr_assert_eq(LOAD(&settings, "--config", path), 0);
	cr_expect_str_eq(settings.name, "file");
	cr_expect_eq(settings.rows, 7);
	cr_expect_str_eq(settings.mode, "tls");
	config_release(&TABLE, &settings);
	unlink(path);
}

Test(config, slashes_at_the_end_of_an_address_are_dropped)
{
	static const struct {
		const char *word, *want;
	} ROWS[] = {
		{ "--peer.address=http://a:1/", "http://a:1" },
		{ "--peer.address=a:1//", "a:1" },
		{ "--peer.address=/run/redis.sock", "/run/redis.sock" },
		{ "--peer.address=/", "/" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct settings settings;

		cr_assert_eq(LOAD(&settings, ROWS[i].word), 0);
		cr_expect_str_eq(settings.address, ROWS[i].want);
		config_release(&TABLE, &settings);
	}
}

Test(config, an_old_name_is_taken_from_file_environment_and_argument_and_warned_of_once)
{
	struct settings settings;
	char path[64];

	cr_redirect_stderr();
	write_file(path, sizeof path, "turn.rows.max = 3\n", 18);
	cr_assert_eq(LOAD(&settings, "--config", path), 0);
	cr_expect_eq(settings.rows, 3);
	config_release(&TABLE, &settings);
	setenv("INSTROOM_TURN_ROWS_MAX", "4", 1);
	cr_assert_eq(LOAD(&settings, "--config", path), 0);
	cr_expect_eq(settings.rows, 4);
	config_release(&TABLE, &settings);
	cr_assert_eq(LOAD(&settings, "--config", path, "--turn.rows.max=5"), 0);
	cr_expect_eq(settings.rows, 5);
	config_release(&TABLE, &settings);
	const char *got = logged(),
		   *LINE = "level=warn worker=instroom event=setting.deprecated name=turn.rows.max where=";
	size_t lines = 0;

	for (const char *at = got; (at = strstr(at, LINE)); at++)
		lines++;
	cr_expect_eq(lines, 3, "one for each start:\n%s", got);
	cr_expect(strstr(got, "where=\"argument\" effect=\"taken as batch.rows.max, its new name\"\n"), "%s", got);
	unlink(path);
}

Test(config, an_old_and_a_new_name_together_are_a_fault)
{
	struct settings settings;

	cr_redirect_stderr();
	cr_expect_eq(LOAD(&settings, "--turn.rows.max=3", "--batch.rows.max=3"), -ERR_CONFIG);
	setenv("INSTROOM_TURN_ROWS_MAX", "4", 1);
	cr_expect_eq(LOAD(&settings, "--batch.rows.max=3"), -ERR_CONFIG);
	const char *got = logged();

	cr_expect(strstr(got, "turn.rows.max is the old name of batch.rows.max, and both are given"), "%s", got);
}

Test(config, a_missing_file_is_a_fault)
{
	struct settings settings;

	cr_redirect_stderr();
	cr_expect_eq(LOAD(&settings, "--config=/no/such/file"), -ERR_CONFIG);
	cr_expect_eq(LOAD(&settings, "--config"), -ERR_CONFIG);
	cr_expect_eq(LOAD(&settings, "--peer.password.file=/no/such/file"), -ERR_CONFIG);
}

Test(config, a_secret_is_the_content_of_its_file_without_one_line_break)
{
	static const struct {
		const char *content;
		size_t n, want; /* bytes kept; 9: refused */
	} ROWS[] = {
		{ "pass", 4, 4 },
		{ "pass\n", 5, 4 },
		{ "pass\n\n", 6, 5 },
		{ "pass\r\n", 6, 4 },
		{ "pass\r", 5, 5 },
		{ "pass\n\r\n", 7, 5 },
		{ "12345678\r\n", 10, 8 },
		{ "123456789\r\n", 11, 9 },
		{ "\r\n", 2, 0 },
		{ "a\0b\n", 4, 3 },
		{ "", 0, 0 },
		{ "12345678\n", 9, 8 },
		{ "123456789", 9, 9 },
		{ "1234567890", 10, 9 },
		{ "12345678\n\n", 10, 9 },
	};

	cr_redirect_stderr();
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct settings settings;
		char path[64];

		write_file(path, sizeof path, ROWS[i].content, ROWS[i].n);
		int rc = LOAD(&settings, "--peer.password.file", path);

		cr_expect_eq(rc, ROWS[i].want == 9 ? -ERR_CONFIG : 0, "row %zu", i);
		if (rc == 0) {
			cr_expect(slice_equal(settings.secret.bytes, slice_make(ROWS[i].content, ROWS[i].want)),
				  "row %zu", i);
			config_release(&TABLE, &settings);
		}
		unlink(path);
	}
}

Test(config, a_secret_that_others_can_read_is_refused)
{
	static const struct {
		mode_t mode;
		bool is_taken;
	} ROWS[] = {
		{ 0600, true },	 { 0400, true },  { 0440, true },  { 0640, true },
		{ 0644, false }, { 0604, false }, { 0660, false }, { 0602, false },
	};
	struct settings settings;
	char path[64], got[4096] = "";

	cr_redirect_stderr();
	write_file(path, sizeof path, "pass", 4);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		cr_assert_eq(chmod(path, ROWS[i].mode), 0);
		int rc = LOAD(&settings, "--peer.password.file", path);

		cr_expect_eq(rc, ROWS[i].is_taken ? 0 : -ERR_CONFIG, "%o", ROWS[i].mode);
		if (rc == 0)
			config_release(&TABLE, &settings);
	}
	setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
	cr_expect_eq(LOAD(&settings, "--peer.password.file", path), 0, "the service manager made it for us");
	config_release(&TABLE, &settings);
	unlink(path);
	got[fread(got, 1, sizeof got - 1, cr_get_redirected_stderr())] = '\0';
	cr_expect(strstr(got, "chmod o= it"), "%s", got);
	cr_expect(strstr(got, "chmod g-w it"), "%s", got);
}

Test(config, a_secret_is_looked_at_again)
{
	CLEANUP(strbuf_wipe) struct strbuf now = { 0 };
	struct settings settings;
	char path[64], got[4096] = "";

	write_file(path, sizeof path, "pass", 4);
	cr_assert_eq(LOAD(&settings, "--peer.password.file", path), 0);
	cr_redirect_stderr();
	config_look_again(&TABLE, &settings);
	FILE *file = fopen(path, "we");

	cr_assert(file && fputs("another", file) >= 0 && fclose(file) == 0);
	config_look_again(&TABLE, &settings);
	strbuf_init(&now, 64);
	secret_now(&settings.secret, &now);
	cr_expect(slice_equal_text(strbuf_slice(&now), "another"));
	cr_expect(slice_equal_text(settings.secret.bytes, "pass"));
	cr_expect_eq(secret_file_failures(), 0);
	unlink(path);
	config_look_again(&TABLE, &settings);
	cr_expect_eq(secret_file_failures(), 1);
	strbuf_reset(&now);
	secret_now(&settings.secret, &now);
	cr_expect(slice_equal_text(strbuf_slice(&now), "pass"), "what was read before stays in use");
	got[fread(got, 1, sizeof got - 1, cr_get_redirected_stderr())] = '\0';
	cr_expect(strstr(got, "event=secret.changed setting=peer.password.file"), "%s", got);
	cr_expect(strstr(got, "event=secret.unread setting=peer.password.file"), "%s", got);
	config_release(&TABLE, &settings);
}

Test(config, a_file_without_an_end_is_refused, .timeout = 20)
{
	struct settings settings;

	cr_redirect_stderr();
	cr_expect_eq(LOAD(&settings, "--peer.password.file=/dev/zero"), -ERR_CONFIG);
	cr_expect_eq(LOAD(&settings, "--config=/dev/zero"), -ERR_CONFIG);
}

Test(config, help_and_reference_show_each_key_with_default_and_range)
{
	struct settings settings;
	char got[8192] = "";

	cr_redirect_stdout();
	cr_expect_eq(LOAD(&settings, "--peer.name=x", "--help"), 1);
	cr_expect_eq(LOAD(&settings, "--config-help"), 1);
	cr_expect_eq(LOAD(&settings, "--version"), 1);
	fflush(stdout);
	got[fread(got, 1, sizeof got - 1, cr_get_redirected_stdout())] = '\0';
	cr_expect(strstr(got, "--peer.wait.max=duration\n        wait\n        1ms to 2m; default 250ms\n"), "%s", got);
	cr_expect(
		strstr(got,
		       "| `batch.rows.max` | `INSTROOM_BATCH_ROWS_MAX` | `1k` | 1 to 10k | rows of a batch \\| at most "
		       "(was `turn.rows.max`) |"),
		"%s", got);
	cr_expect(strstr(got,
			 "--log.level=word\n        least level\n        debug, info or SCRAM-SHA-512; default info\n"),
		  "%s", got);
	cr_expect(strstr(got, "plain, tls or nothing; default empty\n"), "%s", got);
	cr_expect(strstr(got, "instroom-test " INSTROOM_VERSION "\n"), "%s", got);
}

static void check_hidden(const char *text)
{
	struct settings settings = { .name = text, .address = "", .level = "", .mode = "" };
	char got[2048] = "";

	cr_redirect_stderr();
	config_log(&TABLE, &settings);
	got[fread(got, 1, sizeof got - 1, cr_get_redirected_stderr())] = '\0';
	cr_expect(strstr(got, "peer.name=*** ") && !strstr(got, "geheim"), "%s", got);
}

Test(config, the_log_of_settings_hides_a_password_in_a_connection_string)
{
	check_hidden("host=db user=instroom password=geheim");
}

Test(config, the_log_of_settings_hides_a_password_in_a_uri)
{
	check_hidden("postgresql://instroom:geheim@db/instroom");
}

Test(config, the_log_of_settings_hides_secrets)
{
	struct settings settings;
	char path[64], got[2048] = "";

	write_file(path, sizeof path, "pass", 4);
	cr_assert_eq(LOAD(&settings, "--peer.password.file", path), 0);
	cr_redirect_stderr();
	config_log(&TABLE, &settings);
	got[fread(got, 1, sizeof got - 1, cr_get_redirected_stderr())] = '\0';
	cr_expect(strstr(got,
			 "event=settings.read peer.address=\"b:1\" log.level=\"info\" peer.mode=\"\" peer.name=\"a\" "
			 "batch.rows.max=1k peer.capacity=1M peer.wait.max=250ms peer.on=no peer.password.file=***\n"),
		  "%s", got);
	cr_expect_null(strstr(got, "pass\""));
	config_release(&TABLE, &settings);
	unlink(path);
}

/* An installation with TLS and three hosts of everything has more of them than one line of the log takes. */
Test(config, the_log_of_many_settings_loses_none)
{
	enum { MANY = 60 };
	static struct config_key keys[MANY];
	static char names[MANY][32], want[64], got[8192];
	const char *values[MANY];
	struct config_table table = { .program = "instroom-test", .keys = keys, .key_count = MANY };

	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], "peer.number.%02zu", i);
		keys[i] = (struct config_key){ names[i], CONFIG_TEXT, i * sizeof values[0], "", 0, 99, "a peer" };
		values[i] = "broker-1.voorbeeld.example:9092,broker-2.voorbeeld.example:9092";
	}
	cr_redirect_stderr();
	config_log(&table, values);
	got[fread(got, 1, sizeof got - 1, cr_get_redirected_stderr())] = '\0';
	for (size_t i = 0; i < MANY; i++) {
		snprintf(want, sizeof want, " %s=\"broker-1.", names[i]);
		cr_expect(strstr(got, want), "%s is missing", names[i]);
	}
	for (const char *line = got; *line; line = strchr(line, '\n') + 1)
		cr_expect(strstr(line, " event=settings.read peer.number.") && strstr(line, "9092\"\n"), "%s", line);
}

Test(config, numbers_are_shown_in_the_largest_unit_that_holds_them)
{
	static const struct {
		enum config_type type;
		int64_t value;
		const char *want;
	} ROWS[] = {
		{ CONFIG_COUNT, 999, "999" },	 { CONFIG_COUNT, 1000, "1k" },	 { CONFIG_COUNT, 1500, "1500" },
		{ CONFIG_BYTES, 1 << 30, "1G" }, { CONFIG_BYTES, 1000, "1000" }, { CONFIG_MS, 1500, "1500ms" },
		{ CONFIG_MS, 60000, "1m" },	 { CONFIG_MS, 0, "0ms" },	 { CONFIG_COUNT, 0, "0" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char buf[32];

		cr_expect_str_eq(config_number(ROWS[i].type, ROWS[i].value, buf, sizeof buf), ROWS[i].want);
	}
}

/* What people and programs write into a file of settings that is none of ours: each is told what it is. */
Test(config, what_other_habits_leave_in_a_file_is_named)
{
#define ROW(content, want)                         \
	{                                          \
		content, sizeof(content) - 1, want \
	}
	static const struct {
		const char *content;
		size_t n;
		const char *want;
	} ROWS[] = {
		ROW("\xff\xfep\0e\0e\0r\0", ": is UTF-16: save it as UTF-8\n"),
		ROW("p\0e\0e\0r\0", ": is UTF-16: save it as UTF-8\n"),
		ROW("peer.name = a\n\0\0\0", ": holds a zero byte"),
		ROW("peer.name = a\rpeer.on = yes\r", ": ends its lines with CR alone"),
		ROW("[peer]\n", ":1: no \"key = value\": there are no sections"),
		ROW("; note\n", ":1: no \"key = value\": a comment begins with #"),
		ROW("peer.name: a\n", ":1: no \"key = value\": = stands between them, not :"),
		ROW("peer.nmae = a\n", "unknown key \"peer.nmae\"; did you mean peer.name?"),
		ROW("INSTROOM_PEER_NAME=a\n", "; did you mean peer.name?"),
		ROW("export peer.name=a\n", "; did you mean peer.name?"),
		ROW("peer.name = \"a\"\n", ":1: peer.name: the value stands in quotation marks: leave them out"),
		ROW("peer.name = \xe2\x80\x9d"
		    "a\xe2\x80\x9d\n",
		    "the value stands in quotation marks"),
		ROW("peer.name = a # b\n", "the value holds a #: a comment stands on a line of its own"),
		ROW("peer.name = \xe9\n", "the value is not UTF-8"),
		ROW("peer.name = # none\n", "the value holds a #: a comment stands on a line of its own"),
		ROW("peer.name = a\tb\n", "the value holds a tab"),
		ROW("peer.wait.max = 5\n", "a whole number and ms, s or m behind it; it takes 1ms to 2m"),
		ROW("batch.rows.max = 1.000\n", ":1: batch.rows.max: the value cannot be read; it takes 1 to 10k"),
	};
#undef ROW
	struct settings settings;
	char path[64], got[4096] = "";
	FILE *log = NULL;

	cr_redirect_stderr();
	log = cr_get_redirected_stderr();
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		write_file(path, sizeof path, ROWS[i].content, ROWS[i].n);
		cr_expect_eq(LOAD(&settings, "--config", path), -ERR_CONFIG, "row %zu", i);
		fflush(stderr);
		got[fread(got, 1, sizeof got - 1, log)] = '\0';
		cr_expect(strstr(got, ROWS[i].want), "row %zu: %s", i, got);
		unlink(path);
	}
}

/* What such marks are when they belong to the value. */
Test(config, a_quotation_mark_or_a_number_sign_within_a_value_is_taken)
{
	static const char *const WORDS[] = { "--peer.name=a'b", "--peer.name=a#b", "--peer.name=\"", "--peer.name=a #",
					     "--peer.name=#" };
	struct settings settings;

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		cr_expect_eq(LOAD(&settings, WORDS[i]), 0, "%s", WORDS[i]);
		cr_expect_str_eq(settings.name, WORDS[i] + strlen("--peer.name="));
		config_release(&TABLE, &settings);
	}
}

/* What libpq reads has rules of its own, and 0.1.0 took it so. */
Test(config, a_connection_string_may_hold_a_number_sign_and_any_white_space)
{
	static const char *const VALUES[] = { "password='winter #1'", "#", "host=a\tuser=b" };
	static const struct config_key ONE = {
		.key = "peer.name", .offset = AT(name), .fallback = "a", .min = 1, .max = 50, .is_conninfo = true
	};
	static const struct config_table OF_ONE = {
		.program = "instroom-test", .purpose = "tests", .keys = &ONE, .key_count = 1
	};
	struct settings settings;
	char path[64], content[128],
		*argv[] = { (char *)(uintptr_t) "instroom-test", (char *)(uintptr_t) "--config", path, NULL };

	for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
		int n = snprintf(content, sizeof content, "peer.name = %s\n", VALUES[i]);

		write_file(path, sizeof path, content, (size_t)n);
		cr_expect_eq(config_load(&OF_ONE, 3, argv, &settings), 0, "%s", VALUES[i]);
		cr_expect_str_eq(settings.name, VALUES[i]);
		config_release(&OF_ONE, &settings);
		unlink(path);
	}
	setenv("INSTROOM_PEER_NAME", "host=a\nuser=b", 1);
	cr_expect_eq(config_load(&OF_ONE, 1, argv, &settings), 0);
	cr_expect_str_eq(settings.name, "host=a\nuser=b");
	config_release(&OF_ONE, &settings);
	setenv("INSTROOM_PEER_NAME", "\"host=a\"", 1);
	cr_redirect_stderr();
	cr_expect_eq(config_load(&OF_ONE, 1, argv, &settings), -ERR_CONFIG);
	cr_expect(strstr(logged(), "the value stands in quotation marks"));
}

Test(config, a_variable_has_no_line_end_and_one_with_a_typing_error_is_warned_of)
{
	struct settings settings;

	setenv("INSTROOM_PEER_NAME", " b\n", 1);
	setenv("INSTROOM_BATCH_ROW_MAX", "7", 1);
	setenv("INSTROOM_TEST_RUN", "7", 1);
	cr_redirect_stderr();
	cr_assert_eq(LOAD(&settings, "--peer.on=no"), 0);
	cr_expect_str_eq(settings.name, "b");
	config_release(&TABLE, &settings);
	const char *got = logged();

	cr_expect(strstr(got,
			 "event=setting.unknown where=environment name=\"INSTROOM_BATCH_ROW_MAX\" "
			 "effect=\"not read; did you mean batch.rows.max?\""),
		  "%s", got);
	cr_expect_not(strstr(got, "TEST_RUN"), "%s", got);
}

Test(config, what_is_named_and_is_no_file_is_told_as_what_it_is)
{
	struct settings settings;

	cr_redirect_stderr();
	cr_expect_eq(LOAD(&settings, "--config=/tmp"), -ERR_CONFIG);
	cr_expect_eq(LOAD(&settings, "--config="), -ERR_CONFIG);
	cr_expect_eq(LOAD(&settings, "--peer.password.file=/no/such/file"), -ERR_CONFIG);
	cr_expect_eq(LOAD(&settings, "--peer.password.file=winter-2018"), -ERR_CONFIG);
	const char *got = logged();

	cr_expect(strstr(got, "/tmp: is a folder, and a file is needed"), "%s", got);
	cr_expect(strstr(got, "--config: a file is needed behind it"), "%s", got);
	cr_expect(strstr(got, "peer.password.file: /no/such/file does not exist"), "%s", got);
	cr_expect(strstr(got, "peer.password.file: a path is needed here; the file it names does not exist"), "%s",
		  got);
	cr_expect_not(strstr(got, "winter"), "a password that was written there is not shown: %s", got);
}

Test(config, a_pipe_into_which_nothing_is_written_is_told_after_a_while, .timeout = 60)
{
	struct err err = { 0 };
	char path[64];
	FILE *file = NULL;

	snprintf(path, sizeof path, "/tmp/instroom-pipe-%d", (int)getpid());
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(plain_file_open_within(path, 1000, &file, &err), -ERR_CONFIG, "who opens it waits for ever");
	cr_expect_str_eq(err.text, "is a pipe into which nothing was written within 1 s, and a file is needed");
	unlink(path);
}

/* Whoever made it, as a shell makes <(command), ends or writes; a command that asks over a network may take long. */
Test(config, a_pipe_that_a_shell_made_has_no_limit, .timeout = 60)
{
	static const char *const FOLDERS[] = { "/dev/fd", "/proc/self/fd" };
	struct err err = { 0 };
	char path[64];
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++) {
		FILE *file = NULL;

		snprintf(path, sizeof path, "%s/%d", FOLDERS[i], ends[0]);
		cr_expect_eq(plain_file_open_within(path, 0, &file, &err), 0, "%s: %s", path, err.text);
		if (file)
			fclose(file);
	}
	close(ends[0]);
	close(ends[1]);
}

/* As the shell makes of <(command). */
Test(config, a_pipe_with_a_writer_is_read, .timeout = 60)
{
	struct settings settings;
	char path[64];
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "peer.name = p\n", 14), 14);
	close(ends[1]);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	cr_assert_eq(LOAD(&settings, "--config", path), 0);
	cr_expect_str_eq(settings.name, "p");
	config_release(&TABLE, &settings);
	close(ends[0]);
}

Test(config, a_secret_with_what_an_editor_put_there_is_named)
{
	static const struct {
		const char *content;
		size_t n;
		const char *want;
	} ROWS[] = {
		{ "\xef\xbb\xbfpass", 7, "begins with a byte order mark" },
		{ "\xff\xfep\0a\0", 6, "is UTF-16" },
	};
	struct settings settings;
	char path[64];

	cr_redirect_stderr();
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		write_file(path, sizeof path, ROWS[i].content, ROWS[i].n);
		cr_expect_eq(LOAD(&settings, "--peer.password.file", path), -ERR_CONFIG, "row %zu", i);
		unlink(path);
	}
	const char *got = logged();

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect(strstr(got, ROWS[i].want), "%s", got);
}
