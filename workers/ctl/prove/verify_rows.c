#include "ctl/prove/verify_rows.h"

#include "ctl/prove/verify_groups.h"
#include "model/content.h"
#include "model/rule.h"
#include "pg/pg_copy.h"
#include "protocol/delivery_state.h"
#include "wire/wire.h"

#include <stdlib.h>

enum { ROWS_BYTES_MAX = 1 << 30, BODY_BYTES_MAX = 64 << 20, COUNTS_BYTES_MAX = 4096 };

static const char TABLES_SQL[] =
	"create temp table fix_teacher (like register.teacher) on commit drop;"
	"create temp table fix_teacher_history (like register.teacher_history, n int, set_sequence bigint)"
	" on commit drop;"
	"create temp table fix_delivery (like register.delivery) on commit drop;"
	"create temp table fix_finding (like register.finding) on commit drop;"
	"create temp table fix_key_list (like register.key_list) on commit drop;"
	"create temp table fix_feedback (like register.feedback) on commit drop;"
	"create temp table fix_contact (like register.contact) on commit drop;"
	"create temp table fix_confirmation (like register.confirmation) on commit drop;"
	"create temp table fix_set_back (like register.set_back) on commit drop;"
	"create temp table fix_admission (like register.admission) on commit drop;"
	"create temp table fix_replay_change (like register.replay_change) on commit drop;"
	"create temp table fix_board (board int, partition int, sequence_max bigint, sequence_full bigint,"
	" teachers int, active int, sequence_top bigint) on commit drop;"
	"alter table fix_delivery alter column committed_at drop not null;"
	"alter table fix_replay_change alter column changed_at drop not null;";

/* ---- values ---- */

static void put_day_or_null(struct strbuf *out, int32_t day)
{
	if (day != 0)
		pg_copy_i32(out, day);
	else
		pg_copy_null(out);
}

static void put_key(struct strbuf *out, const uint8_t *key)
{
	pg_copy_bytes(out, slice_make(key, TEACHER_KEY_BYTES));
}

/* ---- teachers ---- */

static void put_teachers(struct strbuf *out, const struct verify_board *board)
{
	for (size_t i = 0; i < board->teacher_count; i++) {
		const struct verify_teacher *teacher = &board->teachers[i];
		bool has_content = teacher->state.status != STATUS_INGETROKKEN;

		if (teacher->state.status == STATUS_NONE)
			continue;
		pg_copy_row(out, 10);
		pg_copy_i32(out, (int32_t)board->number);
		put_key(out, teacher->key);
		pg_copy_i32(out, (int32_t)teacher->bsn);
		pg_copy_i16(out, (int16_t)teacher->state.status);
		pg_copy_i64(out, teacher->state.sequence);
		pg_copy_i64(out, teacher->since);
		put_day_or_null(out, teacher->lapsed_on);
		pg_copy_text_or_null(out, has_content ? slice_make(teacher->state.content_hash, CONTENT_HASH_BYTES)
						      : (struct slice){ 0 });
		pg_copy_text_or_null(out, teacher->content);
		pg_copy_text_or_null(out, teacher->targets);
	}
}

static void put_history(struct strbuf *out, const struct verify_board *board, const struct hmac_key *key)
{
	for (size_t i = 0; i < board->history_count; i++) {
		const struct verify_version *version = &board->history[i];
		uint8_t hash[CONTENT_HASH_BYTES];

		if (version->is_removed)
			continue;
		hmac_key_content(key, version->content, hash);
		pg_copy_row(out, 12);
		pg_copy_i32(out, (int32_t)board->number);
		put_key(out, version->key);
		pg_copy_i16(out, (int16_t)version->status);
		pg_copy_i64(out, version->last_sequence);
		pg_copy_i64(out, version->since);
		pg_copy_i64(out, version->until);
		put_day_or_null(out, version->lapsed_on);
		pg_copy_text_or_null(out, version->content.n > 0 ? slice_make(hash, sizeof hash) : (struct slice){ 0 });
		pg_copy_text_or_null(out, version->content);
		pg_copy_text_or_null(out, version->targets);
		pg_copy_i32(out, (int32_t)i);
		pg_copy_i64(out, version->set_sequence);
	}
}

static void put_board(struct strbuf *out, const struct verify_board *board, int32_t partition)
{
	int32_t teachers = 0, active = 0;

	if (board->delivery_count == 0)
		return;
	for (size_t i = 0; i < board->teacher_count; i++) {
		teachers += board->teachers[i].state.status != STATUS_NONE;
		active += board->teachers[i].state.status == STATUS_ACTIEF;
	}
	pg_copy_row(out, 7);
	pg_copy_i32(out, (int32_t)board->number);
	pg_copy_i32(out, partition);
	pg_copy_i64(out, board->sequence_max);
	pg_copy_i64(out, board->sequence_full);
	pg_copy_i32(out, teachers);
	pg_copy_i32(out, active);
	pg_copy_i64(out, board->sequence_top);
}

/* ---- contact persons, confirmations, set-backs, replays ---- */

static void put_contacts(struct strbuf *out, const struct verify_board *board)
{
	for (size_t i = 0; i < board->contact_count; i++) {
		pg_copy_row(out, 5);
		pg_copy_i32(out, (int32_t)board->number);
		pg_copy_i64(out, board->contacts[i].since);
		pg_copy_bytes(out, board->contacts[i].name);
		pg_copy_bytes(out, board->contacts[i].phone);
		pg_copy_bytes(out, board->contacts[i].email);
	}
}

static void put_confirmations(struct strbuf *out, const struct verify_board *board)
{
	for (size_t i = 0; i < board->confirmation_count; i++) {
		const struct verify_confirmation *made = &board->confirmations[i];

		pg_copy_row(out, 7);
		pg_copy_i64(out, made->position);
		pg_copy_bytes(out, slice_make(made->request_id, sizeof made->request_id));
		pg_copy_i32(out, (int32_t)board->number);
		pg_copy_bytes(out, slice_of(made->delivery_id));
		pg_copy_bool(out, made->is_executed);
		pg_copy_i32(out, (int32_t)made->lapsed);
		pg_copy_bool(out, made->has_other_absent);
	}
}

static void put_set_backs(struct strbuf *out, const struct verify_board *board)
{
	for (size_t i = 0; i < board->set_back_count; i++) {
		const struct verify_set_back *made = &board->set_backs[i];

		pg_copy_row(out, 8);
		pg_copy_i64(out, made->position);
		pg_copy_bytes(out, slice_make(made->request_id, sizeof made->request_id));
		pg_copy_i32(out, (int32_t)board->number);
		pg_copy_i64(out, made->sequence);
		pg_copy_i64(out, made->sequence_before);
		pg_copy_bool(out, made->is_executed);
		pg_copy_i32(out, (int32_t)made->states);
		pg_copy_i32(out, (int32_t)made->cancelled);
	}
}

static void put_admissions(struct strbuf *out, const struct verify_board *board)
{
	for (size_t i = 0; i < board->admission_count; i++) {
		const struct verify_admission *made = &board->admissions[i];
		int64_t version;

		pg_copy_row(out, 9);
		pg_copy_i64(out, made->position);
		pg_copy_i32(out, (int32_t)board->number);
		pg_copy_bytes(out, slice_of(verify_admission_service(made)));
		pg_copy_bytes(out, made->basis);
		if (num_parse_i64(made->version, 0, INT64_MAX, &version))
			pg_copy_i64(out, version);
		else
			pg_copy_null(out);
		pg_copy_text_or_null(out, made->party);
		pg_copy_text_or_null(out, made->sender);
		pg_copy_text_or_null(out, made->trace_id);
		pg_copy_time(out, made->accepted_at_ms);
	}
}

static void put_counts(struct strbuf *out, const int64_t lines[OUTCOMES + 1])
{
	CLEANUP(strbuf_drop) struct strbuf array;

	strbuf_init(&array, COUNTS_BYTES_MAX);
	pg_array_begin(&array, PG_I32);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		pg_array_add_i32(&array, (int32_t)lines[outcome]);
	pg_array_end(&array, 0, OUTCOMES);
	pg_copy_bytes(out, strbuf_slice(&array));
}

static void put_changes(struct strbuf *out, const struct verify_board *board)
{
	for (size_t i = 0; i < board->change_count; i++) {
		const struct verify_change *change = &board->changes[i];

		pg_copy_row(out, 8);
		pg_copy_i64(out, change->position);
		pg_copy_i32(out, change->attempt);
		pg_copy_bytes(out, slice_make(change->job, sizeof change->job));
		pg_copy_i64(out, change->replay_position);
		pg_copy_bytes(out, slice_make(change->reference_version, sizeof change->reference_version));
		pg_copy_i32(out, (int32_t)change->lines);
		put_counts(out, change->before);
		put_counts(out, change->after);
	}
}

/* ---- deliveries ---- */

/* What several tables get of the deliveries, collected in one pass. */
struct delivery_rows {
	struct strbuf deliveries, findings, key_lists, feedback;
};

/* The place of a readable line's teacher among the keys. */
static size_t group_of(const struct verify_groups *groups, const uint8_t *key)
{
	size_t low = 0, high = groups->own_keys.n / TEACHER_KEY_BYTES;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(groups->own_keys.p + middle * TEACHER_KEY_BYTES, key, TEACHER_KEY_BYTES) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Feedback as the validator and the writer make it (protocol/feedback_build.h), from what was kept of each line. */
static void build_feedback(struct strbuf *out, const struct verify_delivery *delivery,
			   const struct verify_groups *groups, bool by_key_before)
{
	static const char NOTHING[4] = { 0 }; /* no texts, no target, no findings */
	size_t behind = groups->keys.n / TEACHER_KEY_BYTES;

	wire_put_long(out, (int64_t)delivery->line_count);
	for (size_t i = 0; i < delivery->line_count; i++) {
		const struct verify_line *line = &delivery->lines[i];
		const uint8_t *key = by_key_before ? line->key_before : line->key;

		wire_put_long(out, line->record_number);
		wire_put_long(out, (int64_t)(line->is_readable ? group_of(groups, key) : behind++));
		strbuf_add(out, line->feedback_body.n > 0 ? line->feedback_body : slice_make(NOTHING, sizeof NOTHING));
	}
	wire_put_long(out, 0);
}

static void count_rule(int32_t counts[RULE_LETTERS][RULE_NUMBERS], unsigned rule)
{
	unsigned letter = (rule >> 8) - 'A', number = rule & 0xff;

	if (letter < RULE_LETTERS && number < RULE_NUMBERS)
		counts[letter][number]++;
}

static void put_findings(struct strbuf *out, const struct verify_delivery *delivery)
{
	int32_t counts[RULE_LETTERS][RULE_NUMBERS] = { 0 };

	for (size_t i = 0; i < delivery->line_count; i++) {
		const struct verify_line *line = &delivery->lines[i];

		for (size_t r = 0; r < line->rules.n / sizeof(uint16_t); r++) {
			uint16_t rule;

			memcpy(&rule, line->rules.p + r * sizeof rule, sizeof rule);
			count_rule(counts, rule);
		}
		if (line->outcome == OUTCOME_AFGEKEURD_R01)
			count_rule(counts, RULE_R01);
		else if (line->outcome == OUTCOME_AFGEKEURD_R08)
			count_rule(counts, RULE_R08);
		else if (line->outcome == OUTCOME_QUARANTAINE)
			count_rule(counts, RULE_T01);
	}
	for (int letter = 0; letter < RULE_LETTERS; letter++)
		for (int number = 0; number < RULE_NUMBERS; number++)
			if (counts[letter][number] > 0) {
				pg_copy_row(out, 3);
				pg_copy_i64(out, delivery->position);
				pg_copy_i16(out, (int16_t)RULE_ID('A' + letter, number));
				pg_copy_i32(out, counts[letter][number]);
			}
}

static void put_named(struct strbuf *out, uint32_t board, struct slice bytes, uint8_t ret_digest[TEACHER_KEY_BYTES])
{
	verify_digest(bytes, ret_digest);
	pg_copy_row(out, 3);
	pg_copy_i32(out, (int32_t)board);
	put_key(out, ret_digest);
	pg_copy_bytes(out, bytes);
}

static int last_attempt(const struct verify_delivery *delivery)
{
	int attempt = 0;

	while (delivery->attempts >> attempt > 1)
		attempt++;
	return attempt;
}

static void put_delivery(struct strbuf *out, const struct verify_board *board, const struct verify_delivery *delivery,
			 const struct verify_groups *groups, const uint8_t *key_list, const uint8_t *feedback)
{
	pg_copy_row(out, 28);
	pg_copy_i64(out, delivery->position);
	pg_copy_i32(out, (int32_t)board->number);
	pg_copy_bytes(out, slice_of(delivery->id));
	pg_copy_bytes(out, slice_make(delivery->fingerprint, sizeof delivery->fingerprint));
	pg_copy_i16(out, (int16_t)delivery->kind);
	pg_copy_bool(out, delivery->is_dry_run);
	pg_copy_i64(out, delivery->sequence);
	pg_copy_i32(out, delivery->extraction_date);
	pg_copy_i32(out, delivery->received_on);
	pg_copy_bytes(out, slice_make(delivery->reference_version, sizeof delivery->reference_version));
	pg_copy_i32(out, last_attempt(delivery));
	pg_copy_i16(out, delivery->is_waiting ? DELIVERY_WACHT : DELIVERY_VERWERKT);
	pg_copy_i32(out, (int32_t)delivery->line_count);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		pg_copy_i32(out, (int32_t)groups->lines[outcome]);
	pg_copy_i32(out, (int32_t)delivery->absent);
	pg_copy_i32(out, (int32_t)delivery->active);
	pg_copy_i32(out, (int32_t)delivery->lapsed);
	pg_copy_i16(out, (int16_t)delivery->notices);
	pg_copy_i32(out, (int32_t)groups->unreadable);
	put_key(out, key_list);
	if (feedback)
		put_key(out, feedback);
	else
		pg_copy_null(out);
	pg_copy_bytes(out, strbuf_slice(&groups->outcomes));
}

static int add_delivery(struct delivery_rows *rows, const struct verify_board *board,
			const struct verify_delivery *delivery, struct slice stored_list, struct err *err)
{
	CLEANUP(verify_groups_release) struct verify_groups groups = { 0 };
	CLEANUP(strbuf_drop) struct strbuf body;
	uint8_t key_list[TEACHER_KEY_BYTES], feedback[TEACHER_KEY_BYTES];
	bool has_feedback = delivery->lines[0].has_feedback;

	strbuf_init(&body, BODY_BYTES_MAX);
	if (!verify_groups_make_as(board, delivery, stored_list, &groups))
		return err_set(err, ERR_FATAL, "memory", "no memory for a delivery");
	put_named(&rows->key_lists, board->number, strbuf_slice(&groups.keys), key_list);
	if (has_feedback && delivery->is_feedback_gone)
		memcpy(feedback, delivery->feedback_digest, sizeof feedback);
	else if (has_feedback) {
		build_feedback(&body, delivery, &groups, groups.is_by_key_before);
		if (!strbuf_ok(&body))
			return err_set(err, ERR_FATAL, "memory", "no memory for feedback");
		put_named(&rows->feedback, board->number, strbuf_slice(&body), feedback);
	}
	put_delivery(&rows->deliveries, board, delivery, &groups, key_list, has_feedback ? feedback : NULL);
	put_findings(&rows->findings, delivery);
	return 0;
}

/* ---- all tables ---- */

static int copy(struct pg_link *link, const char *target, const char *columns, const struct strbuf *rows,
		struct err *err)
{
	if (!strbuf_ok(rows))
		return err_set(err, ERR_FATAL, "memory", "a board has more rows than fit in memory");
	return rows->n == 0 ? 0 : pg_copy_run(link, target, columns, strbuf_slice(rows), err);
}

static int copy_deliveries(struct pg_link *link, const struct delivery_rows *rows, struct err *err)
{
	int rc = copy(link,
		      "fix_delivery (position, board, delivery_id, fingerprint, kind, dry_run, sequence,"
		      " extraction_date, received_on, reference_version, attempt, state, lines, nieuw, gewijzigd,"
		      " ongewijzigd, verouderd, afgekeurd, ingetrokken, quarantaine, absent, active, lapsed, notices,"
		      " unreadable_lines, key_list, feedback, outcomes)",
		      "litxsbliixisiiiiiiiiiiisiuux", &rows->deliveries, err);

	if (rc == 0)
		rc = copy(link, "fix_finding", "lsi", &rows->findings, err);
	if (rc == 0)
		rc = copy(link, "fix_key_list", "iux", &rows->key_lists, err);
	return rc == 0 ? copy(link, "fix_feedback", "iux", &rows->feedback, err) : rc;
}

/* The stored list of each delivery says by which HMAC key it names teachers. */
static int write_deliveries(struct pg_link *link, const struct verify_board *board, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *stored = NULL;
	struct delivery_rows rows;
	struct strbuf *all[] = { &rows.deliveries, &rows.findings, &rows.key_lists, &rows.feedback };
	struct pg_params params;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		strbuf_init(all[i], ROWS_BYTES_MAX);
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board->number);
	int rc = pg_exec(link, "repair_lists",
			 "select position, key_list from register.delivery where board = $1 order by position", &params,
			 &stored, NULL, err);

	for (size_t d = 0; rc == 0 && d < board->delivery_count; d++) {
		const struct verify_delivery *delivery = &board->deliveries[d];

		while (at < pg_rows_count(stored) && pg_get_i64(stored, at, 0) < delivery->position)
			at++;
		bool is_stored = at < pg_rows_count(stored) && pg_get_i64(stored, at, 0) == delivery->position;

		rc = add_delivery(&rows, board, delivery, is_stored ? pg_get_bytes(stored, at, 1) : (struct slice){ 0 },
				  err);
	}
	if (rc == 0)
		rc = copy_deliveries(link, &rows, err);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		strbuf_release(all[i]);
	return rc;
}

int verify_rows_write(struct pg_link *link, struct verify_board *board, int32_t partition, const struct hmac_key *key,
		      struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf rows;
	int rc = pg_script(link, TABLES_SQL, err);

	strbuf_init(&rows, ROWS_BYTES_MAX);
	put_teachers(&rows, board);
	if (rc == 0)
		rc = copy(link, "fix_teacher", "iuislliutt", &rows, err);
	strbuf_reset(&rows);
	put_history(&rows, board, key);
	if (rc == 0)
		rc = copy(link, "fix_teacher_history", "iusllliuttil", &rows, err);
	strbuf_reset(&rows);
	put_board(&rows, board, partition);
	if (rc == 0)
		rc = copy(link, "fix_board", "iilliil", &rows, err);
	strbuf_reset(&rows);
	put_contacts(&rows, board);
	if (rc == 0)
		rc = copy(link, "fix_contact", "ilttt", &rows, err);
	strbuf_reset(&rows);
	put_confirmations(&rows, board);
	if (rc == 0)
		rc = copy(link, "fix_confirmation", "luitbib", &rows, err);
	strbuf_reset(&rows);
	put_set_backs(&rows, board);
	if (rc == 0)
		rc = copy(link, "fix_set_back", "luillbii", &rows, err);
	strbuf_reset(&rows);
	put_admissions(&rows, board);
	if (rc == 0)
		rc = copy(link,
			  "fix_admission (position, board, service, basis, version, party, sender, trace_id,"
			  " accepted_at)",
			  "littltttz", &rows, err);
	strbuf_reset(&rows);
	put_changes(&rows, board);
	if (rc == 0)
		rc = copy(link,
			  "fix_replay_change (position, attempt, job, replay_position, reference_version, lines,"
			  " before, after)",
			  "liulxiaa", &rows, err);
	return rc == 0 ? write_deliveries(link, board, err) : rc;
}
