#include "pg/pg_copy.h"

#include "pg/pg_internal.h"

enum { PIECE_BYTES = 256 * 1024, COPY_SQL_BYTES = 1024 };

/* signature, flags, length of the extension */
static const char COPY_HEAD[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
static const char COPY_TAIL[2] = "\377\377";

static int put_piece(struct pg_link *link, struct slice piece, struct err *err)
{
	for (;;) {
		int rc = PQputCopyData(link->conn, piece.p, (int)piece.n);

		if (rc < 0)
			return pg_fail(link, NULL, "COPY", err);
		if (rc > 0)
			return pg_flush(link, err); /* bounds what libpq holds for us to one piece */
		rc = pg_flush(link, err);	    /* the send buffer is full: empty it, then the same again */
		if (rc != 0)
			return rc;
	}
}

static int put_rows(struct pg_link *link, struct slice rows, struct err *err)
{
	int rc = put_piece(link, slice_make(COPY_HEAD, sizeof COPY_HEAD), err);

	while (rc == 0 && rows.n > 0)
		rc = put_piece(link, slice_cut(&rows, MIN(rows.n, (size_t)PIECE_BYTES)), err);
	if (rc == 0)
		rc = put_piece(link, slice_make(COPY_TAIL, sizeof COPY_TAIL), err);
	return rc;
}

int pg_copy_run(struct pg_link *link, const char *target, const char *columns, struct slice rows, struct err *err)
{
	CLEANUP(drop_pgresult) PGresult *ready = NULL;
	CLEANUP(drop_pgresult) PGresult *done = NULL;
	char sql[COPY_SQL_BYTES];
	int rc = pg_require_up(link, err);

	if (rc == 0)
		rc = pg_target_check(link, target, columns, err);
	snprintf(sql, sizeof sql, "copy %s from stdin (format binary)", target);
	if (rc != 0)
		return rc;
	pg_note_sent(link, sql, NULL);
	if (!PQsendQuery(link->conn, sql))
		return pg_fail(link, NULL, "COPY", err);
	rc = pg_wait_answer(link, err);
	if (rc != 0)
		return rc;
	ready = PQgetResult(link->conn);
	if (PQresultStatus(ready) != PGRES_COPY_IN)
		return pg_fail(link, ready, "COPY", err);
	rc = put_rows(link, rows, err);
	if (rc != 0)
		return rc; /* the line is dropped: the server ends the COPY and its transaction */
	if (PQputCopyEnd(link->conn, NULL) < 0)
		return pg_fail(link, NULL, "COPY", err);
	rc = pg_collect(link, "COPY", &done, err);
	if (rc == 0)
		pg_note_worked(link);
	return rc;
}
