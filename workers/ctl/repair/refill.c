/* refill: lets a partition go on whose chain of verdicts cannot (design 5.1): verdicts were lost from the log, or one that
 * counts cannot be applied.
 *
 * The cursor's tip and next raw message stay; its place in the verdict log moves to the end, so that nothing which stands
 * there counts. The cache's head goes, so validators begin cold: from the register's cursor, naming its tip as parent,
 * everything CANDIDATE. Nothing below next_raw is judged again, nothing above it was applied: no effect is lost or comes
 * twice. Validators must be stopped meanwhile: one that works without the cache would go on in the chain that is given up.
 * Killed between its two steps, refill is run again.
 *
 * No header: run_refill stands in repair_commands.h. */
#include "ctl/repair/repair_commands.h"

#include "base/num.h"
#include "kafka/kafka_reader.h"
#include "model/teacher_key.h"
#include "redis/redis_cache.h"

struct refill {
	int32_t partition;
	const char *reason;
	int64_t next_raw, next_verdict;
	struct kafka_topic_range raw, verdict;
	struct hmac_key key;
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
	kafka_reader_close(reader);
	if (rc != 0)
		return rc;
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
			 " insert into register.refill (topic, partition, who, reason, next_raw, from_verdict, to_verdict)"
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

static int drop_head(struct ctl *ctl, const struct refill *refill, struct err *err)
{
	const struct ctl_config *config = &ctl->config;
	struct redis_options options = settings_redis(&config->redis);
	struct redis_cache *cache;
	int rc = redis_cache_open(&options, config->topic.raw, refill->key.id, &cache, err);

	if (rc != 0)
		return rc;
	rc = redis_cache_drop(cache, refill->partition, err);
	redis_cache_close(cache);
	if (rc != 0 && is_refusal(err->code))
		rc = err_set(err, ERR_CONFIG, "credentials",
			     "Redis refuses our user, our password or the commands of refill");
	return rc != 0 ? err_prefix(err, "the cursor is moved, the cache's head is not gone yet, run refill again") : 0;
}

int run_refill(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
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
		rc = move_cursor(ctl, link, &refill, &err);
	if (rc == 0)
		rc = drop_head(ctl, &refill, &err);
	if (rc != 0)
		return ctl_fail(&err);
	printf("partition %d: ", refill.partition);
	if (refill.next_raw < refill.raw.high)
		printf("raw messages %lld to %lld will be judged again", (long long)refill.next_raw,
		       (long long)refill.raw.high - 1);
	else
		printf("no raw message waits, those from %lld on will be judged", (long long)refill.next_raw);
	puts("; start the validators, restart the writers");
	return 0;
}
