#include "run/crash.h"
#include "base/macros.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child passes the points in order. Returns how it ended: 0 to the end, 137 by exit, 1000 stopped, else its
 * status. */
static int pass_points(const char *plan, const char *const *points)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (plan)
			setenv("INSTROOM_CRASH_AT", plan, 1);
		else
			unsetenv("INSTROOM_CRASH_AT");
		for (; *points; points++)
			crash_point(*points);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, WUNTRACED), child);
	if (WIFSTOPPED(status)) {
		kill(child, SIGCONT);
		waitpid(child, &status, 0);
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it goes on after SIGCONT");
		return 1000;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(crash, ends_where_the_plan_says)
{
	static const char *const WALK[] = { "a", "b", "a", "b.c", "a", NULL };
	static const struct {
		const char *plan;
		int want;
		const char *why;
	} ROWS[] = {
		{ NULL, 0, "no plan" },
		{ "", 0, "an empty plan" },
		{ "a", 137, "the first passing" },
		{ "a:3", 137, "the third" },
		{ "a:4", 0, "there is no fourth" },
		{ "b.c", 137, "a name with a dot" },
		{ "b.", 0, "no part of a name" },
		{ "x,b:1", 137, "the second of a list" },
		{ "a=stop", 1000, "stops" },
		{ "a:3=stop", 1000, "stops at the third" },
		{ "a:0", 64, "no plan that can be read" },
		{ "a:x", 64, "no number" },
		{ ":1", 64, "no name" },
		{ "a,,b", 64, "an empty part" },
		{ "a:-1", 64, "a sign" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		cr_expect_eq(pass_points(ROWS[i].plan, WALK), ROWS[i].want, "%s: %s", ROWS[i].plan ? ROWS[i].plan : "-",
			     ROWS[i].why);
	}
}
