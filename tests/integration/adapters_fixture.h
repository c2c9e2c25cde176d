/* adapters_fixture: where the servers of a private stack are, and names nobody else uses on them. Tests that find
 * no server are skipped with the name of the variable that is missing. */
#ifndef TESTS_ADAPTERS_FIXTURE_H
#define TESTS_ADAPTERS_FIXTURE_H

#include "base/clock.h"
#include "base/err.h"
#include "kafka/kafka.h"

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

/* As the programs' settings of that name; NULL: not set, as on a stack that is open to all. */
static inline struct kafka_options fixture_kafka(const char *client_id)
{
	return (struct kafka_options){ .brokers = fixture_server("INSTROOM_KAFKA_BROKERS"),
				       .client_id = client_id,
				       .security_protocol = getenv("INSTROOM_KAFKA_SECURITY_PROTOCOL"),
				       .ca_file = getenv("INSTROOM_KAFKA_CA_FILE"),
				       .sasl_mechanism = getenv("INSTROOM_KAFKA_SASL_MECHANISM"),
				       .sasl_user = getenv("INSTROOM_KAFKA_SASL_USER"),
				       .sasl_password = { .path = getenv("INSTROOM_KAFKA_SASL_PASSWORD_FILE") } };
}

/* A name no other test and no other run has. */
static inline const char *fixture_name(char *buf, size_t buf_bytes)
{
	snprintf(buf, buf_bytes, "it.%d.%" PRId64, (int)getpid(), clock_us());
	return buf;
}

#endif
