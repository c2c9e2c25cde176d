#include "ctl/replay/undo_effect.h"

#include "ctl/base/raw_log.h"
#include "model/content.h"

#include <assert.h>
#include <stdlib.h>

enum { ARENA_BYTES_MAX = 1 << 30, ARENA_BYTES_KEPT = 16 << 20 };
enum { CELLS_FIRST = 1024, TEXT_BYTES_MAX = 2 * FILE_BYTES_MAX, ROW_BYTES_EXTRA = 64 };

/* What a teacher is and was, and what becomes of him, the database says; as it counts the lines of a plan. */
static const char EFFECT_SQL[] = "select bsn, fate, was_content, was_since from register.undo_effect($1, $2)";

enum { AT_BSN, AT_FATE, AT_WAS_CONTENT, AT_WAS_SINCE };

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

static int no_memory(struct err *err)
{
	return err_set(err, ERR_FATAL, "memory", "no memory for the lines of an undo");
}

static int too_large(const struct undo_part *part, struct err *err)
{
	return err_set(err, ERR_DATA, "large", "%zu lines are more than one delivery may hold", part->line_count);
}

/* A line of empty cells. ERR_DATA: no delivery may hold so many, and memory is bounded by that. */
static int add_line(struct undo_part *part, struct slice **ret, struct err *err)
{
	size_t count = part->line_count * part->column_count;

	if (part->line_count > FILE_LINES_MAX)
		return too_large(part, err);
	if (count + part->column_count > part->capacity) {
		size_t capacity = MAX(part->capacity * 2, (size_t)CELLS_FIRST);
		struct slice *grown = reallocarray(part->cells, capacity, sizeof *grown);

		if (!grown)
			return no_memory(err);
		part->cells = grown;
		part->capacity = capacity;
	}
	for (size_t i = 0; i < part->column_count; i++)
		part->cells[count + i] = slice_of("");
	part->line_count++;
	*ret = part->cells + count;
	return 0;
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
		struct slice *cells = NULL;
		int rc = add_line(part, &cells, err);

		if (rc != 0)
			return rc;
		assert(cells);
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
		struct slice *made = NULL;
		int rc = add_line(part, &made, err);

		if (rc != 0)
			return rc;
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
	struct slice *cells = NULL;
	int rc = add_line(part, &cells, err);

	if (rc != 0)
		return rc;
	if (!arena_copy(source->arena, pg_get_bytes(rows, row, AT_BSN), cells))
		return no_memory(err);
	part->teachers++;
	return 0;
}

static int read_fate(const struct pg_rows *rows, size_t row, enum undo_fate *ret, struct err *err)
{
	struct slice name = pg_get_bytes(rows, row, AT_FATE);

	for (size_t fate = 0; fate < UNDO_FATES; fate++)
		if (slice_equal_text(name, FATES[fate].name)) {
			*ret = (enum undo_fate)fate;
			return 0;
		}
	return err_set(err, ERR_CONFIG, "undo", "the register is of a newer release: use its instroomctl");
}

static int take_teacher(const struct undo_source *source, struct undo_effect *effect, const struct pg_rows *rows,
			size_t row, struct brought *brought, struct err *err)
{
	enum undo_fate fate = UNDO_FATES;
	int rc = read_fate(rows, row, &fate, err);

	if (rc == 0 && fate == UNDO_RESTORED)
		rc = restore(source, effect, rows, row, brought, &fate, err);
	else if (rc == 0 && fate == UNDO_WITHDRAWN)
		rc = withdraw(source, effect, rows, row, err);
	if (rc != 0)
		return rc;
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
		return too_large(part, err);
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
	pg_add_bool(&params, source->takes_later);
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
