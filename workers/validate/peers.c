#include "validate/peers.h"

#include "base/clock.h"
#include "base/log.h"
#include "run/app.h"
#include "validate/lane.h"
#include "validate/validate_metrics.h"

enum {
	PEER_PAUSE_MS_MIN = 250,
	PEER_PAUSE_MS_MAX = 5000,
	PRODUCER_QUEUE_BYTES = 192 << 20,
	/* Only a flush sends verdicts, or a full request, so those of a partition leave in one. What lingers for less
	 * time leaves in more requests than can be under way, and librdkafka spins (KAFKA_REQUESTS_MAX). */
	VERDICT_LINGER_MS = 1000,
};

static int open_cache(struct peers *peers, struct err *err)
{
	const struct validate_config *config = peers->config;
	struct redis_options options = settings_redis(&config->redis);

	breaker_init(&peers->cache_breaker, PEER_PAUSE_MS_MIN, PEER_PAUSE_MS_MAX);
	return redis_cache_open(&options, config->topic.raw, &peers->key, &peers->cache, err);
}

static void beat(void *self, int64_t waited_ms)
{
	(void)self, (void)waited_ms;
	app_heartbeat();
}

static int open_register(struct peers *peers, struct err *err)
{
	const struct validate_config *config = peers->config;
	struct pg_options options = settings_pg(&config->pg, "instroom-validate");

	options.faults_pass = true; /* a start is tried again for ever, and other partitions go on */
	options.should_stop = stop_is_asked;
	options.waits = beat;
	breaker_init(&peers->register_breaker, PEER_PAUSE_MS_MIN, PEER_PAUSE_MS_MAX);
	if (!*config->pg.conninfo)
		return 0;
	pg_note_environment();
	return pg_link_open(&options, &peers->register_link, err);
}

/* Raw and verdict should have as many partitions: a verdict goes to the number of its raw message. Where somebody added
 * some to the raw topic, those wait and no other (lane_start.c). Brokers that are away now are waited for later. */
static int check_topics(struct peers *peers, struct err *err)
{
	const struct validate_config *config = peers->config;
	int32_t raw = 0, verdict = 0;
	int rc = kafka_reader_partitions(peers->reader, config->topic.raw, PEERS_BROKER_WAIT_MS, &raw, err);

	if (rc == 0)
		rc = kafka_reader_partitions(peers->reader, config->topic.verdict, PEERS_BROKER_WAIT_MS, &verdict, err);
	if (rc < 0)
		return rc == -ERR_RETRY ? 0 : rc;
	if (raw > LANES_MAX)
		return err_set(err, ERR_CONFIG, "partitions", "%s has %d partitions: at most %d", config->topic.raw,
			       raw, LANES_MAX);
	if (raw != verdict)
		log_event(LOG_ERROR, "partitions.differ", "raw=%d verdict=%d effect=%s", raw, verdict,
			  LOG_QUOTED("those that only one topic has are parked: RUNBOOK.md, Partitions were added"));
	peers->verdict_partitions = verdict;
	return 0;
}

static int open_kafka(struct peers *peers, const struct peers_events *events, struct err *err)
{
	const struct validate_config *config = peers->config;
	struct kafka_options kafka = settings_kafka(&config->kafka, "instroom-validate");
	struct kafka_consumer_options consumer;
	char group[SETTINGS_GROUP_BYTES];
	struct kafka_producer_options producer = { .message_bytes_max = PEERS_MESSAGE_BYTES_MAX,
						   .linger_ms = VERDICT_LINGER_MS,
						   .delivery_timeout_ms = (int32_t)config->kafka.delivery_ms,
						   .queue_bytes_max = PRODUCER_QUEUE_BYTES,
						   .compression = config->kafka.compression };
	int rc = settings_consumer(&config->kafka, group, &consumer, err);

	if (rc != 0)
		return rc;
	consumer.topic = config->topic.raw;
	consumer.must_leave = stop_is_urgent;
	consumer.message_bytes_max = PEERS_MESSAGE_BYTES_MAX;
	rc = kafka_reader_open(&kafka, PEERS_MESSAGE_BYTES_MAX, &peers->reader, err);
	if (rc == 0)
		rc = check_topics(peers, err);
	if (rc == 0)
		rc = kafka_producer_open(&kafka, &producer, events->reported, events->reported_owner, &peers->producer,
					 err);
	if (rc == 0)
		rc = kafka_consumer_open(&kafka, &consumer, events->partitions, events->partitions_owner,
					 &peers->consumer, err);
	return rc;
}

int peers_open(struct peers *peers, const struct validate_config *config, const struct peers_events *events,
	       struct err *err)
{
	peers->config = config;
	hmac_key_init(&peers->key, config->hmac_key.bytes);
	hmac_key_init(&peers->key_before,
		      slice_is_empty(config->hmac_old_key.bytes) ? config->hmac_key.bytes : config->hmac_old_key.bytes);
	int rc = open_cache(peers, err);

	if (rc == 0)
		rc = open_register(peers, err);
	return rc == 0 ? open_kafka(peers, events, err) : rc;
}

void peers_close(struct peers *peers)
{
	kafka_consumer_close(peers->consumer);
	kafka_producer_close(peers->producer);
	kafka_reader_close(peers->reader);
	redis_cache_close(peers->cache);
	pg_link_close(peers->register_link);
	*peers = (struct peers){ 0 };
}

/* Whether a cause ends by itself: else someone must act. */
static bool is_passing(const char *code)
{
	static const char *const REFUSALS[] = { "NOAUTH", "WRONGPASS", "NOPERM", "ERR", "answer", "OOM", "MISCONF" };

	for (size_t i = 0; i < ARRAY_LEN(REFUSALS); i++)
		if (strcmp(code, REFUSALS[i]) == 0)
			return false;
	return true;
}

void peers_cache_failed(struct peers *peers, const struct err *err)
{
	validate_metrics_redis_failed(err->code);
	bool is_due = breaker_failed(&peers->cache_breaker, clock_ms());

	if (is_due || strcmp(peers->cache_code_logged, err->code) != 0)
		log_event(is_passing(err->code) ? LOG_WARN : LOG_ERROR, "redis.away",
			  "code=%s why=%s effect=\"everything is a candidate until it is back\"", err->code,
			  LOG_QUOTED(err->text));
	memcpy(peers->cache_code_logged, err->code, sizeof peers->cache_code_logged);
}

void peers_cache_answered(struct peers *peers)
{
	if (breaker_answered(&peers->cache_breaker, clock_ms()))
		log_event(LOG_INFO, "redis.back", "effect=\"what was judged without it is folded\"");
}

void peers_cache_read(int32_t partition, const struct cache_board *boards, size_t count)
{
	uint32_t refused = 0, first = 0;

	for (size_t i = 0; i < count; i++) {
		if (!boards[i].is_refused)
			continue;
		first = refused++ == 0 ? boards[i].board : first;
	}
	if (refused == 0)
		return;
	validate_metric_add(METRIC_REFUSED_BOARDS, refused);
	log_event(LOG_WARN, "cache.refused", "partition=%d boards=%u board=%05u why=%s effect=%s", partition, refused,
		  first, LOG_QUOTED("the head does not vouch for the entries that stand there"),
		  LOG_QUOTED("its teachers are candidates"));
}

void peers_register_failed(struct peers *peers, const struct err *err)
{
	if (breaker_failed(&peers->register_breaker, clock_ms()))
		log_event(LOG_WARN, "register.away", "code=%s why=%s effect=\"a cold cache stays cold\"", err->code,
			  LOG_QUOTED(err->text));
}

void peers_register_answered(struct peers *peers)
{
	if (breaker_answered(&peers->register_breaker, clock_ms()))
		log_event(LOG_INFO, "register.back", "effect=\"cold caches are begun from it\"");
}
