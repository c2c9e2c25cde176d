#include "settings/settings.h"

#include "base/log.h"
#include "kafka/kafka_reader.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <sys/stat.h>
#include <unistd.h>

struct program {
	struct log_settings log;
	struct kafka_settings kafka;
	struct pg_settings pg;
	struct redis_settings redis;
};

static const struct config_section SHARED[] = {
	{ &LOG_ROWS, offsetof(struct program, log) },
	{ &KAFKA_ROWS, offsetof(struct program, kafka) },
	{ &KAFKA_CONSUMER_ROWS, offsetof(struct program, kafka) },
	{ &KAFKA_PRODUCER_ROWS, offsetof(struct program, kafka) },
	{ &PG_ROWS, offsetof(struct program, pg) },
	{ &PG_LIMIT_ROWS, offsetof(struct program, pg) },
	{ &REDIS_ROWS, offsetof(struct program, redis) },
};
static const struct config_default DEFAULTS[] = { { "worker.name", "test" }, { "kafka.group", "test-group" } };
static const struct config_table TABLE = {
	.program = "instroom-test",
	.purpose = "tests the shared settings",
	.shared = SHARED,
	.shared_count = ARRAY_LEN(SHARED),
	.defaults = DEFAULTS,
	.default_count = ARRAY_LEN(DEFAULTS),
};

static int load(struct program *program, const char *word)
{
	char *argv[] = { (char *)(uintptr_t) "instroom-test", (char *)(uintptr_t)word };

	return config_load(&TABLE, word ? 2 : 1, argv, program);
}

static const char *write_password(char *path, size_t path_bytes, size_t n)
{
	snprintf(path, path_bytes, "/tmp/instroom-settings-%d", (int)getpid());
	umask(0077); /* others must not read a secret */
	FILE *file = fopen(path, "we");

	cr_assert(file);
	for (size_t i = 0; i < n; i++)
		fputc('x', file);
	fclose(file);
	return path;
}

Test(settings, a_password_that_passes_is_taken_by_the_adapter)
{
	static const struct {
		size_t n;
		bool is_fine;
	} ROWS[] = { { 300, true }, { 1024, true }, { 1025, false } };

	cr_redirect_stderr();
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct program program = { 0 };
		struct kafka_reader *reader = NULL;
		char path[64], word[128];
		struct err err;

		snprintf(word, sizeof word, "--kafka.sasl.password.file=%s",
			 write_password(path, sizeof path, ROWS[i].n));
		cr_assert_eq(load(&program, word), ROWS[i].is_fine ? 0 : -ERR_CONFIG, "%zu bytes", ROWS[i].n);
		unlink(path);
		if (!ROWS[i].is_fine)
			continue;
		struct kafka_options kafka = settings_kafka(&program.kafka, "test");

		cr_expect_eq(kafka.sasl_password.bytes.n, ROWS[i].n);
		cr_expect_eq(kafka_reader_open(&kafka, 1 << 20, &reader, &err), 0, "%zu bytes", ROWS[i].n);
		kafka_reader_close(reader);
		config_release(&TABLE, &program);
	}
}

Test(settings, each_option_of_an_adapter_comes_from_its_setting)
{
	struct program program = { 0 };

	cr_assert_eq(load(&program, "--kafka.delivery.time.max=7s"), 0);
	struct kafka_options kafka = settings_kafka(&program.kafka, "us");
	struct pg_options pg = settings_pg(&program.pg, "us");
	struct redis_options redis = settings_redis(&program.redis);

	cr_expect_eq(program.kafka.delivery_ms, 7000, "by its old name");
	cr_expect_str_eq(kafka.brokers, "127.0.0.1:9092");
	cr_expect_str_eq(kafka.client_id, "us");
	cr_expect_str_eq(pg.conninfo, "dbname=instroom");
	cr_expect_str_eq(pg.application, "us");
	cr_expect_eq(pg.connect_ms, 2000);
	cr_expect_eq(pg.lock_ms, 30000);
	cr_expect_eq(pg.statement_ms, 30000);
	cr_expect_str_eq(redis.address, "127.0.0.1:6379");
	cr_expect_eq(redis.connect_ms, 250);
	cr_expect_eq(redis.wait_ms, 1000);
	config_release(&TABLE, &program);
}

Test(settings, a_password_keeps_the_name_of_its_file)
{
	struct program program = { 0 };
	char path[] = "/tmp/instroom-settings-XXXXXX", argument[64];
	int fd = mkstemp(path);

	cr_assert_eq(write(fd, "secret\r\n", 8), 8);
	close(fd);
	snprintf(argument, sizeof argument, "--redis.password.file=%s", path);
	cr_assert_eq(load(&program, argument), 0);
	struct redis_options redis = settings_redis(&program.redis);

	cr_expect(slice_equal_text(redis.password.bytes, "secret"));
	cr_expect_str_eq(redis.password.path, path);
	config_release(&TABLE, &program);
	unlink(path);
}

Test(settings, the_log_level_is_one_of_its_words)
{
	static const struct {
		const char *word;
		enum log_level want;
	} ROWS[] = {
		{ NULL, LOG_INFO },
		{ "--log.level=debug", LOG_DEBUG },
		{ "--log.level=WARN", LOG_WARN },
		{ "--log.level=error", LOG_ERROR },
	};
	struct program program = { 0 };

	cr_redirect_stderr();
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		cr_assert_eq(load(&program, ROWS[i].word), 0);
		settings_begin_log(&program.log);
		cr_expect_eq(log_least(), ROWS[i].want);
		config_release(&TABLE, &program);
	}
	cr_expect_eq(load(&program, "--log.level=warm"), -ERR_CONFIG);
}

Test(settings, each_of_several_registers_has_its_share_and_its_group)
{
	static const struct {
		int64_t registers, number;
		const char *group;
		int32_t share;
	} ROWS[] = { { 1, 1, "test-group", 0 }, { 2, 1, "test-group.1-of-2", 0 }, { 3, 3, "test-group.3-of-3", 2 } };
	struct kafka_consumer_options options;
	char group[SETTINGS_GROUP_BYTES];
	struct program program = { 0 };
	struct err err = { 0 };

	cr_assert_eq(load(&program, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		program.kafka.registers = ROWS[i].registers;
		program.kafka.register_number = ROWS[i].number;
		cr_assert_eq(settings_consumer(&program.kafka, group, &options, &err), 0);
		cr_expect_str_eq(options.group, ROWS[i].group);
		cr_expect_eq(options.shares, ROWS[i].registers);
		cr_expect_eq(options.share, ROWS[i].share);
	}
	program.kafka.register_number = 4;
	cr_expect_eq(settings_consumer(&program.kafka, group, &options, &err), -ERR_CONFIG);
	cr_expect_str_eq(err.text, "register.number is 4, and registers is 3: it must be 1 to 3");
	config_release(&TABLE, &program);
}
