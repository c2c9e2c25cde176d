#include "ctl/person/person_rewrite.h"

#include "ctl/base/erased_key.h"
#include "wire/gen/feedback.h"

enum { BODY_BYTES_MAX = 64 << 20, DIGEST_BYTES = 16 };

struct rewrite {
	struct ctl *ctl;
	struct pg_link *link;
	const struct person *person;
	uint32_t board;
	struct pg_params params;
	int64_t rows;
};

/* Statements about the board begin with it. */
static struct pg_params *params_of(struct rewrite *rewrite)
{
	pg_params_reset(&rewrite->params);
	pg_add_i32(&rewrite->params, (int32_t)rewrite->board);
	return &rewrite->params;
}

static void digest_of(struct slice bytes, uint8_t ret[DIGEST_BYTES])
{
	uint8_t sha256[32];

	sha256_of(bytes, sha256);
	memcpy(ret, sha256, DIGEST_BYTES);
}

/* ---- terugmeldingen ---- */

/* His lines without the board's own numbers. *ret_is_changed false: they have none. */
static int blank_body(struct rewrite *rewrite, struct slice body, size_t group, struct strbuf *out,
		      bool *ret_is_changed, struct err *err)
{
	struct wire_feedback feedback;

	arena_reset(&rewrite->ctl->arena);
	int rc = wire_feedback_decode(body, &rewrite->ctl->arena, &feedback, err);

	*ret_is_changed = false;
	for (size_t i = 0; rc == 0 && i < feedback.lines.count; i++) {
		struct wire_feedback_line *line = &feedback.lines.items[i];

		if ((size_t)line->group != group || line->employee_ref.n + line->appointment_key.n == 0)
			continue;
		line->employee_ref = line->appointment_key = (struct slice){ 0 };
		*ret_is_changed = true;
	}
	strbuf_reset(out);
	if (rc == 0)
		wire_feedback_encode(out, &feedback);
	return rc == 0 ? strbuf_check(out, "a terugmelding", err) : rc;
}

static int put_body(struct rewrite *rewrite, int64_t position, struct slice body, struct err *err)
{
	struct pg_params *params = params_of(rewrite);
	uint8_t digest[DIGEST_BYTES];

	digest_of(body, digest);
	pg_add_uuid(params, digest);
	pg_add_bytes(params, body);
	int rc = pg_exec(
		rewrite->link, "erase_body",
		"insert into register.feedback (board, digest, body) values ($1, $2, $3) on conflict do nothing",
		params, NULL, NULL, err);

	params = params_of(rewrite);
	pg_add_uuid(params, digest);
	pg_add_i64(params, position);
	return rc != 0 ? rc
		       : pg_exec(rewrite->link, "erase_feedback",
				 "update register.delivery set feedback = $2 where board = $1 and position = $3",
				 params, NULL, NULL, err);
}

/* Retention took its terugmelding, which the next delivery with the same lines would bring back under its digest, with
 * his numbers in it. No body has a digest of zeros. */
static int leave_body(struct rewrite *rewrite, int64_t position, struct err *err)
{
	static const uint8_t NONE[DIGEST_BYTES];
	struct pg_params *params = params_of(rewrite);

	pg_add_uuid(params, NONE);
	pg_add_i64(params, position);
	return pg_exec(rewrite->link, "erase_feedback",
		       "update register.delivery set feedback = $2 where board = $1 and position = $3", params, NULL,
		       NULL, err);
}

static int rewrite_bodies(struct rewrite *rewrite, const struct pg_rows *rows, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf body;
	bool is_changed = false;
	size_t group = 0;
	int rc = 0;

	strbuf_init(&body, BODY_BYTES_MAX);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		if (!person_is_named(rewrite->person, rewrite->board, pg_get_bytes(rows, i, 1), &group) ||
		    !pg_get_bool(rows, i, 3))
			continue;
		if (pg_is_null(rows, i, 2)) {
			rc = leave_body(rewrite, pg_get_i64(rows, i, 0), err);
			continue;
		}
		rc = blank_body(rewrite, pg_get_bytes(rows, i, 2), group, &body, &is_changed, err);
		if (rc == 0 && is_changed)
			rc = put_body(rewrite, pg_get_i64(rows, i, 0), strbuf_slice(&body), err);
	}
	return rc;
}

/* ---- key lists ---- */

static int put_list(struct rewrite *rewrite, struct slice old_digest, struct slice keys, struct err *err)
{
	static const char *const STATEMENTS[] = {
		"update register.delivery set key_list = $2 where board = $1 and key_list = $3",
		"update register.delivery set waiting_key_list = $2 where board = $1 and waiting_key_list = $3",
		"delete from register.key_list where board = $1 and digest = $3 and digest <> $2",
	};
	struct pg_params *params = params_of(rewrite);
	uint8_t digest[DIGEST_BYTES];

	digest_of(keys, digest);
	pg_add_uuid(params, digest);
	pg_add_bytes(params, keys);
	int rc = pg_exec(
		rewrite->link, NULL,
		"insert into register.key_list (board, digest, keys) values ($1, $2, $3) on conflict do nothing",
		params, NULL, NULL, err);

	params = params_of(rewrite);
	pg_add_uuid(params, digest);
	pg_add_uuid(params, (const uint8_t *)old_digest.p);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(STATEMENTS); i++) {
		int64_t rows = 0;

		rc = pg_exec(rewrite->link, NULL, STATEMENTS[i], params, NULL, &rows, err);
		rewrite->rows += i == 0 ? rows : 0;
	}
	return rc;
}

static int rewrite_lists(struct rewrite *rewrite, const struct pg_rows *rows, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct slice stored = pg_get_bytes(rows, i, 1);
		uint8_t *keys = arena_take(&rewrite->ctl->arena, stored.n, 1);
		size_t index = 0;

		if (!keys)
			return err_set(err, ERR_FULL, "arena", "a key list is larger than fits in memory");
		memcpy(keys, stored.p, stored.n);
		while (rc == 0 && person_is_named(rewrite->person, rewrite->board, slice_make(keys, stored.n), &index))
			erased_key_put(keys, stored.n / TEACHER_KEY_BYTES, index);
		if (memcmp(keys, stored.p, stored.n) != 0)
			rc = put_list(rewrite, pg_get_bytes(rows, i, 0), slice_make(keys, stored.n), err);
	}
	return rc;
}

/* Rows of sql for each of his keys, once for all. */
static int find(struct rewrite *rewrite, const char *sql, struct pg_rows **ret, struct err *err)
{
	uint8_t keys[PERSON_KEYS_MAX][TEACHER_KEY_BYTES];
	size_t count = person_keys(rewrite->person, rewrite->board, keys);
	struct pg_params *params = params_of(rewrite);

	pg_add_bytes(params, slice_make(keys[0], TEACHER_KEY_BYTES));
	pg_add_bytes(params, slice_make(keys[count - 1], TEACHER_KEY_BYTES));
	return pg_exec(rewrite->link, NULL, sql, params, ret, NULL, err);
}

int person_rewrite(struct ctl *ctl, struct pg_link *link, const struct person *person, uint32_t board,
		   int64_t *ret_rows, struct err *err)
{
	struct rewrite rewrite = { .ctl = ctl, .link = link, .person = person, .board = board };
	CLEANUP(drop_pg_rows) struct pg_rows *bodies = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *lists = NULL;
	int rc = find(&rewrite,
		      "select d.position, l.keys, f.body, d.feedback is not null from register.delivery d"
		      " join register.key_list l on l.board = d.board and l.digest = d.key_list"
		      " left join register.feedback f on f.board = d.board and f.digest = d.feedback"
		      " where d.board = $1 and (position($2 in l.keys) > 0 or position($3 in l.keys) > 0)",
		      &bodies, err);

	if (rc == 0)
		rc = rewrite_bodies(&rewrite, bodies, err);
	if (rc == 0)
		rc = find(&rewrite,
			  "select digest, keys from register.key_list where board = $1"
			  " and (position($2 in keys) > 0 or position($3 in keys) > 0)",
			  &lists, err);
	arena_reset(&ctl->arena);
	if (rc == 0)
		rc = rewrite_lists(&rewrite, lists, err);
	if (rc == 0)
		rc = pg_exec(link, NULL,
			     "delete from register.feedback f where f.board = $1 and not exists"
			     " (select from register.delivery d where d.board = f.board and d.feedback = f.digest)",
			     params_of(&rewrite), NULL, NULL, err);
	*ret_rows = rewrite.rows;
	return rc;
}
