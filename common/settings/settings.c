#include "settings/settings.h"

#include "base/log.h"
#include "seal/master_keys.h"

_Static_assert((int)SETTINGS_PASSWORD_BYTES_MAX == (int)KAFKA_PASSWORD_BYTES_MAX &&
		       (int)SETTINGS_PASSWORD_BYTES_MAX == (int)PG_PASSWORD_BYTES_MAX,
	       "a password that passes the settings fits the adapters");

enum { NAME_BYTES_MAX = 256, TOPIC_BYTES_MAX = 200, KEY_BYTES_MIN = 32, KEY_BYTES_MAX = 4096 };

#define ROWS(keys)                    \
	{                             \
		keys, ARRAY_LEN(keys) \
	}

#define LOG_AT(field) offsetof(struct log_settings, field)
static const struct config_key LOG[] = {
	{ "worker.name", CONFIG_TEXT, LOG_AT(worker), "", 1, 40, "name of this process in logs" },
	{ "log.level", CONFIG_WORD, LOG_AT(level), "info", 1, 0, "least level logged",
	  .words = "debug|info|warn|error" },
};
const struct config_rows LOG_ROWS = ROWS(LOG);

static const struct config_key STATUS[] = {
	{ "status.address", CONFIG_ADDRESS, 0, "", 0, 100, "host:port of /healthz, /readyz and /metrics; empty: none" },
};
const struct config_rows STATUS_ROWS = ROWS(STATUS);

static const struct config_key DRAIN[] = {
	{ "drain.max", CONFIG_MS, 0, "30s", 0, 600000, "time to finish what is open after TERM" },
};
const struct config_rows DRAIN_ROWS = ROWS(DRAIN);

#define KAFKA_AT(field) offsetof(struct kafka_settings, field)
static const struct config_key KAFKA[] = {
	{ "kafka.brokers", CONFIG_ADDRESS, KAFKA_AT(brokers), "127.0.0.1:9092", 1, SETTINGS_TEXT_BYTES_MAX,
	  "host:port,.. to begin with" },
	{ "kafka.security.protocol", CONFIG_WORD, KAFKA_AT(security_protocol), "", 0, 0,
	  "how we speak to brokers; empty: plaintext", .words = "plaintext|ssl|sasl_plaintext|sasl_ssl" },
	{ "kafka.ca.file", CONFIG_TEXT, KAFKA_AT(ca_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "certificates the brokers are checked with, PEM" },
	{ "kafka.cert.file", CONFIG_TEXT, KAFKA_AT(cert_file), "", 0, SETTINGS_TEXT_BYTES_MAX, "our certificate, PEM" },
	{ "kafka.key.file", CONFIG_TEXT, KAFKA_AT(key_file), "", 0, SETTINGS_TEXT_BYTES_MAX, "its private key, PEM" },
	{ "kafka.sasl.mechanism", CONFIG_WORD, KAFKA_AT(sasl_mechanism), "", 0, 0,
	  "how we log in, with sasl_plaintext or sasl_ssl", .words = "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512" },
	{ "kafka.sasl.user", CONFIG_TEXT, KAFKA_AT(sasl_user), "", 0, NAME_BYTES_MAX, "user name" },
	SETTINGS_PASSWORD("kafka.sasl.password.file", KAFKA_AT(sasl_password), "file that holds the password"),
};
const struct config_rows KAFKA_ROWS = ROWS(KAFKA);

static const struct config_key KAFKA_CONSUMER[] = {
	{ "kafka.group", CONFIG_TEXT, KAFKA_AT(group), "", 1, NAME_BYTES_MAX,
	  "consumer group that shares the partitions" },
	{ "kafka.group.instance", CONFIG_TEXT, KAFKA_AT(group_instance), "", 0, NAME_BYTES_MAX,
	  "name of this process in its group, which no other has: a restart within kafka.session.max moves no "
	  "partition; empty: none" },
	{ "kafka.session.max", CONFIG_MS, KAFKA_AT(session_ms), "10s", 1000, 300000,
	  "silence after which our partitions go to others" },
	{ "kafka.prefetch.bytes", CONFIG_BYTES, KAFKA_AT(prefetch_bytes), "8M", 65536, 1073741824,
	  "messages fetched ahead, all partitions" },
	{ "registers", CONFIG_COUNT, KAFKA_AT(registers), "1", 1, SETTINGS_REGISTERS_MAX,
	  "registers that share the topics, by board; each has a PostgreSQL and a consumer group of its own" },
	{ "register.number", CONFIG_COUNT, KAFKA_AT(register_number), "1", 1, SETTINGS_REGISTERS_MAX,
	  "of several registers ours: of n registers number 1 has partitions 0, n, 2n .., number 2 has 1, n + 1 .." },
};
const struct config_rows KAFKA_CONSUMER_ROWS = ROWS(KAFKA_CONSUMER);

static const struct config_key KAFKA_PRODUCER[] = {
	{ "kafka.delivery.max", CONFIG_MS, KAFKA_AT(delivery_ms), "30s", 1000, 600000,
	  "longest wait for the acknowledgement of a message", .old_key = "kafka.delivery.time.max" },
	{ "kafka.compression", CONFIG_WORD, KAFKA_AT(compression), "lz4", 1, 0, "of what we produce",
	  .words = "none|lz4|zstd" },
};
const struct config_rows KAFKA_PRODUCER_ROWS = ROWS(KAFKA_PRODUCER);

#define TOPIC_AT(field) offsetof(struct topic_settings, field)
static const struct config_key TOPIC_RAW[] = {
	{ "topic.raw", CONFIG_TEXT, TOPIC_AT(raw), "instroom.raw.1", 1, TOPIC_BYTES_MAX,
	  "topic of deliveries; its number is the generation" },
};
static const struct config_key TOPIC_VERDICT[] = {
	{ "topic.verdict", CONFIG_TEXT, TOPIC_AT(verdict), "instroom.verdict.1", 1, TOPIC_BYTES_MAX,
	  "topic of verdicts, with as many partitions as raw" },
};
static const struct config_key TOPIC_QUARANTINE[] = {
	{ "topic.quarantine", CONFIG_TEXT, TOPIC_AT(quarantine), "instroom.quarantine.1", 1, TOPIC_BYTES_MAX,
	  "topic of messages that cannot be judged" },
};
static const struct config_key TOPIC_REFERENCE[] = {
	{ "topic.reference", CONFIG_TEXT, TOPIC_AT(reference), "instroom.reference.1", 1, TOPIC_BYTES_MAX,
	  "topic of reference snapshots" },
};
static const struct config_key TOPIC_ACCESS[] = {
	{ "topic.access", CONFIG_TEXT, TOPIC_AT(access), "instroom.access.1", 1, TOPIC_BYTES_MAX,
	  "topic of who may deliver for whom" },
};
static const struct config_key TOPIC_DAY_KEY[] = {
	{ "topic.day_keys", CONFIG_TEXT, TOPIC_AT(day_keys), "instroom.daykeys.1", 1, TOPIC_BYTES_MAX,
	  "topic of the keys that bodies are encrypted with, each wrapped; used with encrypt.key.file" },
};
const struct config_rows TOPIC_RAW_ROWS = ROWS(TOPIC_RAW);
const struct config_rows TOPIC_VERDICT_ROWS = ROWS(TOPIC_VERDICT);
const struct config_rows TOPIC_QUARANTINE_ROWS = ROWS(TOPIC_QUARANTINE);
const struct config_rows TOPIC_REFERENCE_ROWS = ROWS(TOPIC_REFERENCE);
const struct config_rows TOPIC_ACCESS_ROWS = ROWS(TOPIC_ACCESS);
const struct config_rows TOPIC_DAY_KEY_ROWS = ROWS(TOPIC_DAY_KEY);

#define ENCRYPT_AT(field) offsetof(struct encrypt_settings, field)
static const struct config_key ENCRYPT[] = {
	{ "encrypt.bodies", CONFIG_BOOL, ENCRYPT_AT(bodies), "no", 0, 0,
	  "encrypt what is produced to raw, verdict and quarantine, with the day's key; wants encrypt.key.file" },
	{ "encrypt.key.file", CONFIG_SECRET, ENCRYPT_AT(key), "", 0, MASTER_KEYS_FILE_BYTES_MAX,
	  "file of the keys that wrap day keys, a line of 64 hex digits each, the newest last; empty: no body that is "
	  "encrypted can be read" },
};
const struct config_rows ENCRYPT_ROWS = ROWS(ENCRYPT);

#define PG_AT(field) offsetof(struct pg_settings, field)
static const struct config_key PG[] = {
	{ "pg.conninfo", CONFIG_TEXT, PG_AT(conninfo), "dbname=instroom", 1, SETTINGS_TEXT_BYTES_MAX,
	  "libpq connection string of the register, with the role of this program", .is_conninfo = true },
	SETTINGS_PASSWORD("pg.password.file", PG_AT(password),
			  "file that holds the password, when the string names none"),
};
const struct config_rows PG_ROWS = ROWS(PG);

static const struct config_key PG_LIMIT[] = {
	{ "pg.connect.max", CONFIG_MS, PG_AT(connect_ms), "2s", 100, 60000,
	  "longest wait for a connection, for each address of each host" },
	{ "pg.statement.max", CONFIG_MS, PG_AT(statement_ms), "30s", 100, 3600000, "longest run of one statement" },
};
const struct config_rows PG_LIMIT_ROWS = ROWS(PG_LIMIT);

#define REDIS_AT(field)	      offsetof(struct redis_settings, field)
#define REDIS_ADDRESS_DEFAULT "127.0.0.1:6379"
static const struct config_key REDIS[] = {
	{ "redis.address", CONFIG_ADDRESS, REDIS_AT(address), REDIS_ADDRESS_DEFAULT, 1, SETTINGS_TEXT_BYTES_MAX,
	  "host:port,.. or the path of a socket; of a cluster some of its nodes" },
	{ "redis.user", CONFIG_TEXT, REDIS_AT(user), "", 0, NAME_BYTES_MAX, "user name" },
	SETTINGS_PASSWORD("redis.password.file", REDIS_AT(password),
			  "file that holds the password; read again at each connection"),
	{ "redis.tls", CONFIG_BOOL, REDIS_AT(has_tls), "no", 0, 0, "speak TLS, but to the path of a socket" },
	{ "redis.ca.file", CONFIG_TEXT, REDIS_AT(ca_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "certificates Redis is checked with, PEM; empty: those of the system" },
	{ "redis.cert.file", CONFIG_TEXT, REDIS_AT(cert_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "our certificate, PEM, when Redis wants one" },
	{ "redis.key.file", CONFIG_TEXT, REDIS_AT(key_file), "", 0, SETTINGS_TEXT_BYTES_MAX, "its private key, PEM" },
	{ "redis.connect.max", CONFIG_MS, REDIS_AT(connect_ms), "250ms", 1, 5000,
	  "longest wait for a connection, for each address of the name" },
	{ "redis.wait.max", CONFIG_MS, REDIS_AT(wait_ms), "1s", 1, 30000, "longest wait for one reply" },
};
const struct config_rows REDIS_ROWS = ROWS(REDIS);

#define TRACE_AT(field) offsetof(struct trace_settings, field)
static const struct config_key TRACE[] = {
	{ "trace.endpoint", CONFIG_TEXT, TRACE_AT(endpoint), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "where spans of sampled deliveries go, OTLP over HTTP: https://host/v1/traces, or http:// of this machine; "
	  "empty: none are made" },
	{ "trace.ca.file", CONFIG_TEXT, TRACE_AT(ca_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "CAs of its certificate (PEM); empty: those of the system" },
};
const struct config_rows TRACE_ROWS = ROWS(TRACE);

/* A key is in use from start to end; bytes_min 0: it may be absent. */
#define KEY_ROW(key, bytes_min, help)                                                            \
	{                                                                                        \
		key, CONFIG_SECRET, 0, "", bytes_min, KEY_BYTES_MAX, help, .needs_restart = true \
	}

static const struct config_key HMAC_KEY[] = {
	KEY_ROW("hmac.key.file", KEY_BYTES_MIN, "file of the key that makes teacher keys"),
};
const struct config_rows HMAC_KEY_ROWS = ROWS(HMAC_KEY);

static const struct config_key HMAC_OLD_KEY[] = {
	KEY_ROW("hmac.key.old.file", 0, "file of the key of before, while a rotation is under way (instroomctl key)"),
};
const struct config_rows HMAC_OLD_KEY_ROWS = ROWS(HMAC_OLD_KEY);

static const struct config_key STAND_KEY[] = {
	KEY_ROW("stand.key.file", KEY_BYTES_MIN,
		"file of the key of pseudonyms and fingerprints (specification 8.4, 2.1)"),
};
const struct config_rows STAND_KEY_ROWS = ROWS(STAND_KEY);

void settings_begin_log(const struct log_settings *settings)
{
	enum log_level least = LOG_INFO;

	for (int level = LOG_DEBUG; level <= LOG_ERROR; level++)
		if (strcmp(settings->level, log_level_name((enum log_level)level)) == 0)
			least = (enum log_level)level;
	log_init(settings->worker, least);
}

struct kafka_options settings_kafka(const struct kafka_settings *settings, const char *client_id)
{
	return (struct kafka_options){
		.brokers = settings->brokers,
		.client_id = client_id,
		.security_protocol = settings->security_protocol,
		.ca_file = settings->ca_file,
		.cert_file = settings->cert_file,
		.key_file = settings->key_file,
		.sasl_mechanism = settings->sasl_mechanism,
		.sasl_user = settings->sasl_user,
		.sasl_password = settings->sasl_password,
		.bodies = settings->bodies,
	};
}

int settings_consumer(const struct kafka_settings *settings, char group[SETTINGS_GROUP_BYTES],
		      struct kafka_consumer_options *ret, struct err *err)
{
	int shares = (int)settings->registers, number = (int)settings->register_number;

	if (number > shares)
		return err_set(err, ERR_CONFIG, "register.number",
			       "register.number is %d, and registers is %d: it must be 1 to %d", number, shares,
			       shares);
	if (shares == 1)
		snprintf(group, SETTINGS_GROUP_BYTES, "%s", settings->group);
	else
		snprintf(group, SETTINGS_GROUP_BYTES, "%s.%d-of-%d", settings->group, number, shares);
	*ret = (struct kafka_consumer_options){
		.group = group,
		.instance = settings->group_instance,
		.queued_kbytes_max = settings->prefetch_bytes / 1024,
		.session_timeout_ms = (int32_t)settings->session_ms,
		.shares = shares,
		.share = number - 1,
	};
	return 0;
}

struct topic_settings settings_topics(const struct topic_settings *topics, const struct encrypt_settings *encrypt)
{
	struct topic_settings used = *topics;

	if (slice_is_empty(encrypt->key.bytes))
		used.day_keys = NULL;
	return used;
}

struct pg_options settings_pg(const struct pg_settings *settings, const char *application)
{
	return (struct pg_options){
		.conninfo = settings->conninfo,
		.password = settings->password,
		.application = application,
		.connect_ms = (uint32_t)settings->connect_ms,
		.lock_ms = (uint32_t)settings->statement_ms,
		.idle_transaction_ms = (uint32_t)settings->statement_ms,
		.statement_ms = (uint32_t)settings->statement_ms,
	};
}

struct span_exporter_options settings_trace(const struct trace_settings *settings, const char *stage,
					    const struct log_settings *log)
{
	return (struct span_exporter_options){
		.endpoint = settings->endpoint, .ca_file = settings->ca_file, .stage = stage, .instance = log->worker
	};
}

struct redis_options settings_redis(const struct redis_settings *settings)
{
	return (struct redis_options){
		.address = settings->address[0] ? settings->address : REDIS_ADDRESS_DEFAULT,
		.user = settings->user,
		.password = settings->password,
		.connect_ms = (uint32_t)settings->connect_ms,
		.wait_ms = (uint32_t)settings->wait_ms,
		.has_tls = settings->has_tls,
		.ca_file = settings->ca_file,
		.cert_file = settings->cert_file,
		.key_file = settings->key_file,
	};
}
