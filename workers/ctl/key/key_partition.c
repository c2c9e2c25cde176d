#include "ctl/key/key_partition.h"

#include "ctl/base/topic_walk.h"
#include "protocol/frame.h"
#include "wire/gen/verdict.h"

int key_pair_read(const struct ctl *ctl, struct key_pair *ret, struct err *err)
{
	struct slice now = ctl->config.hmac_key.bytes, before = ctl->config.hmac_old_key.bytes;

	if (now.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "hmac.key.file",
			       "the settings name no hmac.key.file, the validators' key");
	ret->has_before = before.n > 0;
	if (ret->has_before && before.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "hmac.key.old.file", "hmac.key.old.file holds less than %d bytes",
			       HMAC_KEY_BYTES_MIN);
	hmac_key_init(&ret->now, now);
	hmac_key_init(&ret->before, ret->has_before ? before : now);
	if (ret->has_before && ret->now.id == ret->before.id)
		return err_set(err, ERR_CONFIG, "hmac.key.old.file",
			       "hmac.key.file and hmac.key.old.file hold one key");
	return 0;
}

int key_partitions_read(struct ctl *ctl, struct pg_link *link, struct key_partition **ret, size_t *ret_count,
			struct err *err)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	int rc = pg_exec(link, NULL,
			 "select partition, next_raw, next_verdict, tip, key_id from register.cursor where topic = $1"
			 " order by partition",
			 &params, &rows, NULL, err);

	if (rc != 0)
		return rc;
	*ret_count = pg_rows_count(rows);
	*ret = arena_take_zeroed(&ctl->arena, *ret_count, sizeof **ret);
	if (!*ret)
		return err_set(err, ERR_FATAL, "memory", "no memory for the partitions");
	for (size_t i = 0; i < *ret_count; i++) {
		struct key_partition *partition = &(*ret)[i];

		partition->partition = pg_get_i32(rows, i, 0);
		partition->next_raw = pg_get_i64(rows, i, 1);
		partition->next_verdict = pg_get_i64(rows, i, 2);
		memcpy(partition->tip, pg_get_bytes(rows, i, 3).p, sizeof partition->tip);
		partition->has_key = !pg_is_null(rows, i, 4);
		if (partition->has_key)
			partition->key_id = (uint32_t)pg_get_i32(rows, i, 4);
	}
	return 0;
}

struct next_verdict {
	struct ctl *ctl;
	const uint8_t *tip;
	bool is_found;
	uint32_t key_id;
};

/* The first that names the cursor's tip as its parent is the next that counts. */
static int look_at(void *self, const struct kafka_message *message, struct err *err)
{
	struct next_verdict *next = self;
	struct wire_verdict verdict;
	struct slice body;
	uint64_t schema;

	size_t mark = next->ctl->arena.used_bytes;

	(void)err;
	if (next->is_found || frame_open(message->value, &schema, &body, NULL) != 0 ||
	    wire_verdict_decode_as(schema, body, &next->ctl->arena, &verdict, NULL) != 0 ||
	    memcmp(verdict.parent, next->tip, sizeof verdict.parent) != 0) {
		next->ctl->arena.used_bytes = mark;
		return 0;
	}
	next->is_found = true;
	next->key_id = (uint32_t)verdict.key_id;
	next->ctl->arena.used_bytes = mark;
	return 0;
}

int key_partition_find_state(struct ctl *ctl, struct kafka_reader *reader, const struct key_pair *keys,
			     struct key_partition *partition, struct err *err)
{
	const char *topic = ctl->config.topic.verdict;
	struct next_verdict next = { .ctl = ctl, .tip = partition->tip };
	struct kafka_topic_range range;

	partition->state = !partition->has_key					      ? KEY_EMPTY
			   : partition->key_id == keys->now.id			      ? KEY_PRESENT
			   : keys->has_before && partition->key_id == keys->before.id ? KEY_IDLE
										      : KEY_OTHER;
	if (partition->state != KEY_IDLE)
		return 0;
	int rc = kafka_reader_range(reader, topic, partition->partition, CTL_WAIT_MS, &range, err);

	if (rc == 0 && partition->next_verdict < range.high)
		rc = topic_walk(reader, topic, partition->partition, MAX(partition->next_verdict, range.low),
				range.high, look_at, &next, err);
	if (rc == 0 && next.is_found)
		partition->state = next.key_id == keys->now.id ? KEY_DUE : KEY_BEHIND;
	return rc;
}

const char *key_state_text(enum key_state state)
{
	static const char *const TEXTS[] = {
		[KEY_EMPTY] = "nothing applied yet",
		[KEY_PRESENT] = "present key",
		[KEY_OTHER] = "another key than the settings name",
		[KEY_BEHIND] = "key before; writers have verdicts of it to apply",
		[KEY_IDLE] = "key before; nothing judged with the present one",
		[KEY_DUE] = "key before; writers wait for key rotate",
	};

	return TEXTS[state];
}
