/* audit: who looked at persons, and who did what with replays, quarantine, keys and partitions; and contact, the
 * persons to call.
 *
 * No header: run_audit and run_contact stand in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "ctl/base/question.h"

enum { PAGE_ROWS = 100 };

/* ---- audit ---- */

/* Newest first. The place of a row is its time to the microsecond and a digest of the row, as rows of one transaction
 * have one time. */
static const char AUDIT_SQL[] =
	"with act as ("
	"  select at, coalesce(sender, who) as who, what, board, concat_ws(' ', topic || '/' || partition || '/' ||"
	"    \"offset\", party, basis, 'by version ' || version, 'trace ' || trace_id) as detail,"
	"    coalesce(reason, '') as reason"
	"    from register.access where $3::timestamptz is null or at >= $3::timestamptz"
	"  union all select at, who, 'replay ' || what, null, left(job::text, 8) || ' ' || note, '' from"
	" register.replay_event"
	"    where $3::timestamptz is null or at >= $3::timestamptz"
	"  union all select at, who, 'quarantine ' || decision, null, partition || '/' || \"offset\" || ' ' || reason,"
	"    '' from register.quarantine_decision"
	"  union all select at, who, 'refill', null, partition || ' ' || reason, '' from register.refill"
	"  union all select at, who, 'verify --repair', board, changes || ': ' || reason, '' from register.repair"
	"  union all select at, who, case what when 'person' then 'person erase' else 'retention' end, null,"
	"    what || ' until ' || until || ': ' || rows || ' rows', reason"
	"    from register.removal where rows > 0"
	"  union all select at, who, 'reference publish', null, left(encode(version, 'hex'), 8) ||"
	"    case when published_at is null then ' not known to have reached its topic' else '' end, reason"
	"    from register.reference_publication"
	"  union all select set_at, set_by, 'approval set', null,"
	"    case lines when 0 then 'no plan wants approval' else 'from ' || lines || ' lines on' end, reason"
	"    from register.approval_limit where set_by <> 'migration 0029'"
	"  union all select at, who, 'key rotate', null, partition || ' to key ' || new_key_id, '' from"
	" register.key_rotation"
	"  union all select at, who, what, board, detail::text, '' from rights.change"
	"    where $3::timestamptz is null or at >= $3::timestamptz"
	"), placed as (select *, to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') || '/' ||"
	"    left(md5(act::text), 8) as place from act)"
	" select " CTL_SQL_TIME("at") ", who, what, case when board is not null then " CTL_SQL_BOARD("board") ""
	" end, detail,"
	"   left(detail, 20), reason, place"
	" from placed where ($1::text is null or who = $1) and ($3::timestamptz is null or at >= $3::timestamptz)"
	"   and ($4::text is null or place < $4) order by place desc limit $2 + 1";

static const struct output_column AUDIT_COLUMNS[] = {
	{ "at", "at", COLUMN_TEXT },	   { "who", "who", COLUMN_TEXT },   { "what", "what", COLUMN_TEXT },
	{ "board", "board", COLUMN_TEXT }, { "detail", NULL, COLUMN_TEXT }, { NULL, "detail", COLUMN_TEXT },
	{ "reason", NULL, COLUMN_TEXT },   { "place", NULL, COLUMN_TEXT },
};

int run_audit(struct ctl *ctl)
{
	struct question question = { AUDIT_COLUMNS, ARRAY_LEN(AUDIT_COLUMNS), AUDIT_SQL, false, PAGE_ROWS };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	const char *since = ctl->options[OPTION_SINCE];
	struct pg_params params;
	struct err err = { 0 };
	int32_t day = 0;

	if (!question_limit(ctl, PAGE_ROWS, &question.limit))
		return ctl_usage("--limit is a number of rows");
	if (!question_day(ctl, OPTION_SINCE, &day))
		return ctl_usage("a day is EEJJ-MM-DD, and begins at midnight UTC");
	pg_params_reset(&params);
	question_add_text(&params, ctl->options[OPTION_WHO]);
	pg_add_i64(&params, question.limit);
	question_add_text(&params, since);
	question_add_text(&params, ctl->options[OPTION_AFTER]);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_script(link, "set time zone 'UTC'", &err);
	if (rc == 0)
		rc = question_answer(ctl, link, &question, &params, NULL, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

/* ---- contact ---- */

/* Of one board all it ever gave, newest first; of all boards what holds. Those that were set (specification 8.8) have a
 * task and stand before the one that a delivery named. */
#define CUT(column, width) \
	"case when length(" column ") > " width " then left(" column ", " width " - 1) || '…' else " column " end"

static const char CONTACT_SQL[] =
	"with said as ("
	"  select c.board, d.received_on as day, c.name, c.phone, c.email, d.delivery_id, null as task, null as set_by,"
	"    row_number() over (partition by c.board order by c.since desc) = 1 as is_newest, 1 as source,"
	"    c.since as at, 0 as place"
	"    from register.contact c left join register.delivery d on d.position = c.since"
	"    where $1::int is null or c.board = $1"
	"  union all select p.board, to_char(l.set_at at time zone 'Europe/Amsterdam', 'YYYYMMDD')::int, p.name,"
	"    p.phone, p.email, null, p.task, l.sender, l.number = (select max(n.number) from register.contact_list n"
	"      where n.board = l.board), 0, l.number, p.place"
	"    from register.contact_person p join register.contact_list l using (board, number)"
	"    where $1::int is null or p.board = $1)"
	" select " CTL_SQL_BOARD("board") ", " CTL_SQL_DAY("day") ", name, phone, email, " CUT("name", "20") ","
	"  " CUT("phone", "15") ", " CUT("email", "22") ", delivery_id, is_newest, task, set_by"
	" from said where $1::int is not null or is_newest order by board, source, at desc, place";

static const struct output_column CONTACT_COLUMNS[] = {
	{ "board", "board", COLUMN_TEXT },  { "since", "since", COLUMN_TEXT }, { "name", NULL, COLUMN_TEXT },
	{ "phone", NULL, COLUMN_TEXT },	    { "email", NULL, COLUMN_TEXT },    { NULL, "name", COLUMN_TEXT },
	{ NULL, "phone", COLUMN_TEXT },	    { NULL, "email", COLUMN_TEXT },    { "delivery_id", NULL, COLUMN_TEXT },
	{ "is_newest", NULL, COLUMN_FLAG }, { "task", "task", COLUMN_TEXT },   { "set_by", NULL, COLUMN_TEXT },
};

int run_contact(struct ctl *ctl)
{
	const struct question question = { CONTACT_COLUMNS, ARRAY_LEN(CONTACT_COLUMNS), CONTACT_SQL, false,
					   QUESTION_LIMIT_ANY };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	bool is_all = ctl_has(ctl, OPTION_ALL), is_one = false;
	struct pg_params params;
	struct err err = { 0 };
	uint32_t board = 0;

	if (!question_board(ctl, &board, &is_one) || is_one == is_all)
		return ctl_usage("contact wants either --all or --board with a number of 5 digits");
	pg_params_reset(&params);
	question_add_board(&params, board, is_one);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = ctl_record_access(link, "contact", is_one ? &board : NULL, NULL, &err);
	if (rc == 0)
		rc = question_answer(ctl, link, &question, &params, NULL, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}
