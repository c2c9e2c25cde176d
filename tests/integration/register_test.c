/* What the register promises to those who read it by SQL, and what a migration makes of the rows that stand there. */
#include "register_fixture.h"

/* Board 1 has three teachers. Its pending list names the first and the third; the list's bits say that only the third
 * is a member, so his volgnummer is that of the list. Invented persons. */
static const char ROWS_OF_0005[] =
	"insert into register.teacher (board, key, bsn, status, sequence, since, lapsed_on, hash, content, targets)"
	" values (1, '01000000-0000-0000-0000-000000000000', 999900018, 1, 5, 11, null,"
	"  '0a000000-0000-0000-0000-000000000000',"
	"  E'Jansen\\x1fvan\\x1fJan\\x1fM\\x1f19800601\\x1fDorpsstraat\\x1f1\\x1fa"
	"\\x1f1234AB\\x1fUtrecht\\x1fNL\\x1f\\x1f\\x1f"
	"\\x1eA-1\\x1f99QD\\x1f00\\x1f20100801\\x1f\\x1f20100901\\x1f20300801\\x1f701\\x1f"
	"\\x1eA-2\\x1f99QE\\x1f01\\x1f20110801\\x1f\\x1f20110801\\x1f\\x1f\\x1f8', 'RV'),"
	" (1, '02000000-0000-0000-0000-000000000000', 999900019, 2, 6, 12, null, null, null, null),"
	" (1, '03000000-0000-0000-0000-000000000000', 999900020, 3, 4, 13, 20260701,"
	"  '0b000000-0000-0000-0000-000000000000',"
	"  E'Smit\\x1f\\x1f\\x1f\\x1f19700101\\x1f\\x1f\\x1f\\x1f\\x1f\\x1f\\x1f\\x1f\\x1f', '');"
	"insert into register.names (board, digest, keys) values"
	" (1, '0c000000-0000-0000-0000-000000000000',"
	"  '\\x0100000000000000000000000000000003000000000000000000000000000000');"
	"insert into register.board (board, partition, sequence_max, sequence_full, teachers, active, pending_sequence,"
	"  pending_names, pending_members) values (1, 0, 9, 9, 3, 1, 9,"
	"  '0c000000-0000-0000-0000-000000000000', '\\x02');"
	"insert into register.board (board, partition) values (2, 0);"
	"insert into register.delivery (position, board, delivery_id, fingerprint, kind, dry_run, sequence,"
	"  extraction_date, received_on, reference_version, state, lines, nieuw, gewijzigd, ongewijzigd,"
	"  verouderd, afgekeurd, ingetrokken, quarantaine, absent, active, lapsed, notices,"
	"  unreadable_lines, names, outcomes) values"
	" (14, 1, 'levering-0014---', '\\x00', 1, false, 9, 20260801, 20260802, '\\x00', 1, 2, 0, 0, 2, 0, 0, 0, 0, 0,"
	"  1, 0, 0, 0, '0c000000-0000-0000-0000-000000000000', '\\x00');";

/* The stand as a gateway of the release before 0006 asks for it: it must go on beside a register that is ahead. */
static const char STAND_OF_BEFORE_0006[] =
	"select t.board, t.bsn, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), t.lapsed_on,"
	" t.content, t.targets"
	" from register.teacher t left join ("
	"   select b.board, b.pending_sequence as sequence, k as key from register.board b"
	"   join register.names n on n.board = b.board and n.digest = b.pending_names"
	"   cross join lateral register.pending_keys(n.keys, b.pending_members) k"
	" ) p on p.board = t.board and p.key = t.key order by t.board, t.bsn";

static struct pg_link *open_with_rows(int last)
{
	struct pg_link *link = register_open();
	struct err err = { 0 };

	register_migrate(link, 1, 5);
	cr_assert_eq(pg_script(link, ROWS_OF_0005, &err), 0, "%s", err.text);
	register_migrate(link, 6, last);
	return link;
}

/* One row of one column of text, which psql would show for the question. */
static void expect_text(struct pg_link *link, const char *sql, const char *want)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = register_ask(link, sql);
	struct slice is;

	cr_assert_eq(pg_rows_count(rows), 1, "%s", sql);
	is = pg_get_bytes(rows, 0, 0);
	cr_expect(slice_equal_text(is, want), "%s:\n  is     %.*s\n  is not %s", sql, (int)is.n, is.p, want);
}

/* names and types in order */
#define COLUMNS_OF(relation)                                                                          \
	"select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)" \
	" from pg_attribute where attrelid = 'register." relation "'::regclass and attnum > 0 and not attisdropped"

Test(register, the_view_leraar_has_the_columns_that_sql_users_know)
{
	struct pg_link *link = open_with_rows(MIGRATION_LAST);

	expect_text(link, COLUMNS_OF("leraar"),
		    "board integer, key uuid, bsn text, status text, volgnummer bigint, vervallen_per integer,"
		    " since bigint, targets text, content text, geslachtsnaam text, voorvoegsel text, voornamen text,"
		    " geslacht text, geboortedatum text, straat text, huisnummer text, toevoeging text, postcode text,"
		    " plaats text, land text, adresregel1 text, adresregel2 text, adresregel3 text");
	expect_text(link,
		    "select concat_ws('|', bsn, status, volgnummer, coalesce(vervallen_per::text, '-'), since, targets,"
		    " geslachtsnaam, voorvoegsel, voornamen, geslacht, geboortedatum, straat, huisnummer, toevoeging,"
		    " postcode, plaats, land, adresregel1, adresregel2, adresregel3)"
		    " from register.leraar where bsn = '999900018'",
		    "999900018|ACTIEF|5|-|11|RV|Jansen|van|Jan|M|19800601|Dorpsstraat|1|a|1234AB|Utrecht|NL|||");
	expect_text(
		link,
		"select concat_ws('|', bsn, status, volgnummer, coalesce(content, '-'), coalesce(geslachtsnaam, '-'))"
		" from register.leraar where bsn = '999900019'",
		"999900019|INGETROKKEN|6|-|-");
	expect_text(link,
		    "select concat_ws('|', bsn, status, volgnummer, vervallen_per, geslachtsnaam)"
		    " from register.leraar where bsn = '999900020'",
		    "999900020|VERVALLEN|9|20260701|Smit");
	pg_link_close(link);
}

Test(register, the_view_benoeming_has_the_columns_that_sql_users_know)
{
	struct pg_link *link = open_with_rows(MIGRATION_LAST);

	expect_text(
		link, COLUMNS_OF("benoeming"),
		"board integer, key uuid, bsn text, status text, volgnummer bigint, vervallen_per integer, nr bigint,"
		" benoemingssleutel text, brin text, vestiging text, begin_arbeidsovereenkomst text,"
		" einde_arbeidsovereenkomst text, begin_benoeming text, einde_benoeming text, benoemingsgrondslag text,"
		" onderwijsterrein text, doel text");
	expect_text(
		link,
		"select string_agg(concat_ws('|', board, bsn, status, volgnummer, nr, benoemingssleutel, brin,"
		" vestiging, begin_arbeidsovereenkomst, einde_arbeidsovereenkomst, begin_benoeming, einde_benoeming,"
		" benoemingsgrondslag, onderwijsterrein, doel), ' ' order by nr) from register.benoeming",
		"1|999900018|ACTIEF|5|1|A-1|99QD|00|20100801||20100901|20300801|701||REGISTER"
		" 1|999900018|ACTIEF|5|2|A-2|99QE|01|20110801||20110801|||8|VOORPORTAAL");
	pg_link_close(link);
}

Test(register, the_views_of_questions_have_the_columns_that_sql_users_know)
{
	struct pg_link *link = open_with_rows(MIGRATION_LAST);

	expect_text(link, COLUMNS_OF("bevinding"),
		    "position bigint, board integer, delivery_id text, received_on integer, dry_run boolean, code text,"
		    " lines integer");
	expect_text(link, COLUMNS_OF("bestuur"), "board integer, geldig_van integer, geldig_tot integer");
	expect_text(link, COLUMNS_OF("bestuur_sector"), "board integer, sector text");
	expect_text(link,
		    "select string_agg(viewname, ' ' order by viewname) from pg_views where schemaname = 'register'",
		    "benoeming bestuur bestuur_sector bevinding leraar names superseded_contact");
	pg_link_close(link);
}

/* All of a relation's rows as text, digested. */
#define DIGEST_OF(columns, relation) \
	"select md5(string_agg(r::text, ' ' order by r::text)) from (select " columns " from register." relation ") r"

static void keep(struct pg_link *link, const char *sql, char ret[33])
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = register_ask(link, sql);
	struct slice digest = pg_get_bytes(rows, 0, 0);

	cr_assert_eq(digest.n, 32, "%s", sql);
	memcpy(ret, digest.p, 32);
	ret[32] = '\0';
}

Test(register, migration_0006_renames_and_keeps_every_row)
{
	struct pg_link *link = open_with_rows(5);
	char lists[33], deliveries[33], boards[33], leraar[33], benoeming[33];

	keep(link, DIGEST_OF("board, digest, keys", "names"), lists);
	keep(link, DIGEST_OF("position, names, outcomes", "delivery"), deliveries);
	keep(link, DIGEST_OF("board, sequence_max, pending_sequence, pending_names, pending_members", "board"), boards);
	keep(link, DIGEST_OF("*", "leraar"), leraar);
	keep(link, DIGEST_OF("*", "benoeming"), benoeming);
	register_migrate(link, 6, 6);
	expect_text(link, DIGEST_OF("board, digest, keys", "key_list"), lists);
	expect_text(link, DIGEST_OF("position, key_list, outcomes", "delivery"), deliveries);
	expect_text(link,
		    DIGEST_OF("board, sequence_max, pending_sequence, pending_key_list, pending_members", "board"),
		    boards);
	expect_text(link, DIGEST_OF("*", "leraar"), leraar);
	expect_text(link, DIGEST_OF("*", "benoeming"), benoeming);
	pg_link_close(link);
}

/* As a gateway asks: prepared once per connection, which stays open over the migration. */
static void ask_stand(struct pg_link *link)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct err err = { 0 };

	cr_assert_eq(pg_exec(link, "stand", STAND_OF_BEFORE_0006, NULL, &rows, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(pg_rows_count(rows), 3);
	cr_expect_eq(pg_get_i64(rows, 2, 3), 9, "of the pending list");
}

Test(register, a_gateway_of_before_0006_reads_the_stand_beside_it)
{
	struct pg_link *link = open_with_rows(5);
	struct err err = { 0 };
	char sql[sizeof STAND_OF_BEFORE_0006 + 200], before[33];

	snprintf(sql, sizeof sql, "select md5(string_agg(s::text, ' ')) from (%s) s", STAND_OF_BEFORE_0006);
	keep(link, sql, before);
	ask_stand(link);
	register_migrate(link, 6, 6);
	ask_stand(link);
	ASSERT_OK(pg_script(link, "set role instroom_reader", &err));
	expect_text(link, sql, before);
	ASSERT_OK(pg_script(link, "reset role; update register.board set pending_key_list = null, pending_sequence = 0",
			    &err));
	snprintf(sql, sizeof sql, "select max(s.greatest)::text from (%s) s", STAND_OF_BEFORE_0006);
	expect_text(link, sql, "6"); /* what the new writer takes away, the old gateway no longer sees */
	pg_link_close(link);
}

static void expect_refused(struct pg_link *link, const char *sql)
{
	struct err err = { 0 };
	int rc = pg_script(link, sql, &err);

	cr_expect_neq(rc, 0, "%s", sql);
	cr_expect_str_eq(err.code, "42501", "%s: %s", sql, err.text);
}

/* By the database's own rights, whatever a stage's program would do. */
Test(register, no_stage_changes_or_deletes_as_whom_a_delivery_came_in)
{
	static const char *const ROLES[] = { "instroom_writer", "instroom_reader" };
	struct pg_link *link = register_open();
	struct err err = { 0 };

	register_migrate(link, 1, MIGRATION_LAST);
	ASSERT_OK(pg_script(link,
			    "set role instroom_writer; insert into register.admission (position, board, service, basis)"
			    " values (1, 99901, 'leveren', 'eigen')",
			    &err));
	for (size_t i = 0; i < ARRAY_LEN(ROLES); i++) {
		char role[64];

		snprintf(role, sizeof role, "set role %s", ROLES[i]);
		ASSERT_OK(pg_script(link, role, &err));
		expect_refused(link, "update register.admission set sender = 'token:other'");
		expect_refused(link, "delete from register.admission");
		expect_refused(link, "truncate register.admission");
		expect_refused(link,
			       "insert into register.admission (position, board, service, basis) values (1, 1, '', '')"
			       " on conflict (position) do update set basis = 'beheer'");
	}
	expect_refused(link, "insert into register.admission (position, board, service, basis) values (2, 1, '', '')");
	pg_link_close(link);
}

/* What a stage's program never asks, and who holds its password might. */
static const struct {
	const char *role, *sql;
} FORBIDDEN[] = {
	{ "instroom_writer", "delete from register.delivery" },
	{ "instroom_writer", "update register.delivery set board = 2" },
	{ "instroom_writer", "update register.delivery set lines = 0" },
	{ "instroom_writer", "update register.delivery set committed_at = now()" },
	{ "instroom_writer", "truncate register.delivery" },
	{ "instroom_writer", "delete from register.teacher" },
	{ "instroom_writer", "update register.teacher set bsn = 0" },
	{ "instroom_writer", "delete from register.teacher_history" },
	{ "instroom_writer", "update register.teacher_history set since = 0" },
	{ "instroom_writer", "delete from register.confirmation" },
	{ "instroom_writer", "update register.confirmation set executed = true" },
	{ "instroom_writer", "delete from register.set_back" },
	{ "instroom_writer", "update register.set_back set executed = true" },
	{ "instroom_writer", "delete from register.replay_change" },
	{ "instroom_writer", "update register.replay_change set lines = 0" },
	{ "instroom_writer", "delete from register.contact" },
	{ "instroom_writer", "update register.contact set name = ''" },
	{ "instroom_writer", "delete from register.feedback" },
	{ "instroom_writer", "update register.feedback set body = ''" },
	{ "instroom_writer", "delete from register.key_list" },
	{ "instroom_writer", "delete from register.board" },
	{ "instroom_writer", "delete from register.cursor" },
	{ "instroom_writer", "insert into register.cursor (topic, partition) values ('x', 1)" },
	{ "instroom_writer", "update register.finding set lines = 0" },
	{ "instroom_writer", "delete from register.foreign_message" },
	{ "instroom_writer", "insert into register.access (what) values ('x')" },
	{ "instroom_writer", "select * from register.access" },
	{ "instroom_writer", "delete from register.access" },
	{ "instroom_writer", "select * from register.leraar" },
	{ "instroom_writer", "update register.reference_table set rows = 0" },
	{ "instroom_writer", "insert into register.loss select * from register.loss" },
	{ "instroom_writer", "delete from register.statement" },
	{ "instroom_writer", "select * from rights.mandate" },
	{ "instroom_writer", "select register.grant_rights()" },
	{ "instroom_writer", "create table register.mine (a int)" },
	{ "instroom_validator", "select * from register.teacher" },
	{ "instroom_validator", "select bsn from register.leraar" },
	{ "instroom_validator", "select * from register.delivery" },
	{ "instroom_validator", "select * from register.contact" },
	{ "instroom_validator", "select * from register.feedback" },
	{ "instroom_validator", "select * from register.key_list" },
	{ "instroom_validator", "select teachers from register.board" },
	{ "instroom_validator", "select parked from register.cursor" },
	{ "instroom_validator", "update register.cursor set next_raw = 0" },
	{ "instroom_validator", "insert into register.access (what) values ('x')" },
	{ "instroom_validator", "select * from rights.mandate" },
	{ "instroom_gateway", "select * from register.teacher" },
	{ "instroom_gateway", "select bsn from register.leraar" },
	{ "instroom_gateway", "select * from register.delivery" },
	{ "instroom_gateway", "select * from register.feedback" },
	{ "instroom_gateway", "select * from register.contact" },
	{ "instroom_gateway", "select * from register.cursor" },
	{ "instroom_gateway", "select * from register.access" },
	{ "instroom_gateway", "select * from register.problem" },
	{ "instroom_gateway", "insert into register.access (what, board) values ('x', 1)" },
	{ "instroom_gateway", "insert into register.confirmation select * from register.confirmation" },
	{ "instroom_gateway", "select register.board_of_reading(gen_random_uuid())" },
	{ "instroom_gateway", "select * from register.read_stand(gen_random_uuid())" },
	{ "instroom_gateway", "select * from register.read_stand(null)" },
	{ "instroom_gateway", "select * from register.read_absent(gen_random_uuid(), 14)" },
	{ "instroom_gateway",
	  "select * from register.read_stand(register.begin_reading(1, 'gateway: stand', '', '', '', 1, ''))" },
	{ "instroom_gateway", "select * from register.contact_list" },
	{ "instroom_gateway", "select * from register.contact_person" },
	{ "instroom_gateway", "update register.contact_newest set number = 0" },
	{ "instroom_gateway", "select register.contact_persons_json(1)" },
	{ "instroom_gateway", "select register.contact_history_json(1, true, '', '')" },
	{ "instroom_gateway", "select register.set_contact_persons(1, '[]', '', '', 'eigen')" },
	{ "instroom_gateway", "select register.row_of_reading(gen_random_uuid(), true)" },
	{ "instroom_gateway", "select register.read_contact_persons(gen_random_uuid())" },
	{ "instroom_gateway", "select register.read_contact_persons(null)" },
	{ "instroom_gateway", "select register.read_contact_history(gen_random_uuid())" },
	{ "instroom_gateway",
	  "select register.read_contact_persons("
	  " register.begin_reading(1, 'gateway: contactpersonen', '', '', '', 1, ''))" },
	{ "instroom_gateway",
	  "select register.read_contact_persons(register.put_contact_persons(1, '[]', true, '', '', 'eigen', 1, ''))" },
	{ "instroom_validator", "select register.put_contact_persons(1, '[]', true, '', '', 'eigen', 1, '')" },
	{ "instroom_writer", "select register.ask_contact_digest(1)" },
	{ "instroom_gateway", "select register.close_problem('P', 'x', 'x')" },
	{ "instroom_gateway", "select * from rights.mandate" },
	{ "instroom_gateway", "insert into rights.version (sequence, slot, sha256) values (1, 1, '\\x00')" },
	{ "instroom_gateway", "select rights.beheer_basis(1, 'credential:x', null)" },
	{ "instroom_gateway", "select rights.note_actor(1, 'x', row('a', 'b', 'c', 1, 'd'))" },
	{ "instroom_reader", "select * from rights.snapshot_credentials()" },
	{ "instroom_reader", "select * from rights.end_mandate(1, 1, null, 'x', null, 'eigen', 1, null)" },
	{ "instroom_writer", "select rights.is_unpublished()" },
	{ "instroom_validator", "select * from rights.snapshot_mandates()" },
	{ "instroom_validator", "select * from register.ask_summary(1, 14)" },
	{ "instroom_validator", "select register.begin_reading(1, 'gateway: stand', '', '', '', 1, '')" },
	{ "instroom_writer", "select * from register.read_stand(gen_random_uuid())" },
	{ "instroom_gateway", "select register.begin_problem_mail(1, 'helpdesk', 'x')" },
	{ "instroom_reader", "insert into register.access (at, what) values ('2020-01-01', 'x')" },
	{ "instroom_reader", "insert into register.access (login, what) values ('another', 'x')" },
	{ "instroom_reader", "update register.access set who = 'x'" },
	{ "instroom_reader", "delete from register.access" },
	{ "instroom_reader", "update register.delivery set nieuw = 0" },
	{ "instroom_reader", "delete from register.confirmation" },
	{ "instroom_reader", "insert into register.cursor select * from register.cursor" },
	{ "instroom_reader", "insert into rights.party (name) values ('x')" },
	{ "instroom_reader", "select sha256 from rights.credential" },
	{ "instroom_reader", "select register.grant_rights()" },
};

Test(register, refuses_what_a_stage_must_not_do)
{
	struct pg_link *link = register_open();
	struct err err = { 0 };

	register_migrate(link, 1, MIGRATION_LAST);
	for (size_t i = 0; i < ARRAY_LEN(FORBIDDEN); i++) {
		char role[64];

		snprintf(role, sizeof role, "set role %s", FORBIDDEN[i].role);
		ASSERT_OK(pg_script(link, role, &err));
		expect_refused(link, FORBIDDEN[i].sql);
	}
	pg_link_close(link);
}

/* It has no role of its own yet: a question that it may not ask shuts the register for everybody. */
Test(register, answers_a_gateway_of_before_who_may_act)
{
	struct pg_link *link = register_open();
	struct err err = { 0 };

	register_migrate(link, 1, MIGRATION_LAST);
	ASSERT_OK(pg_script(link, "set role instroom_reader", &err));
	expect_text(link, "select rights.might(1, '{KVK:11111111}', 'x', 'leveren', 20300101)::text", "false");
	expect_text(link, "select rights.mandates_json(1, null)::json->>'bestuur'", "00001");
	expect_text(link, "select rights.is_unpublished()::text", "false");
	pg_link_close(link);
}

/* migrate gives rights anew each time: what somebody granted beside them is gone then. */
Test(register, takes_away_what_a_stage_was_given_beside_its_rights)
{
	struct pg_link *link = register_open();
	struct err err = { 0 };

	register_migrate(link, 1, MIGRATION_LAST);
	ASSERT_OK(pg_script(link,
			    "grant delete on register.delivery to instroom_writer;"
			    "set role instroom_writer; delete from register.delivery; reset role;"
			    "select register.grant_rights(); set role instroom_writer",
			    &err));
	expect_refused(link, "delete from register.delivery");
	pg_link_close(link);
}

/* The row of the audit stands before a teacher is shown, and it is the board's that is shown. */
Test(register, shows_a_gateway_teachers_by_a_row_of_the_audit_that_stands)
{
	static const char READ[] = "select * from register.read_stand((select id from public.reading))";
	struct pg_link *link = open_with_rows(MIGRATION_LAST);
	struct err err = { 0 };

	ASSERT_OK(pg_script(link,
			    "create table public.reading (id uuid);"
			    "grant select, insert, delete on public.reading to instroom_gateway;"
			    "set role instroom_gateway",
			    &err));
	ASSERT_OK(
		pg_script(link,
			  "begin; insert into public.reading"
			  " select register.begin_reading(1, 'gateway: stand with bsn', 'token:a', '', 'eigen', 1, '')",
			  &err));
	expect_refused(link, READ); /* it can still be taken back */
	ASSERT_OK(pg_script(link, "rollback", &err));
	ASSERT_OK(
		pg_script(link,
			  "insert into public.reading"
			  " select register.begin_reading(1, 'gateway: stand with bsn', 'token:a', '', 'eigen', 1, '')",
			  &err));
	expect_text(link,
		    "select string_agg(bsn::text, ' ' order by bsn) from register.read_stand((select id from"
		    " public.reading))",
		    "999900018 999900019 999900020");
	ASSERT_OK(pg_script(link,
			    "delete from public.reading; insert into public.reading"
			    " select register.begin_reading(2, 'gateway: stand', 'token:a', '', 'eigen', 1, '')",
			    &err));
	expect_text(link, "select count(*)::text from register.read_stand((select id from public.reading))", "0");
	ASSERT_OK(pg_script(link, "reset role", &err));
	expect_text(link,
		    "select string_agg(concat_ws('|', what, board, sender, who = session_user, login = session_user,"
		    " at <= now()), ' ' order by board) from register.access",
		    "gateway: stand with bsn|1|token:a|t|t|t gateway: stand|2|token:a|t|t|t");
	ASSERT_OK(pg_script(
		link, "update register.access set at = now() - interval '1 hour'; set role instroom_gateway", &err));
	expect_refused(link, READ);
	pg_link_close(link);
}

/* One row of the audit, begun by the gateway and named by public.reading. */
static void begin_reading(struct pg_link *link, const char *what)
{
	char sql[256];
	struct err err = { 0 };

	snprintf(sql, sizeof sql,
		 "delete from public.reading; insert into public.reading"
		 " select register.begin_reading(1, '%s', 'token:a', '', 'machtiging', 1, '')",
		 what);
	ASSERT_OK(pg_script(link, sql, &err));
}

static struct pg_link *open_with_contacts(void)
{
	struct pg_link *link = open_with_rows(MIGRATION_LAST);
	struct err err = { 0 };

	ASSERT_OK(pg_script(link,
			    "create table public.reading (id uuid);"
			    "grant select, insert, delete on public.reading to instroom_gateway;"
			    "select register.set_contact_persons(1, '[{\"taak\": \"techniek\", \"naam\": \"A\","
			    " \"telefoon\": \"1\", \"email\": \"\"}]', 'operator:x', null, 'beheer');"
			    "set role instroom_gateway",
			    &err));
	return link;
}

/* As teachers; a row of the one shows nothing of the other. */
Test(register, shows_a_gateway_contact_persons_by_a_row_of_the_audit_that_stands)
{
	static const char READ[] = "select register.read_contact_persons((select id from public.reading))";
	struct pg_link *link = open_with_contacts();
	struct err err = { 0 };

	ASSERT_OK(pg_script(link, "begin", &err));
	begin_reading(link, "gateway: contactpersonen");
	expect_refused(link, READ); /* it can still be taken back */
	ASSERT_OK(pg_script(link, "rollback", &err));
	begin_reading(link, "gateway: contactpersonen");
	expect_text(
		link,
		"select register.read_contact_persons((select id from public.reading))::jsonb #>> '{personen,0,naam}'",
		"A");
	expect_text(link,
		    "select ((register.read_contact_history((select id from public.reading))::jsonb #> '{lijsten,0}')"
		    " - 'vanaf' - 'personen')::text",
		    "{\"tot\": null, \"basis\": \"beheer\", \"afzender\": null}");
	expect_refused(link, "select * from register.read_stand((select id from public.reading))");
	begin_reading(link, "gateway: stand");
	expect_refused(link, READ);
	ASSERT_OK(pg_script(link, "reset role", &err));
	expect_text(link, "select string_agg(what, ' ' order by what) from register.access",
		    "gateway: contactpersonen gateway: stand");
	pg_link_close(link);
}

/* What sets them leaves the row in the same transaction, and the row reads them once that is committed. */
Test(register, a_gateway_sets_contact_persons_with_a_row_of_the_audit)
{
	static const char PUT[] =
		"insert into public.reading select register.put_contact_persons(1, '%s', %s, 'token:a',"
		" null, 'eigen', 1, '')";
	static const char PERSON[] =
		"[{\"taak\": \"inhoud\", \"naam\": \"B\", \"telefoon\": \"2\","
		" \"email\": \"\"}]";
	struct pg_link *link = open_with_contacts();
	struct err err = { 0 };
	char put[512];

	snprintf(put, sizeof put, PUT, PERSON, "false");
	ASSERT_OK(pg_script(link, put, &err));
	expect_text(link, "select string_agg(coalesce(id::text, 'others'), ' ') from public.reading", "others");
	snprintf(put, sizeof put, PUT, PERSON, "true");
	ASSERT_OK(pg_script(link, "delete from public.reading", &err));
	ASSERT_OK(pg_script(link, put, &err));
	expect_text(
		link,
		"select register.read_contact_persons((select id from public.reading))::jsonb #>> '{personen,0,naam}'",
		"B");
	expect_text(link,
		    "select (sha256(convert_to(register.read_contact_persons((select id from public.reading)), 'UTF8'))"
		    " = register.ask_contact_digest(1))::text",
		    "true");
	snprintf(put, sizeof put, PUT, PERSON, "false"); /* they are these: as done */
	ASSERT_OK(pg_script(link, put, &err));
	ASSERT_OK(pg_script(link, "reset role", &err));
	expect_text(link, "select count(*)::text || ' ' || count(id) from public.reading", "2 2");
	expect_text(link,
		    "select string_agg(concat_ws('|', number, sender, basis), ' ' order by number)"
		    " from register.contact_list",
		    "1|operator:x|beheer 2|token:a|eigen");
	expect_text(link, "select string_agg(concat_ws('|', what, board, sender, basis), ' ') from register.access",
		    "gateway: contactpersonen gezet|1|token:a|eigen gateway: contactpersonen gezet|1|token:a|eigen");
	pg_link_close(link);
}

/* What each of two operators may by the rights of his task, and what not. */
static const struct {
	const char *login, *sql;
	bool may;
} OPERATORS[] = {
	{ "instroom_it_look", "select count(*) from register.delivery", true },
	{ "instroom_it_look", "select count(*) from register.bevinding", true },
	{ "instroom_it_look", "select * from register.ask_summary(1, 14)", true },
	{ "instroom_it_look", "select * from rights.mandate", true },
	{ "instroom_it_look", "select bsn from register.teacher", false },
	{ "instroom_it_look", "select bsn from register.leraar", false },
	{ "instroom_it_look", "select name from register.contact", false },
	{ "instroom_it_look", "select words from register.problem", false },
	{ "instroom_it_look", "insert into register.replay_event (job, who, what) values (gen_random_uuid(), 'x', 'x')",
	  false },
	{ "instroom_it_look", "update register.cursor set parked = null", false },
	{ "instroom_it_look", "insert into register.reference_snapshot (version) values ('x')", false },
	{ "instroom_it_look", "insert into rights.party (name) values ('x')", false },
	{ "instroom_it_look",
	  "insert into register.access (what, board, request_id) values ('confirm', 1,"
	  " gen_random_uuid())",
	  false },
	{ "instroom_it_look", "insert into register.access (at, what) values ('2020-01-01', 'x')", false },
	{ "instroom_it_look", "delete from register.access", false },
	{ "instroom_it_look", "select register.read_stand(gen_random_uuid())", false },
	{ "instroom_it_tasks", "select bsn from register.teacher", true },
	{ "instroom_it_tasks", "select name from register.contact", true },
	{ "instroom_it_tasks", "update register.cursor set parked = null", true },
	{ "instroom_it_tasks",
	  "insert into register.access (what, board, request_id) values ('confirm', 1,"
	  " gen_random_uuid())",
	  true },
	{ "instroom_look",
	  "insert into register.access (what, board, request_id) values ('confirm', 1,"
	  " gen_random_uuid())",
	  false },
	{ "instroom_persons",
	  "insert into register.access (what, board, request_id) values ('confirm', 1,"
	  " gen_random_uuid())",
	  false },
	{ "instroom_replay",
	  "insert into register.access (what, board, request_id) values ('confirm', 1,"
	  " gen_random_uuid())",
	  false },
	{ "instroom_reference",
	  "insert into register.access (what, board, request_id) values ('confirm', 1,"
	  " gen_random_uuid())",
	  false },
	{ "instroom_access",
	  "insert into register.access (what, board, request_id) values ('confirm', 1,"
	  " gen_random_uuid())",
	  false },
	{ "instroom_repair",
	  "insert into register.access (what, board, request_id) values ('confirm', 1,"
	  " gen_random_uuid())",
	  true },
	{ "instroom_it_look", "update register.contact_newest set number = 0", false },
	{ "instroom_it_tasks", "begin; lock table register.contact_newest in share row exclusive mode; commit", true },
	{ "instroom_it_tasks",
	  "insert into register.contact_newest as n select f.board, 0 from register.contact_faults() f"
	  " on conflict (board) do update set number = excluded.number where n.number <> excluded.number",
	  true },
	{ "instroom_persons", "insert into register.access (what, board) values ('stand', 1)", true },
	{ "instroom_it_tasks", "update register.cursor set next_raw = 0", false },
	{ "instroom_it_tasks",
	  "insert into register.replay_event (job, who, what) values (gen_random_uuid(), 'x', 'x')", false },
	{ "instroom_it_tasks", "insert into register.reference_snapshot (version) values ('x')", false },
	{ "instroom_it_tasks", "insert into rights.party (name) values ('x')", false },
	{ "instroom_it_replay",
	  "insert into register.replay_job (id, planned_by, scope, reference, state, deliveries, lines, foreseen,"
	  " approval_needed, approved_by, approved_at)"
	  " values (gen_random_uuid(), 'x', '', 'current', 'running', 0, 0, '{}', true, 'another', now())",
	  false },
	{ "instroom_it_tasks", "select approved_by from register.undo", true },
	{ "instroom_it_replay", "select bsn from register.leraar", true }, /* undo, under instroom_repair alone */
	{ "instroom_it_tasks", "update register.undo set planned_by = 'another'", false },
	{ "instroom_it_tasks", "update register.undo set approval_needed = false", false },
	{ "instroom_it_look", "update register.undo set state = 'done'", false },
	{ "instroom_it_look", "select lines from register.approval_limit", true },
	{ "instroom_it_replay",
	  "insert into register.approval_limit (set_by, lines, reason) values ('another', 0, 'x')", false },
	{ "instroom_it_replay", "update register.replay_job set approval_needed = false", false },
	{ "instroom_it_tasks", "update register.access set who = 'x'", false },
	{ "instroom_it_tasks", "delete from register.removal", false },
	{ "instroom_it_tasks", "select register.grant_rights()", false },
};

/* Logins are of the whole server: one test alone makes them. */
static struct pg_link *open_with_operators(void)
{
	struct pg_link *link = open_with_rows(MIGRATION_LAST);
	struct err err = { 0 };

	ASSERT_OK(pg_script(link,
			    "do $$ declare r text; begin"
			    " foreach r in array array['instroom_look', 'instroom_persons', 'instroom_replay',"
			    "   'instroom_repair', 'instroom_reference', 'instroom_access', 'instroom_it_look',"
			    "   'instroom_it_tasks', 'instroom_it_replay'] loop"
			    "  if to_regrole(r) is null then execute format('create role %I', r); end if;"
			    " end loop; end $$;"
			    "grant instroom_look to instroom_it_look;"
			    "grant instroom_persons, instroom_repair to instroom_it_tasks;"
			    "grant instroom_repair, instroom_replay to instroom_it_replay;"
			    "select register.grant_rights()",
			    &err));
	return link;
}

static void check_rights_by_task(void)
{
	struct pg_link *link = open_with_operators();
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(OPERATORS); i++) {
		char login[96];

		snprintf(login, sizeof login, "set session authorization %s", OPERATORS[i].login);
		ASSERT_OK(pg_script(link, login, &err));
		if (OPERATORS[i].may)
			cr_expect_eq(pg_script(link, OPERATORS[i].sql, &err), 0, "%s may: %s: %s", OPERATORS[i].login,
				     OPERATORS[i].sql, err.text);
		else
			expect_refused(link, OPERATORS[i].sql);
		ASSERT_OK(pg_script(link, "reset session authorization", &err));
	}
	pg_link_close(link);
}

/* Who started an undo stands in it, whatever states he sets, and what was started stays. link: an operator's. */
static void check_undo_stays(struct pg_link *link)
{
	static const char *const REFUSED[] = { "update register.undo set started_by = 'another'",
					       "update register.undo set reason = 'another'",
					       "update register.undo set approved_by = 'another'",
					       "update register.undo set sequence = 9",
					       "update register.undo set state = 'planned'",
					       "update register.undo set state = 'started'",
					       "delete from register.undo" };
	static const char PLAN[] =
		"insert into register.undo (position, board, delivery_id, number, state, planned_by,"
		"  takes_later, teachers, lines, changes, withdrawals, approval_needed)"
		" values (1, 1, 'x', 1, 'planned', 'another', false, 0, 0, '', '', false)";
	struct err err = { 0 };

	ASSERT_OK(pg_script(link, PLAN, &err));
	ASSERT_OK(pg_script(link, "delete from register.undo", &err));
	ASSERT_OK(pg_script(link, PLAN, &err));
	ASSERT_OK(pg_script(link,
			    "update register.undo set state = 'done', started_by = 'another',"
			    " started_at = '2020-01-01', reason = 'x', sequence = 1",
			    &err));
	expect_text(link,
		    "select concat_ws('|', planned_by, started_by, started_at > now() - interval '1 hour')"
		    " from register.undo",
		    "instroom_it_replay|instroom_it_replay|t");
	for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
		cr_expect_neq(pg_script(link, REFUSED[i], &err), 0, "%s", REFUSED[i]);
		cr_expect_str_eq(err.code, "23000", "%s: %s", REFUSED[i], err.code);
	}
}

/* Whatever name and time the program gives; under the owner's login it is the program's. */
static void check_signature(void)
{
	struct pg_link *link = open_with_operators();
	struct err err = { 0 };

	ASSERT_OK(pg_script(
		link,
		"set session authorization instroom_it_replay;"
		/* a catalog of his own makes nobody the owner */
		"create temp table pg_namespace as"
		"  select 'register'::name as nspname, session_user::regrole::oid as nspowner;"
		"create temp table pg_class as"
		"  select c.oid, session_user::regrole::oid as relowner from pg_catalog.pg_class c;"
		"insert into register.access (who, what) values ('another', 'stand');"
		"insert into register.repair (at, who, reason, changes) values ('2020-01-01', 'another', '', '');"
		"insert into register.replay_job (id, planned_by, scope, reference, state,"
		"  deliveries, lines, foreseen, approval_needed) values (gen_random_uuid(),"
		"  'another', '', 'current', 'planned', 0, 0, '{}', true)",
		&err));
	expect_text(link,
		    "select concat_ws('|', (select who from register.access), (select login from register.access),"
		    " (select who || ' ' || (at > now() - interval '1 hour') from register.repair),"
		    " (select planned_by || ' ' || (planned_at > now() - interval '1 hour') from register.replay_job))",
		    "instroom_it_replay|instroom_it_replay|instroom_it_replay true|instroom_it_replay true");
	check_undo_stays(link);
	cr_expect_neq(pg_script(link, "update register.replay_job set approved_by = 'another', approved_at = now()",
				&err),
		      0, "he planned it");
	cr_expect_str_eq(err.code, "23514");
	ASSERT_OK(pg_script(
		link,
		"reset session authorization;"
		"insert into register.repair (at, who, reason, changes) values ('2020-01-01', 'shared', '', '')",
		&err));
	expect_text(link, "select who || ' ' || at::date from register.repair where who = 'shared'",
		    "shared 2020-01-01");
	pg_link_close(link);
}

/* Items that another transaction held back until the plan stood and was approved; also if it sees nothing of it. */
static void check_open_transaction(struct pg_link *link)
{
	static const char *const LEVELS[] = { "read committed", "repeatable read" };
	struct err err = { 0 };
	char sql[640];

	for (size_t i = 0; i < ARRAY_LEN(LEVELS); i++) {
		struct pg_link *other = register_open_again();

		snprintf(sql, sizeof sql,
			 "set session authorization instroom_it_replay; begin isolation level %s;"
			 "insert into register.replay_item (job, position, attempt, reference_version, records)"
			 " values ('00000000-0000-0000-0000-00000000001%zu', %zu, 1, '', '{1}')",
			 LEVELS[i], i, i + 10);
		ASSERT_OK(pg_script(other, sql, &err));
		snprintf(sql, sizeof sql,
			 "insert into register.replay_job (id, planned_by, scope, reference, state, deliveries, lines,"
			 "  foreseen, approval_needed) values ('00000000-0000-0000-0000-00000000001%zu', 'x', '',"
			 " 'current', 'planned', 1, 1, '{}', false)",
			 i);
		ASSERT_OK(pg_script(link, sql, &err));
		cr_expect_neq(pg_script(other, "commit", &err), 0, "%s", LEVELS[i]);
		cr_expect_str_eq(err.code, "23503", "%s: %s", LEVELS[i], err.code);
		pg_link_close(other);
	}
}

/* A plan is started from planned, where its approval is looked at, and from nowhere else. */
static void check_ways_past_approval(struct pg_link *link)
{
	static const struct {
		const char *sql, *code;
	} ROWS[] = {
		{ "insert into register.replay_job (id, planned_by, scope, reference, state, deliveries, lines,"
		  "  foreseen, approval_needed)"
		  " values (gen_random_uuid(), 'x', '', 'current', 'running', 1, 1, '{}', false)",
		  "23000" },
		{ "update register.replay_job set state = 'cancelled'", NULL },
		{ "update register.replay_job set state = 'running'", "23000" },
		{ "update register.replay_job set state = 'paused'", "23000" },
		{ "update register.replay_job set state = 'planned'", "23000" },
		{ "insert into register.replay_item (job, position, attempt, reference_version, records, planned_in)"
		  " values (gen_random_uuid(), 90, 1, '', '{1}', '0')",
		  "42501" },
		{ "update register.replay_job set planned_in = '0'", "42501" },
	};
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		int rc = pg_script(link, ROWS[i].sql, &err);

		cr_expect_eq(rc != 0, ROWS[i].code != NULL, "%s", ROWS[i].sql);
		if (ROWS[i].code)
			cr_expect_str_eq(err.code, ROWS[i].code, "%s: %s", ROWS[i].sql, err.code);
	}
}

/* Who plans a replay decides neither by what he claims of it nor by what he puts into it whether it wants approval. */
static void check_approval_limit(void)
{
	static const char JOB[] =
		"insert into register.replay_job (id, planned_by, scope, reference, state, deliveries, lines,"
		"  foreseen, approval_needed) values (%s, 'x', '', 'current', 'planned', 1, %d, '{}', false)";
	static const char ITEMS[] =
		"insert into register.replay_item (job, position, attempt, reference_version, records)"
		" values (%s, %d, 1, '', (select array_agg(n) from generate_series(1, 100000) n))";
	static const char FIRST[] = "'00000000-0000-0000-0000-000000000001'",
			  SECOND[] = "'00000000-0000-0000-0000-000000000002'";
	struct pg_link *link = open_with_operators();
	struct err err = { 0 };
	char sql[512], items[512];

	ASSERT_OK(pg_script(link, "set session authorization instroom_it_replay", &err));
	snprintf(sql, sizeof sql, JOB, FIRST, 100000);
	ASSERT_OK(pg_script(link, sql, &err));
	expect_text(link, "select string_agg(approval_needed::text, ' ') from register.replay_job", "true");
	snprintf(sql, sizeof sql, JOB, SECOND, 1);
	snprintf(items, sizeof items, ITEMS, SECOND, 1);
	ASSERT_OK(pg_script(link, "begin", &err));
	ASSERT_OK(pg_script(link, items, &err));
	ASSERT_OK(pg_script(link, sql, &err));
	ASSERT_OK(pg_script(link, "commit", &err));
	snprintf(items, sizeof items, ITEMS, SECOND, 2);
	cr_expect_neq(pg_script(link, items, &err), 0, "a plan gets no more items");
	cr_expect_str_eq(err.code, "23514", "%s", err.code);
	cr_expect_neq(pg_script(link, "update register.replay_job set state = 'running' where not approval_needed",
				&err),
		      0, "it holds more lines than it says");
	cr_expect_str_eq(err.code, "23514", "%s", err.code);
	check_open_transaction(link);
	check_ways_past_approval(link);
	pg_link_close(link);
}

/* A role with more than its task is named. */
static void check_excess(void)
{
	struct pg_link *link = open_with_operators();
	struct err err = { 0 };

	expect_text(link,
		    "select coalesce(string_agg(role || ': ' || what, ', '), '') from register.role_excess()"
		    " where role like 'instroom_it%' or role = 'instroom_look'",
		    "");
	ASSERT_OK(pg_script(link, "grant delete on register.delivery to instroom_look", &err));
	expect_text(link,
		    "select string_agg(role || ': ' || what, ', ') from register.role_excess()"
		    " where role = 'instroom_look'",
		    "instroom_look: it deletes deliveries");
	pg_link_close(link);
}

Test(register, gives_operators_rights_by_task_and_signs_with_their_logins)
{
	check_rights_by_task();
	check_signature();
	check_approval_limit();
	check_excess();
}
