/* status: where each partition stands, what waits, how long it will take, and why it waits; once, or again and again.
 *
 * The rate is what the register applied between two looks: those of --watch, or one more a second later when something
 * waits. So it is right in every state: nothing applied is a rate of 0 and no ETA.
 *
 * No header: run_status stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "ctl/look/standing.h"

#include <time.h>
#include <unistd.h>

enum { SAMPLE_MS = 1000, WATCH_SECONDS_MAX = 3600, WHY_BYTES = 96 };

static const struct output_column STANDING_COLUMNS[] = {
	{ "partition", "part", COLUMN_NUMBER },
	{ "raw_end", NULL, COLUMN_NUMBER },
	{ "raw_applied", NULL, COLUMN_NUMBER },
	{ "verdict_end", NULL, COLUMN_NUMBER },
	{ "verdict_applied", NULL, COLUMN_NUMBER },
	{ "to_judge", "to judge", COLUMN_NUMBER },
	{ "to_write", "to write", COLUMN_NUMBER },
	{ "rate", "rate/s", COLUMN_NUMBER },
	{ "eta_seconds", "eta s", COLUMN_NUMBER },
	{ "oldest_seconds", "oldest s", COLUMN_NUMBER },
	{ "cache", "cache", COLUMN_TEXT },
	{ "validator", NULL, COLUMN_TEXT },
	{ "writer", NULL, COLUMN_TEXT },
	{ "parked", NULL, COLUMN_TEXT },
	{ "moved_at", NULL, COLUMN_TEXT },
	{ "why", "why it waits", COLUMN_TEXT },
};

struct status {
	struct ctl *ctl;
	struct standings *now;
	int64_t *applied; /* at the look before, by partition */
	int64_t applied_at_ms, read_at_ms;
};

/* "Kafka: credentials", for a cause that has a word (base/peer_cause.h, or a SQLSTATE); the sentence stands below the
 * table. Of an open line there is none: "Kafka is away". */
static const char *why_no_answer(const char *peer, const struct err *err, char ret[WHY_BYTES])
{
	bool is_away = err->kind == ERR_RETRY && (err->code[0] == '_' || strcmp(err->code, "connection") == 0);

	if (is_away || !err->code[0])
		snprintf(ret, WHY_BYTES, "%s is away", peer);
	else
		snprintf(ret, WHY_BYTES, "%s: %s", peer, err->code);
	return ret;
}

static const char *why_of(const struct standings *standings, const struct partition_standing *s, char ret[WHY_BYTES])
{
	int64_t to_judge = standing_to_judge(s), to_write = standing_to_write(s);

	if (s->parked[0])
		return "parked";
	if (!standings->has_kafka)
		return why_no_answer("Kafka", &standings->kafka_err, ret);
	if (!standings->has_register)
		return why_no_answer("the register", &standings->register_err, ret);
	if (to_write == 0)
		return "";
	if (s->lacks_key)
		return "a day key is missing";
	if (to_judge > 0 && standings->has_groups && !s->validator[0])
		return "no validator";
	if (to_judge == 0 && standings->has_groups && !s->writer[0])
		return "no writer";
	return to_judge > 0 ? "to be judged" : "to be written";
}

static int64_t rate_of(const struct status *status, int32_t partition)
{
	int64_t ms = status->read_at_ms - status->applied_at_ms;
	const struct partition_standing *s = &status->now->items[partition];

	if (status->applied_at_ms == 0 || ms <= 0 || s->next_raw < 0 || status->applied[partition] < 0)
		return STANDING_UNKNOWN;
	return MAX(s->next_raw - status->applied[partition], (int64_t)0) * 1000 / ms;
}

static void add_known(struct output *out, int64_t number)
{
	if (number >= 0)
		output_number(out, number);
	else
		output_absent(out);
}

static void add_name(struct output *out, const char *text)
{
	if (text[0])
		output_text(out, slice_of(text));
	else
		output_absent(out);
}

static void add_standing(const struct status *status, struct output *out, int32_t partition)
{
	static const char *const CACHES[] = { [CACHE_UNKNOWN] = "", [CACHE_COLD] = "cold", [CACHE_WARM] = "warm" };
	const struct partition_standing *s = &status->now->items[partition];
	char why[WHY_BYTES];
	int64_t rate = rate_of(status, partition), to_write = standing_to_write(s);
	int64_t age = s->oldest_ms > 0 ? MAX((int64_t)time(NULL) - s->oldest_ms / 1000, (int64_t)0) : s->oldest_ms;

	output_number(out, partition);
	add_known(out, s->raw_end);
	add_known(out, s->next_raw);
	add_known(out, s->verdict_end);
	add_known(out, s->next_verdict);
	add_known(out, standing_to_judge(s));
	add_known(out, to_write);
	add_known(out, to_write == 0 ? STANDING_UNKNOWN : rate);
	add_known(out, to_write > 0 && rate > 0 ? (to_write + rate - 1) / rate : STANDING_UNKNOWN);
	add_known(out, to_write == 0 ? STANDING_UNKNOWN : age);
	add_name(out, CACHES[s->cache]);
	add_name(out, s->validator);
	add_name(out, s->writer);
	add_name(out, s->parked);
	add_name(out, s->moved_at);
	add_name(out, why_of(status->now, s, why));
}

/* Sums below the table, and which servers did not answer. */
static void print_sums(const struct status *status)
{
	const struct standings *now = status->now;
	int64_t to_judge = 0, to_write = 0, rate = 0;

	for (int32_t p = 0; p < now->count; p++) {
		to_judge += MAX(standing_to_judge(&now->items[p]), (int64_t)0);
		to_write += MAX(standing_to_write(&now->items[p]), (int64_t)0);
		rate += MAX(rate_of(status, p), (int64_t)0);
	}
	if (now->has_kafka && now->has_register)
		printf("%lld to judge, %lld to write", (long long)to_judge, (long long)to_write);
	else
		printf("what waits is not known");
	if (to_write > 0 && rate > 0)
		printf("; %lld a second, done in about %lld s", (long long)rate,
		       (long long)((to_write + rate - 1) / rate));
	puts("");
	for (int32_t p = 0; p < now->count; p++)
		if (now->items[p].parked[0])
			printf("partition %d is parked: %s\n", p, now->items[p].parked);
}

static void tell_away(const struct standings *now)
{
	if (!now->has_register)
		fprintf(stderr, "instroomctl: the register does not serve us: %s\n", now->register_err.text);
	if (!now->has_kafka)
		fprintf(stderr, "instroomctl: Kafka does not serve us: %s\n", now->kafka_err.text);
	if (now->has_kafka && !now->has_groups)
		fprintf(stderr, "instroomctl: who has which partition is not known: %s\n", now->groups_err.text);
	if (!now->has_cache)
		fprintf(stderr, "instroomctl: the cache is not known: %s\n", now->cache_err.text);
}

static int print_status(const struct status *status, struct err *err)
{
	CLEANUP(output_release) struct output out = { 0 };

	output_init(&out, status->ctl->output, STANDING_COLUMNS, ARRAY_LEN(STANDING_COLUMNS));
	for (int32_t p = 0; p < status->now->count; p++)
		add_standing(status, &out, p);
	int rc = output_print(&out, stdout, err);

	if (rc == 0 && status->ctl->output == OUTPUT_TEXT)
		print_sums(status);
	fflush(stdout);
	return rc;
}

static bool something_waits(const struct standings *standings)
{
	for (int32_t p = 0; p < standings->count; p++)
		if (standing_to_write(&standings->items[p]) > 0)
			return true;
	return false;
}

static void keep_applied(struct status *status)
{
	for (int32_t p = 0; p < STANDING_PARTITIONS_MAX; p++)
		status->applied[p] = status->now->items[p].next_raw;
	status->applied_at_ms = status->read_at_ms;
}

static void look(struct status *status)
{
	standings_read(status->ctl, status->now);
	status->read_at_ms = clock_ms();
	if (status->applied_at_ms != 0 || !something_waits(status->now))
		return;
	keep_applied(status);
	if (app_wait(SAMPLE_MS) && standings_applied(status->ctl, status->now))
		status->read_at_ms = clock_ms();
}

/* Of a server that is away. What this operator may not see, or has no setting for, is empty and no fault. */
static int status_of(const struct standings *now)
{
	if (!now->has_register)
		return exit_status_of(-(int)now->register_err.kind, &now->register_err);
	if (!now->has_kafka)
		return exit_status_of(-(int)now->kafka_err.kind, &now->kafka_err);
	if (!now->has_groups && now->groups_err.kind != ERR_CONFIG)
		return exit_status_of(-(int)now->groups_err.kind, &now->groups_err);
	if (!now->has_cache && now->cache_err.kind != ERR_CONFIG)
		return exit_status_of(-(int)now->cache_err.kind, &now->cache_err);
	return 0;
}

int run_status(struct ctl *ctl)
{
	static struct standings now;
	static int64_t applied[STANDING_PARTITIONS_MAX];
	struct status status = { .ctl = ctl, .now = &now, .applied = applied };
	const char *watch = ctl->options[OPTION_WATCH];
	struct err err = { 0 };
	uint64_t seconds = 0;
	int rc = 0;

	if (watch && (!num_parse_u64(slice_of(watch), WATCH_SECONDS_MAX, &seconds) || seconds == 0))
		return ctl_usage("--watch is a number of seconds, at most an hour");
	do {
		look(&status);
		if (watch && isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		rc = print_status(&status, &err);
		tell_away(&now);
		keep_applied(&status);
	} while (rc == 0 && watch && app_wait((uint32_t)seconds * 1000));
	if (rc != 0)
		return ctl_fail(&err);
	return status_of(&now);
}
