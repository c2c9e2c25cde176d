#include "ctl/prove/verify_ledger.h"

#include "base/num.h"
#include "ctl/prove/verify_fold.h"
#include "ctl/prove/verify_groups.h"
#include "ctl/prove/verify_retained.h"
#include "protocol/delivery_state.h"
#include "protocol/feedback_build.h"

#include <stddef.h>
#include <stdlib.h>

/* ---- rows beside what the log says ---- */

/* Both rise by position: the first column of a row, a member of an item. */
struct merge {
	const struct pg_rows *rows;
	const char *items;
	size_t count, item_bytes, position_at;
	size_t next_row, next_item;
	/* of this step; INT64_MAX: there is none */
	int64_t stored, derived;
	size_t row, item;
};

#define MERGE(of_rows, of_items, of_count, member)                                                         \
	{                                                                                                  \
		.rows = (of_rows), .items = (const char *)(of_items), .count = (of_count),                 \
		.item_bytes = sizeof *(of_items), .position_at = offsetof(__typeof__(*(of_items)), member) \
	}

/* The next row, the next item, or both when they are of one position. false: there is no more. */
static bool merge_next(struct merge *merge)
{
	bool has_row = merge->next_row < pg_rows_count(merge->rows), has_item = merge->next_item < merge->count;

	merge->row = merge->next_row;
	merge->item = merge->next_item;
	merge->stored = has_row ? pg_get_i64(merge->rows, merge->row, 0) : INT64_MAX;
	merge->derived = INT64_MAX;
	if (has_item)
		memcpy(&merge->derived, merge->items + merge->item * merge->item_bytes + merge->position_at,
		       sizeof merge->derived);
	merge->next_row += has_row && merge->stored <= merge->derived;
	merge->next_item += has_item && merge->derived <= merge->stored;
	return has_row || has_item;
}

static int64_t merge_position(const struct merge *merge)
{
	return MIN(merge->stored, merge->derived);
}

/* Of one that has no other; NULL: both are there. */
static const char *merge_lonely(const struct merge *merge)
{
	return merge->stored > merge->derived	? "is missing"
	       : merge->stored < merge->derived ? "is not in the log"
						: NULL;
}

/* ---- questions ---- */

/* A body or a key list that is not what its digest says counts as another one: as null. */
static const char DELIVERIES_SQL[] =
	"select d.position, d.state, d.notices, d.absent, d.active, d.lapsed, d.lines, d.nieuw, d.gewijzigd,"
	" d.ongewijzigd,"
	"  d.verouderd, d.afgekeurd, d.ingetrokken, d.quarantaine, d.key_list, d.outcomes, d.unreadable_lines,"
	"  d.fingerprint, d.delivery_id, d.kind, d.dry_run, d.sequence, d.extraction_date, d.received_on,"
	"  d.reference_version, d.attempt, d.feedback is null, f.body,"
	"  (select string_agg(g.rule || ':' || g.lines, ' ' order by g.rule) from register.finding g"
	"    where g.position = d.position),"
	"  coalesce(encode(substring(sha256(l.keys) for 16), 'hex')::uuid = l.digest,"
	"   d.key_list = 'e3b0c442-98fc-1c14-9afb-f4c8996fb924')," /* of an empty list, which needs no row */
	"  d.feedback"
	" from register.delivery d"
	" left join register.feedback f on f.board = d.board and f.digest = d.feedback"
	" left join register.key_list l on l.board = d.board and l.digest = d.key_list"
	" where d.board = $1 order by d.position";

static const char CONTACTS_SQL[] =
	"select since, name, phone, email from register.contact where board = $1 order by since";

static const char CONFIRMATIONS_SQL[] =
	"select position, request_id, delivery_id, executed, lapsed, has_other_absent from register.confirmation"
	" where board = $1 order by position";

static const char SET_BACKS_SQL[] =
	"select position, request_id, sequence, sequence_before, executed, states, cancelled from register.set_back"
	" where board = $1 order by position";

static const char ADMISSIONS_SQL[] =
	"select position, service, basis, version::text, party, sender, trace_id,"
	"  (extract(epoch from accepted_at) * 1000000)::bigint"
	" from register.admission where board = $1 order by position";

/* Those of deliveries that the log has and the ledger lacks, too. */
static const char CHANGES_SQL[] =
	"select c.replay_position, c.position, c.attempt, c.job, c.reference_version, c.lines,"
	"  array_to_string(c.before, ' '), array_to_string(c.after, ' ')"
	" from register.replay_change c where c.position = any($2)"
	"  or c.position in (select position from register.delivery where board = $1)"
	" order by c.replay_position, c.position, c.attempt";

/* What is stored once under its digest. */
static const char LISTS_SQL[] =
	"select (select count(*) from register.key_list where board = $1"
	"   and digest <> encode(substring(sha256(keys) for 16), 'hex')::uuid),"
	"  (select count(*) from register.feedback where board = $1"
	"   and digest <> encode(substring(sha256(body) for 16), 'hex')::uuid)";

enum { FINDINGS_TEXT_BYTES_MAX = 1 << 16 };
enum { POSITIONS_BYTES_MAX = 64 << 20, COUNTS_BYTES = 160 };

/* ---- deliveries ---- */

static void compare_groups(const struct verify_board *board, const struct verify_delivery *delivery,
			   const struct pg_rows *rows, size_t i, const struct verify_groups *groups,
			   struct verify_findings *findings)
{
	if (pg_get_i32(rows, i, 6) != (int32_t)delivery->line_count)
		verify_report(findings, board, delivery->id, "the counts of its lines differ: lines");
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		if (pg_get_i32(rows, i, 6 + outcome) != groups->lines[outcome])
			verify_report(findings, board, delivery->id, "the counts of its lines differ: %s",
				      outcome_name((enum outcome)outcome));
	if (!verify_groups_are_listed(groups, pg_get_bytes(rows, i, 14)))
		verify_report(findings, board, delivery->id, "the teachers it names differ");
	if (!slice_equal(pg_get_bytes(rows, i, 15), strbuf_slice(&groups->outcomes)))
		verify_report(findings, board, delivery->id, "outcomes differ");
	if (pg_get_i32(rows, i, 16) != groups->unreadable)
		verify_report(findings, board, delivery->id, "the number of lines without a readable BSN differs");
}

static int last_attempt(const struct verify_delivery *delivery)
{
	int attempt = 0;

	while (delivery->attempts >> attempt > 1)
		attempt++;
	return attempt;
}

/* What the delivery said of itself. */
static void compare_header(const struct verify_board *board, const struct verify_delivery *delivery,
			   const struct pg_rows *rows, size_t i, struct verify_findings *findings)
{
	const struct {
		const char *name;
		bool is_same;
	} FIELDS[] = {
		{ "fingerprint", memcmp(pg_get_bytes(rows, i, 17).p, delivery->fingerprint, FINGERPRINT_BYTES) == 0 },
		{ "leveringsid", slice_equal_text(pg_get_bytes(rows, i, 18), delivery->id) },
		{ "soort", pg_get_i16(rows, i, 19) == (int)delivery->kind },
		{ "proef", pg_get_bool(rows, i, 20) == delivery->is_dry_run },
		{ "volgnummer", pg_get_i64(rows, i, 21) == delivery->sequence },
		{ "extractiedatum", pg_get_i32(rows, i, 22) == delivery->extraction_date },
		{ "ontvangen_op", pg_get_i32(rows, i, 23) == delivery->received_on },
		{ "reference version",
		  memcmp(pg_get_bytes(rows, i, 24).p, delivery->reference_version, REFERENCE_VERSION_BYTES) == 0 },
		{ "attempt", pg_get_i32(rows, i, 25) == last_attempt(delivery) },
		{ "state",
		  (pg_get_i16(rows, i, 1) == DELIVERY_WACHT) == delivery->is_waiting &&
			  (pg_get_i16(rows, i, 1) == DELIVERY_WACHT || pg_get_i16(rows, i, 1) == DELIVERY_VERWERKT) },
		{ "notices", (uint32_t)pg_get_i16(rows, i, 2) == delivery->notices },
		{ "absent", pg_get_i32(rows, i, 3) == delivery->absent },
		{ "active", pg_get_i32(rows, i, 4) == delivery->active },
		{ "lapsed", pg_get_i32(rows, i, 5) == delivery->lapsed },
	};

	for (size_t f = 0; f < ARRAY_LEN(FIELDS); f++)
		if (!FIELDS[f].is_same)
			verify_report(findings, board, delivery->id, "%s differs", FIELDS[f].name);
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
	bool has_any = delivery->lines[0].has_feedback, is_end = false;
	bool is_same = pg_is_null(rows, i, 27) == !has_any && pg_get_bool(rows, i, 26) == !has_any;
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
			verify_report(findings, board, delivery->id, "its feedback differs");
		else if (!has_same_codes(counts, pg_get_bytes(rows, i, 28)))
			verify_report(findings, board, delivery->id, "the findings of its codes differ");
	}
	free(reader);
	free(counts);
	free(outcomes);
	return is_made ? 0 : err_set(err, ERR_FATAL, "memory", "no memory for a delivery");
}

/* feedback_from: of deliveries below, terugmeldingen may be gone; and those that a checkpoint has as gone, which a
 * register that was restored from it knows nothing of. */
static int compare_delivery(const struct verify_board *board, struct verify_delivery *delivery,
			    const struct pg_rows *rows, size_t i, int64_t feedback_from,
			    struct verify_findings *findings, struct err *err)
{
	CLEANUP(verify_groups_release) struct verify_groups groups = { 0 };

	bool is_made = verify_groups_make_as(board, delivery, pg_get_bytes(rows, i, 14), &groups);

	if (is_made) {
		compare_groups(board, delivery, rows, i, &groups, findings);
		compare_header(board, delivery, rows, i, findings);
		if (!pg_get_bool(rows, i, 29))
			verify_report(findings, board, delivery->id, "its key list is not what its digest says");
	}
	bool is_gone = (delivery->position < feedback_from || delivery->is_feedback_gone) && pg_is_null(rows, i, 27) &&
		       delivery->line_count > 0 && pg_get_bool(rows, i, 26) != delivery->lines[0].has_feedback;

	if (is_made && is_gone) {
		delivery->is_feedback_gone = true;
		if (!pg_is_null(rows, i, 30))
			memcpy(delivery->feedback_digest, pg_get_bytes(rows, i, 30).p, TEACHER_KEY_BYTES);
		return 0;
	}
	return is_made ? compare_feedback(board, delivery, rows, i, findings, err)
		       : err_set(err, ERR_FATAL, "memory", "no memory for a delivery");
}

static int compare_deliveries(struct pg_link *link, struct verify_board *board, const struct pg_params *params,
			      int64_t feedback_from, struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_deliveries", DELIVERIES_SQL, params, &rows, NULL, err);
	struct merge merge = MERGE(rows, board->deliveries, board->delivery_count, position);

	while (rc == 0 && merge_next(&merge))
		if (merge.stored == merge.derived)
			rc = compare_delivery(board, &board->deliveries[merge.item], rows, merge.row, feedback_from,
					      findings, err);
		else if (merge.stored > merge.derived)
			verify_report(findings, board, board->deliveries[merge.item].id, "is not in the ledger");
		else
			verify_report(findings, board, NULL, "the ledger has a delivery the log does not");
	return rc;
}

/* ---- replays ---- */

static bool has_same_counts(struct slice stored, const int64_t lines[OUTCOMES + 1])
{
	char text[COUNTS_BYTES] = "";
	size_t n = 0;

	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%lld", n > 0 ? " " : "", (long long)lines[outcome]);
	return slice_equal_text(stored, text);
}

static void compare_change(const struct verify_board *board, const struct verify_change *change,
			   const struct pg_rows *rows, size_t i, struct verify_findings *findings)
{
	const struct {
		const char *name;
		bool is_same;
	} FIELDS[] = {
		{ "delivery", pg_get_i64(rows, i, 1) == change->position },
		{ "attempt", pg_get_i32(rows, i, 2) == change->attempt },
		{ "job", memcmp(pg_get_bytes(rows, i, 3).p, change->job, sizeof change->job) == 0 },
		{ "reference version",
		  memcmp(pg_get_bytes(rows, i, 4).p, change->reference_version, REFERENCE_VERSION_BYTES) == 0 },
		{ "lines", pg_get_i32(rows, i, 5) == change->lines },
		{ "counts before", has_same_counts(pg_get_bytes(rows, i, 6), change->before) },
		{ "counts behind it", has_same_counts(pg_get_bytes(rows, i, 7), change->after) },
	};

	for (size_t f = 0; f < ARRAY_LEN(FIELDS); f++)
		if (!FIELDS[f].is_same)
			verify_report(findings, board, NULL, "the replay at %lld: %s differs",
				      (long long)change->replay_position, FIELDS[f].name);
}

static int read_changes(struct pg_link *link, const struct verify_board *board, struct pg_rows **ret, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf positions;
	struct pg_params params;

	strbuf_init(&positions, POSITIONS_BYTES_MAX);
	pg_array_begin(&positions, PG_I64);
	for (size_t d = 0; d < board->delivery_count; d++)
		pg_array_add_i64(&positions, board->deliveries[d].position);
	pg_array_end(&positions, 0, (int32_t)board->delivery_count);
	int rc = strbuf_check(&positions, "the deliveries of a board", err);

	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board->number);
	pg_add_array(&params, PG_I64_ARRAY, strbuf_slice(&positions));
	return pg_exec(link, "verify_changes", CHANGES_SQL, &params, ret, NULL, err);
}

static int compare_changes(struct pg_link *link, const struct verify_board *board, struct verify_findings *findings,
			   struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = read_changes(link, board, &rows, err);
	struct merge merge = MERGE(rows, board->changes, board->change_count, replay_position);

	while (rc == 0 && merge_next(&merge))
		if (merge.stored == merge.derived)
			compare_change(board, &board->changes[merge.item], rows, merge.row, findings);
		else
			verify_report(findings, board, NULL, "the replay at %lld is not in the %s",
				      (long long)merge_position(&merge),
				      merge.stored > merge.derived ? "ledger" : "log");
	return rc;
}

/* ---- contact persons, confirmations ---- */

static const char *contact_difference(const struct pg_rows *rows, size_t row, const struct verify_contact *contact)
{
	return !slice_equal(pg_get_bytes(rows, row, 1), contact->name)	  ? "name differs"
	       : !slice_equal(pg_get_bytes(rows, row, 2), contact->phone) ? "phone differs"
	       : !slice_equal(pg_get_bytes(rows, row, 3), contact->email) ? "email differs"
									  : NULL;
}

/* from: those below, after whom another came below it too, may be gone. */
static int compare_contacts(struct pg_link *link, struct verify_board *board, const struct pg_params *params,
			    int64_t from, struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_contacts", CONTACTS_SQL, params, &rows, NULL, err);
	struct merge merge = MERGE(rows, board->contacts, board->contact_count, since);

	while (rc == 0 && merge_next(&merge)) {
		bool is_gone = merge.stored > merge.derived && merge.next_item < board->contact_count &&
			       board->contacts[merge.next_item].since < from;
		const char *what = merge_lonely(&merge);

		if (!what)
			what = contact_difference(rows, merge.row, &board->contacts[merge.item]);
		if (is_gone)
			board->contacts[merge.item].is_expired = true;
		if (what && !is_gone)
			verify_report(findings, board, NULL, "its contact persons differ: since %lld %s",
				      (long long)merge_position(&merge), what);
	}
	return rc;
}

static const char *confirmation_difference(const struct pg_rows *rows, size_t row,
					   const struct verify_confirmation *made)
{
	return memcmp(pg_get_bytes(rows, row, 1).p, made->request_id, sizeof made->request_id) != 0 ? "request differs"
	       : !slice_equal_text(pg_get_bytes(rows, row, 2), made->delivery_id) ? "leveringsid differs"
	       : pg_get_bool(rows, row, 3) != made->is_executed			  ? "uitgevoerd differs"
	       : pg_get_i32(rows, row, 4) != made->lapsed			  ? "lapsed differs"
	       : pg_get_bool(rows, row, 5) != made->has_other_absent		  ? "condition differs"
										  : NULL;
}

static int compare_confirmations(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
				 struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_confirmations", CONFIRMATIONS_SQL, params, &rows, NULL, err);
	struct merge merge = MERGE(rows, board->confirmations, board->confirmation_count, position);

	while (rc == 0 && merge_next(&merge)) {
		const char *what = merge_lonely(&merge);

		if (!what)
			what = confirmation_difference(rows, merge.row, &board->confirmations[merge.item]);
		if (what)
			verify_report(findings, board, NULL, "its confirmations differ: %lld %s",
				      (long long)merge_position(&merge), what);
	}
	return rc;
}

static const char *set_back_difference(const struct pg_rows *rows, size_t row, const struct verify_set_back *made)
{
	return memcmp(pg_get_bytes(rows, row, 1).p, made->request_id, sizeof made->request_id) != 0 ? "request differs"
	       : pg_get_i64(rows, row, 2) != made->sequence	   ? "volgnummer differs"
	       : pg_get_i64(rows, row, 3) != made->sequence_before ? "volgnummer before differs"
	       : pg_get_bool(rows, row, 4) != made->is_executed	   ? "executed differs"
	       : pg_get_i32(rows, row, 5) != made->states	   ? "teachers differ"
	       : pg_get_i32(rows, row, 6) != made->cancelled	   ? "deliveries that ended differ"
								   : NULL;
}

static int compare_set_backs(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			     struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_set_backs", SET_BACKS_SQL, params, &rows, NULL, err);
	struct merge merge = MERGE(rows, board->set_backs, board->set_back_count, position);

	while (rc == 0 && merge_next(&merge)) {
		const char *what = merge_lonely(&merge);

		if (!what)
			what = set_back_difference(rows, merge.row, &board->set_backs[merge.item]);
		if (what)
			verify_report(findings, board, NULL, "its volgnummer was set back: %lld %s",
				      (long long)merge_position(&merge), what);
	}
	return rc;
}

/* Null and empty are one: neither a header nor the register has empty texts. */
static const char *admission_difference(const struct pg_rows *rows, size_t row, const struct verify_admission *made)
{
	bool is_same_time = pg_is_null(rows, row, 7) ? made->accepted_at_ms < 0
						     : pg_get_i64(rows, row, 7) == made->accepted_at_ms * 1000;

	return !slice_equal_text(pg_get_bytes(rows, row, 1), verify_admission_service(made)) ? "service differs"
	       : !slice_equal(pg_get_bytes(rows, row, 2), made->basis)			     ? "basis differs"
	       : !slice_equal(pg_get_bytes(rows, row, 3), made->version)		     ? "version differs"
	       : !slice_equal(pg_get_bytes(rows, row, 4), made->party)			     ? "party differs"
	       : !slice_equal(pg_get_bytes(rows, row, 5), made->sender)			     ? "sender differs"
	       : !slice_equal(pg_get_bytes(rows, row, 6), made->trace_id)		     ? "trace id differs"
	       : !is_same_time								     ? "time differs"
											     : NULL;
}

static int compare_admissions(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			      struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_admissions", ADMISSIONS_SQL, params, &rows, NULL, err);
	struct merge merge = MERGE(rows, board->admissions, board->admission_count, position);

	while (rc == 0 && merge_next(&merge)) {
		const char *what = merge_lonely(&merge);

		if (!what)
			what = admission_difference(rows, merge.row, &board->admissions[merge.item]);
		if (what)
			verify_report(findings, board, NULL, "as whom %lld came in: %s",
				      (long long)merge_position(&merge), what);
	}
	return rc;
}

static int compare_lists(struct pg_link *link, const struct verify_board *board, const struct pg_params *params,
			 struct verify_findings *findings, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = pg_exec(link, "verify_lists", LISTS_SQL, params, &rows, NULL, err);

	if (rc == 0 && pg_get_i64(rows, 0, 0) > 0)
		verify_report(findings, board, NULL, "%lld key lists are not what their digests say",
			      (long long)pg_get_i64(rows, 0, 0));
	if (rc == 0 && pg_get_i64(rows, 0, 1) > 0)
		verify_report(findings, board, NULL, "%lld bodies of feedback are not what their digests say",
			      (long long)pg_get_i64(rows, 0, 1));
	return rc;
}

int verify_compare_ledger(struct pg_link *link, struct verify_board *board, int32_t partition,
			  struct verify_findings *findings, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board->number);
	int64_t contacts_from = 0, feedback_from = 0;
	int rc = verify_kept_from(link, partition, "contact", &contacts_from, err);

	if (rc == 0)
		rc = verify_kept_from(link, partition, "feedback", &feedback_from, err);
	if (rc == 0)
		rc = compare_contacts(link, board, &params, contacts_from, findings, err);
	if (rc == 0)
		rc = compare_confirmations(link, board, &params, findings, err);
	if (rc == 0)
		rc = compare_set_backs(link, board, &params, findings, err);
	if (rc == 0)
		rc = compare_admissions(link, board, &params, findings, err);
	if (rc == 0)
		rc = compare_deliveries(link, board, &params, feedback_from, findings, err);
	if (rc == 0)
		rc = compare_changes(link, board, findings, err);
	return rc == 0 ? compare_lists(link, board, &params, findings, err) : rc;
}
