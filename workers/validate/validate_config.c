#include "validate/validate_config.h"

#include <stddef.h>

#define AT(field) offsetof(struct validate_config, field)

static const struct config_key VALIDATE_KEYS[] = {
	/* key                       type           where                        default  min max  help */
	{ "worker.name", CONFIG_TEXT, AT(worker_name), "validate", 1, 40, "name of this instance, in logs" },
	{ "log.level", CONFIG_TEXT, AT(log_level), "info", 4, 5, "debug, info, warn or error" },
	{ "status.address", CONFIG_TEXT, AT(status_address), "", 0, 100,
	  "host:port of /healthz, /readyz and /metrics; empty: none" },

	{ "kafka.brokers", CONFIG_TEXT, AT(kafka_brokers), "127.0.0.1:9092", 1, 1000, "host:port,.. to begin with" },
	{ "kafka.security.protocol", CONFIG_TEXT, AT(kafka_security_protocol), "", 0, 20,
	  "plaintext, ssl, sasl_plaintext or sasl_ssl" },
	{ "kafka.ca.file", CONFIG_TEXT, AT(kafka_ca_file), "", 0, 1000, "certificates the brokers are checked with" },
	{ "kafka.cert.file", CONFIG_TEXT, AT(kafka_cert_file), "", 0, 1000, "our certificate, PEM" },
	{ "kafka.key.file", CONFIG_TEXT, AT(kafka_key_file), "", 0, 1000, "its private key, PEM" },
	{ "kafka.sasl.mechanism", CONFIG_TEXT, AT(kafka_sasl_mechanism), "", 0, 20, "SCRAM-SHA-512, .." },
	{ "kafka.sasl.user", CONFIG_TEXT, AT(kafka_sasl_user), "", 0, 200, "user name" },
	{ "kafka.sasl.password.file", CONFIG_SECRET, AT(kafka_sasl_password), "", 0, 256, "file that holds the password" },
	{ "kafka.group", CONFIG_TEXT, AT(kafka_group), "instroom-validate", 1, 200,
	  "consumer group that shares the partitions" },
	{ "kafka.session.max", CONFIG_MS, AT(kafka_session_ms), "10s", 1000, 300000,
	  "silence after which our partitions go to others" },
	{ "kafka.delivery.max", CONFIG_MS, AT(kafka_delivery_ms), "30s", 1000, 600000,
	  "longest wait for the acknowledgement of a verdict" },
	{ "kafka.prefetch.bytes", CONFIG_BYTES, AT(kafka_prefetch_bytes), "8M", 65536, 1073741824,
	  "raw messages fetched ahead, all partitions" },
	{ "kafka.compression", CONFIG_TEXT, AT(kafka_compression), "lz4", 3, 4, "of verdicts: none, lz4 or zstd" },

	{ "drain.max", CONFIG_MS, AT(drain_ms_max), "30s", 0, 600000, "time to leave the group after TERM" },

	{ "topic.raw", CONFIG_TEXT, AT(topic_raw), "instroom.raw.1", 1, 200, "deliveries; its number is the generation" },
	{ "topic.verdict", CONFIG_TEXT, AT(topic_verdict), "instroom.verdict.1", 1, 200,
	  "verdicts, as many partitions as raw" },
	{ "topic.quarantine", CONFIG_TEXT, AT(topic_quarantine), "instroom.quarantine.1", 1, 200,
	  "messages that cannot be judged" },
	{ "topic.reference", CONFIG_TEXT, AT(topic_reference), "instroom.reference.1", 1, 200, "reference snapshots" },

	{ "redis.address", CONFIG_TEXT, AT(redis_address), "127.0.0.1:6379", 1, 200, "host:port, or the path of a socket" },
	{ "redis.user", CONFIG_TEXT, AT(redis_user), "", 0, 200, "user name" },
	{ "redis.password.file", CONFIG_SECRET, AT(redis_password), "", 0, 256, "file that holds the password" },
	{ "redis.connect.max", CONFIG_MS, AT(redis_connect_ms), "250ms", 1, 5000, "longest wait for a connection" },
	{ "redis.wait.max", CONFIG_MS, AT(redis_wait_ms), "1s", 1, 30000, "longest wait for one reply" },

	{ "pg.conninfo", CONFIG_TEXT, AT(pg_conninfo), "", 0, 1000,
	  "register, for cold starts; empty: a cold cache stays cold" },
	{ "pg.password.file", CONFIG_SECRET, AT(pg_password), "", 0, 256, "file that holds the password" },
	{ "pg.connect.max", CONFIG_MS, AT(pg_connect_ms), "2s", 100, 60000, "longest wait for a connection" },
	{ "pg.statement.max", CONFIG_MS, AT(pg_statement_ms), "10s", 100, 600000, "longest run of one statement" },

	{ "hmac.key.file", CONFIG_SECRET, AT(hmac_key), "", 8, 4096, "file of the key that makes teacher keys" },

	{ "turn.messages.max", CONFIG_COUNT, AT(turn_messages_max), "2000", 1, 100000, "messages taken per turn" },
	{ "turn.lines.max", CONFIG_COUNT, AT(turn_lines_max), "20k", 1, 10000000,
	  "lines taken per turn; the message that passes it is the last" },
	{ "turn.bytes.max", CONFIG_BYTES, AT(turn_bytes_max), "4M", 1, 268435456, "bytes taken per turn; likewise" },
	{ "turn.gather.max", CONFIG_MS, AT(turn_gather_ms), "50ms", 0, 1000,
	  "longest time messages are gathered for a turn" },
	{ "late.wait.max", CONFIG_MS, AT(late_wait_ms_max), "0ms", 0, 2592000000,
	  "wait for a schema or reference version we lack, then quarantaine; 0: for ever" },
	{ "references.max", CONFIG_COUNT, AT(references_max), "8", 1, 1000, "reference versions kept in memory" },
};

const struct config_table VALIDATE_CONFIG = {
	.program = "instroom-validate",
	.purpose = "judges deliveries: topic raw to topic verdict",
	.keys = VALIDATE_KEYS,
	.key_count = ARRAY_LEN(VALIDATE_KEYS),
};
