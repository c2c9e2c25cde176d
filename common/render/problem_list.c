#include "render/problem_list.h"

/* One row more than a page says whether there is another. */
static const char LIST_SQL[] =
	"select reference, shown from register.ask_problems($1, $2, $3, $4, $5, $6, $7, $8) order by id desc";

static int ask(struct pg_link *link, const struct problem_query *query, struct pg_rows **ret, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)query->board);
	pg_add_text_or_null(&params, slice_of(query->reference));
	pg_add_text_or_null(&params, slice_of(query->before));
	pg_add_text_or_null(&params, slice_of(query->state));
	pg_add_bool(&params, query->sees_all);
	pg_add_text(&params, query->party);
	pg_add_text(&params, query->sender);
	pg_add_i32(&params, PROBLEM_LIST_ROWS + 1);
	return pg_ask(link, "problem_list", LIST_SQL, "tt", &params, ret, err);
}

int problem_list_write(struct pg_link *link, const struct problem_query *query, struct strbuf *out, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = ask(link, query, &rows, err);

	if (rc != 0)
		return rc;
	size_t found = pg_rows_count(rows), count = MIN(found, (size_t)PROBLEM_LIST_ROWS);

	strbuf_add_text(out, "{\"problemen\":[");
	for (size_t i = 0; i < count; i++) {
		strbuf_add_text(out, i > 0 ? "," : "");
		strbuf_add(out, pg_get_bytes(rows, i, 1));
	}
	strbuf_add_text(out, found > count ? "],\"volgende\":\"" : "],\"volgende\":null}");
	if (found > count) {
		strbuf_add(out, pg_get_bytes(rows, count - 1, 0));
		strbuf_add_text(out, "\"}");
	}
	return strbuf_check(out, "a list of problems", err);
}

int problem_write(struct pg_link *link, const struct problem_query *query, struct strbuf *out, bool *ret_is_found,
		  struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = ask(link, query, &rows, err);

	if (rc != 0)
		return rc;
	*ret_is_found = pg_rows_count(rows) > 0;
	if (*ret_is_found)
		strbuf_add(out, pg_get_bytes(rows, 0, 1));
	return strbuf_check(out, "a problem", err);
}
