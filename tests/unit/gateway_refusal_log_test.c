/* What the gateway logs of those it refuses: one line at once, then a count. */
#include "gateway/refusal_log.h"

#include "base/log.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *file;

/* A file, not a pipe: what does not fit in one is lost. */
static void begin(void)
{
	log_init("gateway", LOG_INFO);
	file = tmpfile();
	cr_assert(file && dup2(fileno(file), STDERR_FILENO) >= 0);
}

TestSuite(refusal_log, .init = begin);

/* What was logged, with the number of its lines. */
static const char *said(size_t *ret_lines)
{
	static char text[1 << 20];

	rewind(file);
	size_t n = fread(text, 1, sizeof text - 1, file);

	text[n] = '\0';
	*ret_lines = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		++*ret_lines;
	return text;
}

Test(refusal_log, the_first_is_logged_at_once_and_the_others_are_counted)
{
	size_t lines;

	for (int i = 0; i < 5; i++)
		refusal_log_note(422, "LR-F03", 41211, "token:een school");
	refusal_log_note(401, "no_token", 0, NULL);
	refusal_log_poll();
	refusal_log_flush();
	refusal_log_flush();
	const char *text = said(&lines);

	cr_expect_eq(lines, 3, "%s", text);
	cr_expect(strstr(text,
			 "event=sender.refused status=422 code=LR-F03 board=41211 sender=\"token:een school\" "
			 "count=1 first="),
		  "%s", text);
	cr_expect(strstr(text, "status=401 code=no_token board=- sender=\"-\" count=1 "), "%s", text);
	cr_expect(strstr(text, "sender=\"token:een school\" count=4 first="), "%s", text);
}

Test(refusal_log, no_refusal_is_without_a_count_when_there_are_too_many_kinds)
{
	enum { MANY = 2000 };
	size_t lines;
	long total = 0;

	for (uint32_t board = 1; board <= MANY; board++)
		refusal_log_note(401, "unknown", board, NULL);
	refusal_log_flush();
	const char *text = said(&lines);

	cr_expect(lines < MANY && strstr(text, "status=0 code=other board=- sender=\"-\" count="), "%zu", lines);
	for (const char *at = text; (at = strstr(at, "count=")); at++)
		total += strtol(at + strlen("count="), NULL, 10);
	cr_expect_eq(total, MANY, "%ld", total);
}
