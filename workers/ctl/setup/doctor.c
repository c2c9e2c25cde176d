/* doctor: what is in the way of this installation, as far as this machine and these settings can see it.
 *
 *   1. settings, keys and files, without asking anybody (doctor_local.c)
 *   2. Kafka: does it answer, are the topics as design 2 has them, has each stage its rights (doctor_kafka.h), is a
 *      reference snapshot there, is its clock ours
 *   3. PostgreSQL: as the program's role and as the owner; migrations, cursors, settings, keys, clock, disk; what a
 *      COMMIT is worth, standbys, connections left (doctor_pg.h); what the roles may, beside what they need
 *      (doctor_roles.h)
 *   4. Redis: does it answer, is its clock ours; each command on each partition, and the server (doctor_redis.h)
 *
 * Each check stands alone: with a server away its lines fail, and the others are told all the same. The checks are
 * those of migrate (applied.h, topics.h) and of the workers' start (settings/topic_specs.h, pg/pg_privacy.h); faults of
 * the settings themselves end every command with 78 before it begins.
 *
 * No header: run_doctor stands in setup_commands.h. */
#include "ctl/setup/setup_commands.h"

#include "base/clock.h"
#include "ctl/setup/applied.h"
#include "ctl/setup/doctor_checkpoint.h"
#include "ctl/setup/doctor_kafka.h"
#include "ctl/setup/doctor_local.h"
#include "ctl/setup/doctor_pg.h"
#include "ctl/setup/doctor_redis.h"
#include "ctl/setup/doctor_roles.h"
#include "ctl/setup/topics.h"
#include "kafka/kafka_reader.h"
#include "pg/pg_privacy.h"

#include <stdlib.h>
#include <sys/statvfs.h>

enum {
	CLOCK_MS_MAX = 2000, /* apart, what the way to the server took set aside */
	DISK_PERCENT_MIN = 15,
	COPIES_MIN = 3, /* with fewer, one in sync has to do (settings/topic_specs.c) */
	MARKERS_MAX = 8,
	PERCENT = 100,
};

struct doctor {
	struct ctl *ctl;
	struct diagnosis diagnosis;
};

#define OK(check, ...)		    diagnosis_say(&doctor->diagnosis, DIAGNOSIS_OK, check, NULL, __VA_ARGS__)
#define UNKNOWN(check, advice, ...) diagnosis_say(&doctor->diagnosis, DIAGNOSIS_UNKNOWN, check, advice, __VA_ARGS__)
#define WARN(check, advice, ...)    diagnosis_say(&doctor->diagnosis, DIAGNOSIS_WARN, check, advice, __VA_ARGS__)
#define FAIL(check, advice, ...)    diagnosis_say(&doctor->diagnosis, DIAGNOSIS_FAIL, check, advice, __VA_ARGS__)

/* theirs: read between our times before and after. */
static void compare_clocks(struct doctor *doctor, const char *check, int64_t before_ms, int64_t theirs_ms,
			   int64_t after_ms)
{
	int64_t ahead_ms = theirs_ms > after_ms	   ? theirs_ms - after_ms
			   : theirs_ms < before_ms ? theirs_ms - before_ms
						   : 0;

	if (ahead_ms > -CLOCK_MS_MAX && ahead_ms < CLOCK_MS_MAX)
		OK(check, "its clock is ours");
	else
		FAIL(check, "let all machines follow one clock: chronyc tracking, timedatectl",
		     "its clock is %lld s %s of this machine's", (long long)llabs(ahead_ms) / 1000,
		     ahead_ms > 0 ? "ahead" : "behind");
}

/* ---- Kafka ---- */

static void note_difference(void *self, const struct kafka_topic_difference *difference)
{
	struct doctor *doctor = self;

	diagnosis_say(&doctor->diagnosis, difference->is_vital ? DIAGNOSIS_FAIL : DIAGNOSIS_WARN, "topic",
		      difference->can_be_set ? "instroomctl migrate --fix" : "the brokers' administrator has to set it",
		      "%s: %s is %s, and must be %s%s", difference->topic, difference->name, difference->is,
		      topics_need(difference), difference->wanted);
}

/* What to do when it could not be asked; lacks: when it is not there. */
static const char *advice_for(const struct err *err, const char *lacks)
{
	return err->kind == ERR_RETRY ? "is each broker up at the address it gives out (advertised.listeners), and can "
					"this machine get there? RUNBOOK.md, A server refuses us"
				      : lacks;
}

static void look_at_topics(struct doctor *doctor)
{
	size_t before = doctor->diagnosis.counts[DIAGNOSIS_FAIL] + doctor->diagnosis.counts[DIAGNOSIS_WARN];
	struct err err = { 0 };

	if (topics_look(doctor->ctl, note_difference, doctor, &err) != 0)
		diagnosis_fail(&doctor->diagnosis, "topic",
			       advice_for(&err, "instroomctl migrate makes them; deploy/kafka-acls.txt has the rights"),
			       &err);
	else if (doctor->diagnosis.counts[DIAGNOSIS_FAIL] + doctor->diagnosis.counts[DIAGNOSIS_WARN] == before)
		OK("topic", "all settings are as they must be");
	if (doctor->ctl->config.topic_replication < COPIES_MIN)
		WARN("topic copies",
		     "in production three brokers, topic.replication = 3 and min.insync.replicas 2: INSTALL.md",
		     "topic.replication is %lld: a delivery is acknowledged when one broker has it, and goes with "
		     "its disk",
		     (long long)doctor->ctl->config.topic_replication);
}

/* Brokers do not tell their time. A message that they took after now says that they are ahead. */
static void look_at_kafka_clock(struct doctor *doctor, struct kafka_reader *reader, int32_t partitions)
{
	const char *topic = doctor->ctl->config.topic.raw;
	int64_t latest_ms = 0;
	struct err unseen;

	for (int32_t p = 0; p < partitions; p++) {
		struct kafka_topic_range range;
		struct kafka_message message = { 0 };
		bool came = true;

		if (kafka_reader_range(reader, topic, p, CTL_WAIT_MS, &range, &unseen) != 0 || range.high == range.low)
			continue;
		if (kafka_reader_begin(reader, topic, p, MAX(range.low, range.high - MARKERS_MAX), range.high,
				       &unseen) != 0)
			continue;
		while (came && kafka_reader_next(reader, CTL_WAIT_MS, &message, &came, &unseen) == 0) {
			latest_ms = MAX(latest_ms, came ? message.timestamp_ms : 0);
			kafka_message_drop(&message);
			message = (struct kafka_message){ 0 };
		}
	}
	if (latest_ms == 0)
		UNKNOWN("kafka clock", "look again when something was delivered", "no message shows its time");
	else if (latest_ms > clock_wall_ms() + CLOCK_MS_MAX)
		FAIL("kafka clock", "let all machines follow one clock: chronyc tracking, timedatectl",
		     "a message was taken %lld s after now", (long long)(latest_ms - clock_wall_ms()) / 1000);
	else
		OK("kafka clock", "no message was taken after now");
}

static void look_at_reference(struct doctor *doctor, struct kafka_reader *reader)
{
	struct kafka_topic_range range = { 0 };
	struct err err = { 0 };

	if (kafka_reader_range(reader, doctor->ctl->config.topic.reference, 0, CTL_WAIT_MS, &range, &err) != 0)
		diagnosis_fail(&doctor->diagnosis, "reference", advice_for(&err, "instroomctl migrate"), &err);
	else if (range.high == range.low)
		FAIL("reference", "instroomctl reference import DIR, then reference publish",
		     "no snapshot was published: gateways take nothing");
	else
		OK("reference", "a snapshot was published");
}

static void look_at_kafka(struct doctor *doctor)
{
	const struct ctl_config *config = &doctor->ctl->config;
	struct kafka_reader *reader = NULL;
	int32_t partitions = 0;
	struct err err = { 0 };
	int rc = kafka_reader_open(&doctor->ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, &err);

	if (rc == 0)
		rc = kafka_reader_partitions(reader, config->topic.raw, CTL_WAIT_MS, &partitions, &err);
	if (rc != 0) {
		diagnosis_fail(&doctor->diagnosis, "kafka", "RUNBOOK.md, A server refuses us; are the brokers up?",
			       &err);
	} else {
		OK("kafka", "answers; %s has %d partitions", config->topic.raw, partitions);
		if (partitions != config->topic_partitions)
			FAIL("kafka",
			     "a count never changes, as boards would move: if the setting is wrong, correct it; "
			     "if partitions were added, RUNBOOK.md, Partitions were added",
			     "%s has %d partitions, and topic.partitions is %lld", config->topic.raw, partitions,
			     (long long)config->topic_partitions);
		look_at_topics(doctor);
		doctor_look_at_kafka_rights(doctor->ctl, &doctor->diagnosis);
		look_at_reference(doctor, reader);
		look_at_kafka_clock(doctor, reader, partitions);
	}
	if (reader)
		kafka_reader_close(reader);
}

/* ---- PostgreSQL ---- */

static void look_at_migrations(struct doctor *doctor, struct pg_link *link)
{
	size_t missing = 0;
	int64_t unknown = 0;
	struct err err = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < MIGRATION_COUNT; i++) {
		uint8_t sha256[32];
		bool is_applied = false;

		sha256_of(slice_of(MIGRATIONS[i].sql), sha256);
		rc = applied_find(link, &MIGRATIONS[i], sha256, &is_applied, &err);
		if (rc == 0 && !is_applied) {
			missing++;
			FAIL("migration", "instroomctl migrate", "%s is missing", MIGRATIONS[i].name);
		}
	}
	if (rc == 0)
		rc = applied_count_unknown(link, &unknown, &err);
	if (rc != 0)
		diagnosis_fail(&doctor->diagnosis, "migration", "instroomctl migrate", &err);
	else if (unknown > 0)
		WARN("migration", "use the instroomctl of that release",
		     "%lld are of a newer release than this program (" INSTROOM_VERSION ")", (long long)unknown);
	else if (missing == 0)
		OK("migration", "all %zu are applied", MIGRATION_COUNT);
}

static void look_at_cursors(struct doctor *doctor, struct pg_link *link)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct pg_params params;
	struct err err = { 0 };

	pg_params_reset(&params);
	pg_add_text(&params, slice_of(doctor->ctl->config.topic.raw));
	if (pg_exec(link, NULL, "select count(*), count(parked) from register.cursor where topic = $1", &params, &rows,
		    NULL, &err) != 0) {
		diagnosis_fail(&doctor->diagnosis, "cursor", "instroomctl migrate", &err);
		return;
	}
	int64_t count = pg_get_i64(rows, 0, 0), parked = pg_get_i64(rows, 0, 1);

	if (count > 0 && count != doctor->ctl->config.topic_partitions)
		FAIL("cursor", "a count never changes: correct topic.partitions; RUNBOOK.md, Partitions were added",
		     "the register knows %lld partitions, and topic.partitions is %lld", (long long)count,
		     (long long)doctor->ctl->config.topic_partitions);
	else if (count == 0)
		FAIL("cursor", "instroomctl migrate", "%lld of %lld partitions have one", (long long)count,
		     (long long)doctor->ctl->config.topic_partitions);
	else if (parked > 0)
		FAIL("cursor", "instroomctl status says why; RUNBOOK.md, A partition is parked",
		     "%lld partitions are parked", (long long)parked);
	else
		OK("cursor", "%lld partitions, none is parked", (long long)count);
}

static void look_at_server_settings(struct doctor *doctor, struct pg_link *link)
{
	struct pg_setting settings[PG_PRIVACY_SETTINGS];
	struct err err = { 0 };
	size_t count = 0;

	if (pg_privacy_check(link, settings, &count, &err) != 0) {
		diagnosis_fail(&doctor->diagnosis, "pg settings", NULL, &err);
		return;
	}
	for (size_t i = 0; i < count; i++)
		WARN("pg settings", "alter system set it, then select pg_reload_conf()",
		     "%s is %s, and must be %s: the server's log may hold personal data", settings[i].name,
		     settings[i].is[0] ? settings[i].is : "not known", settings[i].wanted);
	if (count == 0)
		OK("pg settings", "personal data stays out of the server's log");
}

static void look_at_key(struct doctor *doctor, struct pg_link *link)
{
	struct hmac_key key;
	struct err err = { 0 };

	if (doctor->ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN)
		return; /* doctor_local said so */
	hmac_key_init(&key, doctor->ctl->config.hmac_key.bytes);
	if (ctl_check_key(doctor->ctl, link, key.id, &err) != 0)
		diagnosis_fail(&doctor->diagnosis, "hmac key",
			       "instroomctl key status; RUNBOOK.md, A secret is rotated", &err);
	else
		OK("hmac key", "it is the register's");
}

static void look_at_pg_clock(struct doctor *doctor, struct pg_link *link)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	int64_t before_ms = clock_wall_ms();
	struct err err = { 0 };

	if (pg_exec(link, NULL, "select (extract(epoch from clock_timestamp()) * 1000)::bigint", NULL, &rows, NULL,
		    &err) != 0)
		diagnosis_fail(&doctor->diagnosis, "pg clock", NULL, &err);
	else
		compare_clocks(doctor, "pg clock", before_ms, pg_get_i64(rows, 0, 0), clock_wall_ms());
}

/* Only of a server on this machine, and when the role may see where its data is. */
static void look_at_disk(struct doctor *doctor, struct pg_link *link)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct err unseen;
	struct statvfs disk;
	char path[512] = "";

	if (pg_exec(link, NULL,
		    "select case when pg_has_role(current_user, 'pg_read_all_settings', 'usage')"
		    " then current_setting('data_directory') else '' end",
		    NULL, &rows, NULL, &unseen) == 0)
		snprintf(path, sizeof path, "%.*s", (int)pg_get_bytes(rows, 0, 0).n, pg_get_bytes(rows, 0, 0).p);
	if (!path[0] || statvfs(path, &disk) != 0 || disk.f_blocks == 0) {
		UNKNOWN("disk", "df on the machines of PostgreSQL and Kafka",
			"how much is free on the servers is not known here");
		return;
	}
	uint64_t percent = (uint64_t)disk.f_bavail * PERCENT / disk.f_blocks;

	if (percent < DISK_PERCENT_MIN)
		FAIL("disk", "make room: PostgreSQL stops when it is full, and so do the writers",
		     "%llu %% is free where PostgreSQL keeps its data", (unsigned long long)percent);
	else
		OK("disk", "%llu %% is free where PostgreSQL keeps its data", (unsigned long long)percent);
}

/* What boards reported and nobody was told. */
static void look_at_problems(struct doctor *doctor, struct pg_link *link)
{
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	bool has_server = doctor->ctl->config.problems.url[0] != '\0';
	struct err err = { 0 };

	if (pg_exec(link, NULL,
		    "select count(*) filter (where m.refused_at is not null),"
		    " count(*) filter (where m.refused_at is null and m.at < now() - interval '1 hour')"
		    " from register.problem_mail m join register.problem p on p.id = m.problem"
		    " where m.sent_at is null and (p.closed_at is null or m.recipient <> 'helpdesk')",
		    NULL, &rows, NULL, &err) != 0) {
		diagnosis_fail(&doctor->diagnosis, "problem mail", "instroomctl migrate", &err);
		return;
	}
	int64_t refused = pg_get_i64(rows, 0, 0), late = pg_get_i64(rows, 0, 1);

	if (refused > 0)
		WARN("problem mail", "instroomctl problems list says why; then problems send --all",
		     "%lld mails are refused by the mail server", (long long)refused);
	if (late > 0)
		WARN("problem mail",
		     has_server ? "is instroom-problems.timer on? instroomctl problems send says what is wrong"
				: "set problems.mail.url, or watch instroomctl problems list",
		     "%lld mails have waited for more than an hour", (long long)late);
	if (refused == 0 && late == 0)
		OK("problem mail", "none waits");
}

static void look_at_register(struct doctor *doctor)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	CLEANUP(drop_pg_rows) struct pg_rows *rows = NULL;
	struct err err = { 0 };
	int rc = ctl_connect(doctor->ctl, false, &link, &err);

	if (rc == 0)
		rc = pg_exec(link, NULL, "select current_setting('server_version'), current_user::text", NULL, &rows,
			     NULL, &err);
	if (rc != 0) {
		diagnosis_fail(&doctor->diagnosis, "postgresql",
			       "pg.conninfo; RUNBOOK.md, A server refuses us; is the server up?", &err);
		return;
	}
	struct slice version = pg_get_bytes(rows, 0, 0), user = pg_get_bytes(rows, 0, 1);

	OK("postgresql", "%.*s answers %.*s", (int)version.n, version.p, (int)user.n, user.p);
	look_at_migrations(doctor, link);
	look_at_cursors(doctor, link);
	look_at_server_settings(doctor, link);
	look_at_key(doctor, link);
	look_at_pg_clock(doctor, link);
	doctor_look_at_pg(link, &doctor->diagnosis);
	look_at_problems(doctor, link);
	look_at_disk(doctor, link);
}

/* Only migrate, import and repairs work as the owner: not everybody has to. */
static void look_at_owner(struct doctor *doctor)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	struct err err = { 0 };

	if (ctl_connect(doctor->ctl, true, &link, &err) != 0) {
		WARN("pg owner", "pg.owner.conninfo, for whoever runs migrate, reference and repairs", "%s", err.text);
		return;
	}
	OK("pg owner", "answers and takes writes");
	doctor_look_at_pg_objects(link, &doctor->diagnosis);
	doctor_look_at_roles(link, &doctor->diagnosis);
}

/* ---- Redis ---- */

static void look_at_redis(struct doctor *doctor)
{
	struct redis_options options = settings_redis(&doctor->ctl->config.redis);
	struct redis_cache *cache = NULL;
	struct hmac_key key;
	int64_t theirs_ms = 0;
	struct cache_head head;
	struct err err = { 0 };

	if (!doctor->ctl->config.redis.address[0]) {
		UNKNOWN("redis", "set redis.address, as the validators have it",
			"redis.address is not set for instroomctl: not asked");
		return;
	}
	if (doctor->ctl->config.hmac_key.bytes.n < HMAC_KEY_BYTES_MIN) {
		UNKNOWN("redis", "set hmac.key.file", "without the HMAC key the cache cannot be asked");
		return;
	}
	hmac_key_init(&key, doctor->ctl->config.hmac_key.bytes);
	int rc = redis_cache_open(&options, doctor->ctl->config.topic.raw, &key, &cache, &err);

	if (rc == 0)
		rc = redis_cache_read(cache, 0, &head, NULL, 0, &doctor->ctl->arena, &err);
	if (rc != 0) {
		diagnosis_fail(&doctor->diagnosis, "redis",
			       "validators go on without it, slower; RUNBOOK.md, Without the cache", &err);
	} else {
		OK("redis", "answers; partition 0 is %s", head.is_cold ? "cold" : "warm");
		int64_t before_ms = clock_wall_ms();

		if (redis_cache_clock(cache, 0, &theirs_ms, &err) == 0)
			compare_clocks(doctor, "redis clock", before_ms, theirs_ms, clock_wall_ms());
		else
			UNKNOWN("redis clock", NULL, "%s (%s)", err.text, err.code);
		doctor_look_at_redis(doctor->ctl, cache, &doctor->diagnosis);
	}
	if (cache)
		redis_cache_close(cache);
}

int run_doctor(struct ctl *ctl)
{
	struct doctor doctor = { .ctl = ctl };
	struct err err = { 0 };

	diagnosis_begin(&doctor.diagnosis, ctl->output);
	doctor_look_locally(&ctl->config, &doctor.diagnosis);
	doctor_look_at_checkpoints(&ctl->config, &doctor.diagnosis);
	look_at_kafka(&doctor);
	look_at_register(&doctor);
	look_at_owner(&doctor);
	look_at_redis(&doctor);
	bool has_failed = doctor.diagnosis.counts[DIAGNOSIS_FAIL] > 0;
	int rc = diagnosis_end(&doctor.diagnosis, &err);

	diagnosis_release(&doctor.diagnosis);
	if (rc != 0)
		return ctl_fail(&err);
	return has_failed ? EXIT_ANSWER_IS_NO : 0;
}
