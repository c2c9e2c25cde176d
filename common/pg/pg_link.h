/* pg_link: one connection to PostgreSQL. This module alone includes libpq.
 *
 * Owner: one thread. Values travel in binary; texts of statements hold parameters, never literals of data. Errors are
 * sorted by SQLSTATE (pg_sort); the text is ours with the SQLSTATE as code: the server's own words may quote data and
 * stop here. A constraint that was broken is named, as that is a name of the schema. After ERR_RETRY with a broken
 * line pg_link_is_up() is false: connect again, and ask the register whether a COMMIT under way went through. */
#ifndef PG_PG_LINK_H
#define PG_PG_LINK_H

#include "base/secret_file.h"

#include <stdbool.h>

struct pg_link;
struct pg_rows; /* a result in binary */

enum { PG_PASSWORD_BYTES_MAX = 1024 };

struct pg_options {
	const char *conninfo;
	/* Optional, at most PG_PASSWORD_BYTES_MAX; its file is read again at each connect. conninfo may name a passfile
	 * instead, which libpq reads each time, too. */
	struct secret password;
	const char *application;
	bool must_write; /* a server that takes no writes is none for us, whatever target_session_attrs says */
	/* Of a caller that repeats the same work for ever: what a trigger of somebody else (P0) or a fault of the
	 * server (XX) refuses, and whatever a statement that worked is refused for, is a condition to wait for. Of any
	 * other it is a fault of that question: only what a restore or a migration does is waited for. */
	bool faults_pass;
	uint32_t connect_ms;	      /* for each address */
	uint32_t lock_ms;	      /* lock_timeout */
	uint32_t idle_transaction_ms; /* idle_in_transaction_session_timeout */
	/* statement_timeout, 0: none. The server bounds no COMMIT that waits for a standby, and nothing while it
	 * hangs itself: a request not taken in, or an answer not come, connect_ms later drops the line. */
	uint32_t statement_ms;
	/* Asked ten times a second by every wait of this module; true: the call drops the line and returns ERR_STOP.
	 * May be NULL. While a drain finishes a batch, say false until its deadline. */
	bool (*should_stop)(void);
	/* Told as often how long a request under way has been waited for; 0: it connects. May be NULL. */
	void (*waits)(void *self, int64_t waited_ms);
	void *waits_self;
};

enum err_kind pg_sort(const char *sqlstate);

/* PostgreSQL refuses user, password, database or grant, and accepted us before. Logged once; calls are ERR_RETRY. */
bool pg_link_is_refused(const struct pg_link *link);

/* The caller has had its whole work done with this register once: what the server refuses from now on is a condition of
 * it, which passes (a restore, a migration, a trigger of somebody else), and is ERR_RETRY. Until then a statement that
 * has worked is waited for (see faults_pass), and any other is a missing migration or grant, or a bug of ours. */
void pg_link_settle(struct pg_link *link);
bool pg_link_is_settled(const struct pg_link *link);

/* Logs which variables of the environment change how libpq connects where the connection string says nothing: what they
 * do looks like a server that is away (PGHOSTADDR, PGGSSENCMODE). For a worker, once, at its start. */
void pg_note_environment(void);

/* Makes the struct; does not connect. */
MUSTUSE int pg_link_open(const struct pg_options *options, struct pg_link **ret, struct err *err);
void pg_link_close(struct pg_link *link);
/* Connects if it is not up: to the first address of the first host that accepts us, each bounded by connect_ms (but for
 * the look-up of its name), seeing stops. Wanted is a primary, unless target_session_attrs of conninfo says otherwise;
 * of several hosts that say they are one, that of the newest timeline (pg_timeline.c).
 * Unknown database: ERR_CONFIG; wrong user or password: ERR_CONFIG with code "credentials"; one that is not in UTF8:
 * ERR_CONFIG with code "encoding". */
MUSTUSE int pg_link_connect(struct pg_link *link, struct err *err);
bool pg_link_is_up(const struct pg_link *link);
void pg_link_drop(struct pg_link *link); /* closes the line; the next connect makes a new one */

/* Parameters of a statement, binary, collected in order. */
enum { PG_PARAMS_MAX = 32 };
struct pg_params {
	int count;
	bool is_short;		       /* an array found no memory: the statement is not sent, ERR_RETRY */
	uint32_t types[PG_PARAMS_MAX]; /* OIDs */
	struct slice values[PG_PARAMS_MAX];
	bool is_null[PG_PARAMS_MAX];
	uint8_t scalars[PG_PARAMS_MAX][16]; /* in network order */
};
void pg_params_reset(struct pg_params *params);
void pg_add_null(struct pg_params *params, uint32_t type);
void pg_add_i16(struct pg_params *params, int16_t v);
void pg_add_i32(struct pg_params *params, int32_t v);
void pg_add_i64(struct pg_params *params, int64_t v);
void pg_add_bool(struct pg_params *params, bool v);
void pg_add_text(struct pg_params *params, struct slice v);
void pg_add_text_or_null(struct pg_params *params, struct slice v); /* null when it is empty */
void pg_add_bytes(struct pg_params *params, struct slice v);	    /* bytea */
void pg_add_uuid(struct pg_params *params, const uint8_t v[16]);
/* Arrays are built by the caller in a strbuf with pg_array_*, and must outlive the call. */
void pg_add_array(struct pg_params *params, uint32_t array_type, struct slice array);

void pg_array_begin(struct strbuf *out, uint32_t element_type); /* one dimension, count filled by pg_array_end */
void pg_array_add_i32(struct strbuf *out, int32_t v);
void pg_array_add_i64(struct strbuf *out, int64_t v);
void pg_array_add_uuid(struct strbuf *out, const uint8_t v[16]);
void pg_array_add_text(struct strbuf *out, struct slice v);
void pg_array_end(struct strbuf *out, size_t start, int32_t count); /* start: out->n before pg_array_begin */

enum {
	PG_BOOL = 16,
	PG_BYTEA = 17,
	PG_I64 = 20,
	PG_I16 = 21,
	PG_I32 = 23,
	PG_TEXT = 25,
	PG_UUID = 2950,
	PG_I32_ARRAY = 1007,
	PG_I64_ARRAY = 1016,
	PG_TEXT_ARRAY = 1009,
	PG_BYTEA_ARRAY = 1001,
	PG_UUID_ARRAY = 2951
};

/* name: prepared once per connection under this name and used again; NULL: not prepared. params may be NULL.
 * *ret may be NULL when no rows are wanted; *ret_affected is the number of rows touched, when wanted. */
MUSTUSE int pg_exec(struct pg_link *link, const char *name, const char *sql, const struct pg_params *params,
		    struct pg_rows **ret, int64_t *ret_affected, struct err *err);
/* For rows. columns: what each must be, a letter for each: b boolean, s smallint, i integer and l bigint (or narrower),
 * t text (or varchar, name), x bytea (x32: of 32 bytes), u uuid, z timestamptz, a integer[]; a capital may be null. =
 * before them: one row. An answer of another form is one of a register that somebody altered: as a missing column, code
 * 42804. */
MUSTUSE int pg_ask(struct pg_link *link, const char *name, const char *sql, const char *columns,
		   const struct pg_params *params, struct pg_rows **ret, struct err *err);
/* Whether a table takes what is sent to it. target: "table (a, b)", or "table" for all of it; columns: as above, each
 * of exactly this type and no length of its own. Within a transaction it cannot be altered from then on. A program
 * has one list for each table, as its name is that of the prepared statement. */
MUSTUSE int pg_target_check(struct pg_link *link, const char *target, const char *columns, struct err *err);
/* begin, with the settings of the session, limits of pg_options and all: behind a pooler the transaction may have
 * another server's connection. A statement outside a transaction, or in one begun otherwise, has what that one has. */
MUSTUSE int pg_begin(struct pg_link *link, struct err *err);
/* Several statements without parameters (migrations, begin, commit). After an error inside a transaction the caller
 * rolls back; a line that was dropped did so by itself. */
MUSTUSE int pg_script(struct pg_link *link, const char *sql, struct err *err);

/* Values as they came; NULL reads as 0 or empty. i64 also reads the narrower integers. After pg_ask and pg_stream a
 * value is of the type that was named. After pg_exec, which only instroomctl uses for rows, one that is of another type
 * than asked for ends the program: by pg_altered, which does not return. */
typedef void pg_altered(const struct err *err);
void pg_set_altered(pg_altered *altered);
size_t pg_rows_count(const struct pg_rows *rows);
bool pg_is_null(const struct pg_rows *rows, size_t row, int column);
int16_t pg_get_i16(const struct pg_rows *rows, size_t row, int column);
int32_t pg_get_i32(const struct pg_rows *rows, size_t row, int column);
int64_t pg_get_i64(const struct pg_rows *rows, size_t row, int column);
bool pg_get_bool(const struct pg_rows *rows, size_t row, int column);
/* text, bytea, uuid (16 bytes); borrowed */
struct slice pg_get_bytes(const struct pg_rows *rows, size_t row, int column);
void pg_rows_free(struct pg_rows *rows);
static inline void drop_pg_rows(struct pg_rows **rows)
{
	pg_rows_free(*rows);
}

/* Streams a large result row by row (single-row mode). columns: as for pg_ask, or NULL. each returns 0 to go on; what
 * else it returns is returned, and the line is made anew: a transaction that was open is gone, and so may the line be.
 * Each sees one row, number 0, borrowed for the call. */
MUSTUSE int pg_stream(struct pg_link *link, const char *sql, const char *columns, const struct pg_params *params,
		      int (*each)(void *self, const struct pg_rows *row, struct err *err), void *self, struct err *err);

#endif
