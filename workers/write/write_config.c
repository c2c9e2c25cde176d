#include "write/write_config.h"

#define AT(field) offsetof(struct write_config, field)

static const struct config_section SHARED[] = {
	{ &LOG_ROWS, AT(log) },
	{ &STATUS_ROWS, AT(status_address) },
	{ &KAFKA_ROWS, AT(kafka) },
	{ &KAFKA_CONSUMER_ROWS, AT(kafka) },
	{ &TOPIC_RAW_ROWS, AT(topic) },
	{ &TOPIC_VERDICT_ROWS, AT(topic) },
	{ &PG_ROWS, AT(pg) },
	{ &PG_LIMIT_ROWS, AT(pg) },
	{ &TOPIC_DAY_KEY_ROWS, AT(topic) },
	{ &ENCRYPT_ROWS, AT(encrypt) },
	{ &DRAIN_ROWS, AT(drain_ms) },
	{ &TRACE_ROWS, AT(trace) },
};

static const struct config_default DEFAULTS[] = {
	{ "worker.name", "write" },
	{ "kafka.group", "instroom-write" },
	{ "pg.statement.max", "120s" },
	{ "drain.max", "20s" },
};

static const struct config_key KEYS[] = {
	{ "kafka.wait.max", CONFIG_MS, AT(kafka_wait_ms), "5s", 100, 60000,
	  "longest wait for a single answer of the brokers" },
	{ "pg.lock.max", CONFIG_MS, AT(pg_lock_ms), "10s", 100, 600000,
	  "longest wait for a row another instance holds" },
	{ "pg.idle.max", CONFIG_MS, AT(pg_idle_ms), "30s", 1000, 600000,
	  "a transaction of ours silent for so long is ended by the server" },
	{ "batch.rows.max", CONFIG_COUNT, AT(batch_rows_max), "20k", 1, 1000000,
	  "teachers to decide in one transaction; the message that passes it is the last" },
	{ "batch.bytes.max", CONFIG_BYTES, AT(batch_bytes_max), "8M", 4096, 268435456,
	  "bytes of verdicts in one transaction; likewise" },
	{ "batch.linger.max", CONFIG_MS, AT(batch_linger_ms), "100ms", 0, 10000,
	  "longest time a batch waits for more verdicts while they keep coming", .old_key = "batch.gather.max" },
	{ "batch.arena.max", CONFIG_BYTES, AT(batch_arena_bytes), "512M", 67108864, 8589934592,
	  "address space for judging one transaction" },
	{ "unchanged.check.share", CONFIG_COUNT, AT(unchanged_check_share), "10", 0, 1000,
	  "of a thousand teachers found unchanged by the cache, so many are compared with their row; 0: none" },
};

const struct config_table WRITE_CONFIG = {
	.program = "instroom-write",
	.purpose = "applies verdicts to the register: topic verdict to PostgreSQL",
	.shared = SHARED,
	.shared_count = ARRAY_LEN(SHARED),
	.defaults = DEFAULTS,
	.default_count = ARRAY_LEN(DEFAULTS),
	.keys = KEYS,
	.key_count = ARRAY_LEN(KEYS),
};
