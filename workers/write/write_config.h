/* write_config: the settings of instroom-write. */
#ifndef WRITE_WRITE_CONFIG_H
#define WRITE_WRITE_CONFIG_H

#include "settings/settings.h"

struct write_config {
	struct log_settings log;
	struct trace_settings trace;
	const char *status_address;
	struct kafka_settings kafka;
	int64_t kafka_wait_ms;
	struct topic_settings topic;
	struct encrypt_settings encrypt;
	struct pg_settings pg;
	int64_t pg_lock_ms, pg_idle_ms;
	int64_t batch_rows_max, batch_bytes_max;
	int64_t batch_linger_ms;
	int64_t batch_arena_bytes;
	int64_t unchanged_check_share;
	int64_t drain_ms;
};

extern const struct config_table WRITE_CONFIG;

#endif
