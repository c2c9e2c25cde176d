#include "base/log.h"

#include <criterion/criterion.h>
#include <unistd.h>

/* What log_event wrote, as one text. The pipe takes more than the longest line. */
static size_t catch_line(enum log_level level, const char *why, char *ret, size_t ret_bytes)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	int saved = dup(STDERR_FILENO);

	dup2(ends[1], STDERR_FILENO);
	log_event(level, "test.event", "n=%d why=%s", 7, why);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	ssize_t n = read(ends[0], ret, ret_bytes - 1);

	close(ends[0]);
	cr_assert_geq(n, 0);
	ret[n] = '\0';
	return (size_t)n;
}

Test(log, writes_one_line_with_level_worker_and_event_in_front)
{
	char line[4096];

	log_init("validate/2", LOG_INFO);
	catch_line(LOG_WARN, "x", line, sizeof line);
	cr_expect_str_eq(line, "level=warn worker=validate/2 event=test.event n=7 why=x\n");
}

Test(log, leaves_out_what_is_below_the_least_level)
{
	char line[4096];

	log_init("write/1", LOG_WARN);
	cr_expect_eq(catch_line(LOG_INFO, "x", line, sizeof line), 0);
	cr_expect_gt(catch_line(LOG_WARN, "x", line, sizeof line), 0);
	cr_expect_eq(log_least(), LOG_WARN);
}

Test(log, cuts_a_line_that_is_too_long_and_still_ends_it)
{
	char line[4096], why[3000];

	memset(why, 'y', sizeof why - 1);
	why[sizeof why - 1] = '\0';
	log_init("gateway", LOG_INFO);
	size_t n = catch_line(LOG_ERROR, why, line, sizeof line);

	cr_expect_leq(n, 2048);
	cr_expect_gt(n, 2000);
	cr_expect_eq(line[n - 1], '\n');
	cr_expect_eq(strchr(line, '\n'), line + n - 1, "there is one line end");
}

Test(log, nobody_who_does_not_read_holds_us_up, .timeout = 5)
{
	static char got[1 << 20];
	int ends[2], saved = dup(STDERR_FILENO);

	cr_assert_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_init("gateway", LOG_INFO);
	for (int i = 0; i < 10000; i++)
		log_event(LOG_INFO, "test.event", "n=%d", i);
	cr_assert_gt(read(ends[0], got, sizeof got), 0);
	log_event(LOG_INFO, "test.last", "n=%d", 1);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	ssize_t n = read(ends[0], got, sizeof got - 1);

	cr_assert_gt(n, 0);
	got[n] = '\0';
	cr_expect(strstr(got, "event=log.lost lines="), "%s", got);
	cr_expect(strstr(got, "event=test.last n=1\n"));
	close(ends[0]);
}

Test(log, quotes_so_that_a_value_cannot_end_the_line_or_its_quotes)
{
	char buf[64];

	cr_expect_str_eq(log_quote("connection refused", buf, sizeof buf), "\"connection refused\"");
	cr_expect_str_eq(log_quote("a\nlevel=error b\\\"", buf, sizeof buf), "\"a level=error b''\"");
	cr_expect_str_eq(log_quote("", buf, sizeof buf), "\"\"");
}

Test(log, quote_cuts_to_fit_any_buffer)
{
	for (unsigned long bytes = 0; bytes <= 8; bytes++) {
		char buf[16];

		memset(buf, '#', sizeof buf);
		const char *text = log_quote("abcdef", buf, bytes);

		cr_expect(strlen(text) < MAX(bytes, 1ul), "bytes=%lu", bytes);
		cr_expect_eq(buf[bytes], '#', "bytes=%lu", bytes);
	}
	char buf[6];

	cr_expect_str_eq(log_quote("abcdef", buf, sizeof buf), "\"abc\"");
}
