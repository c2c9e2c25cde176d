/* register_session: the connection to the register with the buffers that its statements fill.
 *
 * Memory: kept from statement to statement; each column and COPY takes up to REGISTER_CHUNK_BYTES and one row. Owner:
 * the poll loop's thread. */
#ifndef WRITE_REGISTER_SESSION_H
#define WRITE_REGISTER_SESSION_H

#include "write/row_arrays.h"

/* A statement or COPY is sent when so much is collected for it. */
enum { REGISTER_CHUNK_BYTES = 4 << 20 };

struct register_session {
	struct pg_link *link;
	struct row_arrays arrays;
	struct strbuf copy; /* rows for a COPY */
};

void register_session_init(struct register_session *session, struct pg_link *link);
void register_session_release(struct register_session *session); /* the link stays */

/* Sends what is collected in arrays; see row_arrays_exec. */
MUSTUSE int register_session_exec(struct register_session *session, const char *name, const char *sql,
				  const struct pg_params *first, struct pg_rows **ret, int64_t *ret_affected,
				  struct err *err);

/* Sends the rows collected in copy, if there are any. sql: "copy .. from stdin (format binary)". */
MUSTUSE int register_session_copy(struct register_session *session, const char *sql, struct err *err);

/* A SQLSTATE that says the register or our rights are not as this program needs them becomes an ERR_CONFIG or ERR_FATAL
 * that says what to do. Returns -(its kind). */
int register_session_explain(struct err *err);

#endif
