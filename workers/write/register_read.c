#include "write/register_read.h"

#include "render/stand.h"
#include "write/register_restatement.h"

static const struct register_statement BOARDS = {
	"read_boards", VALUES_OURS,
	"select board, sequence_max, sequence_full, teachers, active, disowned, pending_sequence, pending_key_list,"
	"  pending_members, sequence_top from register.board where board = any($1)",
	"illiiilUXl"
};

static const struct register_statement KNOWN = {
	"read_known", VALUES_DELIVERED,
	"select d.board, d.delivery_id, d.fingerprint, d.attempt from unnest($1::int[], $2::text[])"
	"  as w(board, delivery_id)"
	" join register.delivery d on d.board = w.board and d.delivery_id = w.delivery_id",
	"itx32i"
};

static const struct register_statement WAITING = { "read_waiting", VALUES_OURS,
						   "select board, position, delivery_id, sequence, extraction_date,"
						   " coalesce(waiting_key_list, key_list) from register.delivery"
						   " where state = 2 and board = any($1) order by board, position",
						   "iltliu" };

static const struct register_statement DISOWNED = { "read_disowned", VALUES_OURS,
						    "select board, key from register.disowned where board = any($1)",
						    "iu" };

static const struct register_statement CONTACT = {
	"read_contacts", VALUES_OURS,
	"select distinct on (board) board, name, phone, email from register.contact where board = any($1)"
	" order by board, since desc",
	"ittt"
};

static const struct register_statement KEY_LISTS_KNOWN = {
	"read_key_lists_known", VALUES_OURS,
	"select w.at from unnest($1::int[], $2::uuid[], $3::int[]) as w(board, digest, at)"
	" join register.key_list l on l.board = w.board and l.digest = w.digest",
	"i"
};

static const struct register_statement FEEDBACK_KNOWN = {
	"read_feedback_known", VALUES_OURS,
	"select w.at from unnest($1::int[], $2::uuid[], $3::int[]) as w(board, digest, at)"
	" join register.feedback f on f.board = w.board and f.digest = w.digest",
	"i"
};

static const struct register_statement TEACHERS = {
	"read_teachers", VALUES_OURS,
	"select w.at, t.status, t.sequence, t.hash from unnest($1::int[], $2::uuid[], $3::int[]) as w(board, key, at)"
	" join register.teacher t on t.board = w.board and t.key = w.key",
	"islU"
};

static const struct register_statement ALL_TEACHERS = {
	"read_all_teachers", VALUES_OURS,
	"select board, key, status, sequence, hash from register.teacher where board = any($1)", "iuslU"
};

static const struct register_statement KEY_LIST = {
	"read_key_lists", VALUES_OURS,
	"select w.at, l.keys from unnest($1::int[], $2::uuid[], $3::int[]) as w(board, digest, at)"
	" join register.key_list l on l.board = w.board and l.digest = w.digest",
	"ix"
};

static const uint8_t *copy_bytes(struct arena *arena, struct slice bytes)
{
	struct slice copy;

	return arena_copy(arena, bytes, &copy) ? (const uint8_t *)copy.p : NULL;
}

typedef bool wants_board(const struct board_state *board);

static bool is_any(const struct board_state *board)
{
	return board->number >= 0;
}

/* Asks about the numbers of the boards that want it. *ret stays NULL when none does. */
static int ask_boards(struct register_session *session, const struct register_statement *statement,
		      struct board_state **boards, size_t count, wants_board *wants, struct pg_rows **ret,
		      struct err *err)
{
	row_arrays_begin(&session->arrays, "i");
	for (size_t i = 0; i < count; i++)
		if (wants(boards[i]))
			row_arrays_i32(&session->arrays, boards[i]->number);
	if (session->arrays.rows == 0)
		return 0;
	return register_session_exec(session, statement, NULL, ret, NULL, err);
}

static size_t rows_of(const struct pg_rows *rows)
{
	return rows ? pg_rows_count(rows) : 0;
}

static int set_board(struct batch *batch, const struct pg_rows *rows, size_t i, struct err *err)
{
	struct board_row row = {
		.sequence_max = pg_get_i64(rows, i, 1),
		.sequence_full = pg_get_i64(rows, i, 2),
		.teachers = pg_get_i32(rows, i, 3),
		.active = pg_get_i32(rows, i, 4),
		.disowned = pg_get_i32(rows, i, 5),
		.pending_sequence = pg_get_i64(rows, i, 6),
		.sequence_top = pg_get_i64(rows, i, 9),
	};

	if (!pg_is_null(rows, i, 7)) {
		row.pending_key_list = copy_bytes(batch->arena, pg_get_bytes(rows, i, 7));
		if (!row.pending_key_list || !arena_copy(batch->arena, pg_get_bytes(rows, i, 8), &row.pending_members))
			return batch_full(err);
	}
	board_state_set_row(batch_find_board(batch, pg_get_i32(rows, i, 0)), &row);
	return 0;
}

static int read_boards(void *self, struct batch *batch, struct board_state **boards, size_t count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = ask_boards(self, &BOARDS, boards, count, is_any, &rows, err);

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++)
		rc = set_board(batch, rows, i, err);
	return rc;
}

static int read_known(struct register_session *session, struct batch *batch, struct board_state **boards, size_t count,
		      struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

	row_arrays_begin(&session->arrays, "it");
	for (size_t i = 0; i < count; i++)
		for (const struct message *message = boards[i]->first; message; message = message->next)
			if (message->verdict.kind == VERDICT_KIND_DELIVERY) {
				row_arrays_i32(&session->arrays, boards[i]->number);
				row_arrays_text(&session->arrays, message->verdict.header.delivery_id);
			}
	if (session->arrays.rows == 0)
		return 0;
	int rc = register_session_exec(session, &KNOWN, NULL, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++) {
		struct known_delivery *known = arena_take_zeroed(batch->arena, 1, sizeof *known);

		if (!known || !arena_copy(batch->arena, pg_get_bytes(rows, i, 1), &known->id) ||
		    !(known->fingerprint = copy_bytes(batch->arena, pg_get_bytes(rows, i, 2))))
			return batch_full(err);
		known->attempt = pg_get_i32(rows, i, 3);
		board_state_add_known(batch_find_board(batch, pg_get_i32(rows, i, 0)), known);
	}
	return rc;
}

/* Only these look at the waiting deliveries. */
static bool looks_at_waiting(const struct board_state *board)
{
	for (const struct message *message = board->first; message; message = message->next)
		if (message->verdict.kind == VERDICT_KIND_CONFIRM || message->verdict.kind == VERDICT_KIND_SET_BACK ||
		    message->verdict.header.kind == DELIVERY_VOLLEDIG)
			return true;
	return false;
}

static int read_waiting(struct register_session *session, struct batch *batch, struct board_state **boards,
			size_t count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = ask_boards(session, &WAITING, boards, count, looks_at_waiting, &rows, err);

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++) {
		struct waiting *waiting = arena_take_zeroed(batch->arena, 1, sizeof *waiting);

		if (!waiting || !arena_copy(batch->arena, pg_get_bytes(rows, i, 2), &waiting->delivery_id))
			return batch_full(err);
		waiting->position = pg_get_i64(rows, i, 1);
		waiting->sequence = pg_get_i64(rows, i, 3);
		waiting->extraction_date = pg_get_i32(rows, i, 4);
		memcpy(waiting->key_list, pg_get_bytes(rows, i, 5).p, DIGEST_BYTES);
		board_state_add_waiting(batch_find_board(batch, pg_get_i32(rows, i, 0)), waiting);
	}
	return rc;
}

static bool has_disowned(const struct board_state *board)
{
	return board->disowned > 0;
}

static int read_disowned(struct register_session *session, struct batch *batch, struct board_state **boards,
			 size_t count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = ask_boards(session, &DISOWNED, boards, count, has_disowned, &rows, err);

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++)
		if (!batch_set_disowned(batch, batch_find_board(batch, pg_get_i32(rows, i, 0)),
					(const uint8_t *)pg_get_bytes(rows, i, 1).p))
			return batch_full(err);
	return rc;
}

static bool has_new_contact(const struct board_state *board)
{
	for (const struct message *message = board->first; message; message = message->next)
		if (message_has_contact(message))
			return true;
	return false;
}

static int read_contacts(struct register_session *session, struct batch *batch, struct board_state **boards,
			 size_t count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = ask_boards(session, &CONTACT, boards, count, has_new_contact, &rows, err);

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++) {
		struct contact *contact = &batch_find_board(batch, pg_get_i32(rows, i, 0))->contact;

		if (!arena_copy(batch->arena, pg_get_bytes(rows, i, 1), &contact->name) ||
		    !arena_copy(batch->arena, pg_get_bytes(rows, i, 2), &contact->phone) ||
		    !arena_copy(batch->arena, pg_get_bytes(rows, i, 3), &contact->email))
			return batch_full(err);
	}
	return rc;
}

/* Which of the batch's key lists and feedback the register already has under their digest. */
static int read_digests(struct register_session *session, struct batch *batch, bool is_feedback, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

	row_arrays_begin(&session->arrays, "iui");
	for (size_t i = 0; i < batch->message_count; i++) {
		const struct message *message = batch->messages[i];

		if (!message->board || !message->board->is_stored || message->verdict.kind != VERDICT_KIND_DELIVERY)
			continue;
		row_arrays_i32(&session->arrays, message->board->number);
		row_arrays_uuid(&session->arrays,
				is_feedback ? message->verdict.feedback_digest : message->verdict.keys_digest);
		row_arrays_i32(&session->arrays, (int32_t)i);
	}
	if (session->arrays.rows == 0)
		return 0;
	int rc = register_session_exec(session, is_feedback ? &FEEDBACK_KNOWN : &KEY_LISTS_KNOWN, NULL, &rows, NULL,
				       err);

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++) {
		struct message *message = batch->messages[pg_get_i32(rows, i, 0)];

		if (is_feedback)
			message->is_feedback_stored = true;
		else
			message->is_key_list_stored = true;
	}
	return rc;
}

static int read_ledgers(void *self, struct batch *batch, struct board_state **boards, size_t count, struct err *err)
{
	int rc = read_known(self, batch, boards, count, err);

	if (rc == 0)
		rc = read_waiting(self, batch, boards, count, err);
	if (rc == 0)
		rc = read_disowned(self, batch, boards, count, err);
	if (rc == 0)
		rc = read_contacts(self, batch, boards, count, err);
	if (rc == 0)
		rc = read_digests(self, batch, false, err);
	if (rc == 0)
		rc = read_digests(self, batch, true, err);
	return rc != 0 ? rc : register_read_standings(self, batch, err);
}

static struct teacher_state state_at(const struct pg_rows *rows, size_t i, int status_column)
{
	struct teacher_state state = {
		.status = (enum teacher_status)pg_get_i16(rows, i, status_column),
		.sequence = pg_get_i64(rows, i, status_column + 1),
	};

	if (!pg_is_null(rows, i, status_column + 2))
		memcpy(state.content_hash, pg_get_bytes(rows, i, status_column + 2).p, CONTENT_HASH_BYTES);
	return state;
}

static int read_teachers(void *self, struct batch *batch, struct teacher **teachers, size_t count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct register_session *session = self;

	(void)batch;
	row_arrays_begin(&session->arrays, "iui");
	for (size_t i = 0; i < count; i++) {
		row_arrays_i32(&session->arrays, teachers[i]->board->number);
		row_arrays_uuid(&session->arrays, teachers[i]->key);
		row_arrays_i32(&session->arrays, (int32_t)i);
	}
	int rc = register_session_exec(session, &TEACHERS, NULL, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++) {
		struct teacher_state state = state_at(rows, i, 1);

		teacher_set_row(teachers[pg_get_i32(rows, i, 0)], &state);
	}
	return rc;
}

static int read_all_teachers(void *self, struct batch *batch, struct board_state **boards, size_t count,
			     struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int rc = ask_boards(self, &ALL_TEACHERS, boards, count, is_any, &rows, err);
	struct board_state *board = NULL;

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++) {
		struct teacher_state state = state_at(rows, i, 2);
		int32_t number = pg_get_i32(rows, i, 0);

		if (!board || board->number != number)
			board = batch_find_board(batch, number);
		if (!batch_set_row(batch, board, (const uint8_t *)pg_get_bytes(rows, i, 1).p, &state))
			return batch_full(err);
	}
	return rc;
}

static int read_key_lists(void *self, struct batch *batch, struct key_list_want *wants, size_t count, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct register_session *session = self;

	row_arrays_begin(&session->arrays, "iui");
	for (size_t i = 0; i < count; i++) {
		row_arrays_i32(&session->arrays, wants[i].board);
		row_arrays_uuid(&session->arrays, wants[i].digest);
		row_arrays_i32(&session->arrays, (int32_t)i);
	}
	int rc = register_session_exec(session, &KEY_LIST, NULL, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < rows_of(rows); i++) {
		const struct key_list_want *want = &wants[pg_get_i32(rows, i, 0)];

		if (!arena_copy(batch->arena, pg_get_bytes(rows, i, 1), want->ret))
			return batch_full(err);
		*want->ret_is_known = true;
	}
	return rc;
}

static int read_absent_sha256(void *self, const struct message *message, uint8_t ret[32], struct err *err)
{
	struct register_session *session = self;
	int rc = stand_absent_sha256(session->link, (uint32_t)message->board->number, message->confirms->position, ret,
				     NULL, err);

	if (rc == 0 || strcmp(err->code, STAND_OTHER_FORM) != 0)
		return rc;
	memset(ret, 0, DIGEST_BYTES * 2); /* nobody can have seen that file: no condition names it */
	return 0;
}

struct batch_port register_read_port(struct register_session *session)
{
	return (struct batch_port){
		.self = session,
		.read_boards = read_boards,
		.read_ledgers = read_ledgers,
		.read_teachers = read_teachers,
		.read_all_teachers = read_all_teachers,
		.read_key_lists = read_key_lists,
		.read_absent_sha256 = read_absent_sha256,
	};
}
