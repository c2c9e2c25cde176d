#include "write/confirmations.h"

#include "write/write_metrics.h"

/* microseconds since 1970 */
static const struct register_statement WAITING = {
	"confirmations_waiting", VALUES_OURS,
	"select count(*), coalesce((extract(epoch from min(committed_at)) * 1000000)::bigint, 0)"
	" from register.delivery where state = 2",
	"=ll"
};

int confirmations_measure(struct register_session *session, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

	row_arrays_begin(&session->arrays, "");
	int rc = register_session_exec(session, &WAITING, NULL, &rows, NULL, err);

	if (rc != 0)
		return rc;
	write_gauge(GAUGE_CONFIRMATIONS, pg_get_i64(rows, 0, 0));
	write_gauge(GAUGE_CONFIRMATION_OLDEST_US, pg_get_i64(rows, 0, 1));
	return 0;
}
