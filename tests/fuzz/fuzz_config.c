/* fuzz_config: input is a settings file. What is taken lies in its range, and written down as read it is taken again,
 * as the same; what is refused leaves nothing behind. */
#include "fuzz.h"

#include "run/config.h"

#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SECRET_FD = 200, TEXT_BYTES_MAX = 40, SECRET_BYTES_MAX = 64, OUT_BYTES_MAX = 1 << 16 };

static const char SECRET_PATH[] = "/proc/self/fd/200";

struct settings {
	const char *text, *needed;
	int64_t count, bytes, ms;
	bool is_on;
	struct secret secret;
};

#define AT(field) offsetof(struct settings, field)

static const struct config_key KEYS[] = {
	{ "text", CONFIG_TEXT, AT(text), "", 0, TEXT_BYTES_MAX, "any text" },
	{ "needed.text", CONFIG_TEXT, AT(needed), "there", 3, 5, "a short text" },
	{ "count", CONFIG_COUNT, AT(count), "10", 1, INT64_MAX, "a number" },
	{ "bytes.max", CONFIG_BYTES, AT(bytes), "1M", 0, INT64_C(1) << 40, "bytes" },
	{ "wait.max", CONFIG_MS, AT(ms), "1s", 5, 3600000, "time" },
	{ "is.on", CONFIG_BOOL, AT(is_on), "no", 0, 0, "yes or no" },
	{ "secret.file", CONFIG_SECRET, AT(secret), "", 0, SECRET_BYTES_MAX, "a file" },
};

static const struct config_table TABLE = {
	.program = "fuzz", .purpose = "takes settings", .keys = KEYS, .key_count = ARRAY_LEN(KEYS)
};

static FILE *quiet; /* where the faults go: they are many, and none of ours */

static int load(struct slice file, struct settings *settings)
{
	char path[64], *argv[] = { "fuzz", path, NULL };
	int fd = memfd_create("settings", MFD_CLOEXEC);
	FILE *loud = stderr;

	FUZZ_EXPECT(fd >= 0 && write(fd, file.p, file.n) == (ssize_t)file.n);
	snprintf(path, sizeof path, "--config=/proc/self/fd/%d", fd);
	stderr = quiet;
	int rc = config_load(&TABLE, 2, argv, settings);

	stderr = loud;
	close(fd);
	return rc;
}

static void set_up(void)
{
	static const char SECRET[] = "geheim\n";
	int fd = memfd_create("secret", MFD_CLOEXEC);

	quiet = fopen("/dev/null", "we");
	FUZZ_EXPECT(quiet && fd >= 0 && dup2(fd, SECRET_FD) == SECRET_FD);
	FUZZ_EXPECT(write(SECRET_FD, SECRET, sizeof SECRET - 1) == sizeof SECRET - 1);
	close(fd);
	FUZZ_EXPECT(clearenv() == 0); /* the machine's own settings are none of ours */
}

/* A secret may name any file, and reading some has effects: only ours is let through, and what lies in this folder. */
static bool names_a_file(struct slice input)
{
	for (const char *slash; (slash = input.n > 0 ? memchr(input.p, '/', input.n) : NULL);) {
		input = slice_from(input, (size_t)(slash - input.p));
		if (input.n < sizeof SECRET_PATH - 1 || memcmp(input.p, SECRET_PATH, sizeof SECRET_PATH - 1) != 0)
			return true;
		input = slice_from(input, sizeof SECRET_PATH - 1);
	}
	return false;
}

static void expect_in_range(const struct settings *settings)
{
	FUZZ_EXPECT(strlen(settings->text) <= TEXT_BYTES_MAX);
	FUZZ_EXPECT(strlen(settings->needed) >= 3 && strlen(settings->needed) <= 5);
	FUZZ_EXPECT(settings->count >= 1);
	FUZZ_EXPECT(settings->bytes >= 0 && settings->bytes <= INT64_C(1) << 40);
	FUZZ_EXPECT(settings->ms >= 5 && settings->ms <= 3600000);
	FUZZ_EXPECT(settings->secret.bytes.n <= SECRET_BYTES_MAX);
}

static void expect_same(const struct settings *a, const struct settings *b)
{
	FUZZ_EXPECT(strcmp(a->text, b->text) == 0 && strcmp(a->needed, b->needed) == 0);
	FUZZ_EXPECT(a->count == b->count && a->bytes == b->bytes && a->ms == b->ms && a->is_on == b->is_on);
	FUZZ_EXPECT(slice_equal(a->secret.bytes, b->secret.bytes));
}

static void write_down(const struct settings *settings, struct strbuf *out)
{
	strbuf_add_printf(out,
			  "text = %s\nneeded.text = %s\ncount = %" PRId64 "\nbytes.max = %" PRId64
			  "\nwait.max = %" PRId64 "ms\nis.on = %s\nsecret.file = %s\n",
			  settings->text, settings->needed, settings->count, settings->bytes, settings->ms,
			  settings->is_on ? "yes" : "no", settings->secret.bytes.n > 0 ? SECRET_PATH : "");
	FUZZ_EXPECT(strbuf_ok(out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(strbuf_drop) struct strbuf written;
	struct settings settings = { 0 }, again = { 0 };

	strbuf_init(&written, OUT_BYTES_MAX);
	if (!quiet)
		set_up();
	if (names_a_file(slice_make(data, size)))
		return 0;
	int rc = load(slice_make(data, size), &settings);

	FUZZ_EXPECT(rc == 0 || rc == -ERR_CONFIG);
	if (rc != 0) {
		FUZZ_EXPECT(!settings.text && !settings.needed && !settings.secret.bytes.p);
		return 0;
	}
	FUZZ_DEEP();
	expect_in_range(&settings);
	if (settings.secret.bytes.n == 0 || slice_equal_text(settings.secret.bytes, "geheim")) {
		write_down(&settings, &written);
		FUZZ_EXPECT(load(strbuf_slice(&written), &again) == 0);
		expect_same(&settings, &again);
		config_release(&TABLE, &again);
	}
	config_release(&TABLE, &settings);
	return 0;
}
