/* validate_config: the settings of instroom-validate. */
#ifndef VALIDATE_VALIDATE_CONFIG_H
#define VALIDATE_VALIDATE_CONFIG_H

#include "settings/settings.h"

struct validate_config {
	struct log_settings log;
	struct trace_settings trace;
	const char *status_address;
	struct kafka_settings kafka;
	struct topic_settings topic;
	struct encrypt_settings encrypt;
	struct redis_settings redis;
	struct pg_settings pg;
	struct secret hmac_key, hmac_old_key;
	int64_t batch_messages_max, batch_lines_max, batch_bytes_max;
	int64_t batch_linger_ms;
	int64_t missing_wait_ms_max;
	int64_t references_max;
	int64_t drain_ms;
};

extern const struct config_table VALIDATE_CONFIG;

#endif
