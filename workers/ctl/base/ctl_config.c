#include "ctl/base/ctl_config.h"

#define AT(field) offsetof(struct ctl_config, field)

static const struct config_key KEYS[] = {
	{ "kafka.brokers", CONFIG_TEXT, AT(kafka_brokers), "127.0.0.1:9092", 1, 4096, "host:port,.." },
	{ "kafka.security.protocol", CONFIG_TEXT, AT(kafka_security_protocol), "", 0, 32,
	  "plaintext, ssl, sasl_plaintext or sasl_ssl" },
	{ "kafka.ca.file", CONFIG_TEXT, AT(kafka_ca_file), "", 0, 4096, "certificates trusted (PEM)" },
	{ "kafka.cert.file", CONFIG_TEXT, AT(kafka_cert_file), "", 0, 4096, "our certificate (PEM)" },
	{ "kafka.key.file", CONFIG_TEXT, AT(kafka_key_file), "", 0, 4096, "its key (PEM)" },
	{ "kafka.sasl.mechanism", CONFIG_TEXT, AT(kafka_sasl_mechanism), "", 0, 32, "SCRAM-SHA-512" },
	{ "kafka.sasl.user", CONFIG_TEXT, AT(kafka_sasl_user), "", 0, 256, "SASL user" },
	{ "kafka.sasl.password.file", CONFIG_SECRET, AT(kafka_sasl_password), "", 0, 1024, "file of the SASL password" },
	{ "topic.raw", CONFIG_TEXT, AT(topic_raw), "instroom.raw.1", 1, 200,
	  "topic of deliveries; its number is the generation" },
	{ "topic.verdict", CONFIG_TEXT, AT(topic_verdict), "instroom.verdict.1", 1, 200, "topic of verdicts" },
	{ "topic.quarantine", CONFIG_TEXT, AT(topic_quarantine), "instroom.quarantine.1", 1, 200,
	  "topic of messages set aside" },
	{ "topic.reference", CONFIG_TEXT, AT(topic_reference), "instroom.reference.1", 1, 200,
	  "topic of reference snapshots" },
	{ "topic.partitions", CONFIG_COUNT, AT(topic_partitions), "12", 1, 4095,
	  "partitions migrate makes; never changed afterwards" },
	{ "topic.replication", CONFIG_COUNT, AT(topic_replication), "1", 1, 15, "replicas migrate makes; 3 in production" },
	{ "topic.retention.days", CONFIG_COUNT, AT(topic_retention_days), "90", 1, 3650,
	  "how long raw and verdict are kept: at least the age of the oldest backup" },
	{ "pg.owner.conninfo", CONFIG_TEXT, AT(pg_owner_conninfo), "dbname=instroom user=instroom_owner", 1, 4096,
	  "libpq connection string of the owner: migrate, import" },
	{ "pg.owner.password.file", CONFIG_SECRET, AT(pg_owner_password), "", 0, 1024, "file of its password" },
	{ "pg.conninfo", CONFIG_TEXT, AT(pg_conninfo), "dbname=instroom user=instroom_reader", 1, 4096,
	  "libpq connection string of the reader: everything else" },
	{ "pg.password.file", CONFIG_SECRET, AT(pg_password), "", 0, 1024, "file of its password" },
	{ "redis.address", CONFIG_TEXT, AT(redis_address), "127.0.0.1:6379", 1, 200,
	  "host:port, or the path of a socket (refill)" },
	{ "redis.user", CONFIG_TEXT, AT(redis_user), "", 0, 200, "user name" },
	{ "redis.password.file", CONFIG_SECRET, AT(redis_password), "", 0, 256, "file that holds the password" },
	{ "gateway.url", CONFIG_TEXT, AT(gateway_url), "http://127.0.0.1:8080", 8, 1024, "gateway that deliver uploads to" },
	{ "gateway.token.file", CONFIG_SECRET, AT(gateway_token), "", 0, 256, "file of the token for it" },
	{ "stand.key.file", CONFIG_SECRET, AT(stand_key), "", 0, 4096, "file of the key of pseudonyms (stand)" },
	{ "hmac.key.file", CONFIG_SECRET, AT(hmac_key), "", 0, 4096, "file of the key of teacher keys" },
};

const struct config_table CTL_CONFIG = {
	.program = "instroomctl",
	.purpose = "questions and chores for operators of Instroom",
	.keys = KEYS,
	.key_count = ARRAY_LEN(KEYS),
};
