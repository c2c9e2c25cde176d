#include "write/register_session.h"

#include "pg/pg_copy.h"
#include "run/exit_status.h"

enum { BUFFER_BYTES_MAX = 256 << 20 }; /* one row may be as large as a delivery */

void register_session_init(struct register_session *session, struct pg_link *link)
{
	session->link = link;
	row_arrays_init(&session->arrays, BUFFER_BYTES_MAX);
	strbuf_init(&session->copy, BUFFER_BYTES_MAX);
}

void register_session_release(struct register_session *session)
{
	row_arrays_release(&session->arrays);
	strbuf_release(&session->copy);
}

/* Whose fault an error of class data is. Of a statement that carries nothing delivered it is the register's: somebody
 * changed it (a constraint, a trigger), and may change it back. Waiting for that is no worse than to end: nothing of
 * the batch is in, and the process that is started next would meet the same. */
static int blame(int rc, enum statement_values values, struct err *err)
{
	if (rc != -ERR_DATA || values == VALUES_DELIVERED)
		return rc;
	bool is_limit = strncmp(err->code, "54", 2) == 0;
	size_t n = strlen(err->text);

	err->kind = ERR_RETRY;
	snprintf(err->text + n, sizeof err->text - n, "; it carries nothing that was delivered: %s",
		 is_limit ? "the server is at a limit of its own" : "the register is not as we made it");
	return -(int)err->kind;
}

int register_session_exec(struct register_session *session, const struct register_statement *statement,
			  const struct pg_params *first, struct pg_rows **ret, int64_t *ret_affected, struct err *err)
{
	int rc = row_arrays_exec(&session->arrays, session->link, statement->name, statement->sql, statement->columns,
				 first, ret, ret_affected, err);

	return blame(rc, statement->values, err);
}

int register_session_run(struct register_session *session, const struct register_statement *statement,
			 const struct pg_params *params, struct err *err)
{
	int rc = pg_exec(session->link, statement->name, statement->sql, params, NULL, NULL, err);

	return blame(rc, statement->values, err);
}

int register_session_copy(struct register_session *session, const struct register_statement *statement, struct err *err)
{
	int rc = 0;

	if (!strbuf_ok(&session->copy))
		return err_set(err, ERR_FULL, "copy", "the rows of one %s do not fit", statement->name);
	if (session->copy.n > 0)
		rc = pg_copy_run(session->link, statement->sql, statement->columns, strbuf_slice(&session->copy), err);
	strbuf_reset(&session->copy);
	return blame(rc, statement->values, err);
}

int register_session_begin(struct register_session *session, struct err *err)
{
	return blame(pg_begin(session->link, err), VALUES_OURS, err);
}

int register_session_script(struct register_session *session, const char *sql, struct err *err)
{
	return blame(pg_script(session->link, sql, err), VALUES_OURS, err);
}

int register_session_explain(struct err *err)
{
	if (err->kind == ERR_RETRY)
		return -ERR_RETRY; /* a right that is away for a moment */
	if (exit_status_is_migration(err->code))
		return err_set(err, ERR_CONFIG, "migration",
			       "the register lacks a table, column or function this program needs: run instroomctl "
			       "migrate; if it says that all are applied, somebody changed the register");
	if (strcmp(err->code, "42501") == 0)
		return err_set(
			err, ERR_CONFIG, "42501",
			"the user of pg.conninfo lacks a grant: it must have role instroom_writer; or somebody turned "
			"row level security on for a table of the register");
	return -(int)err->kind;
}
