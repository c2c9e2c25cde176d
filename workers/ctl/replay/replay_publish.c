#include "ctl/replay/replay_publish.h"

#include "base/clock.h"
#include "ctl/base/publish.h"
#include "ctl/base/raw_log.h"
#include "ctl/replay/replay_scope.h"
#include "kafka/kafka_producer.h"
#include "protocol/raw_message.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	WINDOW = 32,  /* items read at once; ITEMS_SQL has it too */
	STEP_MAX = 8, /* messages between two looks at the job's state */
	LOOK_EVERY_MS = 250,
	MESSAGE_BYTES_MAX = 32 << 20,
	QUEUE_BYTES_MAX = 128 << 20,
	ARENA_BYTES_MAX = 1 << 30,
	ARENA_BYTES_KEPT = 64 << 20,
	ARRAY_BYTES_MAX = 4096,
	QUEUE_WAIT_MS = 50,
};

static const char ITEMS_SQL[] =
	"select position, attempt, reference_version, records from register.replay_item"
	" where job = $1 and published_at is null and position > $2 order by position limit 32";

static const char MARK_SQL[] =
	"update register.replay_item set published_at = now() where job = $1 and position = any($2)";

struct item {
	int64_t position;
	int32_t attempt;
	uint8_t reference_version[REFERENCE_VERSION_BYTES];
	int32_t *records;
	size_t record_count;
	bool is_acknowledged;
};

struct replay_publish {
	struct ctl *ctl;
	struct pg_link *link;
	struct replay_job *job;
	struct kafka_reader *reader;
	struct kafka_producer *producer;
	int64_t rate;
	int32_t partitions; /* of the raw topic */
	struct arena arena; /* of one window */
	struct strbuf message;
	struct item items[WINDOW];
	size_t item_count;
	int64_t after; /* position behind which the next window begins */
	int64_t missing;
	int64_t shut;		  /* their day keys are missing */
	int failure;		  /* a report's error, 0: none */
	const char *failure_code; /* and its code */
};

static void keep_report(void *self, const struct kafka_report *report)
{
	struct replay_publish *publish = self;
	struct item *item = report->token;

	item->is_acknowledged = report->error == 0;
	if (report->error != 0) {
		publish->failure = report->error;
		publish->failure_code = report->code;
	}
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

static int load_window(struct replay_publish *publish, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	arena_reset(&publish->arena);
	publish->item_count = 0;
	pg_params_reset(&params);
	pg_add_uuid(&params, publish->job->id);
	pg_add_i64(&params, publish->after);
	int rc = pg_exec(publish->link, "replay_items", ITEMS_SQL, &params, &rows, NULL, err);

	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		struct item *item = &publish->items[publish->item_count++];

		*item = (struct item){ .position = pg_get_i64(rows, i, 0), .attempt = pg_get_i32(rows, i, 1) };
		memcpy(item->reference_version, pg_get_bytes(rows, i, 2).p, sizeof item->reference_version);
		if (!read_array(pg_get_bytes(rows, i, 3), &publish->arena, &item->records, &item->record_count))
			rc = err_set(err, ERR_FULL, "arena", "no memory for the items of a job");
		publish->after = item->position;
	}
	return rc;
}

static int put(struct replay_publish *publish, struct item *item, const struct wire_replay *replay, struct err *err)
{
	struct raw_message message;

	raw_message_of_replay(&message, replay, &publish->message);
	if (!strbuf_ok(&publish->message))
		return err_set(err, ERR_FULL, "replay", "a replay is larger than a message may be");
	for (;;) {
		int rc = kafka_producer_produce(publish->producer, publish->ctl->config.topic.raw,
						partitioning_of_key(message.key, publish->partitions), message.key,
						message.value, message.headers.items, message.headers.count, item, err);

		if (rc != -ERR_FULL)
			return rc;
		kafka_producer_poll(publish->producer, QUEUE_WAIT_MS);
	}
}

static int publish_item(struct replay_publish *publish, struct item *item, struct err *err)
{
	struct wire_replay replay = { 0 };
	struct wire_delivery original;
	enum raw_found found = RAW_GONE;
	size_t mark = publish->arena.used_bytes;
	int rc = raw_log_read(publish->ctl, publish->reader, item->position, &publish->arena, &found, &original, err);

	if (kafka_reader_lacks_key(rc, err)) {
		publish->shut++;
		return 0;
	}
	if (rc != 0)
		return rc;
	if (found != RAW_FOUND ||
	    !replay_cut(&original, item->records, item->record_count, &publish->arena, &replay.delivery)) {
		publish->missing++;
		return 0;
	}
	memcpy(replay.delivery.header.reference_version, item->reference_version, sizeof item->reference_version);
	replay.delivery.attempt = item->attempt;
	replay.record_numbers.items = item->records;
	replay.record_numbers.count = item->record_count;
	memcpy(replay.job_id, publish->job->id, sizeof replay.job_id);
	rc = put(publish, item, &replay, err);
	publish->arena.used_bytes = mark;
	return rc;
}

static int mark_published(struct replay_publish *publish, struct err *err)
{
	CLEANUP(strbuf_drop) struct strbuf positions;
	struct pg_params params;
	int32_t count = 0;

	strbuf_init(&positions, ARRAY_BYTES_MAX);
	pg_array_begin(&positions, PG_I64);
	for (size_t i = 0; i < publish->item_count; i++)
		if (publish->items[i].is_acknowledged) {
			pg_array_add_i64(&positions, publish->items[i].position);
			count++;
		}
	pg_array_end(&positions, 0, count);
	if (count == 0)
		return 0;
	pg_params_reset(&params);
	pg_add_uuid(&params, publish->job->id);
	pg_add_array(&params, PG_I64_ARRAY, strbuf_slice(&positions));
	publish->job->published += count;
	return pg_exec(publish->link, "replay_mark", MARK_SQL, &params, NULL, NULL, err);
}

static int is_running(struct replay_publish *publish, bool *ret, struct err *err)
{
	struct replay_job job;
	int rc = replay_job_find(publish->link, publish->job->text, &job, err);

	*ret = rc == 0 && strcmp(job.state, "running") == 0;
	return rc;
}

/* Waits as the rate wants it, and looks meanwhile whether the job is still running. *ret_goes_on false: a signal came,
 * or somebody paused or cancelled it. */
static int keep_rate(struct replay_publish *publish, int64_t begun_ms, size_t messages, bool *ret_goes_on,
		     struct err *err)
{
	int64_t due_ms = begun_ms + (publish->rate == 0 ? 0 : (int64_t)messages * 1000 / publish->rate), left_ms;
	int rc = 0;

	*ret_goes_on = stop_poll() == STOP_NONE;
	while (rc == 0 && *ret_goes_on && (left_ms = due_ms - clock_ms()) > 0) {
		if (!app_wait((uint32_t)MIN(left_ms, (int64_t)LOOK_EVERY_MS)))
			*ret_goes_on = false;
		else
			rc = is_running(publish, ret_goes_on, err);
	}
	return rc;
}

/* Publishes the window in steps of at most LOOK_EVERY_MS, with a look at the job before each. *ret_goes_on false: a
 * signal came, or the job is no longer running. */
static int publish_window(struct replay_publish *publish, bool *ret_goes_on, struct err *err)
{
	size_t step = publish->rate == 0
			      ? STEP_MAX
			      : (size_t)MAX(MIN(publish->rate * LOOK_EVERY_MS / 1000, (int64_t)STEP_MAX), (int64_t)1);
	struct err second;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < publish->item_count && *ret_goes_on; at += step) {
		int64_t begun_ms = clock_ms();
		size_t end = MIN(at + step, publish->item_count);

		rc = is_running(publish, ret_goes_on, err);
		if (rc != 0 || !*ret_goes_on)
			break;
		for (size_t i = at; rc == 0 && i < end; i++)
			rc = publish_item(publish, &publish->items[i], err);
		int flushed = kafka_producer_flush(publish->producer, CTL_WAIT_MS, &second);

		rc = err_first(rc, err, flushed, &second);
		if (rc == 0 && publish->failure != 0)
			rc = publish_fail(publish->failure, publish->failure_code,
					  "a replay (resume the job when it does)", publish->ctl->config.topic.raw,
					  err);
		int marked = mark_published(publish, &second);

		rc = err_first(rc, err, marked, &second);
		for (size_t i = at; i < end; i++)
			publish->items[i].is_acknowledged = false; /* marked */
		if (rc == 0)
			rc = keep_rate(publish, begun_ms, end - at, ret_goes_on, err);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r  published %lld of %lld ", (long long)publish->job->published,
				(long long)publish->job->items);
	}
	return rc;
}

/* ---- all of it ---- */

int replay_publish_all(struct replay_publish *publish, enum replay_publish_end *ret, struct err *err)
{
	bool goes_on = true;
	int rc = 0;

	*ret = REPLAY_STOPPED;
	while (rc == 0 && goes_on) {
		rc = is_running(publish, &goes_on, err);
		if (rc == 0 && goes_on)
			rc = load_window(publish, err);
		if (rc != 0 || !goes_on)
			break;
		if (publish->item_count == 0) {
			*ret = REPLAY_PUBLISHED;
			break;
		}
		rc = publish_window(publish, &goes_on, err);
	}
	if (isatty(STDERR_FILENO))
		fputs("\n", stderr);
	return rc;
}

int64_t replay_publish_missing(const struct replay_publish *publish)
{
	return publish->missing;
}

int64_t replay_publish_shut(const struct replay_publish *publish)
{
	return publish->shut;
}

int replay_publish_open(struct ctl *ctl, struct pg_link *link, struct replay_job *job, int64_t rate,
			struct replay_publish **ret, struct err *err)
{
	struct kafka_producer_options options = { .message_bytes_max = MESSAGE_BYTES_MAX,
						  .delivery_timeout_ms = CTL_WAIT_MS,
						  .queue_bytes_max = QUEUE_BYTES_MAX,
						  .compression = "lz4" };
	struct replay_publish *publish = calloc(1, sizeof *publish);

	if (!publish)
		return err_set(err, ERR_FATAL, "memory", "no memory for a job");
	publish->ctl = ctl;
	publish->link = link;
	publish->job = job;
	publish->rate = rate;
	strbuf_init(&publish->message, MESSAGE_BYTES_MAX);
	int rc = arena_init(&publish->arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);

	if (rc == 0)
		rc = raw_log_partitions(ctl, link, &publish->partitions, err);
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &publish->reader, err);
	if (rc == 0)
		rc = kafka_producer_open(&ctl->kafka, &options, keep_report, publish, &publish->producer, err);
	if (rc == 0)
		*ret = publish;
	else
		replay_publish_close(publish);
	return rc;
}

void replay_publish_close(struct replay_publish *publish)
{
	if (!publish)
		return;
	if (publish->producer)
		kafka_producer_close(publish->producer);
	if (publish->reader)
		kafka_reader_close(publish->reader);
	strbuf_release(&publish->message);
	arena_release(&publish->arena);
	free(publish);
}
