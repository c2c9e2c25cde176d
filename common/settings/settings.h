/* settings: the settings that several programs share stand here once: for each peer a struct, its rows, and the options
 * the adapter wants. So names and limits are the same in every program.
 *
 * A program embeds the structs in its own and names the rows in its table, with the offset of the struct:
 *
 * 	struct write_config {
 * 		struct log_settings log;
 * 		struct kafka_settings kafka;
 * 	};
 * 	static const struct config_section SHARED[] = {
 * 		{ &LOG_ROWS, offsetof(struct write_config, log) },
 * 		{ &KAFKA_ROWS, offsetof(struct write_config, kafka) },
 * 	};
 * 	static const struct config_default DEFAULTS[] = { { "worker.name", "write" } };
 *
 * What a program has no row for stays zero. */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include "kafka/kafka_consumer.h"
#include "pg/pg_link.h"
#include "redis/redis_cache.h"
#include "run/config.h"
#include "trace/span_exporter.h"

struct log_settings {
	const char *worker; /* the name in each line */
	const char *level;
};

struct kafka_settings {
	const char *brokers;
	const char *security_protocol, *ca_file, *cert_file, *key_file;
	const char *sasl_mechanism, *sasl_user;
	struct secret sasl_password;
	const char *group; /* this and the next five: consumers */
	const char *group_instance;
	int64_t session_ms;
	int64_t prefetch_bytes;
	int64_t registers, register_number;
	int64_t delivery_ms; /* this and the next: producers */
	const char *compression;
	const struct body_seal *bodies; /* no setting: body_encryption_open sets it, before a client is opened */
};

/* Encryption of message bodies (design 9). */
struct encrypt_settings {
	bool bodies;
	struct secret key; /* empty: it is off, and no body that is encrypted can be read */
};

struct topic_settings {
	const char *raw, *verdict, *quarantine, *reference, *access, *day_keys;
};

struct pg_settings {
	const char *conninfo;
	struct secret password;
	int64_t connect_ms, statement_ms;
};

struct redis_settings {
	const char *address, *user;
	struct secret password;
	int64_t connect_ms, wait_ms;
	bool has_tls;
	const char *ca_file, *cert_file, *key_file;
};

struct trace_settings {
	const char *endpoint, *ca_file;
};

/* A row of a password's file, whose size every adapter bears. */
#define SETTINGS_PASSWORD(key, where, help)                                         \
	{                                                                           \
		key, CONFIG_SECRET, where, "", 0, SETTINGS_PASSWORD_BYTES_MAX, help \
	}

/* log_init as the settings say. */
void settings_begin_log(const struct log_settings *settings);

/* As they are, without the topic of day keys when nothing is encrypted. */
struct topic_settings settings_topics(const struct topic_settings *topics, const struct encrypt_settings *encrypt);

/* The strings stay the settings'. */
struct kafka_options settings_kafka(const struct kafka_settings *settings, const char *client_id);
/* What every member of a stage's group has: group, share of the partitions, session and prefetch; the caller adds topic
 * and size. With several registers each has a group of its own, whose name is made in group. ERR_CONFIG: there are not
 * so many registers. */
enum { SETTINGS_GROUP_BYTES = 320 };
MUSTUSE int settings_consumer(const struct kafka_settings *settings, char group[SETTINGS_GROUP_BYTES],
			      struct kafka_consumer_options *ret, struct err *err);
struct redis_options settings_redis(const struct redis_settings *settings);
/* Waits for locks and idle transactions are bounded as statements are; should_stop is the caller's to set. */
struct pg_options settings_pg(const struct pg_settings *settings, const char *application);

/* stage: a literal, as of span_exporter_options. */
struct span_exporter_options settings_trace(const struct trace_settings *settings, const char *stage,
					    const struct log_settings *log);

/* ---- the rows ---- */

/* of struct log_settings: worker.name has no default of its own */
extern const struct config_rows LOG_ROWS;
/* of a const char *: status.address */
extern const struct config_rows STATUS_ROWS;
/* of struct kafka_settings; kafka.group has no default of its own */
extern const struct config_rows KAFKA_ROWS, KAFKA_CONSUMER_ROWS, KAFKA_PRODUCER_ROWS;
/* of struct topic_settings */
extern const struct config_rows TOPIC_RAW_ROWS, TOPIC_VERDICT_ROWS, TOPIC_QUARANTINE_ROWS, TOPIC_REFERENCE_ROWS,
	TOPIC_ACCESS_ROWS, TOPIC_DAY_KEY_ROWS;
/* of struct encrypt_settings */
extern const struct config_rows ENCRYPT_ROWS;
/* of struct pg_settings */
extern const struct config_rows PG_ROWS, PG_LIMIT_ROWS;
/* of struct redis_settings */
extern const struct config_rows REDIS_ROWS;
/* of a struct secret each: hmac.key.file, hmac.key.old.file, stand.key.file */
extern const struct config_rows HMAC_KEY_ROWS, HMAC_OLD_KEY_ROWS, STAND_KEY_ROWS;
/* of struct trace_settings */
extern const struct config_rows TRACE_ROWS;
/* of an int64_t: drain.max */
extern const struct config_rows DRAIN_ROWS;

enum { SETTINGS_TEXT_BYTES_MAX = 4096, SETTINGS_PASSWORD_BYTES_MAX = 1024, SETTINGS_REGISTERS_MAX = 64 };

#endif
