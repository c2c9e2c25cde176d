#include "ctl/replay/replay_preview.h"

#include "model/bsn.h"

#include <stdlib.h>

static const char TEACHERS_SQL[] =
	"select t.key, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), t.hash"
	" from register.teacher t left join ("
	"   select b.pending_sequence as sequence, k as key from register.board b"
	"   join register.key_list l on l.board = b.board and l.digest = b.pending_key_list"
	"   cross join lateral register.pending_keys(l.keys, b.pending_members) k where b.board = $1"
	" ) p on p.key = t.key where t.board = $1 order by t.key";

/* The newest VOLLEDIG of the board above the delivery with this volgnummer at this position. Where the volgnummer was
 * set back between them (specification 7.6), the one before counts with what it was set back to. */
static const char NEWEST_SQL[] =
	"select l.keys from register.delivery d join register.key_list l on l.board = d.board and l.digest = d.key_list"
	" where d.board = $1 and d.kind = 1 and not d.dry_run"
	"  and register.sequence_at(d.board, d.position, d.sequence, $3) > register.sequence_at($1, $3, $2, d.position)"
	" order by register.sequence_at(d.board, d.position, d.sequence, 9223372036854775807) desc, d.sequence desc,"
	"  d.position limit 1";

struct known_teacher {
	uint8_t key[TEACHER_KEY_BYTES];
	struct teacher_state state;
};

struct replay_preview {
	struct pg_link *link;
	const struct hmac_key *key_before;
	struct known_teacher *teachers; /* of the board at hand, rising by key */
	size_t count, capacity;
	bool has_board;
	uint32_t board;
	int64_t sequence_max; /* of the board: no replay counts with more */
};

int replay_preview_open(struct pg_link *link, const struct hmac_key *key_before, struct replay_preview **ret,
			struct err *err)
{
	struct replay_preview *preview = calloc(1, sizeof *preview);

	if (!preview)
		return err_set(err, ERR_FATAL, "memory", "no memory for a plan");
	preview->link = link;
	preview->key_before = key_before;
	*ret = preview;
	return 0;
}

void replay_preview_close(struct replay_preview *preview)
{
	if (!preview)
		return;
	free(preview->teachers);
	free(preview);
}

static bool reserve(struct replay_preview *preview, size_t count)
{
	if (count <= preview->capacity)
		return true;
	size_t capacity = MAX(count, preview->capacity * 2);
	struct known_teacher *grown = reallocarray(preview->teachers, capacity, sizeof *grown);

	if (!grown)
		return false;
	preview->teachers = grown;
	preview->capacity = capacity;
	return true;
}

static int load_sequence(struct replay_preview *preview, uint32_t board, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	int rc = pg_exec(preview->link, "preview_board", "select sequence_max from register.board where board = $1",
			 &params, &rows, NULL, err);

	if (rc == 0)
		preview->sequence_max = pg_rows_count(rows) > 0 ? pg_get_i64(rows, 0, 0) : 0;
	return rc;
}

static int load_board(struct replay_preview *preview, uint32_t board, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	if (preview->has_board && preview->board == board)
		return 0;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)board);
	int rc = pg_exec(preview->link, "preview_teachers", TEACHERS_SQL, &params, &rows, NULL, err);

	if (rc == 0)
		rc = load_sequence(preview, board, err);
	if (rc == 0 && !reserve(preview, pg_rows_count(rows)))
		rc = err_set(err, ERR_FATAL, "memory", "no memory for the teachers of a board");
	if (rc != 0)
		return rc;
	preview->count = pg_rows_count(rows);
	for (size_t i = 0; i < preview->count; i++) {
		struct known_teacher *teacher = &preview->teachers[i];

		*teacher = (struct known_teacher){ .state = { .status = (enum teacher_status)pg_get_i16(rows, i, 1),
							      .sequence = pg_get_i64(rows, i, 2) } };
		memcpy(teacher->key, pg_get_bytes(rows, i, 0).p, TEACHER_KEY_BYTES);
		if (!pg_is_null(rows, i, 3))
			memcpy(teacher->state.content_hash, pg_get_bytes(rows, i, 3).p, CONTENT_HASH_BYTES);
	}
	preview->board = board;
	preview->has_board = true;
	return 0;
}

/* NULL: no memory. A teacher we do not know yet has no state. */
static struct teacher_state *state_of(struct replay_preview *preview, const uint8_t *key)
{
	size_t low = 0, high = preview->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(preview->teachers[middle].key, key, TEACHER_KEY_BYTES);

		if (order == 0)
			return &preview->teachers[middle].state;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!reserve(preview, preview->count + 1))
		return NULL;
	struct known_teacher *at = &preview->teachers[low];

	memmove(at + 1, at, (preview->count - low) * sizeof *at);
	*at = (struct known_teacher){ 0 };
	memcpy(at->key, key, TEACHER_KEY_BYTES);
	preview->count++;
	return &at->state;
}

static bool holds(struct slice keys, const uint8_t *key)
{
	for (size_t i = 0; i + TEACHER_KEY_BYTES <= keys.n; i += TEACHER_KEY_BYTES)
		if (memcmp(keys.p + i, key, TEACHER_KEY_BYTES) == 0)
			return true;
	return false;
}

/* A list of before a rotation has the names of before it. */
static bool names(const struct replay_preview *preview, struct slice keys, const struct judged_group *group)
{
	char digits[BSN_DIGITS + 1];
	uint8_t before[TEACHER_KEY_BYTES];

	if (holds(keys, group->key))
		return true;
	if (!preview->key_before || !group->is_readable)
		return false;
	snprintf(digits, sizeof digits, "%09u", group->bsn % 1000000000);
	hmac_key_teacher(preview->key_before, preview->board, slice_make(digits, BSN_DIGITS), before);
	return holds(keys, before);
}

static int add_groups(struct replay_preview *preview, const struct wire_delivery *delivery, const struct judged *judged,
		      const struct pg_rows *newest, struct replay_forecast *forecast, int64_t *ret_back,
		      struct err *err)
{
	for (size_t i = 0; i < judged->group_count; i++) {
		const struct judged_group *group = &judged->groups[i];
		enum outcome outcome = OUTCOME_AFGEKEURD;

		if (group->is_valid) {
			struct teacher_state *state = state_of(preview, group->key);

			if (!state)
				return err_set(err, ERR_FATAL, "memory", "no memory for the teachers of a board");
			outcome = outcome_decide(state, MIN(delivery->header.sequence, preview->sequence_max),
						 delivery->header.kind == DELIVERY_INTREKKING ? NULL
											      : group->content_hash);
		}
		forecast->outcomes[outcome_counted_as(outcome)] += group->line_count;
		forecast->teachers += group->is_readable;
		*ret_back += outcome == OUTCOME_NIEUW && pg_rows_count(newest) > 0 &&
			     !names(preview, pg_get_bytes(newest, 0, 0), group);
	}
	return 0;
}

int replay_preview_add(struct replay_preview *preview, const struct replay_target *target,
		       const struct wire_delivery *delivery, const struct judged *judged,
		       struct replay_forecast *forecast, int64_t *ret_back, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *newest = NULL;
	struct pg_params params;
	int rc = load_board(preview, target->board, err);

	*ret_back = 0;
	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)target->board);
	pg_add_i64(&params, target->sequence);
	pg_add_i64(&params, target->position);
	if (rc == 0)
		rc = pg_exec(preview->link, "preview_newest", NEWEST_SQL, &params, &newest, NULL, err);
	if (rc == 0)
		rc = add_groups(preview, delivery, judged, newest, forecast, ret_back, err);
	if (rc != 0)
		return rc;
	forecast->deliveries++;
	forecast->lines += (int64_t)target->record_count;
	forecast->brought_back += *ret_back;
	return 0;
}
