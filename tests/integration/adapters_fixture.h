/* adapters_fixture: where the servers of a private stack are, and names nobody else uses on them. Tests that find
 * no server are skipped with the name of the variable that is missing. */
#ifndef TESTS_ADAPTERS_FIXTURE_H
#define TESTS_ADAPTERS_FIXTURE_H

#include "base/clock.h"
#include "base/err.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <unistd.h>

#define ASSERT_OK(call)                                                               \
	do {                                                                          \
		int rc_ = (call);                                                     \
		cr_assert_eq(rc_, 0, "%s: %d %s %s", #call, rc_, err.code, err.text); \
	} while (0)

#define ASSERT_KIND(call, want)                                                                                    \
	do {                                                                                                       \
		int rc_ = (call);                                                                                  \
		cr_assert_eq(rc_, -(int)(want), "%s: %d instead of %d, %s %s", #call, rc_, -(int)(want), err.code, \
			     err.text);                                                                            \
	} while (0)

static inline const char *fixture_server(const char *variable)
{
	const char *value = getenv(variable);

	if (!value || !*value)
		cr_skip_test("%s is not set: start a stack with scripts/stack", variable);
	return value;
}

/* A name no other test and no other run has. */
static inline const char *fixture_name(char *buf, size_t buf_bytes)
{
	snprintf(buf, buf_bytes, "it.%d.%" PRId64, (int)getpid(), clock_us());
	return buf;
}

#endif
