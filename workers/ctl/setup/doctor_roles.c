#include "ctl/setup/doctor_roles.h"

enum { LISTED_MAX = 20 }; /* of one kind; the rest is counted */

static const char LACKS[] = "run instroomctl migrate";
static const char TOO_MUCH[] = "revoke it, or run instroomctl migrate, which takes away what role_right does not have";
static const char OTHERS[] = "take it back; INSTALL.md, PostgreSQL, has the roles as they should be";

static const char GIVE_BACK[] =
	"a stage stands still without it: alter role .. login, valid until, connection limit; "
	"INSTALL.md, PostgreSQL, has the roles as they should be";
static const char NO_ROLE[] =
	"make it, or give it its name back, then run instroomctl migrate; INSTALL.md, PostgreSQL, "
	"has the roles as they should be";

/* One row for each right of each role that role_right speaks of, in an order that two lists can be merged by. */
static const char RIGHTS_SQL[] =
	"select (r.rolname || ' ' || x.privilege_type || ' on ' || x.object) collate \"C\" from ("
	" select (a).grantee, (a).privilege_type, n.nspname || '.' || c.relname as object"
	"  from pg_class c join pg_namespace n on n.oid = c.relnamespace, lateral aclexplode(c.relacl) a"
	"  where n.nspname in ('register', 'rights')"
	" union all select (a).grantee, (a).privilege_type || ' (' || t.attname || ')', n.nspname || '.' || c.relname"
	"  from pg_attribute t join pg_class c on c.oid = t.attrelid join pg_namespace n on n.oid = c.relnamespace,"
	"   lateral aclexplode(t.attacl) a where n.nspname in ('register', 'rights')"
	" union all select (a).grantee, (a).privilege_type, n.nspname || '.' || p.proname || '()'"
	"  from pg_proc p join pg_namespace n on n.oid = p.pronamespace, lateral aclexplode(p.proacl) a"
	"  where n.nspname in ('register', 'rights')"
	" union all select (a).grantee, (a).privilege_type, 'schema ' || n.nspname"
	"  from pg_namespace n, lateral aclexplode(n.nspacl) a where n.nspname in ('register', 'rights')"
	") x join pg_roles r on r.oid = x.grantee where r.rolname in (select role from register.role_right)"
	" order by 1";

/* Each with whether it keeps a stage from its work. */
static const char OTHERS_SQL[] =
	"select role || ': ' || what, false from register.role_excess()"
	" union all select r.rolname || ': it owns ' || n.nspname || '.' || c.relname, false"
	"  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner"
	"  where n.nspname in ('register', 'rights') and c.relkind in ('r', 'v', 'S', 'm')"
	"  and c.relowner <> (select nspowner from pg_namespace where nspname = 'register')"
	" union all select 'everybody (PUBLIC): ' || (a).privilege_type || ' on ' || n.nspname || '.' || c.relname,"
	"   false"
	"  from pg_class c join pg_namespace n on n.oid = c.relnamespace, lateral aclexplode(c.relacl) a"
	"  where n.nspname in ('register', 'rights') and (a).grantee = 0"
	" union all select 'everybody (PUBLIC): CREATE in schema ' || n.nspname, false"
	"  from pg_namespace n, lateral aclexplode(n.nspacl) a"
	"  where n.nspname in ('register', 'rights', 'public') and (a).grantee = 0 and (a).privilege_type = 'CREATE'"
	" union all select r.rolname || ': ' || w.what, true from pg_roles r, lateral (values"
	"   ('it cannot log in (NOLOGIN)', not r.rolcanlogin),"
	"   ('its password has expired (VALID UNTIL)', r.rolvaliduntil < now()),"
	"   ('it may have no connection (CONNECTION LIMIT 0)', r.rolconnlimit = 0)) as w(what, is_so)"
	"  where r.rolname in ('instroom_gateway', 'instroom_validator', 'instroom_writer') and w.is_so"
	" order by 1";

/* The rows of one list that the other lacks, as lines of this state. How many. */
static size_t say_missing(struct diagnosis *diagnosis, enum diagnosis_state state, const char *advice,
			  const struct pg_rows *from, const struct pg_rows *in)
{
	size_t found = 0;

	for (size_t i = 0, j = 0; i < pg_rows_count(from); i++) {
		struct slice right = pg_get_bytes(from, i, 0);

		while (j < pg_rows_count(in) && slice_compare(pg_get_bytes(in, j, 0), right) < 0)
			j++;
		if (j < pg_rows_count(in) && slice_equal(pg_get_bytes(in, j, 0), right))
			continue;
		if (++found <= LISTED_MAX)
			diagnosis_say(diagnosis, state, "pg rights", advice, "%s: %.*s",
				      state == DIAGNOSIS_FAIL ? "lacking" : "too much", (int)right.n, right.p);
	}
	if (found > LISTED_MAX)
		diagnosis_say(diagnosis, state, "pg rights", advice, "and %zu more", found - LISTED_MAX);
	return found;
}

static bool is_of_a_stage(struct slice role)
{
	return slice_equal_text(role, "instroom_gateway") || slice_equal_text(role, "instroom_validator") ||
	       slice_equal_text(role, "instroom_writer");
}

static void compare_rights(struct pg_link *link, struct diagnosis *diagnosis)
{
	CLEANUP(drop_pg_rows) struct pg_rows *now = NULL, *absent = NULL, *wanted = NULL;
	struct err err = { 0 };
	int rc = pg_begin(link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL, RIGHTS_SQL, NULL, &now, NULL, &err);
	if (rc == 0)
		rc = pg_exec(link, NULL, "select register.grant_rights()", NULL, &absent, NULL, &err);
	if (rc == 0)
		rc = pg_exec(link, NULL, RIGHTS_SQL, NULL, &wanted, NULL, &err);
	struct err unseen;
	int undone = pg_script(link, "rollback", &unseen);

	(void)undone; /* whatever was found; a line that was dropped did so by itself */
	if (rc != 0) {
		diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, "pg rights", LACKS, "%s (%s)", err.text, err.code);
		return;
	}
	size_t found = say_missing(diagnosis, DIAGNOSIS_FAIL, LACKS, wanted, now) +
		       say_missing(diagnosis, DIAGNOSIS_WARN, TOO_MUCH, now, wanted);

	for (size_t i = 0; i < pg_rows_count(absent); i++) {
		struct slice role = pg_get_bytes(absent, i, 0);

		diagnosis_say(diagnosis, is_of_a_stage(role) ? DIAGNOSIS_FAIL : DIAGNOSIS_WARN, "pg rights", NO_ROLE,
			      "there is no role %.*s", (int)role.n, role.p);
	}
	if (found == 0)
		diagnosis_say(diagnosis, DIAGNOSIS_OK, "pg rights", NULL, "%zu, as role_right has them",
			      pg_rows_count(now));
}

static void look_at_others(struct pg_link *link, struct diagnosis *diagnosis)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct err err = { 0 };

	if (pg_exec(link, NULL, OTHERS_SQL, NULL, &rows, NULL, &err) != 0) {
		diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, "pg roles", LACKS, "%s (%s)", err.text, err.code);
		return;
	}
	for (size_t i = 0; i < pg_rows_count(rows) && i < LISTED_MAX; i++) {
		struct slice what = pg_get_bytes(rows, i, 0);
		bool stops = pg_get_bool(rows, i, 1);

		diagnosis_say(diagnosis, stops ? DIAGNOSIS_FAIL : DIAGNOSIS_WARN, "pg roles",
			      stops ? GIVE_BACK : OTHERS, "%.*s", (int)what.n, what.p);
	}
	if (pg_rows_count(rows) == 0)
		diagnosis_say(diagnosis, DIAGNOSIS_OK, "pg roles", NULL, "none may more than its task takes");
}

void doctor_look_at_roles(struct pg_link *link, struct diagnosis *diagnosis)
{
	compare_rights(link, diagnosis);
	look_at_others(link, diagnosis);
}
