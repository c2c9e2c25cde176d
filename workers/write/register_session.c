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

int register_session_exec(struct register_session *session, const char *name, const char *sql,
			  const struct pg_params *first, struct pg_rows **ret, int64_t *ret_affected, struct err *err)
{
	return row_arrays_exec(&session->arrays, session->link, name, sql, first, ret, ret_affected, err);
}

int register_session_copy(struct register_session *session, const char *sql, struct err *err)
{
	int rc = 0;

	if (!strbuf_ok(&session->copy))
		return err_set(err, ERR_FULL, "copy", "the rows of one COPY do not fit");
	if (session->copy.n > 0)
		rc = pg_copy_run(session->link, sql, strbuf_slice(&session->copy), err);
	strbuf_reset(&session->copy);
	return rc;
}

int register_session_explain(struct err *err)
{
	if (exit_status_is_migration(err->code))
		return err_set(err, ERR_CONFIG, "migration",
			       "the register lacks tables this program needs: run instroomctl migrate");
	if (strcmp(err->code, "42501") == 0)
		return err_set(err, ERR_FATAL, "42501",
			       "the user of pg.conninfo lacks a grant: it must have role instroom_writer");
	return -(int)err->kind;
}
