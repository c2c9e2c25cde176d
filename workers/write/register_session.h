/* register_session: the connection to the register and the buffers that its statements are built in, and whose fault a
 * failure of one is (design 5).
 *
 * An error of class data (SQLSTATE 21, 22, 23, 54) is the fault of what was delivered only if the statement carries any
 * of it. All others carry numbers and keys that we made: the fence, the cursor, boards, what is read, begin and commit.
 * Of those a limit of the server (54, as "no more transaction numbers") is a condition to wait for, ERR_RETRY; 21, 22
 * and 23 are a fault of ours or of who changed the register, ERR_FATAL. So only a statement that carries what was
 * delivered can lead to isolation, and only isolation to quarantaine.
 *
 * Owner: the poll loop's thread. */
#ifndef WRITE_REGISTER_SESSION_H
#define WRITE_REGISTER_SESSION_H

#include "write/row_arrays.h"

/* A statement or COPY is sent when so much is collected for it. */
enum { REGISTER_CHUNK_BYTES = 4 << 20 };

enum statement_values {
	VALUES_OURS = 1,  /* numbers, keys and digests that we made */
	VALUES_DELIVERED, /* texts, contents or numbers of a delivery */
};

struct register_statement {
	const char *name; /* unique: it is prepared under it */
	enum statement_values values;
	const char *sql;     /* of a COPY: its target, "table (a, b)" */
	const char *columns; /* of its rows, or of the target, as of pg_ask; NULL: it gives no rows */
};

struct register_session {
	struct pg_link *link;
	struct row_arrays arrays;
	struct strbuf copy; /* rows for a COPY */
};

void register_session_init(struct register_session *session, struct pg_link *link);
void register_session_release(struct register_session *session); /* the link stays */

/* Sends what is collected in arrays; see row_arrays_exec. */
MUSTUSE int register_session_exec(struct register_session *session, const struct register_statement *statement,
				  const struct pg_params *first, struct pg_rows **ret, int64_t *ret_affected,
				  struct err *err);

/* Sends it with these parameters only. */
MUSTUSE int register_session_run(struct register_session *session, const struct register_statement *statement,
				 const struct pg_params *params, struct err *err);

/* Sends the rows collected in copy, if there are any. */
MUSTUSE int register_session_copy(struct register_session *session, const struct register_statement *statement,
				  struct err *err);

MUSTUSE int register_session_begin(struct register_session *session, struct err *err);
/* commit, rollback. */
MUSTUSE int register_session_script(struct register_session *session, const char *sql, struct err *err);

/* A SQLSTATE that says the register or our rights are not as this program needs them becomes an ERR_CONFIG or ERR_FATAL
 * that says what to do. Returns -(its kind). */
int register_session_explain(struct err *err);

#endif
