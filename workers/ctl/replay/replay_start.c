/* replay_start: publishes what a job still owes the log, and tells what came of it.
 *
 * An item is marked after Kafka's acknowledgement. Killed between the two, the job publishes it again when it is resumed:
 * the same attempt of the same lines, which the writer takes for a repeat. One process a job, by an advisory lock. */
#include "ctl/replay/replay_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "ctl/base/raw_log.h"
#include "ctl/replay/replay_job.h"
#include "ctl/replay/replay_scope.h"
#include "kafka/kafka_producer.h"
#include "protocol/raw_message.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	WINDOW = 32, /* messages between two looks at the job's state */
	REPLAY_BYTES_MAX = 32 << 20,
	QUEUE_BYTES_MAX = 128 << 20,
	ARRAY_BYTES_MAX = 4096,
	RESULT_BYTES_MAX = 1024,
	RATE_MAX = 100000,
	RESULT_WAIT_MS = 60000,
	RESULT_POLL_MS = 50,
};

static const char ITEMS_SQL[] =
	"select position, attempt, reference_version, records from register.replay_item"
	" where job = $1 and published_at is null and position > $2 order by position limit 32";

static const char MARK_SQL[] = "update register.replay_item set published_at = now() where job = $1 and position = any($2)";

struct item {
	int64_t position;
	int32_t attempt;
	uint8_t reference_version[REFERENCE_VERSION_BYTES];
	int32_t *records;
	size_t record_count;
	bool is_put, is_acknowledged;
};

struct start {
	struct ctl *ctl;
	struct pg_link *link;
	struct kafka_reader *reader;
	struct kafka_producer *producer;
	struct replay_job job;
	int64_t rate; /* messages a second; 0: as fast as it goes */
	struct arena arena;
	struct strbuf message;
	struct item items[WINDOW];
	size_t item_count;
	int64_t after; /* position behind which the next window begins */
	int64_t left_out;
	const char *failure; /* a report's code */
};

static void take_report(void *self, const struct kafka_report *report)
{
	struct start *start = self;
	struct item *item = report->token;

	item->is_acknowledged = report->error == 0;
	if (report->error != 0)
		start->failure = report->code;
}

/* ---- one window ---- */

/* An int[] in binary: dimensions, flags, type, length, lower bound, then length and value of each. */
static bool read_array(struct slice array, struct arena *arena, int32_t **ret, size_t *ret_count)
{
	enum { HEAD = 20, ITEM = 8 };
	size_t count = array.n >= HEAD ? (array.n - HEAD) / ITEM : 0;

	*ret = arena_take(arena, count, sizeof **ret);
	*ret_count = count;
	for (size_t i = 0; *ret && i < count; i++) {
		const uint8_t *p = (const uint8_t *)array.p + HEAD + i * ITEM + sizeof(uint32_t);

		(*ret)[i] = (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
	}
	return *ret;
}

static int load_window(struct start *start, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	arena_reset(&start->arena);
	start->item_count = 0;
	pg_params_reset(&params);
	pg_add_uuid(&params, start->job.id);
	pg_add_i64(&params, start->after);
	int rc = pg_exec(start->link, "replay_items", ITEMS_SQL, &params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct item *item = &start->items[start->item_count++];

		*item = (struct item){ .position = pg_get_i64(rows, i, 0), .attempt = pg_get_i32(rows, i, 1) };
		memcpy(item->reference_version, pg_get_bytes(rows, i, 2).p, sizeof item->reference_version);
		if (!read_array(pg_get_bytes(rows, i, 3), &start->arena, &item->records, &item->record_count))
			rc = err_set(err, ERR_FULL, "arena", "no room for the items of a job");
		start->after = item->position;
	}
	return rc;
}

static int put(struct start *start, struct item *item, const struct wire_replay *replay, struct err *err)
{
	struct raw_message message;

	raw_message_of_replay(&message, replay, &start->message);
	if (!strbuf_ok(&start->message))
		return err_set(err, ERR_FULL, "replay", "a replay is larger than a message may be");
	item->is_put = true;
	for (;;) {
		int rc = kafka_producer_put(start->producer, start->ctl->config.topic.raw, KAFKA_ANY_PARTITION, message.key,
					    message.value, message.headers.items, message.headers.count, item, err);

		if (rc != -ERR_FULL)
			return rc;
		kafka_producer_poll(start->producer, RESULT_POLL_MS);
	}
}

static int publish(struct start *start, struct item *item, struct err *err)
{
	struct wire_replay replay = { 0 };
	struct wire_delivery original;
	enum raw_found found = RAW_GONE;
	size_t mark = start->arena.used_bytes;
	int rc = raw_log_read(start->ctl, start->reader, item->position, &start->arena, &found, &original, err);

	if (rc != 0)
		return rc;
	if (found != RAW_FOUND ||
	    !replay_cut(&original, item->records, item->record_count, &start->arena, &replay.delivery)) {
		start->left_out++;
		return 0;
	}
	memcpy(replay.delivery.header.reference_version, item->reference_version, sizeof item->reference_version);
	replay.delivery.attempt = item->attempt;
	replay.record_numbers.items = item->records;
	replay.record_numbers.count = item->record_count;
	memcpy(replay.job_id, start->job.id, sizeof replay.job_id);
	rc = put(start, item, &replay, err);
	start->arena.used_bytes = mark;
	return rc;
}

static int mark_published(struct start *start, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf positions;
	struct pg_params params;
	int32_t count = 0;

	strbuf_init(&positions, ARRAY_BYTES_MAX);
	pg_array_begin(&positions, PG_I64);
	for (size_t i = 0; i < start->item_count; i++)
		if (start->items[i].is_acknowledged) {
			pg_array_add_i64(&positions, start->items[i].position);
			count++;
		}
	pg_array_end(&positions, 0, count);
	if (count == 0)
		return 0;
	pg_params_reset(&params);
	pg_add_uuid(&params, start->job.id);
	pg_add_array(&params, PG_I64_ARRAY, strbuf_slice(&positions));
	start->job.published += count;
	return pg_exec(start->link, "replay_mark", MARK_SQL, &params, NULL, NULL, err);
}

/* false: the rate's pause was cut short by a signal. */
static bool keep_rate(const struct start *start, int64_t begun_ms, size_t messages)
{
	int64_t due_ms = start->rate == 0 ? 0 : (int64_t)messages * 1000 / start->rate;
	int64_t left_ms = begun_ms + due_ms - clock_ms();

	return left_ms <= 0 ? stop_poll() == STOP_NONE : app_wait((uint32_t)left_ms);
}

/* Publishes the window in steps of at most a second's worth. *ret_goes_on false: a signal came. */
static int publish_window(struct start *start, bool *ret_goes_on, struct err *err)
{
	size_t step = start->rate == 0 ? WINDOW : (size_t)MIN(start->rate, (int64_t)WINDOW);
	struct err second;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < start->item_count && *ret_goes_on; at += step) {
		int64_t begun_ms = clock_ms();
		size_t end = MIN(at + step, start->item_count);

		for (size_t i = at; rc == 0 && i < end; i++)
			rc = publish(start, &start->items[i], err);
		int flushed = kafka_producer_flush(start->producer, CTL_WAIT_MS, rc == 0 ? err : &second);

		rc = rc != 0 ? rc : flushed;
		if (rc == 0 && start->failure)
			rc = err_set(err, ERR_RETRY, start->failure, "Kafka did not take a replay: resume the job later");
		int marked = mark_published(start, rc == 0 ? err : &second);

		rc = rc != 0 ? rc : marked;
		for (size_t i = at; i < end; i++)
			start->items[i].is_acknowledged = false; /* marked */
		*ret_goes_on = rc == 0 && keep_rate(start, begun_ms, end - at);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r  published %lld of %lld ", (long long)start->job.published,
				(long long)start->job.items);
	}
	return rc;
}

/* ---- the job ---- */

static int is_running(struct start *start, bool *ret, struct err *err)
{
	struct replay_job job;
	int rc = replay_job_find(start->link, start->job.text, &job, err);

	*ret = rc == 0 && strcmp(job.state, "running") == 0;
	return rc;
}

static int publish_all(struct start *start, bool *ret_is_done, struct err *err)
{
	bool goes_on = true;
	int rc = 0;

	*ret_is_done = false;
	while (rc == 0 && goes_on) {
		rc = is_running(start, &goes_on, err);
		if (rc == 0 && goes_on)
			rc = load_window(start, err);
		if (rc != 0 || !goes_on)
			break;
		if (start->item_count == 0) {
			*ret_is_done = true;
			break;
		}
		rc = publish_window(start, &goes_on, err);
	}
	if (isatty(STDERR_FILENO))
		fputs("\n", stderr);
	return rc;
}

static int await_result(struct start *start, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf result;
	int64_t end_ms = clock_ms() + RESULT_WAIT_MS, wanted = start->job.published;
	struct replay_job job = { 0 };
	int rc = 0;

	while ((rc = replay_job_find(start->link, start->job.text, &job, err)) == 0 && job.entered < wanted)
		if (clock_ms() >= end_ms || !app_wait(RESULT_POLL_MS))
			break;
	if (rc != 0)
		return rc;
	strbuf_init(&result, RESULT_BYTES_MAX);
	rc = replay_job_result(start->link, start->job.id, &result, err);
	if (rc != 0)
		return rc;
	printf("%lld of %lld messages are in the ledger: %s\n", (long long)job.entered, (long long)wanted,
	       strbuf_text(&result));
	if (start->left_out > 0)
		printf("%lld deliveries were left out: the log no longer holds them\n", (long long)start->left_out);
	if (job.entered < wanted)
		return err_set(err, ERR_RETRY, "waiting",
			       "not all of it is applied yet: instroomctl replay show %s tells", start->job.text);
	return replay_job_note(start->link, start->job.id, "result", strbuf_text(&result), err);
}

static int end_job(struct start *start, bool is_done, struct err *err)
{
	bool is_moved = false;
	int rc;

	if (is_done) {
		rc = replay_job_move(start->link, start->job.id, "running", "published", &is_moved, err);
		if (rc == 0)
			rc = replay_job_note(start->link, start->job.id, "published", "", err);
		return rc != 0 ? rc : await_result(start, err);
	}
	rc = replay_job_move(start->link, start->job.id, "running", "paused", &is_moved, err);
	if (rc == 0 && is_moved)
		rc = replay_job_note(start->link, start->job.id, "stop", "a signal came", err);
	struct replay_job now = { .state = "paused" };

	if (rc == 0 && !is_moved)
		rc = replay_job_find(start->link, start->job.text, &now, err);
	if (rc == 0 && strcmp(now.state, "paused") != 0)
		rc = err_set(err, ERR_STOP, "stop", "%lld of %lld are published; job %s is %s",
			     (long long)start->job.published, (long long)start->job.items, start->job.text, now.state);
	else if (rc == 0)
		rc = err_set(err, ERR_STOP, "stop", "%lld of %lld are published; instroomctl replay resume %s goes on",
			     (long long)start->job.published, (long long)start->job.items, start->job.text);
	return rc;
}

/* One process a job. The lock goes with the connection. */
static int lock_job(struct start *start, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(start->job.text));
	int rc = pg_exec(start->link, NULL, "select pg_try_advisory_lock(hashtextextended('instroom replay ' || $1, 0))",
			 &params, &rows, NULL, err);

	if (rc == 0 && !pg_get_bool(rows, 0, 0))
		rc = err_set(err, ERR_DATA, "running", "another process is publishing this job");
	return rc;
}

static int begin_job(struct start *start, const char *reason, bool is_resumed, struct err *err)
{
	struct pg_params params;
	bool is_moved = false;

	if (!reason && !start->job.has_reason)
		return err_set(err, ERR_DATA, "reason", "this job was never started: start it with --reason");
	int rc = lock_job(start, err);

	if (rc == 0)
		rc = replay_job_move(start->link, start->job.id,
				     is_resumed ? "running,paused" : "planned,running,paused", "running", &is_moved, err);
	if (rc == 0 && !is_moved)
		rc = err_set(err, ERR_DATA, "state", "this job is %s: there is nothing to publish", start->job.state);
	if (rc != 0)
		return rc;
	pg_params_reset(&params);
	pg_add_uuid(&params, start->job.id);
	pg_add_text(&params, slice_of(reason ? reason : ""));
	if (reason)
		rc = pg_exec(start->link, NULL, "update register.replay_job set reason = $2 where id = $1", &params,
			     NULL, NULL, err);
	return rc != 0 ? rc
		       : replay_job_note(start->link, start->job.id, is_resumed ? "resume" : "start",
					 reason ? reason : "", err);
}

static int open_start(struct start *start, const char *job, struct err *err)
{
	struct kafka_producer_options options = { .message_bytes_max = REPLAY_BYTES_MAX,
						  .delivery_timeout_ms = CTL_WAIT_MS,
						  .queue_bytes_max = QUEUE_BYTES_MAX,
						  .compression = "lz4" };
	int rc = arena_init(&start->arena, (size_t)1 << 30, 64 << 20, err);

	strbuf_init(&start->message, REPLAY_BYTES_MAX);
	if (rc == 0)
		rc = ctl_connect(start->ctl, true, &start->link, err);
	if (rc == 0)
		rc = replay_job_find(start->link, job, &start->job, err);
	if (rc == 0)
		rc = kafka_reader_open(&start->ctl->kafka, CTL_MESSAGE_BYTES_MAX, &start->reader, err);
	if (rc == 0)
		rc = kafka_producer_open(&start->ctl->kafka, &options, take_report, start, &start->producer, err);
	return rc;
}

static void close_start(struct start *start)
{
	if (start->producer)
		kafka_producer_close(start->producer);
	if (start->reader)
		kafka_reader_close(start->reader);
	pg_link_close(start->link);
	strbuf_release(&start->message);
	arena_release(&start->arena);
}

static int run_start(struct ctl *ctl, const char *job, const char *reason, int64_t rate, bool is_resumed)
{
	struct start start = { .ctl = ctl, .rate = rate };
	struct err err = { 0 };
	bool is_done = false;

	ctl->holds_job = true; /* how far it came is still to be stored */
	int rc = open_start(&start, job, &err);

	if (rc == 0)
		rc = begin_job(&start, reason, is_resumed, &err);
	if (rc == 0)
		rc = publish_all(&start, &is_done, &err);
	if (rc == 0)
		rc = end_job(&start, is_done, &err);
	close_start(&start);
	return rc == 0 ? 0 : ctl_fail(&err);
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
	const char *rate_text = ctl->options[OPTION_RATE];
	int64_t rate = 0;

	if (rate_text && !take_rate(rate_text, &rate))
		return ctl_usage("--rate is messages a second, such as 20/s");
	return run_start(ctl, ctl->arguments[0], ctl->options[OPTION_REASON], rate, is_resumed);
}

int run_replay_start(struct ctl *ctl)
{
	return start_or_resume(ctl, false);
}

int run_replay_resume(struct ctl *ctl)
{
	return start_or_resume(ctl, true);
}
