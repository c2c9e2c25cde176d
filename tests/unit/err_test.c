#include "base/err.h"

#include <criterion/criterion.h>

Test(err, of_two_failures_the_first_stands)
{
	struct err err, second;
	int rc = err_set(&err, ERR_CONFIG, "first", "work");
	int closed = err_set(&second, ERR_STOP, "second", "clean-up");

	cr_expect_eq(err_first(rc, &err, closed, &second), -ERR_CONFIG);
	cr_expect_eq(err.kind, ERR_CONFIG);
	cr_expect_str_eq(err.code, "first");
}

Test(err, a_failure_behind_good_work_is_the_failure)
{
	struct err err = { 0 }, second;
	int closed = err_set(&second, ERR_RETRY, "second", "clean-up");

	cr_expect_eq(err_first(0, &err, closed, &second), -ERR_RETRY);
	cr_expect_str_eq(err.code, "second");
	cr_expect_eq(err_first(0, NULL, closed, &second), -ERR_RETRY, "nobody wants to know more");
}

Test(err, no_failure_leaves_the_error_alone)
{
	struct err err = { 0 }, second = { .kind = ERR_FATAL };

	cr_expect_eq(err_first(0, &err, 0, &second), 0);
	cr_expect_eq(err.kind, 0);
}
