#include "ctl/replay/replay_job.h"

#include "base/clock.h"
#include "ctl/base/question.h"
#include "ctl/replay/replay_commands.h"
#include "model/outcome.h"

enum { EVENTS_MAX = 1000, RESULT_BYTES_MAX = 1024, LET_GO_MS = 5000, LET_GO_POLL_MS = 50 };

static const char FIND_SQL[] =
	"select j.id, j.id::text, j.state, j.reason is not null,"
	"  (select count(*) from register.replay_item i where i.job = j.id),"
	"  (select count(*) from register.replay_item i where i.job = j.id and i.published_at is not null),"
	"  (select count(*) from register.replay_change c where c.job = j.id), register.replay_is_published(j.id),"
	"  j.approval_needed and j.approved_by is null, coalesce(j.rate, -1)"
	" from register.replay_job j where starts_with(j.id::text, $1) limit 2";

static const char RESULT_SQL[] =
	"select coalesce(sum(c.after[o] - c.before[o]), 0)::bigint from generate_series(1, 7) o"
	" left join register.replay_change c on c.job = $1 group by o order by o";

int replay_job_find(struct pg_link *link, const char *text, struct replay_job *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	if (!text[0])
		return err_set(err, ERR_DATA, "unknown", "a job is named by its id, or the first digits of it");
	pg_params_reset(&params);
	pg_add_text(&params, slice_of(text));
	int rc = pg_exec(link, "replay_job_find", FIND_SQL, &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	if (pg_rows_count(rows) != 1)
		return err_set(err, ERR_DATA, "unknown", "%s job begins with %s",
			       pg_rows_count(rows) == 0 ? "no" : "more than one", text);
	struct slice id = pg_get_bytes(rows, 0, 1), state = pg_get_bytes(rows, 0, 2);

	*ret = (struct replay_job){ .has_reason = pg_get_bool(rows, 0, 3),
				    .items = pg_get_i64(rows, 0, 4),
				    .published = pg_get_i64(rows, 0, 5),
				    .entered = pg_get_i64(rows, 0, 6),
				    .has_publisher = pg_get_bool(rows, 0, 7),
				    .lacks_approval = pg_get_bool(rows, 0, 8),
				    .rate = pg_get_i32(rows, 0, 9) };
	memcpy(ret->id, pg_get_bytes(rows, 0, 0).p, JOB_ID_BYTES);
	snprintf(ret->text, sizeof ret->text, "%.*s", (int)id.n, id.p);
	snprintf(ret->state, sizeof ret->state, "%.*s", (int)state.n, state.p);
	return 0;
}

int replay_job_note(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], const char *what, const char *note,
		    struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, id);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(what));
	pg_add_text(&params, slice_of(note));
	return pg_exec(link, NULL, "insert into register.replay_event (job, who, what, note) values ($1, $2, $3, $4)",
		       &params, NULL, NULL, err);
}

int replay_job_move(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], const char *from, const char *to,
		    bool *ret_is_moved, struct err *err)
{
	struct pg_params params;
	int64_t moved = 0;

	pg_params_reset(&params);
	pg_add_uuid(&params, id);
	pg_add_text(&params, slice_of(from));
	pg_add_text(&params, slice_of(to));
	int rc = pg_exec(link, NULL,
			 "update register.replay_job set state = $3"
			 " where id = $1 and state = any(string_to_array($2, ','))",
			 &params, NULL, &moved, err);

	*ret_is_moved = rc == 0 && moved == 1;
	return rc;
}

static const char EXPIRE_SQL[] =
	"with gone as ("
	"  update register.replay_job set state = 'expired'"
	"  where state = 'planned' and planned_at < now() - $1 * interval '1 millisecond' returning id"
	"), freed as (delete from register.replay_item i using gone g where i.job = g.id)"
	" insert into register.replay_event (job, who, what, note) select id, $2, 'expire', 'nobody started it'"
	" from gone";

int replay_job_expire(struct pg_link *link, int64_t keep_ms, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_i64(&params, keep_ms);
	pg_add_text(&params, slice_of(ctl_operator()));
	return pg_exec(link, NULL, EXPIRE_SQL, &params, NULL, NULL, err);
}

int replay_job_free_attempts(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, id);
	return pg_exec(link, NULL, "delete from register.replay_item where job = $1 and published_at is null", &params,
		       NULL, NULL, err);
}

int replay_job_result(struct pg_link *link, const uint8_t id[JOB_ID_BYTES], struct strbuf *out, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, id);
	int rc = pg_exec(link, NULL, RESULT_SQL, &params, &rows, NULL, err);

	for (int outcome = OUTCOME_NIEUW; rc == 0 && outcome <= OUTCOMES; outcome++) {
		int64_t change = pg_get_i64(rows, (size_t)(outcome - OUTCOME_NIEUW), 0);

		if (change != 0)
			strbuf_add_printf(out, "%s%s %+lld", out->n > 0 ? ", " : "",
					  outcome_name((enum outcome)outcome), (long long)change);
	}
	if (rc == 0 && out->n == 0)
		strbuf_add_text(out, "nothing changed");
	return rc;
}

/* ---- pause, cancel ---- */

/* The publisher sees the new state before its next message and lets go: what is told then is true. */
static int await_publisher(struct pg_link *link, struct replay_job *job, struct err *err)
{
	int64_t end_ms = clock_ms() + LET_GO_MS;
	char text[JOB_TEXT_BYTES];
	int rc = 0;

	memcpy(text, job->text, sizeof text);
	do
		rc = replay_job_find(link, text, job, err);
	while (rc == 0 && job->has_publisher && clock_ms() < end_ms && app_wait(LET_GO_POLL_MS));
	return rc;
}

static int move_command(struct ctl *ctl, const char *from, const char *to, const char *what)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	const char *reason = ctl_has(ctl, OPTION_REASON) ? ctl->options[OPTION_REASON] : "";
	struct replay_job job;
	struct err err = { 0 };
	bool is_moved = false;

	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0)
		rc = replay_job_find(link, ctl->arguments[0], &job, &err);
	if (rc == 0)
		rc = replay_job_move(link, job.id, from, to, &is_moved, &err);
	if (rc == 0 && !is_moved)
		rc = err_set(&err, ERR_DATA, "state", "job %s is %s", job.text, job.state);
	if (rc == 0)
		rc = replay_job_note(link, job.id, what, reason, &err);
	if (rc == 0 && strcmp(job.state, "planned") == 0)
		rc = replay_job_free_attempts(link, job.id, &err);
	if (rc == 0)
		rc = await_publisher(link, &job, &err);
	if (rc != 0)
		return ctl_fail(&err);
	if (job.has_publisher)
		fputs("instroomctl: its publisher has not let go yet: it may still publish one message\n", stderr);
	printf("job %s: %s, %lld of %lld published\n", job.text, to, (long long)job.published, (long long)job.items);
	return 0;
}

int run_replay_pause(struct ctl *ctl)
{
	return move_command(ctl, "running", "paused", "pause");
}

int run_replay_cancel(struct ctl *ctl)
{
	return move_command(ctl, "planned,running,paused", "cancelled", "cancel");
}

/* ---- approve ---- */

/* The register refuses the planner itself (replay_job_approved_by_another), whatever program asks. */
static const char APPROVE_SQL[] =
	"update register.replay_job set approved_by = register.actor($2), approved_at = now()"
	" where id = $1 and state = 'planned' and approval_needed and approved_by is null"
	" and planned_by <> register.actor($2)";

static int approve(struct pg_link *link, const struct replay_job *job, struct err *err)
{
	struct pg_params params;
	int64_t approved = 0;

	if (strcmp(job->state, "planned") != 0)
		return err_set(err, ERR_DATA, "state", "job %s is %s", job->text, job->state);
	if (!job->lacks_approval)
		return err_set(err, ERR_DATA, "approval", "job %s needs no approval", job->text);
	pg_params_reset(&params);
	pg_add_uuid(&params, job->id);
	pg_add_text(&params, slice_of(ctl_operator()));
	int rc = pg_exec(link, NULL, APPROVE_SQL, &params, NULL, &approved, err);

	if (rc == 0 && approved == 0)
		rc = err_set(err, ERR_DATA, "approval", "who planned a job cannot approve it, and you are %s",
			     ctl_operator());
	return rc;
}

int run_replay_approve(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct replay_job job;
	struct err err = { 0 };
	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0)
		rc = replay_job_find(link, ctl->arguments[0], &job, &err);
	if (rc == 0)
		rc = pg_begin(link, &err);
	if (rc == 0)
		rc = approve(link, &job, &err);
	if (rc == 0)
		rc = replay_job_note(link, job.id, "approve", ctl->options[OPTION_REASON], &err);
	if (rc == 0)
		rc = pg_script(link, "commit", &err);
	if (rc != 0)
		return ctl_fail(&err);
	printf("job %s: approved; instroomctl replay start %.8s --reason TEXT publishes it\n", job.text, job.text);
	return 0;
}

/* ---- list, show ---- */

/* A job that runs, and that no process publishes: the one that did died. */
static const char LIST_SQL[] =
	"select id::text, case when state = 'running' and not register.replay_is_published(id) then 'stopped' else"
	" state"
	"  end, " CTL_SQL_TIME("planned_at") ", planned_by, deliveries, lines, scope"
	" from register.replay_job order by register.replay_job.planned_at";

/* What the plan foresaw, and what the messages in the ledger made of their lines, in the same words. */
static const char FORESEEN_SQL[] =
	"with name as (select * from unnest(array['nieuw', 'gewijzigd', 'ongewijzigd', 'verouderd', 'afgekeurd',"
	"    'ingetrokken', 'quarantaine']) with ordinality as n(name, o)"
	"), change as (select n.o, greatest(coalesce(sum(c.after[n.o] - c.before[n.o]), 0), 0) as lines"
	"    from name n left join register.replay_change c on c.job = $1 where n.o <> 5 group by n.o"
	"), scope as (select coalesce(sum(cardinality(i.records)), 0) as lines from register.replay_item i"
	"    join register.replay_change c on c.position = i.position and c.attempt = i.attempt where i.job = $1"
	"), came as (select o, lines from change"
	"    union all select 5, (select lines from scope) - (select sum(lines) from change))"
	" select coalesce((select string_agg(n.name || ' ' || j.foreseen[n.o], ', ' order by n.o) from name n"
	"     where j.foreseen[n.o] > 0), ''),"
	"   coalesce((select string_agg(n.name || ' ' || c.lines, ', ' order by n.o) from came c join name n on n.o"
	" = c.o"
	"     where c.lines > 0), '')"
	" from register.replay_job j where j.id = $1";

static const char EVENTS_SQL[] = "select " CTL_SQL_TIME(
	"at") ", who, what, note from register.replay_event where job = $1 order by register.replay_event.at";

int run_replay_list(struct ctl *ctl)
{
	static const struct output_column JOB_COLUMNS[] = {
		{ "job", "job", COLUMN_TEXT },
		{ "state", "state", COLUMN_TEXT },
		{ "planned_at", "planned at", COLUMN_TEXT },
		{ "planned_by", "by", COLUMN_TEXT },
		{ "deliveries", "deliveries", COLUMN_NUMBER },
		{ "lines", "lines", COLUMN_NUMBER },
		{ "scope", "scope", COLUMN_TEXT },
	};
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	CLEANUP(output_release) struct output out = { 0 };
	struct err err = { 0 };

	output_init(&out, ctl->output, JOB_COLUMNS, ARRAY_LEN(JOB_COLUMNS));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL, LIST_SQL, NULL, &rows, NULL, &err);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++)
		for (int column = 0; column < (int)ARRAY_LEN(JOB_COLUMNS); column++) {
			if (JOB_COLUMNS[column].type == COLUMN_NUMBER)
				output_number(&out, pg_get_i32(rows, i, column));
			else
				output_text(&out, pg_get_bytes(rows, i, column));
		}
	if (rc == 0)
		rc = output_print(&out, stdout, &err);
	return rc == 0 ? 0 : ctl_fail(&err);
}

static int add_events(struct pg_link *link, const struct replay_job *job, struct output *out, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, job->id);
	int rc = pg_exec(link, NULL, EVENTS_SQL, &params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < MIN(pg_rows_count(rows), (size_t)EVENTS_MAX); i++)
		for (int column = 0; column < (int)out->column_count; column++)
			output_text(out, pg_get_bytes(rows, i, column));
	return rc;
}

static const char *state_of(const struct replay_job *job)
{
	return strcmp(job->state, "running") == 0 && !job->has_publisher ? "stopped" : job->state;
}

/* JSON: the job's object, the events as a member at its end. */
static void print_head(const struct ctl *ctl, const struct replay_job *job, struct strbuf *result,
		       const struct pg_rows *preview)
{
	CLEANUP(strbuf_drop) struct strbuf quoted = { 0 };
	struct slice foreseen = pg_get_bytes(preview, 0, 0), came = pg_get_bytes(preview, 0, 1);

	if (ctl->output == OUTPUT_TEXT) {
		printf("job %s: %s; of %lld messages %lld are published, %lld in the ledger: %s\n", job->text,
		       state_of(job), (long long)job->items, (long long)job->published, (long long)job->entered,
		       strbuf_text(result));
		printf("foreseen: %.*s\ncame:     %.*s\n", (int)foreseen.n, foreseen.p, (int)came.n, came.p);
		if (strcmp(state_of(job), "stopped") == 0)
			printf("no process publishes it: the one that did died. instroomctl replay resume %s goes on\n",
			       job->text);
		return;
	}
	strbuf_init(&quoted, RESULT_BYTES_MAX);
	output_json_text(&quoted, strbuf_slice(result));
	strbuf_add_text(&quoted, ", \"foreseen\": ");
	output_json_text(&quoted, foreseen);
	strbuf_add_text(&quoted, ", \"came\": ");
	output_json_text(&quoted, came);
	printf("{\"job\": \"%s\", \"state\": \"%s\", \"messages\": %lld, \"published\": %lld, \"entered\": %lld, "
	       "\"result\": %s, \"events\": ",
	       job->text, state_of(job), (long long)job->items, (long long)job->published, (long long)job->entered,
	       strbuf_text(&quoted));
}

static int read_foreseen(struct pg_link *link, const struct replay_job *job, struct pg_rows **ret, struct err *err)
{
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, job->id);
	return pg_exec(link, NULL, FORESEEN_SQL, &params, ret, NULL, err);
}

/* The most lines first. Items of a plan of an earlier release have no figures. */
static const char BY_BOARD_SQL[] =
	"select " CTL_SQL_BOARD("d.board") ", count(*), sum(cardinality(i.records))::bigint,"
	"   sum(i.foreseen[1])::bigint, sum(i.foreseen[2])::bigint, sum(i.foreseen[3])::bigint,"
	"   sum(i.foreseen[4])::bigint, sum(i.foreseen[5])::bigint, sum(i.foreseen[6])::bigint,"
	"   sum(i.foreseen[7])::bigint, count(i.published_at)"
	" from register.replay_item i join register.delivery d on d.position = i.position where i.job = $1"
	" group by d.board order by 3 desc, d.board";

/* By the codes that stand on the deliveries now, as the plan's scope has no lines of its own by code. */
static const char BY_CODE_SQL[] =
	"select register.rule_code(f.rule), count(distinct i.position), count(distinct d.board), sum(f.lines)::bigint"
	" from register.replay_item i join register.delivery d on d.position = i.position"
	" join register.finding f on f.position = i.position where i.job = $1 group by f.rule order by 4 desc, 1";

static const struct output_column BY_BOARD_COLUMNS[] = {
	{ "board", "board", COLUMN_TEXT },	  { "deliveries", "deliv", COLUMN_NUMBER },
	{ "lines", "lines", COLUMN_NUMBER },	  { "nieuw", "nieuw", COLUMN_NUMBER },
	{ "gewijzigd", "gewijz", COLUMN_NUMBER }, { "ongewijzigd", "ongew", COLUMN_NUMBER },
	{ "verouderd", "veroud", COLUMN_NUMBER }, { "afgekeurd", "afgek", COLUMN_NUMBER },
	{ "ingetrokken", NULL, COLUMN_NUMBER },	  { "quarantaine", "quar", COLUMN_NUMBER },
	{ "published", "publ", COLUMN_NUMBER },
};
static const struct output_column BY_CODE_COLUMNS[] = {
	{ "code", "code", COLUMN_TEXT },
	{ "deliveries", "deliveries", COLUMN_NUMBER },
	{ "boards", "boards", COLUMN_NUMBER },
	{ "lines", "lines", COLUMN_NUMBER },
};

static int show_by(struct ctl *ctl, struct pg_link *link, const struct replay_job *job, struct err *err)
{
	static const struct question BY_BOARD = { BY_BOARD_COLUMNS, ARRAY_LEN(BY_BOARD_COLUMNS), BY_BOARD_SQL, false,
						  QUESTION_LIMIT_ANY };
	static const struct question BY_CODE = { BY_CODE_COLUMNS, ARRAY_LEN(BY_CODE_COLUMNS), BY_CODE_SQL, false,
						 QUESTION_LIMIT_ANY };
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, job->id);
	return question_answer(ctl, link, strcmp(ctl->options[OPTION_BY], "board") == 0 ? &BY_BOARD : &BY_CODE, &params,
			       NULL, err);
}

int run_replay_show(struct ctl *ctl)
{
	static const struct output_column EVENT_COLUMNS[] = { { "at", "at", COLUMN_TEXT },
							      { "who", "who", COLUMN_TEXT },
							      { "what", "what", COLUMN_TEXT },
							      { "note", "note", COLUMN_TEXT } };
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(strbuf_drop) struct strbuf result = { 0 };
	CLEANUP(drop_pg_rows) struct pg_rows *preview = NULL;
	CLEANUP(output_release) struct output events = { 0 };
	struct replay_job job;
	struct err err = { 0 };

	strbuf_init(&result, RESULT_BYTES_MAX);
	output_init(&events, ctl->output, EVENT_COLUMNS, ARRAY_LEN(EVENT_COLUMNS));
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = replay_job_find(link, ctl->arguments[0], &job, &err);
	if (rc == 0 && ctl_has(ctl, OPTION_BY)) {
		rc = show_by(ctl, link, &job, &err);
		return rc == 0 ? 0 : ctl_fail(&err);
	}
	if (rc == 0)
		rc = replay_job_result(link, job.id, &result, &err);
	if (rc == 0)
		rc = add_events(link, &job, &events, &err);
	if (rc == 0)
		rc = read_foreseen(link, &job, &preview, &err);
	if (rc == 0) {
		print_head(ctl, &job, &result, preview);
		rc = output_print(&events, stdout, &err);
	}
	if (rc != 0)
		return ctl_fail(&err);
	if (ctl->output == OUTPUT_JSON)
		puts("}");
	return 0;
}
