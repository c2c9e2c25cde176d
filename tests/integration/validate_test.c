/* instroom-validate as it is, between a real Kafka, Redis and PostgreSQL: whatever happens to it and to Redis, the
 * chain of verdicts speaks of each raw message once, in order, and UNCHANGED comes back with the cache. There is no
 * writer here, so the register stays at its beginning and a cold start folds the whole verdict log. */
#include "adapters_fixture.h"
#include "register_fixture.h"
#include "base/num.h"
#include "kafka_transaction.h"
#include "kafka/kafka_admin.h"
#include "kafka/kafka_reader.h"
#include "kafka/kafka_producer.h"
#include "pg/pg_link.h"
#include "protocol/frame.h"
#include "protocol/chain_position.h"
#include "validate_fixture.h"
#include "wire/gen/quarantine.h"
#include "wire/gen/reference.h"
#include "protocol/verdict_class.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* WAIT_MS only says when to give up: the machine may do much else */
enum { WAIT_MS = 120000, STEP_MS = 50, MESSAGES_MAX = 1000, VALIDATORS = 2, NAME_BYTES = 64, PATH_BYTES = 128 };
enum topic { RAW, VERDICT, QUARANTINE, REFERENCE, TOPICS };

struct validator {
	pid_t pid; /* 0: does not run */
	const char *crash_at;
	const char *setting; /* one more word of its command line */
	bool keeps_group;    /* that of the start before */
};

struct world {
	char topics[TOPICS][NAME_BYTES];
	/* of validators: each is a group of its own, as the group of a killed one keeps its partitions for a while */
	int starts;
	char dir[PATH_BYTES], socket[PATH_BYTES + 16], key_file[PATH_BYTES + 16], conninfo[1024];
	pid_t redis;
	struct validator validators[VALIDATORS];
	struct kafka_producer *producer;
	struct kafka_reader *reader;
	struct arena arena;
	uint8_t version[REFERENCE_VERSION_BYTES];
	int64_t raw_count;
	size_t raw_markers; /* below the last message */
};

static struct world world;
static struct err err;

static struct kafka_options broker(void)
{
	return fixture_kafka("validate_it");
}

/* ---- processes ---- */

static void start_redis(void)
{
	int64_t end_ms = clock_ms() + WAIT_MS;
	struct stat found;

	unlink(world.socket);
	world.redis = fork();
	if (world.redis == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is ended leaves nothing behind */
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", world.socket, "--save", "",
		       "--dir", world.dir, (char *)NULL);
		_exit(127);
	}
	while (stat(world.socket, &found) != 0 && clock_ms() < end_ms)
		usleep(STEP_MS * 1000);
}

static int end_process(pid_t *pid, int number)
{
	int status = -1;

	if (*pid > 0) {
		kill(*pid, number);
		waitpid(*pid, &status, 0);
	}
	*pid = 0;
	return status;
}

static void start_validator(int which)
{
	struct validator *validator = &world.validators[which];
	char words[19][1200];
	char *args[21] = { 0 };
	size_t n = 0;

	snprintf(words[n++], sizeof *words, "%s", VALIDATE_PROGRAM);
	snprintf(words[n++], sizeof *words, "--worker.name=validate/%d", which);
	snprintf(words[n++], sizeof *words, "--kafka.brokers=%s", fixture_server("INSTROOM_KAFKA_BROKERS"));
	snprintf(words[n++], sizeof *words, "--kafka.group=%s.%d", world.topics[RAW],
		 validator->keeps_group ? world.starts : ++world.starts);
	snprintf(words[n++], sizeof *words, "--kafka.session.max=6s");
	snprintf(words[n++], sizeof *words, "--topic.raw=%s", world.topics[RAW]);
	snprintf(words[n++], sizeof *words, "--topic.verdict=%s", world.topics[VERDICT]);
	snprintf(words[n++], sizeof *words, "--topic.quarantine=%s", world.topics[QUARANTINE]);
	snprintf(words[n++], sizeof *words, "--topic.reference=%s", world.topics[REFERENCE]);
	snprintf(words[n++], sizeof *words, "--redis.address=%s", world.socket); /* ours, and open */
	snprintf(words[n++], sizeof *words, "--redis.tls=no");
	snprintf(words[n++], sizeof *words, "--redis.user=");
	snprintf(words[n++], sizeof *words, "--redis.password.file=");
	/* what is late is still there: judged without it, a line that is unchanged would be a candidate */
	snprintf(words[n++], sizeof *words, "--redis.connect.max=5s");
	snprintf(words[n++], sizeof *words, "--redis.wait.max=30s");
	snprintf(words[n++], sizeof *words, "--pg.conninfo=%s", world.conninfo);
	snprintf(words[n++], sizeof *words, "--hmac.key.file=%s", world.key_file);
	if (validator->setting)
		snprintf(words[n++], sizeof *words, "%s", validator->setting);
	for (size_t i = 0; i < n; i++)
		args[i] = words[i];
	validator->pid = fork();
	if (validator->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (validator->crash_at)
			setenv("INSTROOM_CRASH_AT", validator->crash_at, 1);
		if (!getenv("INSTROOM_TEST_TALK"))
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execv(args[0], args);
		_exit(127);
	}
}

/* ---- the world ---- */

static void make_topics(int32_t partitions)
{
	static const struct kafka_topic_setting SETTINGS[] = { { "max.message.bytes", "67108864" } };
	static const char *const NAMES[] = { "raw", "verdict", "quarantine", "reference" };
	struct kafka_options kafka = broker();
	struct kafka_topic_spec specs[TOPICS];
	char name[NAME_BYTES - 16];

	fixture_name(name, sizeof name);
	for (int i = 0; i < TOPICS; i++) {
		snprintf(world.topics[i], NAME_BYTES, "%s.%s.1", name, NAMES[i]);
		specs[i] = (struct kafka_topic_spec){ .name = world.topics[i],
						      .partitions = i == REFERENCE ? 1 : partitions,
						      .replication = 1,
						      .settings = SETTINGS,
						      .setting_count = 1 };
	}
	ASSERT_OK(kafka_admin_make_topics(&kafka, specs, TOPICS, WAIT_MS, &err));
}

static struct pg_link *connect_to(const char *conninfo)
{
	struct pg_options options = { .conninfo = conninfo,
				      .application = "validate_it",
				      .connect_ms = 30000,
				      .lock_ms = 30000,
				      .idle_transaction_ms = 60000 };
	struct pg_link *link = NULL;

	ASSERT_OK(pg_link_open(&options, &link, &err));
	ASSERT_OK(pg_link_connect(link, &err));
	return link;
}

/* A database of its own, with all migrations. */
static void make_register(int32_t partitions)
{
	const char *admin = fixture_server("INSTROOM_PG_ADMIN");
	struct pg_link *link = connect_to(admin);
	char name[NAME_BYTES], sql[1024];

	fixture_name(name, sizeof name);
	snprintf(sql, sizeof sql, "create database \"%s\"", name);
	ASSERT_OK(pg_script(link, sql, &err));
	pg_link_close(link);
	snprintf(world.conninfo, sizeof world.conninfo, "%s dbname=%s", admin, name);
	link = connect_to(world.conninfo);
	register_migrate(link, 1, MIGRATION_LAST);
	snprintf(sql, sizeof sql,
		 "insert into register.cursor (topic, partition) select '%s', p from generate_series(0, %d) p",
		 world.topics[RAW], partitions - 1);
	ASSERT_OK(pg_script(link, sql, &err));
	pg_link_close(link);
	snprintf(world.conninfo, sizeof world.conninfo, "%s dbname=%s options=-crole=instroom_validator", admin, name);
}

static void count_reports(void *self, const struct kafka_report *report)
{
	(void)self;
	cr_assert_eq(report->error, 0, "%s", report->code);
}

static void publish_reference(void)
{
	struct slice tables[REFERENCE_TABLES];
	struct wire_reference_snapshot snapshot = { .published_ms = 1, .tables = { tables, REFERENCE_TABLES } };
	CLEANUP(strbuf_drop) struct strbuf value = { 0 };
	char key[2 * REFERENCE_VERSION_BYTES];

	memcpy(tables, validate_fixture_tables(), sizeof tables);
	validate_fixture_version(world.version);
	memcpy(snapshot.version, world.version, sizeof snapshot.version);
	num_to_hex(world.version, sizeof world.version, key);
	strbuf_init(&value, 1 << 20);
	frame_put(&value, WIRE_REFERENCE_SNAPSHOT_SCHEMA);
	wire_reference_snapshot_encode(&value, &snapshot);
	ASSERT_OK(kafka_producer_produce(world.producer, world.topics[REFERENCE], 0, slice_make(key, sizeof key),
					 strbuf_slice(&value), NULL, 0, NULL, &err));
	ASSERT_OK(kafka_producer_flush(world.producer, WAIT_MS, &err));
}

static void make_world(int32_t partitions)
{
	struct kafka_producer_options options = { .message_bytes_max = 32 << 20,
						  .delivery_timeout_ms = WAIT_MS,
						  .queue_bytes_max = 64 << 20,
						  .compression = "none" };
	struct kafka_options kafka = broker();

	make_topics(partitions);
	make_register(partitions);
	snprintf(world.dir, sizeof world.dir, "/tmp/instroom-validate-it-XXXXXX");
	cr_assert_not_null(mkdtemp(world.dir));
	snprintf(world.socket, sizeof world.socket, "%s/redis.sock", world.dir);
	snprintf(world.key_file, sizeof world.key_file, "%s/hmac.key", world.dir);
	mode_t before = umask(077); /* others may not read a key: it would be refused */
	FILE *key = fopen(world.key_file, "w");

	umask(before);

	cr_assert(key && fputs("a key of the tests, long enough to be one\n", key) >= 0);
	fclose(key);
	ASSERT_OK(kafka_producer_open(&kafka, &options, count_reports, NULL, &world.producer, &err));
	ASSERT_OK(kafka_reader_open(&kafka, 64 << 20, &world.reader, &err));
	ASSERT_OK(arena_init(&world.arena, 256 << 20, 1 << 20, &err));
	start_redis();
}

static void make_world_of_one(void)
{
	make_world(1);
	publish_reference();
}

static void drop_world(void)
{
	for (int i = 0; i < VALIDATORS; i++)
		end_process(&world.validators[i].pid, SIGKILL);
	end_process(&world.redis, SIGKILL);
	kafka_producer_close(world.producer);
	kafka_reader_close(world.reader);
	arena_release(&world.arena);
	unlink(world.key_file);
	unlink(world.socket);
	rmdir(world.dir);
}

TestSuite(validate, .init = make_world_of_one, .fini = drop_world, .timeout = 600);
TestSuite(validate_late, .init = NULL, .fini = drop_world, .timeout = 600);

/* ---- raw messages in, verdicts out ---- */

static void read_next(struct kafka_message *ret)
{
	bool came = false;

	ASSERT_OK(kafka_reader_next(world.reader, WAIT_MS, ret, &came, &err));
	cr_assert(came);
}

static void publish_bytes(struct slice value, const struct raw_headers *headers)
{
	struct raw_headers_text text = { .count = 0 };

	if (headers)
		raw_headers_write(headers, &text);
	ASSERT_OK(kafka_producer_produce(world.producer, world.topics[RAW], 0, SLICE_LITERAL("99901"), value,
					 text.items, text.count, NULL, &err));
	ASSERT_OK(kafka_producer_flush(world.producer, WAIT_MS, &err));
	world.raw_count++;
}

static void publish(struct raw_spec spec)
{
	CLEANUP(strbuf_drop) struct strbuf value = { 0 };
	struct raw_headers headers;

	strbuf_init(&value, 32 << 20);
	raw_build(&value, &spec, &headers);
	publish_bytes(strbuf_slice(&value), &headers);
}

struct counted {
	size_t count;
	size_t void_count;
	int32_t kinds[MESSAGES_MAX];
	char classes[MESSAGES_MAX][32]; /* a letter a group, "*" for a body that could not be read */
};

static void note_verdict(struct counted *counted, const struct wire_verdict *verdict)
{
	char *classes = counted->classes[counted->count];

	cr_assert_lt(counted->count, (size_t)MESSAGES_MAX);
	counted->kinds[counted->count++] = verdict->kind;
	snprintf(classes, sizeof *counted->classes, "%s", verdict->body_unreadable ? "*" : "");
	for (size_t i = 0; i < verdict->classes.n && i < 20; i++)
		classes[i] = " CURWQ"[(int)verdict->classes.p[i]];
}

/* false: a record of a foreign transaction. */
static bool read_verdict(const struct kafka_message *message, struct wire_verdict *ret)
{
	uint64_t schema;
	struct slice body;

	if (slice_equal_text(message->value, "of a transaction"))
		return false;
	ASSERT_OK(frame_open(message->value, &schema, &body, &err));
	ASSERT_OK(wire_verdict_decode_as(schema, body, &world.arena, ret, &err));
	ASSERT_OK(verdict_check(ret, &err));
	return true;
}

/* The chain from its beginning. A hole in it, or a raw message twice, fails here. */
static struct chain_position follow_chain(struct counted *ret)
{
	struct chain_position position = CHAIN_GENESIS;
	struct kafka_topic_range range;

	*ret = (struct counted){ 0 };
	arena_reset(&world.arena);
	ASSERT_OK(kafka_reader_range(world.reader, world.topics[VERDICT], 0, WAIT_MS, &range, &err));
	if (range.high == 0)
		return position;
	ASSERT_OK(kafka_reader_begin(world.reader, world.topics[VERDICT], 0, 0, range.high, &err));
	for (;;) {
		struct kafka_message message;
		struct wire_verdict verdict;
		bool came = false;

		ASSERT_OK(kafka_reader_next(world.reader, WAIT_MS, &message, &came, &err));
		if (!came)
			break;
		bool is_ours = read_verdict(&message, &verdict);

		switch (chain_position_follow(&position, message.offset, is_ours ? &verdict : NULL)) {
		case CHAIN_COUNTS:
			note_verdict(ret, &verdict);
			break;
		case CHAIN_VOID:
			ret->void_count++;
			break;
		default:
			cr_assert(false, "a hole at verdict %lld", (long long)message.offset);
		}
		kafka_message_drop(&message);
	}
	cr_assert_geq((size_t)position.next_raw, ret->count);
	cr_assert_leq((size_t)position.next_raw, ret->count + world.raw_markers);
	return position;
}

/* Until every raw message has its verdict. */
static void await_all(struct counted *ret)
{
	int64_t end_ms = clock_ms() + WAIT_MS;

	for (;;) {
		follow_chain(ret);
		if ((int64_t)ret->count == world.raw_count)
			return;
		cr_assert_lt(clock_ms(), end_ms, "%zu verdicts of %lld messages", ret->count,
			     (long long)world.raw_count);
		usleep(STEP_MS * 1000);
	}
}

static const char *last_classes(void)
{
	static struct counted counted;

	await_all(&counted);
	return counted.classes[counted.count - 1];
}

static int64_t sequence;

/* The usual delivery, with the next sequence. */
static void deliver(const char *lines)
{
	publish((struct raw_spec){ .sequence = ++sequence, .lines = lines });
}

/* ---- tests ---- */

Test(validate, makes_candidates_of_what_is_new_and_unchanged_of_what_comes_again)
{
	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C");
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "U");
	deliver("1:b");
	cr_expect_str_eq(last_classes(), "C");
	deliver("1:!");
	cr_expect_str_eq(last_classes(), "R");
	deliver("?:a");
	cr_expect_str_eq(last_classes(), "R");
	publish((struct raw_spec){ .sequence = 1, .lines = "1:b" });
	cr_expect_str_eq(last_classes(), "C", "late");
	deliver("1:b");
	cr_expect_str_eq(last_classes(), "C", "nothing is certain behind a late delivery");
	deliver("1:b");
	cr_expect_str_eq(last_classes(), "U");
	publish((struct raw_spec){ .sequence = ++sequence, .lines = "1:b", .is_dry_run = true });
	cr_expect_str_eq(last_classes(), "C", "a dry run");
	publish((struct raw_spec){ .sequence = ++sequence, .lines = "2:a", .delivery = DELIVERY_VOLLEDIG });
	deliver("1:b 2:a");
	const char *classes = last_classes();

	cr_expect(strchr(classes, 'C') && strchr(classes, 'U'), "teacher 1 may have lapsed, teacher 2 has not: %s",
		  classes);
	publish((struct raw_spec){ .kind = RAW_CONFIRM, .sequence = sequence });
	publish((struct raw_spec){ .sequence = ++sequence, .lines = "2:a", .delivery = DELIVERY_INTREKKING });
	cr_expect_str_eq(last_classes(), "W");
	deliver("2:a");
	cr_expect_str_eq(last_classes(), "C");
	cr_expect_eq(end_process(&world.validators[0].pid, SIGTERM), 0, "it drains");
}

Test(validate, judges_many_messages_in_batches)
{
	struct counted counted;

	for (int i = 0; i < 150; i++)
		deliver(i % 2 ? "1:a 2:a" : "1:a 3:a");
	start_validator(0);
	await_all(&counted);
	cr_expect_str_eq(counted.classes[0], "CC");
	cr_expect_str_eq(counted.classes[149], "UU");
	cr_expect_eq(counted.void_count, 0);
}

Test(validate, goes_on_behind_its_last_verdict_after_a_kill)
{
	struct counted counted;

	for (int round = 0; round < 4; round++) {
		start_validator(0);
		for (int i = 0; i < 10; i++)
			deliver("1:a 2:a");
		usleep((useconds_t)(round * 300000));
		end_process(&world.validators[0].pid, SIGKILL);
	}
	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "U");
	await_all(&counted);
	cr_expect_eq(counted.count, 41);
}

Test(validate, folds_the_verdict_log_when_redis_was_wiped)
{
	start_validator(0);
	deliver("1:a 2:a");
	cr_expect_str_eq(last_classes(), "CC");
	end_process(&world.redis, SIGKILL);
	start_redis();
	deliver("1:a 2:a");
	cr_expect_eq(strlen(last_classes()), 2, "C or U, as it notices");
	end_process(&world.validators[0].pid, SIGTERM);
	end_process(&world.redis, SIGKILL);
	start_redis();
	start_validator(0);
	deliver("1:a 2:a");
	cr_expect_str_eq(last_classes(), "UU", "no writer moved the register: the whole log is folded again");
}

Test(validate, goes_on_without_redis_and_folds_when_it_is_back)
{
	start_validator(0);
	deliver("1:a");
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "U");
	end_process(&world.redis, SIGKILL);
	for (int i = 0; i < 5; i++) {
		deliver("1:a");
		cr_expect_str_eq(last_classes(), "C", "nothing is certain without it");
	}
	end_process(&world.validators[0].pid, SIGKILL);
	start_validator(0); /* one without memory: from the register's cursor */
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C");
	start_redis();
	int64_t end_ms = clock_ms() + WAIT_MS;

	do
		deliver("1:a");
	while (strcmp(last_classes(), "U") != 0 && clock_ms() < end_ms);
	cr_expect_str_eq(last_classes(), "U");
}

/* As an operator would, or somebody else. Returns its process; wait for it, or end it. */
static pid_t ask_redis(const char *times, const char *const words[4])
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		dup2(STDOUT_FILENO, STDERR_FILENO);
		execlp("redis-cli", "redis-cli", "-s", world.socket, "-a", "secret", "-r", times, words[0], words[1],
		       words[2], words[3], (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void command_redis(const char *const words[4])
{
	cr_assert_eq(waitpid(ask_redis("1", words), NULL, 0) > 0, true);
}

static void deliver_until(const char *classes)
{
	int64_t end_ms = clock_ms() + WAIT_MS;

	do
		deliver("1:a");
	while (strcmp(last_classes(), classes) != 0 && clock_ms() < end_ms);
	cr_expect_str_eq(last_classes(), classes);
}

Test(validate, goes_on_without_a_redis_that_refuses_us_at_start_and_later)
{
	command_redis((const char *const[]){ "CONFIG", "SET", "requirepass", "secret" });
	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C");
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C", "it is refused");
	command_redis((const char *const[]){ "CONFIG", "SET", "requirepass", "" });
	deliver_until("U");
	command_redis((const char *const[]){ "ACL", "SETUSER", "default", "-@all" });
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C", "it is not permitted");
	end_process(&world.redis, SIGKILL); /* nobody has the right to give it back */
	start_redis();
	deliver_until("U");
	cr_expect_eq(end_process(&world.validators[0].pid, SIGTERM), 0, "the validator lived through it");
}

Test(validate, goes_on_without_a_redis_that_keeps_nothing)
{
	pid_t pid = ask_redis("1000000000", (const char *const[]){ "FLUSHALL", NULL, NULL, NULL });

	start_validator(0);
	for (int i = 0; i < 3; i++) {
		deliver("1:a");
		cr_expect_str_eq(last_classes(), "C");
	}
	end_process(&pid, SIGKILL);
	deliver_until("U");
}

Test(validate, sees_in_a_batch_what_the_messages_before_did)
{
	struct counted counted;

	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C");
	end_process(&world.validators[0].pid, SIGTERM);
	for (int i = 0; i < 3; i++) /* a lane begins with small batches */
		publish((struct raw_spec){ .board = FIXTURE_BOARD + 1, .sequence = i + 1, .lines = "1:a" });
	deliver("1:b");
	deliver("1:a");
	start_validator(0);
	await_all(&counted);
	cr_expect_str_eq(counted.classes[5], "C", "b came between");
}

/* The register as a writer would have left it, at the end of the chain. */
static void move_register(int64_t sequence_max)
{
	struct counted counted;
	struct chain_position position = follow_chain(&counted);
	struct pg_link *link = connect_to(world.conninfo);
	char tip[2 * VERDICT_ID_BYTES + 1] = "", sql[512];

	num_to_hex(position.tip, sizeof position.tip, tip);
	snprintf(sql, sizeof sql,
		 "set role instroom_writer;"
		 "update register.cursor set next_raw = %lld, next_verdict = %lld, tip = '%s';"
		 "insert into register.board (board, partition, sequence_max) values (%d, 0, %lld)",
		 (long long)position.next_raw, (long long)position.next_verdict, tip, FIXTURE_BOARD,
		 (long long)sequence_max);
	ASSERT_OK(pg_script(link, sql, &err));
	pg_link_close(link);
}

Test(validate, takes_the_highest_sequences_from_the_register_when_cold)
{
	sequence = 10;
	start_validator(0);
	deliver("1:a");
	last_classes();
	end_process(&world.validators[0].pid, SIGTERM);
	move_register(sequence);
	end_process(&world.redis, SIGKILL);
	start_redis();
	start_validator(0);
	publish((struct raw_spec){ .sequence = sequence, .lines = "1:b" });
	cr_expect_str_eq(last_classes(), "C");
	deliver("1:b");
	cr_expect_str_eq(last_classes(), "C",
			 "the one before came with a sequence that was taken: b is not the register's");
	deliver("1:b");
	cr_expect_str_eq(last_classes(), "U");
}

Test(validate, starts_without_cache_and_register_from_log_and_group)
{
	struct validator *validator = &world.validators[0];

	end_process(&world.redis, SIGKILL);
	snprintf(world.conninfo, sizeof world.conninfo, "host=%s port=1", world.dir);
	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C");
	end_process(&validator->pid, SIGTERM);
	validator->keeps_group = true;
	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C");
}

Test(validate, lets_two_owners_of_a_partition_write_one_chain)
{
	enum { FIRST = 150, ALL = 600 };
	struct counted counted;

	for (int i = 0; i < FIRST; i++) /* both start behind the same message and race from there */
		deliver(i % 3 ? "1:a" : "1:b");
	start_validator(0);
	start_validator(1);
	for (int i = FIRST; i < ALL; i++)
		deliver(i % 3 ? "1:a" : "1:b");
	await_all(&counted);
	cr_log_info("%zu verdicts that do not count", counted.void_count);
	cr_expect_eq(counted.count, ALL);
	for (size_t i = 1; i < ALL; i++) { /* whoever judged it: b stands where i is a multiple of three */
		bool is_same = (i % 3 == 0) == ((i - 1) % 3 == 0);

		cr_expect(is_same || strcmp(counted.classes[i], "C") == 0, "message %zu changes the content: %s", i,
			  counted.classes[i]);
	}
}

Test(validate, a_stopped_owner_finds_that_another_went_on)
{
	struct counted counted;

	start_validator(0);
	deliver("1:a");
	last_classes();
	kill(world.validators[0].pid, SIGSTOP);
	start_validator(1);
	for (int i = 0; i < 20; i++)
		deliver("1:b");
	await_all(&counted);
	kill(world.validators[0].pid, SIGCONT);
	for (int i = 0; i < 20; i++)
		deliver("1:b");
	await_all(&counted);
	cr_expect_eq(counted.count, 41);
	cr_expect_str_eq(counted.classes[40], "U");
}

static void expect_quarantined(int64_t offset, const char *reason)
{
	struct kafka_message message;
	struct wire_quarantine quarantine;
	uint64_t schema;
	struct slice body;

	ASSERT_OK(kafka_reader_begin(world.reader, world.topics[QUARANTINE], 0, offset, offset + 1, &err));
	read_next(&message);
	ASSERT_OK(frame_open(message.value, &schema, &body, &err));
	ASSERT_OK(wire_quarantine_decode(body, &world.arena, &quarantine, &err));
	cr_expect(slice_equal_text(quarantine.reason, reason), "%.*s", (int)quarantine.reason.n, quarantine.reason.p);
	cr_expect(slice_equal_text(quarantine.topic, world.topics[RAW]));
	kafka_message_drop(&message);
}

/* A record and a marker, which no consumer is given. */
static void transact(enum topic topic)
{
	cr_assert(kafka_transaction_write(broker().brokers, world.topics[topic], 0, 1, TRANSACTION_ABORTED));
	world.raw_count += topic == RAW;
}

Test(validate, goes_on_over_markers_of_transactions_in_each_topic)
{
	struct counted counted;

	transact(REFERENCE);
	transact(VERDICT);
	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "C", "markers at the ends when it starts");
	transact(RAW);
	transact(VERDICT);
	world.raw_markers = 1; /* below what comes now */
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "U", "one before the raw message, one before its verdict");
	transact(VERDICT);
	end_process(&world.validators[0].pid, SIGKILL);
	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "U", "warm, with markers in the middle and at the end");
	end_process(&world.validators[0].pid, SIGTERM);
	end_process(&world.redis, SIGKILL);
	start_redis();
	start_validator(0);
	deliver("1:a");
	cr_expect_str_eq(last_classes(), "U", "cold: all is folded again");
	await_all(&counted);
	cr_expect_eq(counted.kinds[1], VERDICT_KIND_FOREIGN, "the record of the transaction in raw");
}

Test(validate, parks_when_raw_messages_may_be_lost)
{
	struct kafka_topic_range range;

	start_validator(0);
	deliver("1:a");
	last_classes();
	end_process(&world.validators[0].pid, SIGTERM);
	deliver("1:a");
	deliver("1:a");
	cr_assert(kafka_transaction_delete(broker().brokers, world.topics[RAW], 0, 2));
	start_validator(0);
	usleep(3000 * 1000);
	ASSERT_OK(kafka_reader_range(world.reader, world.topics[VERDICT], 0, WAIT_MS, &range, &err));
	cr_expect_eq(range.high, 1, "nothing above a message that was deleted before it was judged");
}

Test(validate, puts_hostile_bytes_aside_and_goes_on)
{
	CLEANUP(strbuf_drop) struct strbuf value = { 0 };
	struct raw_spec spec = { .sequence = ++sequence, .lines = "1:a 2:a" };
	struct raw_headers headers;
	struct counted counted;

	strbuf_init(&value, 1 << 20);
	raw_build(&value, &spec, &headers);
	start_validator(0);
	publish_bytes(SLICE_LITERAL("no message of ours"), NULL);
	publish_bytes((struct slice){ "", 0 }, &headers);
	publish_bytes(slice_make(value.p, value.n - 3), &headers);
	deliver("1:a");
	await_all(&counted);
	cr_expect_eq(counted.kinds[0], VERDICT_KIND_FOREIGN);
	cr_expect_str_eq(counted.classes[1], "*");
	cr_expect_str_eq(counted.classes[2], "*");
	cr_expect_str_eq(counted.classes[3], "C");
	expect_quarantined(0, "no-headers");
	expect_quarantined(2, "undecodable");
}

Test(validate_late, waits_for_a_reference_version_and_loses_nothing)
{
	struct counted counted;

	make_world(1);
	start_validator(0);
	deliver("1:a");
	deliver("1:a");
	usleep(2500000);
	follow_chain(&counted);
	cr_expect_eq(counted.count, 0);
	publish_reference();
	cr_expect_str_eq(last_classes(), "U");
}

/* The most memory a process ever had, in kB. */
static long peak_kb(pid_t pid)
{
	char path[64], line[256];
	long peak = 0;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *status = fopen(path, "r");

	cr_assert_not_null(status);
	while (fgets(line, sizeof line, status))
		sscanf(line, "VmHWM: %ld", &peak);
	fclose(status);
	return peak;
}

static void publish_large(uint32_t board, size_t lines, bool is_wide)
{
	CLEANUP(strbuf_drop) struct strbuf value = { 0 };
	struct raw_spec spec = { .board = board,
				 .sequence = ++sequence,
				 .delivery = DELIVERY_VOLLEDIG,
				 .reference_version = world.version };
	struct raw_headers headers;

	strbuf_init(&value, 32 << 20);
	raw_build_large(&value, &spec, 1, lines, 1, is_wide, &headers);
	publish_bytes(strbuf_slice(&value), &headers);
}

Test(validate, judges_a_file_of_the_largest_size_in_bounded_memory)
{
	struct counted counted;

	start_validator(0);
	publish_large(FIXTURE_BOARD, FILE_LINES_MAX, true);
	await_all(&counted);
	long peak = peak_kb(world.validators[0].pid);

	cr_log_info("peak of %ld kB", peak);
	cr_expect_lt(peak, 256L * 1024 * MEMORY_FACTOR);
}

static int64_t verdict_end(void)
{
	struct kafka_topic_range range;

	ASSERT_OK(kafka_reader_range(world.reader, world.topics[VERDICT], 0, WAIT_MS, &range, &err));
	return range.high;
}

Test(validate, judges_a_country_of_ordinary_files_in_little_memory)
{
	enum { FILES = 1000, LINES = 220 };
	int64_t end_ms = clock_ms() + 2 * WAIT_MS;

	for (uint32_t i = 0; i < FILES; i++)
		publish_large(FIXTURE_BOARD + i % (FIXTURE_BOARD_LAST - FIXTURE_BOARD + 1), LINES, false);
	int64_t begin_ms = clock_ms();

	start_validator(0);
	while (verdict_end() < FILES && clock_ms() < end_ms)
		usleep(STEP_MS * 1000);
	int64_t took_ms = clock_ms() - begin_ms;
	long peak = peak_kb(world.validators[0].pid);

	cr_log_info("%d lines in %lld ms with its start, peak of %ld kB", FILES * LINES, (long long)took_ms, peak);
	cr_expect_eq(verdict_end(), FILES);
	cr_expect_lt(peak, 64L * 1024 * MEMORY_FACTOR);
}

Test(validate_late, gives_up_waiting_after_its_setting)
{
	struct counted counted;

	make_world(1);
	world.validators[0].setting = "--missing.wait.max=1s";
	start_validator(0);
	deliver("1:a");
	await_all(&counted);
	cr_expect_str_eq(counted.classes[0], "*");
	expect_quarantined(0, "missing-reference");
}

#ifdef INSTROOM_CRASH_POINTS
static const char *const CRASH_POINTS[] = {
	"validate.began",    "validate.polled",	    "validate.judged",	  "validate.judged:3",
	"validate.produced", "validate.produced:2", "validate.delivered", "validate.delivered:2",
	"validate.advanced", "validate.advanced:2", "validate.folded",
};

static bool has_ended(struct validator *validator)
{
	int status;

	if (waitpid(validator->pid, &status, WNOHANG) != validator->pid)
		return false;
	validator->pid = 0;
	return true;
}

Test(validate, loses_and_doubles_nothing_wherever_it_dies)
{
	for (size_t i = 0; i < ARRAY_LEN(CRASH_POINTS); i++) {
		struct validator *validator = &world.validators[0];
		bool is_fold = strstr(CRASH_POINTS[i], "folded") || strstr(CRASH_POINTS[i], "began");
		int64_t end_ms = clock_ms() + WAIT_MS;

		if (is_fold) { /* there must be something to begin and to fold */
			end_process(&world.redis, SIGKILL);
			start_redis();
		}
		validator->crash_at = CRASH_POINTS[i];
		start_validator(0);
		for (int j = 0; j < 6; j++)
			deliver("1:a 2:a");
		for (int steps = 1; !has_ended(validator) && clock_ms() < end_ms; steps++) {
			if (steps % 20 == 0)
				deliver("1:a 2:a"); /* another batch: all before may have been one */
			usleep(STEP_MS * 1000);
		}
		cr_expect_eq(validator->pid, 0, "%s was not passed", CRASH_POINTS[i]);
		end_process(&validator->pid, SIGKILL);
		validator->crash_at = NULL;
		start_validator(0);
		cr_expect_str_eq(last_classes(), "UU", "%s", CRASH_POINTS[i]);
		end_process(&validator->pid, SIGTERM);
	}
}

Test(validate, gives_up_a_message_that_killed_it_three_times)
{
	struct counted counted;
	struct validator *validator = &world.validators[0];

	deliver("1:a");
	deliver("1:a");
	validator->crash_at = "validate.judged";
	for (int i = 0; i < 3; i++) {
		int64_t end_ms = clock_ms() + WAIT_MS;

		start_validator(0);
		while (!has_ended(validator) && clock_ms() < end_ms)
			usleep(STEP_MS * 1000);
		cr_assert_eq(validator->pid, 0);
	}
	validator->crash_at = NULL;
	start_validator(0);
	await_all(&counted);
	cr_expect_str_eq(counted.classes[0], "*");
	cr_expect_str_eq(counted.classes[1], "C", "the one behind it is judged");
	expect_quarantined(0, "poison");
}
#endif
