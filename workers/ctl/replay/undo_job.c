#include "ctl/replay/undo_job.h"

static const char LOAD_SQL[] =
	"select number, state, takes_later, approval_needed and approved_by is null, changes, withdrawals, sequence,"
	"  received_on, reference_version from register.undo where position = $1 order by number desc limit 1";

static enum undo_state state_of(struct slice name)
{
	return slice_equal_text(name, "planned")   ? UNDO_PLANNED
	       : slice_equal_text(name, "started") ? UNDO_STARTED
						   : UNDO_DONE;
}

static void copy(struct slice bytes, uint8_t *ret, size_t n)
{
	memset(ret, 0, n);
	if (bytes.n > 0)
		memcpy(ret, bytes.p, MIN(bytes.n, n));
}

int undo_job_load(struct pg_link *link, int64_t position, struct undo_job *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	*ret = (struct undo_job){ .state = UNDO_NONE };
	pg_params_reset(&params);
	pg_add_i64(&params, position);
	int rc = pg_exec(link, NULL, LOAD_SQL, &params, &rows, NULL, err);

	if (rc != 0 || pg_rows_count(rows) == 0)
		return rc;
	ret->number = pg_get_i32(rows, 0, 0);
	ret->state = state_of(pg_get_bytes(rows, 0, 1));
	ret->takes_later = pg_get_bool(rows, 0, 2);
	ret->lacks_approval = pg_get_bool(rows, 0, 3);
	copy(pg_get_bytes(rows, 0, 4), ret->digests[UNDO_CHANGES], sizeof ret->digests[0]);
	copy(pg_get_bytes(rows, 0, 5), ret->digests[UNDO_WITHDRAWALS], sizeof ret->digests[0]);
	ret->sequence = pg_get_i64(rows, 0, 6);
	ret->received_on = pg_get_i32(rows, 0, 7);
	copy(pg_get_bytes(rows, 0, 8), ret->reference_version, sizeof ret->reference_version);
	return 0;
}

static int insert_plan(struct pg_link *link, const struct undo_target *target, const struct undo_effect *effect,
		       struct undo_job *job, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	const struct undo_part *changes = &effect->parts[UNDO_CHANGES], *gone = &effect->parts[UNDO_WITHDRAWALS];
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, target->position);
	pg_add_i32(&params, (int32_t)target->board);
	pg_add_text(&params, target->id);
	pg_add_i32(&params, job->number);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_bool(&params, job->takes_later);
	pg_add_i32(&params, (int32_t)(changes->teachers + gone->teachers));
	pg_add_i32(&params, (int32_t)(changes->line_count + gone->line_count));
	pg_add_bytes(&params, slice_make(changes->digest, sizeof changes->digest));
	pg_add_bytes(&params, slice_make(gone->digest, sizeof gone->digest));
	pg_add_bool(&params, job->lacks_approval);
	int rc = pg_exec(
		link, NULL,
		"insert into register.undo (position, board, delivery_id, number, state, planned_by, takes_later,"
		"  teachers, lines, changes, withdrawals, approval_needed)"
		" values ($1, $2, $3, $4, 'planned', $5, $6, $7, $8, $9, $10, $11)"
		" returning approval_needed",
		&params, &rows, NULL, err);

	if (rc == 0)
		job->lacks_approval = pg_get_bool(rows, 0, 0);
	return rc;
}

int undo_job_plan(struct pg_link *link, const struct undo_target *target, const struct undo_effect *effect,
		  bool takes_later, bool asks_for_approval, struct undo_job *job, struct err *err)
{
	struct undo_job plan = { .state = UNDO_PLANNED,
				 .number = job->number + 1,
				 .takes_later = takes_later,
				 .lacks_approval = asks_for_approval };
	struct pg_params params;
	int rc = pg_begin(link, err);

	pg_params_reset(&params);
	pg_add_i64(&params, target->position);
	if (rc == 0)
		rc = pg_exec(link, NULL, "delete from register.undo where position = $1 and state = 'planned'", &params,
			     NULL, NULL, err);
	if (rc == 0)
		rc = insert_plan(link, target, effect, &plan, err);
	if (rc == 0)
		rc = pg_script(link, "commit", err);
	if (rc == 0)
		*job = plan;
	return rc;
}

int undo_job_approve(struct pg_link *link, int64_t position, int32_t number, const char *reason, struct err *err)
{
	struct pg_params params;
	int64_t approved = 0;

	pg_params_reset(&params);
	pg_add_i64(&params, position);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(reason));
	pg_add_i32(&params, number);
	int rc = pg_exec(link, NULL,
			 "update register.undo set approved_by = register.actor($2), approved_at = now(),"
			 " approval_reason = $3 where position = $1 and state = 'planned' and approval_needed"
			 " and approved_by is null and planned_by <> register.actor($2) and $4 in (0, number)",
			 &params, NULL, &approved, err);

	if (rc == 0 && approved == 0)
		rc = err_set(err, ERR_DATA, "approval",
			     "it is not planned (or by another plan), needs no approval, or you planned it: you are %s",
			     ctl_operator());
	return rc;
}

int undo_job_start(struct pg_link *link, const struct undo_target *target, const char *reason, struct undo_job *job,
		   struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, target->position);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(reason));
	pg_add_i32(&params, job->received_on);
	pg_add_bytes(&params, slice_make(job->reference_version, sizeof job->reference_version));
	pg_add_i32(&params, job->number);
	int rc = pg_exec(link, NULL,
			 "update register.undo u set state = 'started', started_by = register.actor($2),"
			 "  started_at = now(), reason = $3, sequence = b.sequence_max + 1, received_on = $4,"
			 "  reference_version = $5,"
			 "  newest = (select max(d.position) from register.delivery d where d.board = b.board)"
			 " from register.board b where u.position = $1 and u.number = $6 and b.board = u.board"
			 "  and u.state = 'planned' and b.sequence_max < 9223372036854775806"
			 " returning u.sequence",
			 &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_DATA, "volgnummer",
			     "the board has no next volgnummer: instroomctl volgnummer set-back, then plan it again");
	if (rc == 0) {
		job->sequence = pg_get_i64(rows, 0, 0);
		job->state = UNDO_STARTED;
	}
	return rc;
}

int undo_job_end(struct pg_link *link, int64_t position, int32_t number, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, position);
	pg_add_i32(&params, number);
	return pg_exec(link, NULL, "update register.undo set state = 'done' where position = $1 and number = $2",
		       &params, NULL, NULL, err);
}

void undo_job_delivery_id(const struct undo_job *job, int64_t position, enum undo_part_name part,
			  char ret[DELIVERY_ID_BYTES_MAX + 1])
{
	snprintf(ret, DELIVERY_ID_BYTES_MAX + 1, "HERSTEL-%016llx-%d%c", (unsigned long long)position, job->number,
		 part == UNDO_CHANGES ? 'W' : 'I');
}
