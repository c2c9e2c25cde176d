#include "render/delivery_list.h"

#include <inttypes.h>

/* One row more than a page says whether there is another. */
static const char LIST_SQL[] =
	"select position, shown from register.ask_deliveries($1, $2, $3, $4, $5, $6, $7, $8) order by position desc";

int delivery_list_write(struct pg_link *link, const struct delivery_list *list, struct strbuf *out, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)list->board);
	pg_add_i64(&params, list->before);
	pg_add_i32(&params, list->since);
	pg_add_i32(&params, list->state);
	pg_add_i32(&params, DELIVERY_LIST_ROWS + 1);
	pg_add_bool(&params, list->sees_all);
	pg_add_text(&params, list->party);
	pg_add_text(&params, list->sender);
	int rc = pg_ask(link, "delivery_list", LIST_SQL, "lt", &params, &rows, err);

	if (rc != 0)
		return rc;
	size_t found = pg_rows_count(rows), count = MIN(found, (size_t)DELIVERY_LIST_ROWS);

	strbuf_add_text(out, "{\"leveringen\":[");
	for (size_t i = 0; i < count; i++) {
		strbuf_add_text(out, i > 0 ? "," : "");
		strbuf_add(out, pg_get_bytes(rows, i, 1));
	}
	if (found > count)
		strbuf_add_printf(out, "],\"volgende\":\"%" PRId64 "\"}", pg_get_i64(rows, count - 1, 0));
	else
		strbuf_add_text(out, "],\"volgende\":null}");
	return strbuf_check(out, "a list of deliveries", err);
}
