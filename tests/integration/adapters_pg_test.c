/* pg against a real PostgreSQL: values there and back, real errors in their kinds, COPY, streams, a line that goes. */
#include "adapters_fixture.h"
#include "base/peer_cause.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/num.h"
#include "pg/pg_copy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sys/stat.h>

/* They only say when to give up: the machine may do much else. */
enum { CONNECT_MS = 30000, SOON_MS = 20000 };

static struct pg_link *connect_with(const struct pg_options *options)
{
	struct pg_link *link = NULL;
	struct err err = { 0 };

	ASSERT_OK(pg_link_open(options, &link, &err));
	ASSERT_OK(pg_link_connect(link, &err));
	return link;
}

static struct pg_link *connect_within(const char *conninfo, bool (*should_stop)(void), uint32_t connect_ms)
{
	struct pg_options options = { .conninfo = conninfo,
				      .application = "adapters_it",
				      .connect_ms = connect_ms,
				      .lock_ms = 200,
				      .idle_transaction_ms = 60000,
				      .should_stop = should_stop };

	return connect_with(&options);
}

static struct pg_link *connect_to(const char *conninfo, bool (*should_stop)(void))
{
	return connect_within(conninfo, should_stop, CONNECT_MS);
}

static struct pg_link *connect_owner(void)
{
	return connect_to(fixture_server("INSTROOM_PG_OWNER"), NULL);
}

/* As the writer's: it repeats the same work for ever. */
static struct pg_link *connect_patiently(void)
{
	struct pg_options options = { .conninfo = fixture_server("INSTROOM_PG_OWNER"),
				      .application = "adapters_it",
				      .connect_ms = CONNECT_MS,
				      .faults_pass = true };

	return connect_with(&options);
}

Test(pg, values_come_back_as_they_went)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	uint8_t uuid[16] = { 1, 2, 3, 255 };
	struct pg_params params = { 0 };

	pg_add_i16(&params, INT16_MIN);
	pg_add_i32(&params, INT32_MIN);
	pg_add_i64(&params, INT64_MAX);
	pg_add_bool(&params, true);
	pg_add_text(&params, SLICE_LITERAL("\xc3\xab'--;"));
	pg_add_bytes(&params, slice_make("a\0b", 3));
	pg_add_uuid(&params, uuid);
	pg_add_null(&params, PG_TEXT);
	pg_add_text(&params, (struct slice){ 0 });
	struct pg_params copy = params; /* a copy must not look into the memory of the first */

	memset(params.scalars, 0, sizeof params.scalars);
	ASSERT_OK(pg_exec(link, "echo", "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9", &copy, &rows, NULL, &err));
	cr_assert_eq(pg_rows_count(rows), 1);
	cr_expect_eq(pg_get_i16(rows, 0, 0), INT16_MIN);
	cr_expect_eq(pg_get_i32(rows, 0, 1), INT32_MIN);
	cr_expect_eq(pg_get_i64(rows, 0, 2), INT64_MAX);
	cr_expect_eq(pg_get_i64(rows, 0, 0), INT16_MIN, "i64 reads the narrower ones with their sign");
	cr_expect(pg_get_bool(rows, 0, 3));
	cr_expect(slice_equal_text(pg_get_bytes(rows, 0, 4), "\xc3\xab'--;"));
	cr_expect(slice_equal(pg_get_bytes(rows, 0, 5), slice_make("a\0b", 3)));
	cr_expect(slice_equal(pg_get_bytes(rows, 0, 6), slice_make(uuid, 16)));
	cr_expect(pg_is_null(rows, 0, 7));
	cr_expect(!pg_is_null(rows, 0, 8), "an empty text is no NULL");
	pg_link_close(link);
}

Test(pg, arrays_are_read_by_the_server)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(strbuf_drop) struct strbuf arrays;
	struct pg_params params = { 0 };

	strbuf_init(&arrays, 4096);
	pg_array_begin(&arrays, PG_I64);
	pg_array_add_i64(&arrays, 5);
	pg_array_add_i64(&arrays, -7);
	pg_array_end(&arrays, 0, 2);
	size_t second = arrays.n;

	pg_array_begin(&arrays, PG_TEXT);
	pg_array_end(&arrays, second, 0);
	size_t third = arrays.n;

	pg_array_begin(&arrays, PG_TEXT);
	pg_array_add_text(&arrays, SLICE_LITERAL("a,b"));
	pg_array_end(&arrays, third, 1);
	cr_assert(strbuf_ok(&arrays));
	pg_add_array(&params, PG_I64_ARRAY, slice_make(arrays.p, second));
	pg_add_array(&params, PG_TEXT_ARRAY, slice_make(arrays.p + second, third - second));
	pg_add_array(&params, PG_TEXT_ARRAY, slice_make(arrays.p + third, arrays.n - third));
	ASSERT_OK(pg_exec(link, NULL, "SELECT (SELECT sum(x)::bigint FROM unnest($1) x), cardinality($2), ($3)[1]",
			  &params, &rows, NULL, &err));
	cr_expect_eq(pg_get_i64(rows, 0, 0), -2);
	cr_expect_eq(pg_get_i32(rows, 0, 1), 0);
	cr_expect(slice_equal_text(pg_get_bytes(rows, 0, 2), "a,b"));
	pg_link_close(link);
}

static const struct {
	const char *sql;
	enum err_kind kind;
	const char *code;
	const char *why;
} ERROR_ROWS[] = {
	{ "INSERT INTO t VALUES (1), (1)", ERR_DATA, "23505", "a key twice" },
	{ "INSERT INTO t VALUES (NULL)", ERR_DATA, "23502", "a column without value" },
	{ "SELECT 1 / 0", ERR_DATA, "22012", "a sum that cannot be made" },
	{ "SELECT 'x'::int", ERR_DATA, "22P02", "a text that is no number" },
	{ "INSERT INTO t SELECT 1 ON CONFLICT (n) DO NOTHING; INSERT INTO t VALUES (1), (2), (2)"
	  " ON CONFLICT (n) DO UPDATE SET n = excluded.n",
	  ERR_DATA, "21000", "one row touched twice" },
	{ "BEGIN READ ONLY; CREATE TABLE u (n int)", ERR_RETRY, "25006", "read-only" },
	{ "SET statement_timeout = 20; SELECT pg_sleep(5)", ERR_RETRY, "57014", "took too long" },
	{ "SELECT * FROM no_such_table", ERR_FATAL, "42P01", "a missing migration" },
	{ "SELEC", ERR_FATAL, "42601", "our bug" },
};

Test(pg, sorts_real_errors_by_their_sqlstate)
{
	for (size_t i = 0; i < ARRAY_LEN(ERROR_ROWS); i++) {
		struct pg_link *link = connect_owner();
		struct err err = { 0 };

		ASSERT_OK(pg_script(link, "CREATE TEMP TABLE t (n int PRIMARY KEY)", &err));
		int rc = pg_script(link, ERROR_ROWS[i].sql, &err);

		cr_expect_eq(rc, -(int)ERROR_ROWS[i].kind, "%s: %d %s", ERROR_ROWS[i].why, rc, err.code);
		cr_expect_str_eq(err.code, ERROR_ROWS[i].code, "%s", ERROR_ROWS[i].why);
		bool is_wrong = strcmp(ERROR_ROWS[i].code, "25006") == 0;

		cr_expect_eq(pg_link_is_up(link), !is_wrong, "%s: the line is ready for the next statement, or left",
			     ERROR_ROWS[i].why);
		ASSERT_OK(pg_link_connect(link, &err));
		ASSERT_OK(pg_script(link, "ROLLBACK; SELECT 1", &err));
		pg_link_close(link);
	}
}

Test(pg, an_error_names_the_constraint_and_never_the_data)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	struct pg_params params = { 0 };

	ASSERT_OK(pg_script(link, "CREATE TEMP TABLE t (bsn text CONSTRAINT t_bsn_once UNIQUE)", &err));
	pg_add_text(&params, SLICE_LITERAL("111222333"));
	ASSERT_OK(pg_exec(link, "add", "INSERT INTO t VALUES ($1)", &params, NULL, NULL, &err));
	ASSERT_KIND(pg_exec(link, "add", "INSERT INTO t VALUES ($1)", &params, NULL, NULL, &err), ERR_DATA);
	cr_expect(strstr(err.text, "t_bsn_once"));
	cr_expect_null(strstr(err.text, "111222333"));
	pg_link_close(link);
}

Test(pg, a_lock_held_too_long_is_a_retry)
{
	struct pg_link *holder = connect_owner(), *waiter = connect_owner();
	struct err err = { 0 };
	char name[64], sql[256];
	int64_t begin_ms = clock_ms();

	snprintf(sql, sizeof sql, "BEGIN; SELECT pg_advisory_xact_lock(hashtext('%s'))",
		 fixture_name(name, sizeof name));
	ASSERT_OK(pg_script(holder, sql, &err));
	ASSERT_KIND(pg_script(waiter, sql, &err), ERR_RETRY);
	cr_expect_str_eq(err.code, "55P03");
	cr_expect_lt(clock_ms() - begin_ms, SOON_MS);
	pg_link_close(holder);
	pg_link_close(waiter);
}

Test(pg, a_backend_that_is_ended_is_a_retry_and_the_next_connect_is_whole)
{
	struct pg_link *victim = connect_owner(), *other = connect_owner();
	struct err err = { 0 };
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params = { 0 };

	ASSERT_OK(pg_exec(victim, "pid", "SELECT pg_backend_pid()", NULL, &rows, NULL, &err));
	pg_add_i32(&params, pg_get_i32(rows, 0, 0));
	ASSERT_OK(pg_exec(other, NULL, "SELECT pg_terminate_backend($1, 2000)", &params, NULL, NULL, &err));
	ASSERT_KIND(pg_exec(victim, "pid", "SELECT pg_backend_pid()", NULL, NULL, NULL, &err), ERR_RETRY);
	cr_expect_not(pg_link_is_up(victim));
	ASSERT_KIND(pg_script(victim, "SELECT 1", &err), ERR_RETRY);
	ASSERT_OK(pg_link_connect(victim, &err));
	ASSERT_OK(pg_exec(victim, "pid", "SELECT pg_backend_pid()", NULL, NULL, NULL, &err));
	pg_link_close(victim);
	pg_link_close(other);
}

/* text: a statement, with $ for the name. */
static void run_script(const char *conninfo, const char *text, const char *name)
{
	struct pg_options options = { .conninfo = conninfo, .application = "adapters_it", .connect_ms = CONNECT_MS };
	CLEANUP(strbuf_drop) struct strbuf sql = { 0 };
	struct pg_link *link = NULL;
	struct err err = { 0 };

	strbuf_init(&sql, 1024);
	for (; *text; text++)
		if (*text == '$')
			strbuf_add_text(&sql, name);
		else
			strbuf_add_char(&sql, *text);
	ASSERT_OK(pg_link_open(&options, &link, &err));
	ASSERT_OK(pg_link_connect(link, &err));
	ASSERT_OK(pg_script(link, strbuf_text(&sql), &err));
	pg_link_close(link);
}

static void write_password(const char *path, const char *password)
{
	umask(0077);
	FILE *file = fopen(path, "we");

	cr_assert(file && fprintf(file, "%s\n", password) > 0 && fclose(file) == 0);
}

Test(pg, waits_for_a_user_database_or_right_that_was_there_before)
{
	static const struct {
		const char *taken, *given, *code, *explained;
	} ROWS[] = {
		{ "ALTER ROLE $ PASSWORD 'second'", "ALTER ROLE $ PASSWORD 'second'", "credentials",
		  "refuses our user or password" },
		{ "ALTER ROLE $ NOLOGIN", "ALTER ROLE $ LOGIN", "credentials", "refuses our user or password" },
		{ "ALTER ROLE $ RENAME TO $_away", "ALTER ROLE $_away RENAME TO $", "credentials",
		  "refuses our user or password" },
		{ "ALTER DATABASE $ RENAME TO $_away", "ALTER DATABASE $_away RENAME TO $", "3D000",
		  "lacks a database" },
		{ "REVOKE CONNECT ON DATABASE $ FROM public", "GRANT CONNECT ON DATABASE $ TO public", "42501",
		  "does not permit our user" },
		{ "ALTER DATABASE $ ALLOW_CONNECTIONS false", "ALTER DATABASE $ ALLOW_CONNECTIONS true", "55000",
		  "does not serve us now" },
	};
	const char *admin = fixture_server("INSTROOM_PG_ADMIN");
	char name[64], path[80], text[512], explained[PEER_TEXT_BYTES];
	struct pg_link *link = NULL;
	struct err err = { 0 };

	snprintf(name, sizeof name, "rotated_%d", (int)getpid());
	snprintf(path, sizeof path, "/tmp/%s", name);
	snprintf(text, sizeof text, "%s user=%s dbname=%s passfile=/dev/null", admin, name, name);
	struct pg_options options = {
		.conninfo = text, .password.path = path, .application = "adapters_it", .connect_ms = CONNECT_MS
	};

	run_script(admin, "CREATE ROLE $ LOGIN PASSWORD 'first'", name);
	run_script(admin, "CREATE DATABASE $", name);
	write_password(path, "wrong");
	ASSERT_OK(pg_link_open(&options, &link, &err));
	ASSERT_KIND(pg_link_connect(link, &err), ERR_CONFIG);
	write_password(path, "first");
	ASSERT_OK(pg_link_connect(link, &err));
	ASSERT_OK(pg_exec(link, NULL, "SELECT 1", NULL, NULL, NULL, &err));
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		pg_link_drop(link);
		run_script(admin, ROWS[i].taken, name);
		int rc = pg_link_connect(link, &err);

		cr_expect_eq(rc, -ERR_RETRY, "row %zu: %d %s %s", i, rc, err.code, err.text);
		cr_expect_str_eq(err.code, ROWS[i].code, "row %zu", i);
		cr_expect(pg_link_is_refused(link), "row %zu", i);
		cr_expect(strstr(peer_explain(PEER_POSTGRESQL, explained), ROWS[i].explained), "row %zu, /readyz: %s",
			  i, explained);
		run_script(admin, ROWS[i].given, name);
		write_password(path, "second");
		ASSERT_OK(pg_link_connect(link, &err));
		ASSERT_OK(pg_exec(link, NULL, "SELECT 1", NULL, NULL, NULL, &err));
		cr_expect_not(pg_link_is_refused(link), "row %zu", i);
		cr_expect_str_eq(peer_explain(PEER_POSTGRESQL, explained), "", "row %zu, served again", i);
	}
	pg_link_close(link);
	run_script(admin, "DROP DATABASE $", name);
	run_script(admin, "DROP ROLE $", name);
	unlink(path);
}

static const struct {
	const char *taken, *given, *code;
} CHANGE_ROWS[] = {
	{ "ALTER TABLE $ RENAME COLUMN n TO m", "ALTER TABLE $ RENAME COLUMN m TO n", "42703" },
	{ "ALTER TABLE $ RENAME TO $_away", "ALTER TABLE $_away RENAME TO $", "42P01" },
	{ "ALTER TABLE $ ALTER n TYPE bigint", "SELECT 1", "0A000" },
	{ "CREATE FUNCTION $_raise() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''x''; END'; "
	  "CREATE TRIGGER raise BEFORE INSERT ON $ FOR EACH ROW EXECUTE FUNCTION $_raise()",
	  "DROP FUNCTION $_raise CASCADE", "P0001" },
};

/* A restore, a migration or a trigger of somebody else: what worked is refused for a while. */
Test(pg, waits_for_a_table_that_was_changed_under_it)
{
	const char *owner = fixture_server("INSTROOM_PG_OWNER");
	char name[64], select[128], insert[128];
	struct err err = { 0 };

	snprintf(name, sizeof name, "changed_%d", (int)getpid());
	snprintf(select, sizeof select, "SELECT n FROM %s", name);
	snprintf(insert, sizeof insert, "INSERT INTO %s (n) VALUES (1)", name);
	run_script(owner, "DROP TABLE IF EXISTS $; CREATE TABLE $ (n int)", name);
	for (size_t i = 0; i < ARRAY_LEN(CHANGE_ROWS); i++) {
		struct pg_link *link = connect_patiently();
		bool is_insert = strcmp(CHANGE_ROWS[i].code, "P0001") == 0;
		const char *sql = is_insert ? insert : select;

		ASSERT_OK(pg_exec(link, "it", sql, NULL, NULL, NULL, &err));
		run_script(owner, CHANGE_ROWS[i].taken, name);
		int rc = pg_exec(link, "it", sql, NULL, NULL, NULL, &err);

		cr_expect_eq(rc, -ERR_RETRY, "row %zu: %d %s %s", i, rc, err.code, err.text);
		cr_expect_str_eq(err.code, CHANGE_ROWS[i].code, "row %zu", i);
		ASSERT_OK(pg_link_connect(link, &err));
		ASSERT_OK(pg_exec(link, "another", "SELECT 1", NULL, NULL, NULL, &err));
		cr_expect(pg_link_is_refused(link), "row %zu: what another statement says of it is nothing", i);
		run_script(owner, CHANGE_ROWS[i].given, name);
		ASSERT_OK(pg_exec(link, "it", sql, NULL, NULL, NULL, &err));
		cr_expect_not(pg_link_is_refused(link), "row %zu", i);
		pg_link_close(link);
	}
	run_script(owner, "DROP TABLE $", name);
}

/* A page that is corrupted, a row that a trigger refuses: the next question may be of another one. */
Test(pg, a_question_that_fails_is_no_register_that_is_away)
{
	const char *owner = fixture_server("INSTROOM_PG_OWNER");
	struct pg_link *link = connect_owner();
	char name[64], text[128];
	struct err err = { 0 };

	snprintf(name, sizeof name, "raise_%d", (int)getpid());
	snprintf(text, sizeof text, "SELECT %s()", name);
	run_script(owner, "CREATE FUNCTION $() RETURNS int LANGUAGE sql AS 'SELECT 1'", name);
	ASSERT_OK(pg_exec(link, "it", text, NULL, NULL, NULL, &err));
	run_script(owner,
		   "CREATE OR REPLACE FUNCTION $() RETURNS int LANGUAGE plpgsql AS "
		   "'BEGIN RAISE EXCEPTION ''x'' USING ERRCODE = ''XX001''; END'",
		   name);
	ASSERT_KIND(pg_exec(link, "it", text, NULL, NULL, NULL, &err), ERR_FATAL);
	cr_expect_str_eq(err.code, "XX001");
	cr_expect(pg_link_is_up(link));
	cr_expect_not(pg_link_is_refused(link));
	run_script(owner, "DROP FUNCTION $", name);
	ASSERT_KIND(pg_exec(link, "it", text, NULL, NULL, NULL, &err), ERR_RETRY);
	cr_expect_str_eq(err.code, "42883", "a restore takes what is needed by all");
	pg_link_close(link);
}

static int take_row(void *self, const struct pg_rows *row, struct err *err)
{
	(void)self, (void)row, (void)err;
	return 0;
}

Test(pg, a_refused_stream_or_script_that_works_again_is_refused_no_more)
{
	const char *owner = fixture_server("INSTROOM_PG_OWNER");
	char name[64], text[128];
	struct err err = { 0 };

	snprintf(name, sizeof name, "streamed_%d", (int)getpid());
	snprintf(text, sizeof text, "SELECT n FROM %s", name);
	run_script(owner, "DROP TABLE IF EXISTS $; CREATE TABLE $ (n int)", name);
	for (int is_stream = 0; is_stream < 2; is_stream++) {
		struct pg_link *link = connect_owner();

		ASSERT_OK(is_stream ? pg_stream(link, text, NULL, NULL, take_row, NULL, &err)
				    : pg_script(link, text, &err));
		run_script(owner, "ALTER TABLE $ RENAME TO $_away", name);
		ASSERT_KIND(is_stream ? pg_stream(link, text, NULL, NULL, take_row, NULL, &err)
				      : pg_script(link, text, &err),
			    ERR_RETRY);
		cr_expect(pg_link_is_refused(link), "stream %d", is_stream);
		run_script(owner, "ALTER TABLE $_away RENAME TO $", name);
		ASSERT_OK(pg_link_connect(link, &err));
		ASSERT_OK(is_stream ? pg_stream(link, text, NULL, NULL, take_row, NULL, &err)
				    : pg_script(link, text, &err));
		cr_expect_not(pg_link_is_refused(link), "stream %d", is_stream);
		pg_link_close(link);
	}
	run_script(owner, "DROP TABLE $", name);
}

Test(pg, a_statement_that_never_worked_is_waited_for_once_the_work_was_done)
{
	struct pg_link *link = connect_patiently();
	struct err err = { 0 };

	ASSERT_OK(pg_exec(link, NULL, "SELECT 1", NULL, NULL, NULL, &err));
	ASSERT_KIND(pg_script(link, "SELECT * FROM no_such_table", &err), ERR_FATAL);
	ASSERT_KIND(pg_script(link, "DO 'BEGIN RAISE EXCEPTION ''x''; END'", &err), ERR_RETRY); /* no setting of ours */
	ASSERT_OK(pg_link_connect(link, &err));
	pg_link_settle(link);
	ASSERT_KIND(pg_script(link, "SELECT * FROM no_such_table", &err), ERR_RETRY);
	cr_expect_str_eq(err.code, "42P01");
	cr_expect(strstr(err.text, "lacks a table"), "%s", err.text);
	pg_link_close(link);
}

Test(pg, tells_wrong_credentials_missing_databases_and_absent_servers_apart)
{
	static const struct {
		const char *extra;
		enum err_kind kind;
		const char *code;
	} ROWS[] = {
		{ " password=wrong passfile=/dev/null", ERR_CONFIG, "credentials" },
		{ " user=nobody_at_all password=x", ERR_CONFIG, "credentials" },
		{ " dbname=no_such_database", ERR_CONFIG, "3D000" },
		{ " dbname=template0", ERR_RETRY, "55000" }, /* takes no connections, as one that is restored */
		{ " port=1", ERR_RETRY, "connection" },
		{ " options='-c nonsense=1'", ERR_CONFIG, "42704" },
		{ " options='-c datestyle=nonsense'", ERR_CONFIG, "22023" },
	};
	const char *conninfo = fixture_server("INSTROOM_PG_OWNER");

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char text[512];
		struct pg_link *link = NULL;
		struct err err = { 0 };
		struct pg_options options = { .conninfo = text,
					      .application = "adapters_it",
					      .connect_ms = CONNECT_MS };

		snprintf(text, sizeof text, "%s%s", conninfo, ROWS[i].extra);
		ASSERT_OK(pg_link_open(&options, &link, &err));
		int rc = pg_link_connect(link, &err);

		if (rc == 0 && ROWS[i].kind == ERR_CONFIG) {
			cr_log_warn("the server trusts everyone: %s is not shown", ROWS[i].extra);
			pg_link_close(link);
			continue;
		}
		cr_expect_eq(rc, -(int)ROWS[i].kind, "%s: %d %s %s", ROWS[i].extra, rc, err.code, err.text);
		cr_expect_str_eq(err.code, ROWS[i].code, "%s: %s", ROWS[i].extra, err.text);
		pg_link_close(link);
	}
}

static int64_t stop_at_ms;

static bool stop_by_clock(void)
{
	return clock_ms() >= stop_at_ms;
}

Test(pg, a_wait_sees_the_stop)
{
	stop_at_ms = INT64_MAX;
	struct pg_link *link = connect_to(fixture_server("INSTROOM_PG_OWNER"), stop_by_clock);
	struct err err = { 0 };
	int64_t begin_ms = clock_ms();

	stop_at_ms = begin_ms + 150;
	ASSERT_KIND(pg_script(link, "SELECT pg_sleep(30)", &err), ERR_STOP);
	cr_expect_lt(clock_ms() - begin_ms, SOON_MS);
	cr_expect_not(pg_link_is_up(link));
	pg_link_close(link);
}

static int64_t waited_ms_max;

static void note_wait(void *self, int64_t waited_ms)
{
	int64_t *longest_ms = self;

	*longest_ms = MAX(*longest_ms, waited_ms);
}

/* As a server that hangs, or one whose COMMIT waits for a standby: its own statement_timeout ends neither. */
Test(pg, an_answer_that_does_not_come_is_given_up)
{
	struct pg_options options = { .conninfo = fixture_server("INSTROOM_PG_OWNER"),
				      .application = "adapters_it",
				      .connect_ms = CONNECT_MS,
				      .statement_ms = 200,
				      .waits = note_wait,
				      .waits_self = &waited_ms_max };
	struct pg_link *link = NULL;
	struct err err = { 0 };
	int64_t begin_ms = clock_ms();

	ASSERT_OK(pg_link_open(&options, &link, &err));
	ASSERT_OK(pg_link_connect(link, &err));
	ASSERT_OK(pg_script(link, "SET statement_timeout = 0", &err));
	ASSERT_KIND(pg_script(link, "SELECT pg_sleep(600)", &err), ERR_RETRY);
	cr_expect_not(pg_link_is_up(link));
	cr_expect_str_eq(err.code, "connection", "%s", err.text);
	cr_expect_lt(clock_ms() - begin_ms, 300000, "the server would have taken ten minutes");
	cr_expect_gt(waited_ms_max, 0, "who waits is told so");
	ASSERT_OK(pg_link_connect(link, &err));
	pg_link_close(link);
}

static void add_rows(struct strbuf *rows, int32_t first, int32_t count)
{
	for (int32_t i = first; i < first + count; i++) {
		pg_copy_row(rows, 5);
		pg_copy_i32(rows, i);
		pg_copy_i64(rows, (int64_t)i << 33);
		pg_copy_bytes(rows, SLICE_LITERAL("Jansen, van \xc3\xab"));
		pg_copy_bool(rows, i % 2 == 0);
		if (i % 3 == 0)
			pg_copy_null(rows);
		else
			pg_copy_i16(rows, (int16_t)(i % 1000));
	}
}

static const char COPY_TABLE[] = "CREATE TEMP TABLE c (a int PRIMARY KEY, b bigint, c text, d bool, e smallint)";
static const char TARGET[] = "c (a, b, c, d, e)", TYPES[] = "iltbs";

/* It hangs on the first row: what is sent behind it fills all buffers in between. */
Test(pg, rows_that_are_not_taken_in_are_given_up)
{
	enum { ROWS = 600000 };
	struct pg_options options = { .conninfo = fixture_server("INSTROOM_PG_OWNER"),
				      .application = "adapters_it",
				      .connect_ms = 5000, /* sooner than TCP gives up */
				      .statement_ms = 200,
				      .waits = note_wait,
				      .waits_self = &waited_ms_max };
	struct pg_link *link = NULL;
	struct err err = { 0 };
	CLEANUP(strbuf_drop) struct strbuf data;

	strbuf_init(&data, 64 << 20);
	add_rows(&data, 0, ROWS);
	cr_assert(strbuf_ok(&data));
	ASSERT_OK(pg_link_open(&options, &link, &err));
	ASSERT_OK(pg_link_connect(link, &err));
	ASSERT_OK(pg_script(link, COPY_TABLE, &err));
	ASSERT_OK(pg_script(
		link,
		"SET statement_timeout = 0; CREATE FUNCTION pg_temp.hang() RETURNS trigger LANGUAGE plpgsql AS"
		" $$ BEGIN PERFORM pg_sleep(600); RETURN new; END $$;"
		" CREATE TRIGGER hang BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION pg_temp.hang()",
		&err));
	waited_ms_max = 0;
	ASSERT_KIND(pg_copy_run(link, TARGET, TYPES, strbuf_slice(&data), &err), ERR_RETRY);
	cr_expect_not(pg_link_is_up(link));
	cr_expect_gt(waited_ms_max, 0, "who waits is told so");
	pg_link_close(link);
}

Test(pg, copies_rows_of_all_kinds)
{
	enum { ROWS = 100000 };
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(strbuf_drop) struct strbuf data;

	strbuf_init(&data, 64 << 20);
	add_rows(&data, 0, ROWS);
	cr_assert(strbuf_ok(&data));
	ASSERT_OK(pg_script(link, COPY_TABLE, &err));
	int64_t begin_us = clock_us();

	ASSERT_OK(pg_copy_run(link, TARGET, TYPES, strbuf_slice(&data), &err));
	int64_t took_us = clock_us() - begin_us;

	cr_log_info("COPY: %d rows in %" PRId64 " us, %.0f rows/s", ROWS, took_us, ROWS * 1e6 / (double)took_us);
	ASSERT_OK(pg_exec(
		link, NULL,
		"SELECT count(*), count(*) FILTER (WHERE b = a::bigint << 33), count(*) FILTER (WHERE d), count(e)"
		" FROM c",
		NULL, &rows, NULL, &err));
	cr_expect_eq(pg_get_i64(rows, 0, 0), ROWS);
	cr_expect_eq(pg_get_i64(rows, 0, 1), ROWS);
	cr_expect_eq(pg_get_i64(rows, 0, 2), ROWS / 2);
	cr_expect_eq(pg_get_i64(rows, 0, 3), ROWS - (ROWS + 2) / 3);
	pg_link_close(link);
}

Test(pg, a_failed_copy_leaves_the_line_in_order)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	CLEANUP(strbuf_drop) struct strbuf data;

	strbuf_init(&data, 1 << 20);
	add_rows(&data, 0, 10);
	add_rows(&data, 5, 1);
	ASSERT_OK(pg_script(link, COPY_TABLE, &err));
	ASSERT_KIND(pg_copy_run(link, TARGET, TYPES, strbuf_slice(&data), &err), ERR_DATA);
	cr_expect_str_eq(err.code, "23505");
	ASSERT_KIND(pg_copy_run(link, "no_such (a)", "i", strbuf_slice(&data), &err), ERR_FATAL);
	ASSERT_KIND(pg_copy_run(link, TARGET, TYPES, slice_make("\0\1", 2), &err), ERR_DATA); /* half a row */
	strbuf_reset(&data);
	add_rows(&data, 0, 10);
	ASSERT_OK(pg_copy_run(link, TARGET, TYPES, strbuf_slice(&data), &err));
	ASSERT_OK(pg_copy_run(link, TARGET, TYPES, (struct slice){ 0 }, &err));
	pg_link_close(link);
}

/* The bytes of a number are those of a floating point number too, and a text that is too long is the column's fault. */
Test(pg, rows_are_not_sent_to_a_column_of_another_type)
{
	static const char *const ROWS[][2] = { { "b TYPE double precision", "b is double precision and not bigint" },
					       { "c TYPE varchar(3)", "c is varchar and not text" },
					       { "e TYPE int", "e is integer and not smallint" } };
	struct strbuf data;
	struct err err = { 0 };

	strbuf_init(&data, 1 << 20);
	add_rows(&data, 0, 10);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct pg_link *link = connect_owner();
		char sql[64];

		snprintf(sql, sizeof sql, "ALTER TABLE c ALTER %s", ROWS[i][0]);
		ASSERT_OK(pg_script(link, COPY_TABLE, &err));
		ASSERT_OK(pg_script(link, sql, &err));
		ASSERT_KIND(pg_copy_run(link, TARGET, TYPES, strbuf_slice(&data), &err), ERR_CONFIG);
		cr_expect_str_eq(err.code, "42804");
		cr_expect(strstr(err.text, ROWS[i][1]), "%s", err.text);
		pg_link_close(link);
	}
	strbuf_release(&data);
}

struct seen {
	int64_t sum;
	size_t rows;
	size_t rows_max;
};

static int see_row(void *self, const struct pg_rows *row, struct err *err)
{
	struct seen *seen = self;

	seen->sum += pg_get_i32(row, 0, 0);
	if (++seen->rows == seen->rows_max)
		return err_set(err, ERR_FULL, "test", "enough");
	return 0;
}

Test(pg, streams_row_by_row_and_ends_when_asked_to)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	struct seen all = { 0 }, some = { .rows_max = 3 };

	ASSERT_OK(pg_stream(link, "SELECT g FROM generate_series(1, 100000) g", NULL, NULL, see_row, &all, &err));
	cr_expect_eq(all.sum, 5000050000);
	ASSERT_KIND(pg_stream(link, "SELECT g FROM generate_series(1, 10000000) g", NULL, NULL, see_row, &some, &err),
		    ERR_FULL);
	cr_expect_eq(some.rows, 3);
	ASSERT_KIND(pg_stream(link, "SELECT 1 / (g - 5) FROM generate_series(1, 10) g", NULL, NULL, see_row, &all,
			      &err),
		    ERR_DATA);
	ASSERT_OK(pg_script(link, "SELECT 1", &err));
	pg_link_close(link);
}

Test(pg, a_statement_is_prepared_once_and_answers_fast)
{
	enum { TURNS = 2000 };
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	int64_t affected = -1;
	struct pg_params params = { 0 };

	pg_add_i32(&params, 1);
	ASSERT_OK(pg_script(link, "CREATE TEMP TABLE t AS SELECT 1 AS n", &err));
	int64_t begin_us = clock_us();

	for (int i = 0; i < TURNS; i++)
		ASSERT_OK(pg_exec(link, "touch", "UPDATE t SET n = n WHERE n = $1", &params, NULL, &affected, &err));
	cr_expect_eq(affected, 1);
	cr_log_info("pg_exec: %.1f us per round trip", (double)(clock_us() - begin_us) / TURNS);
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

	ASSERT_OK(pg_exec(link, NULL, "SELECT count(*) FROM pg_prepared_statements", NULL, &rows, NULL, &err));
	cr_expect_eq(pg_get_i64(rows, 0, 0), 1);
	pg_link_close(link);
}

/* The wrong server. */

/* Takes connections and says nothing. */
static int listen_mute(int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 16) == 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &bytes), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static const char *value_in(const char *conninfo, const char *key, char *out, size_t out_bytes)
{
	const char *at = strstr(conninfo, key);

	cr_assert(at, "%s has no %s", conninfo, key);
	at += strlen(key);
	snprintf(out, out_bytes, "%.*s", (int)strcspn(at, " "), at);
	return out;
}

/* The test's server with these hosts and ports before its own. */
static const char *behind(const char *hosts, const char *ports, const char *more)
{
	static char text[1024];
	const char *server = fixture_server("INSTROOM_PG_OWNER");
	char host[256], port[16];

	snprintf(text, sizeof text, "%s host=%s,%s port=%s,%s %s", server, hosts,
		 value_in(server, "host=", host, sizeof host), ports, value_in(server, "port=", port, sizeof port),
		 more);
	return text;
}

Test(pg, a_mute_host_costs_one_deadline_and_not_the_next_one)
{
	enum { MUTE_MS = 6000 };
	char port[16];
	int number, fd = listen_mute(&number);
	int64_t start_ms = clock_ms();

	snprintf(port, sizeof port, "%d", number);
	struct pg_link *link = connect_within(behind("127.0.0.1", port, ""), NULL, MUTE_MS);
	int64_t took_ms = clock_ms() - start_ms;

	/* the second host is tried after the first one's deadline, and is given one of its own */
	cr_expect(took_ms >= MUTE_MS - 100 && took_ms < 2 * MUTE_MS, "%lld ms", (long long)took_ms);
	pg_link_close(link);
	close(fd);
}

/* A server that freezes: it takes one connection, which works, and says nothing to any other. */
struct freezing {
	int listener, server;
};

static bool copy_once(int from, int to)
{
	char bytes[65536];
	ssize_t n = read(from, bytes, sizeof bytes);

	return n > 0 && write(to, bytes, (size_t)n) == n;
}

static void *relay_first(void *self)
{
	const struct freezing *freezing = self;
	int client = accept(freezing->listener, NULL, NULL);
	struct pollfd ends[] = { { .fd = client, .events = POLLIN }, { .fd = freezing->server, .events = POLLIN } };

	while (poll(ends, 2, -1) > 0 && (!ends[0].revents || copy_once(client, freezing->server)) &&
	       (!ends[1].revents || copy_once(freezing->server, client)))
		;
	close(client);
	close(freezing->server);
	return NULL;
}

static int connect_plainly(const char *server)
{
	char host[256], port[16];
	struct sockaddr_in at = { .sin_family = AF_INET };
	uint64_t number;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert(num_parse_u64(slice_of(value_in(server, "port=", port, sizeof port)), UINT16_MAX, &number));
	at.sin_port = htons((uint16_t)number);
	cr_assert_eq(inet_pton(AF_INET, value_in(server, "host=", host, sizeof host), &at.sin_addr), 1, "%s", host);
	cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
	return fd;
}

Test(pg, the_end_of_a_stream_waits_for_no_server_that_froze, .timeout = 60)
{
	enum { FROZEN_MS = 6000 };
	const char *server = fixture_server("INSTROOM_PG_OWNER");
	struct seen some = { .rows_max = 3 };
	struct freezing freezing;
	struct err err = { 0 };
	char conninfo[1024];
	pthread_t relay;
	int port;

	freezing.listener = listen_mute(&port);
	freezing.server = connect_plainly(server);
	cr_assert_eq(pthread_create(&relay, NULL, relay_first, &freezing), 0);
	snprintf(conninfo, sizeof conninfo, "%s host=127.0.0.1 port=%d gssencmode=disable", server, port);
	struct pg_link *link = connect_within(conninfo, NULL, FROZEN_MS);

	ASSERT_KIND(pg_stream(link, "SELECT g FROM generate_series(1, 10000000) g", NULL, NULL, see_row, &some, &err),
		    ERR_FULL);
	cr_expect_not(pg_link_is_up(link));
	pg_link_close(link);
	pthread_join(relay, NULL);
	close(freezing.listener);
}

Test(pg, each_address_of_a_name_is_asked)
{
	struct pg_link *link = connect_to(behind("no-such-host.invalid,127.0.0.1", "1,1", ""), NULL);

	pg_link_close(link);
}

static int connect_anew(const char *conninfo, bool must_write, struct err *err)
{
	struct pg_options options = {
		.conninfo = conninfo, .application = "adapters_it", .connect_ms = CONNECT_MS, .must_write = must_write
	};
	struct pg_link *link = NULL;

	cr_assert_eq(pg_link_open(&options, &link, err), 0);
	int rc = pg_link_connect(link, err);

	pg_link_close(link);
	return rc;
}

static const char READ_ONLY[] = "options='-c default_transaction_read_only=on'";

Test(pg, who_must_write_leaves_a_server_that_takes_no_writes)
{
	struct err err = { 0 };

	ASSERT_OK(connect_anew(behind("127.0.0.1", "1", READ_ONLY), false, &err));
	ASSERT_KIND(connect_anew(behind("127.0.0.1", "1", READ_ONLY), true, &err), ERR_RETRY);
	cr_expect_str_eq(err.code, "read-only", "it says more than the address that does not answer: %s", err.text);
	cr_expect(strstr(err.text, "127.0.0.1"), "%s", err.text);
	ASSERT_KIND(connect_anew("host=127.0.0.1,127.0.0.1 port=1,2 dbname=x", true, &err), ERR_RETRY);
	cr_expect_str_eq(err.code, "connection");
}

Test(pg, a_refusal_says_more_than_an_address_that_does_not_answer)
{
	struct err err = { 0 };

	ASSERT_KIND(connect_anew(behind("127.0.0.1", "1", "dbname=no_such"), false, &err), ERR_CONFIG);
	cr_expect_str_eq(err.code, "3D000");
}

Test(pg, a_server_that_becomes_read_only_is_left)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };

	ASSERT_OK(pg_script(link, "SET default_transaction_read_only = on", &err));
	ASSERT_KIND(pg_script(link, "SELECT 1", &err), ERR_RETRY);
	cr_expect_not(pg_link_is_up(link));
	ASSERT_OK(pg_link_connect(link, &err));
	ASSERT_OK(pg_script(link, "SELECT 1", &err));
	pg_link_close(link);
}

enum pooler { POOLER_NONE, POOLER_FORGETS, POOLER_KEEPS_STATEMENTS, POOLERS };

/* As a pooler that gives our connection to others in between. */
static void break_session(struct pg_link *link, enum pooler pooler, const char *setting, const char *value)
{
	struct err err = { 0 };
	char sql[256];

	ASSERT_OK(pg_exec(link, "one", "SELECT 1", NULL, NULL, NULL, &err));
	if (pooler == POOLER_FORGETS) {
		ASSERT_OK(pg_script(link, "DEALLOCATE ALL", &err));
		ASSERT_KIND(pg_exec(link, "one", "SELECT 1", NULL, NULL, NULL, &err), ERR_RETRY);
	}
	snprintf(sql, sizeof sql, "SET %s%s = '%s'", strcmp(setting, "transaction_isolation") == 0 ? "default_" : "",
		 setting, value);
	ASSERT_OK(pg_script(link, sql, &err));
}

/* As ALTER ROLE .. SET, ALTER DATABASE .. SET and PGOPTIONS may have it. */
Test(pg, no_setting_of_a_role_or_database_changes_what_a_statement_means)
{
	static const struct {
		const char *setting, *odd, *want;
	} ROWS[] = {
		{ "search_path", "pg_temp", "public" },
		{ "row_security", "on", "off" },
		{ "standard_conforming_strings", "off", "on" },
		{ "transform_null_equals", "on", "off" },
		{ "datestyle", "German", "ISO, YMD" },
		{ "timezone", "Pacific/Chatham", "UTC" },
		{ "statement_timeout", "7000000", "0" },
		{ "lock_timeout", "7000000", "200ms" },
		{ "transaction_isolation", "serializable", "read committed" },
	};
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		for (enum pooler pooler = POOLER_NONE; pooler < POOLERS; pooler++) {
			CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
			bool is_isolation = strcmp(ROWS[i].setting, "transaction_isolation") == 0;
			char conninfo[1024], sql[256];

			snprintf(conninfo, sizeof conninfo, "%s options='-c %s%s=%s'",
				 fixture_server("INSTROOM_PG_OWNER"), is_isolation ? "default_" : "", ROWS[i].setting,
				 ROWS[i].odd);
			struct pg_link *link = connect_within(conninfo, NULL, CONNECT_MS);

			if (pooler != POOLER_NONE) /* another client's transaction left its own settings */
				break_session(link, pooler, ROWS[i].setting, ROWS[i].odd);
			ASSERT_OK(pg_begin(link, &err));
			snprintf(sql, sizeof sql, "SELECT current_setting('%s')", ROWS[i].setting);
			ASSERT_OK(pg_exec(link, NULL, sql, NULL, &rows, NULL, &err));
			struct slice is = pg_get_bytes(rows, 0, 0);

			cr_expect(slice_equal_text(is, ROWS[i].want), "%s%s: %.*s", ROWS[i].setting,
				  pooler == POOLER_NONE	     ? ""
				  : pooler == POOLER_FORGETS ? " behind a pooler"
							     : " behind a pooler that keeps statements",
				  (int)is.n, is.p);
			pg_link_close(link);
		}
}

/* A policy that hides rows would make a teacher of the register one that it does not know. */
Test(pg, rows_that_a_policy_hides_are_refused_and_not_left_out)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };

	ASSERT_OK(pg_script(link,
			    "CREATE TEMP TABLE t AS SELECT 1 AS n; ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
			    " ALTER TABLE t FORCE ROW LEVEL SECURITY",
			    &err));
	ASSERT_KIND(pg_exec(link, NULL, "SELECT n FROM t", NULL, NULL, NULL, &err), ERR_CONFIG);
	cr_expect_str_eq(err.code, "42501");
	cr_expect(strstr(err.text, "row level security"), "%s", err.text);
	pg_link_close(link);
}

Test(pg, a_database_that_cannot_hold_every_name_is_refused)
{
	struct pg_link *link = connect_to(fixture_server("INSTROOM_PG_ADMIN"), NULL);
	struct err err = { 0 };
	char name[64], sql[256], conninfo[1024];

	fixture_name(name, sizeof name);
	snprintf(sql, sizeof sql, "create database \"%s\" encoding 'LATIN1' locale 'C' template template0", name);
	ASSERT_OK(pg_script(link, sql, &err));
	snprintf(conninfo, sizeof conninfo, "%s dbname=%s", fixture_server("INSTROOM_PG_ADMIN"), name);
	ASSERT_KIND(connect_anew(conninfo, false, &err), ERR_CONFIG);
	cr_expect_str_eq(err.code, "encoding");
	cr_expect(strstr(err.text, "UTF8"), "%s", err.text);
	pg_link_close(link);
}

/* A pooler in transaction mode: what was prepared is another connection's. */
Test(pg, behind_a_pooler_statements_do_without_names)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

	ASSERT_OK(pg_exec(link, "one", "SELECT 1", NULL, NULL, NULL, &err));
	ASSERT_OK(pg_script(link, "DEALLOCATE ALL", &err));
	ASSERT_KIND(pg_exec(link, "one", "SELECT 1", NULL, NULL, NULL, &err), ERR_RETRY);
	cr_expect_str_eq(err.code, "26000");
	ASSERT_OK(pg_exec(link, "one", "SELECT 1", NULL, NULL, NULL, &err));
	ASSERT_OK(pg_exec(link, "two", "SELECT 2", NULL, NULL, NULL, &err));
	ASSERT_OK(pg_exec(link, NULL, "SELECT count(*) FROM pg_prepared_statements", NULL, &rows, NULL, &err));
	cr_expect_eq(pg_get_i64(rows, 0, 0), 0);
	ASSERT_OK(pg_begin(link, &err));
	ASSERT_OK(pg_script(link, "ROLLBACK", &err));
	pg_link_close(link);
}

Test(pg, a_name_that_is_taken_is_a_retry_without_it)
{
	struct pg_link *link = connect_owner();
	struct err err = { 0 };
	char sql[256];
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

	ASSERT_OK(pg_exec(link, "one", "SELECT 1", NULL, NULL, NULL, &err));
	ASSERT_OK(pg_exec(link, NULL, "SELECT name FROM pg_prepared_statements", NULL, &rows, NULL, &err));
	struct slice name = pg_get_bytes(rows, 0, 0);

	cr_expect_gt(name.n, strlen("one"), "it is made of the statement, too");
	pg_link_drop(link);
	ASSERT_OK(pg_link_connect(link, &err));
	snprintf(sql, sizeof sql, "PREPARE \"%.*s\" AS SELECT 1", (int)name.n, name.p);
	ASSERT_OK(pg_script(link, sql, &err));
	ASSERT_KIND(pg_exec(link, "one", "SELECT 1", NULL, NULL, NULL, &err), ERR_RETRY);
	cr_expect_str_eq(err.code, "42P05");
	ASSERT_OK(pg_exec(link, "one", "SELECT 1", NULL, NULL, NULL, &err));
	pg_link_close(link);
}
