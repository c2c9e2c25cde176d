#include "write/write_config.h"

#define AT(field) offsetof(struct write_config, field)

static const struct config_key KEYS[] = {
	/* key, type, where, default, min, max, help */
	{ "worker.name", CONFIG_TEXT, AT(worker_name), "write", 1, 40, "name of this process in logs" },
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
	{ "kafka.group", CONFIG_TEXT, AT(kafka_group), "instroom-write", 1, 200,
	  "consumer group that shares the partitions" },
	{ "kafka.session.max", CONFIG_MS, AT(kafka_session_ms), "10s", 1000, 300000,
	  "silence after which our partitions go to others" },
	{ "kafka.prefetch.bytes", CONFIG_BYTES, AT(kafka_prefetch_bytes), "8M", 65536, 1073741824,
	  "verdicts fetched ahead, all partitions" },
	{ "kafka.wait.max", CONFIG_MS, AT(kafka_wait_ms), "5s", 100, 60000,
	  "longest wait for a single answer of the brokers" },

	{ "topic.raw", CONFIG_TEXT, AT(topic_raw), "instroom.raw.1", 1, 200,
	  "deliveries; its number is the generation. Forget goes there" },
	{ "topic.verdict", CONFIG_TEXT, AT(topic_verdict), "instroom.verdict.1", 1, 200,
	  "verdicts, as many partitions as raw" },

	{ "pg.conninfo", CONFIG_TEXT, AT(pg_conninfo), "dbname=instroom", 1, 1000,
	  "libpq connection string of the register; the writer role" },
	{ "pg.password.file", CONFIG_SECRET, AT(pg_password), "", 0, 256,
	  "file that holds the password, when the string names none" },
	{ "pg.connect.max", CONFIG_MS, AT(pg_connect_ms), "2s", 100, 60000, "longest wait for a connection" },
	{ "pg.lock.max", CONFIG_MS, AT(pg_lock_ms), "10s", 100, 600000, "longest wait for a row another instance holds" },
	{ "pg.idle.max", CONFIG_MS, AT(pg_idle_ms), "30s", 1000, 600000,
	  "a transaction of ours silent for so long is ended by the server" },
	{ "pg.statement.max", CONFIG_MS, AT(pg_statement_ms), "120s", 1000, 3600000, "longest run of one statement" },

	{ "batch.rows.max", CONFIG_COUNT, AT(batch_rows_max), "20k", 1, 1000000,
	  "teachers to decide in one transaction; the message that passes it is the last" },
	{ "batch.bytes.max", CONFIG_BYTES, AT(batch_bytes_max), "8M", 4096, 268435456,
	  "bytes of verdicts in one transaction; likewise" },
	{ "batch.gather.max", CONFIG_MS, AT(batch_gather_ms), "100ms", 0, 10000,
	  "longest time verdicts are gathered while they keep coming" },
	{ "batch.arena.max", CONFIG_BYTES, AT(batch_arena_bytes), "512M", 67108864, 8589934592,
	  "address space for judging one transaction" },
	{ "drain.max", CONFIG_MS, AT(drain_ms), "20s", 0, 600000, "time to finish after TERM" },
};

const struct config_table WRITE_CONFIG = {
	.program = "instroom-write",
	.purpose = "applies verdicts to the register: topic verdict to PostgreSQL",
	.keys = KEYS,
	.key_count = ARRAY_LEN(KEYS),
};
