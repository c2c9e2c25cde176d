/* Connecting: one place after the other (pg_place.c), each with its own deadline, until a usable one accepts us.
 *
 *   1. the names of the connection string are resolved again, so that an address that moved is found
 *   2. TCP, TLS and login, in steps that see a stop
 *   3. one round trip makes the settings of the session (pg_write_settings) and asks what the server is: a standby, or
 *      one that takes no writes, is left when a primary is wanted; an encoding that cannot hold every name is a wrong
 *      database
 *   4. where a primary is wanted and there are several places, all are asked, and the newest timeline is kept
 *      (pg_timeline.c)
 *   5. nobody accepted us: the failure that says most stands. One that answered says more than one that did not, and a
 *      refusal that passes more than one that does not, as the place behind it may be the right one in a moment
 *
 * Verbosity is SQLSTATE only: of a refused connection libpq gives no code but the one in that text, and it is all we
 * read of any text of the server. */
#include "pg/pg_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"

#include <ctype.h>
#include <poll.h>

enum {
	SETTINGS_BYTES = PG_SESSION_BYTES + 512,
	SQLSTATE_BYTES = 5,
	LINE_END_BYTES_MAX = 3, /* CRLF behind a password in its file, or the NUL */
};

void pg_note_environment(void)
{
	PQconninfoOption *options = PQconndefaults();

	for (PQconninfoOption *option = options; option && option->keyword; option++) {
		const char *value = option->envvar ? getenv(option->envvar) : NULL;

		if (value && *value && strcmp(option->envvar, "PGPASSFILE") != 0)
			log_event(LOG_WARN, "postgresql.environment", "name=%s why=%s effect=%s", option->envvar,
				  LOG_QUOTED("it is set in our environment"),
				  LOG_QUOTED("it counts where pg.conninfo does not say otherwise"));
	}
	PQconninfoFree(options);
}

/* "; the environment sets PGHOSTADDR": what made libpq connect otherwise than pg.conninfo says. */
static void list_environment(char *out, size_t out_bytes)
{
	PQconninfoOption *options = PQconndefaults();
	size_t n = 0;

	*out = '\0';
	for (PQconninfoOption *option = options; option && option->keyword && n < out_bytes; option++) {
		const char *value = option->envvar ? getenv(option->envvar) : NULL;

		if (value && *value && strcmp(option->envvar, "PGPASSFILE") != 0)
			n += (size_t)snprintf(out + n, out_bytes - n, "%s%s", n == 0 ? "; our environment sets " : ", ",
					      option->envvar);
	}
	PQconninfoFree(options);
}

/* --- what went wrong --- */

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

/* The SQLSTATE in libpq's words about a refused connection; a line about the password file may follow it. false:
 * none. */
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

static void say_where(const struct pg_link *link, char *out, size_t out_bytes)
{
	const char *host = text_or(PQhost(link->conn), "?"), *address = text_or(PQhostaddr(link->conn), "");
	bool has_other = *address && strcmp(host, address) != 0;

	snprintf(out, out_bytes, "PostgreSQL at %s%s%s%s:%s, database %s", host, has_other ? " (" : "",
		 has_other ? address : "", has_other ? ")" : "", text_or(PQport(link->conn), "?"),
		 text_or(PQdb(link->conn), "?"));
}

/* What libpq said is of TLS, or may be. PEER_AWAY: it is not. */
static enum peer_cause find_tls_cause(struct pg_link *link, const char *sqlstate)
{
	if (strcmp(sqlstate, "28000") == 0 && !PQsslInUse(link->conn))
		return pg_find_tls_cause(link->conn, PEER_WANTS_TLS);
	return *sqlstate ? PEER_AWAY
			 : pg_find_tls_cause(link->conn, peer_cause_of_tls_text(PQerrorMessage(link->conn)));
}

const char *pg_place_of(const PGconn *conn, char ret[PEER_WHERE_BYTES])
{
	snprintf(ret, PEER_WHERE_BYTES, "%s:%s", text_or(PQhost(conn), "?"), text_or(PQport(conn), "?"));
	return ret;
}

static int fail_cause(struct pg_link *link, enum peer_cause cause, const char *where, struct err *err)
{
	bool is_setting = peer_cause_is_setting(cause) || cause == PEER_WANTS_TLS;
	enum err_kind kind = is_setting && !link->has_answered ? ERR_CONFIG : ERR_RETRY;
	char place[PEER_WHERE_BYTES];
	struct err why = { 0 };

	pg_place_of(link->conn, place);
	peer_failed_at(PEER_POSTGRESQL, cause, place);
	if (cause == PEER_CA && pg_check_tls_files(link->conn, &why) != 0)
		err_set(err, kind, why.code, "%s", why.text);
	else
		err_set(err, kind, peer_cause_name(cause), "%s %s", where,
			cause == PEER_WANTS_TLS ? "refuses us without TLS: see sslmode" : peer_cause_text(cause));
	pg_link_drop(link);
	return -(int)kind;
}

/* What libpq refuses before it asks anybody: 'invalid sslmode value: ".."', and its like. "": nothing of that kind. */
static void find_wrong_value(const char *text, char *out, size_t out_bytes)
{
	const char *p = strstr(text, "invalid "), *end = p ? strstr(p, " value") : NULL;
	size_t n = end ? (size_t)(end - p) - strlen("invalid ") : 0;

	*out = '\0';
	if (end && n < out_bytes && strspn(p + strlen("invalid "), "abcdefghijklmnopqrstuvwxyz_") == n)
		snprintf(out, out_bytes, "%.*s", (int)n, p + strlen("invalid "));
	else if (strstr(text, "GSSAPI encryption required") || strstr(text, "gssencmode value"))
		snprintf(out, out_bytes, "gssencmode");
}

/* Of libpq's words, in which no server has named a SQLSTATE; PEER_AWAY: of none but the line. */
static enum peer_cause cause_of_words(const char *text)
{
	static const struct {
		const char *words;
		enum peer_cause cause;
	} WORDS[] = {
		{ "expected authentication request", PEER_PROTOCOL },
		{ "invalid response to SSL negotiation", PEER_PROTOCOL },
		{ "invalid response to GSSAPI negotiation", PEER_PROTOCOL },
		{ "lost synchronization", PEER_PROTOCOL },
		{ "unexpected response from server", PEER_PROTOCOL },
		{ "authentication method", PEER_MECHANISM },
		{ "SASL authentication mechanisms", PEER_MECHANISM },
		{ "channel binding", PEER_MECHANISM },
		{ "GSSAPI continuation error", PEER_MECHANISM }, /* gss or sspi in pg_hba.conf, and no ticket */
	};

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
		if (strstr(text, WORDS[i].words))
			return WORDS[i].cause;
	return PEER_AWAY;
}

/* Whether libpq says that it cannot use a TLS file. Of a line that fails nothing is looked at: we are stricter than
 * libpq, which takes a key in DER, passes over files that are not there, and reads none where sslmode wants none. */
static bool is_of_files(const char *text)
{
	return strstr(text, "certificate file") || strstr(text, "private key file");
}

/* No connection, and nobody said why with a SQLSTATE. is_late: our time for it is over. */
static int fail_line(struct pg_link *link, bool is_late, const char *where, struct err *err)
{
	enum err_kind setting = link->has_answered ? ERR_RETRY : ERR_CONFIG;
	enum peer_line line = is_late ? PEER_LINE_SILENT : peer_line_of_text(PQerrorMessage(link->conn));
	char wrong[32], place[PEER_WHERE_BYTES];
	bool has_place = *text_or(PQhost(link->conn), "");
	struct err why = { 0 };

	find_wrong_value(PQerrorMessage(link->conn), wrong, sizeof wrong);
	pg_place_of(link->conn, place);
	bool is_looked_at = !*wrong && !is_late && is_of_files(PQerrorMessage(link->conn));
	int files = is_looked_at ? pg_check_tls_files(link->conn, &why) : 0;

	if (line == PEER_LINE_CUT && PQsslInUse(link->conn))
		line = PEER_LINE_CLOSED;
	pg_link_drop(link);
	if (files != 0)
		peer_failed_at(PEER_POSTGRESQL, PEER_FILES, place);
	else
		peer_is_away(PEER_POSTGRESQL, line, place);
	if (*wrong)
		return err_set(err, setting, "conninfo", "libpq cannot connect with the %s of pg.conninfo", wrong);
	if (!has_place)
		return err_set(err, setting, "conninfo",
			       "libpq cannot use pg.conninfo, or the PG.. variables of our environment with it");
	if (files != 0)
		return err_set(err, setting, why.code, "%s", why.text);
	return err_set(err, ERR_RETRY, "connection", "%s %s", where, peer_line_text(line));
}

/* Of a database that takes no connections while it is restored, or a limit or fault of the server or of a pooler before
 * it: no setting of ours, also at the first connect. */
static bool passes_at_connect(const char *sqlstate)
{
	return strcmp(sqlstate, "55000") == 0 || strncmp(sqlstate, "54", 2) == 0 || strncmp(sqlstate, "XX", 2) == 0;
}

/* Of what the connection string or PG.. variables hand on to the server, in words of ours; a name of ours is no part of
 * it. */
static const char *meaning_at_connect(const char *sqlstate)
{
	static const char *const SETTINGS_REFUSED[] = { "22023", "42704", "42602", "42601", "55P02" };

	if (strcmp(sqlstate, "42501") == 0)
		return "does not permit our user to connect to this database: GRANT CONNECT is missing";
	for (size_t i = 0; i < ARRAY_LEN(SETTINGS_REFUSED); i++)
		if (strcmp(sqlstate, SETTINGS_REFUSED[i]) == 0)
			return "refuses a setting we connect with: see options in pg.conninfo, and PG.. variables of "
			       "our environment";
	return pg_meaning_of(sqlstate);
}

static int explain_connect(struct pg_link *link, bool is_late, struct err *err)
{
	char sqlstate[SQLSTATE_BYTES + 1] = "", where[240];
	bool has_state = find_sqlstate(PQerrorMessage(link->conn), sqlstate);
	bool is_refused = PQconnectionNeedsPassword(link->conn) || strncmp(sqlstate, "28", 2) == 0;
	enum peer_cause cause = is_late ? PEER_AWAY : find_tls_cause(link, sqlstate);

	say_where(link, where, sizeof where);
	if (cause == PEER_AWAY && !has_state && !is_refused && !is_late)
		cause = cause_of_words(PQerrorMessage(link->conn));
	if (cause != PEER_AWAY && cause != PEER_LOGIN)
		return fail_cause(link, cause, where, err);
	if (!is_refused && !has_state)
		return fail_line(link, is_late, where, err);
	bool is_away = !is_refused && pg_sort(sqlstate) == ERR_RETRY;
	enum err_kind refusal =
		pg_kind_of(link, is_refused && !has_state ? "28P01" : sqlstate, is_away ? ERR_RETRY : ERR_CONFIG);

	if (passes_at_connect(sqlstate))
		refusal = ERR_RETRY;
	pg_link_drop(link);
	if (!has_state)
		return err_set(err, refusal, "credentials", "%s wants a password, and we have none", where);
	return err_set(err, refusal, is_refused ? "credentials" : sqlstate, "%s %s (SQLSTATE %s)", where,
		       meaning_at_connect(sqlstate), sqlstate);
}

/* Behind all of them stands what of our environment has a say in how we connect. */
static int fail_connect(struct pg_link *link, bool is_late, struct err *err)
{
	struct err own = { 0 };
	char variables[128];
	int rc = explain_connect(link, is_late, &own);

	list_environment(variables, sizeof variables);
	return err_set(err, (enum err_kind) - rc, own.code, "%s%s", own.text, variables);
}

/* --- one place --- */

static void swallow_notice(void *self, const PGresult *res)
{
	(void)self, (void)res; /* a notice may quote data */
}

/* keepalives and tcp_user_timeout end a line whose peer is silently gone; the connection string may say otherwise, as
 * it stands behind them. Behind it stands the place, as far as it is ours to choose. An empty value changes nothing. */
static PGconn *start_connection(const struct pg_options *options, const struct pg_place *place, bool is_any,
				const char *password)
{
	const char *keys[] = { "keepalives_idle",
			       "keepalives_interval",
			       "keepalives_count",
			       "tcp_user_timeout",
			       "client_encoding",
			       "application_name",
			       "dbname",
			       "host",
			       "hostaddr",
			       "port",
			       "target_session_attrs",
			       "password",
			       NULL };
	const char *values[] = { "10",
				 "5",
				 "3",
				 "20000",
				 "UTF8",
				 options->application,
				 options->conninfo,
				 place->host,
				 place->address,
				 place->port,
				 is_any ? "any" : "",
				 password,
				 NULL };

	return PQconnectStartParams(keys, values, 1);
}

static int poll_connection(struct pg_link *link, int64_t end_ms, struct err *err)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		int64_t left_ms = end_ms - clock_ms();
		bool is_ready;

		if (left_ms <= 0)
			return fail_connect(link, true, err);
		if (link->options.waits)
			link->options.waits(link->options.waits_self, 0);
		int rc = pg_wait_step(link, want == PGRES_POLLING_READING ? POLLIN : POLLOUT,
				      (int)MIN(left_ms, INT32_MAX), &is_ready, err);

		if (rc != 0)
			return rc;
		if (is_ready)
			want = PQconnectPoll(link->conn);
	}
	return want == PGRES_POLLING_OK ? 0 : fail_connect(link, false, err);
}

/* What the server is, after the settings of the session. */
enum { ANSWER_READ_ONLY, ANSWER_STANDBY, ANSWER_ENCODING, ANSWER_SYSTEM, ANSWER_TIMELINE };

static int leave(struct pg_link *link, enum err_kind kind, const char *code, const char *why, struct err *err)
{
	char where[240];

	say_where(link, where, sizeof where);
	pg_note_refusal(link, PEER_AWAY);
	pg_link_drop(link);
	return err_set(err, kind, code, "%s %s", where, why);
}

/* Asked only where there is more than one place: a single one is what somebody else chose. */
static const char TIMELINE_SQL[] =
	", (SELECT system_identifier::text FROM pg_control_system()),"
	" CASE WHEN pg_is_in_recovery() THEN '' ELSE"
	" left(pg_walfile_name(pg_current_wal_lsn()), 8) END";

static int judge_timeline(struct pg_link *link, const PGresult *answer, struct err *err)
{
	if (PQnfields(answer) <= ANSWER_TIMELINE)
		return 0;
	link->timeline.system = strtoull(PQgetvalue(answer, 0, ANSWER_SYSTEM), NULL, 10);
	link->timeline.number = (uint32_t)strtoul(PQgetvalue(answer, 0, ANSWER_TIMELINE), NULL, 16);
	if (link->timeline.number == 0 || pg_timeline_meet(&link->timeline))
		return 0;
	return leave(link, ERR_RETRY, "old-primary",
		     "is an old primary: a standby of it was promoted, or it was set back under us", err);
}

static int judge_server(struct pg_link *link, const PGresult *answer, bool wants_primary, struct err *err)
{
	if (PQntuples(answer) != 1) /* the result of a statement before it: the last did not come */
		return leave(link, ERR_RETRY, "connection", "did not say what it is", err);
	bool is_read_only = strcmp(PQgetvalue(answer, 0, ANSWER_READ_ONLY), "on") == 0;
	bool is_standby = strcmp(PQgetvalue(answer, 0, ANSWER_STANDBY), "t") == 0;

	link->was_read_only = is_read_only;
	link->was_standby = is_standby;
	if (wants_primary && is_standby)
		return leave(link, ERR_RETRY, "standby", "is a standby: the primary is elsewhere", err);
	if (link->options.must_write && is_read_only)
		return leave(link, ERR_RETRY, "read-only", "takes no writes: the primary is elsewhere, or read-only",
			     err);
	if (strcmp(PQgetvalue(answer, 0, ANSWER_ENCODING), "UTF8") != 0)
		return leave(link, link->has_answered ? ERR_RETRY : ERR_CONFIG, "encoding",
			     "has an encoding that cannot hold every name: make it anew, "
			     "with \"encoding 'UTF8' template template0\"",
			     err);
	return judge_timeline(link, answer, err);
}

/* Whatever ALTER ROLE, ALTER DATABASE or PGOPTIONS set: a statement of ours means the same everywhere. Row level
 * security is the one that would change an outcome: a teacher whose row a policy hides is one we do not know. Off means
 * that such a statement is refused (42501) and not answered with fewer rows. */
static const char SETTINGS[] =
	" %s client_min_messages = error; %s datestyle = 'ISO, YMD'; %s timezone = 'UTC'; %s row_security = off;"
	" %s search_path = public; %s standard_conforming_strings = on; %s transform_null_equals = off;";

void pg_write_settings(const struct pg_link *link, const char *set, char *out, size_t out_bytes)
{
	int n = snprintf(
		out, out_bytes,
		"%s lock_timeout = %u; %s idle_in_transaction_session_timeout = %u; %s statement_timeout = %u;", set,
		link->options.lock_ms, set, link->options.idle_transaction_ms, set, link->options.statement_ms);

	snprintf(out + n, out_bytes - (size_t)n, SETTINGS, set, set, set, set, set, set, set);
}

static int set_session(struct pg_link *link, bool wants_primary, bool wants_newest, struct err *err)
{
	CLEANUP(drop_pgresult) PGresult *answer = NULL;
	char settings[PG_SESSION_BYTES], sql[SETTINGS_BYTES];

	pg_write_settings(link, "SET", settings, sizeof settings);
	snprintf(sql, sizeof sql,
		 "%s SELECT current_setting('transaction_read_only'), pg_is_in_recovery(),"
		 " current_setting('server_encoding')%s",
		 settings, wants_newest ? TIMELINE_SQL : "");
	if (!PQsendQuery(link->conn, sql))
		return pg_fail(link, NULL, "session", err);
	int rc = pg_collect(link, "session", &answer, err);

	return rc != 0 ? rc : judge_server(link, answer, wants_primary, err);
}

static int connect_to(struct pg_link *link, const struct pg_places *places, size_t i, const char *password,
		      struct err *err)
{
	bool wants_primary = places->wants_primary || link->options.must_write;
	int64_t end_ms = clock_ms() + link->options.connect_ms;

	link->timeline = (struct pg_timeline){ 0 };
	link->conn = start_connection(&link->options, &places->items[i], wants_primary, password);
	if (!link->conn)
		return err_set(err, ERR_FATAL, "memory", "no memory for a connection to PostgreSQL");
	PQsetErrorVerbosity(link->conn, PQERRORS_SQLSTATE);
	PQsetNoticeReceiver(link->conn, swallow_notice, NULL);
	if (PQstatus(link->conn) == CONNECTION_BAD)
		return fail_connect(link, false, err);
	int rc = poll_connection(link, end_ms, err);

	if (rc != 0)
		return rc;
	if (PQsetnonblocking(link->conn, 1) != 0)
		return fail_connect(link, false, err);
	link->answer_by_ms = end_ms;
	rc = set_session(link, wants_primary, wants_primary && places->count > 1, err);
	link->answer_by_ms = 0;
	if (rc != 0)
		pg_link_drop(link);
	return rc;
}

/* --- all of them --- */

/* How much a failure says: see 5. */
static int weight_of(int rc, const struct err *err)
{
	if (rc != -ERR_RETRY)
		return 1;
	return strcmp(err->code, "connection") == 0 ? 0 : 2;
}

/* A connection set aside while the other places are asked. */
struct accepted {
	PGconn *conn;
	bool was_standby, was_read_only;
	struct pg_timeline timeline;
};

static void drop_accepted(struct accepted *accepted)
{
	PQfinish(accepted->conn);
}

static void give_back(struct pg_link *link, struct accepted *best)
{
	link->conn = best->conn;
	link->was_standby = best->was_standby;
	link->was_read_only = best->was_read_only;
	link->timeline = best->timeline;
	best->conn = NULL;
}

/* The link's connection, if it is newer than the best of the places before. */
static void set_aside(struct pg_link *link, struct accepted *best)
{
	if (!best->conn ||
	    (link->timeline.system == best->timeline.system && link->timeline.number > best->timeline.number)) {
		PQfinish(best->conn);
		*best = (struct accepted){ link->conn, link->was_standby, link->was_read_only, link->timeline };
		link->conn = NULL;
	}
	pg_link_drop(link);
}

/* What to tell of the places that did not accept us. */
static void note_failure(int rc, const struct err *failure, int *heaviest, int *ret, struct err *err)
{
	if (weight_of(rc, failure) <= *heaviest)
		return;
	*heaviest = weight_of(rc, failure);
	*ret = rc;
	if (err)
		*err = *failure;
}

static int walk(struct pg_link *link, const struct pg_places *places, const char *password, struct err *err)
{
	CLEANUP(drop_accepted) struct accepted best = { 0 };
	int heaviest = -1, rc = 0;

	for (size_t i = 0; i < places->count; i++) {
		struct err one = { 0 };
		int one_rc = connect_to(link, places, i, password, &one);

		if (one_rc == -ERR_STOP) {
			if (err)
				*err = one;
			return one_rc;
		}
		if (one_rc != 0)
			note_failure(one_rc, &one, &heaviest, &rc, err);
		else if (link->timeline.number == 0 || pg_timeline_is_settled(&link->timeline))
			return 0;
		else
			set_aside(link, &best);
	}
	if (!best.conn)
		return rc;
	give_back(link, &best);
	pg_timeline_settle();
	return 0;
}

int pg_link_connect(struct pg_link *link, struct err *err)
{
	CLEANUP(strbuf_wipe) struct strbuf password = { 0 };
	struct pg_places places;

	if (pg_link_is_up(link))
		return 0;
	pg_link_drop(link);
	link->statement = 0;
	strbuf_init(&password, PG_PASSWORD_BYTES_MAX + LINE_END_BYTES_MAX);
	secret_now(&link->options.password, &password);
	if (!strbuf_ok(&password))
		return err_set(err, ERR_CONFIG, "credentials", "the password of PostgreSQL is too long");
	int rc = pg_places_find(link->options.conninfo, &places, err);

	return rc != 0 ? rc : walk(link, &places, password.n > 0 ? strbuf_text(&password) : NULL, err);
}
