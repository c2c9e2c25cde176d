#include "write/register_check.h"

#include "base/log.h"
#include "pg/pg_privacy.h"

/* The list of migrations is the owner's; before this release nobody else could read it. */
static const char CAN_ASK_SQL[] =
	"select coalesce(has_table_privilege(to_regclass('public.instroom_migration')::oid, 'select'), false)";

static const char HAS_SQL[] = "select exists (select from public.instroom_migration where name = $1)";

static int ask_whether(struct pg_link *link, const char *sql, const struct pg_params *params, bool *ret,
		       struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_ask(link, NULL, sql, "=B", params, &rows, err);

	if (rc == 0)
		*ret = pg_get_bool(rows, 0, 0);
	return rc;
}

static int check_migrations(struct pg_link *link, struct err *err)
{
	struct pg_params params;
	bool can_ask = false, has = false;
	int rc = ask_whether(link, CAN_ASK_SQL, NULL, &can_ask, err);

	pg_params_reset(&params);
	pg_add_text(&params, SLICE_LITERAL(INSTROOM_LAST_MIGRATION));
	if (rc == 0 && can_ask)
		rc = ask_whether(link, HAS_SQL, &params, &has, err);
	if (rc != 0 || has)
		return rc;
	return err_set(err, ERR_CONFIG, "migration", "the register lacks %s, or does not say: run instroomctl migrate",
		       INSTROOM_LAST_MIGRATION);
}

int register_check(struct pg_link *link, struct err *err)
{
	struct pg_setting settings[PG_PRIVACY_SETTINGS];
	size_t count = 0;
	int rc = check_migrations(link, err);

	if (rc == 0)
		rc = pg_privacy_check(link, settings, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		log_event(LOG_WARN, "register.setting", "name=%s is=%s wanted=%s why=%s effect=%s", settings[i].name,
			  LOG_QUOTED(settings[i].is), settings[i].wanted,
			  LOG_QUOTED("the server's log may hold personal data"),
			  LOG_QUOTED("none: instroomctl migrate says what to do"));
	return rc;
}
