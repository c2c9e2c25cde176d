#include "ctl/setup/doctor_pg.h"

enum { LISTED_MAX = 20 }; /* of one look; the rest is counted */

/* A row of each: whether it fails or only warns, what was found, what to do. */
struct look {
	const char *check, *fine, *sql;
};

/* One row for each ours: objects that a migration made and somebody took away, or a restore left out. */
static const char OBJECTS_SQL[] =
	"select distinct true, r.object || ' is missing, although all migrations say that they ran',"
	" 'restore it from a backup: no migration makes it again; RUNBOOK.md, The register is lost'"
	" from register.role_right r"
	" where case when r.object like 'function %' then to_regprocedure(substr(r.object, 10)) is null"
	"  else to_regclass(r.object) is null end"
	" union all select true, format('%s: the trigger %s is switched off', t.tgrelid::regclass, t.tgname),"
	" format('alter table %s enable trigger all', t.tgrelid::regclass)"
	" from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace"
	" where n.nspname in ('register', 'rights') and t.tgenabled = 'D'"
	" union all select true, format('the index %s is not valid', i.indexrelid::regclass),"
	" format('reindex index %s', i.indexrelid::regclass)"
	" from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace"
	" where n.nspname in ('register', 'rights') and not i.indisvalid"
	" union all select true, format('%s: row level security is on: what it would filter is refused, and'"
	"  || ' workers wait', c.oid::regclass), format('alter table %s disable row level security', c.oid::regclass)"
	" from pg_class c join pg_namespace n on n.oid = c.relnamespace"
	" where n.nspname in ('register', 'rights') and (c.relrowsecurity or c.relforcerowsecurity)"
	" union all select true, format('%s is unlogged: it is empty after a crash, and no standby has it',"
	"  c.oid::regclass), format('alter table %s set logged', c.oid::regclass)"
	" from pg_class c join pg_namespace n on n.oid = c.relnamespace"
	" where n.nspname in ('register', 'rights') and c.relpersistence = 'u'"
	" order by 2";

/* What a COMMIT is worth. A setting of a role or of this database holds for its sessions only: they are listed too. Of
 * these PostgreSQL keeps the value as it was typed: 0, FALSE or f for off. */
static const char DURABILITY_SQL[] =
	"with seen as (select name, setting as value, '' as whose from pg_settings"
	" union all select split_part(c, '=', 1), case when c like '%\\_timeout=%' then split_part(c, '=', 2)"
	"  when split_part(c, '=', 2) ~* '^(off?|f|fa|fal|fals|false|no?|0)$' then 'off'"
	"  when split_part(c, '=', 2) ~* '^(on|t|tr|tru|true|y|ye|yes|1)$' then 'on'"
	"  else lower(split_part(c, '=', 2)) end, ' for '"
	"  || coalesce(r.rolname, 'database ' || current_database())"
	"  from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) c"
	"  where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))"
	"  and (s.setrole = 0 or r.rolname like 'instroom\\_%'))"
	" select w.fails, s.name || ' is ' || s.value || s.whose || ': ' || w.effect, w.advice"
	" from seen s join (values"
	"  ('fsync', 'off', false, 'a power cut may lose or break the whole register', 'set fsync = on'),"
	"  ('full_page_writes', 'off', false, 'a power cut may leave pages half written', 'set full_page_writes = on'),"
	"  ('synchronous_commit', 'off', false, 'a crash may lose what was committed: verify would find it',"
	"   'set synchronous_commit = on'),"
	"  ('zero_damaged_pages', 'on', true, 'damage is read as nothing', 'set zero_damaged_pages = off'),"
	"  ('ignore_checksum_failure', 'on', true, 'damage is read as data', 'set ignore_checksum_failure = off'),"
	"  ('autovacuum', 'off', false, 'tables grow, and transaction numbers run out', 'set autovacuum = on'),"
	"  ('default_transaction_read_only', 'on', true, 'its sessions take no writes, and writers wait',"
	"   'alter system, role or database .. reset default_transaction_read_only'),"
	"  ('session_replication_role', 'replica', true, 'triggers and foreign keys do nothing',"
	"   'alter role or database .. reset session_replication_role')"
	" ) w(name, is_bad, fails, effect, advice) on w.name = s.name and w.is_bad = s.value"
	" union all select false, s.name || ' is ' || s.value || s.whose || ': it ends our connections while they rest,"
	" which costs a new one each time', 'alter role or database .. reset ' || s.name from seen s"
	" where s.name in ('idle_session_timeout', 'transaction_timeout') and s.value !~ '^ *0+ *[a-z]*$'"
	" order by 2";

/* pg_stat_replication shows a state only to whoever may read all statistics; that a standby is there it shows to
 * everybody. */
static const char STANDBY_SQL[] =
	"with writer as (select lower(coalesce("
	"   (select split_part(c, '=', 2) from pg_db_role_setting s join pg_roles r on r.oid = s.setrole,"
	"     unnest(s.setconfig) c where r.rolname = 'instroom_writer' and c like 'synchronous\\_commit=%'"
	"     and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))"
	"     order by s.setdatabase desc limit 1),"
	"   (select setting from pg_settings where name = 'synchronous_commit'"
	"     and source not in ('user', 'database user')), 'on')) as value),"
	" asked as (select current_setting('synchronous_standby_names') as names, value,"
	"   value not in ('off', 'local', 'false', 'no', '0') as waits from writer"
	"   where current_setting('synchronous_standby_names') <> '' and not pg_is_in_recovery())"
	" select false, 'this server is a standby' || coalesce(', ' || floor(extract(epoch from"
	"  now() - pg_last_xact_replay_timestamp()))::bigint || ' s behind', '') || ': what is told here is of then',"
	" 'pg.conninfo without target_session_attrs asks the primary; if this one should be it: pg_ctl promote'"
	" where pg_is_in_recovery()"
	" union all select false, 'synchronous_standby_names is ' || names || ', and no COMMIT waits for it, as"
	" synchronous_commit of writers is ' || value || ': what this server loses no standby need have',"
	" 'set synchronous_commit = on, or reset synchronous_standby_names' from asked where not waits"
	" union all select true, 'synchronous_standby_names is ' || names"
	"  || ', and no standby is connected: every COMMIT waits, and so do the writers',"
	" 'start the standby; or, knowing that a second loss then loses data, alter system set"
	" synchronous_standby_names = '''', and pg_reload_conf()'"
	" from asked where waits and not exists (select from pg_stat_replication)"
	" union all select true, 'a standby is connected, and none of them is synchronous: every COMMIT waits',"
	" 'does application_name of the standby stand in synchronous_standby_names?'"
	" from asked where waits and exists (select from pg_stat_replication)"
	"  and not exists (select from pg_stat_replication"
	"   where sync_state is null or sync_state in ('sync', 'quorum'))"
	" union all select false, 'the replication slot ' || slot_name"
	"  || ' is used by nobody: WAL is kept for it until the disk is full',"
	" 'start its standby, or pg_drop_replication_slot(''' || slot_name || ''')'"
	" from pg_replication_slots where not active"
	" union all select false, 'the archive has refused WAL since ' || to_char(last_failed_time at time zone 'UTC',"
	"  'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ': backups end there, and the disk fills',"
	" 'the server''s log says what archive_command answered'"
	" from pg_stat_archiver where last_failed_time > coalesce(last_archived_time, '-infinity')"
	" order by 2";

/* Reserved connections are for superusers. A database may have a limit as well as a role. Whoever may
 * not read all statistics sees of others who they are, and not since when a transaction is open. */
static const char ROOM_SQL[] =
	"with used as (select usename, datname from pg_stat_activity where datname is not null),"
	" room as (select 'the server (max_connections)' as what, current_setting('max_connections')::bigint"
	"   - current_setting('superuser_reserved_connections')::bigint as most, (select count(*) from used) as now"
	"  union all select 'database ' || datname, datconnlimit,"
	"   (select count(*) from used u where u.datname = d.datname) from pg_database d"
	"   where datname = current_database() and datconnlimit > 0"
	"  union all select 'role ' || rolname, rolconnlimit,"
	"   (select count(*) from used u where u.usename = r.rolname) from pg_roles r"
	"   where rolname like 'instroom\\_%' and rolconnlimit > 0)"
	" select now >= most, what || ': ' || now || ' of ' || most || ' connections are in use',"
	" 'select usename, application_name, count(*) from pg_stat_activity group by 1, 2 says who has them: raise the"
	" limit, or end what is left over' from room where now >= most or (most >= 10 and now * 10 >= most * 9)"
	" union all select age(datfrozenxid) > 2000000000, 'transaction numbers run out: ' || age(datfrozenxid)"
	"  || ' of 2,147,483,647 are used', 'vacuum freeze, and end old transactions, prepared ones and slots'"
	" from pg_database where datname = current_database() and age(datfrozenxid) > 1000000000"
	" union all select false, 'a transaction of ' || coalesce(usename, '?')"
	"  || ' (' || coalesce(application_name, '?') || ') is open since '"
	"  || to_char(xact_start at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
	"  || ': nothing behind it can be cleaned up', 'look what it is; pg_terminate_backend(' || pid || ') ends it'"
	" from pg_stat_activity where xact_start < now() - interval '1 day' and backend_type = 'client backend'"
	" order by 2";

static const struct look LOOKS[] = {
	{ "pg commit", "what is committed outlives a crash", DURABILITY_SQL },
	{ "pg standby", "it is the primary, and no COMMIT waits for a standby that is away", STANDBY_SQL },
	{ "pg room", "connections and transaction numbers are left", ROOM_SQL },
};

static void say_row(const struct look *look, const struct pg_rows *rows, size_t row, struct diagnosis *diagnosis)
{
	struct slice found = pg_get_bytes(rows, row, 1), advice = pg_get_bytes(rows, row, 2);
	char what_to_do[512];

	snprintf(what_to_do, sizeof what_to_do, "%.*s", (int)advice.n, advice.p);
	diagnosis_say(diagnosis, pg_get_bool(rows, row, 0) ? DIAGNOSIS_FAIL : DIAGNOSIS_WARN, look->check, what_to_do,
		      "%.*s", (int)found.n, found.p);
}

static void take_look(const struct look *look, struct pg_link *link, struct diagnosis *diagnosis)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct err err = { 0 };
	size_t count;

	if (pg_exec(link, NULL, look->sql, NULL, &rows, NULL, &err) != 0) {
		diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, look->check,
			      "instroomctl migrate, or look as a role that may see it", "%s (%s)", err.text, err.code);
		return;
	}
	count = pg_rows_count(rows);
	for (size_t i = 0; i < MIN(count, (size_t)LISTED_MAX); i++)
		say_row(look, rows, i, diagnosis);
	if (count > LISTED_MAX)
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, look->check, "mend those first", "and %zu more",
			      count - LISTED_MAX);
	if (count == 0)
		diagnosis_say(diagnosis, DIAGNOSIS_OK, look->check, NULL, "%s", look->fine);
}

void doctor_look_at_pg(struct pg_link *link, struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < ARRAY_LEN(LOOKS); i++)
		take_look(&LOOKS[i], link, diagnosis);
}

void doctor_look_at_pg_objects(struct pg_link *link, struct diagnosis *diagnosis)
{
	const struct look look = { "pg objects", "what the migrations made is there, and in force", OBJECTS_SQL };

	take_look(&look, link, diagnosis);
}
