/* ctl_config: the settings of instroomctl. */
#ifndef CTL_CTL_CONFIG_H
#define CTL_CTL_CONFIG_H

#include "run/config.h"

struct ctl_config {
	const char *kafka_brokers;
	const char *kafka_security_protocol;
	const char *kafka_ca_file, *kafka_cert_file, *kafka_key_file;
	const char *kafka_sasl_mechanism, *kafka_sasl_user;
	struct slice kafka_sasl_password;
	const char *topic_raw, *topic_verdict, *topic_quarantine, *topic_reference;
	int64_t topic_partitions, topic_replication;
	int64_t topic_retention_days;
	const char *pg_owner_conninfo, *pg_conninfo;
	struct slice pg_owner_password, pg_password;
	const char *redis_address, *redis_user;
	struct slice redis_password;
	const char *gateway_url;
	struct slice gateway_token;
	struct slice stand_key;
	struct slice hmac_key;
};

extern const struct config_table CTL_CONFIG;

#endif
