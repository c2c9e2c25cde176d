/* gateway_config: the settings of instroom-gateway. */
#ifndef GATEWAY_GATEWAY_CONFIG_H
#define GATEWAY_GATEWAY_CONFIG_H

#include "run/config.h"

struct gateway_config {
	const char *name;
	const char *log_level;
	const char *listen;
	const char *tokens_file;
	const char *tls_cert_file;
	struct slice tls_key;
	int64_t connections_max;
	int64_t connection_idle_ms;
	int64_t upload_ms_max;
	int64_t upload_bytes_max;
	const char *kafka_brokers;
	const char *kafka_security_protocol;
	const char *kafka_ca_file, *kafka_cert_file, *kafka_key_file;
	const char *kafka_sasl_mechanism, *kafka_sasl_user;
	struct slice kafka_sasl_password;
	int64_t kafka_delivery_ms_max;
	const char *kafka_compression;
	const char *topic_raw, *topic_reference;
	const char *pg_conninfo;
	struct slice pg_password;
	int64_t pg_connect_ms;
	int64_t pg_statement_ms;
	int64_t register_threads;
	struct slice stand_key;
	int64_t confirm_ms_max;
	int64_t drain_ms_max;
	bool test_received_on;
};

extern const struct config_table GATEWAY_CONFIG;

#endif
