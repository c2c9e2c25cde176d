#include "ctl/prove/verify_compare.h"

#include "ctl/prove/verify_ledger.h"
#include "ctl/prove/verify_retained.h"
#include "model/content.h"

#include <stdlib.h>

static const char TEACHERS_SQL[] =
	"select t.key, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), coalesce(t.lapsed_on, 0), t.since,"
	" t.hash,"
	"  t.bsn, t.content, t.targets"
	" from register.teacher t left join ("
	"   select b.pending_sequence as sequence, k as key from register.board b"
	"   join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	"   cross join lateral register.pending_keys(l.keys, b.pending_members) k where b.board = $1"
	" ) p on p.key = t.key where t.board = $1 order by t.key";

static const char HISTORY_SQL[] =
	"select key, since, until, status, sequence, coalesce(lapsed_on, 0), content, targets, hash is null"
	" from register.teacher_history where board = $1 order by key, since, until";

static const char BOARD_SQL[] =
	"select sequence_max, sequence_full, teachers, active, partition, sequence_top from register.board"
	" where board = $1";

enum { WHAT_BYTES = 200 };

/* ---- teachers ---- */

static struct slice next_part(struct slice *rest, char separator)
{
	const char *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
	struct slice part = slice_cut(rest, at ? (size_t)(at - rest->p) : rest->n);

	if (at)
		*rest = slice_from(*rest, 1);
	return part;
}

/* The first field in which two contents differ: "brin 2" is that of the second appointment. */
static void differing_field(struct slice a, struct slice b, char ret[WHAT_BYTES])
{
	for (int nr = 0;; nr++) {
		struct slice left = next_part(&a, CONTENT_RS), right = next_part(&b, CONTENT_RS);
		unsigned first = nr == 0 ? PERSON_FIRST : APPOINTMENT_FIRST;
		unsigned last = nr == 0 ? PERSON_LAST : APPOINTMENT_LAST;

		for (unsigned field = first; field <= last; field++) {
			if (slice_equal(next_part(&left, CONTENT_US), next_part(&right, CONTENT_US)))
				continue;
			if (nr == 0)
				snprintf(ret, WHAT_BYTES, "%s differs", field_name((enum field)field));
			else
				snprintf(ret, WHAT_BYTES, "%s %d differs", field_name((enum field)field), nr);
			return;
		}
		if (a.n == 0 || b.n == 0)
			break;
	}
	snprintf(ret, WHAT_BYTES, "his appointments differ");
}

/* false: ret says what differs. */
static bool is_same_teacher(const struct pg_rows *rows, size_t i, const struct verify_teacher *teacher,
			    char ret[WHAT_BYTES])
{
	bool has_content = teacher->state.status != STATUS_INGETROKKEN;
	struct slice hash = pg_get_bytes(rows, i, 5);
	const char *what =
		(uint32_t)pg_get_i32(rows, i, 6) != teacher->bsn	   ? "the BSN differs"
		: pg_get_i16(rows, i, 1) != (int)teacher->state.status	   ? "the status differs"
		: pg_get_i64(rows, i, 2) != teacher->state.sequence	   ? "the volgnummer differs"
		: pg_get_i32(rows, i, 3) != teacher->lapsed_on		   ? "vervallen_per differs"
		: pg_get_i64(rows, i, 4) != teacher->since		   ? "which delivery set him differs"
		: pg_is_null(rows, i, 7) == has_content			   ? "there is content or none, unlike the log"
		: !slice_equal(pg_get_bytes(rows, i, 7), teacher->content) ? "content"
		: !slice_equal(pg_get_bytes(rows, i, 8), teacher->targets) ? "doel differs"
		: pg_is_null(rows, i, 5) == has_content ||
				(has_content && memcmp(hash.p, teacher->state.content_hash, CONTENT_HASH_BYTES) != 0)
			? "the hash of the content differs"
			: NULL;

	if (what && strcmp(what, "content") == 0)
		differing_field(pg_get_bytes(rows, i, 7), teacher->content, ret);
	else if (what)
		snprintf(ret, WHAT_BYTES, "%s", what);
	return !what;
}

/* Both rise by key. */
static int compare_teachers(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			    struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	size_t i = 0, t = 0;
	char what[WHAT_BYTES];
	int rc = pg_exec(link, "verify_teachers", TEACHERS_SQL, params, &rows, NULL, err);

	while (rc == 0 && (i < pg_rows_count(rows) || t < board->teacher_count)) {
		if (t < board->teacher_count && board->teachers[t].state.status == STATUS_NONE) {
			t++;
			continue;
		}
		int order = i == pg_rows_count(rows) ? 1
			    : t == board->teacher_count
				    ? -1
				    : memcmp(pg_get_bytes(rows, i, 0).p, board->teachers[t].key, TEACHER_KEY_BYTES);

		if (order > 0)
			verify_report_teacher(findings, board, board->teachers[t].key, board->teachers[t].bsn,
					      "is not in the register");
		else if (order < 0)
			verify_report_teacher(findings, board, (const uint8_t *)pg_get_bytes(rows, i, 0).p,
					      (uint32_t)pg_get_i32(rows, i, 6),
					      "is in the register and not in the log");
		else if (!is_same_teacher(rows, i, &board->teachers[t], what))
			verify_report_teacher(findings, board, board->teachers[t].key, board->teachers[t].bsn, what);
		i += order <= 0;
		t += order >= 0;
	}
	return rc;
}

/* ---- history ---- */

/* < 0, 0, > 0: by teacher, then by time. */
static int order_versions(const struct verify_version *left, const struct verify_version *right)
{
	int order = memcmp(left->key, right->key, TEACHER_KEY_BYTES);

	order = order != 0 ? order : (left->since > right->since) - (left->since < right->since);
	return order != 0 ? order : (left->until > right->until) - (left->until < right->until);
}

static int compare_versions(const void *a, const void *b)
{
	return order_versions(*(struct verify_version *const *)a, *(struct verify_version *const *)b);
}

static struct verify_version version_of_row(const struct pg_rows *rows, size_t i)
{
	struct verify_version version = { .since = pg_get_i64(rows, i, 1),
					  .until = pg_get_i64(rows, i, 2),
					  .status = (enum teacher_status)pg_get_i16(rows, i, 3),
					  .last_sequence = pg_get_i64(rows, i, 4),
					  .lapsed_on = pg_get_i32(rows, i, 5),
					  .content = pg_get_bytes(rows, i, 6),
					  .targets = pg_get_bytes(rows, i, 7) };

	memcpy(version.key, pg_get_bytes(rows, i, 0).p, TEACHER_KEY_BYTES);
	return version;
}

/* NULL: as the log says. */
static const char *differing_version(const struct verify_version *row, const struct verify_version *version,
				     char ret[WHAT_BYTES])
{
	char field[WHAT_BYTES];

	if (row->status != version->status)
		return "the status in his history differs";
	if (row->last_sequence < version->set_sequence || row->last_sequence > version->last_sequence)
		return "the volgnummer in his history differs";
	if (row->lapsed_on != version->lapsed_on)
		return "vervallen_per in his history differs";
	if (!slice_equal(row->targets, version->targets))
		return "doel in his history differs";
	if (slice_equal(row->content, version->content))
		return NULL;
	differing_field(row->content, version->content, field);
	snprintf(ret, WHAT_BYTES, "in his history %.180s", field);
	return ret;
}

static int compare_to_key(const void *key, const void *teacher)
{
	return memcmp(key, ((const struct verify_teacher *)teacher)->key, TEACHER_KEY_BYTES);
}

static void report_version(const struct verify_board *board, const uint8_t *key, const char *what,
			   struct verify_findings *findings)
{
	const struct verify_teacher *teacher =
		board->teacher_count > 0
			? bsearch(key, board->teachers, board->teacher_count, sizeof *teacher, compare_to_key)
			: NULL;

	verify_report_teacher(findings, board, key, teacher ? teacher->bsn : 0, what);
}

/* The board's own stay in log order; without those of removed teachers. */
static int sort_history(const struct verify_board *board, struct verify_version ***ret, size_t *ret_count,
			struct err *err)
{
	*ret = calloc(MAX(board->history_count, (size_t)1), sizeof(struct verify_version *));
	if (!*ret)
		return err_set(err, ERR_FATAL, "memory", "no memory for a board's history");
	*ret_count = 0;
	for (size_t i = 0; i < board->history_count; i++)
		if (!board->history[i].is_removed)
			(*ret)[(*ret_count)++] = &board->history[i];
	if (*ret_count > 0)
		qsort(*ret, *ret_count, sizeof(struct verify_version *), compare_versions);
	return 0;
}

static int compare_history(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			   int32_t partition, struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	size_t i = 0, v = 0, count = 0;
	char text[WHAT_BYTES];
	int64_t kept_from = 0;
	struct verify_version **history = NULL;
	int rc = pg_exec(link, "verify_history", HISTORY_SQL, params, &rows, NULL, err);

	if (rc == 0)
		rc = verify_kept_from(link, partition, "history", &kept_from, err);
	if (rc == 0)
		rc = sort_history(board, &history, &count, err);
	while (rc == 0 && (i < pg_rows_count(rows) || v < count)) {
		struct verify_version row = { 0 };
		struct verify_version *version = v < count ? history[v] : NULL;

		if (i < pg_rows_count(rows))
			row = version_of_row(rows, i);
		int order = i == pg_rows_count(rows) ? 1 : !version ? -1 : order_versions(&row, version);
		bool is_gone = order > 0 && version && version->until < kept_from; /* its term was over */

		if (is_gone)
			version->is_expired = true;
		const char *what = is_gone     ? NULL
				   : order > 0 ? "a row of his history is missing"
				   : order < 0 ? "his history has a row that the log does not"
					       : differing_version(&row, version, text);

		if (what)
			report_version(board, order > 0 ? version->key : row.key, what, findings);
		i += order <= 0;
		v += order >= 0;
	}
	free(history);
	return rc;
}

static void count_teachers(const struct verify_board *board, int64_t *ret_teachers, int64_t *ret_active)
{
	*ret_teachers = *ret_active = 0;
	for (size_t t = 0; t < board->teacher_count; t++) {
		*ret_teachers += board->teachers[t].state.status != STATUS_NONE;
		*ret_active += board->teachers[t].state.status == STATUS_ACTIEF;
	}
}

static int compare_board(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			 int32_t partition, struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_board", BOARD_SQL, params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	int64_t teachers, active;

	count_teachers(board, &teachers, &active);
	bool is_there = pg_rows_count(rows) == 1;

	if ((is_there ? pg_get_i64(rows, 0, 0) : 0) != board->sequence_max ||
	    (is_there ? pg_get_i64(rows, 0, 1) : 0) != board->sequence_full ||
	    (is_there ? pg_get_i64(rows, 0, 5) : 0) != board->sequence_top)
		verify_report(findings, board, NULL, "the highest volgnummers differ");
	if ((is_there ? pg_get_i32(rows, 0, 2) : 0) != teachers || (is_there ? pg_get_i32(rows, 0, 3) : 0) != active)
		verify_report(findings, board, NULL, "the number of teachers or active teachers differs");
	if (is_there != (board->delivery_count > 0))
		verify_report(findings, board, NULL, "the board is in the %s only", is_there ? "register" : "log");
	else if (is_there && pg_get_i32(rows, 0, 4) != partition)
		verify_report(findings, board, NULL, "its partition differs");
	return 0;
}

int verify_compare(struct pg_link *link, struct verify_board *board, int32_t partition,
		   struct verify_findings *findings, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board->number);
	int rc = compare_board(link, board, &params, partition, findings, err);

	if (rc == 0)
		rc = compare_teachers(link, board, &params, findings, err);
	if (rc == 0)
		rc = compare_history(link, board, &params, partition, findings, err);
	if (rc != 0)
		return rc;
	verify_report_unnamed(findings, board);
	return verify_compare_ledger(link, board, partition, findings, err);
}
