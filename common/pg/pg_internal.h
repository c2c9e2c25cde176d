/* pg_internal: what the files of this module share and no other may see: it shows libpq. */
#ifndef PG_PG_ROOM_H
#define PG_PG_ROOM_H

#include "pg/pg_link.h"

#include "base/peer_cause.h"

#include <libpq-fe.h>

struct pg_prepared;

/* Of a primary: each promotion of a standby makes a new one. */
struct pg_timeline {
	uint64_t system; /* identifier of what it is a copy of; 0: not asked */
	uint32_t number;
};

enum { PG_WORKED_MAX = 256 };

struct pg_link {
	struct pg_options options;
	PGconn *conn; /* NULL or in any state; not blocking */
	struct pg_prepared *prepared;
	size_t prepared_count;
	int64_t answer_by_ms;		 /* 0: an answer may take its time */
	bool has_pooler;		 /* statements are not prepared */
	bool was_standby, was_read_only; /* when it was connected */
	struct pg_timeline timeline;	 /* likewise, where it was asked */
	bool has_answered;		 /* a statement of ours, since the link was made: the settings are right */
	bool is_settled;		 /* its caller's whole work was done with it once */
	bool is_refused;		 /* as what may pass; logged */
	uint64_t refused;		 /* hash of the statement that is; 0: the connection */
	uint64_t statement;		 /* hash of the last one sent; 0: none */
	uint64_t worked[PG_WORKED_MAX];	 /* hashes of statements that had an answer, as many as fit */
	size_t worked_count;
};

static inline void drop_pgresult(PGresult **res)
{
	PQclear(*res);
}

/* Sends what is queued and waits until an answer can be read without blocking. ERR_RETRY: the line broke; ERR_STOP. */
MUSTUSE int pg_wait_answer(struct pg_link *link, struct err *err);

/* Sends what is queued; a partial answer that comes meanwhile is kept. */
MUSTUSE int pg_flush(struct pg_link *link, struct err *err);

/* The error of a result, or of the line when res is NULL, in our words. Takes in what else the server answers to the
 * statement, so that the line is ready for the next; drops a line that is gone. what: our name of the statement.
 * Returns -kind. */
int pg_fail(struct pg_link *link, const PGresult *res, const char *what, struct err *err);

/* Takes all results of what was sent, and gives the last one that carries rows or a count in *ret. The first error
 * wins. */
MUSTUSE int pg_collect(struct pg_link *link, const char *what, PGresult **ret, struct err *err);

/* Waits one step for the events. *ret_ready: they are there. ERR_STOP: asked to stop. */
MUSTUSE int pg_wait_step(struct pg_link *link, short events, int wait_ms, bool *ret_ready, struct err *err);

/* The last statement sent is this. */
void pg_note_sent(struct pg_link *link, const char *sql, const struct pg_params *params);

/* It had its answer: when the server refuses it later, that is waited for, and if it did before, that is over. */
void pg_note_worked(struct pg_link *link);

/* columns: as of pg_ask; NULL: any. Not 0: the answer has others, and the line was dropped. */
MUSTUSE int pg_columns_check(struct pg_link *link, const char *what, const char *columns, const PGresult *res,
			     struct err *err);

enum peer_cause pg_cause_of(const char *sqlstate);

/* What it means, in our words, behind "PostgreSQL". */
const char *pg_meaning_of(const char *sqlstate);

/* What the server's words name, "table teacher" of a right or a table that lacks; "": nothing that is sure to be a
 * name. In another language than English always. */
void pg_subject_of(const char *sqlstate, const char *words, char *buf, size_t buf_bytes);

/* HOST:PORT of the connection, or the path of its socket. Returns ret. */
const char *pg_place_of(const PGconn *conn, char ret[PEER_WHERE_BYTES]);

/* That it answers and does not serve us: counted, and kept as what /readyz says. */
void pg_note_refusal(const struct pg_link *link, enum peer_cause cause);

/* The kind of a SQLSTATE, at_start unless it is one that passes and the server accepted the link before. */
enum err_kind pg_kind_of(struct pg_link *link, const char *sqlstate, enum err_kind at_start);

/* ERR_RETRY: it is not, or was left just now, as it has become read-only. */
MUSTUSE int pg_require_up(struct pg_link *link, struct err *err);

/* ---- settings of a session (pg_connect.c) ---- */

enum { PG_SESSION_BYTES = 640 };

/* set: SET, or SET LOCAL for a transaction. */
void pg_write_settings(const struct pg_link *link, const char *set, char *out, size_t out_bytes);

/* ---- causes (pg_probe.c) ---- */

/* Whether the TLS files of the connection string are there and belong together. ERR_CONFIG: "ca" or "file". */
MUSTUSE int pg_check_tls_files(PGconn *conn, struct err *err);
/* as_said: what can be made of libpq's words. PEER_CA: a certificate was not believed, and why is found out by asking
 * the server again; PEER_WANTS_TLS: it refuses us without TLS, if it offers any, else PEER_LOGIN. Up to a second. */
enum peer_cause pg_find_tls_cause(PGconn *conn, enum peer_cause as_said);

/* ---- timelines (pg_timeline.c) ---- */

/* Of a primary that accepted us. false: an old one, as this process has met a newer timeline of the same system. */
bool pg_timeline_meet(const struct pg_timeline *timeline);

/* Whether all places were asked lately, and none had a newer timeline than this. */
bool pg_timeline_is_settled(const struct pg_timeline *timeline);

/* All places were asked. */
void pg_timeline_settle(void);

/* A line broke, or its server gave way: the next connect asks all places. */
void pg_timeline_doubt(void);

/* ---- places (pg_place.c) ---- */

enum { PG_PLACES_MAX = 16, PG_HOST_BYTES = 256, PG_ADDRESS_BYTES = 64, PG_PORT_BYTES = 16 };

/* A server, as connection parameters; an empty one is left to libpq. */
struct pg_place {
	char host[PG_HOST_BYTES]; /* the name, which TLS and a password file go by, or a path */
	char address[PG_ADDRESS_BYTES];
	char port[PG_PORT_BYTES];
};

struct pg_places {
	struct pg_place items[PG_PLACES_MAX];
	size_t count;
	bool wants_primary; /* nothing else is asked for */
};

/* All hosts of the connection string with all addresses they have now, in their order. A service file and
 * target_session_attrs=prefer-standby are left to libpq, as one place. Blocks as long as the resolver does. ERR_RETRY:
 * no host has an address. */
MUSTUSE int pg_places_find(const char *conninfo, struct pg_places *ret, struct err *err);

/* libpq's view of params; the arrays hold PG_PARAMS_MAX. */
struct pg_wire_params {
	const char *values[PG_PARAMS_MAX];
	int lengths[PG_PARAMS_MAX];
	int formats[PG_PARAMS_MAX];
};
void pg_params_wire(const struct pg_params *params, struct pg_wire_params *ret);

#endif
