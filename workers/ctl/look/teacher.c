/* teacher: one teacher of a board: what each delivery made of him, field by field, or the row as it stood on a day.
 *
 *   1. He is named by his key, as verify and the key lists name him, or by a BSN in a file (never in the arguments,
 *      which every user of the machine sees).
 *   2. A row of register.access first: whoever looks at a person is known afterwards.
 *   3. The versions: his rows of teacher_history and teacher, in log order; each names the message that made it: a
 *      delivery, a replay of one, or a confirmation by which he lapsed.
 *   4. Each version is put beside the one before; a row for each field that it set. An INTREKKING emptied the content
 *      of the versions before it, so these have none to show.
 *
 * No header: run_teacher stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "ctl/base/bsn_file.h"
#include "ctl/base/question.h"

enum { KEY_TEXT_BYTES = 36 };

/* $1 board, $2 key, $3 day or null, $4 whether values are shown. The names of the fields are those of the views. */
static const char HISTORY_SQL[] =
	"with version as ("
	"  select since, until, status, lapsed_on, content, targets from register.teacher_history"
	"    where board = $1 and key = $2 and until <> since"
	"  union all select since, null, status, lapsed_on, content, targets from register.teacher"
	"    where board = $1 and key = $2"
	"), made as ("
	"  select v.*, coalesce(d.position, r.position, c.delivery) as delivery, r.job, r.reference_version as"
	" replayed_with,"
	"    case when d.position is not null then 'delivery' when r.position is not null then 'replay'"
	"      when c.delivery is not null then 'confirmation' end as what,"
	"    coalesce(d.committed_at, r.changed_at) as at"
	"  from version v left join register.delivery d on d.position = v.since"
	"  left join lateral (select * from register.replay_change where replay_position = v.since limit 1) r on true"
	"  left join lateral (select (select x.position from register.delivery x where x.board = k.board"
	"      and x.delivery_id = k.delivery_id order by x.position limit 1) as delivery"
	"    from register.confirmation k where k.position = v.since) c on true"
	"), field as ("
	"  select m.since, f.nr, f.name, f.value from made m cross join lateral ("
	"    select 0 as nr, 'status' as name, case m.status when 1 then 'ACTIEF' when 2 then 'INGETROKKEN' else"
	" 'VERVALLEN' end"
	"      as value"
	"    union all select 1, 'vervallen_per', m.lapsed_on::text"
	"    union all select 1 + n.nr, n.name, split_part(split_part(m.content, E'\\x1e', 1), E'\\x1f', n.nr::int)"
	"      from unnest(array['geslachtsnaam', 'voorvoegsel', 'voornamen', 'geslacht', 'geboortedatum',"
	" 'straat', 'huisnummer',"
	"        'toevoeging', 'postcode', 'plaats', 'land', 'adresregel1', 'adresregel2', 'adresregel3'])"
	"        with ordinality as n(name, nr)"
	"    union all select 100 + a.nr * 10 + n.nr, n.name || ' ' || (a.nr - 1), split_part(a.line, E'\\x1f',"
	" n.nr::int)"
	"      from string_to_table(m.content, E'\\x1e') with ordinality as a(line, nr)"
	"      cross join unnest(array['benoemingssleutel', 'brin', 'vestiging', 'begin_arbeidsovereenkomst',"
	"        'einde_arbeidsovereenkomst', 'begin_benoeming', 'einde_benoeming', 'benoemingsgrondslag',"
	" 'onderwijsterrein'])"
	"        with ordinality as n(name, nr) where a.nr > 1"
	"    union all select 100 + a.nr * 10 + 10, 'doel ' || a.nr,"
	"      case substr(m.targets, a.nr, 1) when 'R' then 'REGISTER' when 'V' then 'VOORPORTAAL' else 'GEEN' end"
	"      from generate_series(1, length(m.targets)) as a(nr)) f"
	"), shown as ("
	"  select m.*, d.delivery_id, d.received_on, d.sequence, coalesce(m.replayed_with, d.reference_version) as"
	" reference,"
	"    first_value(m.since) over (order by m.since desc) as newest"
	"  from made m left join register.delivery d on d.position = m.delivery"
	"  where $3::int is null or coalesce(d.received_on, 0) <= $3"
	")"
	" select " CTL_SQL_DAY("s.received_on") ", " CTL_SQL_TIME("s.at") ", s.what, s.delivery_id, s.sequence,"
	" s.job::text,"
	"  encode(s.reference, 'hex'), s.since::text, f.name,"
	"  case when $4 then coalesce(f.value, '') when coalesce(f.value, '') = '' or f.nr = 0 then"
	" coalesce(f.value, '')"
	"    else '***' end"
	" from shown s join field f on f.since = s.since left join lateral (select max(p.since) as since from made p"
	"   where p.since < s.since) b on true"
	" left join field g on g.since = b.since and g.nr = f.nr"
	" where case when $3::int is null then coalesce(f.value, '') <> coalesce(g.value, '')"
	"   else s.since = s.newest and coalesce(f.value, '') <> '' end"
	" order by s.since, f.nr";

static const struct output_column HISTORY_COLUMNS[] = {
	{ "received_on", "received", COLUMN_TEXT }, { "committed_at", NULL, COLUMN_TEXT },
	{ "made_by", "made by", COLUMN_TEXT },	    { "delivery_id", NULL, COLUMN_TEXT },
	{ "sequence", "volgnr", COLUMN_NUMBER },    { "replay_job", NULL, COLUMN_TEXT },
	{ "reference_version", NULL, COLUMN_TEXT }, { "position", NULL, COLUMN_TEXT },
	{ "field", "field", COLUMN_TEXT },	    { "value", "value", COLUMN_TEXT },
};

static int find_teacher(struct ctl *ctl, struct pg_link *link, uint32_t board, uint8_t ret_key[16], bool *ret_is_known,
			struct err *err)
{
	const char *path = ctl->options[OPTION_BSN_FILE];
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	int32_t bsn = 0;
	int rc = path ? bsn_file_read(path, &bsn, err) : 0;

	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	if (path)
		pg_add_i32(&params, bsn);
	else
		pg_add_text(&params, slice_of(ctl->arguments[1]));
	rc = pg_exec(link, NULL,
		     path ? "select key from register.teacher where board = $1 and bsn = $2"
			  : "select key from register.teacher where board = $1 and key::text = lower($2)",
		     &params, &rows, NULL, err);
	*ret_is_known = rc == 0 && pg_rows_count(rows) == 1;
	if (*ret_is_known)
		memcpy(ret_key, pg_get_bytes(rows, 0, 0).p, 16);
	return rc;
}

static int show_teacher(struct ctl *ctl, struct pg_link *link, uint32_t board, const uint8_t key[16], int32_t day,
			struct err *err)
{
	const struct question question = { HISTORY_COLUMNS, ARRAY_LEN(HISTORY_COLUMNS), HISTORY_SQL, false,
					   QUESTION_LIMIT_ANY };
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_uuid(&params, key);
	question_add_day(&params, day);
	pg_add_bool(&params, ctl_has(ctl, OPTION_WITH_PERSONAL_DATA));
	return question_answer(ctl, link, &question, &params, NULL, err);
}

int run_teacher(struct ctl *ctl)
{
	bool by_bsn = ctl_has(ctl, OPTION_BSN_FILE), is_known = false;
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct err err = { 0 };
	uint8_t key[16] = { 0 };
	int32_t day = 0;
	uint32_t board;

	if (!ctl_board(ctl->arguments[0], &board))
		return ctl_usage("a board number has 5 digits");
	if (by_bsn == (ctl->argument_count == 2))
		return ctl_usage("teacher wants either a key behind the board or --bsn-file");
	if (!by_bsn && strlen(ctl->arguments[1]) != KEY_TEXT_BYTES)
		return ctl_usage("a teacher key has 32 hex digits, as verify names it; a BSN goes into a file");
	if (!question_day(ctl, OPTION_DAY, &day))
		return ctl_usage("a day is EEJJ-MM-DD, by ontvangen_op");
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = find_teacher(ctl, link, board, key, &is_known, &err);
	if (rc == 0)
		rc = ctl_record_access(
			link, ctl_has(ctl, OPTION_WITH_PERSONAL_DATA) ? "teacher --with-personal-data" : "teacher",
			&board, NULL, &err);
	if (rc == 0 && !is_known)
		rc = err_set(&err, ERR_DATA, "unknown", "board %05u has no such teacher", board);
	if (rc == 0)
		rc = show_teacher(ctl, link, board, key, day, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}
