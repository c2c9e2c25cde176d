#include "pg/pg_privacy.h"

static const struct {
	const char *name, *wanted;
} SETTINGS[PG_PRIVACY_SETTINGS] = {
	{ "log_error_verbosity", "terse" },
	{ "log_min_error_statement", "panic" },
	{ "log_parameter_max_length", "0" },
	{ "log_parameter_max_length_on_error", "0" },
};

static const char SETTINGS_SQL[] =
	"select coalesce(current_setting('log_error_verbosity', true), ''),"
	" coalesce(current_setting('log_min_error_statement', true), ''),"
	" coalesce(current_setting('log_parameter_max_length', true), ''),"
	" coalesce(current_setting('log_parameter_max_length_on_error', true), '')";

int pg_privacy_check(struct pg_link *link, struct pg_setting ret[PG_PRIVACY_SETTINGS], size_t *ret_count,
		     struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, NULL, SETTINGS_SQL, NULL, &rows, NULL, err);

	if (rc != 0)
		return rc;
	*ret_count = 0;
	for (int i = 0; i < PG_PRIVACY_SETTINGS; i++) {
		struct slice is = pg_get_bytes(rows, 0, i);
		struct pg_setting *setting = &ret[*ret_count];

		if (slice_equal_text(is, SETTINGS[i].wanted))
			continue;
		*setting = (struct pg_setting){ .name = SETTINGS[i].name, .wanted = SETTINGS[i].wanted };
		snprintf(setting->is, sizeof setting->is, "%.*s", (int)is.n, is.p);
		++*ret_count;
	}
	return 0;
}
