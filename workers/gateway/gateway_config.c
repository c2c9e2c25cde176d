#include "gateway/gateway_config.h"

#define AT(field) offsetof(struct gateway_config, field)

static const struct config_key KEYS[] = {
	{ "worker.name", CONFIG_TEXT, AT(name), "gateway", 1, 40, "name of this process in logs" },
	{ "log.level", CONFIG_TEXT, AT(log_level), "info", 4, 5, "debug, info, warn or error" },
	{ "listen", CONFIG_TEXT, AT(listen), "127.0.0.1:8080", 3, 64, "address and port of the web interface" },
	{ "tokens.file", CONFIG_TEXT, AT(tokens_file), "", 1, 4096, "file of lines \"token boards\"; boards: * or 41211,41212" },
	{ "tls.cert.file", CONFIG_TEXT, AT(tls_cert_file), "", 0, 4096, "certificate chain (PEM); empty: no TLS here" },
	{ "tls.key.file", CONFIG_SECRET, AT(tls_key), "", 0, 65536, "file of the certificate's key (PEM)" },
	{ "connections.max", CONFIG_COUNT, AT(connections_max), "1024", 1, 60000, "connections at once; more are not taken" },
	{ "connection.idle.max", CONFIG_MS, AT(connection_idle_ms), "60s", 1000, 3600000, "a connection silent for so long is closed, and one without a whole request" },
	{ "upload.time.max", CONFIG_MS, AT(upload_ms_max), "10m", 1000, 3600000, "longest an upload may take, or the reading of an answer" },
	{ "upload.bytes.max", CONFIG_BYTES, AT(upload_bytes_max), "64M", 50331648, 17179869184, "memory for all uploads and answers at once; more get 503" },
	{ "kafka.brokers", CONFIG_TEXT, AT(kafka_brokers), "127.0.0.1:9092", 1, 4096, "host:port,.." },
	{ "kafka.security.protocol", CONFIG_TEXT, AT(kafka_security_protocol), "", 0, 32, "plaintext, ssl, sasl_plaintext or sasl_ssl" },
	{ "kafka.ca.file", CONFIG_TEXT, AT(kafka_ca_file), "", 0, 4096, "certificates trusted (PEM)" },
	{ "kafka.cert.file", CONFIG_TEXT, AT(kafka_cert_file), "", 0, 4096, "our certificate (PEM)" },
	{ "kafka.key.file", CONFIG_TEXT, AT(kafka_key_file), "", 0, 4096, "its key (PEM)" },
	{ "kafka.sasl.mechanism", CONFIG_TEXT, AT(kafka_sasl_mechanism), "", 0, 32, "SCRAM-SHA-512" },
	{ "kafka.sasl.user", CONFIG_TEXT, AT(kafka_sasl_user), "", 0, 256, "SASL user" },
	{ "kafka.sasl.password.file", CONFIG_SECRET, AT(kafka_sasl_password), "", 0, 1024, "file of the SASL password" },
	{ "kafka.delivery.time.max", CONFIG_MS, AT(kafka_delivery_ms_max), "20s", 1000, 600000, "a delivery Kafka has not taken by then gets 503" },
	{ "kafka.compression", CONFIG_TEXT, AT(kafka_compression), "none", 3, 8, "none, lz4 or zstd" },
	{ "topic.raw", CONFIG_TEXT, AT(topic_raw), "instroom.raw.1", 1, 200, "topic of deliveries" },
	{ "topic.reference", CONFIG_TEXT, AT(topic_reference), "instroom.reference.1", 1, 200, "topic of reference snapshots" },
	{ "pg.conninfo", CONFIG_TEXT, AT(pg_conninfo), "dbname=instroom", 1, 4096, "libpq connection string; the reader role is enough" },
	{ "pg.password.file", CONFIG_SECRET, AT(pg_password), "", 0, 1024, "file of the password, when the string names none" },
	{ "pg.connect.max", CONFIG_MS, AT(pg_connect_ms), "2s", 100, 60000, "longest wait for a connection" },
	{ "pg.statement.max", CONFIG_MS, AT(pg_statement_ms), "30s", 100, 600000, "longest a question may take" },
	{ "register.threads", CONFIG_COUNT, AT(register_threads), "2", 1, 16, "threads that answer questions; one more asks for repeats" },
	{ "stand.key.file", CONFIG_SECRET, AT(stand_key), "", 8, 4096, "file of the key of pseudonyms (DOMAIN 8.4)" },
	{ "confirm.wait.max", CONFIG_MS, AT(confirm_ms_max), "10s", 0, 60000, "longest a confirmation is waited for" },
	{ "drain.max", CONFIG_MS, AT(drain_ms_max), "30s", 0, 600000, "time for open requests after TERM" },
	{ "test.received_on", CONFIG_BOOL, AT(test_received_on), "no", 0, 0, "tests only: obey the parameter ontvangen_op" },
};

const struct config_table GATEWAY_CONFIG = {
	.program = "instroom-gateway",
	.purpose = "takes deliveries of school boards over HTTP, checks them and publishes them",
	.keys = KEYS,
	.key_count = ARRAY_LEN(KEYS),
};
