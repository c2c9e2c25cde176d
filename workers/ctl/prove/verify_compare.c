#include "ctl/prove/verify_compare.h"

#include "protocol/delivery_state.h"
#include "protocol/outcomes.h"

#include <stdlib.h>

static const char TEACHERS_SQL[] =
	"select t.key, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), coalesce(t.lapsed_on, 0),"
	"  t.since, t.hash, substring(sha256(convert_to(coalesce(t.targets, ''), 'UTF8')) for 16)"
	" from register.teacher t left join ("
	"   select b.pending_sequence as sequence, k as key from register.board b"
	"   join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	"   cross join lateral register.pending_keys(l.keys, b.pending_members) k where b.board = $1"
	" ) p on p.key = t.key where t.board = $1 order by t.key";

static const char DELIVERIES_SQL[] =
	"select position, state, notices, absent, active, lapsed, lines, nieuw, gewijzigd, ongewijzigd, verouderd,"
	"  afgekeurd, ingetrokken, quarantaine, key_list, outcomes, unreadable_lines"
	" from register.delivery where board = $1 order by position";

static const char BOARD_SQL[] = "select sequence_max, sequence_full from register.board where board = $1";

enum { OUTCOMES_BYTES_MAX = 1 << 20 };

static void report_difference(const struct verify_board *board, const char *delivery, const char *what,
			      struct verify_findings *findings)
{
	fprintf(findings->out, "board %05u%s%s: %s\n", board->number, delivery ? ", delivery " : "",
		delivery ? delivery : "", what);
	findings->count++;
}

/* ---- teachers ---- */

static bool is_same_teacher(const struct pg_rows *rows, size_t i, const struct verify_teacher *teacher)
{
	bool has_content = teacher->state.status != STATUS_INGETROKKEN;
	struct slice hash = pg_get_bytes(rows, i, 5);

	return pg_get_i16(rows, i, 1) == (int)teacher->state.status &&
	       pg_get_i64(rows, i, 2) == teacher->state.sequence && pg_get_i32(rows, i, 3) == teacher->lapsed_on &&
	       pg_get_i64(rows, i, 4) == teacher->since && pg_is_null(rows, i, 5) == !has_content &&
	       (!has_content || memcmp(hash.p, teacher->state.content_hash, CONTENT_HASH_BYTES) == 0) &&
	       memcmp(pg_get_bytes(rows, i, 6).p, teacher->targets, TEACHER_KEY_BYTES) == 0;
}

/* Both rise by key. */
static int compare_teachers(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			    struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int64_t missing = 0, extra = 0, other = 0;
	size_t i = 0, t = 0;
	char what[160];
	int rc = pg_exec(link, "verify_teachers", TEACHERS_SQL, params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	while (i < pg_rows_count(rows) || t < board->teacher_count) {
		if (t < board->teacher_count && board->teachers[t].state.status == STATUS_NONE) {
			t++;
			continue;
		}
		int order = i == pg_rows_count(rows) ? 1
			    : t == board->teacher_count
				    ? -1
				    : memcmp(pg_get_bytes(rows, i, 0).p, board->teachers[t].key, TEACHER_KEY_BYTES);

		missing += order > 0;
		extra += order < 0;
		other += order == 0 && !is_same_teacher(rows, i, &board->teachers[t]);
		i += order <= 0;
		t += order >= 0;
	}
	if (missing + extra + other == 0)
		return 0;
	snprintf(what, sizeof what,
		 "%lld teachers are not in the register, %lld are too many, %lld are other than the log says",
		 (long long)missing, (long long)extra, (long long)other);
	report_difference(board, NULL, what, findings);
	return 0;
}

/* ---- deliveries ---- */

struct named {
	uint8_t key[TEACHER_KEY_BYTES];
	uint8_t outcome;
};

static int compare_named(const void *a, const void *b)
{
	return memcmp(((const struct named *)a)->key, ((const struct named *)b)->key, TEACHER_KEY_BYTES);
}

/* Outcomes as the ledger keeps them: a group a teacher, rising by key; behind them the lines without one. */
struct groups {
	struct strbuf outcomes, keys;
	int64_t lines[OUTCOMES + 1];
	int64_t unreadable;
};

static bool is_given_up(const struct verify_delivery *delivery)
{
	for (size_t i = 0; i < delivery->line_count; i++)
		if (delivery->lines[i].is_readable || delivery->lines[i].outcome != OUTCOME_QUARANTAINE)
			return false;
	return true;
}

/* by_key_before: as a delivery from before a rotation of the HMAC key has them. */
static bool make_groups(const struct verify_delivery *delivery, bool by_key_before, struct groups *ret)
{
	struct named *named = calloc(delivery->line_count, sizeof *named);
	uint8_t *outcomes = calloc(delivery->line_count, 1);
	size_t count = 0, groups = 0;

	for (size_t i = 0; named && outcomes && i < delivery->line_count; i++) {
		const struct verify_line *line = &delivery->lines[i];

		ret->lines[outcome_counted_as((enum outcome)line->outcome)]++;
		ret->unreadable += !line->is_readable;
		if (!line->is_readable)
			continue;
		memcpy(named[count].key, by_key_before ? line->key_before : line->key, TEACHER_KEY_BYTES);
		named[count++].outcome = line->outcome;
	}
	if (named && outcomes && count > 0)
		qsort(named, count, sizeof *named, compare_named);
	for (size_t i = 0; named && outcomes && i < count; i++) {
		if (i > 0 && compare_named(&named[i - 1], &named[i]) == 0)
			continue;
		strbuf_add_bytes(&ret->keys, named[i].key, TEACHER_KEY_BYTES);
		outcomes[groups++] = named[i].outcome;
	}
	for (size_t i = 0; named && outcomes && i < delivery->line_count; i++)
		if (!delivery->lines[i].is_readable)
			outcomes[groups++] = delivery->lines[i].outcome;
	if (outcomes && is_given_up(delivery))
		groups = 1;
	if (outcomes)
		outcomes_encode(&ret->outcomes, outcomes, groups);
	bool is_made = named && outcomes && strbuf_ok(&ret->outcomes) && strbuf_ok(&ret->keys);

	free(named);
	free(outcomes);
	return is_made;
}

static bool names_as_stored(const struct groups *groups, const struct pg_rows *rows, size_t i)
{
	uint8_t digest[32];

	sha256_of(strbuf_slice(&groups->keys), digest);
	return memcmp(pg_get_bytes(rows, i, 14).p, digest, TEACHER_KEY_BYTES) == 0;
}

/* The groups by the present key, or by the one before if the stored list is one of those. */
static bool make_stored_groups(const struct verify_board *board, const struct verify_delivery *delivery,
			       const struct pg_rows *rows, size_t i, struct groups *ret)
{
	struct groups before = { 0 };

	if (!make_groups(delivery, false, ret))
		return false;
	if (!board->key_before || names_as_stored(ret, rows, i))
		return true;
	strbuf_init(&before.outcomes, OUTCOMES_BYTES_MAX);
	strbuf_init(&before.keys, (size_t)FILE_LINES_MAX * TEACHER_KEY_BYTES);
	bool is_before = make_groups(delivery, true, &before) && names_as_stored(&before, rows, i);
	struct groups *useless = is_before ? ret : &before;

	strbuf_release(&useless->outcomes);
	strbuf_release(&useless->keys);
	if (is_before)
		*ret = before;
	return true;
}

static void compare_groups(const struct verify_board *board, const struct verify_delivery *delivery,
			   const struct pg_rows *rows, size_t i, const struct groups *groups,
			   struct verify_findings *findings)
{
	bool is_same = pg_get_i32(rows, i, 6) == (int32_t)delivery->line_count;

	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		is_same &= pg_get_i32(rows, i, 6 + outcome) == groups->lines[outcome];
	if (!is_same)
		report_difference(board, delivery->id, "the counts of its lines differ", findings);
	if (!names_as_stored(groups, rows, i))
		report_difference(board, delivery->id, "the teachers it names differ", findings);
	if (!slice_equal(pg_get_bytes(rows, i, 15), strbuf_slice(&groups->outcomes)))
		report_difference(board, delivery->id, "outcomes differ", findings);
	if (pg_get_i32(rows, i, 16) != groups->unreadable)
		report_difference(board, delivery->id, "the number of lines without a readable BSN differs", findings);
}

static int compare_delivery(const struct verify_board *board, const struct verify_delivery *delivery,
			    const struct pg_rows *rows, size_t i, struct verify_findings *findings, struct err *err)
{
	struct groups groups = { 0 };
	bool waits = pg_get_i16(rows, i, 1) == DELIVERY_WACHT;

	strbuf_init(&groups.outcomes, OUTCOMES_BYTES_MAX);
	strbuf_init(&groups.keys, (size_t)FILE_LINES_MAX * TEACHER_KEY_BYTES);
	bool is_made = make_stored_groups(board, delivery, rows, i, &groups);

	if (is_made) {
		compare_groups(board, delivery, rows, i, &groups, findings);
		if (waits != delivery->is_waiting || (uint32_t)pg_get_i16(rows, i, 2) != delivery->notices)
			report_difference(board, delivery->id, "its state or notices differ", findings);
		if (pg_get_i32(rows, i, 3) != delivery->absent || pg_get_i32(rows, i, 4) != delivery->active ||
		    pg_get_i32(rows, i, 5) != delivery->lapsed)
			report_difference(board, delivery->id, "absent, active or lapsed teachers differ", findings);
	}
	strbuf_release(&groups.outcomes);
	strbuf_release(&groups.keys);
	return is_made ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for a delivery");
}

static int compare_deliveries(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			      struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	size_t i = 0, d = 0;
	int rc = pg_exec(link, "verify_deliveries", DELIVERIES_SQL, params, &rows, NULL, err);

	while (rc == 0 && (i < pg_rows_count(rows) || d < board->delivery_count)) {
		int64_t stored = i < pg_rows_count(rows) ? pg_get_i64(rows, i, 0) : INT64_MAX;
		int64_t derived = d < board->delivery_count ? board->deliveries[d].position : INT64_MAX;

		if (stored == derived)
			rc = compare_delivery(board, &board->deliveries[d], rows, i, findings, err);
		else if (stored > derived)
			report_difference(board, board->deliveries[d].id, "is not in the ledger", findings);
		else
			report_difference(board, NULL, "the ledger has a delivery the log does not", findings);
		i += stored <= derived;
		d += derived <= stored;
	}
	return rc;
}

int verify_compare(struct pg_link *link, const struct verify_board *board, struct verify_findings *findings,
		   struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board->number);
	int rc = pg_exec(link, "verify_board", BOARD_SQL, &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	bool is_there = pg_rows_count(rows) == 1;

	if ((is_there ? pg_get_i64(rows, 0, 0) : 0) != board->sequence_max ||
	    (is_there ? pg_get_i64(rows, 0, 1) : 0) != board->sequence_full)
		report_difference(board, NULL, "the highest volgnummers differ", findings);
	rc = compare_teachers(link, board, &params, findings, err);
	return rc != 0 ? rc : compare_deliveries(link, board, &params, findings, err);
}
