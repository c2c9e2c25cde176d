#include "ctl/prove/verify_compare.h"

#include "base/num.h"
#include "model/content.h"
#include "protocol/delivery_state.h"
#include "protocol/feedback_build.h"
#include "protocol/outcomes.h"

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

/* A body or a key list that is not what its digest says counts as another one: as null. */
static const char DELIVERIES_SQL[] =
	"select d.position, d.state, d.notices, d.absent, d.active, d.lapsed, d.lines, d.nieuw, d.gewijzigd,"
	" d.ongewijzigd,"
	"  d.verouderd, d.afgekeurd, d.ingetrokken, d.quarantaine, d.key_list, d.outcomes, d.unreadable_lines,"
	"  d.fingerprint, d.delivery_id, d.kind, d.dry_run, d.sequence, d.extraction_date, d.received_on,"
	"  d.reference_version, d.attempt, d.feedback is null, f.body,"
	"  (select string_agg(g.rule || ':' || g.lines, ' ' order by g.rule) from register.finding g"
	"    where g.position = d.position),"
	"  l.keys is null or encode(substring(sha256(l.keys) for 16), 'hex')::uuid = l.digest"
	" from register.delivery d"
	" left join register.feedback f on f.board = d.board and f.digest = d.feedback"
	" left join register.key_list l on l.board = d.board and l.digest = d.key_list"
	" where d.board = $1 order by d.position";

static const char BOARD_SQL[] =
	"select sequence_max, sequence_full, teachers, active from register.board where board = $1";

static const char CONTACTS_SQL[] =
	"select since, name, phone, email from register.contact where board = $1 order by since";

static const char CONFIRMATIONS_SQL[] =
	"select position, request_id, delivery_id, executed, lapsed from register.confirmation where board = $1"
	" order by position";

enum { OUTCOMES_BYTES_MAX = 1 << 20, NAMED_MAX = 20, WHAT_BYTES = 200, FINDINGS_TEXT_BYTES_MAX = 1 << 16 };

static void report_difference(const struct verify_board *board, const char *delivery, const char *what,
			      struct verify_findings *findings)
{
	fprintf(findings->out, "board %05u%s%s: %s\n", board->number, delivery ? ", delivery " : "",
		delivery ? delivery : "", what);
	findings->count++;
}

/* ---- teachers ---- */

/* By his key; by his BSN too where that may be shown. bsn 0: not known. The first of a board; all are counted. */
static void report_teacher(const struct verify_board *board, const uint8_t *key, uint32_t bsn, const char *what,
			   struct verify_findings *findings)
{
	char hex[2 * TEACHER_KEY_BYTES + 1] = "";

	findings->count++;
	if (findings->named++ >= NAMED_MAX)
		return;
	num_to_hex(key, TEACHER_KEY_BYTES, hex);
	fprintf(findings->out, "board %05u, teacher %.8s-%.4s-%.4s-%.4s-%.12s", board->number, hex, hex + 8, hex + 12,
		hex + 16, hex + 20);
	if (findings->shows_bsn && bsn != 0)
		fprintf(findings->out, " (BSN %09u)", bsn);
	fprintf(findings->out, ": %s\n", what);
}

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
			report_teacher(board, board->teachers[t].key, board->teachers[t].bsn, "is not in the register",
				       findings);
		else if (order < 0)
			report_teacher(board, (const uint8_t *)pg_get_bytes(rows, i, 0).p,
				       (uint32_t)pg_get_i32(rows, i, 6), "is in the register and not in the log",
				       findings);
		else if (!is_same_teacher(rows, i, &board->teachers[t], what))
			report_teacher(board, board->teachers[t].key, board->teachers[t].bsn, what, findings);
		i += order <= 0;
		t += order >= 0;
	}
	return rc;
}

/* ---- history ---- */

static int compare_versions(const void *a, const void *b)
{
	const struct verify_version *left = a, *right = b;
	int order = memcmp(left->key, right->key, TEACHER_KEY_BYTES);

	order = order != 0 ? order : (left->since > right->since) - (left->since < right->since);
	return order != 0 ? order : (left->until > right->until) - (left->until < right->until);
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

static int compare_history(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			   struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	size_t i = 0, v = 0;
	char text[WHAT_BYTES];
	int rc = pg_exec(link, "verify_history", HISTORY_SQL, params, &rows, NULL, err);

	if (board->history_count > 0)
		qsort(board->history, board->history_count, sizeof *board->history, compare_versions);
	while (rc == 0 && (i < pg_rows_count(rows) || v < board->history_count)) {
		struct verify_version row = { 0 };
		const struct verify_version *version = &board->history[v];

		if (i < pg_rows_count(rows))
			row = version_of_row(rows, i);
		int order = i == pg_rows_count(rows)	? 1
			    : v == board->history_count ? -1
							: compare_versions(&row, version);
		const char *what = order > 0   ? "a row of his history is missing"
				   : order < 0 ? "his history has a row that the log does not"
					       : differing_version(&row, version, text);

		if (what)
			report_teacher(board, order > 0 ? version->key : row.key, 0, what, findings);
		i += order <= 0;
		v += order >= 0;
	}
	return rc;
}

/* ---- contact persons, confirmations ---- */

static int compare_contacts(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			    struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_contacts", CONTACTS_SQL, params, &rows, NULL, err);
	bool is_same = rc != 0 || pg_rows_count(rows) == board->contact_count;

	for (size_t i = 0; rc == 0 && is_same && i < board->contact_count; i++) {
		const struct verify_contact *contact = &board->contacts[i];

		is_same = pg_get_i64(rows, i, 0) == contact->since &&
			  slice_equal(pg_get_bytes(rows, i, 1), contact->name) &&
			  slice_equal(pg_get_bytes(rows, i, 2), contact->phone) &&
			  slice_equal(pg_get_bytes(rows, i, 3), contact->email);
	}
	if (!is_same)
		report_difference(board, NULL, "its contact persons differ", findings);
	return rc;
}

static int compare_confirmations(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
				 struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_confirmations", CONFIRMATIONS_SQL, params, &rows, NULL, err);
	bool is_same = rc != 0 || pg_rows_count(rows) == board->confirmation_count;

	for (size_t i = 0; rc == 0 && is_same && i < board->confirmation_count; i++) {
		const struct verify_confirmation *made = &board->confirmations[i];

		is_same = pg_get_i64(rows, i, 0) == made->position &&
			  memcmp(pg_get_bytes(rows, i, 1).p, made->request_id, sizeof made->request_id) == 0 &&
			  slice_equal_text(pg_get_bytes(rows, i, 2), made->delivery_id) &&
			  pg_get_bool(rows, i, 3) == made->is_executed && pg_get_i32(rows, i, 4) == made->lapsed;
	}
	if (!is_same)
		report_difference(board, NULL, "its confirmations differ", findings);
	return rc;
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

/* Outcomes as the ledger keeps them: one group per teacher, rising by key; behind them the lines without one. */
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

/* What the delivery said of itself. */
static bool has_same_header(const struct verify_delivery *delivery, const struct pg_rows *rows, size_t i)
{
	int attempt = 0;

	while (delivery->attempts >> attempt > 1)
		attempt++;
	return memcmp(pg_get_bytes(rows, i, 17).p, delivery->fingerprint, FINGERPRINT_BYTES) == 0 &&
	       slice_equal_text(pg_get_bytes(rows, i, 18), delivery->id) &&
	       pg_get_i16(rows, i, 19) == (int)delivery->kind && pg_get_bool(rows, i, 20) == delivery->is_dry_run &&
	       pg_get_i64(rows, i, 21) == delivery->sequence && pg_get_i32(rows, i, 22) == delivery->extraction_date &&
	       pg_get_i32(rows, i, 23) == delivery->received_on &&
	       memcmp(pg_get_bytes(rows, i, 24).p, delivery->reference_version, REFERENCE_VERSION_BYTES) == 0 &&
	       pg_get_i32(rows, i, 25) == attempt;
}

/* Lines of each code, counted while the feedback is read. */
struct code_counts {
	int64_t lines[RULE_LETTERS][RULE_NUMBERS];
};

static void count_code(struct code_counts *counts, unsigned rule)
{
	unsigned letter = (rule >> 8) - 'A', number = rule & 0xff;

	if (letter < RULE_LETTERS && number < RULE_NUMBERS)
		counts->lines[letter][number]++;
}

static void count_line(struct code_counts *counts, const struct verify_line *line, const struct feedback_line *feedback)
{
	for (size_t f = 0; feedback && f < feedback->finding_count; f++)
		if (f == 0 || feedback->findings[f].rule != feedback->findings[f - 1].rule)
			count_code(counts, feedback->findings[f].rule);
	if (line->outcome == OUTCOME_AFGEKEURD_R01)
		count_code(counts, RULE_R01);
	else if (line->outcome == OUTCOME_AFGEKEURD_R08)
		count_code(counts, RULE_R08);
	else if (line->outcome == OUTCOME_QUARANTAINE)
		count_code(counts, RULE_T01);
}

static bool has_same_codes(const struct code_counts *counts, struct slice stored)
{
	CLEANUP(strbuf_drop) struct strbuf text;

	strbuf_init(&text, FINDINGS_TEXT_BYTES_MAX);
	for (unsigned letter = 0; letter < RULE_LETTERS; letter++)
		for (unsigned number = 0; number < RULE_NUMBERS; number++)
			if (counts->lines[letter][number] > 0)
				strbuf_add_printf(&text, "%s%u:%lld", text.n > 0 ? " " : "",
						  RULE_ID('A' + letter, number),
						  (long long)counts->lines[letter][number]);
	return slice_equal(strbuf_slice(&text), stored);
}

/* Line by line as the board gets it. A body that was given up has none. */
static bool has_same_feedback(const struct verify_delivery *delivery, const struct pg_rows *rows, size_t i,
			      uint8_t *outcomes, struct feedback_reader *reader, struct code_counts *counts)
{
	bool has_any = delivery->lines[0].has_feedback, is_same = pg_is_null(rows, i, 27) == !has_any, is_end = false;
	uint8_t digest[TEACHER_KEY_BYTES];
	struct feedback_line line;
	struct err err;

	memset(outcomes, OUTCOME_ONGEWIJZIGD, delivery->line_count);
	feedback_reader_init(reader, pg_get_bytes(rows, i, 27), outcomes, delivery->line_count);
	for (size_t l = 0; l < delivery->line_count; l++) {
		bool is_read = has_any && is_same && feedback_reader_next(reader, &line, &is_end, &err) == 0 && !is_end;

		count_line(counts, &delivery->lines[l], is_read ? &line : NULL);
		if (!has_any || !is_same)
			continue;
		if (is_read)
			verify_feedback_digest(&line, digest);
		is_same = is_read && memcmp(digest, delivery->lines[l].feedback, sizeof digest) == 0;
	}
	return is_same;
}

static int compare_feedback(const struct verify_board *board, const struct verify_delivery *delivery,
			    const struct pg_rows *rows, size_t i, struct verify_findings *findings, struct err *err)
{
	struct feedback_reader *reader = calloc(1, sizeof *reader);
	struct code_counts *counts = calloc(1, sizeof *counts);
	uint8_t *outcomes = calloc(MAX(delivery->line_count, (size_t)1), 1);
	bool is_made = reader && counts && outcomes;

	if (is_made && delivery->line_count > 0) {
		bool is_same = has_same_feedback(delivery, rows, i, outcomes, reader, counts);

		if (!is_same)
			report_difference(board, delivery->id, "its feedback differs", findings);
		else if (!has_same_codes(counts, pg_get_bytes(rows, i, 28)))
			report_difference(board, delivery->id, "the lines of its codes differ", findings);
	}
	free(reader);
	free(counts);
	free(outcomes);
	return is_made ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for a delivery");
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
		if (!has_same_header(delivery, rows, i))
			report_difference(board, delivery->id, "its header or attempt differs", findings);
		if (!pg_get_bool(rows, i, 29))
			report_difference(board, delivery->id, "its key list is not what its digest says", findings);
	}
	strbuf_release(&groups.outcomes);
	strbuf_release(&groups.keys);
	return is_made ? compare_feedback(board, delivery, rows, i, findings, err)
		       : err_set(err, ERR_FATAL, "memory", "no memory for a delivery");
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

static void count_teachers(const struct verify_board *board, int64_t *ret_teachers, int64_t *ret_active)
{
	*ret_teachers = *ret_active = 0;
	for (size_t t = 0; t < board->teacher_count; t++) {
		*ret_teachers += board->teachers[t].state.status != STATUS_NONE;
		*ret_active += board->teachers[t].state.status == STATUS_ACTIEF;
	}
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
	int64_t teachers, active;

	count_teachers(board, &teachers, &active);
	bool is_there = pg_rows_count(rows) == 1;

	if ((is_there ? pg_get_i64(rows, 0, 0) : 0) != board->sequence_max ||
	    (is_there ? pg_get_i64(rows, 0, 1) : 0) != board->sequence_full)
		report_difference(board, NULL, "the highest volgnummers differ", findings);
	if ((is_there ? pg_get_i32(rows, 0, 2) : 0) != teachers || (is_there ? pg_get_i32(rows, 0, 3) : 0) != active)
		report_difference(board, NULL, "the number of teachers or active teachers differs", findings);
	findings->named = 0;
	rc = compare_teachers(link, board, &params, findings, err);
	if (rc == 0)
		rc = compare_history(link, board, &params, findings, err);
	if (rc == 0 && findings->named > NAMED_MAX)
		fprintf(findings->out, "board %05u: %lld more such differences of teachers\n", board->number,
			(long long)(findings->named - NAMED_MAX));
	if (rc == 0)
		rc = compare_contacts(link, board, &params, findings, err);
	if (rc == 0)
		rc = compare_confirmations(link, board, &params, findings, err);
	return rc != 0 ? rc : compare_deliveries(link, board, &params, findings, err);
}
