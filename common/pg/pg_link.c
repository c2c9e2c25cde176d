/* The connection never blocks in libpq: statements are sent, and the wait for the answer is ours (poll in small
 * steps), so that a stop is seen and a peer that hangs does not hang us. Settings of the session are made right after
 * connecting. Verbosity is SQLSTATE only: of a refused connection libpq gives no code but the one in that text, and it
 * is all we read of any text of the server. */
#include "pg/pg_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"

#include <assert.h>
#include <ctype.h>
#include <poll.h>

enum {
	WAIT_STEP_MS = 100,
	PREPARED_MAX = 256,
	PREPARED_NAME_BYTES = 64, /* NAMEDATALEN of PostgreSQL */
	SETTINGS_BYTES = 512,
	SQLSTATE_BYTES = 5,
	LINE_END_BYTES_MAX = 3, /* CRLF behind a password in its file, or the NUL */
};

struct pg_prepared {
	char name[PREPARED_NAME_BYTES];
};

static const struct {
	const char *prefix;
	enum err_kind kind;
} SQLSTATE_KINDS[] = {
	{ "08", ERR_RETRY }, { "25006", ERR_RETRY }, { "25P03", ERR_RETRY },
	{ "40", ERR_RETRY }, { "53", ERR_RETRY },    { "55P03", ERR_RETRY },
	{ "57", ERR_RETRY }, { "58", ERR_RETRY },    { "54001", ERR_RETRY }, /* the same again after a pause */
	{ "21", ERR_DATA },  { "22", ERR_DATA },     { "23", ERR_DATA },
	{ "54", ERR_DATA }, /* if it carries any */
};			    /* all else is FATAL: 42 is a missing grant or migration */

enum err_kind pg_sort(const char *sqlstate)
{
	if (!sqlstate)
		return ERR_RETRY; /* the line broke; if COMMIT was under way, the cursor tells what happened */
	for (size_t i = 0; i < ARRAY_LEN(SQLSTATE_KINDS); i++)
		if (strncmp(sqlstate, SQLSTATE_KINDS[i].prefix, strlen(SQLSTATE_KINDS[i].prefix)) == 0)
			return SQLSTATE_KINDS[i].kind;
	return ERR_FATAL;
}

/* What a rotation, a failover or a restore does to us for a moment: our user is refused, there is no database of that name,
 * a right is not granted. Before the first answer it is a setting. */
static bool may_pass(const char *sqlstate)
{
	static const char *const PREFIXES[] = { "28", "3D", "42501" };

	for (size_t i = 0; i < ARRAY_LEN(PREFIXES); i++)
		if (strncmp(sqlstate, PREFIXES[i], strlen(PREFIXES[i])) == 0)
			return true;
	return false;
}

static enum err_kind kind_of(struct pg_link *link, const char *sqlstate, enum err_kind at_start)
{
	if (!link->has_answered || !may_pass(sqlstate))
		return at_start;
	if (!link->is_refused)
		log_event(LOG_ERROR, "postgresql.refused", "code=%s why=%s effect=%s", sqlstate,
			  LOG_QUOTED("it took us before: its user, password, database or a grant has changed"),
			  LOG_QUOTED("we wait, and read the password again at each attempt"));
	link->is_refused = true;
	return ERR_RETRY;
}

static void note_answer(struct pg_link *link)
{
	if (link->is_refused)
		log_event(LOG_INFO, "postgresql.admitted", "effect=%s", LOG_QUOTED("it takes us again"));
	link->is_refused = false;
	link->has_answered = true;
}

bool pg_link_is_refused(const struct pg_link *link)
{
	return link->is_refused;
}

/* --- life --- */

static void drop_conninfo(PQconninfoOption **list)
{
	PQconninfoFree(*list);
}

int pg_link_open(const struct pg_options *options, struct pg_link **ret, struct err *err)
{
	char *reason = NULL;
	CLEANUP(drop_conninfo) PQconninfoOption *parsed = PQconninfoParse(options->conninfo, &reason);

	PQfreemem(reason);
	if (!parsed)
		return err_set(err, ERR_CONFIG, "conninfo", "the connection string of PostgreSQL cannot be read");
	struct pg_link *link = calloc(1, sizeof *link);
	struct pg_prepared *prepared = calloc(PREPARED_MAX, sizeof *prepared);

	if (!link || !prepared) {
		free(link);
		free(prepared);
		return err_set(err, ERR_FATAL, "memory", "no memory for a connection to PostgreSQL");
	}
	link->options = *options;
	link->prepared = prepared;
	*ret = link;
	return 0;
}

void pg_link_close(struct pg_link *link)
{
	if (!link)
		return;
	pg_link_drop(link);
	free(link->prepared);
	free(link);
}

void pg_link_drop(struct pg_link *link)
{
	PQfinish(link->conn);
	link->conn = NULL;
	link->prepared_count = 0;
}

bool pg_link_is_up(const struct pg_link *link)
{
	return link->conn && PQstatus(link->conn) == CONNECTION_OK;
}

int pg_require_up(const struct pg_link *link, struct err *err)
{
	if (pg_link_is_up(link))
		return 0;
	return err_set(err, ERR_RETRY, "connection", "PostgreSQL is not connected");
}

/* --- waits --- */

/* Waits one step for the events. *ret_ready: they are there. ERR_STOP: asked to stop. */
static int wait_step(struct pg_link *link, short events, int wait_ms, bool *ret_ready, struct err *err)
{
	struct pollfd fd = { .fd = PQsocket(link->conn), .events = events };

	if (link->options.should_stop && link->options.should_stop()) {
		pg_link_drop(link);
		return err_set(err, ERR_STOP, "stop", "stopped while waiting for PostgreSQL");
	}
	*ret_ready = poll(&fd, 1, MIN(wait_ms, WAIT_STEP_MS)) > 0;
	return 0;
}

int pg_flush(struct pg_link *link, struct err *err)
{
	for (;;) {
		int left = PQflush(link->conn);
		bool is_ready;

		if (left < 0)
			return pg_fail(link, NULL, "send", err);
		if (left == 0)
			return 0;
		int rc = wait_step(link, POLLIN | POLLOUT, WAIT_STEP_MS, &is_ready, err);

		if (rc != 0)
			return rc;
		if (is_ready && !PQconsumeInput(link->conn)) /* an answer unread on both sides would block both */
			return pg_fail(link, NULL, "send", err);
	}
}

int pg_wait_answer(struct pg_link *link, struct err *err)
{
	int rc = pg_flush(link, err);
	bool is_ready = false;

	while (rc == 0 && PQisBusy(link->conn)) {
		rc = wait_step(link, POLLIN, WAIT_STEP_MS, &is_ready, err);
		if (rc == 0 && is_ready && !PQconsumeInput(link->conn))
			return pg_fail(link, NULL, "receive", err);
	}
	return rc;
}

/* --- errors --- */

/* Takes in what is left of the answer. The line may be gone afterwards. */
static void drain_answer(struct pg_link *link)
{
	struct err ignored;

	while (pg_link_is_up(link) && pg_wait_answer(link, &ignored) == 0) {
		CLEANUP(drop_pgresult) PGresult *res = PQgetResult(link->conn);

		if (!res)
			return;
		ExecStatusType status = PQresultStatus(res);

		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
			pg_link_drop(link); /* nobody feeds this COPY: leaving ends it */
			return;
		}
	}
}

static int fail_line(struct pg_link *link, const char *what, struct err *err)
{
	pg_link_drop(link);
	return err_set(err, ERR_RETRY, "connection", "the connection to PostgreSQL broke (%s)", what);
}

int pg_fail(struct pg_link *link, const PGresult *res, const char *what, struct err *err)
{
	const char *sqlstate = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *severity = res ? PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED) : NULL;

	if (!sqlstate && (!res || PQresultStatus(res) == PGRES_FATAL_ERROR))
		return fail_line(link, what, err);
	if (!sqlstate) {
		err_set(err, ERR_FATAL, "answer", "%s: PostgreSQL gave another kind of answer than asked for", what);
		drain_answer(link);
		return -ERR_FATAL;
	}
	const char *constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
	int rc = err_set(err, kind_of(link, sqlstate, pg_sort(sqlstate)), sqlstate,
			 "%s: PostgreSQL answered SQLSTATE %s%s%s", what, sqlstate, constraint ? ", constraint " : "",
			 constraint ? constraint : "");

	if (severity && strcmp(severity, "ERROR") != 0)
		pg_link_drop(link); /* FATAL or PANIC: the server leaves */
	else
		drain_answer(link);
	return rc;
}

/* line: one line of libpq's words, "..: FATAL:  28P01". */
static bool ends_in_sqlstate(struct slice line, char *ret)
{
	while (line.n > 0 && isspace((unsigned char)line.p[line.n - 1]))
		line.n--;
	if (line.n < SQLSTATE_BYTES + 1 || line.p[line.n - SQLSTATE_BYTES - 1] != ' ')
		return false;
	for (size_t i = line.n - SQLSTATE_BYTES; i < line.n; i++)
		if (!isdigit((unsigned char)line.p[i]) && !isupper((unsigned char)line.p[i]))
			return false;
	memcpy(ret, line.p + line.n - SQLSTATE_BYTES, SQLSTATE_BYTES);
	ret[SQLSTATE_BYTES] = '\0';
	return true;
}

/* The SQLSTATE in libpq's words about a refused connection; a line about the password file may follow it. false: none. */
static bool find_sqlstate(const char *text, char *ret)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (ends_in_sqlstate(slice_make(text, n), ret))
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}

static const char *text_or(const char *text, const char *otherwise)
{
	return text && *text ? text : otherwise;
}

static int fail_connect(struct pg_link *link, struct err *err)
{
	char sqlstate[SQLSTATE_BYTES + 1] = "", where[160];
	bool has_state = find_sqlstate(PQerrorMessage(link->conn), sqlstate);
	bool is_refused = PQconnectionNeedsPassword(link->conn) || strncmp(sqlstate, "28", 2) == 0;
	enum err_kind refusal = kind_of(link, is_refused && !has_state ? "28P01" : sqlstate, ERR_CONFIG);

	snprintf(where, sizeof where, "PostgreSQL at %s:%s, database %s", text_or(PQhost(link->conn), "?"),
		 text_or(PQport(link->conn), "?"), text_or(PQdb(link->conn), "?"));
	pg_link_drop(link);
	if (is_refused)
		return err_set(err, refusal, "credentials", "%s refuses our user or password (SQLSTATE %s)", where,
			       text_or(sqlstate, "none"));
	if (strncmp(sqlstate, "3D", 2) == 0)
		return err_set(err, refusal, sqlstate, "%s: there is no such database", where);
	if (has_state)
		return err_set(err, kind_of(link, sqlstate, pg_sort(sqlstate)), sqlstate, "%s does not take us now", where);
	return err_set(err, ERR_RETRY, "connection", "%s cannot be reached", where);
}

/* --- connecting --- */

static void swallow_notice(void *self, const PGresult *res)
{
	(void)self, (void)res; /* a notice may quote data */
}

/* keepalives and tcp_user_timeout end a line whose peer is silently gone; the connection string may say otherwise, as
 * it stands behind them. */
static PGconn *start_connection(const struct pg_options *options, const char *password)
{
	const char *keys[] = { "keepalives_idle",
			       "keepalives_interval",
			       "keepalives_count",
			       "tcp_user_timeout",
			       "client_encoding",
			       "application_name",
			       "dbname",
			       "password",
			       NULL };
	const char *values[] = { "10",	   "5", "3", "20000", "UTF8", options->application, options->conninfo,
				 password, NULL };

	return PQconnectStartParams(keys, values, 1);
}

static int poll_connection(struct pg_link *link, int64_t end_ms, struct err *err)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		int64_t left_ms = end_ms - clock_ms();
		bool is_ready;

		if (left_ms <= 0)
			return fail_connect(link, err);
		int rc = wait_step(link, want == PGRES_POLLING_READING ? POLLIN : POLLOUT, (int)MIN(left_ms, INT32_MAX),
				   &is_ready, err);

		if (rc != 0)
			return rc;
		if (is_ready)
			want = PQconnectPoll(link->conn);
	}
	return want == PGRES_POLLING_OK ? 0 : fail_connect(link, err);
}

static int set_session(struct pg_link *link, struct err *err)
{
	char sql[SETTINGS_BYTES];

	snprintf(sql, sizeof sql,
		 "SET lock_timeout = %u; SET idle_in_transaction_session_timeout = %u; SET statement_timeout = %u;"
		 " SET client_min_messages = error; SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'",
		 link->options.lock_ms, link->options.idle_transaction_ms, link->options.statement_ms);
	return pg_script(link, sql, err);
}

int pg_link_connect(struct pg_link *link, struct err *err)
{
	CLEANUP(strbuf_wipe) struct strbuf password = { 0 };

	if (pg_link_is_up(link))
		return 0;
	pg_link_drop(link);
	strbuf_init(&password, PG_PASSWORD_BYTES_MAX + LINE_END_BYTES_MAX);
	secret_now(&link->options.password, &password);
	link->conn = start_connection(&link->options, password.n > 0 ? strbuf_text(&password) : NULL);
	if (!strbuf_ok(&password))
		return err_set(err, ERR_CONFIG, "credentials", "the password of PostgreSQL is too long");
	if (!link->conn)
		return err_set(err, ERR_FATAL, "memory", "no memory for a connection to PostgreSQL");
	PQsetErrorVerbosity(link->conn, PQERRORS_SQLSTATE);
	PQsetNoticeReceiver(link->conn, swallow_notice, NULL);
	if (PQstatus(link->conn) == CONNECTION_BAD)
		return fail_connect(link, err);
	int rc = poll_connection(link, clock_ms() + link->options.connect_ms, err);

	if (rc != 0)
		return rc;
	if (PQsetnonblocking(link->conn, 1) != 0)
		return fail_line(link, "connect", err);
	return set_session(link, err);
}

/* --- statements --- */

static bool is_answer(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

int pg_collect(struct pg_link *link, const char *what, PGresult **ret, struct err *err)
{
	CLEANUP(drop_pgresult) PGresult *last = NULL;

	for (;;) {
		int rc = pg_wait_answer(link, err);

		if (rc != 0)
			return rc;
		PGresult *res = PQgetResult(link->conn);

		if (!res)
			break;
		PQclear(last);
		last = res;
		if (!is_answer(res))
			return pg_fail(link, res, what, err);
	}
	if (!last)
		return fail_line(link, what, err);
	*ret = last;
	last = NULL;
	return 0;
}

static bool is_prepared(const struct pg_link *link, const char *name)
{
	for (size_t i = 0; i < link->prepared_count; i++)
		if (strcmp(link->prepared[i].name, name) == 0)
			return true;
	return false;
}

static int prepare(struct pg_link *link, const char *name, const char *sql, const struct pg_params *params, struct err *err)
{
	CLEANUP(drop_pgresult) PGresult *res = NULL;

	assert(strlen(name) < PREPARED_NAME_BYTES && link->prepared_count < PREPARED_MAX);
	if (!PQsendPrepare(link->conn, name, sql, params ? params->count : 0, params ? params->types : NULL))
		return pg_fail(link, NULL, name, err);
	int rc = pg_collect(link, name, &res, err);

	if (rc == 0)
		snprintf(link->prepared[link->prepared_count++].name, PREPARED_NAME_BYTES, "%s", name);
	return rc;
}

/* Sends with parameters and results in binary. */
static bool send_statement(struct pg_link *link, const char *name, const char *sql, const struct pg_params *params)
{
	static const struct pg_params NONE = { 0 };
	struct pg_wire_params wire;

	if (!params)
		params = &NONE;
	pg_params_wire(params, &wire);
	if (name)
		return PQsendQueryPrepared(link->conn, name, params->count, wire.values, wire.lengths, wire.formats, 1);
	return PQsendQueryParams(link->conn, sql, params->count, params->types, wire.values, wire.lengths, wire.formats, 1);
}

static int64_t rows_touched(PGresult *res)
{
	const char *text = PQcmdTuples(res);
	int64_t count = 0;

	return num_parse_i64(slice_of(text), 0, INT64_MAX, &count) ? count : 0;
}

int pg_exec(struct pg_link *link, const char *name, const char *sql, const struct pg_params *params,
	    struct pg_rows **ret, int64_t *ret_affected, struct err *err)
{
	const char *what = name ? name : "statement";
	CLEANUP(drop_pgresult) PGresult *res = NULL;
	int rc = pg_require_up(link, err);

	if (rc == 0 && name && !is_prepared(link, name))
		rc = prepare(link, name, sql, params, err);
	if (rc != 0)
		return rc;
	if (!send_statement(link, name, sql, params))
		return pg_fail(link, NULL, what, err);
	rc = pg_collect(link, what, &res, err);
	if (rc != 0)
		return rc;
	note_answer(link);
	if (ret_affected)
		*ret_affected = rows_touched(res);
	if (ret) {
		*ret = (struct pg_rows *)res;
		res = NULL;
	}
	return 0;
}

int pg_script(struct pg_link *link, const char *sql, struct err *err)
{
	CLEANUP(drop_pgresult) PGresult *res = NULL;
	int rc = pg_require_up(link, err);

	if (rc != 0)
		return rc;
	if (!PQsendQuery(link->conn, sql))
		return pg_fail(link, NULL, "script", err);
	return pg_collect(link, "script", &res, err);
}

/* --- streams --- */

static void drop_cancel(PGcancel **cancel)
{
	PQfreeCancel(*cancel);
}

/* The receiver has enough: ask the server to end, and take in what is under way. */
static void end_stream(struct pg_link *link)
{
	CLEANUP(drop_cancel) PGcancel *cancel = PQgetCancel(link->conn);
	char reason[256];

	if (!cancel || !PQcancel(cancel, reason, sizeof reason))
		pg_link_drop(link);
	else
		drain_answer(link);
}

int pg_stream(struct pg_link *link, const char *sql, const struct pg_params *params,
	      int (*each)(void *self, const struct pg_rows *row, struct err *err), void *self, struct err *err)
{
	bool has_ended = false;
	int rc = pg_require_up(link, err);

	if (rc != 0)
		return rc;
	if (!send_statement(link, NULL, sql, params) || !PQsetSingleRowMode(link->conn))
		return pg_fail(link, NULL, "stream", err);
	for (;;) {
		rc = pg_wait_answer(link, err);
		if (rc != 0)
			return rc;
		CLEANUP(drop_pgresult) PGresult *res = PQgetResult(link->conn);

		if (!res)
			return has_ended ? 0 : fail_line(link, "stream", err);
		if (PQresultStatus(res) != PGRES_SINGLE_TUPLE && !is_answer(res))
			return pg_fail(link, res, "stream", err);
		if (PQresultStatus(res) != PGRES_SINGLE_TUPLE) {
			has_ended = true; /* all rows have come: without this, nothing more is no end but a fault */
			continue;
		}
		rc = each(self, (const struct pg_rows *)res, err);
		if (rc != 0) {
			end_stream(link);
			return rc;
		}
	}
}

/* --- results: struct pg_rows is the PGresult, seen from outside --- */

static const PGresult *result_of(const struct pg_rows *rows)
{
	return (const PGresult *)rows;
}

size_t pg_rows_count(const struct pg_rows *rows)
{
	return (size_t)PQntuples(result_of(rows));
}

bool pg_is_null(const struct pg_rows *rows, size_t row, int column)
{
	return PQgetisnull(result_of(rows), (int)row, column);
}

struct slice pg_get_bytes(const struct pg_rows *rows, size_t row, int column)
{
	assert(row < pg_rows_count(rows) && column >= 0 && column < PQnfields(result_of(rows)));
	return slice_make(PQgetvalue(result_of(rows), (int)row, column),
			  (size_t)PQgetlength(result_of(rows), (int)row, column));
}

int64_t pg_get_i64(const struct pg_rows *rows, size_t row, int column)
{
	struct slice value = pg_get_bytes(rows, row, column);
	uint16_t half;

	switch (value.n) {
	case 0:
		return 0;
	case 2:
		memcpy(&half, value.p, sizeof half);
		return (int16_t)__builtin_bswap16(half);
	case 4:
		return (int32_t)num_get_be32((const uint8_t *)value.p);
	default:
		assert(value.n == 8);
		return (int64_t)num_get_be64((const uint8_t *)value.p);
	}
}

int32_t pg_get_i32(const struct pg_rows *rows, size_t row, int column)
{
	assert(pg_get_bytes(rows, row, column).n <= 4);
	return (int32_t)pg_get_i64(rows, row, column);
}

int16_t pg_get_i16(const struct pg_rows *rows, size_t row, int column)
{
	assert(pg_get_bytes(rows, row, column).n <= 2);
	return (int16_t)pg_get_i64(rows, row, column);
}

bool pg_get_bool(const struct pg_rows *rows, size_t row, int column)
{
	struct slice value = pg_get_bytes(rows, row, column);

	assert(value.n <= 1);
	return value.n == 1 && value.p[0] != 0;
}

void pg_rows_free(struct pg_rows *rows)
{
	PQclear((PGresult *)rows);
}
