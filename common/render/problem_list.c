#include "render/problem_list.h"

#define TIME(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

/* One row more than a page says whether there is another. */
static const char LIST_SQL[] =
	"select p.reference, json_build_object('referentie', p.reference, 'status', register.problem_state(p),"
	"  'gemeld_op', " TIME("p.at") ", 'leveringsid', p.delivery_id, 'codes', p.codes, 'toelichting', p.words,"
	"  'verzonden_op', " TIME("h.sent_at") ", 'afgehandeld_op', " TIME("p.closed_at") ", 'antwoord', p.answer,"
	"  'afzender', p.sender, 'basis', p.basis,"
	"  'sectorraden', coalesce((select json_agg(json_build_object('sector', m.recipient,"
	"     'status', register.problem_mail_state(m), 'toelichting', m.words, 'gevraagd_op', " TIME("m.at") ","
	"     'verzonden_op', " TIME("m.sent_at") ") order by m.at, m.recipient)"
	"    from register.problem_mail m where m.problem = p.id and m.recipient <> 'helpdesk'), '[]'))::text"
	" from register.problem p join register.problem_mail h on h.problem = p.id and h.recipient = 'helpdesk'"
	" where p.board = $1 and ($2::text is null or p.reference = $2)"
	"  and ($3::text is null or p.id < (select id from register.problem where reference = $3 and board = $1))"
	"  and ($4::text is null or register.problem_state(p) = $4) and ($5 or p.party = $6 or p.sender = $7)"
	" order by p.id desc limit $8";

static void add_text_or_null(struct pg_params *params, const char *text)
{
	if (text && text[0])
		pg_add_text(params, slice_of(text));
	else
		pg_add_null(params, PG_TEXT);
}

static int ask(struct pg_link *link, const struct problem_query *query, struct pg_rows **ret, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)query->board);
	add_text_or_null(&params, query->reference);
	add_text_or_null(&params, query->before);
	add_text_or_null(&params, query->state);
	pg_add_bool(&params, query->sees_all);
	pg_add_text(&params, query->party);
	pg_add_text(&params, query->sender);
	pg_add_i32(&params, PROBLEM_LIST_ROWS + 1);
	return pg_exec(link, "problem_list", LIST_SQL, &params, ret, NULL, err);
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
