#include "ctl/prove/verify_repair.h"

#include "ctl/prove/verify_compare.h"
#include "ctl/prove/verify_rows.h"

enum { WHAT_BYTES = 600 };

struct step {
	const char *what; /* a table */
	const char *sql;
};

/* In this order: what others name goes in before them. $1: the board. */
static const struct step STEPS[] = {
	{ "teacher",
	  "delete from register.teacher t where board = $1"
	  " and not exists (select from fix_teacher f where f.key = t.key)" },
	{ "teacher",
	  "insert into register.teacher as t select * from fix_teacher on conflict (board, key) do update"
	  " set (bsn, status, sequence, since, lapsed_on, hash, content, targets)"
	  " = (excluded.bsn, excluded.status, excluded.sequence, excluded.since, excluded.lapsed_on, excluded.hash,"
	  "  excluded.content, excluded.targets)"
	  " where (t.bsn, t.status, t.sequence, t.since, t.lapsed_on, t.hash, t.content, t.targets) is distinct from"
	  "  (excluded.bsn, excluded.status, excluded.sequence, excluded.since, excluded.lapsed_on, excluded.hash,"
	  "  excluded.content, excluded.targets)" },
	{ "teacher_history",
	  "with kept as (select distinct on (f.n) f.n, h.ctid as at from fix_teacher_history f"
	  "  join register.teacher_history h on h.board = f.board and h.key = f.key and h.since = f.since"
	  "   and h.until = f.until and h.status = f.status and h.sequence between f.set_sequence and f.sequence"
	  "   and h.lapsed_on is not distinct from f.lapsed_on and h.content is not distinct from f.content"
	  "   and h.targets is not distinct from f.targets order by f.n, h.ctid),"
	  " gone as (delete from register.teacher_history h where board = $1"
	  "  and not exists (select from kept where kept.at = h.ctid) returning 1),"
	  " made as (insert into register.teacher_history"
	  "  (board, key, status, sequence, since, until, lapsed_on, hash, content, targets)"
	  "  select board, key, status, sequence, since, until, lapsed_on, hash, content, targets"
	  "  from fix_teacher_history f where not exists (select from kept where kept.n = f.n)"
	  "   and register.is_retained('history', f.until) returning 1)"
	  " select 1 from gone union all select 1 from made" },
	{ "key_list",
	  "delete from register.key_list where board = $1"
	  " and digest <> encode(substring(sha256(keys) for 16), 'hex')::uuid" },
	{ "key_list",
	  "insert into register.key_list select distinct on (digest) * from fix_key_list"
	  " on conflict (board, digest) do nothing" },
	{ "feedback",
	  "delete from register.feedback where board = $1"
	  " and digest <> encode(substring(sha256(body) for 16), 'hex')::uuid" },
	{ "feedback",
	  "insert into register.feedback select distinct on (f.digest) f.* from fix_feedback f"
	  " join fix_delivery d on d.feedback = f.digest and register.is_retained('feedback', d.position)"
	  " on conflict (board, digest) do nothing" },
	{ "finding",
	  "delete from register.finding t using register.delivery d where d.board = $1"
	  " and d.position = t.position and not exists (select from fix_finding f"
	  "  where f.position = t.position and f.rule = t.rule)" },
	{ "replay_change",
	  "delete from register.replay_change t using register.delivery d where d.board = $1"
	  " and d.position = t.position and not exists (select from fix_replay_change f"
	  "  where f.position = t.position and f.attempt = t.attempt)" },
	{ "delivery",
	  "delete from register.delivery t where board = $1"
	  " and not exists (select from fix_delivery f where f.position = t.position)" },
	{ "delivery",
	  "insert into register.delivery as t select f.position, f.board, f.delivery_id, f.fingerprint, f.kind,"
	  "  f.dry_run, f.sequence, f.extraction_date, f.received_on, f.reference_version, f.attempt, f.state, f.lines,"
	  "  f.nieuw, f.gewijzigd, f.ongewijzigd, f.verouderd, f.afgekeurd, f.ingetrokken, f.quarantaine, f.absent,"
	  "  f.active, f.lapsed, f.notices, f.unreadable_lines, f.key_list, f.feedback, f.outcomes,"
	  "  coalesce(o.committed_at, now()), o.waiting_key_list"
	  " from fix_delivery f left join register.delivery o on o.position = f.position"
	  " on conflict (position) do update set (board, delivery_id, fingerprint, kind, dry_run, sequence,"
	  "  extraction_date, received_on, reference_version, attempt, state, lines, nieuw, gewijzigd, ongewijzigd,"
	  "  verouderd, afgekeurd, ingetrokken, quarantaine, absent, active, lapsed, notices,"
	  " unreadable_lines, key_list,"
	  "  feedback, outcomes) = (excluded.board, excluded.delivery_id, excluded.fingerprint, excluded.kind,"
	  "  excluded.dry_run, excluded.sequence, excluded.extraction_date, excluded.received_on,"
	  "  excluded.reference_version, excluded.attempt, excluded.state, excluded.lines, excluded.nieuw,"
	  "  excluded.gewijzigd, excluded.ongewijzigd, excluded.verouderd, excluded.afgekeurd, excluded.ingetrokken,"
	  "  excluded.quarantaine, excluded.absent, excluded.active, excluded.lapsed, excluded.notices,"
	  "  excluded.unreadable_lines, excluded.key_list, excluded.feedback, excluded.outcomes)"
	  " where t.* is distinct from excluded.*" },
	/* again: of deliveries that were missing */
	{ "finding",
	  "delete from register.finding t using register.delivery d where d.board = $1"
	  " and d.position = t.position and not exists (select from fix_finding f"
	  "  where f.position = t.position and f.rule = t.rule)" },
	{ "finding",
	  "insert into register.finding as t select * from fix_finding on conflict (position, rule)"
	  " do update set lines = excluded.lines where t.lines <> excluded.lines" },
	{ "replay_change",
	  "delete from register.replay_change t using register.delivery d where d.board = $1"
	  " and d.position = t.position and not exists (select from fix_replay_change f"
	  "  where f.position = t.position and f.attempt = t.attempt)" },
	{ "replay_change",
	  "insert into register.replay_change as t select f.position, f.attempt, f.job, f.replay_position,"
	  "  f.reference_version, f.lines, f.before, f.after, coalesce(o.changed_at, now())"
	  " from fix_replay_change f left join register.replay_change o"
	  "  on o.position = f.position and o.attempt = f.attempt"
	  " on conflict (position, attempt) do update set (job, replay_position, reference_version, lines,"
	  " before, after)"
	  "  = (excluded.job, excluded.replay_position, excluded.reference_version, excluded.lines, excluded.before,"
	  "  excluded.after) where t.* is distinct from excluded.*" },
	{ "contact",
	  "delete from register.contact t where board = $1"
	  " and not exists (select from fix_contact f where f.since = t.since)" },
	{ "contact",
	  "insert into register.contact as t select * from fix_contact f where not exists"
	  " (select from fix_contact n where n.since > f.since and not register.is_retained('contact', n.since))"
	  " on conflict (board, since) do update"
	  " set (name, phone, email) = (excluded.name, excluded.phone, excluded.email)"
	  " where t.* is distinct from excluded.*" },
	{ "confirmation",
	  "delete from register.confirmation t where board = $1"
	  " and not exists (select from fix_confirmation f where f.position = t.position)" },
	{ "confirmation",
	  "insert into register.confirmation as t select * from fix_confirmation on conflict (position) do update"
	  " set (request_id, board, delivery_id, executed, lapsed, has_other_absent) = (excluded.request_id,"
	  "  excluded.board, excluded.delivery_id, excluded.executed, excluded.lapsed, excluded.has_other_absent)"
	  " where t.* is distinct from excluded.*" },
	{ "set_back",
	  "delete from register.set_back t where board = $1"
	  " and not exists (select from fix_set_back f where f.position = t.position)" },
	{ "set_back",
	  "insert into register.set_back as t select * from fix_set_back on conflict (position) do update"
	  " set (request_id, board, sequence, sequence_before, executed, states, cancelled) = (excluded.request_id,"
	  "  excluded.board, excluded.sequence, excluded.sequence_before, excluded.executed, excluded.states,"
	  "  excluded.cancelled) where t.* is distinct from excluded.*" },
	{ "admission",
	  "delete from register.admission t where board = $1"
	  " and not exists (select from fix_admission f where f.position = t.position)" },
	{ "admission",
	  "insert into register.admission as t select * from fix_admission on conflict (position) do update"
	  " set (board, service, basis, version, party, sender, trace_id, accepted_at) = (excluded.board,"
	  "  excluded.service, excluded.basis, excluded.version, excluded.party, excluded.sender, excluded.trace_id,"
	  "  excluded.accepted_at) where t.* is distinct from excluded.*" },
	{ "board", "delete from register.board where board = $1 and not exists (select from fix_board)" },
	/* the pending list is in the rows of its teachers now */
	{ "board",
	  "insert into register.board as t (board, partition, sequence_max, sequence_full, sequence_top, teachers,"
	  "  active, disowned)"
	  " select board, partition, sequence_max, sequence_full, sequence_top, teachers, active,"
	  "  (select count(*) from register.disowned where board = $1) from fix_board"
	  " on conflict (board) do update set (partition, sequence_max, sequence_full, sequence_top, teachers, active,"
	  "  disowned, pending_sequence, pending_key_list, pending_members) = (excluded.partition,"
	  "  excluded.sequence_max, excluded.sequence_full, excluded.sequence_top, excluded.teachers,"
	  "  excluded.active, excluded.disowned, 0, null, null)"
	  " where (t.partition, t.sequence_max, t.sequence_full, t.sequence_top, t.teachers, t.active, t.disowned,"
	  "   t.pending_sequence)"
	  "  is distinct from (excluded.partition, excluded.sequence_max, excluded.sequence_full,"
	  "   excluded.sequence_top, excluded.teachers, excluded.active, excluded.disowned, 0)" },
};

static const char CURSOR_SQL[] = "select from register.cursor where topic = $1 and partition = $2 for update";

static const char AUDIT_SQL[] =
	"insert into register.repair (who, board, topic, partition, next_raw, reason, changes)"
	" select $1, $2, topic, partition, next_raw, $5, $6 from register.cursor where topic = $3 and partition = $4";

/* ---- one board ---- */

/* "teacher 2, delivery 1": rows by table. */
static void describe(const int64_t rows[ARRAY_LEN(STEPS)], char ret[WHAT_BYTES], int64_t *ret_rows)
{
	size_t n = 0;

	ret[0] = 0;
	*ret_rows = 0;
	for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
		int64_t sum = 0;
		bool is_first = true;

		for (size_t k = 0; k < ARRAY_LEN(STEPS); k++) {
			bool is_same = strcmp(STEPS[i].what, STEPS[k].what) == 0;

			is_first &= !is_same || k >= i;
			sum += is_same ? rows[k] : 0;
		}
		*ret_rows += rows[i];
		if (is_first && sum > 0 && n < WHAT_BYTES - 1)
			n += (size_t)snprintf(ret + n, WHAT_BYTES - n, "%s%s %lld", n > 0 ? ", " : "", STEPS[i].what,
					      (long long)sum);
	}
}

static int run_steps(struct verify_repair *repair, uint32_t number, char ret[WHAT_BYTES], int64_t *ret_rows,
		     struct err *err)
{
	int64_t rows[ARRAY_LEN(STEPS)] = { 0 };
	struct pg_params params;
	int rc = 0;

	pg_params_reset(&params);
	pg_add_i32(&params, (int32_t)number);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(STEPS); i++)
		rc = pg_exec(repair->link, NULL, STEPS[i].sql, strstr(STEPS[i].sql, "$1") ? &params : NULL, NULL,
			     &rows[i], err);
	describe(rows, ret, ret_rows);
	return rc;
}

static int audit(struct verify_repair *repair, uint32_t number, int32_t partition, const char *what, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_i32(&params, (int32_t)number);
	pg_add_text(&params, slice_of(repair->log->ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	pg_add_text(&params, slice_of(repair->reason));
	pg_add_text(&params, slice_of(what));
	return pg_exec(repair->link, NULL, AUDIT_SQL, &params, NULL, NULL, err);
}

/* No writer is at work there from here on, and the board is derived up to where they stand. */
static int hold_partition(struct verify_repair *repair, int32_t partition, struct err *err)
{
	struct verify_log *log = repair->log;
	struct pg_link *snapshot = log->link;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(log->ctl->config.topic.raw));
	pg_add_i32(&params, partition);
	int rc = pg_exec(repair->link, NULL, CURSOR_SQL, &params, NULL, NULL, err);

	log->link = repair->link;
	if (rc == 0)
		rc = verify_log_advance(log, partition, err);
	log->link = snapshot;
	return rc;
}

static int repair_locked(struct verify_repair *repair, uint32_t number, int32_t partition, bool *ret_is_right,
			 struct err *err)
{
	struct verify_findings left = { 0 };
	char what[WHAT_BYTES];
	int64_t rows = 0;
	int rc = hold_partition(repair, partition, err);
	struct verify_log *log = repair->log;
	struct verify_board none = { .number = number }, *board = log->derived[number];

	if (rc == 0)
		rc = verify_rows_write(repair->link, board ? board : &none, partition, &log->key, err);
	if (rc == 0)
		rc = run_steps(repair, number, what, &rows, err);
	if (rc == 0)
		rc = verify_compare(repair->link, board ? board : &none, partition, &left, err);
	*ret_is_right = rc == 0 && left.count == 0;
	if (rc == 0 && left.count > 0)
		fprintf(repair->out, "board %05u: %lld differences would be left, so nothing of it is changed\n",
			number, (long long)left.count);
	if (!*ret_is_right)
		return rc;
	if (repair->reason)
		rc = audit(repair, number, partition, what, err);
	if (rc == 0)
		fprintf(repair->out, "board %05u: rows %s: %s\n", number,
			repair->reason ? "put right" : "that would be put right", what);
	repair->rows += rc == 0 ? rows : 0;
	return rc;
}

static int end(struct verify_repair *repair, int rc, bool commits, struct err *err)
{
	struct err second;

	if (rc == 0)
		return pg_script(repair->link, commits ? "commit" : "rollback", err);
	if (pg_link_is_up(repair->link) && pg_script(repair->link, "rollback", &second) != 0)
		pg_link_drop(repair->link);
	return rc;
}

int verify_repair_board(struct verify_repair *repair, uint32_t number, int32_t partition, struct err *err)
{
	bool is_right = false;
	int rc = pg_begin(repair->link, err);

	if (rc == 0) {
		rc = repair_locked(repair, number, partition, &is_right, err);
		rc = end(repair, rc, is_right && repair->reason, err);
	}
	repair->boards += rc == 0 && is_right;
	repair->left += rc == 0 && !is_right;
	verify_log_drop_board(repair->log, number);
	return rc;
}

/* ---- rows of no board ---- */

static const struct step STRAYS[] = {
	{ "findings",
	  "delete from register.finding f"
	  " where not exists (select from register.delivery d where d.position = f.position)" },
	{ "replays",
	  "delete from register.replay_change c"
	  " where not exists (select from register.delivery d where d.position = c.position)" },
};

/* What was done to rows that no partition has, and its row of the audit. */
static int tell(struct verify_repair *repair, int64_t rows, const char *what, struct err *err)
{
	struct pg_params params;

	fprintf(repair->out, "rows %s: %s\n", repair->reason ? "put right" : "that would be put right", what);
	repair->rows += rows;
	if (!repair->reason)
		return 0;
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(repair->reason));
	pg_add_text(&params, slice_of(what));
	return pg_exec(repair->link, NULL, "insert into register.repair (who, reason, changes) values ($1, $2, $3)",
		       &params, NULL, NULL, err);
}

static int repair_strays(struct verify_repair *repair, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(STRAYS); i++) {
		char what[WHAT_BYTES];
		int64_t rows = 0;

		rc = pg_exec(repair->link, NULL, STRAYS[i].sql, NULL, NULL, &rows, err);
		snprintf(what, sizeof what, "%lld %s of no delivery", (long long)rows, STRAYS[i].what);
		if (rc == 0 && rows > 0)
			rc = tell(repair, rows, what, err);
	}
	return rc;
}

/* A writer makes a delivery and what belongs to it in one transaction: nothing of it stands here alone. */
int verify_repair_strays(struct verify_repair *repair, struct err *err)
{
	int rc = pg_begin(repair->link, err);

	return rc == 0 ? end(repair, repair_strays(repair, err), repair->reason, err) : rc;
}

/* ---- contact persons ---- */

/* What they were nobody knows: they are taken as they are, and the audit says so. Who sets a list meanwhile waits, or
 * what was read here of the newest would be written over his. */
static int seal_contacts(struct verify_repair *repair, int32_t board, struct err *err)
{
	struct pg_params params;
	char what[WHAT_BYTES];
	int64_t newest = 0, sealed = 0;

	pg_params_reset(&params);
	pg_add_i32(&params, board);
	int rc = pg_script(repair->link, "lock table register.contact_newest in share row exclusive mode", err);

	if (rc == 0)
		rc = pg_exec(
			repair->link, NULL,
			"insert into register.contact_newest as n select distinct f.board,"
			"   coalesce((select max(l.number) from register.contact_list l where l.board = f.board), 0)"
			" from register.contact_faults() f where $1 in (-1, f.board)"
			" on conflict (board) do update set number = excluded.number"
			" where n.number <> excluded.number",
			&params, NULL, &newest, err);
	if (rc == 0)
		rc = pg_exec(repair->link, NULL,
			     "update register.contact_list l set seal = register.contact_seal(l)"
			     " where $1 in (-1, l.board) and l.seal is distinct from register.contact_seal(l)",
			     &params, NULL, &sealed, err);
	snprintf(what, sizeof what, "%lld lists of contact persons taken as they are", (long long)(newest + sealed));
	return rc == 0 && newest + sealed > 0 ? tell(repair, newest + sealed, what, err) : rc;
}

int verify_repair_contacts(struct verify_repair *repair, int32_t board, struct err *err)
{
	int rc = pg_begin(repair->link, err);

	return rc == 0 ? end(repair, seal_contacts(repair, board, err), repair->reason, err) : rc;
}
