#include "ctl/replay/undo_effect.h"

#include "ctl/base/raw_log.h"
#include "model/content.h"

#include <stdlib.h>

enum { ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 16 << 20 };
enum { CELLS_FIRST = 1024, TEXT_BYTES_MAX = 2 * FILE_BYTES_MAX, ROW_BYTES_EXTRA = 64 };

/* The places of the log where the delivery had an effect: its own, its replays', its confirmation's. A teacher's first
 * of them says what he was before. Later is who was delivered again, and who lapsed and whom a newer VOLLEDIG does not
 * name either: by volgnummers; behind a set-back (specification 7.6), which lowers them, by the deliveries since that
 * did not undo this one, by any of them if its list has keys of before a rotation. What a replay brought stands in the
 * log where it was delivered. */
static const char EFFECT_SQL[] =
	"with d as (select x.board, x.position, x.delivery_id,"
	"   register.sequence_at(x.board, x.position, x.sequence, 9223372036854775807) as sequence"
	"   from register.delivery x where x.position = $1),"
	" places as materialized (select position from d"
	"  union select r.replay_position from register.replay_change r join d on r.position = d.position"
	"  union select c.position from register.confirmation c join d on c.board = d.board"
	"    and c.delivery_id = d.delivery_id where c.executed),"
	" effects as (select key, min(at) as at from ("
	"   select t.key, t.since as at from register.teacher t join d on d.board = t.board"
	"     where t.since in (select position from places)"
	"   union all select h.key, h.since from register.teacher_history h join d on d.board = h.board"
	"     where h.since in (select position from places)"
	"   union all select h.key, h.until from register.teacher_history h join d on d.board = h.board"
	"     where h.until in (select position from places)) x group by key),"
	" later as materialized (select x.position, x.board, x.kind, x.state, x.key_list"
	"   from d join register.delivery x on x.board = d.board and x.position > d.position and not x.dry_run"
	"   where exists (select from register.set_back s"
	"     where s.board = d.board and s.executed and s.position > d.position)"
	"   and not exists (select from register.admission a where a.position = x.position and a.basis = 'beheer'"
	"     and a.sender = 'ongedaan-gemaakt:' || d.delivery_id)),"
	" named as materialized (select distinct encode(substring(l.keys from 16 * i + 1 for 16), 'hex')::uuid as key"
	"   from (select distinct board, key_list from later) x"
	"   join register.key_list l on l.board = x.board and l.digest = x.key_list"
	"   cross join lateral generate_series(0, length(l.keys) / 16 - 1) i)"
	" select l.bsn, l.status, l.since not in (select position from places),"
	"   l.volgnummer > d.sequence or e.key in (select key from named)"
	"     or exists (select from later x join register.key_rotation k on x.position >= k.from_position"
	"       and x.position < k.below) or (l.status = 'VERVALLEN' and"
	"     (b.sequence_full > d.sequence or exists (select from later where kind = 1 and state <> 2))),"
	"   h.status, h.content, coalesce(r.position, h.since),"
	"   l.status = 'ACTIEF' and l.content is not distinct from h.content"
	" from effects e cross join d join register.board b on b.board = d.board"
	" left join register.leraar l on l.board = d.board and l.key = e.key"
	" left join register.teacher_history h on h.board = d.board and h.key = e.key and h.until = e.at"
	" left join lateral (select c.position from register.replay_change c where c.replay_position = h.since limit 1)"
	"   r on true"
	" order by case when h.status = 1 and h.content is null then coalesce(r.position, h.since) else 0 end, e.key";

enum { AT_BSN, AT_STATUS, AT_IS_CHANGED, AT_IS_LATER, AT_WAS_STATUS, AT_WAS_CONTENT, AT_WAS_SINCE, AT_IS_SAME };

static const struct {
	const char *name, *words;
} FATES[UNDO_FATES] = {
	[UNDO_RESTORED] = { "restored", "get back what they were" },
	[UNDO_WITHDRAWN] = { "withdrawn", "came by it, and are withdrawn" },
	[UNDO_AS_BEFORE] = { "as_before", "are as before again: nothing to do" },
	[UNDO_CHANGED] = { "changed_since", "were changed by another delivery since" },
	[UNDO_NAMED] = { "delivered_since", "were delivered again since, without a change" },
	[UNDO_REMOVED] = { "removed_since", "were removed since, by retention or for good: never brought back" },
	[UNDO_WAS_LAPSED] = { "was_lapsed",
			      "had lapsed before, which no delivery can do to one: the next VOLLEDIG does" },
	[UNDO_NOT_IN_LOG] = { "not_in_log", "were withdrawn, and the log no longer holds what they were" },
};

const char *undo_fate_name(enum undo_fate fate)
{
	return FATES[fate].name;
}

const char *undo_fate_words(enum undo_fate fate)
{
	return FATES[fate].words;
}

/* ---- lines ---- */

/* A line of empty cells; NULL: no memory. */
static struct slice *add_line(struct undo_part *part)
{
	size_t count = part->line_count * part->column_count;

	if (count + part->column_count > part->capacity) {
		size_t capacity = MAX(part->capacity * 2, (size_t)CELLS_FIRST);
		struct slice *grown = reallocarray(part->cells, capacity, sizeof *grown);

		if (!grown)
			return NULL;
		part->cells = grown;
		part->capacity = capacity;
	}
	for (size_t i = 0; i < part->column_count; i++)
		part->cells[count + i] = slice_of("");
	part->line_count++;
	return part->cells + count;
}

static int no_memory(struct err *err)
{
	return err_set(err, ERR_FATAL, "memory", "no memory for the lines of an undo");
}

/* The columns of a MUTATIE: the BSN, then 3-25. */
static size_t place_of(unsigned field)
{
	return field == FIELD_BSN ? 0 : field - PERSON_FIRST + 1;
}

static int add_content(struct undo_part *part, struct slice bsn, struct slice content, struct err *err)
{
	struct slice person[PERSON_FIELDS];
	struct content_appointment appointment;
	enum content_item item;

	if (!content_read_person(&content, person))
		return err_set(err, ERR_FATAL, "content", "a row of the history is damaged: run instroomctl verify");
	while ((item = content_next_appointment(&content, &appointment)) == CONTENT_APPOINTMENT) {
		struct slice *cells = add_line(part);

		if (!cells)
			return no_memory(err);
		cells[0] = bsn;
		memcpy(cells + place_of(PERSON_FIRST), person, sizeof person);
		memcpy(cells + place_of(APPOINTMENT_FIRST), appointment.fields, sizeof appointment.fields);
	}
	return item == CONTENT_END
		       ? 0
		       : err_set(err, ERR_FATAL, "content", "a row of the history is damaged: run instroomctl verify");
}

/* ---- what was withdrawn: the lines as they were delivered ---- */

/* The delivery that was read last, in memory of its own: teachers come in the order of these. */
struct brought {
	struct arena arena;
	int64_t position;
	enum raw_found found;
	struct wire_delivery delivery;
};

/* Cells are copied into the arena. */
static int add_delivered(struct undo_part *part, const struct wire_delivery *from, struct slice bsn,
			 struct arena *arena, bool *ret_is_there, struct err *err)
{
	size_t width = from->columns.n;
	const char *bsn_column = memchr(from->columns.p, FIELD_BSN, width);

	*ret_is_there = false;
	for (size_t line = 0; bsn_column && line < (size_t)from->header.line_count; line++) {
		const struct slice *cells = from->cells.items + line * width;

		if (slice_compare(slice_trim(cells[bsn_column - from->columns.p]), bsn) != 0)
			continue;
		struct slice *made = add_line(part);

		if (!made)
			return no_memory(err);
		*ret_is_there = true;
		for (size_t i = 0; i < width; i++)
			if (from->columns.p[i] != FIELD_EMPLOYEE_REF &&
			    !arena_copy(arena, cells[i], &made[place_of((unsigned char)from->columns.p[i])]))
				return no_memory(err);
	}
	return 0;
}

static int add_withdrawn(const struct undo_source *source, struct undo_part *part, struct brought *brought,
			 struct slice bsn, int64_t since, bool *ret_is_there, struct err *err)
{
	*ret_is_there = false;
	if (brought->position != since) {
		arena_reset(&brought->arena);
		brought->position = -1;
		int rc = raw_log_read(source->ctl, source->reader, since, &brought->arena, &brought->found,
				      &brought->delivery, err);

		if (rc != 0)
			return rc;
		brought->position = since;
	}
	return brought->found == RAW_FOUND
		       ? add_delivered(part, &brought->delivery, bsn, source->arena, ret_is_there, err)
		       : 0;
}

/* ---- one teacher ---- */

static int restore(const struct undo_source *source, struct undo_effect *effect, const struct pg_rows *rows, size_t row,
		   struct brought *brought, enum undo_fate *ret, struct err *err)
{
	struct undo_part *part = &effect->parts[UNDO_CHANGES];
	struct slice bsn, content;
	bool is_there = true;
	int rc;

	if (!arena_copy(source->arena, pg_get_bytes(rows, row, AT_BSN), &bsn) ||
	    !arena_copy(source->arena, pg_get_bytes(rows, row, AT_WAS_CONTENT), &content))
		return no_memory(err);
	if (pg_is_null(rows, row, AT_WAS_CONTENT))
		rc = add_withdrawn(source, part, brought, bsn, pg_get_i64(rows, row, AT_WAS_SINCE), &is_there, err);
	else
		rc = add_content(part, bsn, content, err);
	part->teachers += rc == 0 && is_there;
	*ret = is_there ? UNDO_RESTORED : UNDO_NOT_IN_LOG;
	return rc;
}

static int withdraw(const struct undo_source *source, struct undo_effect *effect, const struct pg_rows *rows,
		    size_t row, struct err *err)
{
	struct undo_part *part = &effect->parts[UNDO_WITHDRAWALS];
	struct slice *cells = add_line(part);

	if (!cells || !arena_copy(source->arena, pg_get_bytes(rows, row, AT_BSN), cells))
		return no_memory(err);
	part->teachers++;
	return 0;
}

enum { WAS_ACTIVE = 1, WAS_WITHDRAWN, WAS_LAPSED }; /* as register.teacher.status */

static enum undo_fate fate_of(const struct undo_source *source, const struct pg_rows *rows, size_t row)
{
	bool is_active = slice_equal_text(pg_get_bytes(rows, row, AT_STATUS), "ACTIEF");
	int was = pg_is_null(rows, row, AT_WAS_STATUS) ? 0 : pg_get_i16(rows, row, AT_WAS_STATUS);

	if (pg_is_null(rows, row, AT_STATUS))
		return UNDO_REMOVED;
	if (!source->takes_later && pg_get_bool(rows, row, AT_IS_CHANGED))
		return UNDO_CHANGED;
	if (!source->takes_later && pg_get_bool(rows, row, AT_IS_LATER))
		return UNDO_NAMED;
	if (was == WAS_ACTIVE)
		return pg_get_bool(rows, row, AT_IS_SAME) ? UNDO_AS_BEFORE : UNDO_RESTORED;
	if (!is_active)
		return UNDO_AS_BEFORE;
	return was == WAS_LAPSED ? UNDO_WAS_LAPSED : UNDO_WITHDRAWN;
}

static int take_teacher(const struct undo_source *source, struct undo_effect *effect, const struct pg_rows *rows,
			size_t row, struct brought *brought, struct err *err)
{
	enum undo_fate fate = fate_of(source, rows, row);
	int rc = 0;

	if (fate == UNDO_RESTORED)
		rc = restore(source, effect, rows, row, brought, &fate, err);
	else if (fate == UNDO_WITHDRAWN)
		rc = withdraw(source, effect, rows, row, err);
	struct slice bsn = pg_get_bytes(rows, row, AT_BSN);
	struct undo_teacher *teacher = &effect->teachers[effect->teacher_count++];

	effect->fates[fate]++;
	teacher->fate = fate;
	snprintf(teacher->bsn, sizeof teacher->bsn, "%.*s", (int)bsn.n, bsn.n > 0 ? bsn.p : "");
	return rc;
}

/* ---- all of it ---- */

static void set_columns(struct undo_effect *effect)
{
	struct undo_part *changes = &effect->parts[UNDO_CHANGES], *withdrawals = &effect->parts[UNDO_WITHDRAWALS];

	changes->columns[changes->column_count++] = FIELD_BSN;
	for (int field = PERSON_FIRST; field <= APPOINTMENT_LAST; field++)
		changes->columns[changes->column_count++] = (uint8_t)field;
	withdrawals->columns[withdrawals->column_count++] = FIELD_BSN;
}

/* As a file would have it: with no byte between that a value may hold. */
static int digest(const struct undo_source *source, struct undo_part *part, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf text;

	strbuf_init(&text, TEXT_BYTES_MAX);
	strbuf_add_bytes(&text, part->columns, part->column_count);
	for (size_t i = 0; i < part->line_count * part->column_count; i++) {
		strbuf_add_char(&text, i % part->column_count == 0 ? CONTENT_RS : CONTENT_US);
		strbuf_add(&text, part->cells[i]);
	}
	if (text.is_out_of_memory)
		return no_memory(err);
	if (part->line_count > FILE_LINES_MAX || !strbuf_ok(&text) || text.n > FILE_BYTES_MAX)
		return err_set(err, ERR_DATA, "large", "%zu lines are more than one delivery may hold",
			       part->line_count);
	sha256_of(strbuf_slice(&text), part->content_sha256);
	hmac_key_mac_of(source->key, slice_of("undo/v1\n"), strbuf_slice(&text), part->digest);
	return 0;
}

static int check_history(const struct undo_source *source, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, source->position);
	int rc = pg_exec(source->link, NULL, "select register.is_retained('history', $1)", &params, &rows, NULL, err);

	if (rc == 0 && !pg_get_bool(rows, 0, 0))
		rc = err_set(err, ERR_DATA, "history",
			     "what its teachers were before is gone by retention: it cannot be undone");
	return rc;
}

int undo_effect_read(const struct undo_source *source, struct undo_effect *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct brought brought = { .position = -1 };
	struct pg_params params;
	int rc = arena_init(&brought.arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	if (rc == 0)
		rc = check_history(source, err);
	set_columns(ret);
	pg_params_reset(&params);
	pg_add_i64(&params, source->position);
	if (rc == 0)
		rc = pg_exec(source->link, NULL, EFFECT_SQL, &params, &rows, NULL, err);
	if (rc == 0) {
		ret->teachers = calloc(pg_rows_count(rows) + 1, sizeof *ret->teachers);
		rc = ret->teachers ? 0 : no_memory(err);
	}
	for (size_t row = 0; rc == 0 && row < pg_rows_count(rows); row++)
		rc = take_teacher(source, ret, rows, row, &brought, err);
	for (size_t part = 0; rc == 0 && part < UNDO_PARTS; part++)
		rc = digest(source, &ret->parts[part], err);
	arena_release(&brought.arena);
	return rc;
}

void undo_effect_release(struct undo_effect *effect)
{
	for (size_t part = 0; part < UNDO_PARTS; part++)
		free(effect->parts[part].cells);
	free(effect->teachers);
}
