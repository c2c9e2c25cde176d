#include "ctl/replay/replay_scope.h"

#include "ctl/base/erased_key.h"
#include "model/outcome.h"
#include "protocol/outcomes.h"
#include "wire/gen/feedback.h"

static const char FIND_SQL[] =
	"select d.position from register.delivery d where not d.dry_run and d.afgekeurd + d.quarantaine > 0"
	" and ($1::int is null or d.board = $1) and ($2::text is null or d.delivery_id = $2)"
	" and d.received_on >= $3 and ($4::int = 0 or d.received_on <= $4)"
	" and ($5::int = 0 or exists (select from register.finding f where f.position = d.position and f.rule = $5))"
	" and (not $6 or d.quarantaine > 0 and not exists"
	"  (select from register.quarantine_decision q where q.position = d.position))"
	" and (d.feedback is null or exists (select from register.feedback f where f.board = d.board"
	"  and f.digest = d.feedback))" /* what retention left */
	" and ($7::bigint = 0 or d.position = $7) and d.board <> all($8::int[]) order by d.position";

static const char LOAD_SQL[] =
	"select d.board, d.sequence, d.lines, d.reference_version, d.outcomes, f.body,"
	"  greatest(d.attempt, (select max(i.attempt) from register.replay_item i where i.position = d.position)) + 1,"
	"  l.keys"
	" from register.delivery d left join register.feedback f on f.board = d.board and f.digest = d.feedback"
	" left join register.key_list l on l.board = d.board and l.digest = d.key_list"
	" where d.position = $1";

enum { FIRST_RECORD = 2, LEFT_OUT_BYTES_MAX = 4096 };

int replay_find(struct pg_link *link, const struct replay_filter *filter, struct arena *arena, int64_t **ret,
		size_t *ret_count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(strbuf_drop) struct strbuf left_out;
	struct pg_params params;

	strbuf_init(&left_out, LEFT_OUT_BYTES_MAX);
	pg_array_begin(&left_out, PG_I32);
	for (size_t i = 0; i < filter->left_out_count; i++)
		pg_array_add_i32(&left_out, (int32_t)filter->left_out[i]);
	pg_array_end(&left_out, 0, (int32_t)filter->left_out_count);
	pg_params_reset(&params);
	if (filter->has_board)
		pg_add_i32(&params, (int32_t)filter->board);
	else
		pg_add_null(&params, PG_I32);
	if (filter->delivery_id)
		pg_add_text(&params, slice_of(filter->delivery_id));
	else
		pg_add_null(&params, PG_TEXT);
	pg_add_i32(&params, filter->from);
	pg_add_i32(&params, filter->to);
	pg_add_i32(&params, (int32_t)filter->rule);
	pg_add_bool(&params, filter->is_quarantine_only);
	pg_add_i64(&params, filter->position);
	pg_add_array(&params, PG_I32_ARRAY, strbuf_slice(&left_out));
	int rc = pg_exec(link, "replay_find", FIND_SQL, &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	*ret_count = pg_rows_count(rows);
	*ret = arena_take(arena, *ret_count, sizeof **ret);
	if (!*ret)
		return err_set(err, ERR_FULL, "arena", "no memory for %zu deliveries", *ret_count);
	for (size_t i = 0; i < *ret_count; i++)
		(*ret)[i] = pg_get_i64(rows, i, 0);
	return 0;
}

/* ---- lines of one delivery ---- */

static bool may_replay(const struct replay_filter *filter, uint8_t outcome)
{
	enum outcome counted = outcome_counted_as((enum outcome)outcome);

	return counted == OUTCOME_QUARANTAINE || (counted == OUTCOME_AFGEKEURD && !filter->is_quarantine_only);
}

static bool has_rule(const struct wire_feedback_line *line, uint8_t outcome, enum rule rule)
{
	if ((outcome == OUTCOME_AFGEKEURD_R01 && rule == RULE_R01) ||
	    (outcome == OUTCOME_AFGEKEURD_R08 && rule == RULE_R08) ||
	    (outcome == OUTCOME_QUARANTAINE && rule == RULE_T01))
		return true;
	for (size_t i = 0; i < line->findings.count; i++)
		if (line->findings.items[i].rule == (int32_t)rule)
			return true;
	return false;
}

/* Groups stay whole: one line with the code takes all lines of its teacher. */
static int mark_groups(const struct replay_filter *filter, const struct wire_feedback *feedback,
		       const uint8_t *outcomes, size_t group_count, bool *is_taken, struct err *err)
{
	for (size_t i = 0; i < feedback->lines.count; i++) {
		const struct wire_feedback_line *line = &feedback->lines.items[i];

		if (line->group < 0 || (size_t)line->group >= group_count)
			return err_set(err, ERR_FATAL, "register.feedback", "a line names a group that is not there");
		uint8_t outcome = outcomes[line->group];

		is_taken[line->group] |= may_replay(filter, outcome) &&
					 (filter->rule == RULE_NONE || has_rule(line, outcome, filter->rule));
	}
	return 0;
}

/* Nobody who was erased comes back by what he was once in. keys: the delivery's list. */
static void leave_out_erased(struct slice keys, bool *is_taken, size_t group_count)
{
	const uint8_t *before = NULL, *key = (const uint8_t *)keys.p;

	for (size_t g = 0; g < MIN(keys.n / TEACHER_KEY_BYTES, group_count); g++, key += TEACHER_KEY_BYTES) {
		is_taken[g] &= !erased_key_is(before, key);
		before = key;
	}
}

static int take_lines(const struct replay_filter *filter, struct slice body, struct slice keys, const uint8_t *outcomes,
		      size_t group_count, struct arena *arena, struct replay_target *ret, struct err *err)
{
	struct wire_feedback feedback;
	bool *is_taken = arena_take_zeroed(arena, group_count, sizeof *is_taken);
	int rc = is_taken ? wire_feedback_decode(body, arena, &feedback, err)
			  : err_set(err, ERR_FULL, "arena", "no memory for the groups of a delivery");

	if (rc == 0)
		rc = mark_groups(filter, &feedback, outcomes, group_count, is_taken, err);
	if (rc != 0)
		return rc;
	leave_out_erased(keys, is_taken, group_count);
	ret->records = arena_take(arena, feedback.lines.count, sizeof *ret->records);
	if (!ret->records)
		return err_set(err, ERR_FULL, "arena", "no memory for the lines of a delivery");
	for (size_t i = 0; i < feedback.lines.count; i++)
		if (is_taken[feedback.lines.items[i].group])
			ret->records[ret->record_count++] = feedback.lines.items[i].record_number;
	return 0;
}

/* Of a body that could not be read: its lines have no teachers. */
static int take_all(struct arena *arena, struct replay_target *ret, struct err *err)
{
	ret->record_count = (size_t)ret->line_count;
	ret->records = arena_take(arena, ret->record_count, sizeof *ret->records);
	if (!ret->records)
		return err_set(err, ERR_FULL, "arena", "no memory for the lines of a delivery");
	for (size_t i = 0; i < ret->record_count; i++)
		ret->records[i] = (int32_t)i + FIRST_RECORD;
	return 0;
}

int replay_load(struct pg_link *link, const struct replay_filter *filter, int64_t position, struct arena *arena,
		struct replay_target *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	uint8_t *outcomes;
	size_t group_count;

	pg_params_reset(&params);
	pg_add_i64(&params, position);
	int rc = pg_exec(link, "replay_load", LOAD_SQL, &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) != 1)
		rc = err_set(err, ERR_DATA, "unknown", "the ledger holds no delivery at this position");
	if (rc != 0)
		return rc;
	*ret = (struct replay_target){ .position = position,
				       .board = (uint32_t)pg_get_i32(rows, 0, 0),
				       .sequence = pg_get_i64(rows, 0, 1),
				       .line_count = pg_get_i32(rows, 0, 2),
				       .attempt = pg_get_i32(rows, 0, 6) };
	memcpy(ret->reference_version, pg_get_bytes(rows, 0, 3).p, sizeof ret->reference_version);
	if (pg_is_null(rows, 0, 5))
		return take_all(arena, ret, err);
	struct slice body;

	if (!arena_copy(arena, pg_get_bytes(rows, 0, 5), &body))
		return err_set(err, ERR_FULL, "arena", "no memory for the lines of a delivery");
	rc = outcomes_decode(pg_get_bytes(rows, 0, 4), (size_t)ret->line_count, arena, &outcomes, &group_count, err);
	return rc != 0 ? rc
		       : take_lines(filter, body, pg_get_bytes(rows, 0, 7), outcomes, group_count, arena, ret, err);
}

bool replay_cut(const struct wire_delivery *original, const int32_t *records, size_t count, struct arena *arena,
		struct wire_delivery *ret)
{
	size_t columns = original->columns.n;
	struct slice *cells = arena_take(arena, count * columns, sizeof *cells);

	if (!cells)
		return false;
	*ret = *original;
	for (size_t i = 0; i < count; i++) {
		if (records[i] < FIRST_RECORD || records[i] - FIRST_RECORD >= original->header.line_count)
			return false;
		memcpy(&cells[i * columns], &original->cells.items[(size_t)(records[i] - FIRST_RECORD) * columns],
		       columns * sizeof *cells);
	}
	ret->cells.items = cells;
	ret->cells.count = count * columns;
	ret->header.line_count = (int32_t)count;
	return true;
}
