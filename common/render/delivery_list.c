#include "render/delivery_list.h"

#include <inttypes.h>

#define DAY(column) "to_char(to_date(" column "::text, 'YYYYMMDD'), 'YYYY-MM-DD')"

/* As whom what stands at this position came in, as `shown` of the alias. */
#define ADMISSION(at, alias)                                                                                        \
	" left join lateral (select json_build_object('afzender', case when is_seen then sender end,"               \
	"   'partij', case when is_seen then party end, 'basis', basis,"                                            \
	"   'traceid', case when is_seen then trace_id end,"                                                        \
	"   'op', to_char(accepted_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) as shown"              \
	"  from (select *, $6 or party = $7 or sender = $8 as is_seen from register.admission where position = " at \
	") x) " alias " on true"

/* The names are those of the summary (summary.c). One row more than a page says whether there is another. */
static const char LIST_SQL[] =
	"select d.position, json_build_object('leveringsid', d.delivery_id,"
	"  'soort', case d.kind when 1 then 'VOLLEDIG' when 2 then 'MUTATIE' else 'INTREKKING' end,"
	"  'proef', d.dry_run, 'volgnummer', d.sequence, 'extractiedatum', " DAY("d.extraction_date") ","
	"  'ontvangen_op', " DAY("d.received_on") ","
	"  'status', case d.state when 2 then 'wacht_op_bevestiging' else 'verwerkt' end, 'regels', d.lines,"
	"  'tellingen', json_build_object('nieuw', d.nieuw, 'gewijzigd', d.gewijzigd, 'ongewijzigd', d.ongewijzigd,"
	"   'verouderd', d.verouderd, 'afgekeurd', d.afgekeurd, 'ingetrokken', d.ingetrokken,"
	"   'quarantaine', d.quarantaine), 'ontbrekend', d.absent, 'actief', d.active, 'vervallen', d.lapsed,"
	"  'geleverd_door', a.shown, 'bevestigd_door', b.shown)::text"
	" from register.delivery d left join lateral (select c.position from register.confirmation c"
	"   where c.board = d.board and c.delivery_id = d.delivery_id and c.executed and d.notices & 4 <> 0"
	"   order by c.position limit 1) c on true" ADMISSION("d.position", "a") ADMISSION("c.position", "b")
	" where d.board = $1 and ($2 = 0 or d.position < $2) and d.received_on >= $3"
	"  and ($4 = 0 or d.state = $4) order by d.position desc limit $5";

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
	int rc = pg_exec(link, "delivery_list", LIST_SQL, &params, &rows, NULL, err);

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
