/* wait: until the writer has applied all that was in the raw topic at the call. A server that is away meanwhile, as
 * during a failover, is waited for as well, as long as the call may last.
 *
 * No header: run_wait stands in deliver_commands.h. */
#include "ctl/deliver/deliver_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "kafka/kafka_reader.h"

#include <unistd.h>

enum { PARTITIONS_MAX = 4096, POLL_MS = 20, SHOW_EVERY_MS = 200, STILL_MS = 300, AWAY_MS = 500 };

struct ends {
	struct kafka_reader *reader;
	int32_t count;
	int64_t raw[PARTITIONS_MAX];	 /* behind the last message, as far as that was asked */
	int64_t applied[PARTITIONS_MAX]; /* the register's next_raw, as last read */
	int64_t asked[PARTITIONS_MAX];	 /* where it stood when Kafka was asked what lies above it */
};

static int read_ends(struct ctl *ctl, struct ends *ret, struct err *err)
{
	struct kafka_topic_range range;
	int rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &ret->reader, err);

	if (rc != 0)
		return rc;
	rc = kafka_reader_partitions(ret->reader, ctl->config.topic.raw, CTL_WAIT_MS, &ret->count, err);
	for (int32_t p = 0; rc == 0 && p < MIN(ret->count, (int32_t)PARTITIONS_MAX); p++) {
		rc = kafka_reader_range(ret->reader, ctl->config.topic.raw, p, CTL_WAIT_MS, &range, err);
		ret->raw[p] = range.high;
		ret->asked[p] = -1;
	}
	return rc;
}

/* Where a partition no longer moves the rest may be markers of transactions, which nobody applies. Asked once a
 * place. */
static int pass_empty(struct ctl *ctl, struct ends *ends, struct err *err)
{
	for (int32_t p = 0; p < MIN(ends->count, (int32_t)PARTITIONS_MAX); p++) {
		int64_t next = ends->applied[p];
		bool holds = true;

		if (next >= ends->raw[p] || ends->asked[p] == next)
			continue;
		int rc = kafka_reader_holds(ends->reader, ctl->config.topic.raw, p, next, ends->raw[p], CTL_WAIT_MS,
					    &holds, err);

		if (rc != 0 && rc != -ERR_DATA) /* outside the log: status says why */
			return rc;
		ends->asked[p] = next;
		if (!holds)
			ends->raw[p] = next;
	}
	return 0;
}

/* Sums over the partitions: what must be applied, and what is. */
static int read_applied(struct ctl *ctl, struct pg_link *link, struct ends *ends, int64_t *ret_left, int64_t *ret_all,
			int32_t *ret_parked, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	int rc = pg_exec(link, "progress",
			 "select partition, next_raw, parked is not null from register.cursor where topic = $1",
			 &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	*ret_left = *ret_all = 0;
	*ret_parked = 0;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		int32_t p = pg_get_i32(rows, i, 0);

		if (p < 0 || p >= ends->count || p >= PARTITIONS_MAX)
			continue;
		ends->applied[p] = pg_get_i64(rows, i, 1);
		*ret_all += ends->raw[p];
		*ret_left += MAX(ends->raw[p] - ends->applied[p], 0);
		*ret_parked += pg_get_bool(rows, i, 2);
	}
	return 0;
}

/* Not there for the moment: true, after a pause. */
static bool may_go_on(int rc, int64_t end_ms)
{
	return rc == -ERR_RETRY && clock_ms() < end_ms && app_wait(AWAY_MS);
}

static int find_ends(struct ctl *ctl, struct ends *ret, int64_t end_ms, struct err *err)
{
	for (;;) {
		int rc = read_ends(ctl, ret, err);

		if (!may_go_on(rc, end_ms))
			return rc;
		kafka_reader_close(ret->reader);
		ret->reader = NULL;
	}
}

static int ask_applied(struct ctl *ctl, struct pg_link *link, struct ends *ends, int64_t *ret_left, int64_t *ret_all,
		       int32_t *ret_parked, struct err *err)
{
	int rc = pg_link_connect(link, err);

	return rc != 0 ? rc : read_applied(ctl, link, ends, ret_left, ret_all, ret_parked, err);
}

static void show(int64_t left, int64_t first_left)
{
	int64_t done = first_left - left, width = 40;
	int64_t filled = first_left > 0 ? done * width / first_left : width;

	fprintf(stderr, "\r  judged and written [%.*s%*s] %lld of %lld deliveries ", (int)filled,
		"########################################", (int)(width - filled), "", (long long)done,
		(long long)first_left);
}

static int wait_applied(struct ctl *ctl, struct pg_link *link, int64_t end_ms, bool shows_progress, bool *ret_done,
			struct err *err)
{
	static struct ends ends;
	int64_t left = 0, all = 0, first_left = -1, shown_ms = 0;
	int64_t last_left = -1, moved_ms = 0;
	int32_t parked = 0;
	bool is_terminal = shows_progress && isatty(STDERR_FILENO);
	int rc = find_ends(ctl, &ends, end_ms, err);

	while (rc == 0) {
		rc = ask_applied(ctl, link, &ends, &left, &all, &parked, err);
		if (may_go_on(rc, end_ms)) {
			rc = 0;
			continue;
		}
		if (rc != 0)
			break;
		first_left = first_left < 0 ? left : first_left;
		if (left != last_left)
			moved_ms = clock_ms();
		last_left = left;
		if (left > 0 && clock_ms() - moved_ms >= STILL_MS)
			rc = pass_empty(ctl, &ends, err);
		if (may_go_on(rc, end_ms))
			rc = 0;
		if (is_terminal && (left == 0 || clock_ms() - shown_ms >= SHOW_EVERY_MS)) {
			show(left, first_left);
			shown_ms = clock_ms();
		}
		if (left == 0 || clock_ms() >= end_ms || !app_wait(POLL_MS))
			break;
	}
	kafka_reader_close(ends.reader);
	if (is_terminal)
		fputs("\n", stderr);
	if (rc == 0 && parked > 0)
		fprintf(stderr, "instroomctl: %d partitions are parked; instroomctl status says why\n", parked);
	*ret_done = rc == 0 && left == 0;
	return rc;
}

int run_wait(struct ctl *ctl)
{
	const char *timeout = ctl_has(ctl, OPTION_TIMEOUT) ? ctl->options[OPTION_TIMEOUT] : "600";
	bool is_quiet = ctl_has(ctl, OPTION_QUIET), is_done = false;
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct err err = { 0 };

	int64_t seconds;

	if (!num_parse_i64(slice_of(timeout), 0, 86400, &seconds))
		return ctl_usage("--timeout is a number of seconds, at most a day");
	int64_t end_ms = clock_ms() + seconds * 1000;
	int rc;

	do
		rc = ctl_connect(ctl, false, &link, &err);
	while (may_go_on(rc, end_ms));
	if (rc == 0)
		rc = wait_applied(ctl, link, end_ms, !is_quiet, &is_done, &err);
	if (rc != 0)
		return ctl_fail(&err);
	if (!is_done && !is_quiet)
		fprintf(stderr,
			"instroomctl: not all is applied after %lld s; instroomctl status says where it stands\n",
			(long long)seconds);
	return is_done ? 0 : EXIT_ANSWER_IS_NO;
}
