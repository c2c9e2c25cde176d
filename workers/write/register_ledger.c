#include "write/register_ledger.h"

#include "model/rule.h"
#include "pg/pg_copy.h"
#include "protocol/outcomes.h"
#include "write/register_targets.h"

static const struct register_statement KEY_LIST = { "COPY of key lists", VALUES_DELIVERED, TARGET_KEY_LIST,
						    TYPES_KEY_LIST };
static const struct register_statement FEEDBACK = { "COPY of feedback", VALUES_DELIVERED, TARGET_FEEDBACK,
						    TYPES_FEEDBACK };
static const struct register_statement DELIVERY = { "COPY of deliveries", VALUES_DELIVERED, TARGET_DELIVERY,
						    TYPES_DELIVERY };
static const struct register_statement FINDING = { "COPY of findings", VALUES_OURS,
						   "register.finding (position, rule, lines)", "lsi" };
static const struct register_statement CONTACT = { "COPY of contacts", VALUES_DELIVERED, TARGET_CONTACT,
						   TYPES_CONTACT };
static const struct register_statement CONFIRMATION = { "COPY of confirmations", VALUES_DELIVERED, TARGET_CONFIRMATION,
							TYPES_CONFIRMATION };
static const struct register_statement SET_BACK = {
	"COPY of set-backs", VALUES_OURS,
	"register.set_back (position, request_id, board, sequence, sequence_before, executed, states, cancelled)",
	"luillbii"
};
static const struct register_statement ADMISSION = {
	"COPY of admissions", VALUES_OURS,
	"register.admission (position, board, service, basis, version, party, sender, trace_id, accepted_at)",
	"littLTTTZ"
};
static const struct register_statement FOREIGN = { "COPY of foreign messages", VALUES_OURS,
						   "register.foreign_message (position)", "l" };

static const struct register_statement WAITING_OVER = {
	"waiting_over", VALUES_OURS,
	"update register.delivery d set state = 1, notices = d.notices | w.notices, lapsed = w.lapsed"
	" from unnest($1::bigint[], $2::int[], $3::int[]) as w(position, notices, lapsed)"
	" where d.position = w.position",
	NULL
};

static const struct register_statement BOARD = {
	"boards", VALUES_OURS,
	"insert into register.board as b (board, partition, sequence_max, sequence_full, teachers, active, disowned,"
	"  pending_sequence, pending_key_list, pending_members, sequence_top)"
	" select n.board, n.partition, n.sequence_max, n.sequence_full, n.teachers, n.active, n.disowned,"
	"  n.pending_sequence, case when n.pending_sequence > 0 then n.pending_key_list end,"
	"  case when n.pending_sequence > 0 then n.pending_members end, n.sequence_top"
	" from unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::int[], $8::bigint[],"
	"  $9::uuid[], $10::bytea[], $11::bigint[]) as n(board, partition, sequence_max, sequence_full, teachers,"
	"  active, disowned, pending_sequence, pending_key_list, pending_members, sequence_top)"
	" on conflict (board) do update set partition = excluded.partition, sequence_max = excluded.sequence_max,"
	"  sequence_full = excluded.sequence_full, teachers = excluded.teachers, active = excluded.active,"
	"  disowned = excluded.disowned, pending_sequence = excluded.pending_sequence,"
	"  pending_key_list = excluded.pending_key_list, pending_members = excluded.pending_members,"
	"  sequence_top = excluded.sequence_top",
	NULL
};

enum { RULES_MAX = 64 }; /* codes that one delivery can have */

typedef void copy_message(struct strbuf *out, const struct message *message);

static bool is_list_new(const struct message *message)
{
	if (message->is_key_list_stored)
		return false;
	for (const struct message *m = message->board->first; m != message; m = m->next)
		if (m->is_entered && memcmp(m->verdict.keys_digest, message->verdict.keys_digest, DIGEST_BYTES) == 0)
			return false;
	return true;
}

static bool has_feedback(const struct message *message)
{
	return !message->verdict.body_unreadable;
}

static bool is_feedback_new(const struct message *message)
{
	if (message->is_feedback_stored || !has_feedback(message))
		return false;
	for (const struct message *m = message->board->first; m != message; m = m->next)
		if (m->is_entered && has_feedback(m) &&
		    memcmp(m->verdict.feedback_digest, message->verdict.feedback_digest, DIGEST_BYTES) == 0)
			return false;
	return true;
}

static void copy_digest(struct strbuf *out, const uint8_t *digest)
{
	pg_copy_bytes(out, slice_make(digest, DIGEST_BYTES));
}

static void copy_key_list(struct strbuf *out, const struct message *message)
{
	if (!message->is_entered || !is_list_new(message))
		return;
	pg_copy_row(out, 3);
	pg_copy_i32(out, message->board->number);
	copy_digest(out, message->verdict.keys_digest);
	pg_copy_bytes(out, message->verdict.keys);
}

static void copy_feedback(struct strbuf *out, const struct message *message)
{
	if (!message->is_entered || !is_feedback_new(message))
		return;
	pg_copy_row(out, 3);
	pg_copy_i32(out, message->board->number);
	copy_digest(out, message->verdict.feedback_digest);
	pg_copy_bytes(out, message->verdict.feedback);
}

/* A value whose length is known only behind it. */
static void copy_outcomes(struct strbuf *out, const struct ledger *ledger)
{
	size_t at = out->n;

	pg_copy_bytes(out, (struct slice){ 0 });
	outcomes_encode(out, ledger->outcomes, ledger->group_count);
	if (strbuf_ok(out))
		num_put_be32((uint8_t *)out->p + at, (uint32_t)(out->n - at - sizeof(uint32_t)));
}

static void copy_delivery(struct strbuf *out, const struct message *message)
{
	const struct wire_verdict *verdict = &message->verdict;
	const struct wire_header *header = &verdict->header;
	const struct ledger *ledger = &message->ledger;

	if (!message->is_entered)
		return;
	pg_copy_row(out, 28);
	pg_copy_i64(out, message->position);
	pg_copy_i32(out, header->board);
	pg_copy_bytes(out, header->delivery_id);
	pg_copy_bytes(out, slice_make(header->fingerprint, sizeof header->fingerprint));
	pg_copy_i16(out, (int16_t)header->kind);
	pg_copy_bool(out, header->dry_run);
	pg_copy_i64(out, header->sequence);
	pg_copy_i32(out, header->extraction_date);
	pg_copy_i32(out, header->received_on);
	pg_copy_bytes(out, slice_make(header->reference_version, sizeof header->reference_version));
	pg_copy_i32(out, verdict->attempt);
	pg_copy_i16(out, (int16_t)ledger->state);
	pg_copy_i32(out, header->line_count);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		pg_copy_i32(out, (int32_t)ledger->lines[outcome]);
	pg_copy_i32(out, (int32_t)ledger->absent);
	pg_copy_i32(out, (int32_t)ledger->active);
	pg_copy_i32(out, (int32_t)ledger->lapsed);
	pg_copy_i16(out, (int16_t)ledger->notices);
	pg_copy_i32(out, verdict->body_unreadable ? header->line_count : verdict->unreadable_lines);
	copy_digest(out, verdict->keys_digest);
	if (has_feedback(message))
		copy_digest(out, verdict->feedback_digest);
	else
		pg_copy_null(out);
	copy_outcomes(out, ledger);
}

static void copy_finding(struct strbuf *out, const struct message *message, int32_t rule, int64_t lines)
{
	if (lines == 0)
		return;
	pg_copy_row(out, 3);
	pg_copy_i64(out, message->position);
	pg_copy_i16(out, (int16_t)rule);
	pg_copy_i32(out, (int32_t)lines);
}

/* The validator counts the rules of chapter 5; those of the outcome are ours. A code stands in one row, whatever came.
 * */
static void copy_findings(struct strbuf *out, const struct message *message)
{
	const struct wire_verdict *verdict = &message->verdict;
	struct wire_finding_count counts[RULES_MAX];
	size_t count = 0;

	if (!message->is_entered)
		return;
	for (size_t i = 0; i < verdict->findings.count; i++) {
		const struct wire_finding_count *finding = &verdict->findings.items[i];
		size_t at = 0;

		if (finding->rule == RULE_R01 || finding->rule == RULE_R08 || finding->rule == RULE_T01)
			continue;
		while (at < count && counts[at].rule != finding->rule)
			at++;
		if (at == RULES_MAX)
			continue;
		if (at == count)
			counts[count++] = *finding;
		else
			counts[at].lines += finding->lines;
	}
	for (size_t i = 0; i < count; i++)
		copy_finding(out, message, counts[i].rule, counts[i].lines);
	copy_finding(out, message, RULE_R01, message->ledger.lines_r01);
	copy_finding(out, message, RULE_R08, message->ledger.lines_r08);
	copy_finding(out, message, RULE_T01, message->ledger.lines[OUTCOME_QUARANTAINE]);
}

static void copy_contact(struct strbuf *out, const struct message *message)
{
	const struct wire_header *header = &message->verdict.header;

	if (!message->has_new_contact)
		return;
	pg_copy_row(out, 5);
	pg_copy_i32(out, header->board);
	pg_copy_i64(out, message->position);
	pg_copy_bytes(out, header->contact_name);
	pg_copy_bytes(out, header->contact_phone);
	pg_copy_bytes(out, header->contact_email);
}

static void copy_confirmation(struct strbuf *out, const struct message *message)
{
	if (message->verdict.kind != VERDICT_KIND_CONFIRM)
		return;
	pg_copy_row(out, 7);
	pg_copy_i64(out, message->position);
	pg_copy_bytes(out, slice_make(message->verdict.request_id, sizeof message->verdict.request_id));
	pg_copy_i32(out, message->verdict.header.board);
	pg_copy_bytes(out, message->verdict.header.delivery_id);
	pg_copy_bool(out, message->has_confirmed);
	pg_copy_i32(out, (int32_t)message->confirmed_lapsed);
	pg_copy_bool(out, message->has_other_absent);
}

static void copy_set_back(struct strbuf *out, const struct message *message)
{
	const struct wire_verdict *verdict = &message->verdict;
	const struct set_back *made = &message->set_back;

	if (verdict->kind != VERDICT_KIND_SET_BACK)
		return;
	pg_copy_row(out, 8);
	pg_copy_i64(out, message->position);
	pg_copy_bytes(out, slice_make(verdict->request_id, sizeof verdict->request_id));
	pg_copy_i32(out, verdict->header.board);
	pg_copy_i64(out, verdict->header.sequence);
	pg_copy_i64(out, made->sequence_before);
	pg_copy_bool(out, made->is_executed);
	pg_copy_i32(out, (int32_t)made->states);
	pg_copy_i32(out, (int32_t)made->cancelled);
}

/* As whom it came in, of a delivery that is entered and of a confirmation: a repeat leaves that of the first. */
static void copy_admission(struct strbuf *out, const struct message *message)
{
	const struct access_header *access = &message->admission.access;
	bool is_confirmation = message->verdict.kind == VERDICT_KIND_CONFIRM;
	int64_t version;

	if ((!message->is_entered && !is_confirmation) || access->basis.n == 0)
		return;
	pg_copy_row(out, 9);
	pg_copy_i64(out, message->position);
	pg_copy_i32(out, message->verdict.header.board);
	pg_copy_bytes(out, slice_of(access_service_name(is_confirmation ? SERVICE_CONFIRM : SERVICE_DELIVER)));
	pg_copy_bytes(out, access->basis);
	if (num_parse_i64(access->version, 0, INT64_MAX, &version))
		pg_copy_i64(out, version);
	else
		pg_copy_null(out);
	pg_copy_text_or_null(out, access->party);
	pg_copy_text_or_null(out, access->speaker);
	pg_copy_text_or_null(out, message->admission.trace_id);
	pg_copy_time(out, message->accepted_at_ms < PG_TIME_MS_END ? message->accepted_at_ms : -1);
}

static void copy_foreign(struct strbuf *out, const struct message *message)
{
	if (message->verdict.kind != VERDICT_KIND_FOREIGN)
		return;
	pg_copy_row(out, 1);
	pg_copy_i64(out, message->position);
}

static const struct {
	const struct register_statement *statement;
	copy_message *copy;
} COPIES[] = {
	{ &KEY_LIST, copy_key_list }, { &FEEDBACK, copy_feedback },   { &DELIVERY, copy_delivery },
	{ &FINDING, copy_findings },  { &CONTACT, copy_contact },     { &CONFIRMATION, copy_confirmation },
	{ &SET_BACK, copy_set_back }, { &ADMISSION, copy_admission }, { &FOREIGN, copy_foreign },
};

static int copy_messages(struct register_session *session, const struct batch *batch,
			 const struct register_statement *statement, copy_message *copy, struct err *err)
{
	int rc = 0;

	strbuf_reset(&session->copy);
	for (size_t i = 0; rc == 0 && i < batch->message_count; i++) {
		copy(&session->copy, batch->messages[i]);
		if (session->copy.n >= REGISTER_CHUNK_BYTES)
			rc = register_session_copy(session, statement, err);
	}
	return rc != 0 ? rc : register_session_copy(session, statement, err);
}

/* Deliveries of earlier transactions that wait no more. */
static int write_waiting(struct register_session *session, const struct batch *batch, struct err *err)
{
	row_arrays_begin(&session->arrays, "lii");
	for (size_t i = 0; i < batch->board_count; i++)
		for (const struct waiting *w = batch->boards[i]->waiting; w; w = w->next) {
			if (!w->is_over || w->message)
				continue;
			row_arrays_i64(&session->arrays, w->position);
			row_arrays_i32(&session->arrays, (int32_t)w->notices);
			row_arrays_i32(&session->arrays, (int32_t)w->lapsed);
		}
	if (session->arrays.rows == 0)
		return 0;
	return register_session_exec(session, &WAITING_OVER, NULL, NULL, NULL, err);
}

static int write_boards(struct register_session *session, const struct batch *batch, struct err *err)
{
	row_arrays_begin(&session->arrays, "iilliiilubl");
	for (size_t i = 0; i < batch->board_count; i++) {
		const struct board_state *board = batch->boards[i];

		if (!board->is_changed)
			continue;
		row_arrays_i32(&session->arrays, board->number);
		row_arrays_i32(&session->arrays, board->partition);
		row_arrays_i64(&session->arrays, board->sequence_max);
		row_arrays_i64(&session->arrays, board->sequence_full);
		row_arrays_i32(&session->arrays, (int32_t)board->teachers);
		row_arrays_i32(&session->arrays, (int32_t)board->active);
		row_arrays_i32(&session->arrays, (int32_t)board->disowned);
		row_arrays_i64(&session->arrays, board->pending.sequence);
		row_arrays_uuid(&session->arrays, board->pending.key_list);
		row_arrays_text(&session->arrays, slice_make(board->pending.members, board->pending.member_bytes));
		row_arrays_i64(&session->arrays, board->sequence_top);
	}
	if (session->arrays.rows == 0)
		return 0;
	return register_session_exec(session, &BOARD, NULL, NULL, NULL, err);
}

int register_write_ledger(struct register_session *session, const struct batch *batch, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(COPIES); i++)
		rc = copy_messages(session, batch, COPIES[i].statement, COPIES[i].copy, err);
	if (rc == 0)
		rc = write_waiting(session, batch, err);
	return rc != 0 ? rc : write_boards(session, batch, err);
}
