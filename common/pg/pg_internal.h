/* pg_internal: what the files of this module share and no other may see: it shows libpq. */
#ifndef PG_PG_ROOM_H
#define PG_PG_ROOM_H

#include "pg/pg_link.h"

#include <libpq-fe.h>

struct pg_prepared;

struct pg_link {
	struct pg_options options;
	PGconn *conn; /* NULL or in any state; not blocking */
	struct pg_prepared *prepared;
	size_t prepared_count;
	bool has_answered; /* a statement of ours, since the link was made: the settings are right */
	bool is_refused;   /* as what may pass; logged */
};

static inline void drop_pgresult(PGresult **res)
{
	PQclear(*res);
}

/* Sends what is queued and waits until an answer can be taken without blocking. ERR_RETRY: the line broke; ERR_STOP. */
MUSTUSE int pg_wait_answer(struct pg_link *link, struct err *err);

/* Sends what is queued; a partial answer that comes meanwhile is taken in. */
MUSTUSE int pg_flush(struct pg_link *link, struct err *err);

/* The error of a result, or of the line when res is NULL, in our words. Takes in what else the server answers to the
 * statement, so that the line is ready for the next; drops a line that is gone. what: our name of the statement.
 * Returns -kind. */
int pg_fail(struct pg_link *link, const PGresult *res, const char *what, struct err *err);

/* Takes all results of what was sent, and gives the last one that carries rows or a count in *ret. The first error
 * wins. */
MUSTUSE int pg_collect(struct pg_link *link, const char *what, PGresult **ret, struct err *err);

MUSTUSE int pg_require_up(const struct pg_link *link, struct err *err);

/* libpq's view of params; the arrays hold PG_PARAMS_MAX. */
struct pg_wire_params {
	const char *values[PG_PARAMS_MAX];
	int lengths[PG_PARAMS_MAX];
	int formats[PG_PARAMS_MAX];
};
void pg_params_wire(const struct pg_params *params, struct pg_wire_params *ret);

#endif
