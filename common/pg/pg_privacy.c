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
	"select 1, name, coalesce(current_setting(name, true), ''), '' from unnest(array['log_error_verbosity',"
	" 'log_min_error_statement', 'log_parameter_max_length', 'log_parameter_max_length_on_error']) name"
	" union all select 2, split_part(c, '=', 1), lower(split_part(c, '=', 2)), rolname::text"
	" from pg_db_role_setting join pg_roles on pg_roles.oid = setrole, unnest(setconfig) c where not rolsuper"
	" and setdatabase in (0, (select oid from pg_database where datname = current_database())) order by 1, 2, 4";

static void copy_text(struct slice text, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%.*s", (int)text.n, text.p);
}

/* false: it is none of these settings, or as wanted. */
static bool take_setting(const struct pg_rows *rows, size_t row, struct pg_setting *ret)
{
	struct slice name = pg_get_bytes(rows, row, 1), is = pg_get_bytes(rows, row, 2);

	for (size_t i = 0; i < PG_PRIVACY_SETTINGS; i++) {
		if (!slice_equal_text(name, SETTINGS[i].name) || slice_equal_text(is, SETTINGS[i].wanted))
			continue;
		*ret = (struct pg_setting){ .name = SETTINGS[i].name, .wanted = SETTINGS[i].wanted };
		copy_text(is, ret->is, sizeof ret->is);
		copy_text(pg_get_bytes(rows, row, 3), ret->role, sizeof ret->role);
		return true;
	}
	return false;
}

int pg_privacy_check(struct pg_link *link, struct pg_setting ret[PG_PRIVACY_SETTINGS], size_t *ret_count,
		     struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_ask(link, NULL, SETTINGS_SQL, "ittt", NULL, &rows, err);

	if (rc != 0)
		return rc;
	*ret_count = 0;
	for (size_t i = 0; i < pg_rows_count(rows) && *ret_count < PG_PRIVACY_SETTINGS; i++)
		*ret_count += take_setting(rows, i, &ret[*ret_count]);
	return 0;
}
