#include "ctl/base/ctl_config.h"

enum { MONTHS_MAX = 1200 };

#define AT(field) offsetof(struct ctl_config, field)

static const struct config_section SHARED[] = {
	{ &KAFKA_ROWS, AT(kafka) },
	{ &TOPIC_RAW_ROWS, AT(topic) },
	{ &TOPIC_VERDICT_ROWS, AT(topic) },
	{ &TOPIC_QUARANTINE_ROWS, AT(topic) },
	{ &TOPIC_REFERENCE_ROWS, AT(topic) },
	{ &TOPIC_ACCESS_ROWS, AT(topic) },
	{ &PG_ROWS, AT(pg) },
	{ &REDIS_ROWS, AT(redis) },
	{ &STAND_KEY_ROWS, AT(stand_key) },
	{ &HMAC_KEY_ROWS, AT(hmac_key) },
	{ &HMAC_OLD_KEY_ROWS, AT(hmac_old_key) },
};

static const struct config_default DEFAULTS[] = {
	{ "pg.conninfo", "dbname=instroom user=instroom_reader" },
	{ "redis.connect.max", "2s" },
	{ "redis.wait.max", "5s" },
	{ "stand.key.file", "", .is_optional = true },
	{ "hmac.key.file", "", .is_optional = true },
};

static const struct config_key KEYS[] = {
	{ "topic.partitions", CONFIG_COUNT, AT(topic_partitions), "12", 1, 4095,
	  "partitions migrate makes; never changed afterwards" },
	{ "topic.replication", CONFIG_COUNT, AT(topic_replication), "1", 1, 15,
	  "replicas migrate makes; 3 in production" },
	{ "topic.retention.days", CONFIG_COUNT, AT(topic_retention_days), "90", 1, 3650,
	  "how long raw and verdict are kept: at least the age of the oldest backup" },
	{ "backup.keep.days", CONFIG_COUNT, AT(backup_keep_days), "0", 0, 36500,
	  "age of the oldest backup of the register that may be restored, for doctor; 0: not said" },
	{ "retention.lapsed.months", CONFIG_COUNT, AT(retention.lapsed), "60", 0, MONTHS_MAX,
	  "how long a lapsed teacher is kept behind vervallen_per; 0: for good" },
	{ "retention.history.months", CONFIG_COUNT, AT(retention.history), "60", 0, MONTHS_MAX,
	  "how long is kept what a teacher was, behind the delivery that changed it; 0: for good" },
	{ "retention.feedback.months", CONFIG_COUNT, AT(retention.feedback), "3", 0, MONTHS_MAX,
	  "how long terugmeldingen are kept behind ontvangen_op, the time to dispute them; 0: for good" },
	{ "retention.contact.months", CONFIG_COUNT, AT(retention.contact), "12", 0, MONTHS_MAX,
	  "how long a contact person is kept after another has come; 0: for good" },
	{ "retention.audit.months", CONFIG_COUNT, AT(retention.audit), "60", 0, MONTHS_MAX,
	  "how long it is kept who looked at persons; 0: for good" },
	{ "validate.group", CONFIG_TEXT, AT(validate_group), "instroom-validate", 1, 250,
	  "consumer group of the validators, which must have no member during refill and loss accept" },
	{ "replay.plan.keep", CONFIG_MS, AT(replay_plan_keep_ms), "1440m", 1000, INT64_C(31) * 86400 * 1000,
	  "a replay plan that nobody started expires after this" },
	{ "replay.approval.lines", CONFIG_COUNT, AT(replay_approval_lines), "100000", 0, 1000000000,
	  "a replay of so many lines has to be approved by another than its planner; 0: none has" },
	{ "replay.rate", CONFIG_COUNT, AT(replay_rate), "50", 0, 100000,
	  "messages a second of a replay that is started without --rate; 0: without limit" },
	{ "write.group", CONFIG_TEXT, AT(write_group), "instroom-write", 1, 250,
	  "consumer group of the writers: status says which of them has a partition" },
	{ "pg.owner.conninfo", CONFIG_TEXT, AT(pg_owner.conninfo), "dbname=instroom user=instroom_owner", 1,
	  SETTINGS_TEXT_BYTES_MAX, "libpq connection string of the owner: migrate, import" },
	SETTINGS_PASSWORD("pg.owner.password.file", AT(pg_owner.password), "file that holds its password"),
	{ "gateway.url", CONFIG_ADDRESS, AT(gateway_url), "http://127.0.0.1:8080", 8, 1024,
	  "gateway that deliver uploads to" },
	{ "gateway.ca.file", CONFIG_TEXT, AT(gateway_ca_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "certificates it is checked with, PEM; empty: those of the system" },
	{ "tokens.file", CONFIG_TEXT, AT(tokens_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "the gateway's tokens file, which token make, list and withdraw work on" },
	{ "gateway.token.file", CONFIG_SECRET, AT(gateway_token), "", 0, 8192, "file of the token for it",
	  .may_have_bom = true },
};

const struct config_table CTL_CONFIG = {
	.program = "instroomctl",
	.purpose = "questions and chores for operators of Instroom",
	.shared = SHARED,
	.shared_count = ARRAY_LEN(SHARED),
	.defaults = DEFAULTS,
	.default_count = ARRAY_LEN(DEFAULTS),
	.keys = KEYS,
	.key_count = ARRAY_LEN(KEYS),
};
