/* The connection never blocks in libpq: statements are sent, and the wait for the answer is ours (poll in small
 * steps), so that a stop is seen and a peer that hangs does not hang us. Settings of the session are made right after
 * connecting (pg_connect.c).
 *
 * A server that answers 25006, or is shutting down, starting or recovering (57P01 to 57P05), is the wrong one to ask
 * again: its connection is left, and the next connect asks the names again. So is one that has become read-only or a
 * standby since we connected, as far as it says so (PostgreSQL 14 does).
 *
 * Behind a pooler in transaction mode prepared statements are another client's, or gone (42P05, 26000). The name of one
 * is made of its text, so that a statement of that name is the same wherever it was prepared; at the first such answer
 * the link does without them, and the settings of the session go with each transaction. */
#include "pg/pg_internal.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "base/peer_cause.h"

#include <assert.h>
#include <poll.h>
#include <unistd.h>

enum {
	WAIT_STEP_MS = 100,
	PREPARED_MAX = 256,
	PREPARED_NAME_BYTES = 64, /* NAMEDATALEN of PostgreSQL */
	PREPARED_HASH_BYTES = 18, /* of it: _, 16 digits and the end */
	BEGIN_BYTES = PG_SESSION_BYTES + 64,
	EXIT_OF_ALTERED = 78, /* EXIT_SETTINGS */
};

struct pg_prepared {
	char name[PREPARED_NAME_BYTES];	     /* ours */
	char wire_name[PREPARED_NAME_BYTES]; /* the server's */
};

/* Behind a pooler: prepared by another client, or for one. */
static const char DUPLICATE_PREPARED[] = "42P05", UNKNOWN_PREPARED[] = "26000";

/* It tells our own statements apart, and those of another release. */
static uint64_t hash_statement(const char *sql, const struct pg_params *params)
{
	uint64_t hash = hash_add(HASH_BEGIN, sql, strlen(sql));

	return params ? hash_add(hash, params->types, (size_t)params->count * sizeof params->types[0]) : hash;
}

static bool has_worked(const struct pg_link *link, uint64_t statement)
{
	for (size_t i = 0; i < link->worked_count; i++)
		if (link->worked[i] == statement)
			return true;
	return false;
}

static bool begins_with_one_of(const char *sqlstate, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(sqlstate, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* What a rotation, a failover, a restore or a migration does to us for a moment: our user is refused, a right is not
 * granted, there is no database of that name, nor a table that was there. Before the first answer it is a setting, or a
 * bug. */
static bool may_pass(const struct pg_link *link, const char *sqlstate)
{
	/* 55000 at a connect: the database takes no connections, as while it is restored */
	static const char *const PASSING[] = { "28", "3D", "42501", "55000" };
	/* a trigger that is not ours, and a fault of its own: no setting of ours either, but maybe of one row only */
	static const char *const FAULTS[] = { "P0", "XX" };
	static const char CHANGED[] = "0A000";
	bool worked = has_worked(link, link->statement), faults_pass = link->options.faults_pass;

	if (link->is_settled)
		return true;
	if (worked && (faults_pass || pg_cause_of(sqlstate) == PEER_OBJECT || strcmp(sqlstate, CHANGED) == 0))
		return true;
	return link->has_answered && (begins_with_one_of(sqlstate, PASSING, ARRAY_LEN(PASSING)) ||
				      (faults_pass && begins_with_one_of(sqlstate, FAULTS, ARRAY_LEN(FAULTS))));
}

void pg_note_refusal(const struct pg_link *link, enum peer_cause cause)
{
	char where[PEER_WHERE_BYTES];

	pg_place_of(link->conn, where);
	if (cause == PEER_AWAY)
		peer_is_away(PEER_POSTGRESQL, PEER_LINE_NOT_NOW, where);
	else
		peer_note_at(PEER_POSTGRESQL, cause, where); /* logged by its own event, postgresql.refused */
}

enum err_kind pg_kind_of(struct pg_link *link, const char *sqlstate, enum err_kind at_start)
{
	char where[PEER_WHERE_BYTES];

	if (at_start == ERR_DATA)
		peer_count(PEER_POSTGRESQL, pg_cause_of(sqlstate));
	else
		pg_note_refusal(link, pg_cause_of(sqlstate));
	if (at_start == ERR_RETRY || at_start == ERR_DATA || !may_pass(link, sqlstate))
		return at_start;
	if (!link->is_refused)
		log_event(LOG_ERROR, "postgresql.refused", "code=%s where=%s why=%s effect=%s", sqlstate,
			  LOG_QUOTED(pg_place_of(link->conn, where)), LOG_QUOTED(pg_meaning_of(sqlstate)),
			  LOG_QUOTED("it served us before: we wait, and read the password again at each attempt"));
	link->is_refused = true;
	link->refused = link->statement;
	return ERR_RETRY;
}

static void note_admitted(struct pg_link *link)
{
	if (link->is_refused)
		log_event(LOG_INFO, "postgresql.admitted", "effect=%s", LOG_QUOTED("it serves us again"));
	link->is_refused = false;
}

void pg_link_settle(struct pg_link *link)
{
	link->is_settled = true;
	note_admitted(link);
}

bool pg_link_is_settled(const struct pg_link *link)
{
	return link->is_settled;
}

void pg_note_sent(struct pg_link *link, const char *sql, const struct pg_params *params)
{
	link->statement = hash_statement(sql, params);
}

/* A refusal is over when what was refused works: another statement of the transaction says nothing of it. */
void pg_note_worked(struct pg_link *link)
{
	if (link->refused == 0 || link->refused == link->statement)
		note_admitted(link);
	if (!has_worked(link, link->statement) && link->worked_count < PG_WORKED_MAX)
		link->worked[link->worked_count++] = link->statement;
}

static void note_answer(struct pg_link *link)
{
	link->has_answered = true;
	pg_note_worked(link);
	peer_answered(PEER_POSTGRESQL);
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

	bool is_out_of_memory = !parsed && !reason;

	PQfreemem(reason);
	if (is_out_of_memory)
		return err_set(err, ERR_FATAL, "memory", "no memory for the connection string of PostgreSQL");
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

/* Between transactions only: inside one the server says so itself. */
static bool has_turned(const struct pg_link *link)
{
	const char *standby = PQparameterStatus(link->conn, "in_hot_standby");
	const char *read_only = PQparameterStatus(link->conn, "default_transaction_read_only");

	return PQtransactionStatus(link->conn) == PQTRANS_IDLE &&
	       ((standby && strcmp(standby, "on") == 0 && !link->was_standby) ||
		(read_only && strcmp(read_only, "on") == 0 && !link->was_read_only));
}

int pg_require_up(struct pg_link *link, struct err *err)
{
	if (pg_link_is_up(link) && has_turned(link)) {
		pg_timeline_doubt();
		pg_link_drop(link);
		return err_set(err, ERR_RETRY, "read-only",
			       "PostgreSQL has become read-only: its names are asked again");
	}
	if (pg_link_is_up(link))
		return 0;
	return err_set(err, ERR_RETRY, "connection", "PostgreSQL is not connected");
}

/* --- waits --- */

/* Waits one step for the events. *ret_ready: they are there. ERR_STOP: asked to stop. */
int pg_wait_step(struct pg_link *link, short events, int wait_ms, bool *ret_ready, struct err *err)
{
	struct pollfd fd = { .fd = PQsocket(link->conn), .events = events };

	if (link->options.should_stop && link->options.should_stop()) {
		pg_link_drop(link);
		return err_set(err, ERR_STOP, "stop", "stopped while waiting for PostgreSQL");
	}
	*ret_ready = poll(&fd, 1, MIN(wait_ms, WAIT_STEP_MS)) > 0;
	return 0;
}

static bool is_overdue(const struct pg_link *link, int64_t now_ms, int64_t waited_ms)
{
	const struct pg_options *options = &link->options;

	return (link->answer_by_ms > 0 && now_ms >= link->answer_by_ms) ||
	       (options->statement_ms > 0 && waited_ms >= (int64_t)options->statement_ms + options->connect_ms);
}

/* As pg_wait_step, for what began at start_ms. ERR_RETRY: it takes longer than it may. */
static int wait_within(struct pg_link *link, short events, int64_t start_ms, bool *ret_ready, struct err *err)
{
	int64_t now_ms = clock_ms();

	if (is_overdue(link, now_ms, now_ms - start_ms))
		return pg_fail(link, NULL, "no answer in time", err);
	if (link->options.waits)
		link->options.waits(link->options.waits_self, now_ms - start_ms);
	return pg_wait_step(link, events, WAIT_STEP_MS, ret_ready, err);
}

int pg_flush(struct pg_link *link, struct err *err)
{
	int64_t start_ms = clock_ms();

	for (;;) {
		int left = PQflush(link->conn);
		bool is_ready = false;

		if (left < 0)
			return pg_fail(link, NULL, "send", err);
		if (left == 0)
			return 0;
		int rc = wait_within(link, POLLIN | POLLOUT, start_ms, &is_ready, err);

		if (rc != 0)
			return rc;
		if (is_ready && !PQconsumeInput(link->conn)) /* an answer unread on both sides would block both */
			return pg_fail(link, NULL, "send", err);
	}
}

int pg_wait_answer(struct pg_link *link, struct err *err)
{
	int64_t start_ms = clock_ms();
	int rc = pg_flush(link, err);
	bool is_ready = false;

	while (rc == 0 && PQisBusy(link->conn)) {
		rc = wait_within(link, POLLIN, start_ms, &is_ready, err);
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
	pg_timeline_doubt();
	pg_link_drop(link);
	return err_set(err, ERR_RETRY, "connection", "the connection to PostgreSQL broke (%s)", what);
}

static bool is_wrong_server(const char *sqlstate)
{
	return strcmp(sqlstate, "25006") == 0 || strncmp(sqlstate, "57P0", 4) == 0;
}

static void note_pooler(struct pg_link *link, const char *sqlstate)
{
	if (link->has_pooler || (strcmp(sqlstate, DUPLICATE_PREPARED) != 0 && strcmp(sqlstate, UNKNOWN_PREPARED) != 0))
		return;
	link->has_pooler = true;
	log_event(LOG_WARN, "postgresql.pooled", "code=%s why=%s effect=%s", sqlstate,
		  LOG_QUOTED("a pooler gives our connection to others between transactions"),
		  LOG_QUOTED("statements are not prepared any more, which costs time"));
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
	enum err_kind sorted = pg_sort(sqlstate), kind = pg_kind_of(link, sqlstate, sorted);
	bool is_stale = sorted == ERR_FATAL && kind == ERR_RETRY; /* what was prepared may be of tables as they were */
	int rc = -(int)kind;
	char subject[160];

	pg_subject_of(sqlstate, PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY), subject, sizeof subject);
	err_set(err, kind, sqlstate, "%s: PostgreSQL %s (SQLSTATE %s%s%s%s%s)", what, pg_meaning_of(sqlstate), sqlstate,
		constraint ? ", constraint " : "", constraint ? constraint : "", *subject ? ", " : "", subject);

	note_pooler(link, sqlstate);
	if ((severity && strcmp(severity, "ERROR") != 0) || is_wrong_server(sqlstate)) {
		pg_timeline_doubt();
		pg_link_drop(link); /* FATAL or PANIC: the server leaves */
	} else if (is_stale) {
		pg_link_drop(link);
	} else {
		drain_answer(link);
	}
	return rc;
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

static const struct pg_prepared *find_prepared(const struct pg_link *link, const char *name)
{
	for (size_t i = 0; i < link->prepared_count; i++)
		if (strcmp(link->prepared[i].name, name) == 0)
			return &link->prepared[i];
	return NULL;
}

/* *ret_name: under which it is executed; NULL: it is not prepared. */
static int prepare(struct pg_link *link, const char *name, const char *sql, const struct pg_params *params,
		   const char **ret_name, struct err *err)
{
	CLEANUP(drop_pgresult) PGresult *res = NULL;
	const struct pg_prepared *known = name ? find_prepared(link, name) : NULL;
	struct pg_prepared *made = &link->prepared[link->prepared_count];

	*ret_name = known && !link->has_pooler ? known->wire_name : NULL;
	if (!name || known || link->has_pooler)
		return 0;
	assert(strlen(name) < PREPARED_NAME_BYTES - PREPARED_HASH_BYTES && link->prepared_count < PREPARED_MAX);
	snprintf(made->name, sizeof made->name, "%s", name);
	snprintf(made->wire_name, sizeof made->wire_name, "%.*s_%016llx", PREPARED_NAME_BYTES - PREPARED_HASH_BYTES,
		 name, (unsigned long long)hash_statement(sql, params));
	if (!PQsendPrepare(link->conn, made->wire_name, sql, params ? params->count : 0, params ? params->types : NULL))
		return pg_fail(link, NULL, name, err);
	int rc = pg_collect(link, name, &res, err);

	if (rc == 0) {
		link->prepared_count++;
		*ret_name = made->wire_name;
	}
	return rc;
}

/* Sends with parameters and results in binary. */
static bool send_statement(struct pg_link *link, const char *wire_name, const char *sql, const struct pg_params *params)
{
	static const struct pg_params NONE = { 0 };
	struct pg_wire_params wire;

	if (!params)
		params = &NONE;
	pg_params_wire(params, &wire);
	if (wire_name)
		return PQsendQueryPrepared(link->conn, wire_name, params->count, wire.values, wire.lengths,
					   wire.formats, 1);
	return PQsendQueryParams(link->conn, sql, params->count, params->types, wire.values, wire.lengths, wire.formats,
				 1);
}

static int64_t rows_touched(PGresult *res)
{
	const char *text = PQcmdTuples(res);
	int64_t count = 0;

	return num_parse_i64(slice_of(text), 0, INT64_MAX, &count) ? count : 0;
}

static int require_ready(struct pg_link *link, const struct pg_params *params, struct err *err)
{
	if (params && params->is_short)
		return err_set(err, ERR_RETRY, "memory", "no memory for the values of a statement");
	return pg_require_up(link, err);
}

static int exec(struct pg_link *link, const char *name, const char *sql, const char *columns,
		const struct pg_params *params, struct pg_rows **ret, int64_t *ret_affected, struct err *err)
{
	const char *what = name ? name : "statement", *wire_name = NULL;
	CLEANUP(drop_pgresult) PGresult *res = NULL;
	int rc = require_ready(link, params, err);

	pg_note_sent(link, sql, params);
	if (rc == 0)
		rc = prepare(link, name, sql, params, &wire_name, err);
	if (rc != 0)
		return rc;
	if (!send_statement(link, wire_name, sql, params))
		return pg_fail(link, NULL, what, err);
	rc = pg_collect(link, what, &res, err);
	if (rc == 0)
		rc = pg_columns_check(link, what, columns, res, err);
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

int pg_exec(struct pg_link *link, const char *name, const char *sql, const struct pg_params *params,
	    struct pg_rows **ret, int64_t *ret_affected, struct err *err)
{
	return exec(link, name, sql, NULL, params, ret, ret_affected, err);
}

int pg_ask(struct pg_link *link, const char *name, const char *sql, const char *columns, const struct pg_params *params,
	   struct pg_rows **ret, struct err *err)
{
	return exec(link, name, sql, columns, params, ret, NULL, err);
}

int pg_script(struct pg_link *link, const char *sql, struct err *err)
{
	CLEANUP(drop_pgresult) PGresult *res = NULL;
	int rc = pg_require_up(link, err);

	if (rc != 0)
		return rc;
	pg_note_sent(link, sql, NULL);
	if (!PQsendQuery(link->conn, sql))
		return pg_fail(link, NULL, "script", err);
	rc = pg_collect(link, "script", &res, err);
	if (rc == 0)
		pg_note_worked(link);
	return rc;
}

int pg_begin(struct pg_link *link, struct err *err)
{
	static const char BEGIN[] = "begin isolation level read committed"; /* as they were written for */
	char settings[PG_SESSION_BYTES], sql[BEGIN_BYTES];

	/* always: a pooler that keeps prepared statements (PgBouncer from 1.21 on) is never noticed */
	pg_write_settings(link, "SET LOCAL", settings, sizeof settings);
	snprintf(sql, sizeof sql, "%s; %s", BEGIN, settings);
	return pg_script(link, sql, err);
}

/* --- streams --- */

/* The receiver has enough. PQcancel would wait without a limit for a server that says nothing: leaving it ends what it
 * was sending, too. */
static void end_stream(struct pg_link *link)
{
	struct err ignored;

	pg_link_drop(link);
	(void)!pg_link_connect(link, &ignored);
}

int pg_stream(struct pg_link *link, const char *sql, const char *columns, const struct pg_params *params,
	      int (*each)(void *self, const struct pg_rows *row, struct err *err), void *self, struct err *err)
{
	bool has_ended = false;
	int rc = require_ready(link, params, err);

	if (rc != 0)
		return rc;
	pg_note_sent(link, sql, params);
	if (!send_statement(link, NULL, sql, params) || !PQsetSingleRowMode(link->conn))
		return pg_fail(link, NULL, "stream", err);
	for (;;) {
		rc = pg_wait_answer(link, err);
		if (rc != 0)
			return rc;
		CLEANUP(drop_pgresult) PGresult *res = PQgetResult(link->conn);

		if (!res && !has_ended)
			return fail_line(link, "stream", err);
		if (!res) {
			pg_note_worked(link);
			return 0;
		}
		if (PQresultStatus(res) != PGRES_SINGLE_TUPLE && !is_answer(res))
			return pg_fail(link, res, "stream", err);
		rc = pg_columns_check(link, "stream", columns, res, err);
		if (rc != 0)
			return rc;
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

_Noreturn static void end_process(const struct err *err)
{
	log_event(LOG_ERROR, "postgresql.altered", "code=%s why=%s effect=%s", err->code, LOG_QUOTED(err->text),
		  LOG_QUOTED("this program ends"));
	_exit(EXIT_OF_ALTERED);
}

static pg_altered *on_altered = end_process;

void pg_set_altered(pg_altered *altered)
{
	on_altered = altered;
}

/* is_there: what pg_get_* reads is in the result, and of the length it must have. It is, where the columns were named:
 * pg_columns_check saw to it. */
static void require(const struct pg_rows *rows, int column, bool is_there)
{
	struct err err = { 0 };
	const char *name = PQfname(result_of(rows), column);

	if (is_there)
		return;
	err_set(&err, ERR_CONFIG, "42804",
		"column %.32s of an answer is not there, or of another type than asked for: the register was altered, "
		"alter it back",
		name ? name : "?");
	on_altered(&err);
	_exit(EXIT_OF_ALTERED);
}

size_t pg_rows_count(const struct pg_rows *rows)
{
	return (size_t)PQntuples(result_of(rows));
}

static bool is_there(const struct pg_rows *rows, size_t row, int column)
{
	return row < pg_rows_count(rows) && column >= 0 && column < PQnfields(result_of(rows));
}

bool pg_is_null(const struct pg_rows *rows, size_t row, int column)
{
	require(rows, column, is_there(rows, row, column));
	return PQgetisnull(result_of(rows), (int)row, column);
}

struct slice pg_get_bytes(const struct pg_rows *rows, size_t row, int column)
{
	require(rows, column, is_there(rows, row, column));
	return slice_make(PQgetvalue(result_of(rows), (int)row, column),
			  (size_t)PQgetlength(result_of(rows), (int)row, column));
}

/* bytes_max: of the integer that is asked for. */
static int64_t get_integer(const struct pg_rows *rows, size_t row, int column, size_t bytes_max)
{
	struct slice value = pg_get_bytes(rows, row, column);
	uint16_t half;

	require(rows, column, value.n <= bytes_max);
	switch (value.n) {
	case 0:
		return 0;
	case 2:
		memcpy(&half, value.p, sizeof half);
		return (int16_t)__builtin_bswap16(half);
	case 4:
		return (int32_t)num_get_be32((const uint8_t *)value.p);
	default:
		require(rows, column, value.n == 8);
		return (int64_t)num_get_be64((const uint8_t *)value.p);
	}
}

int64_t pg_get_i64(const struct pg_rows *rows, size_t row, int column)
{
	return get_integer(rows, row, column, 8);
}

int32_t pg_get_i32(const struct pg_rows *rows, size_t row, int column)
{
	return (int32_t)get_integer(rows, row, column, 4);
}

int16_t pg_get_i16(const struct pg_rows *rows, size_t row, int column)
{
	return (int16_t)get_integer(rows, row, column, 2);
}

bool pg_get_bool(const struct pg_rows *rows, size_t row, int column)
{
	struct slice value = pg_get_bytes(rows, row, column);

	require(rows, column, value.n <= 1);
	return value.n == 1 && value.p[0] != 0;
}

void pg_rows_free(struct pg_rows *rows)
{
	PQclear((PGresult *)rows);
}
