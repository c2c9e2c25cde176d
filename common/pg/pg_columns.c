/* What an answer must look like, looked at once for each before a value of it is read. Somebody may alter a table under
 * us: then a number comes as a text, and a COPY, which sends bytes without a type, would put those of a number into a
 * text or a floating point column. So a COPY asks for the types of its target first, within its transaction: what it
 * asked for cannot be altered until that ends. */
#include "pg/pg_internal.h"

#include <ctype.h>

enum {
	UUID_BYTES = 16,
	TARGET_SQL_BYTES = 1024,
	TARGET_NAME_BYTES = 40, /* as that of a prepared statement */
	TARGET_COLUMNS_MAX = 64,
	TARGET_MARK = '!',
	OID_NAME = 19,
	OID_VARCHAR = 1043,
	OID_TIMESTAMPTZ = 1184,
	NO_LENGTH = -1, /* of a type, as varchar without a number */
};

static const char ALTERED[] = "42804"; /* as the server calls it where it notices first */

struct column {
	char letter; /* lower case */
	bool may_be_null;
	int bytes; /* 0: any */
};

static const struct {
	char letter;
	const char *word;
	uint32_t fits[3]; /* the first one is exactly it; the others read as it */
} TYPES[] = {
	{ 'b', "boolean", { PG_BOOL } },
	{ 's', "smallint", { PG_I16 } },
	{ 'i', "integer", { PG_I32, PG_I16 } },
	{ 'l', "bigint", { PG_I64, PG_I32, PG_I16 } },
	{ 't', "text", { PG_TEXT, OID_VARCHAR, OID_NAME } },
	{ 'x', "bytea", { PG_BYTEA } },
	{ 'u', "uuid", { PG_UUID } },
	{ 'a', "integer[]", { PG_I32_ARRAY } },
	{ 'z', "timestamptz", { OID_TIMESTAMPTZ } },
};

static const char *word_of(uint32_t oid, char *buffer, size_t buffer_bytes)
{
	static const struct {
		uint32_t oid;
		const char *word;
	} OTHERS[] = {
		{ OID_VARCHAR, "varchar" }, { 700, "real" },	   { 701, "double precision" }, { 1042, "char" },
		{ 1082, "date" },	    { 1114, "timestamp" }, { 1700, "numeric" },		{ 114, "json" },
		{ 3802, "jsonb" },	    { OID_NAME, "name" },
	};

	for (size_t i = 0; i < ARRAY_LEN(TYPES); i++)
		if (TYPES[i].fits[0] == oid)
			return TYPES[i].word;
	for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++)
		if (OTHERS[i].oid == oid)
			return OTHERS[i].word;
	snprintf(buffer, buffer_bytes, "type %u", oid);
	return buffer;
}

static struct column next_column(const char **columns)
{
	char letter = *(*columns)++;
	struct column column = { .letter = (char)tolower((unsigned char)letter),
				 .may_be_null = isupper((unsigned char)letter) };

	while (isdigit((unsigned char)**columns))
		column.bytes = column.bytes * 10 + *(*columns)++ - '0';
	if (column.letter == 'u')
		column.bytes = UUID_BYTES;
	return column;
}

static size_t type_of(char letter)
{
	size_t type = 0;

	while (type < ARRAY_LEN(TYPES) - 1 && TYPES[type].letter != letter)
		type++;
	return type;
}

static bool fits(const PGresult *res, int at, size_t type, bool is_target)
{
	uint32_t oid = PQftype(res, at);

	if (is_target && TYPES[type].letter == 't')
		return oid == PG_TEXT || (oid == OID_VARCHAR && PQfmod(res, at) == NO_LENGTH);
	for (size_t i = 0; i < (is_target ? 1 : ARRAY_LEN(TYPES[type].fits)); i++)
		if (TYPES[type].fits[i] == oid && oid != 0)
			return true;
	return false;
}

/* The line is dropped: what is prepared on it is of tables as they were. */
static int fail(struct pg_link *link, struct err *err)
{
	enum err_kind kind = pg_kind_of(link, ALTERED, ERR_CONFIG);

	pg_link_drop(link);
	err->kind = kind;
	return -(int)kind;
}

static int check_type(struct pg_link *link, const char *what, const PGresult *res, int at, struct column column,
		      bool is_target, struct err *err)
{
	char is[24];
	size_t type = type_of(column.letter);

	if (fits(res, at, type, is_target))
		return 0;
	err_set(err, ERR_CONFIG, ALTERED,
		"%.60s: column %.32s is %s and not %s: the register was altered, alter it back", what, PQfname(res, at),
		word_of(PQftype(res, at), is, sizeof is), TYPES[type].word);
	return fail(link, err);
}

static int check_values(struct pg_link *link, const char *what, const PGresult *res, int at, struct column column,
			struct err *err)
{
	for (int row = 0; row < PQntuples(res); row++) {
		bool is_null = PQgetisnull(res, row, at);

		if (is_null ? column.may_be_null : column.bytes == 0 || PQgetlength(res, row, at) == column.bytes)
			continue;
		err_set(err, ERR_CONFIG, ALTERED,
			"%.60s: column %.32s has %s, which it never had: the register was altered", what,
			PQfname(res, at), is_null ? "a null" : "a value of another length");
		return fail(link, err);
	}
	return 0;
}

static int check_all(struct pg_link *link, const char *what, const char *columns, const PGresult *res, bool is_target,
		     struct err *err)
{
	int at = 0, rc = 0;

	for (; rc == 0 && *columns && at < PQnfields(res); at++) {
		struct column column = next_column(&columns);

		rc = check_type(link, what, res, at, column, is_target, err);
		if (rc == 0 && (!column.may_be_null || column.bytes > 0))
			rc = check_values(link, what, res, at, column, err);
	}
	if (rc != 0 || (!*columns && at == PQnfields(res)))
		return rc;
	err_set(err, ERR_CONFIG, ALTERED, "%.60s: it has %d columns, other than asked for: the register was altered",
		what, PQnfields(res));
	return fail(link, err);
}

/* columns: as of pg_ask; ! before them: those of a target. */
int pg_columns_check(struct pg_link *link, const char *what, const char *columns, const PGresult *res, struct err *err)
{
	bool is_one = columns && *columns == '=', is_target = columns && *columns == TARGET_MARK;

	if (!columns)
		return 0;
	int rc = check_all(link, what, columns + (is_one || is_target), res, is_target, err);

	if (rc != 0 || !is_one || PQntuples(res) == 1)
		return rc;
	err_set(err, ERR_CONFIG, ALTERED, "%.60s: %d rows and not one: the register was altered", what, PQntuples(res));
	return fail(link, err);
}

/* A target as a select of no row. false: it is too long. */
static bool write_select(const char *target, char *out, size_t out_bytes)
{
	size_t table_n = strcspn(target, " (");
	const char *list = strchr(target, '(');
	int n = snprintf(out, out_bytes, "select %.*s from %.*s limit 0", list ? (int)strcspn(list, ")") - 1 : 1,
			 list ? list + 1 : "*", (int)table_n, target);

	return n > 0 && (size_t)n < out_bytes;
}

int pg_target_check(struct pg_link *link, const char *target, const char *columns, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	char sql[TARGET_SQL_BYTES], name[TARGET_NAME_BYTES], wanted[TARGET_COLUMNS_MAX + 2];

	if (!write_select(target, sql, sizeof sql) || strlen(columns) > TARGET_COLUMNS_MAX)
		return err_set(err, ERR_FATAL, "target", "%.60s: it has too many columns", target);
	snprintf(wanted, sizeof wanted, "%c%s", TARGET_MARK, columns);
	snprintf(name, sizeof name, "%.*s", (int)MIN(strcspn(target, " ("), sizeof name - 1), target);
	return pg_ask(link, name, sql, wanted, NULL, &rows, err);
}
