/* gateway_config: the settings of instroom-gateway. */
#ifndef GATEWAY_GATEWAY_CONFIG_H
#define GATEWAY_GATEWAY_CONFIG_H

#include "settings/settings.h"

struct gateway_config {
	struct log_settings log;
	struct trace_settings trace;
	int64_t trace_sample;
	const char *status_address;
	const char *listen;
	const char *tokens_file;
	const char *helpdesk_address;
	const char *jwt_issuer, *jwt_audience, *jwt_algorithms, *jwt_types, *jwt_acr;
	const char *jwt_keys_file, *jwt_keys_url, *jwt_keys_ca_file;
	int64_t jwt_keys_pause_ms;
	const char *tls_cert_file;
	struct secret tls_key;
	const char *tls_client_ca_file, *tls_client_crl_file;
	int64_t connections_max, address_connections_max;
	int64_t sender_uploads_max, board_uploads_max, board_questions_max;
	int64_t connection_idle_ms;
	int64_t upload_ms_max;
	int64_t upload_bytes_max, answer_bytes_max;
	struct kafka_settings kafka;
	struct topic_settings topic;
	struct encrypt_settings encrypt;
	struct pg_settings pg;
	int64_t register_threads;
	struct secret stand_key;
	int64_t confirm_ms_max;
	int64_t drain_ms;
	bool test_received_on;
};

extern const struct config_table GATEWAY_CONFIG;

#endif
