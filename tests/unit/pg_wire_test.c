#include "pg/pg_copy.h"
#include "pg/pg_internal.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
	const char *sqlstate;
	enum err_kind want;
	const char *why;
} SORT_ROWS[] = {
	{ NULL, ERR_RETRY, "the line broke" },
	{ "08006", ERR_RETRY, "connection failure" },
	{ "25006", ERR_RETRY, "read-only" },
	{ "25P03", ERR_RETRY, "idle too long" },
	{ "25P02", ERR_FATAL, "our bug" },
	{ "40001", ERR_RETRY, "serialisation" },
	{ "40P01", ERR_RETRY, "deadlock" },
	{ "53100", ERR_RETRY, "disk full" },
	{ "53300", ERR_RETRY, "too many of us" },
	{ "55P03", ERR_RETRY, "lock held" },
	{ "55000", ERR_FATAL, "our bug" },
	{ "57P01", ERR_RETRY, "shut down" },
	{ "57014", ERR_RETRY, "took too long" },
	{ "58030", ERR_RETRY, "input or output" },
	{ "21000", ERR_DATA, "one row twice" },
	{ "22001", ERR_DATA, "too long" },
	{ "23505", ERR_DATA, "unique" },
	{ "54000", ERR_DATA, "a limit of the server" },
	{ "54001", ERR_RETRY, "its stack" },
	{ "53200", ERR_RETRY, "its memory" },
	{ "42501", ERR_CONFIG, "a missing grant" },
	{ "42P01", ERR_FATAL, "a missing migration" },
	{ "XX000", ERR_FATAL, "a bug of theirs" },
	{ "0A000", ERR_FATAL, "not supported" },
};

Test(pg, sorts_sqlstates_by_what_a_caller_can_do)
{
	for (size_t i = 0; i < ARRAY_LEN(SORT_ROWS); i++)
		cr_expect_eq(pg_sort(SORT_ROWS[i].sqlstate), SORT_ROWS[i].want, "%s",
			     SORT_ROWS[i].sqlstate ? SORT_ROWS[i].sqlstate : "none");
}

/* An operator reads these; the server's own words may quote data. */
Test(pg, each_sqlstate_of_a_server_that_does_not_serve_has_a_sentence)
{
	static const char *const ROWS[][2] = {
		{ "28000", "pg_hba.conf" }, { "28P01", "VALID UNTIL" }, { "53300", "max_connections" },
		{ "53100", "disk" },	    { "42703", "column" },	{ "42P01", "table" },
		{ "57P03", "recovering" },  { "P0001", "trigger" },	{ "XX001", "corrupted" },
		{ "XX000", "see its log" }, { "99999", "refuses it" },	{ "53400", "temp_file_limit" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect(strstr(pg_meaning_of(ROWS[i][0]), ROWS[i][1]), "%s: %s", ROWS[i][0],
			  pg_meaning_of(ROWS[i][0]));
	cr_expect_eq(pg_cause_of("42703"), PEER_OBJECT);
}

Test(pg, parameters_are_in_network_order_also_in_a_copy)
{
	struct pg_params params = { 0 };
	struct pg_wire_params wire;

	pg_add_i16(&params, 0x0102);
	pg_add_i32(&params, -2);
	pg_add_i64(&params, 0x0102030405060708);
	pg_add_bool(&params, true);
	pg_add_null(&params, PG_I32);
	pg_add_text(&params, (struct slice){ 0 });
	struct pg_params copy = params;

	pg_params_reset(&params);
	memset(params.scalars, 0, sizeof params.scalars);
	pg_params_wire(&copy, &wire);
	cr_expect_arr_eq(wire.values[0], "\1\2", 2);
	cr_expect_arr_eq(wire.values[1], "\xff\xff\xff\xfe", 4);
	cr_expect_arr_eq(wire.values[2], "\1\2\3\4\5\6\7\10", 8);
	cr_expect_arr_eq(wire.values[3], "\1", 1);
	cr_expect_null(wire.values[4]);
	cr_expect_not_null(wire.values[5], "an empty text is no NULL");
	static const int LENGTHS[] = { 2, 4, 8, 1, 0, 0 };

	cr_expect_arr_eq(wire.lengths, LENGTHS, sizeof LENGTHS);
	cr_expect_eq(copy.types[4], PG_I32);
	cr_expect_eq(params.count, 0);
}

Test(pg, takes_as_many_parameters_as_it_says)
{
	struct pg_params params = { 0 };
	struct pg_wire_params wire;

	for (int i = 0; i < PG_PARAMS_MAX; i++)
		pg_add_i32(&params, i);
	pg_params_wire(&params, &wire);
	cr_expect_arr_eq(wire.values[PG_PARAMS_MAX - 1], "\0\0\0\x1f", 4);
}

Test(pg, arrays_have_their_count_and_an_empty_one_no_dimension)
{
	static const char TWO[] = "\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\7\0\0\0\4\xff\xff\xff\xff";
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 1024);
	strbuf_add_text(&out, "x"); /* an array may start anywhere */
	pg_array_begin(&out, PG_I32);
	pg_array_add_i32(&out, 7);
	pg_array_add_i32(&out, -1);
	pg_array_end(&out, 1, 2);
	cr_assert_eq(out.n, 1 + sizeof TWO - 1);
	cr_expect_arr_eq(out.p + 1, TWO, sizeof TWO - 1);
	size_t start = out.n;

	pg_array_begin(&out, PG_UUID);
	pg_array_end(&out, start, 0);
	cr_assert_eq(out.n - start, 12);
	cr_expect_arr_eq(out.p + start, "\0\0\0\0\0\0\0\0\0\0\x0b\x86", 12);
}

Test(pg, an_array_that_does_not_fit_shows_in_its_buffer)
{
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 10);
	pg_array_begin(&out, PG_I64);
	pg_array_add_i64(&out, 1);
	pg_array_end(&out, 0, 1);
	cr_expect_not(strbuf_ok(&out));
}

Test(pg, rows_of_a_copy_are_in_network_order)
{
	static const char ROW[] = "\0\5\0\0\0\2\1\2\0\0\0\1\1\xff\xff\xff\xff\0\0\0\3abc\0\0\0\10\0\0\0\0\0\0\0\1";
	CLEANUP(strbuf_drop) struct strbuf out;

	strbuf_init(&out, 1024);
	pg_copy_row(&out, 5);
	pg_copy_i16(&out, 0x0102);
	pg_copy_bool(&out, true);
	pg_copy_null(&out);
	pg_copy_bytes(&out, SLICE_LITERAL("abc"));
	pg_copy_i64(&out, 1);
	cr_assert_eq(out.n, sizeof ROW - 1);
	cr_expect_arr_eq(out.p, ROW, sizeof ROW - 1);
}

Test(pg, a_connection_string_that_cannot_be_read_is_a_setting)
{
	struct pg_options options = { .conninfo = "host=", .connect_ms = 100 };
	struct pg_link *link = NULL;
	struct err err;

	cr_expect_eq(pg_link_open(&options, &link, &err), 0, "an empty host is the default one");
	pg_link_close(link);
	options.conninfo = "hots=secret";
	cr_expect_eq(pg_link_open(&options, &link, &err), -ERR_CONFIG);
	cr_expect_null(strstr(err.text, "secret"));
	pg_link_close(NULL);
}

Test(pg, without_a_line_each_call_is_a_retry)
{
	struct pg_options options = { .conninfo = "host=127.0.0.1 port=1", .connect_ms = 100 };
	struct pg_link *link = NULL;
	struct err err;

	cr_assert_eq(pg_link_open(&options, &link, &err), 0);
	cr_expect_not(pg_link_is_up(link));
	cr_expect_eq(pg_script(link, "SELECT 1", &err), -ERR_RETRY);
	cr_expect_eq(pg_exec(link, "a", "SELECT 1", NULL, NULL, NULL, &err), -ERR_RETRY);
	cr_expect_eq(pg_copy_run(link, "t", "i", (struct slice){ 0 }, &err), -ERR_RETRY);
	cr_expect_eq(pg_link_connect(link, &err), -ERR_RETRY);
	pg_link_close(link);
}

Test(pg, what_a_server_refuses_is_named_if_it_is_sure_to_be_a_name)
{
	static const struct {
		const char *sqlstate, *words, *subject;
	} ROWS[] = {
		{ "42501", "permission denied for table delivery", "table delivery" },
		{ "42501", "permission denied for schema register", "schema register" },
		{ "42501", "permission denied for function grant_rights", "function grant_rights" },
		{ "42501", "permission denied for table delivery of 123456782", "" },
		{ "42501", "keine Berechtigung f\303\274r Tabelle delivery", "" },
		{ "42P01", "relation \"register.delivery\" does not exist", "table register.delivery" },
		{ "42883", "function register.f(integer) does not exist", "function register.f" },
		{ "3F000", "schema \"register\" does not exist", "schema register" },
		{ "22P02", "invalid input syntax for type integer: \"123456782\"", "" },
		{ "42501", NULL, "" },
	};
	char text[160];

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		pg_subject_of(ROWS[i].sqlstate, ROWS[i].words, text, sizeof text);
		cr_expect_str_eq(text, ROWS[i].subject, "%s", ROWS[i].words ? ROWS[i].words : "NULL");
	}
}

/* What a variable of the environment does looks like a server that is away. */
Test(pg_environment, a_connection_that_cannot_even_be_begun_is_a_setting)
{
	struct pg_options options = { .conninfo = "host=127.0.0.1 port=1 dbname=x user=x",
				      .application = "test",
				      .connect_ms = 60000 };
	struct pg_link *link = NULL;
	struct err err = { 0 };

	cr_assert_eq(pg_link_open(&options, &link, &err), 0);
	cr_expect_eq(pg_link_connect(link, &err), -ERR_RETRY);
	cr_expect(strstr(err.text, "cannot be reached: it refuses the connection"), "%s", err.text);
	cr_expect(!strstr(err.text, "our environment"), "%s", err.text);
	setenv("PGGSSENCMODE", "disable", 1);
	cr_expect_eq(pg_link_connect(link, &err), -ERR_RETRY);
	cr_expect(strstr(err.text, "; our environment sets PGGSSENCMODE"), "%s", err.text);
	setenv("PGSERVICE", "no-such-service", 1);
	cr_expect_eq(pg_link_connect(link, &err), -ERR_CONFIG);
	cr_expect(strstr(err.text, "environment"), "%s", err.text);
	pg_link_close(link);
}

static void *end_each_line(void *door)
{
	for (;;) {
		int line = accept(*(int *)door, NULL, NULL);

		if (line >= 0)
			close(line);
	}
	return NULL;
}

/* libpq goes on without these files where sslmode does not want them: a server that starts or ends is no setting. */
Test(pg, a_line_that_ends_is_waited_for_whatever_files_are_named)
{
	static const char *const FILES[] = { "sslmode=disable sslrootcert=/nowhere/ca.crt",
					     "sslmode=require sslrootcert=/nowhere/ca.crt",
					     "sslmode=require sslcert=/nowhere/our.crt sslkey=/nowhere/our.key" };
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int door = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;

	cr_assert(bind(door, (struct sockaddr *)&at, n) == 0 && listen(door, 8) == 0 &&
		  getsockname(door, (struct sockaddr *)&at, &n) == 0);
	cr_assert_eq(pthread_create(&thread, NULL, end_each_line, &door), 0);
	for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
		char conninfo[160];
		struct pg_options options = { .conninfo = conninfo, .connect_ms = 10000 };
		struct pg_link *link = NULL;
		struct err err = { 0 };

		snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%u %s", ntohs(at.sin_port), FILES[i]);
		cr_assert_eq(pg_link_open(&options, &link, &err), 0);
		cr_expect_eq(pg_link_connect(link, &err), -ERR_RETRY, "%s: %s", FILES[i], err.text);
		cr_expect(strstr(err.text, "ends the connection"), "%s: %s", FILES[i], err.text);
		pg_link_close(link);
	}
}

Test(pg_environment, what_changes_how_we_connect_is_logged)
{
	FILE *caught = tmpfile();
	char text[1024] = "";

	cr_assert(caught);
	setenv("PGPASSFILE", "/dev/null", 1);
	setenv("PGHOSTADDR", "192.0.2.1", 1);
	int saved = dup(STDERR_FILENO);

	dup2(fileno(caught), STDERR_FILENO);
	pg_note_environment();
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(caught);
	cr_assert_gt(fread(text, 1, sizeof text - 1, caught), 0);
	fclose(caught);
	cr_expect(strstr(text, "event=postgresql.environment name=PGHOSTADDR"), "%s", text);
	cr_expect_not(strstr(text, "PGPASSFILE") || strstr(text, "192.0.2.1"), "%s", text);
}

/* One row of one column. text: NULL is null. */
static PGresult *answer_of(uint32_t type, int length, const char *text, int bytes)
{
	PGresAttDesc column = {
		.name = (char[]){ "volgnummer" }, .format = 1, .typid = type, .typlen = -1, .atttypmod = length
	};
	PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	char value[32] = "";

	cr_assert(res && PQsetResultAttrs(res, 1, &column));
	memcpy(value, text ? text : "", (size_t)bytes);
	cr_assert(PQsetvalue(res, 0, 0, text ? value : NULL, text ? bytes : -1));
	return res;
}

static const char EIGHT[] = "\0\0\0\0\0\0\0\7";

static const struct {
	const char *columns, *said; /* NULL: it is as asked for */
	uint32_t type;
	int length; /* as atttypmod; -1: none */
	const char *value;
	int bytes;
} COLUMN_ROWS[] = {
	{ "l", NULL, PG_I64, -1, EIGHT, 8 },
	{ "l", NULL, PG_I32, -1, EIGHT, 4 },
	{ "!l", "is integer and not bigint", PG_I32, -1, EIGHT, 4 },
	{ "i", "is bigint and not integer", PG_I64, -1, EIGHT, 8 },
	{ "l", "is text and not bigint", PG_TEXT, -1, "7", 1 },
	{ "l", "is double precision and not bigint", 701, -1, EIGHT, 8 },
	{ "l", "is type 4711 and not bigint", 4711, -1, EIGHT, 8 },
	{ "b", "is integer and not boolean", PG_I32, -1, EIGHT, 4 },
	{ "l", "a null", PG_I64, -1, NULL, 0 },
	{ "L", NULL, PG_I64, -1, NULL, 0 },
	{ "t", NULL, PG_TEXT, -1, "x", 1 },
	{ "t", NULL, 1043, 24, "x", 1 },
	{ "!t", NULL, 1043, -1, "x", 1 },
	{ "!t", "is varchar and not text", 1043, 24, "x", 1 },
	{ "t", "is char and not text", 1042, 24, "x", 1 },
	{ "x8", NULL, PG_BYTEA, -1, EIGHT, 8 },
	{ "x8", "another length", PG_BYTEA, -1, EIGHT, 7 },
	{ "X8", NULL, PG_BYTEA, -1, NULL, 0 },
	{ "x", NULL, PG_BYTEA, -1, "", 0 },
	{ "u", "is text and not uuid", PG_TEXT, -1, EIGHT, 8 },
	{ "ll", "1 columns", PG_I64, -1, EIGHT, 8 },
	{ "", "1 columns", PG_I64, -1, EIGHT, 8 },
	{ "=l", NULL, PG_I64, -1, EIGHT, 8 },
	{ NULL, NULL, PG_TEXT, -1, "7", 1 },
};

/* Somebody alters a table under us: what comes back is looked at before a value of it is read. */
Test(pg, an_answer_of_other_columns_is_one_of_a_register_that_was_altered)
{
	struct pg_options options = { .conninfo = "host=127.0.0.1 port=1", .faults_pass = true };
	struct pg_link *link = NULL;
	struct err err = { 0 };

	cr_assert_eq(pg_link_open(&options, &link, &err), 0);
	for (int worked = 0; worked < 2; worked++) {
		for (size_t i = 0; i < ARRAY_LEN(COLUMN_ROWS); i++) {
			PGresult *res = answer_of(COLUMN_ROWS[i].type, COLUMN_ROWS[i].length, COLUMN_ROWS[i].value,
						  COLUMN_ROWS[i].bytes);
			int rc = pg_columns_check(link, "it", COLUMN_ROWS[i].columns, res, &err);

			cr_expect_eq(rc,
				     !COLUMN_ROWS[i].said ? 0
				     : worked		  ? -ERR_RETRY
							  : -ERR_CONFIG,
				     "row %zu: %d", i, rc);
			cr_expect(rc == 0 || (strstr(err.text, COLUMN_ROWS[i].said) && strstr(err.text, "altered")),
				  "row %zu: %s", i, err.text);
			cr_expect(rc == 0 || strcmp(err.code, "42804") == 0, "row %zu: %s", i, err.code);
			PQclear(res);
		}
		pg_link_settle(link);
	}
	PGresult *none = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	cr_expect_eq(pg_columns_check(link, "it", "=", none, &err), -ERR_RETRY, "no row where one is wanted");
	cr_expect(strstr(err.text, "0 rows"), "%s", err.text);
	PQclear(none);
	pg_link_close(link);
}

static int ended_with = 0;
static jmp_buf back;

static void note_altered(const struct err *err)
{
	ended_with = err->kind;
	longjmp(back, 1);
}

/* instroomctl asks many things once: where columns were not named, it ends with a sentence, never with an abort. */
Test(pg, a_value_of_another_type_ends_a_program_in_order)
{
	PGresult *res = answer_of(PG_TEXT, -1, "seven", 5);
	const struct pg_rows *rows = (const struct pg_rows *)res;

	pg_set_altered(note_altered);
	for (volatile int i = 0; i < 7; i++) {
		ended_with = 0;
		if (setjmp(back) == 0) {
			if (i == 0)
				(void)pg_get_i64(rows, 0, 0);
			if (i == 1)
				(void)pg_get_i32(rows, 0, 0);
			if (i == 2)
				(void)pg_get_i16(rows, 0, 0);
			if (i == 3)
				(void)pg_get_bool(rows, 0, 0);
			if (i == 4)
				(void)pg_get_bytes(rows, 1, 0);
			if (i == 5)
				(void)pg_get_bytes(rows, 0, 1);
			if (i == 6)
				(void)pg_is_null(rows, 0, 1);
		}
		cr_expect_eq(ended_with, ERR_CONFIG, "reader %d", i);
	}
	PQclear(res);
}
