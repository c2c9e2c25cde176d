#include "run/config.h"
#include "run/config_help.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <unistd.h>

struct settings {
	const char *name;
	int64_t rows, room, wait;
	bool is_on;
	struct slice secret;
};

#define AT(field) offsetof(struct settings, field)
static const struct config_key KEYS[] = {
	{ "peer.name", CONFIG_TEXT, AT(name), "a", 1, 5, "name of the peer" },
	{ "turn.rows.max", CONFIG_COUNT, AT(rows), "1k", 1, 10000, "rows of a turn | at most" },
	{ "peer.room", CONFIG_BYTES, AT(room), "1M", 0, 1 << 21, "room" },
	{ "peer.wait.max", CONFIG_MS, AT(wait), "250ms", 1, 120000, "wait" },
	{ "peer.on", CONFIG_BOOL, AT(is_on), "no", 0, 0, "switch" },
	{ "peer.password.file", CONFIG_SECRET, AT(secret), "", 0, 8, "file that holds the password" },
};
static const struct config_table TABLE = { "instroom-test", "tests the settings", KEYS, ARRAY_LEN(KEYS) };

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
	cr_expect_eq(settings.room, 1 << 20);
	cr_expect_eq(settings.wait, 250);
	cr_expect_not(settings.is_on);
	cr_expect_eq(settings.secret.n, 0);
	config_release(&TABLE, &settings);
	cr_expect_null(settings.name);
	config_release(&TABLE, &settings);
}

Test(config, file_then_environment_then_arguments_the_last_one_stands)
{
	static const char CONTENT[] =
		"# of the test\n\n  peer.name =  file \r\nturn.rows.max=1\npeer.room = 1\npeer.on = yes\n";
	struct settings settings;
	char path[64];

	write_file(path, sizeof path, CONTENT, sizeof CONTENT - 1);
	setenv("INSTROOM_TURN_ROWS_MAX", "2", 1);
	setenv("INSTROOM_PEER_ROOM", "2", 1);
	setenv("INSTROOM_OTHER_PROGRAM", "x", 1);
	cr_assert_eq(LOAD(&settings, "--peer.room=3", "--config", path, "--peer.wait.max", "3s"), 0);
	cr_expect_str_eq(settings.name, "file");
	cr_expect_eq(settings.rows, 2);
	cr_expect_eq(settings.room, 3);
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
	{ "--turn.rows.max=1", true, 1, "the least" },
	{ "--turn.rows.max=0", false, 0, "below the least" },
	{ "--turn.rows.max=10000", true, 10000, "the most" },
	{ "--turn.rows.max=10k", true, 10000, "thousands" },
	{ "--turn.rows.max=10001", false, 0, "above the most" },
	{ "--turn.rows.max=1M", false, 0, "above the most by its unit" },
	{ "--turn.rows.max=9223372036854775807G", false, 0, "no number of 64 bits" },
	{ "--turn.rows.max=99999999999999999999", false, 0, "no number of 64 bits" },
	{ "--turn.rows.max=", false, 0, "empty" },
	{ "--turn.rows.max=-1", false, 0, "a sign" },
	{ "--turn.rows.max=1 ", false, 0, "a blank" },
	{ "--turn.rows.max=1x", false, 0, "an unknown unit" },
	{ "--turn.rows.max=k", false, 0, "a unit alone" },
	{ "--peer.room=0", true, 0, "the least" },
	{ "--peer.room=2M", true, 2 << 20, "bytes count in 1024" },
	{ "--peer.room=2097153", false, 0, "above the most" },
	{ "--peer.wait.max=1ms", true, 1, "the least" },
	{ "--peer.wait.max=0ms", false, 0, "below the least" },
	{ "--peer.wait.max=2m", true, 120000, "the most" },
	{ "--peer.wait.max=121s", false, 0, "above the most" },
	{ "--peer.wait.max=5", false, 0, "a duration names its unit" },
	{ "--peer.on=true", false, 0, "only yes or no" },
	{ "--peer.name=", false, 0, "shorter than the least" },
	{ "--peer.name=12345", true, 0, "the longest" },
	{ "--peer.name=123456", false, 0, "too long" },
};

Test(config, each_value_is_held_to_its_type_and_range)
{
	cr_redirect_stderr();
	for (size_t i = 0; i < ARRAY_LEN(VALUE_ROWS); i++) {
		struct settings settings;
		int rc = LOAD(&settings, VALUE_ROWS[i].word);

		cr_expect_eq(rc, VALUE_ROWS[i].is_fine ? 0 : -ERR_CONFIG, "%s: %s", VALUE_ROWS[i].word, VALUE_ROWS[i].why);
		if (rc != 0)
			continue;
		int64_t got = strstr(VALUE_ROWS[i].word, "rows")   ? settings.rows
			      : strstr(VALUE_ROWS[i].word, "room") ? settings.room
			      : strstr(VALUE_ROWS[i].word, "wait") ? settings.wait
								   : 0;

		cr_expect_eq(got, VALUE_ROWS[i].want, "%s", VALUE_ROWS[i].word);
		config_release(&TABLE, &settings);
	}
}

Test(config, all_faults_are_told_at_once_with_their_places)
{
	static const char CONTENT[] =
		"peer.nam = x\nno equals sign\npeer.on = maybe\npeer.on = no\n= x\nTURN_ROWS_MAX = 1\n";
	struct settings settings;
	char path[64], want[256], got[4096] = "";

	cr_redirect_stderr();
	write_file(path, sizeof path, CONTENT, sizeof CONTENT - 1);
	setenv("INSTROOM_TURN_ROWS_MAX", "many", 1);
	cr_assert_eq(LOAD(&settings, "--config", path, "--peer.wait.max=0ms", "--peer.unknown=1", "stray"), -ERR_CONFIG);
	fflush(stderr);
	FILE *told = cr_get_redirected_stderr();
	size_t n = fread(got, 1, sizeof got - 1, told);

	got[n] = '\0';
	static const char *const LINES[] = {
		":1: unknown key \"peer.nam\"",
		":2: no \"key = value\"",
		":3: peer.on: the value cannot be read",
		":4: peer.on: stands on line 3 already",
		":5: no \"key = value\"",
		":6: unknown key \"TURN_ROWS_MAX\"; did you mean turn.rows.max?",
	};

	for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
		snprintf(want, sizeof want, "instroom-test: %s%s", path, LINES[i]);
		cr_expect(strstr(got, want), "%s is not in:\n%s", want, got);
	}
	cr_expect(strstr(got, "INSTROOM_TURN_ROWS_MAX: turn.rows.max: the value cannot be read; it takes 1 to 10k"),
		  "%s", got);
	cr_expect(strstr(got, "argument: peer.wait.max: the value is outside its range; it takes 1ms to 2m"), "%s", got);
	cr_expect(strstr(got, "unknown key \"peer.unknown\""), "%s", got);
	cr_expect(strstr(got, "stray"), "%s", got);
	unlink(path);
}

Test(config, a_missing_file_is_a_fault)
{
	struct settings settings;

	cr_redirect_stderr();
	cr_expect_eq(LOAD(&settings, "--config=/no/such/file"), -ERR_CONFIG);
	cr_expect_eq(LOAD(&settings, "--config"), -ERR_CONFIG);
	cr_expect_eq(LOAD(&settings, "--peer.password.file=/no/such/file"), -ERR_CONFIG);
}

Test(config, a_secret_is_the_content_of_its_file_without_one_line_feed)
{
	static const struct {
		const char *content;
		size_t n, want; /* bytes kept; 9: refused */
	} ROWS[] = {
		{ "pass", 4, 4 },
		{ "pass\n", 5, 4 },
		{ "pass\n\n", 6, 5 },
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
			cr_expect(slice_equal(settings.secret, slice_make(ROWS[i].content, ROWS[i].want)), "row %zu", i);
			config_release(&TABLE, &settings);
		}
		unlink(path);
	}
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
	cr_expect(strstr(got, "| `turn.rows.max` | `INSTROOM_TURN_ROWS_MAX` | `1k` | 1 to 10k | rows of a turn \\| at most |"),
		  "%s", got);
	cr_expect(strstr(got, "instroom-test " INSTROOM_VERSION "\n"), "%s", got);
}

static void check_hidden(const char *text)
{
	struct settings settings = { .name = text };
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
			 "event=config peer.name=\"a\" turn.rows.max=1k peer.room=1M peer.wait.max=250ms peer.on=no "
			 "peer.password.file=***\n"),
		  "%s", got);
	cr_expect_null(strstr(got, "pass\""));
	config_release(&TABLE, &settings);
	unlink(path);
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
