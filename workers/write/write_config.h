/* write_config: the settings of instroom-write. */
#ifndef WRITE_WRITE_CONFIG_H
#define WRITE_WRITE_CONFIG_H

#include "run/config.h"

#include <stdbool.h>

struct write_config {
	const char *worker_name;
	const char *log_level;
	const char *status_address;
	const char *kafka_brokers;
	const char *kafka_security_protocol;
	const char *kafka_ca_file, *kafka_cert_file, *kafka_key_file;
	const char *kafka_sasl_mechanism, *kafka_sasl_user;
	struct slice kafka_sasl_password;
	const char *kafka_group;
	int64_t kafka_session_ms;
	int64_t kafka_prefetch_bytes;
	int64_t kafka_wait_ms;
	const char *topic_raw, *topic_verdict;
	const char *pg_conninfo;
	struct slice pg_password;
	int64_t pg_connect_ms, pg_lock_ms, pg_idle_ms, pg_statement_ms;
	int64_t batch_rows_max;
	int64_t batch_bytes_max;
	int64_t batch_gather_ms;
	int64_t batch_arena_bytes;
	int64_t drain_ms;
};

extern const struct config_table WRITE_CONFIG;

#endif
