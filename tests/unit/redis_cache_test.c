#include "base/clock.h"
#include "redis/redis_internal.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct hmac_key KEY; /* nothing is sealed where nothing is written */

static int try_at(const char *address, uint32_t wait_ms, struct err *err)
{
	struct redis_options options = { .address = address, .connect_ms = wait_ms, .wait_ms = wait_ms };
	struct redis_cache *cache = NULL;
	int64_t count;

	int rc = redis_cache_open(&options, "t", &KEY, &cache, err);

	if (rc == 0)
		rc = redis_cache_try(cache, 0, 1, &count, err);

	redis_cache_close(cache);
	return rc;
}

Test(redis, an_address_that_cannot_be_is_a_setting_and_a_peer_that_is_away_a_retry)
{
	static const struct {
		const char *address;
		enum err_kind want;
	} ROWS[] = {
		{ "", ERR_CONFIG },
		{ "6379", ERR_CONFIG },
		{ ":6379", ERR_CONFIG },
		{ "127.0.0.1:", ERR_CONFIG },
		{ "127.0.0.1:0", ERR_CONFIG },
		{ "127.0.0.1:65536", ERR_CONFIG },
		{ "127.0.0.1:1x", ERR_CONFIG },
		{ "127.0.0.1:1", ERR_RETRY },
		{ "127.0.0.1:6379,", ERR_CONFIG },
		{ "127.0.0.1:6379,,127.0.0.1:6380", ERR_CONFIG },
		{ "127.0.0.1:6379;127.0.0.1:6380x", ERR_CONFIG },
		{ "/no/such/socket", ERR_RETRY },
		{ "127.0.0.1:1,[::1]:1,/no/such/socket", ERR_RETRY },
		{ "no-such-name.invalid:6379", ERR_RETRY },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct err err;

		cr_expect_eq(try_at(ROWS[i].address, 200, &err), -(int)ROWS[i].want, "%s", ROWS[i].address);
	}
}

Test(redis, a_peer_that_accepts_and_says_nothing_costs_no_more_than_the_wait)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char address[32];
	struct err err;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0);
	getsockname(fd, (struct sockaddr *)&at, &n);
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(at.sin_port));
	int64_t begin_ms = clock_ms();

	cr_expect_eq(try_at(address, 150, &err), -ERR_RETRY);
	cr_expect_geq(clock_ms() - begin_ms, 149);
	cr_expect_lt(clock_ms() - begin_ms, 1000);
	close(fd);
}

Test(redis, a_call_of_more_boards_than_its_limit_is_full)
{
	static struct cache_board boards[CACHE_BOARDS_MAX + 1];
	struct redis_options options = { .address = "127.0.0.1:1", .connect_ms = 100, .wait_ms = 100 };
	struct cache_head head = { 0 };
	struct redis_cache *cache = NULL;
	struct err err;
	bool is_done;

	cr_assert_eq(redis_cache_open(&options, "t", &KEY, &cache, &err), 0);
	cr_expect_eq(redis_cache_begin(cache, 0, &head, boards, CACHE_BOARDS_MAX + 1, &is_done, &err), -ERR_FULL);
	cr_expect_eq(redis_cache_begin(cache, 0, &head, boards, CACHE_BOARDS_MAX, &is_done, &err), -ERR_RETRY,
		     "asked, but away");
	boards[0].is_changed = true;
	boards[0].entries = slice_make("", (size_t)CACHE_CALL_BYTES_MAX / CACHE_ENTRY_BYTES * CACHE_ENTRY_BYTES +
						   CACHE_ENTRY_BYTES); /* never looked at */
	cr_expect_eq(redis_cache_advance(cache, 0, &head, &head, boards, 1, &is_done, &err), -ERR_FULL);
	redis_cache_close(cache);
}

/* ---- a Redis that says what the test wants ---- */

struct fake {
	int fd;
	pid_t pid;
	char address[32];
};

static int listen_on_loopback(int backlog, char address[32])
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, backlog) == 0);
	getsockname(fd, (struct sockaddr *)&at, &n);
	snprintf(address, 32, "127.0.0.1:%u", ntohs(at.sin_port));
	return fd;
}

static void say(int fd, const char *text)
{
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static const char *fake_slots = "-ERR This instance has cluster support disabled\r\n"; /* of fakes begun from here on */
static bool is_importing; /* they answer only behind ASKING */
static bool is_asked;

/* Answers one command: SCRIPT and AUTH well (if the password is the one wanted), any other with the reply. */
static void answer(int fd, const redisReply *command, const char *password, const char *reply)
{
	const redisReply *last = command->element[command->elements - 1];
	const char *name = command->element[0]->str;

	if (strcmp(name, "AUTH") == 0)
		say(fd, !password || strcmp(last->str, password) == 0 ? "+OK\r\n" : "-WRONGPASS no\r\n");
	else if (strcmp(name, "ASKING") == 0)
		say(fd, "+OK\r\n");
	else if (strcmp(name, "CLUSTER") == 0)
		say(fd, fake_slots);
	else if (strcmp(name, "SCRIPT") == 0)
		say(fd, "$40\r\n0123456789012345678901234567890123456789\r\n");
	else
		say(fd, is_importing && !is_asked ? "-MOVED 1 127.0.0.1:1\r\n" : reply);
	is_asked = strcmp(name, "ASKING") == 0;
}

static void serve(int fd, const char *password, const char *reply)
{
	redisReader *reader = redisReaderCreate();
	char bytes[8192];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) > 0) {
		void *command = NULL;

		redisReaderFeed(reader, bytes, (size_t)n);
		while (redisReaderGetReply(reader, &command) == REDIS_OK && command) {
			answer(fd, command, password, reply);
			freeReplyObject(command);
		}
	}
	redisReaderFree(reader);
	close(fd);
}

static void fake_begin(struct fake *fake, const char *password, const char *reply)
{
	fake->fd = listen_on_loopback(8, fake->address);
	fake->pid = fork();
	if (fake->pid > 0)
		return;
	for (;;)
		serve(accept(fake->fd, NULL, NULL), password, reply);
}

static void fake_end(struct fake *fake)
{
	kill(fake->pid, SIGKILL);
	waitpid(fake->pid, NULL, 0);
	close(fake->fd);
}

Test(redis, what_a_redis_refuses_is_told_with_what_to_do)
{
	static char replies[][64] = {
		"BUSY Redis is busy running a script.",
		"WRONGTYPE Operation against a key",
		"DENIED Redis is running in",
		"ERR max number of clients reached",
		"OOM command not allowed",
		"no code at all",
		"NOPERM User x has no permissions to run the 'evalsha' command",
		"NOPERM this user has no permissions to access a key",
		"NOPERM User 'BSN 123456782' may not",
	};
	static const char *const WORDS[] = { "SCRIPT KILL", "another program",	 "protected mode", "maxclients",
					     "full",	    "no error of Redis", ": not evalsha",  "lacks a pattern",
					     "lists them)" };
	const struct redis_node node = { .places = "redis.example:6379" };

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		redisReply reply = { .type = REDIS_REPLY_ERROR, .str = replies[i] };
		struct err err = { 0 };

		reply.len = strlen(replies[i]);
		cr_expect_eq(redis_reply_fail(&node, &reply, &err), -ERR_RETRY);
		cr_expect(strstr(err.text, WORDS[i]), "%s: %s", replies[i], err.text);
		cr_expect(strstr(err.text, "redis.example:6379"), "which Redis: %s", err.text);
		cr_expect(!strstr(err.text, "BSN"), "%s", err.text);
	}
}

Test(redis, nothing_a_redis_says_is_more_than_a_retry)
{
	static const struct {
		const char *reply, *code;
	} ROWS[] = {
		{ "-NOAUTH Authentication required.\r\n", "NOAUTH" },
		{ "-WRONGPASS invalid username-password pair\r\n", "WRONGPASS" },
		{ "-NOPERM this user has no permissions\r\n", "NOPERM" },
		{ "-ERR unknown command 'EVALSHA'\r\n", "ERR" },
		{ "-READONLY You can't write against a read only replica.\r\n", "READONLY" },
		{ "-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN" },
		{ "-LOADING Redis is loading the dataset in memory\r\n", "LOADING" },
		{ "-CLUSTERDOWN Hash slot not served\r\n", "CLUSTERDOWN" },
		{ "-UNBLOCKED force unblock\r\n", "UNBLOCKED" },
		{ "-NOREPLICAS Not enough good replicas\r\n", "NOREPLICAS" },
		{ "-TRYAGAIN Multiple keys request during rehashing\r\n", "TRYAGAIN" },
		{ "-no code at all\r\n", "ERR" },
		{ "-\r\n", "ERR" },
		{ "+OK\r\n", "answer" },
		{ "$3\r\nabc\r\n", "answer" },
		{ "$-1\r\n", "answer" },
		{ "*0\r\n", "answer" },
		{ "*-1\r\n", "answer" },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", "connection" },
		{ ":abc\r\n", "connection" },
		{ "*2147483647\r\n", "connection" }, /* no time and no memory is spent on it */
		{ "*1\r\n*1048577\r\n", "connection" },
		{ "$9223372036854775807\r\n", "connection" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct fake fake;
		struct err err = { 0 };

		fake_begin(&fake, NULL, ROWS[i].reply);
		cr_expect_eq(try_at(fake.address, 1000, &err), -ERR_RETRY, "%s", ROWS[i].reply);
		cr_expect_str_eq(err.code, ROWS[i].code, "%s: %s", ROWS[i].reply, err.code);
		fake_end(&fake);
	}
}

/* As pcall has it: newer servers say the code, older ones begin with the place in the script. */
Test(redis, an_error_within_the_trial_has_its_code)
{
	static const struct {
		const char *said, *code;
	} ROWS[] = {
		{ "", "" },
		{ "OOM command not allowed when used memory > 'maxmemory'.", "OOM" },
		{ "@user_script: 2: -OOM command not allowed when used memory > 'maxmemory'.", "OOM" },
		{ "@user_script: 12: -READONLY You can't write against a read only replica.", "READONLY" },
		{ "@user_script: 2: Unknown Redis command called from Lua script", CACHE_NOT_THERE },
		{ "no code at all", "ERR" },
		{ "@user_script", "ERR" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct redis_options options = { .connect_ms = 1000, .wait_ms = 1000 };
		struct redis_cache *cache = NULL;
		struct cache_trial trial;
		char reply[512], error[256];
		struct fake fake;
		struct err err = { 0 };

		snprintf(error, sizeof error, "$%zu\r\n%s\r\n", strlen(ROWS[i].said), ROWS[i].said);
		snprintf(reply, sizeof reply, "*9\r\n%s%s", error,
			 "$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n");
		fake_begin(&fake, NULL, reply);
		options.address = fake.address;
		cr_assert_eq(redis_cache_open(&options, "t", &KEY, &cache, &err), 0);
		cr_expect_eq(redis_cache_try_commands(cache, 0, &trial, &err), 0, "%s", err.text);
		cr_expect_str_eq(trial.codes[2], ROWS[i].code, "%s", ROWS[i].said);
		redis_cache_close(cache);
		fake_end(&fake);
	}
}

/* What no reader of hiredis ends: a line without an end, as of a proxy that copies something else. */
static void talk(int fd)
{
	static char bytes[65536];

	memset(bytes, '+', sizeof bytes);
	while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
		;
	close(fd);
}

Test(redis, an_answer_without_end_ends)
{
	struct fake fake = { .fd = listen_on_loopback(8, fake.address) };
	struct err err = { 0 };
	int64_t begin_ms = clock_ms();

	fake.pid = fork();
	while (fake.pid == 0)
		talk(accept(fake.fd, NULL, NULL));
	cr_expect_eq(try_at(fake.address, 200, &err), -ERR_RETRY);
	cr_expect_str_eq(err.code, "connection", "%s", err.text);
	cr_expect(strstr(err.text, "answer"), "%s", err.text);
	cr_expect_lt(clock_ms() - begin_ms, 20000, "it took %lld ms", (long long)(clock_ms() - begin_ms));
	fake_end(&fake);
}

Test(redis, a_head_of_another_shape_is_no_cold_cache)
{
	static const char *const REPLIES[] = { "+OK\r\n", "*1\r\n:1\r\n", "*5\r\n$1\r\na\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
					       "*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n" };

	for (size_t i = 0; i < ARRAY_LEN(REPLIES); i++) {
		struct redis_options options = { .connect_ms = 1000, .wait_ms = 1000 };
		struct redis_cache *cache = NULL;
		struct cache_head head;
		struct fake fake;
		struct err err;

		fake_begin(&fake, NULL, REPLIES[i]);
		options.address = fake.address;
		cr_assert_eq(redis_cache_open(&options, "t", &KEY, &cache, &err), 0);
		cr_expect_eq(redis_cache_read(cache, 0, &head, NULL, 0, NULL, &err), -ERR_RETRY, "%s", REPLIES[i]);
		redis_cache_close(cache);
		fake_end(&fake);
	}
}

/* An address at which nobody ever accepts: its queue is full. */
static int open_dead_address(char address[32], int fillers[2])
{
	int fd = listen_on_loopback(0, address);
	struct sockaddr_in at;
	socklen_t n = sizeof at;

	getsockname(fd, (struct sockaddr *)&at, &n);
	for (int i = 0; i < 2; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		cr_assert(connect(fillers[i], (const struct sockaddr *)&at, n) == 0 || errno == EINPROGRESS);
	}
	return fd;
}

Test(redis, a_dead_first_address_costs_one_deadline)
{
	enum { CONNECT_MS = 300 };
	char dead[32], address[80];
	int fillers[2], fd = open_dead_address(dead, fillers);
	struct fake fake;
	struct err err;
	int64_t begin_ms = clock_ms();

	fake_begin(&fake, NULL, ":1\r\n");
	snprintf(address, sizeof address, "%s,%s", dead, fake.address);
	cr_expect_eq(try_at(address, CONNECT_MS, &err), 0, "%s", err.text);
	cr_expect_lt(clock_ms() - begin_ms, 2 * CONNECT_MS);
	fake_end(&fake);
	close(fd);
	close(fillers[0]);
	close(fillers[1]);
}

Test(redis, a_replica_is_left_for_the_other_address)
{
	struct fake replica, master;
	struct redis_options options = { .connect_ms = 500, .wait_ms = 500 };
	struct redis_cache *cache = NULL;
	char address[80];
	struct err err;
	int64_t count = 0;

	fake_begin(&replica, NULL, "-READONLY You can't write against a read only replica.\r\n");
	fake_begin(&master, NULL, ":1\r\n");
	snprintf(address, sizeof address, "%s,%s", replica.address, master.address);
	options.address = address;
	cr_assert_eq(redis_cache_open(&options, "t", &KEY, &cache, &err), 0);
	cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), -ERR_RETRY);
	cr_expect_str_eq(err.code, "READONLY");
	cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), 0, "%s", err.text);
	cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), 0, "it stays there: %s", err.text);
	redis_cache_close(cache);
	fake_end(&replica);
	fake_end(&master);
}

static void write_password(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

Test(redis, the_password_is_read_again_at_each_connection)
{
	char path[] = "/tmp/instroom-password-XXXXXX";
	struct redis_options options = { .password.bytes = SLICE_LITERAL("at start"),
					 .connect_ms = 500,
					 .wait_ms = 500 };
	struct redis_cache *cache = NULL;
	struct fake fake;
	struct err err;
	int64_t count;

	close(mkstemp(path));
	write_password(path, "old\n");
	fake_begin(&fake, "new", ":1\r\n");
	options.address = fake.address;
	options.password.path = path;
	cr_assert_eq(redis_cache_open(&options, "t", &KEY, &cache, &err), 0);
	cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), -ERR_RETRY);
	cr_expect_str_eq(err.code, "WRONGPASS");
	write_password(path, "new\n");
	cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), 0, "%s", err.text);
	redis_cache_close(cache);
	fake_end(&fake);
	unlink(path);
}

/* ---- Redis Cluster ---- */

Test(redis, a_slot_is_the_crc16_of_the_hash_tag)
{
	static const struct {
		const char *key;
		unsigned want;
		const char *why;
	} ROWS[] = {
		{ "123456789", 0x31c3, "the check value of CRC16 XMODEM" },
		{ "foo", 12182, "as CLUSTER KEYSLOT says" },
		{ "{user1000}.following", 3443, "the tag" },
		{ "{user1000}.followers", 3443, "the tag" },
		{ "foo{}{bar}", 8363, "an empty tag is none" },
		{ "foo{{bar}}zap", 4015, "{bar, from the first brace to the next end" },
		{ "foo{bar}{zap}", 5061, "bar" },
		{ "{never closed", 1081, "no tag" },
		{ "", 0, "an empty key" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(redis_slot_of(slice_of(ROWS[i].key)), ROWS[i].want, "%s: %u, %s", ROWS[i].key,
			     redis_slot_of(slice_of(ROWS[i].key)), ROWS[i].why);
}

static const char *port_of(const struct fake *fake)
{
	return strrchr(fake->address, ':') + 1;
}

static struct redis_cache *open_at(const char *address)
{
	static struct redis_options options;
	struct redis_cache *cache = NULL;
	struct err err;

	options = (struct redis_options){ .address = address, .connect_ms = 500, .wait_ms = 500 };
	cr_assert_eq(redis_cache_open(&options, "t", &KEY, &cache, &err), 0);
	return cache;
}

Test(redis, moved_is_followed_and_the_map_asked_for)
{
	static const char *const HOSTS[] = { "127.0.0.1", "", "?" };

	for (size_t i = 0; i < ARRAY_LEN(HOSTS); i++) {
		struct fake seed, owner, mapped;
		char moved[80], slots[160];
		struct err err;
		int64_t count = 0;

		fake_begin(&owner, NULL, ":1\r\n");
		fake_begin(&mapped, NULL, ":2\r\n");
		snprintf(moved, sizeof moved, "-MOVED %u %s:%s\r\n", redis_slot_of(SLICE_LITERAL("{t/0}")), HOSTS[i],
			 port_of(&owner));
		snprintf(slots, sizeof slots, "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$%zu\r\n%s\r\n:%s\r\n",
			 strlen(HOSTS[i]), HOSTS[i], port_of(&mapped));
		fake_slots = slots;
		fake_begin(&seed, NULL, moved);
		struct redis_cache *cache = open_at(seed.address);

		cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), 0, "\"%s\" %s", HOSTS[i], err.text);
		cr_expect_eq(count, 1, "in the same call");
		cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), 0, "\"%s\" %s", HOSTS[i], err.text);
		cr_expect_eq(count, 2, "the next goes by the map");
		redis_cache_close(cache);
		fake_end(&seed);
		fake_end(&owner);
		fake_end(&mapped);
	}
}

Test(redis, ask_is_followed_once_with_asking)
{
	struct fake source, target;
	char moving[80];
	struct err err;
	int64_t count = 0;

	is_importing = true;
	fake_begin(&target, NULL, ":7\r\n");
	is_importing = false;
	snprintf(moving, sizeof moving, "-ASK %u 127.0.0.1:%s\r\n", redis_slot_of(SLICE_LITERAL("{t/0}")),
		 port_of(&target));
	fake_begin(&source, NULL, moving);
	struct redis_cache *cache = open_at(source.address);

	for (int i = 0; i < 3; i++) {
		cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), 0, "%s", err.text);
		cr_expect_eq(count, 7);
	}
	redis_cache_close(cache);
	fake_end(&source);
	fake_end(&target);
}

Test(redis, redirects_that_lead_nowhere_end)
{
	static const char *const REPLIES[] = { "-MOVED\r\n",
					       "-MOVED 1\r\n",
					       "-MOVED x 127.0.0.1:1\r\n",
					       "-MOVED 16384 127.0.0.1:1\r\n",
					       "-MOVED 1 127.0.0.1\r\n",
					       "-MOVED 1 127.0.0.1:0\r\n",
					       "-MOVED 1 127.0.0.1:99999\r\n",
					       "-MOVED 1 127.0.0.1:1\r\n",
					       "-ASK 1 :\r\n" };
	static const char *const MAPS[] = { "*1\r\n*2\r\n:1\r\n:2\r\n",
					    "*1\r\n:1\r\n",
					    ":1\r\n",
					    "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n",
					    "*1\r\n*3\r\n:5\r\n:6\r\n*1\r\n$1\r\na\r\n",
					    "*1\r\n*3\r\n:5\r\n:6\r\n*2\r\n$1\r\na\r\n:-1\r\n" };
	struct err err;
	int64_t count;

	for (size_t i = 0; i < ARRAY_LEN(REPLIES) * ARRAY_LEN(MAPS); i++) {
		struct fake fake;

		fake_slots = MAPS[i % ARRAY_LEN(MAPS)];
		fake_begin(&fake, NULL, REPLIES[i / ARRAY_LEN(MAPS)]);
		struct redis_cache *cache = open_at(fake.address);

		for (int call = 0; call < 3; call++)
			cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), -ERR_RETRY, "row %zu", i);
		redis_cache_close(cache);
		fake_end(&fake);
	}
}

Test(redis, a_ring_of_redirects_ends)
{
	struct fake fake;
	char address[32], moved[80];
	int fd = listen_on_loopback(8, address);
	struct err err;
	int64_t count;

	snprintf(moved, sizeof moved, "-MOVED 1 %s\r\n", address);
	fake = (struct fake){ .fd = fd, .pid = fork() };
	if (fake.pid == 0)
		for (;;) {
			int line = accept(fd, NULL, NULL);

			if (fork() == 0) {
				serve(line, NULL, moved);
				_exit(0);
			}
			close(line);
		}
	struct redis_cache *cache = open_at(address);

	cr_expect_eq(redis_cache_try(cache, 0, 1, &count, &err), -ERR_RETRY);
	cr_expect_str_eq(err.code, "MOVED");
	redis_cache_close(cache);
	fake_end(&fake);
}
