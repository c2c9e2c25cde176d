#include "ctl/repair/chain_reset.h"

#include "base/clock.h"
#include "kafka/kafka_admin.h"
#include "protocol/chain_position.h"

enum { MEMBERS_WAIT_MS = 15000, MEMBERS_PAUSE_MS = 500 };

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
		rc = err_set(err, ERR_DATA, "validators",
			     "the group %s has %zu members: stop all validators first (one "
			     "with a kafka.group.instance counts until "
			     "kafka.session.max has passed)",
			     ctl->config.validate_group, members);
	if (rc == -ERR_CONFIG && strstr(err->code, "AUTHORIZATION")) { /* then the operator's word is all there is */
		fprintf(stderr,
			"instroomctl: whether validators run cannot be seen: our user may not describe the group %s\n",
			ctl->config.validate_group);
		rc = 0;
	}
	return rc;
}

/* A validator goes on without its cache; a person who runs a command wants to know that the setting is wrong. */
static bool is_refusal(const char *code)
{
	return strcmp(code, "NOAUTH") == 0 || strcmp(code, "WRONGPASS") == 0 || strcmp(code, "NOPERM") == 0;
}

static int explain_redis(int rc, struct err *err)
{
	if (rc != 0 && is_refusal(err->code))
		return err_set(err, ERR_CONFIG, "credentials",
			       "Redis refuses our user, our password or the commands of refill");
	return rc;
}

/* Opens the cache and asks it for the head: what cannot be read now cannot be dropped later. */
static int open_cache(struct ctl *ctl, int32_t partition, struct chain_reset *reset, struct err *err)
{
	const struct ctl_config *config = &ctl->config;
	struct redis_options options = settings_redis(&config->redis);
	struct cache_head head;
	int rc = redis_cache_open(&options, config->topic.raw, &reset->key, &reset->cache, err);

	if (rc == 0)
		rc = explain_redis(redis_cache_read(reset->cache, partition, &head, NULL, 0, &ctl->arena, err), err);
	return rc;
}

int chain_reset_prepare(struct ctl *ctl, struct pg_link *link, int32_t partition, struct chain_reset *reset,
			struct err *err)
{
	if (ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "hmac.key.file",
			       "this needs hmac.key.file, the validators' key: its id names the cache");
	hmac_key_init(&reset->key, ctl->config.hmac_key.bytes);
	/* with another key another head would go, and the partition be parked again */
	int rc = ctl_check_key(ctl, link, reset->key.id, err);

	if (rc == 0)
		rc = check_members(ctl, err);
	return rc == 0 ? open_cache(ctl, partition, reset, err) : rc;
}

/* Only if the cursor stands where it was read. */
static int move_cursor(struct ctl *ctl, struct pg_link *link, const struct chain_end *end, const char *reason,
		       struct err *err)
{
	struct pg_params params;
	int64_t moved = 0;

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(ctl->config.topic.raw));
	pg_add_i32(&params, end->partition);
	pg_add_i64(&params, end->cursor.next_verdict);
	pg_add_i64(&params, end->verdict.high);
	pg_add_text(&params, slice_of(ctl_operator()));
	pg_add_text(&params, slice_of(reason));
	int rc = pg_exec(link, NULL,
			 "with moved as (update register.cursor set next_verdict = $4, parked = " CURSOR_PARKED_STILL
			 " where topic = $1 and partition = $2 and next_verdict = $3 returning next_raw)"
			 " insert into register.refill"
			 "  (topic, partition, who, reason, next_raw, from_verdict, to_verdict)"
			 " select $1, $2, $5, $6, next_raw, $3, $4 from moved",
			 &params, NULL, &moved, err);

	if (rc == 0 && moved != 1)
		rc = err_set(err, ERR_DATA, "moved", "a writer moved the cursor meanwhile: the partition is not stuck");
	return rc;
}

int chain_reset_run(struct ctl *ctl, struct pg_link *link, struct chain_reset *reset, const struct chain_end *end,
		    const char *reason, struct err *err)
{
	int rc = explain_redis(redis_cache_drop(reset->cache, end->partition, err), err);

	return rc == 0 ? move_cursor(ctl, link, end, reason, err) : rc;
}

void chain_reset_release(struct chain_reset *reset)
{
	if (reset->cache)
		redis_cache_close(reset->cache);
}
