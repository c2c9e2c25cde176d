#include "write/register_teachers.h"

#include "pg/pg_copy.h"
#include "write/register_targets.h"

#include <stdlib.h>

static const struct register_statement NEW = { "COPY of teachers", VALUES_DELIVERED, TARGET_TEACHER, TYPES_TEACHER };

/* A version that came and went in the batch; its content may be that of the row as it still stands. */
static const struct register_statement VERSIONS = {
	"teacher_versions", VALUES_DELIVERED,
	"insert into register.teacher_history"
	" (board, key, status, sequence, since, until, lapsed_on, hash, content, targets)"
	" select v.board, v.key, v.status, v.sequence, v.since, v.until, nullif(v.lapsed_on, 0),"
	"  case v.mode when 1 then t.hash when 2 then v.hash end,"
	"  case v.mode when 1 then t.content when 2 then v.content end,"
	"  case v.mode when 1 then t.targets when 2 then v.targets end"
	" from unnest($1::int[], $2::uuid[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::int[], $8::int[],"
	"  $9::uuid[], $10::text[], $11::text[])"
	"  as v(board, key, status, sequence, since, until, lapsed_on, mode, hash, content, targets)"
	" left join register.teacher t on v.mode = 1 and t.board = v.board and t.key = v.key",
	NULL
};

static const struct register_statement CHANGED = {
	"teacher_changed", VALUES_DELIVERED,
	"with c as materialized ("
	"  select * from unnest($1::int[], $2::uuid[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::bigint[],"
	"    $8::bigint[], $9::int[], $10::int[], $11::uuid[], $12::text[], $13::text[])"
	"  as c(board, key, was_sequence, was_until, erased, status, sequence, since, lapsed_on, mode, hash, content,"
	"    targets)"
	"), h as ("
	"  insert into register.teacher_history"
	"   (board, key, status, sequence, since, until, lapsed_on, hash, content, targets)"
	"  select t.board, t.key, t.status, c.was_sequence, t.since, c.was_until, t.lapsed_on,"
	"   case c.erased when 0 then t.hash end, case c.erased when 0 then t.content end,"
	"   case c.erased when 0 then t.targets end"
	"  from c join register.teacher t on t.board = c.board and t.key = c.key"
	") update register.teacher t set status = c.status, sequence = c.sequence, since = c.since,"
	"  lapsed_on = nullif(c.lapsed_on, 0),"
	"  hash = case c.mode when 1 then t.hash when 2 then c.hash end,"
	"  content = case c.mode when 1 then t.content when 2 then c.content end,"
	"  targets = case c.mode when 1 then t.targets when 2 then c.targets end"
	" from c where t.board = c.board and t.key = c.key",
	NULL
};

static const struct register_statement ERASE = {
	"teacher_erased", VALUES_OURS,
	"update register.teacher_history h set hash = null, content = null, targets = null"
	" from unnest($1::int[], $2::uuid[], $3::bigint[]) as e(board, key, at)"
	" where h.board = e.board and h.key = e.key and h.until <= e.at and h.content is not null",
	NULL
};

static const struct register_statement RAISE = {
	"teacher_raised", VALUES_DELIVERED,
	"update register.teacher t set sequence = r.sequence"
	" from unnest($1::int[], $2::uuid[], $3::bigint[]) as r(board, key, sequence)"
	" where t.board = r.board and t.key = r.key and t.sequence < r.sequence",
	NULL
};

static const struct register_statement DISOWN = { "teacher_disowned", VALUES_OURS,
						  "insert into register.disowned (board, key, since)"
						  " select * from unnest($1::int[], $2::uuid[], $3::bigint[])"
						  " on conflict (board, key) do update set since = excluded.since",
						  NULL };

static const struct register_statement OWN = {
	"teacher_owned", VALUES_OURS,
	"delete from register.disowned d using unnest($1::int[], $2::uuid[]) as o(board, key)"
	" where d.board = o.board and d.key = o.key",
	NULL
};

/* Where content comes from: CASE mode in the statements. */
enum content_mode { CONTENT_NONE = 0, CONTENT_KEPT = 1, CONTENT_GIVEN = 2 };

static const uint8_t NO_HASH[CONTENT_HASH_BYTES];

/* The teachers of the batch for which pick says yes, rising by board and key. */
typedef bool pick_teacher(const struct teacher *teacher);

struct picked {
	const struct teacher **items;
	size_t count;
};

static int compare_keys(const void *a, const void *b)
{
	const struct teacher *x = *(const struct teacher *const *)a, *y = *(const struct teacher *const *)b;

	return memcmp(x->key, y->key, TEACHER_KEY_BYTES);
}

static bool is_sorted(const struct teacher **items, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare_keys(&items[i - 1], &items[i]) > 0)
			return false;
	return true;
}

static void reverse(const struct teacher **items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		const struct teacher *other = items[i];

		items[i] = items[count - 1 - i];
		items[count - 1 - i] = other;
	}
}

/* A board's teachers hang in the reverse order of their coming: that of one delivery's keys, read backwards. */
static int pick(const struct batch *batch, pick_teacher *is_picked, struct picked *ret, struct err *err)
{
	ret->items = arena_take(batch->arena, batch->teachers.count, sizeof(struct teacher *));
	ret->count = 0;
	if (!ret->items)
		return batch_full(err);
	for (size_t i = 0; i < batch->board_count; i++) {
		size_t first = ret->count;

		for (const struct teacher *t = batch->boards[i]->teachers_first; t; t = t->next)
			if (is_picked(t))
				ret->items[ret->count++] = t;
		reverse(ret->items + first, ret->count - first);
		if (!is_sorted(ret->items + first, ret->count - first))
			qsort(ret->items + first, ret->count - first, sizeof(struct teacher *), compare_keys);
	}
	return 0;
}

static bool is_new(const struct teacher *t)
{
	return (t->flags & (TEACHER_WRITTEN | TEACHER_STORED)) == TEACHER_WRITTEN;
}

static bool is_changed(const struct teacher *t)
{
	return (t->flags & (TEACHER_WRITTEN | TEACHER_STORED)) == (TEACHER_WRITTEN | TEACHER_STORED);
}

static bool has_versions(const struct teacher *t)
{
	return t->versions;
}

static bool is_erased(const struct teacher *t)
{
	return t->flags & TEACHER_ERASED;
}

static bool is_raised(const struct teacher *t)
{
	return (t->flags & (TEACHER_RAISED | TEACHER_WRITTEN)) == TEACHER_RAISED;
}

static bool is_disowned_anew(const struct teacher *t)
{
	return t->flags & TEACHER_DISOWNED && t->disowned_since > 0;
}

static bool is_owned_again(const struct teacher *t)
{
	return (t->flags & (TEACHER_DISOWNED | TEACHER_WAS_DISOWNED)) == TEACHER_WAS_DISOWNED;
}

/* New ones. */

static void copy_optional(struct strbuf *out, bool is_there, struct slice value)
{
	if (is_there)
		pg_copy_bytes(out, value);
	else
		pg_copy_null(out);
}

static void copy_new(struct strbuf *out, const struct teacher *t)
{
	bool has_content = t->now.status != STATUS_INGETROKKEN;

	pg_copy_row(out, 10);
	pg_copy_i32(out, t->board->number);
	pg_copy_bytes(out, slice_make(t->key, TEACHER_KEY_BYTES));
	pg_copy_i32(out, (int32_t)t->bsn);
	pg_copy_i16(out, (int16_t)t->now.status);
	pg_copy_i64(out, t->now.sequence);
	pg_copy_i64(out, t->since);
	if (t->lapsed_on != 0)
		pg_copy_i32(out, t->lapsed_on);
	else
		pg_copy_null(out);
	copy_optional(out, has_content, slice_make(t->now.content_hash, CONTENT_HASH_BYTES));
	copy_optional(out, has_content, t->content);
	copy_optional(out, has_content, t->targets);
}

static int write_new(struct register_session *session, const struct picked *picked, struct err *err)
{
	int rc = 0;

	strbuf_reset(&session->copy);
	for (size_t i = 0; rc == 0 && i < picked->count; i++) {
		copy_new(&session->copy, picked->items[i]);
		if (session->copy.n >= REGISTER_CHUNK_BYTES)
			rc = register_session_copy(session, &NEW, err);
	}
	return rc != 0 ? rc : register_session_copy(session, &NEW, err);
}

/* Those by statements with arrays. */

struct rows_statement {
	const struct register_statement *statement;
	const char *types;
	void (*add)(struct row_arrays *arrays, const struct teacher *teacher);
	bool must_touch_each; /* as many rows as were given, else register and batch do not fit */
};

static int exec_chunk(struct register_session *session, const struct rows_statement *statement, struct err *err)
{
	int64_t rows = session->arrays.rows, touched = 0;

	if (rows == 0)
		return 0;
	int rc = register_session_exec(session, statement->statement, NULL, NULL, &touched, err);

	if (rc == 0 && statement->must_touch_each && touched != rows)
		return err_set(err, ERR_FATAL, "register",
			       "%s touched %lld rows of %lld: the register is not what was read",
			       statement->statement->name, (long long)touched, (long long)rows);
	return rc;
}

static int exec_for(struct register_session *session, const struct rows_statement *statement,
		    const struct picked *picked, struct err *err)
{
	int rc = 0;

	row_arrays_begin(&session->arrays, statement->types);
	for (size_t i = 0; rc == 0 && i < picked->count; i++) {
		statement->add(&session->arrays, picked->items[i]);
		if (row_arrays_bytes(&session->arrays) < REGISTER_CHUNK_BYTES)
			continue;
		rc = exec_chunk(session, statement, err);
		row_arrays_begin(&session->arrays, statement->types);
	}
	return rc != 0 ? rc : exec_chunk(session, statement, err);
}

static void add_key(struct row_arrays *arrays, const struct teacher *t)
{
	row_arrays_i32(arrays, t->board->number);
	row_arrays_uuid(arrays, t->key);
}

static void add_content(struct row_arrays *arrays, enum content_mode mode, const uint8_t *hash, struct slice content,
			struct slice targets)
{
	row_arrays_i32(arrays, (int32_t)mode);
	row_arrays_uuid(arrays, mode == CONTENT_GIVEN ? hash : NO_HASH);
	row_arrays_text(arrays, mode == CONTENT_GIVEN ? content : (struct slice){ 0 });
	row_arrays_text(arrays, mode == CONTENT_GIVEN ? targets : (struct slice){ 0 });
}

static void add_versions(struct row_arrays *arrays, const struct teacher *t)
{
	for (const struct teacher_version *version = t->versions; version; version = version->older) {
		enum content_mode mode = version->keeps_content	  ? CONTENT_KEPT
					 : version->content.n > 0 ? CONTENT_GIVEN
								  : CONTENT_NONE;

		add_key(arrays, t);
		row_arrays_i32(arrays, (int32_t)version->state.status);
		row_arrays_i64(arrays, version->state.sequence);
		row_arrays_i64(arrays, version->since);
		row_arrays_i64(arrays, version->until);
		row_arrays_i32(arrays, version->lapsed_on);
		add_content(arrays, mode, version->state.content_hash, version->content, version->targets);
	}
}

static void add_changed(struct row_arrays *arrays, const struct teacher *t)
{
	enum content_mode mode = t->now.status == STATUS_INGETROKKEN ? CONTENT_NONE
				 : t->flags & TEACHER_KEEPS_CONTENT  ? CONTENT_KEPT
								     : CONTENT_GIVEN;

	add_key(arrays, t);
	row_arrays_i64(arrays, t->was_sequence);
	row_arrays_i64(arrays, t->was_until);
	row_arrays_i32(arrays, is_erased(t));
	row_arrays_i32(arrays, (int32_t)t->now.status);
	row_arrays_i64(arrays, t->now.sequence);
	row_arrays_i64(arrays, t->since);
	row_arrays_i32(arrays, t->lapsed_on);
	add_content(arrays, mode, t->now.content_hash, t->content, t->targets);
}

static void add_erased(struct row_arrays *arrays, const struct teacher *t)
{
	add_key(arrays, t);
	row_arrays_i64(arrays, t->erased_at);
}

static void add_raised(struct row_arrays *arrays, const struct teacher *t)
{
	add_key(arrays, t);
	row_arrays_i64(arrays, t->flags & TEACHER_LOADED ? t->now.sequence : t->raised_to);
}

static void add_disowned(struct row_arrays *arrays, const struct teacher *t)
{
	add_key(arrays, t);
	row_arrays_i64(arrays, t->disowned_since);
}

/* In this order: versions read content of rows that are changed next, and erasing comes after all history is there. */
static const struct {
	struct rows_statement statement;
	pick_teacher *is_picked;
} STEPS[] = {
	{ { &VERSIONS,
	    "iuilllii"
	    "utt",
	    add_versions, true },
	  has_versions },
	{ { &CHANGED,
	    "iulliillii"
	    "utt",
	    add_changed, true },
	  is_changed },
	{ { &ERASE, "iul", add_erased, false }, is_erased },
	{ { &RAISE, "iul", add_raised, false }, is_raised },
	{ { &DISOWN, "iul", add_disowned, true }, is_disowned_anew },
	{ { &OWN, "iu", add_key, true }, is_owned_again },
};

int register_write_teachers(struct register_session *session, const struct batch *batch, struct err *err)
{
	struct picked picked;
	int rc = pick(batch, is_new, &picked, err);

	if (rc == 0)
		rc = write_new(session, &picked, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(STEPS); i++) {
		rc = pick(batch, STEPS[i].is_picked, &picked, err);
		if (rc == 0 && picked.count > 0)
			rc = exec_for(session, &STEPS[i].statement, &picked, err);
	}
	return rc;
}
