/* person_register: what the register holds of a person.
 *
 * No header: person_look_in_register stands in person.h. */
#include "ctl/person/person.h"

#include "model/rule.h"
#include "protocol/feedback_build.h"
#include "protocol/log_position.h"
#include "protocol/outcomes.h"

#include <stdlib.h>

enum { PLACE_BYTES = 160, CODES_BYTES_MAX = 4096 };

#define KEYS_SQL "with k as (select * from unnest($1::int[], $2::uuid[]) as k(board, key))"

/* store, board, place, field, value. The names of the fields are those of the views. */
static const char FIELDS_SQL[] = KEYS_SQL
	", version as ("
	"  select 0 as store, l.board, l.since, null::bigint as until, l.bsn, l.status, l.volgnummer, l.vervallen_per,"
	"    l.content, l.targets from register.leraar l join k using (board, key)"
	"  union all select 1, h.board, h.since, h.until, null, case h.status when 1 then 'ACTIEF' when 2 then"
	" 'INGETROKKEN' else 'VERVALLEN' end, h.sequence, h.lapsed_on, h.content, h.targets"
	"    from register.teacher_history h join k using (board, key))"
	" select v.store, v.board, 'positie ' || v.since || coalesce('-' || v.until, ''), f.name, f.value"
	" from version v cross join lateral ("
	"  select n.nr, n.name, n.value from (values (1, 'bsn', v.bsn), (2, 'status', v.status),"
	"    (3, 'volgnummer', v.volgnummer::text), (4, 'vervallen_per', v.vervallen_per::text)) as n(nr, name, value)"
	"  union all select 10 + n.nr, n.name, split_part(split_part(v.content, E'\\x1e', 1), E'\\x1f', n.nr::int)"
	"    from unnest(array['geslachtsnaam', 'voorvoegsel', 'voornamen', 'geslacht', 'geboortedatum', 'straat',"
	"      'huisnummer', 'toevoeging', 'postcode', 'plaats', 'land', 'adresregel1', 'adresregel2', 'adresregel3'])"
	"      with ordinality as n(name, nr)"
	"  union all select 100 + a.nr * 20 + n.nr, n.name || ' ' || (a.nr - 1),"
	"    split_part(a.line, E'\\x1f', n.nr::int)"
	"    from string_to_table(v.content, E'\\x1e') with ordinality as a(line, nr)"
	"    cross join unnest(array['benoemingssleutel', 'brin', 'vestiging', 'begin_arbeidsovereenkomst',"
	"      'einde_arbeidsovereenkomst', 'begin_benoeming', 'einde_benoeming', 'benoemingsgrondslag',"
	"      'onderwijsterrein']) with ordinality as n(name, nr) where a.nr > 1"
	"  union all select 110 + (a.nr + 1) * 20, 'doel ' || a.nr, case substr(v.targets, a.nr, 1) when 'R' then"
	" 'REGISTER' when 'V' then 'VOORPORTAAL' else 'GEEN' end from generate_series(1, length(v.targets)) as a(nr)"
	" ) f where coalesce(f.value, '') <> '' order by v.store, v.board, v.since, f.nr";

static const char MARKS_SQL[] = KEYS_SQL
	", waits as (select d.*, coalesce(d.waiting_key_list, d.key_list) as list from register.delivery d"
	"  where state = 2)"
	" select 4, c.board, 'positie ' || c.position, 'vervallen door bevestiging van', c.delivery_id"
	"  from register.confirmation c where c.executed and exists (select from k join ("
	"    select board, key, since, status from register.teacher"
	"    union all select board, key, since, status from register.teacher_history) t using (board, key)"
	"   where t.board = c.board and t.since = c.position and t.status = 3)"
	" union all select 4, w.board, 'positie ' || w.position, 'vervalt bij bevestiging van', w.delivery_id"
	"  from k join register.leraar l using (board, key) join waits w on w.board = l.board"
	"  join register.key_list n on n.board = w.board and n.digest = w.list"
	"  where l.status = 'ACTIEF' and l.volgnummer < w.sequence and position(uuid_send(k.key) in n.keys) = 0"
	" union all select 5, d.board, 'positie ' || d.since, 'disowned', 'de cache moet deze leraar vergeten'"
	"  from k join register.disowned d using (board, key)"
	" union all select 5, b.board, 'board', 'lijst van ongewijzigde leraren', 'volgnummer ' || b.pending_sequence"
	"  from k join register.board b using (board)"
	"  join register.key_list n on n.board = b.board and n.digest = b.pending_key_list"
	"  where position(uuid_send(k.key) in n.keys) > 0"
	" union all select 12, p.board, 'problems list --all --board ' || lpad(p.board::text, 5, '0'), 'may name him',"
	"  'own words of the board, to be read by a person: ' || count(*)"
	"  from register.problem p where p.board in (select board from k join register.teacher using (board, key))"
	"  group by p.board order by 1, 2, 3";
/* numbers in MARKS_SQL */
_Static_assert(STORE_CONFIRMATION == 4 && STORE_MARK == 5 && STORE_PROBLEM == 12, "MARKS_SQL names other stores");

/* Key lists in which his bytes stand; whether as a key of his, person_is_named says. */
static const char LEDGER_SQL[] = KEYS_SQL
	" select d.board, d.position, d.delivery_id, d.lines, d.outcomes, l.keys, f.body"
	" from register.delivery d join register.key_list l on l.board = d.board and l.digest = d.key_list"
	" left join register.feedback f on f.board = d.board and f.digest = d.feedback"
	" where exists (select from k where k.board = d.board and position(uuid_send(k.key) in l.keys) > 0)"
	" order by d.position";

struct look {
	const struct person *person;
	struct person_findings *findings;
	struct arena *arena;
	struct feedback_reader *reader;
};

static int add_row(void *self, const struct pg_rows *row, struct err *err)
{
	struct look *look = self;

	(void)err;
	person_found(look->findings, (enum person_store)pg_get_i32(row, 0, 0), (uint32_t)pg_get_i32(row, 0, 1),
		     pg_get_bytes(row, 0, 2), pg_get_bytes(row, 0, 3), pg_get_bytes(row, 0, 4));
	return 0;
}

/* ---- what a delivery says of him ---- */

static void add_codes(struct person_findings *findings, uint32_t board, const char *place,
		      const struct feedback_line *line)
{
	CLEANUP(strbuf_drop) struct strbuf codes;
	char code[RULE_CODE_BYTES];

	strbuf_init(&codes, CODES_BYTES_MAX);
	for (size_t i = 0; i < line->finding_count; i++) {
		rule_show_code(line->findings[i].rule, code);
		strbuf_add_printf(&codes, "%s%s", i > 0 ? " " : "", code);
	}
	if (codes.n > 0)
		person_found(findings, STORE_FEEDBACK, board, slice_of(place), slice_of("code"), strbuf_slice(&codes));
}

static void add_line(struct person_findings *findings, uint32_t board, struct slice id,
		     const struct feedback_line *line)
{
	static const char *const TARGETS[] = { "", "REGISTER", "VOORPORTAAL", "GEEN" };
	char place[PLACE_BYTES];

	snprintf(place, sizeof place, "%.*s regel %u", (int)id.n, id.p, line->record_no);
	if (line->employee_ref.n > 0)
		person_found(findings, STORE_FEEDBACK, board, slice_of(place), slice_of("personeelsnummer"),
			     line->employee_ref);
	if (line->appointment_key.n > 0)
		person_found(findings, STORE_FEEDBACK, board, slice_of(place), slice_of("benoemingssleutel"),
			     line->appointment_key);
	if (line->target != 0 && (size_t)line->target < ARRAY_LEN(TARGETS))
		person_found(findings, STORE_FEEDBACK, board, slice_of(place), slice_of("doel"),
			     slice_of(TARGETS[line->target]));
	add_codes(findings, board, place, line);
}

/* His lines are those of his group: it alone is marked. */
static int add_lines(struct look *look, uint32_t board, struct slice id, struct slice body, size_t group,
		     size_t group_count, struct err *err)
{
	uint8_t *marks = arena_take(look->arena, group_count, 1);
	struct feedback_line line;
	bool is_end = false;
	int rc = marks ? 0 : err_set(err, ERR_FULL, "arena", "a delivery has more groups than fit in memory");

	if (rc != 0)
		return rc;
	memset(marks, OUTCOME_ONGEWIJZIGD, group_count);
	marks[group] = OUTCOME_NIEUW;
	feedback_reader_init(look->reader, body, marks, group_count);
	while (rc == 0 && !is_end) {
		rc = feedback_reader_next(look->reader, &line, &is_end, err);
		if (rc == 0 && !is_end && line.outcome == OUTCOME_NIEUW)
			add_line(look->findings, board, id, &line);
	}
	return rc;
}

static int add_delivery(void *self, const struct pg_rows *row, struct err *err)
{
	struct look *look = self;
	uint32_t board = (uint32_t)pg_get_i32(row, 0, 0);
	struct slice id = pg_get_bytes(row, 0, 2);
	char place[PLACE_BYTES];
	uint8_t *outcomes = NULL;
	size_t group = 0, count = 0;

	if (!person_is_named(look->person, board, pg_get_bytes(row, 0, 5), &group))
		return 0;
	arena_reset(look->arena);
	int rc = outcomes_decode(pg_get_bytes(row, 0, 4), (size_t)pg_get_i32(row, 0, 3), look->arena, &outcomes, &count,
				 err);

	if (rc != 0)
		return rc;
	snprintf(place, sizeof place, "positie %lld", (long long)pg_get_i64(row, 0, 1));
	person_found(look->findings, STORE_LEDGER, board, slice_of(place), slice_of("leveringsid"), id);
	if (group >= count)
		return err_set(err, ERR_FATAL, "register.delivery",
			       "the outcomes of a delivery are fewer than its teachers");
	person_found(look->findings, STORE_LEDGER, board, slice_of(place), slice_of("uitkomst"),
		     slice_of(outcome_name(outcome_counted_as((enum outcome)outcomes[group]))));
	return pg_is_null(row, 0, 6) ? 0 : add_lines(look, board, id, pg_get_bytes(row, 0, 6), group, count, err);
}

int person_look_in_register(struct ctl *ctl, struct pg_link *link, const struct person *person,
			    struct person_findings *findings, struct err *err)
{
	struct look look = { .person = person, .findings = findings, .arena = &ctl->arena };
	struct person_key_rows rows = { 0 };
	struct pg_params params;
	int rc = person_key_rows(person, link, &rows, err);

	look.reader = calloc(1, sizeof *look.reader);
	if (rc == 0 && !look.reader)
		rc = err_set(err, ERR_FATAL, "memory", "no memory for a terugmelding");
	pg_params_reset(&params);
	pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&rows.boards));
	pg_add_array(&params, PG_UUID_ARRAY, strbuf_slice(&rows.keys));
	if (rc == 0)
		rc = pg_stream(link, FIELDS_SQL, NULL, &params, add_row, &look, err);
	if (rc == 0)
		rc = pg_stream(link, LEDGER_SQL, NULL, &params, add_delivery, &look, err);
	if (rc == 0)
		rc = pg_stream(link, MARKS_SQL, NULL, &params, add_row, &look, err);
	person_key_rows_release(&rows);
	free(look.reader);
	return rc;
}
