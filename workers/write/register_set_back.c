#include "write/register_set_back.h"

/* Counted are those whose volgnummer is that of their row or of the list of the unchanged, whichever is higher. */
static const struct register_statement LOWER = {
	"set_back", VALUES_OURS,
	"with wanted as (select * from unnest($1::int[], $2::bigint[]) as w(board, sequence)),"
	" listed as ("
	"  select w.board, k as key from wanted w"
	"  join register.board b on b.board = w.board and b.pending_sequence > w.sequence"
	"  join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	"  cross join lateral register.pending_keys(l.keys, b.pending_members) k),"
	" lowered as ("
	"  update register.teacher t set sequence = w.sequence from wanted w"
	"  where t.board = w.board and t.sequence > w.sequence returning t.board, t.key)"
	" select board, count(*) from (select * from listed union select * from lowered) s group by board",
	"il"
};

static struct message *find(const struct batch *batch, int32_t board)
{
	for (size_t i = 0; i < batch->message_count; i++)
		if (batch->messages[i]->set_back.is_executed && batch->messages[i]->board->number == board)
			return batch->messages[i];
	return NULL;
}

int register_write_set_backs(struct register_session *session, const struct batch *batch, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;

	row_arrays_begin(&session->arrays, "il");
	for (size_t i = 0; i < batch->message_count; i++) {
		const struct message *message = batch->messages[i];

		if (!message->set_back.is_executed)
			continue;
		row_arrays_i32(&session->arrays, message->board->number);
		row_arrays_i64(&session->arrays, message->verdict.header.sequence);
	}
	if (session->arrays.rows == 0)
		return 0;
	int rc = register_session_exec(session, &LOWER, NULL, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		find(batch, pg_get_i32(rows, i, 0))->set_back.states = pg_get_i64(rows, i, 1);
	return rc;
}
