/* migrate: topics, tables and cursors, as far as they are missing; topics that are there must have the settings they
 * need.
 *
 * No header: run_migrate stands in setup_commands.h. */
#include "ctl/setup/setup_commands.h"

#include "ctl/setup/applied.h"
#include "ctl/setup/topics.h"
#include "model/teacher_key.h"
#include "pg/pg_privacy.h"

static int lock_migrations(struct pg_link *link, struct err *err)
{
	int rc = pg_script(link, "set client_min_messages = warning; select pg_advisory_lock(4920180731)", err);

	return rc != 0 ? rc
		       : pg_script(link,
				   "create table if not exists public.instroom_migration (name text primary key,"
				   " sha256 bytea not null, applied_at timestamptz not null default now())",
				   err);
}

static int apply(struct pg_link *link, const struct migration *migration, struct err *err)
{
	struct pg_params params;
	uint8_t sha256[32];

	sha256_of(slice_of(migration->sql), sha256);
	bool is_applied = false;
	int rc = applied_find(link, migration, sha256, &is_applied, err);

	if (rc != 0 || is_applied)
		return rc;
	rc = pg_script(link, "begin", err);
	if (rc == 0)
		rc = pg_script(link, migration->sql, err);
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(migration->name));
	pg_add_bytes(&params, slice_make(sha256, 32));
	if (rc == 0)
		rc = pg_exec(link, NULL, "insert into public.instroom_migration (name, sha256) values ($1, $2)",
			     &params, NULL, NULL, err);
	if (rc == 0)
		rc = pg_script(link, "commit", err);
	if (rc != 0)
		return err_prefix(err, migration->name);
	printf("applied %s\n", migration->name);
	return 0;
}

/* All of a topic, or none: gateways take the number of partitions from them, and with another one boards would move. */
static int make_cursors(struct ctl *ctl, struct pg_link *link, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	pg_add_i32(&params, (int32_t)ctl->config.topic_partitions);
	int rc = pg_exec(link, NULL,
			 "with known as (select coalesce(max(partition) + 1, $2)::bigint as count from register.cursor"
			 "   where topic = $1),"
			 " made as (insert into register.cursor (topic, partition)"
			 "   select $1, p from known, generate_series(0, known.count - 1) p on conflict do nothing)"
			 " select count from known",
			 &params, &rows, NULL, err);

	if (rc != 0 || pg_get_i64(rows, 0, 0) == ctl->config.topic_partitions)
		return rc;
	return err_set(err, ERR_CONFIG, "partitions",
		       "the register knows %lld partitions of %s, which never changes, and topic.partitions is %lld: "
		       "RUNBOOK.md, Partitions were added",
		       (long long)pg_get_i64(rows, 0, 0), ctl->config.topic.raw,
		       (long long)ctl->config.topic_partitions);
}

/* So that a writer can see whether the register is of its release. */
static int grant_migrations(struct pg_link *link, struct err *err)
{
	return pg_script(link, "grant select on public.instroom_migration to instroom_writer, instroom_reader", err);
}

/* A role that was made since the last time gets its rights, too. A stage whose role is missing goes on as it did. */
static int grant_rights(struct pg_link *link, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, NULL, "select register.grant_rights()", NULL, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct slice role = pg_get_bytes(rows, i, 0);

		fprintf(stderr,
			"instroomctl: PostgreSQL: there is no role %.*s: INSTALL.md, PostgreSQL, has it; "
			"then run this again\n",
			(int)role.n, role.p);
	}
	return rc;
}

/* Told, not mended: who gave a role more than its task takes it away again. */
static int look_at_roles(struct pg_link *link, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, NULL, "select role, what from register.role_excess() order by 1, 2", NULL, &rows, NULL,
			 err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct slice role = pg_get_bytes(rows, i, 0), what = pg_get_bytes(rows, i, 1);

		fprintf(stderr, "instroomctl: PostgreSQL: the role %.*s may more than it needs: %.*s\n", (int)role.n,
			role.p, (int)what.n, what.p);
	}
	return rc;
}

static void print_setting(const struct pg_setting *setting)
{
	const char *is = setting->is[0] ? setting->is : "not known";

	if (setting->role[0])
		fprintf(stderr,
			"instroomctl: PostgreSQL: %s is %s for the role %s, and must be %s: alter role %s reset %s;\n",
			setting->name, is, setting->role, setting->wanted, setting->role, setting->name);
	else
		fprintf(stderr,
			"instroomctl: PostgreSQL: %s is %s, and must be %s: alter system set %s = '%s'; "
			"select pg_reload_conf();\n",
			setting->name, is, setting->wanted, setting->name, setting->wanted);
}

/* What would bring personal data into the server's log. Names each difference; *ret_count: how many. */
static int look_at_settings(struct pg_link *link, size_t *ret_count, struct err *err)
{
	struct pg_setting settings[PG_PRIVACY_SETTINGS];
	int rc = pg_privacy_check(link, settings, ret_count, err);

	for (size_t i = 0; rc == 0 && i < *ret_count; i++)
		print_setting(&settings[i]);
	return rc;
}

int run_migrate(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct err err = { 0 };
	size_t differences = 0;

	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0)
		rc = lock_migrations(link, &err);
	for (size_t i = 0; rc == 0 && i < MIGRATION_COUNT; i++)
		rc = apply(link, &MIGRATIONS[i], &err);
	if (rc == 0)
		rc = grant_migrations(link, &err);
	if (rc == 0)
		rc = grant_rights(link, &err);
	if (rc == 0)
		rc = look_at_roles(link, &err);
	if (rc == 0)
		rc = look_at_settings(link, &differences, &err);
	if (rc == 0)
		rc = topics_set_up(ctl, ctl_has(ctl, OPTION_FIX), &err);
	if (rc == 0)
		rc = make_cursors(ctl, link, &err);
	if (rc == 0 && differences > 0)
		rc = err_set(&err, ERR_CONFIG, "settings",
			     "%zu settings of PostgreSQL let personal data into its log: set them and run this again",
			     differences);
	if (rc != 0)
		return ctl_fail(&err);
	puts("the register and the topics are up to date");
	return 0;
}
