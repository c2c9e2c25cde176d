#include "validate/validate_config.h"

#define AT(field) offsetof(struct validate_config, field)

static const struct config_section SHARED[] = {
	{ &LOG_ROWS, AT(log) },
	{ &STATUS_ROWS, AT(status_address) },
	{ &KAFKA_ROWS, AT(kafka) },
	{ &KAFKA_CONSUMER_ROWS, AT(kafka) },
	{ &KAFKA_PRODUCER_ROWS, AT(kafka) },
	{ &TOPIC_RAW_ROWS, AT(topic) },
	{ &TOPIC_VERDICT_ROWS, AT(topic) },
	{ &TOPIC_QUARANTINE_ROWS, AT(topic) },
	{ &TOPIC_REFERENCE_ROWS, AT(topic) },
	{ &TOPIC_DAY_KEY_ROWS, AT(topic) },
	{ &ENCRYPT_ROWS, AT(encrypt) },
	{ &REDIS_ROWS, AT(redis) },
	{ &PG_ROWS, AT(pg) },
	{ &PG_LIMIT_ROWS, AT(pg) },
	{ &HMAC_KEY_ROWS, AT(hmac_key) },
	{ &HMAC_OLD_KEY_ROWS, AT(hmac_old_key) },
	{ &DRAIN_ROWS, AT(drain_ms) },
	{ &TRACE_ROWS, AT(trace) },
};

static const struct config_default DEFAULTS[] = {
	{ "worker.name", "validate" },
	{ "kafka.group", "instroom-validate" },
	{ "pg.conninfo", "", .is_optional = true }, /* without a register a cold cache stays cold */
	{ "pg.statement.max", "10s" },
};

static const struct config_key KEYS[] = {
	{ "batch.messages.max", CONFIG_COUNT, AT(batch_messages_max), "2000", 1, 100000, "messages judged in one batch",
	  .old_key = "turn.messages.max" },
	{ "batch.lines.max", CONFIG_COUNT, AT(batch_lines_max), "20k", 1, 10000000,
	  "lines judged in one batch; the message that passes it is the last", .old_key = "turn.lines.max" },
	{ "batch.bytes.max", CONFIG_BYTES, AT(batch_bytes_max), "4M", 1, 268435456,
	  "bytes of messages in one batch; likewise", .old_key = "turn.bytes.max" },
	{ "batch.linger.max", CONFIG_MS, AT(batch_linger_ms), "50ms", 0, 1000,
	  "longest time a batch waits for more messages while they keep coming", .old_key = "turn.gather.max" },
	{ "missing.wait.max", CONFIG_MS, AT(missing_wait_ms_max), "0ms", 0, 2592000000,
	  "wait for a schema or reference version we lack, then quarantaine; 0: for ever", .old_key = "late.wait.max" },
	{ "references.max", CONFIG_COUNT, AT(references_max), "8", 1, 1000, "reference versions kept in memory" },
};

const struct config_table VALIDATE_CONFIG = {
	.program = "instroom-validate",
	.purpose = "judges deliveries: topic raw to topic verdict",
	.shared = SHARED,
	.shared_count = ARRAY_LEN(SHARED),
	.defaults = DEFAULTS,
	.default_count = ARRAY_LEN(DEFAULTS),
	.keys = KEYS,
	.key_count = ARRAY_LEN(KEYS),
};
