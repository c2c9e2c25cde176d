#include "ctl/setup/applied.h"

#include "base/num.h"

enum { NAMES_BYTES_MAX = 1 << 16 };

/* The file as it is, or a form of it that a release applied: the same statements. */
static bool is_form_of(const struct migration *migration, const uint8_t sha256[32], struct slice applied)
{
	char hex[2 * 32 + 1] = "";

	if (slice_equal(applied, slice_make(sha256, 32)))
		return true;
	if (applied.n != 32)
		return false;
	num_to_hex(applied.p, 32, hex);
	return strstr(migration->earlier, hex) != NULL;
}

/* A released file never changes. */
int applied_find(struct pg_link *link, const struct migration *migration, const uint8_t sha256[32],
		 bool *ret_is_applied, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(migration->name));
	int rc = pg_exec(link, NULL, "select sha256 from public.instroom_migration where name = $1", &params, &rows,
			 NULL, err);

	*ret_is_applied = rc == 0 && pg_rows_count(rows) > 0;
	if (!*ret_is_applied)
		return rc;
	if (!is_form_of(migration, sha256, pg_get_bytes(rows, 0, 0)))
		return err_set(err, ERR_CONFIG, "migration",
			       "%s was applied in another form: this program is of another release", migration->name);
	return 0;
}

int applied_count_unknown(struct pg_link *link, int64_t *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(strbuf_release) struct strbuf names = { 0 };
	struct pg_params params;

	strbuf_init(&names, NAMES_BYTES_MAX);
	pg_array_begin(&names, PG_TEXT);
	for (size_t i = 0; i < MIGRATION_COUNT; i++)
		pg_array_add_text(&names, slice_of(MIGRATIONS[i].name));
	pg_array_end(&names, 0, (int32_t)MIGRATION_COUNT);
	if (!strbuf_ok(&names))
		return err_set(err, ERR_FATAL, "memory", "no memory for the names of migrations");
	pg_params_reset(&params);
	pg_add_array(&params, PG_TEXT_ARRAY, strbuf_slice(&names));
	int rc = pg_exec(link, NULL, "select count(*) from public.instroom_migration where name <> all($1)", &params,
			 &rows, NULL, err);

	if (rc == 0)
		*ret = pg_get_i64(rows, 0, 0);
	return rc;
}
