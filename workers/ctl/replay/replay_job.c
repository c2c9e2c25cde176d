#include "ctl/replay/replay_job.h"

#include "ctl/replay/replay_commands.h"
#include "model/outcome.h"

#include <jansson.h>

enum { EVENTS_MAX = 1000 };

static const char FIND_SQL[] =
	"select j.id, j.id::text, j.state, j.reason is not null,"
	"  (select count(*) from register.replay_item i where i.job = j.id),"
	"  (select count(*) from register.replay_item i where i.job = j.id and i.published_at is not null),"
	"  (select count(*) from register.replay_change c where c.job = j.id)"
	" from register.replay_job j where starts_with(j.id::text, $1) limit 2";

static const char RESULT_SQL[] =
	"select coalesce(sum(c.after[o] - c.before[o]), 0)::bigint from generate_series(1, 7) o"
	" left join register.replay_change c on c.job = $1 group by o order by o";

int replay_job_find(struct pg_link *link, const char *text, struct replay_job *ret, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

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
				    .entered = pg_get_i64(rows, 0, 6) };
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
			 "update register.replay_job set state = $3 where id = $1 and state = any(string_to_array($2, ','))",
			 &params, NULL, &moved, err);

	*ret_is_moved = rc == 0 && moved == 1;
	return rc;
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

static int move_command(struct ctl *ctl, int argc, char **argv, const char *from, const char *to, const char *what)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	const char *reason = "";
	const struct ctl_option options[] = { { "reason", true, &reason, NULL } };
	struct replay_job job;
	struct err err = { 0 };
	bool is_moved = false;

	if (ctl_options(ctl, argc, argv, options, ARRAY_LEN(options), 1, 1) < 0)
		return EXIT_USAGE;
	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0)
		rc = replay_job_find(link, argv[1], &job, &err);
	if (rc == 0)
		rc = replay_job_move(link, job.id, from, to, &is_moved, &err);
	if (rc == 0 && !is_moved)
		rc = err_set(&err, ERR_DATA, "state", "job %s is %s", job.text, job.state);
	if (rc == 0)
		rc = replay_job_note(link, job.id, what, reason, &err);
	if (rc != 0)
		return ctl_fail(&err);
	printf("job %s: %s, %lld of %lld published\n", job.text, to, (long long)job.published, (long long)job.items);
	return 0;
}

int run_replay_pause(struct ctl *ctl, int argc, char **argv)
{
	return move_command(ctl, argc, argv, "running", "paused", "pause");
}

int run_replay_cancel(struct ctl *ctl, int argc, char **argv)
{
	return move_command(ctl, argc, argv, "planned,running,paused", "cancelled", "cancel");
}

/* ---- list, show ---- */

static const char LIST_SQL[] =
	"select id::text, state, to_char(planned_at, 'YYYY-MM-DD HH24:MI'), planned_by, deliveries, lines, scope"
	" from register.replay_job order by planned_at";

static json_t *text_of(const struct pg_rows *rows, size_t i, int column)
{
	struct slice text = pg_get_bytes(rows, i, column);

	return json_stringn(text.n > 0 ? text.p : "", text.n);
}

static json_t *job_json(const struct pg_rows *rows, size_t i)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:i, s:o}", "job", text_of(rows, i, 0), "state", text_of(rows, i, 1),
			 "planned_at", text_of(rows, i, 2), "planned_by", text_of(rows, i, 3), "deliveries",
			 pg_get_i32(rows, i, 4), "lines", pg_get_i32(rows, i, 5), "scope", text_of(rows, i, 6));
}

static void print_job(const struct pg_rows *rows, size_t i)
{
	struct slice id = pg_get_bytes(rows, i, 0), state = pg_get_bytes(rows, i, 1), at = pg_get_bytes(rows, i, 2),
		     who = pg_get_bytes(rows, i, 3), scope = pg_get_bytes(rows, i, 6);

	printf("%.*s  %-9.*s  %.*s  %.*s  %d deliveries, %d lines  %.*s\n", (int)id.n, id.p, (int)state.n, state.p,
	       (int)at.n, at.p, (int)who.n, who.p, pg_get_i32(rows, i, 4), pg_get_i32(rows, i, 5), (int)scope.n, scope.p);
}

int run_replay_list(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct err err = { 0 };

	if (ctl_options(ctl, argc, argv, NULL, 0, 0, 0) < 0)
		return EXIT_USAGE;
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL, LIST_SQL, NULL, &rows, NULL, &err);
	if (rc != 0)
		return ctl_fail(&err);
	json_t *list = json_array();

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		if (ctl->wants_json)
			json_array_append_new(list, job_json(rows, i));
		else
			print_job(rows, i);
	}
	if (ctl->wants_json) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(list);
	return 0;
}

static int print_events(struct pg_link *link, const struct replay_job *job, json_t *json, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_uuid(&params, job->id);
	int rc = pg_exec(link, NULL,
			 "select to_char(at, 'YYYY-MM-DD HH24:MI:SS'), who, what, note from register.replay_event where job = $1"
			 " order by at",
			 &params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < MIN(pg_rows_count(rows), (size_t)EVENTS_MAX); i++) {
		struct slice at = pg_get_bytes(rows, i, 0), who = pg_get_bytes(rows, i, 1),
			     what = pg_get_bytes(rows, i, 2), note = pg_get_bytes(rows, i, 3);

		if (json)
			json_array_append_new(json, json_pack("{s:o, s:o, s:o, s:o}", "at", text_of(rows, i, 0), "who",
							      text_of(rows, i, 1), "what", text_of(rows, i, 2), "note",
							      text_of(rows, i, 3)));
		else
			printf("  %.*s  %.*s  %-9.*s %.*s\n", (int)at.n, at.p, (int)who.n, who.p, (int)what.n, what.p,
			       (int)note.n, note.n > 0 ? note.p : "");
	}
	return rc;
}

int run_replay_show(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(strbuf_drop) struct strbuf result = { 0 };
	struct replay_job job;
	struct err err = { 0 };

	if (ctl_options(ctl, argc, argv, NULL, 0, 1, 1) < 0)
		return EXIT_USAGE;
	strbuf_init(&result, 1024);
	int rc = ctl_connect(ctl, false, &link, &err);

	if (rc == 0)
		rc = replay_job_find(link, argv[1], &job, &err);
	if (rc == 0)
		rc = replay_job_result(link, job.id, &result, &err);
	if (rc != 0)
		return ctl_fail(&err);
	json_t *events = ctl->wants_json ? json_array() : NULL;

	if (!events)
		printf("job %s: %s; of %lld messages %lld are published, %lld in the ledger: %s\n", job.text, job.state,
		       (long long)job.items, (long long)job.published, (long long)job.entered, strbuf_text(&result));
	rc = print_events(link, &job, events, &err);
	if (events) {
		json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:o}", "job", job.text, "state", job.state,
					 "messages", (json_int_t)job.items, "published", (json_int_t)job.published,
					 "entered", (json_int_t)job.entered, "result", strbuf_text(&result), "events",
					 events);

		json_dumpf(json, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(json);
	}
	return rc == 0 ? 0 : ctl_fail(&err);
}
