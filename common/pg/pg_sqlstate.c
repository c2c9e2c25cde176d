/* What a SQLSTATE means: to the caller (a kind), to a metric (a cause), and to a person, in our words, as the server's
 * own may quote data. */
#include "pg/pg_internal.h"

static bool begins_with(const char *sqlstate, const char *prefix)
{
	return strncmp(sqlstate, prefix, strlen(prefix)) == 0;
}

static const struct {
	const char *prefix;
	enum err_kind kind;
} KINDS[] = {
	{ "08", ERR_RETRY },	 { "25006", ERR_RETRY },
	{ "25P03", ERR_RETRY },	 { "40", ERR_RETRY },
	{ "53", ERR_RETRY },	 { "55P03", ERR_RETRY },
	{ "57", ERR_RETRY },	 { "58", ERR_RETRY },
	{ "54001", ERR_RETRY }, /* the same again after a pause */
	{ "21", ERR_DATA },	 { "22", ERR_DATA },
	{ "23", ERR_DATA },	 { "54", ERR_DATA },	 /* if it carries any */
	{ "42P05", ERR_RETRY },	 { "26000", ERR_RETRY }, /* without a name */
	{ "42501", ERR_CONFIG },			 /* a grant */
	{ "42804", ERR_CONFIG }, { "42P13", ERR_CONFIG },
	{ "42846", ERR_CONFIG }, /* somebody altered the type of a column */
}; /* all else is FATAL, until pg_kind_of knows better: 42 is a missing migration or a bug */

enum err_kind pg_sort(const char *sqlstate)
{
	if (!sqlstate)
		return ERR_RETRY; /* the line broke; if COMMIT was under way, the cursor shows what happened */
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
		if (begins_with(sqlstate, KINDS[i].prefix))
			return KINDS[i].kind;
	return ERR_FATAL;
}

static bool is_object(const char *sqlstate)
{
	static const char *const CODES[] = { "3F000", "42P01", "42703", "42883", "42704", "42804", "42P13", "42846" };

	for (size_t i = 0; i < ARRAY_LEN(CODES); i++)
		if (strcmp(sqlstate, CODES[i]) == 0)
			return true;
	return begins_with(sqlstate, "3D");
}

enum peer_cause pg_cause_of(const char *sqlstate)
{
	if (begins_with(sqlstate, "28"))
		return PEER_LOGIN;
	if (strcmp(sqlstate, "42501") == 0)
		return PEER_RIGHT;
	return is_object(sqlstate) ? PEER_OBJECT : PEER_AWAY;
}

const char *pg_meaning_of(const char *sqlstate)
{
	static const struct {
		const char *prefix, *meaning;
	} MEANINGS[] = {
		{ "08P01", "or a pooler before it does not understand our connection" },
		{ "0A000", "says that a table was changed under us" },
		{ "25006", "takes no writes: it is a standby, or read-only" },
		{ "25P03", "ended a transaction of ours that stood still" },
		{ "28P01", "refuses our user or password: wrong, or its time is over (VALID UNTIL)" },
		{ "28", "does not let our user in: see pg_hba.conf, and whether its role exists and may log in" },
		{ "3D000", "has no such database" },
		{ "40001", "gave way to another transaction" },
		{ "40P01", "ended a deadlock" },
		{ "42501", "does not permit our user what it needs: a grant is missing, or row level security is on" },
		{ "42P01", "lacks a table that we need" },
		{ "3F000", "lacks a schema that we need" },
		{ "42703", "lacks a column that we need" },
		{ "42804", "has a column of another type than we need: somebody altered it, alter it back" },
		{ "42P13", "has a column of another type than we need: somebody altered it, alter it back" },
		{ "42846", "has a column of another type than we need: somebody altered it, alter it back" },
		{ "42883", "lacks a function that we need" },
		{ "42704", "lacks a type or role that we need" },
		{ "53100", "has no disk space left" },
		{ "53200", "has no memory left" },
		{ "53400", "is at a limit of its settings (temp_file_limit?)" },
		{ "53300", "has no connection left for us: max_connections, or a limit of our role or database" },
		{ "54", "is at a limit of its own" },
		{ "55000", "takes no connections to this database now" },
		{ "55P03", "has a lock on it that somebody else holds for too long" },
		{ "57014", "broke it off: it took too long, or somebody cancelled it" },
		{ "57P01", "ended our connection: it is shut down, or an administrator ended it" },
		{ "57P02", "ended our connection: another of its processes crashed" },
		{ "57P03", "is starting, shutting down or recovering" },
		{ "57P04", "ended our connection: the database is dropped" },
		{ "57P05", "ended our connection: it was idle for too long" },
		{ "58", "cannot read or write its files" },
		{ "P0", "has a trigger or function, not of ours, that refuses it" },
		{ "XX001", "says that a table of it is corrupted" },
		{ "XX002", "says that an index of it is corrupted" },
		{ "XX", "has a fault of its own: see its log" },
	};

	for (size_t i = 0; i < ARRAY_LEN(MEANINGS); i++)
		if (begins_with(sqlstate, MEANINGS[i].prefix))
			return MEANINGS[i].meaning;
	return "refuses it";
}

/* A name, with or without quotes, which ends where the words do, or where end begins. */
static bool take_name(const char *p, const char *end, char *buf, size_t buf_bytes)
{
	static const char IN_NAMES[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";
	bool is_quoted = *p == '"';
	size_t n = strspn(p + is_quoted, IN_NAMES);
	const char *behind = p + is_quoted + n + is_quoted;

	if (n == 0 || n >= buf_bytes || (is_quoted && behind[-1] != '"') || strncmp(behind, end, strlen(end)) != 0 ||
	    (*end == '\0' && *behind != '\0'))
		return false;
	memcpy(buf, p + is_quoted, n);
	buf[n] = '\0';
	return true;
}

void pg_subject_of(const char *sqlstate, const char *words, char *buf, size_t buf_bytes)
{
	static const struct {
		const char *sqlstate, *begin, *end, *kind;
	} SUBJECTS[] = {
		{ "42501", "permission denied for table ", "", "table" },
		{ "42501", "permission denied for view ", "", "view" },
		{ "42501", "permission denied for relation ", "", "table" },
		{ "42501", "permission denied for sequence ", "", "sequence" },
		{ "42501", "permission denied for schema ", "", "schema" },
		{ "42501", "permission denied for function ", "", "function" },
		{ "42501", "permission denied for procedure ", "", "procedure" },
		{ "42501", "permission denied for database ", "", "database" },
		{ "42501", "must be owner of table ", "", "table" },
		{ "42P01", "relation ", " does not exist", "table" },
		{ "42703", "column ", " does not exist", "column" },
		{ "42883", "function ", "(", "function" },
		{ "3F000", "schema ", " does not exist", "schema" },
		{ "42704", "role ", " does not exist", "role" },
		{ "42704", "type ", " does not exist", "type" },
	};
	char name[128];

	buf[0] = '\0';
	for (size_t i = 0; words && i < ARRAY_LEN(SUBJECTS); i++) {
		size_t n = strlen(SUBJECTS[i].begin);

		if (strcmp(sqlstate, SUBJECTS[i].sqlstate) == 0 && strncmp(words, SUBJECTS[i].begin, n) == 0 &&
		    take_name(words + n, SUBJECTS[i].end, name, sizeof name)) {
			snprintf(buf, buf_bytes, "%s %s", SUBJECTS[i].kind, name);
			return;
		}
	}
}
