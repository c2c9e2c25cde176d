/* validate_config: the settings of instroom-validate. One table, see run/config.h. */
#ifndef VALIDATE_VALIDATE_CONFIG_H
#define VALIDATE_VALIDATE_CONFIG_H

#include "run/config.h"

#include <stdbool.h>

struct validate_config {
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
	int64_t kafka_delivery_ms;
	int64_t kafka_prefetch_bytes;
	const char *kafka_compression;

	const char *topic_raw, *topic_verdict, *topic_quarantine, *topic_reference;

	const char *redis_address, *redis_user;
	struct slice redis_password;
	int64_t redis_connect_ms, redis_wait_ms;

	const char *pg_conninfo;
	struct slice pg_password;
	int64_t pg_connect_ms, pg_statement_ms;

	struct slice hmac_key;

	int64_t turn_messages_max, turn_lines_max, turn_bytes_max, turn_gather_ms;
	int64_t late_wait_ms_max;
	int64_t references_max;
	int64_t drain_ms_max;
};

extern const struct config_table VALIDATE_CONFIG;

#endif
