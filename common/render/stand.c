#include "render/stand.h"

#include "base/arena.h"
#include "protocol/delivery_state.h"

#include <assert.h>
#include <stdlib.h>

enum { BOARD_BYTES_MAX = 512 << 20, BOARD_BYTES_KEPT = 4 << 20, TEACHERS_FIRST = 1024 };

/* The board under way. Its rows are kept until the next board begins, as they are sorted by name here. */
struct stand {
	const struct stand_options *options;
	struct arena arena;
	struct stand_teacher *teachers;
	size_t count, capacity;
	uint32_t board;
	struct strbuf *out;
	int (*flush)(void *self, struct strbuf *out, struct err *err);
	void *self;
};

static const char *const STAND_SQL =
	"select t.board, t.bsn, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), t.lapsed_on,"
	" t.content, t.targets"
	" from register.teacher t left join ("
	"   select b.board, b.pending_sequence as sequence, k as key from register.board b"
	"   join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	"   cross join lateral register.pending_keys(l.keys, b.pending_members) k"
	"   where $1::int is null or b.board = $1"
	" ) p on p.board = t.board and p.key = t.key"
	" where $1::int is null or t.board = $1 order by t.board";

/* L of specification 7.1 for the delivery at $2, as the writer has it in completion.c: a newer VOLLEDIG would have
 * ended its waiting. */
static const char *const ABSENT_SQL =
	"with d as ("
	"   select d.board, d.sequence, l.keys from register.delivery d"
	"   join register.key_list l on l.board = d.board and l.digest = coalesce(d.waiting_key_list, d.key_list)"
	"   where d.board = $1 and d.position = $2 and d.state = 2"
	" ), named as ("
	"   select encode(substring(d.keys from 16 * i + 1 for 16), 'hex')::uuid as key"
	"   from d cross join lateral generate_series(0, length(d.keys) / 16 - 1) i"
	" ), pending as ("
	"   select b.pending_sequence as sequence, k as key from register.board b"
	"   join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	"   cross join lateral register.pending_keys(l.keys, b.pending_members) k"
	"   where b.board = $1"
	" )"
	" select t.board, t.bsn, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), t.lapsed_on,"
	" t.content, t.targets"
	" from d join register.teacher t on t.board = d.board left join pending p on p.key = t.key"
	" where t.status = 1 and greatest(t.sequence, coalesce(p.sequence, 0)) < d.sequence"
	" and not exists (select from named n where n.key = t.key)";

/* The same by an earlier row of the audit, which says of which board. */
static const char *const READ_STAND_SQL =
	"select board, bsn, status, sequence, lapsed_on, content, targets from register.read_stand($1)";

static const char *const READ_ABSENT_SQL =
	"select board, bsn, status, sequence, lapsed_on, content, targets from register.read_absent($1, $2)";

static int end_board(struct stand *stand, struct err *err)
{
	bool has_bsn = !stand->options->pseudonym_key;

	stand_sort(stand->teachers, stand->count);
	for (size_t i = 0; i < stand->count; i++) {
		int rc = stand_add_teacher(stand->out, stand->board, has_bsn, &stand->teachers[i], err);

		if (rc != 0)
			return rc;
	}
	if (stand->options->ret_teachers)
		*stand->options->ret_teachers += stand->count;
	stand->count = 0;
	arena_reset(&stand->arena);
	if (stand->out->is_out_of_memory)
		return err_set(err, ERR_RETRY, "memory", "no memory for the rows of board %05u", stand->board);
	if (!strbuf_ok(stand->out))
		return err_set(err, ERR_FULL, "stand", "the rows of board %05u are more than fit in memory",
			       stand->board);
	return stand->flush(stand->self, stand->out, err);
}

static void name_teacher(const struct stand *stand, int32_t bsn, struct stand_teacher *teacher)
{
	const struct hmac_key *key = stand->options->pseudonym_key;
	char digits[STAND_NAME_BYTES];

	stand_set_bsn(teacher, bsn);
	if (!key)
		return;
	memcpy(digits, teacher->name, sizeof digits);
	hmac_key_pseudonym(key, stand->board, slice_make(digits, 9), teacher->name);
}

static int take_row(void *self, const struct pg_rows *row, struct err *err)
{
	struct stand *stand = self;
	uint32_t board = (uint32_t)pg_get_i32(row, 0, 0);

	if (stand->count > 0 && board != stand->board) {
		int rc = end_board(stand, err);

		if (rc != 0)
			return rc;
	}
	stand->board = board;
	if (stand->count == stand->capacity) {
		size_t capacity = MAX(stand->capacity * 2, (size_t)TEACHERS_FIRST);
		struct stand_teacher *teachers = reallocarray(stand->teachers, capacity, sizeof *teachers);

		if (!teachers)
			return err_set(err, ERR_RETRY, "memory", "no memory for the teachers of board %05u", board);
		stand->teachers = teachers;
		stand->capacity = capacity;
	}
	struct stand_teacher *teacher = &stand->teachers[stand->count++];

	name_teacher(stand, pg_get_i32(row, 0, 1), teacher);
	teacher->status = (enum teacher_status)pg_get_i16(row, 0, 2);
	teacher->sequence = pg_get_i64(row, 0, 3);
	teacher->lapsed_on = pg_is_null(row, 0, 4) ? 0 : pg_get_i32(row, 0, 4);
	teacher->content = teacher->targets = (struct slice){ 0 };
	if (pg_is_null(row, 0, 5))
		return 0;
	if (!arena_copy(&stand->arena, pg_get_bytes(row, 0, 5), &teacher->content) ||
	    !arena_copy(&stand->arena, pg_get_bytes(row, 0, 6), &teacher->targets))
		return err_set(err, ERR_FULL, "stand", "the teachers of board %05u are more than fit in memory", board);
	return 0;
}

static const char *stand_sql(const struct stand_options *options, struct pg_params *params)
{
	bool is_absent = options->absent_of != 0;

	pg_params_reset(params);
	if (options->reading)
		pg_add_uuid(params, options->reading);
	else if (options->is_one_board)
		pg_add_i32(params, (int32_t)options->board);
	else
		pg_add_null(params, PG_I32);
	if (is_absent)
		pg_add_i64(params, options->absent_of);
	if (options->reading)
		return is_absent ? READ_ABSENT_SQL : READ_STAND_SQL;
	return is_absent ? ABSENT_SQL : STAND_SQL;
}

int stand_write(struct pg_link *link, const struct stand_options *options, struct strbuf *out,
		int (*flush)(void *self, struct strbuf *out, struct err *err), void *self, struct err *err)
{
	struct stand stand = { .options = options, .out = out, .flush = flush, .self = self };
	struct pg_params params;
	int rc = arena_init(&stand.arena, BOARD_BYTES_MAX, BOARD_BYTES_KEPT, err);

	if (rc != 0)
		return rc;
	const char *sql = stand_sql(options, &params);

	if (options->ret_teachers)
		*options->ret_teachers = 0;
	stand_add_header(out, !options->pseudonym_key);
	rc = pg_stream(link, sql, "iislITT", &params, take_row, &stand, err);
	if (rc == 0)
		rc = end_board(&stand, err);
	free(stand.teachers);
	arena_release(&stand.arena);
	return rc;
}

static int digest_all(void *self, struct strbuf *out, struct err *err)
{
	(void)err;
	sha256_of(strbuf_slice(out), self);
	return 0;
}

int stand_absent_sha256(struct pg_link *link, uint32_t board, int64_t delivery, uint8_t ret[32], size_t *ret_count,
			struct err *err)
{
	struct stand_options options = {
		.is_one_board = true, .board = board, .absent_of = delivery, .ret_teachers = ret_count
	};
	struct strbuf file;

	strbuf_init(&file, BOARD_BYTES_MAX);
	int rc = stand_write(link, &options, &file, digest_all, ret, err); /* one board: one call, with all of it */

	strbuf_release(&file);
	return rc;
}

int stand_find_waiting(struct pg_link *link, uint32_t board, struct slice id, enum stand_waiting *ret,
		       int64_t *ret_position, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	pg_add_text(&params, id);
	int rc = pg_ask(link, "stand_find_waiting",
			"select position, state from register.ask_named(array[$1], array[$2])"
			" order by state = 2 desc, position limit 1",
			"ls", &params, &rows, err);

	if (rc != 0)
		return rc;
	*ret = WAITING_UNKNOWN;
	*ret_position = 0;
	if (pg_rows_count(rows) == 0)
		return 0;
	*ret_position = pg_get_i64(rows, 0, 0);
	*ret = pg_get_i16(rows, 0, 1) == DELIVERY_WACHT ? WAITING_FOUND : WAITING_NOT;
	return 0;
}
