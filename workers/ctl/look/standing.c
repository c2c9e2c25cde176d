#include "ctl/look/standing.h"

#include "ctl/base/topic_walk.h"
#include "kafka/kafka_admin.h"
#include "kafka/kafka_reader.h"
#include "model/teacher_key.h"
#include "protocol/frame.h"
#include "redis/redis_cache.h"
#include "wire/gen/verdict.h"
#include "wire/wire.h"

enum { WAIT_MS = 4000, MARKERS_MAX = 16, ARENA_BYTES_MAX = 256 << 20, ARENA_BYTES_KEPT = 1 << 20 };

int64_t standing_to_judge(const struct partition_standing *standing)
{
	if (standing->raw_end < 0 || standing->judged < 0)
		return STANDING_UNKNOWN;
	return MAX(standing->raw_end - MAX(standing->judged, standing->next_raw), (int64_t)0);
}

int64_t standing_to_write(const struct partition_standing *standing)
{
	if (standing->raw_end < 0 || standing->next_raw < 0)
		return STANDING_UNKNOWN;
	return MAX(standing->raw_end - standing->next_raw, (int64_t)0);
}

static void keep_text(char ret[STANDING_TEXT_BYTES], struct slice text)
{
	snprintf(ret, STANDING_TEXT_BYTES, "%.*s", (int)MIN(text.n, (size_t)STANDING_TEXT_BYTES - 1),
		 text.n > 0 ? text.p : "");
}

/* ---- the register ---- */

static const char CURSORS_SQL[] = "select partition, next_raw, next_verdict, coalesce(parked, ''), " CTL_SQL_TIME(
	"moved_at") " from register.cursor where topic = $1 order by partition";

static int read_register(struct ctl *ctl, struct standings *standings, struct err *err)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	int rc = ctl_connect(ctl, false, &link, err);

	if (rc == 0)
		rc = pg_exec(link, NULL, CURSORS_SQL, &params, &rows, NULL, err);
	for (size_t i = 0; rc == 0 && i < pg_rows_count(rows); i++) {
		int32_t partition = pg_get_i32(rows, i, 0);
		struct slice moved = pg_get_bytes(rows, i, 4);

		if (partition < 0 || partition >= STANDING_PARTITIONS_MAX)
			continue;
		struct partition_standing *standing = &standings->items[partition];

		standings->count = MAX(standings->count, partition + 1);
		standing->next_raw = pg_get_i64(rows, i, 1);
		standing->next_verdict = pg_get_i64(rows, i, 2);
		keep_text(standing->parked, pg_get_bytes(rows, i, 3));
		snprintf(standing->moved_at, sizeof standing->moved_at, "%.*s", (int)moved.n, moved.p);
	}
	return rc;
}

bool standings_applied(struct ctl *ctl, struct standings *standings)
{
	struct err unknown;

	return read_register(ctl, standings, &unknown) == 0;
}

/* ---- Kafka ---- */

/* The last message of the verdict log that is a verdict: raw messages up to that of which it speaks are judged. Behind
 * it there may be markers of transactions. */
static int read_judged(struct ctl *ctl, struct kafka_reader *reader, int32_t partition,
		       const struct kafka_topic_range *range, struct arena *arena, struct partition_standing *standing,
		       struct err *err)
{
	standing->judged = MAX(standing->next_raw, (int64_t)0);
	for (int64_t at = range->high - 1; at >= MAX(range->low, range->high - MARKERS_MAX); at--) {
		struct kafka_message message = { 0 };
		enum topic_found found = TOPIC_GONE;
		struct wire_verdict verdict;
		struct slice body;
		uint64_t schema;
		int rc = topic_message_at(reader, ctl->config.topic.verdict, partition, at, &found, &message, err);

		if (rc != 0)
			return rc;
		if (found != TOPIC_FOUND)
			continue;
		if (message.body == BODY_NO_KEY) {
			standing->judged = STANDING_UNKNOWN;
			standing->lacks_key = true;
			kafka_message_drop(&message);
			break;
		}
		arena_reset(arena);
		bool is_read = frame_open(message.value, &schema, &body, NULL) == 0 &&
			       wire_verdict_decode_as(schema, body, arena, &verdict, NULL) == 0;

		kafka_message_drop(&message);
		if (!is_read)
			continue;
		standing->judged = verdict.raw_offset + 1;
		break;
	}
	return 0;
}

/* When Kafka took the first message that is not written. Nothing but markers below the end: none waits. */
static int read_oldest(struct ctl *ctl, struct kafka_reader *reader, int32_t partition,
		       const struct kafka_topic_range *range, struct partition_standing *standing, struct err *err)
{
	int64_t at = MAX(standing->next_raw, range->low);
	struct kafka_message message = { 0 };
	bool came = false;

	if (standing->next_raw < 0)
		return 0;
	standing->oldest_ms = 0;
	if (at >= range->high)
		return 0;
	int rc = kafka_reader_begin(reader, ctl->config.topic.raw, partition, at, range->high, err);

	if (rc == 0)
		rc = kafka_reader_next(reader, WAIT_MS, &message, &came, err);
	if (rc != 0)
		return rc;
	if (!came) {
		standing->next_raw = range->high;
		return 0;
	}
	standing->oldest_ms = message.timestamp_ms;
	standing->lacks_key |= message.body == BODY_NO_KEY;
	kafka_message_drop(&message);
	return 0;
}

static int read_partition(struct ctl *ctl, struct kafka_reader *reader, int32_t partition, struct arena *arena,
			  struct partition_standing *standing, struct err *err)
{
	struct kafka_topic_range raw, verdict;
	int rc = kafka_reader_range(reader, ctl->config.topic.raw, partition, WAIT_MS, &raw, err);

	if (rc == 0)
		rc = kafka_reader_range(reader, ctl->config.topic.verdict, partition, WAIT_MS, &verdict, err);
	if (rc != 0)
		return rc;
	standing->raw_end = raw.high;
	standing->verdict_end = verdict.high;
	rc = read_judged(ctl, reader, partition, &verdict, arena, standing, err);
	return rc != 0 ? rc : read_oldest(ctl, reader, partition, &raw, standing, err);
}

static int read_kafka(struct ctl *ctl, struct standings *standings, struct err *err)
{
	struct kafka_reader *reader = NULL;
	struct kafka_options kafka = ctl->kafka;
	struct arena arena = { 0 };
	int32_t partitions = 0;

	kafka.shows_shut = true; /* it is said of its partition */
	int rc = kafka_reader_open(&kafka, CTL_MESSAGE_BYTES_MAX, &reader, err);

	if (rc == 0)
		rc = arena_init(&arena, ARENA_BYTES_MAX, ARENA_BYTES_KEPT, err);
	if (rc == 0)
		rc = kafka_reader_partitions(reader, ctl->config.topic.raw, WAIT_MS, &partitions, err);
	standings->count = MAX(standings->count, MIN(partitions, (int32_t)STANDING_PARTITIONS_MAX));
	for (int32_t p = 0; rc == 0 && p < standings->count; p++)
		rc = read_partition(ctl, reader, p, &arena, &standings->items[p], err);
	if (reader)
		kafka_reader_close(reader);
	arena_release(&arena);
	return rc;
}

/* ---- groups ---- */

static void add_owner(char ret[STANDING_TEXT_BYTES], const char *client_id, const char *host)
{
	snprintf(ret, STANDING_TEXT_BYTES, "%s%s", client_id ? client_id : "", host ? host : "");
}

static void note_validator(void *self, int32_t partition, const char *client_id, const char *host)
{
	struct standings *standings = self;

	if (partition >= 0 && partition < STANDING_PARTITIONS_MAX)
		add_owner(standings->items[partition].validator, client_id, host);
}

static void note_writer(void *self, int32_t partition, const char *client_id, const char *host)
{
	struct standings *standings = self;

	if (partition >= 0 && partition < STANDING_PARTITIONS_MAX)
		add_owner(standings->items[partition].writer, client_id, host);
}

static int read_groups(struct ctl *ctl, struct standings *standings, struct err *err)
{
	int rc = kafka_admin_group_owners(&ctl->kafka, ctl->config.validate_group, ctl->config.topic.raw, WAIT_MS,
					  note_validator, standings, err);

	return rc != 0 ? rc
		       : kafka_admin_group_owners(&ctl->kafka, ctl->config.write_group, ctl->config.topic.verdict,
						  WAIT_MS, note_writer, standings, err);
}

/* ---- the cache ---- */

static int read_cache(struct ctl *ctl, struct standings *standings, struct err *err)
{
	struct redis_options options = settings_redis(&ctl->config.redis);
	struct redis_cache *cache = NULL;
	struct cache_head head;
	struct hmac_key key;

	if (ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "hmac.key.file", "hmac.key.file is not set");
	hmac_key_init(&key, ctl->config.hmac_key.bytes);
	int rc = redis_cache_open(&options, ctl->config.topic.raw, &key, &cache, err);

	for (int32_t p = 0; rc == 0 && p < standings->count; p++) {
		rc = redis_cache_read(cache, p, &head, NULL, 0, &ctl->arena, err);
		if (rc == 0)
			standings->items[p].cache = head.is_cold ? CACHE_COLD : CACHE_WARM;
	}
	if (cache)
		redis_cache_close(cache);
	return rc;
}

/* ---- all of it ---- */

void standings_read(struct ctl *ctl, struct standings *ret)
{
	*ret = (struct standings){ 0 };
	for (int32_t p = 0; p < STANDING_PARTITIONS_MAX; p++)
		ret->items[p] = (struct partition_standing){ .next_raw = STANDING_UNKNOWN,
							     .next_verdict = STANDING_UNKNOWN,
							     .raw_end = STANDING_UNKNOWN,
							     .verdict_end = STANDING_UNKNOWN,
							     .judged = STANDING_UNKNOWN,
							     .oldest_ms = STANDING_UNKNOWN };
	ret->has_register = read_register(ctl, ret, &ret->register_err) == 0;
	ret->has_kafka = read_kafka(ctl, ret, &ret->kafka_err) == 0;
	ret->has_groups = ret->has_kafka && read_groups(ctl, ret, &ret->groups_err) == 0;
	ret->has_cache = read_cache(ctl, ret, &ret->cache_err) == 0;
}
