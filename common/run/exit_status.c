#include "run/exit_status.h"

#include <string.h>

bool exit_status_is_migration(const char *code)
{
	static const char *const SQLSTATES[] = { "42P01", "42703", "42883", "3F000" };

	for (size_t i = 0; i < ARRAY_LEN(SQLSTATES); i++)
		if (strcmp(code, SQLSTATES[i]) == 0)
			return true;
	return false;
}

int exit_status_of(int rc, const struct err *err)
{
	enum err_kind kind = (enum err_kind) - rc;
	const char *code = err->kind == kind ? err->code : "";

	if (rc == 0)
		return EXIT_DRAINED;
	if (exit_status_is_migration(code) || strcmp(code, "42501") == 0) /* a grant is missing: nobody was away */
		return EXIT_SETTINGS;
	switch (kind) {
	case ERR_CONFIG:
		return strcmp(code, "credentials") == 0 ? EXIT_CREDENTIALS : EXIT_SETTINGS;
	case ERR_RETRY:
		return strcmp(code, "memory") == 0 ? EXIT_BUG : EXIT_NO_PEER;
	case ERR_DATA:
		return strcmp(code, "file") == 0 ? EXIT_NO_FILE : EXIT_ANSWER_IS_NO;
	case ERR_STOP:
		return EXIT_ANSWER_IS_NO;
	default:
		return EXIT_BUG;
	}
}

int exit_status_of_config(int rc)
{
	if (rc > 0)
		return EXIT_DRAINED;
	return rc == -ERR_FATAL ? EXIT_BUG : EXIT_SETTINGS;
}

int exit_status_of_worker(int rc, const struct err *err)
{
	int status = exit_status_of(rc, err);

	return status == EXIT_ANSWER_IS_NO || status == EXIT_NO_FILE || status == EXIT_NO_PEER ? EXIT_BUG : status;
}
