/* ctl_config: the settings of instroomctl. */
#ifndef CTL_CTL_CONFIG_H
#define CTL_CTL_CONFIG_H

#include "settings/settings.h"

/* How long what is kept, in months; 0: for good. */
struct retention_months {
	int64_t lapsed, history, feedback, contact, audit, problem;
};

/* Where problems of boards are mailed, and by which server. */
struct problem_settings {
	const char *url, *ca_file, *tls, *user, *from;
	struct secret password;
	int64_t ms_max;
	const char *helpdesk, *council_po, *council_vo, *council_wec, *council_mbo;
};

struct ctl_config {
	struct kafka_settings kafka;
	struct topic_settings topic;
	struct encrypt_settings encrypt;
	int64_t topic_partitions, topic_replication;
	int64_t topic_retention_days, backup_keep_days;
	const char *validate_group, *write_group;
	struct retention_months retention;
	const char *retention_timer;
	int64_t replay_plan_keep_ms, replay_approval_lines, replay_rate;
	struct problem_settings problems;
	struct pg_settings pg;	     /* the reader */
	struct pg_settings pg_owner; /* of migrate, import */
	struct redis_settings redis;
	const char *gateway_url, *gateway_ca_file;
	const char *tokens_file;
	struct secret gateway_token;
	struct secret stand_key;
	struct secret hmac_key, hmac_old_key;
	const char *checkpoint_dir, *checkpoint_public_key_file;
	struct secret checkpoint_key, checkpoint_old_key, checkpoint_sign_key;
	int64_t checkpoint_keep;
};

extern const struct config_table CTL_CONFIG;

#endif
