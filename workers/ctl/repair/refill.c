/* refill: lets a partition go on whose chain of verdicts cannot (design 5.1): verdicts were lost from the log, or one
 * that counts cannot be applied.
 *
 * The cursor's tip and next raw message stay; its place in the verdict log moves to the end, so that nothing which
 * stands there counts. The cache's head goes, so validators begin cold: from the register's cursor, naming its tip as
 * parent, everything CANDIDATE. Nothing below next_raw is judged again, nothing above it was applied: no effect is lost
 * or comes twice. Validators must be stopped meanwhile: one that works without the cache would go on in the chain that
 * is given up.
 *
 *   1. All is asked before anything is changed: the register's cursor, both logs, whether the validators' group has
 *      members (one that was killed stays a member for its session), and Redis.
 *   2. The raw messages that will be judged again are read through and counted. What is not there any more is told and
 *      refused.
 *   3. The cursor moves, then the head goes. Killed between the two, refill is run again.
 *
 * No header: run_refill stands in repair_commands.h. */
#include "ctl/repair/repair_commands.h"

#include "base/clock.h"
#include "base/num.h"
#include "ctl/base/topic_walk.h"
#include "kafka/kafka_admin.h"
#include "kafka/kafka_reader.h"
#include "model/teacher_key.h"
#include "protocol/raw_headers.h"
#include "redis/redis_cache.h"

enum { MEMBERS_WAIT_MS = 15000, MEMBERS_PAUSE_MS = 500 };

struct refill {
	int32_t partition;
	const char *reason;
	int64_t next_raw, next_verdict;
	struct kafka_topic_range raw, verdict;
	struct hmac_key key;
	int64_t messages, deliveries, lines; /* to be judged again */
};

static int read_cursor(struct ctl *ctl, struct pg_link *link, struct refill *refill, struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	pg_add_i32(&params, refill->partition);
	int rc = pg_exec(link, NULL,
			 "select next_raw, next_verdict from register.cursor where topic = $1 and partition = $2",
			 &params, &rows, NULL, err);

	if (rc == 0 && pg_rows_count(rows) == 0)
		rc = err_set(err, ERR_DATA, "cursor", "the register has no cursor for partition %d", refill->partition);
	if (rc != 0)
		return rc;
	refill->next_raw = pg_get_i64(rows, 0, 0);
	refill->next_verdict = pg_get_i64(rows, 0, 1);
	return 0;
}

static int count_message(void *self, const struct kafka_message *message, struct err *err)
{
	struct refill *refill = self;
	struct raw_headers headers;

	(void)err;
	refill->messages++;
	if (!raw_headers_read(message->headers, message->header_count, &headers) || headers.kind != RAW_DELIVERY)
		return 0;
	refill->deliveries++;
	refill->lines += headers.line_count;
	return 0;
}

static int check_ranges(const struct refill *refill, struct err *err)
{
	if (refill->raw.low > refill->next_raw)
		return err_set(err, ERR_DATA, "raw",
			       "the raw log begins at %lld, but %lld is the next to judge: it is lost",
			       (long long)refill->raw.low, (long long)refill->next_raw);
	if (refill->raw.high < refill->next_raw)
		return err_set(err, ERR_DATA, "raw",
			       "the raw log ends at %lld, but all below %lld is applied: it is another log",
			       (long long)refill->raw.high, (long long)refill->next_raw);
	return 0;
}

static int read_ranges(struct ctl *ctl, struct refill *refill, struct err *err)
{
	struct kafka_reader *reader;
	int rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, err);

	if (rc != 0)
		return rc;
	rc = kafka_reader_range(reader, ctl->config.topic.raw, refill->partition, CTL_WAIT_MS, &refill->raw, err);
	if (rc == 0)
		rc = kafka_reader_range(reader, ctl->config.topic.verdict, refill->partition, CTL_WAIT_MS,
					&refill->verdict, err);
	if (rc == 0)
		rc = check_ranges(refill, err);
	if (rc == 0)
		rc = topic_walk(reader, ctl->config.topic.raw, refill->partition, refill->next_raw, refill->raw.high,
				count_message, refill, err);
	kafka_reader_close(reader);
	return rc;
}

/* A member may have been killed just now: Kafka keeps it for its session. */
static int check_members(struct ctl *ctl, struct err *err)
{
	int64_t end_ms = clock_ms() + MEMBERS_WAIT_MS;
	size_t members = 0;
	int rc;

	do
		rc = kafka_admin_group_members(&ctl->kafka, ctl->config.validate_group, CTL_WAIT_MS, &members, err);
	while (rc == 0 && members > 0 && clock_ms() < end_ms && app_wait(MEMBERS_PAUSE_MS));
	if (rc == 0 && members > 0)
		rc = err_set(err, ERR_DATA, "validators", "the group %s has %zu members: stop all validators first",
			     ctl->config.validate_group, members);
	if (rc == -ERR_CONFIG && strstr(err->code, "AUTHORIZATION")) { /* then the operator's word is all there is */
		fprintf(stderr,
			"instroomctl: whether validators run cannot be seen: our user may not describe the group %s\n",
			ctl->config.validate_group);
		rc = 0;
	}
	return rc;
}

/* Only if the cursor stands where it was read. */
static int move_cursor(struct ctl *ctl, struct pg_link *link, const struct refill *refill, struct err *err)
{
	struct pg_params params;
	int64_t moved = 0;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	pg_add_i32(&params, refill->partition);
	pg_add_i64(&params, refill->next_verdict);
	pg_add_i64(&params, refill->verdict.high);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(refill->reason));
	int rc = pg_exec(link, NULL,
			 "with moved as (update register.cursor set next_verdict = $4, parked = null"
			 " where topic = $1 and partition = $2 and next_verdict = $3 returning next_raw)"
			 " insert into register.refill"
			 "  (topic, partition, who, reason, next_raw, from_verdict, to_verdict)"
			 " select $1, $2, $5, $6, next_raw, $3, $4 from moved",
			 &params, NULL, &moved, err);

	if (rc == 0 && moved != 1)
		rc = err_set(err, ERR_DATA, "moved", "a writer moved the cursor meanwhile: the partition is not stuck");
	return rc;
}

/* A validator goes on without its cache; a person who runs a command wants to know that the setting is wrong. */
static bool is_refusal(const char *code)
{
	return strcmp(code, "NOAUTH") == 0 || strcmp(code, "WRONGPASS") == 0 || strcmp(code, "NOPERM") == 0;
}

static void drop_cache(struct redis_cache **cache)
{
	if (*cache)
		redis_cache_close(*cache);
}

static int explain_redis(int rc, struct err *err)
{
	if (rc != 0 && is_refusal(err->code))
		return err_set(err, ERR_CONFIG, "credentials",
			       "Redis refuses our user, our password or the commands of refill");
	return rc;
}

/* Opens the cache and asks it for the head: what cannot be read now cannot be dropped later. */
static int open_cache(struct ctl *ctl, const struct refill *refill, struct redis_cache **ret, struct err *err)
{
	const struct ctl_config *config = &ctl->config;
	struct redis_options options = settings_redis(&config->redis);
	struct cache_head head;
	int rc = redis_cache_open(&options, config->topic.raw, &refill->key, ret, err);

	if (rc == 0)
		rc = explain_redis(redis_cache_read(*ret, refill->partition, &head, NULL, 0, &ctl->arena, err), err);
	return rc;
}

static int drop_head(struct redis_cache *cache, const struct refill *refill, struct err *err)
{
	int rc = explain_redis(redis_cache_drop(cache, refill->partition, err), err);

	return rc != 0 ? err_prefix(err, "the cursor is moved, the cache's head is not gone yet, run refill again") : 0;
}

static void print_result(const struct refill *refill)
{
	printf("partition %d: ", refill->partition);
	if (refill->messages > 0)
		printf("raw messages %lld to %lld will be judged again: %lld deliveries of %lld lines",
		       (long long)refill->next_raw, (long long)refill->raw.high - 1, (long long)refill->deliveries,
		       (long long)refill->lines);
	else
		printf("no raw message waits, those from %lld on will be judged", (long long)refill->next_raw);
	puts("; start the validators, restart the writers");
}

int run_refill(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_cache) struct redis_cache *cache = NULL;
	struct refill refill = { .reason = ctl->options[OPTION_REASON] };
	struct err err = { 0 };
	uint64_t partition;

	if (!num_parse_u64(slice_of(ctl->arguments[0]), INT32_MAX, &partition))
		return ctl_usage("a partition is a whole number");
	if (ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN)
		return ctl_usage("refill needs hmac.key.file, the validators' key: its id names the cache");
	refill.partition = (int32_t)partition;
	hmac_key_init(&refill.key, ctl->config.hmac_key.bytes);
	int rc = ctl_connect(ctl, true, &link, &err);

	if (rc == 0) /* with another key another head would go, and the partition be parked again */
		rc = ctl_check_key(ctl, link, refill.key.id, &err);
	if (rc == 0)
		rc = read_cursor(ctl, link, &refill, &err);
	if (rc == 0)
		rc = read_ranges(ctl, &refill, &err);
	if (rc == 0)
		rc = check_members(ctl, &err);
	if (rc == 0)
		rc = open_cache(ctl, &refill, &cache, &err);
	if (rc == 0)
		rc = move_cursor(ctl, link, &refill, &err);
	if (rc == 0)
		rc = drop_head(cache, &refill, &err);
	if (rc != 0)
		return ctl_fail(&err);
	print_result(&refill);
	return 0;
}
