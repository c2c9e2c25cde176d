/* replay_start: replay start and resume.
 *
 *   1. The job is found by its first digits and locked: an advisory lock of PostgreSQL, which goes with the connection,
 *      so one process publishes a job and a killed one leaves no lock.
 *   2. planned, running (of a process that was killed) or paused becomes running. The reason and who it was are noted
 *      before anything is published.
 *   3. replay_publish publishes what is not marked yet, and looks between two windows whether the job is still running:
 *      replay pause and cancel work by that.
 *   4. All of it is published: the job becomes published, and we wait for the writer to enter it, at most
 *      RESULT_WAIT_MS. A signal came: the job becomes paused. Somebody else moved it: it stays as it is, and we say
 *      how.
 *
 * A second signal only breaks off what PostgreSQL does (ctl.h, holds_job): how far we came is still to be stored.
 *
 * No header: run_replay_start and run_replay_resume stand in replay_commands.h. */
#include "ctl/replay/replay_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "ctl/replay/approval.h"
#include "ctl/replay/replay_publish.h"

enum { RESULT_BYTES_MAX = 1024, RATE_MAX = 100000, RESULT_WAIT_MS = 60000, RESULT_POLL_MS = 50 };

struct start {
	struct ctl *ctl;
	struct pg_link *link;
	struct replay_job job;
	struct replay_publish *publish;
	int64_t rate; /* messages a second, 0 without limit */
};

/* ---- beginning ---- */

static int lock_job(struct start *start, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(start->job.text));
	int rc = pg_exec(start->link, NULL,
			 "select pg_try_advisory_lock(hashtextextended('instroom replay ' || $1, 0))", &params, &rows,
			 NULL, err);

	if (rc == 0 && !pg_get_bool(rows, 0, 0))
		rc = err_set(err, ERR_DATA, "running", "another process is publishing this job");
	return rc;
}

static int begin_job(struct start *start, const char *reason, bool is_resumed, struct err *err)
{
	struct pg_params params;
	bool is_moved = false;

	if (start->job.lacks_approval)
		return err_set(err, ERR_DATA, "approval",
			       "another than its planner has to approve it first: instroomctl replay approve %.8s",
			       start->job.text);
	if (!reason && !start->job.has_reason)
		return err_set(err, ERR_DATA, "reason", "this job was never started: start it with --reason");
	int rc = lock_job(start, err);

	if (rc == 0)
		rc = replay_job_move(start->link, start->job.id,
				     is_resumed ? "running,paused" : "planned,running,paused", "running", &is_moved,
				     err);
	if (rc != 0)
		return approval_explain(rc, err);
	if (!is_moved)
		rc = err_set(err, ERR_DATA, "state", "this job is %s: there is nothing to publish", start->job.state);
	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_uuid(&params, start->job.id);
	if (reason)
		pg_add_text(&params, slice_of(reason));
	else
		pg_add_null(&params, PG_TEXT);
	pg_add_i32(&params, (int32_t)start->rate);
	rc = pg_exec(start->link, NULL,
		     "update register.replay_job set reason = coalesce($2, reason), rate = $3 where id = $1", &params,
		     NULL, NULL, err);
	return rc != 0 ? rc
		       : replay_job_note(start->link, start->job.id, is_resumed ? "resume" : "start",
					 reason ? reason : "", err);
}

/* ---- ending ---- */

static int await_result(struct start *start, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf result;
	int64_t end_ms = clock_ms() + RESULT_WAIT_MS, wanted = start->job.published;
	struct replay_job job = { 0 };
	int rc = 0;

	strbuf_init(&result, RESULT_BYTES_MAX);
	while ((rc = replay_job_find(start->link, start->job.text, &job, err)) == 0 && job.entered < wanted)
		if (clock_ms() >= end_ms || !app_wait(RESULT_POLL_MS))
			break;
	if (rc != 0)
		return rc;
	rc = replay_job_result(start->link, start->job.id, &result, err);
	if (rc != 0)
		return rc;
	printf("%lld of %lld messages are in the ledger: %s\n", (long long)job.entered, (long long)wanted,
	       strbuf_text(&result));
	if (replay_publish_missing(start->publish) > 0)
		printf("%lld deliveries were left out: the log no longer holds them\n",
		       (long long)replay_publish_missing(start->publish));
	if (job.entered < wanted)
		return err_set(err, ERR_RETRY, "waiting",
			       "not all of it is applied yet: see instroomctl replay show %s", start->job.text);
	return replay_job_note(start->link, start->job.id, "result", strbuf_text(&result), err);
}

static int end_published(struct start *start, struct err *err)
{
	bool is_moved = false;
	int rc = replay_job_move(start->link, start->job.id, "running", "published", &is_moved, err);

	if (rc == 0)
		rc = replay_job_note(start->link, start->job.id, "published", "", err);
	return rc != 0 ? rc : await_result(start, err);
}

static int end_stopped(struct start *start, struct err *err)
{
	struct replay_job now = { .state = "paused" };
	bool is_moved = false;
	int rc = replay_job_move(start->link, start->job.id, "running", "paused", &is_moved, err);

	if (rc == 0 && is_moved)
		rc = replay_job_note(start->link, start->job.id, "stop", "a signal came", err);
	if (rc == 0 && !is_moved)
		rc = replay_job_find(start->link, start->job.text, &now, err);
	if (rc != 0)
		return rc;
	if (strcmp(now.state, "paused") != 0)
		return err_set(err, ERR_STOP, "stop", "%lld of %lld are published; job %s is %s",
			       (long long)start->job.published, (long long)start->job.items, start->job.text,
			       now.state);
	return err_set(err, ERR_STOP, "stop", "%lld of %lld are published; instroomctl replay resume %s goes on",
		       (long long)start->job.published, (long long)start->job.items, start->job.text);
}

/* Of some the day key is missing: the job can be resumed. */
static int end_shut(struct start *start, struct err *err)
{
	bool is_moved = false;
	int rc = replay_job_move(start->link, start->job.id, "running", "paused", &is_moved, err);

	if (rc == 0 && is_moved)
		rc = replay_job_note(start->link, start->job.id, "stop", "day keys are missing", err);
	return rc != 0 ? rc
		       : err_set(err, ERR_RETRY, "day_key",
				 "%lld of %lld are published; of %lld the day key is missing: replay resume %.8s goes "
				 "on when it is back",
				 (long long)start->job.published, (long long)start->job.items,
				 (long long)replay_publish_shut(start->publish), start->job.text);
}

/* ---- the commands ---- */

/* As asked, else as the job had it, else that of the settings. */
static int64_t rate_of(const struct start *start, int64_t asked)
{
	if (asked >= 0)
		return asked;
	return start->job.rate >= 0 ? start->job.rate : start->ctl->config.replay_rate;
}

/* rate: -1 when none is asked for. */
static int start_job(struct start *start, const char *job, int64_t rate, bool is_resumed, struct err *err)
{
	enum replay_publish_end end = REPLAY_STOPPED;
	int rc = ctl_connect(start->ctl, true, &start->link, err);

	if (rc == 0)
		rc = replay_job_expire(start->link, start->ctl->config.replay_plan_keep_ms, err);
	if (rc == 0)
		rc = replay_job_find(start->link, job, &start->job, err);
	if (rc != 0)
		return rc;
	start->rate = rate_of(start, rate);
	rc = replay_publish_open(start->ctl, start->link, &start->job, start->rate, &start->publish, err);
	if (rc == 0)
		rc = begin_job(start, start->ctl->options[OPTION_REASON], is_resumed, err);
	if (rc == 0)
		rc = replay_publish_all(start->publish, &end, err);
	if (rc != 0)
		return rc;
	if (end == REPLAY_PUBLISHED && replay_publish_shut(start->publish) > 0)
		return end_shut(start, err);
	return end == REPLAY_PUBLISHED ? end_published(start, err) : end_stopped(start, err);
}

/* "5" or "5/s". */
static bool take_rate(const char *text, int64_t *ret)
{
	struct slice number = slice_of(text);
	uint64_t rate;

	if (number.n > 2 && memcmp(number.p + number.n - 2, "/s", 2) == 0)
		number.n -= 2;
	if (!num_parse_u64(number, RATE_MAX, &rate) || rate == 0)
		return false;
	*ret = (int64_t)rate;
	return true;
}

static int start_or_resume(struct ctl *ctl, bool is_resumed)
{
	struct start start = { .ctl = ctl };
	struct err err = { 0 };
	int64_t rate = -1;

	if (ctl_has(ctl, OPTION_RATE) && !take_rate(ctl->options[OPTION_RATE], &rate))
		return ctl_usage("--rate is messages a second, such as 20/s");
	ctl->holds_job = true;
	int rc = start_job(&start, ctl->arguments[0], rate, is_resumed, &err);

	replay_publish_close(start.publish);
	pg_link_close(start.link);
	return rc == 0 ? 0 : ctl_fail(&err);
}

int run_replay_start(struct ctl *ctl)
{
	return start_or_resume(ctl, false);
}

int run_replay_resume(struct ctl *ctl)
{
	return start_or_resume(ctl, true);
}
