#include "write/register_restatement.h"

#include "protocol/outcomes.h"
#include "write/restatement.h"

static const struct register_statement STANDING = {
	"read_standings", VALUES_DELIVERED,
	"select w.at, d.position, d.lines, d.outcomes, l.keys, f.body,"
	"  exists (select from register.replay_change c where c.position = d.position and c.attempt = w.attempt),"
	"  exists (select from register.key_rotation r where d.position >= r.from_position and d.position < r.below),"
	"  d.nieuw, d.gewijzigd, d.ongewijzigd, d.verouderd, d.afgekeurd, d.ingetrokken, d.quarantaine"
	" from unnest($1::int[], $2::text[], $3::bytea[], $4::int[], $5::int[])"
	"  as w(board, delivery_id, fingerprint, attempt, at)"
	" join register.delivery d on d.board = w.board and d.delivery_id = w.delivery_id"
	"  and d.fingerprint = w.fingerprint"
	" left join register.key_list l on l.board = d.board and l.digest = d.key_list"
	" left join register.feedback f on f.board = d.board and f.digest = d.feedback"
	" where not d.dry_run",
	"ilixXXbbiiiiiii"
};

static const struct register_statement ATTEMPT = {
	"replay_attempt", VALUES_OURS,
	"with entered as ("
	"  insert into register.replay_change"
	"   (position, attempt, job, replay_position, reference_version, lines, before, after)"
	"  values ($1, $2, $3, $4, $5, $6, $7, $8)"
	") update register.delivery set attempt = greatest(attempt, $2) where position = $1",
	NULL
};

static const struct register_statement KEY_LIST = {
	"replay_key_list", VALUES_DELIVERED,
	"insert into register.key_list (board, digest, keys) values ($1, $2, $3) on conflict do nothing", NULL
};

static const struct register_statement FEEDBACK = {
	"replay_feedback", VALUES_DELIVERED,
	"insert into register.feedback (board, digest, body) values ($1, $2, $3) on conflict do nothing", NULL
};

static const struct register_statement RESTATE = {
	"replay_delivery", VALUES_DELIVERED,
	"update register.delivery set nieuw = $2, gewijzigd = $3, ongewijzigd = $4, verouderd = $5, afgekeurd = $6,"
	"  ingetrokken = $7, quarantaine = $8, unreadable_lines = $9, key_list = $10, feedback = $11, outcomes = $12"
	" where position = $1",
	NULL
};

static const struct register_statement FINDINGS_GONE = { "replay_findings_gone", VALUES_OURS,
							 "delete from register.finding where position = $1", NULL };

static const struct register_statement FINDINGS = {
	"replay_findings", VALUES_OURS,
	"insert into register.finding (position, rule, lines) select * from unnest($1::bigint[], $2::int[], $3::int[])",
	NULL
};

enum {
	COLUMN_AT,
	COLUMN_POSITION,
	COLUMN_LINES,
	COLUMN_OUTCOMES,
	COLUMN_KEYS,
	COLUMN_FEEDBACK,
	COLUMN_HAS_ATTEMPT,
	COLUMN_HAS_OLD_KEYS,
	COLUMN_NIEUW,
};

enum { COUNTS_BYTES_MAX = 4096 };

/* Reading. */

static int set_standing(struct batch *batch, const struct pg_rows *rows, size_t i, struct err *err)
{
	struct message *message = batch->messages[pg_get_i32(rows, i, COLUMN_AT)];
	struct standing *standing = arena_take_zeroed(batch->arena, 1, sizeof *standing);

	if (!standing || !arena_copy(batch->arena, pg_get_bytes(rows, i, COLUMN_KEYS), &standing->keys) ||
	    !arena_copy(batch->arena, pg_get_bytes(rows, i, COLUMN_FEEDBACK), &standing->feedback))
		return batch_full(err);
	standing->position = pg_get_i64(rows, i, COLUMN_POSITION);
	standing->line_count = pg_get_i32(rows, i, COLUMN_LINES);
	standing->has_feedback = !pg_is_null(rows, i, COLUMN_FEEDBACK);
	standing->has_attempt = pg_get_bool(rows, i, COLUMN_HAS_ATTEMPT);
	standing->has_old_keys = pg_get_bool(rows, i, COLUMN_HAS_OLD_KEYS);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		standing->lines[outcome] = pg_get_i32(rows, i, COLUMN_NIEUW + outcome - OUTCOME_NIEUW);
	message->standing = standing;
	return outcomes_decode(pg_get_bytes(rows, i, COLUMN_OUTCOMES), (size_t)standing->line_count, batch->arena,
			       &standing->outcomes, &standing->group_count, err);
}

int register_read_standings(struct register_session *session, struct batch *batch, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

	row_arrays_begin(&session->arrays, "itbii");
	for (size_t i = 0; i < batch->message_count; i++) {
		const struct message *message = batch->messages[i];
		const struct wire_header *header = &message->verdict.header;

		if (message->verdict.kind != VERDICT_KIND_REPLAY)
			continue;
		row_arrays_i32(&session->arrays, header->board);
		row_arrays_text(&session->arrays, header->delivery_id);
		row_arrays_text(&session->arrays, slice_make(header->fingerprint, sizeof header->fingerprint));
		row_arrays_i32(&session->arrays, message->verdict.attempt);
		row_arrays_i32(&session->arrays, (int32_t)i);
	}
	if (session->arrays.rows == 0)
		return 0;
	int rc = register_session_exec(session, &STANDING, NULL, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		rc = set_standing(batch, rows, i, err);
	if (rc == -ERR_DATA)
		err->kind = ERR_FATAL; /* the register's own bytes: no replay is to blame */
	return rc == -ERR_DATA ? -ERR_FATAL : rc;
}

/* Writing. */

static void add_counts(struct pg_params *params, struct strbuf *out, const int64_t lines[OUTCOMES + 1])
{
	size_t start = out->n;

	pg_array_begin(out, PG_I32);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		pg_array_add_i32(out, (int32_t)lines[outcome]);
	pg_array_end(out, start, OUTCOMES);
	pg_add_array(params, PG_I32_ARRAY, strbuf_slice(out));
}

static int write_attempt(struct register_session *session, const struct message *message, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf before;
	CLEANUP(strbuf_drop) struct strbuf after;
	const struct standing *standing = message->standing;
	const struct wire_verdict *verdict = &message->verdict;
	struct pg_params params;

	strbuf_init(&before, COUNTS_BYTES_MAX);
	strbuf_init(&after, COUNTS_BYTES_MAX);
	pg_params_reset(&params);
	pg_add_i64(&params, standing->position);
	pg_add_i32(&params, verdict->attempt);
	pg_add_uuid(&params, verdict->request_id);
	pg_add_i64(&params, message->position);
	pg_add_bytes(&params, slice_make(verdict->header.reference_version, sizeof verdict->header.reference_version));
	pg_add_i32(&params, (int32_t)message->replayed_lines);
	add_counts(&params, &before, standing->lines);
	add_counts(&params, &after, message->restated ? message->restated->ledger.lines : standing->lines);
	return register_session_run(session, &ATTEMPT, &params, err);
}

/* Key list and feedback: stored once, under their digest. */
static int write_bytes(struct register_session *session, const struct message *message,
		       const struct register_statement *statement, const uint8_t digest[DIGEST_BYTES],
		       struct slice bytes, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, message->board->number);
	pg_add_uuid(&params, digest);
	pg_add_bytes(&params, bytes);
	return register_session_run(session, statement, &params, err);
}

static int write_delivery(struct register_session *session, const struct message *message, struct err *err)
{
	const struct restated *restated = message->restated;
	struct strbuf *outcomes = &session->copy;
	struct pg_params params;

	strbuf_reset(outcomes);
	outcomes_encode(outcomes, restated->ledger.outcomes, restated->ledger.group_count);
	if (!strbuf_ok(outcomes))
		return batch_full(err);
	pg_params_reset(&params);
	pg_add_i64(&params, message->standing->position);
	for (int outcome = OUTCOME_NIEUW; outcome <= OUTCOMES; outcome++)
		pg_add_i32(&params, (int32_t)restated->ledger.lines[outcome]);
	pg_add_i32(&params, (int32_t)restated->unreadable_lines);
	pg_add_uuid(&params, restated->key_list);
	pg_add_uuid(&params, restated->feedback_digest);
	pg_add_bytes(&params, strbuf_slice(outcomes));
	int rc = register_session_run(session, &RESTATE, &params, err);

	strbuf_reset(outcomes);
	return rc;
}

static int write_findings(struct register_session *session, const struct message *message, struct err *err)
{
	const struct restated *restated = message->restated;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, message->standing->position);
	int rc = register_session_run(session, &FINDINGS_GONE, &params, err);

	if (rc != 0 || restated->finding_count == 0)
		return rc;
	row_arrays_begin(&session->arrays, "lii");
	for (size_t i = 0; i < restated->finding_count; i++) {
		row_arrays_i64(&session->arrays, message->standing->position);
		row_arrays_i32(&session->arrays, restated->findings[i].rule);
		row_arrays_i32(&session->arrays, restated->findings[i].lines);
	}
	return register_session_exec(session, &FINDINGS, NULL, NULL, NULL, err);
}

static int write_restated(struct register_session *session, const struct message *message, struct err *err)
{
	const struct restated *restated = message->restated;
	int rc = write_bytes(session, message, &KEY_LIST, restated->key_list, restated->keys, err);

	if (rc == 0)
		rc = write_bytes(session, message, &FEEDBACK, restated->feedback_digest, restated->feedback, err);
	if (rc == 0)
		rc = write_delivery(session, message, err);
	return rc != 0 ? rc : write_findings(session, message, err);
}

int register_write_restatements(struct register_session *session, const struct batch *batch, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < batch->message_count; i++) {
		const struct message *message = batch->messages[i];

		if (message->replay != REPLAY_ENTERED)
			continue;
		rc = write_attempt(session, message, err);
		if (rc == 0 && message->restated)
			rc = write_restated(session, message, err);
	}
	return rc;
}
