#include "base/clock.h"
#include "redis/redis_cache.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static int try_at(const char *address, uint32_t wait_ms, struct err *err)
{
	struct redis_options options = { .address = address, .connect_ms = wait_ms, .wait_ms = wait_ms };
	struct redis_cache *cache = NULL;
	int64_t count;

	cr_assert_eq(redis_cache_open(&options, "t", 1, &cache, err), 0);
	int rc = redis_cache_try(cache, 0, 1, &count, err);

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
		{ "/no/such/socket", ERR_RETRY },
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

	cr_assert_eq(redis_cache_open(&options, "t", 1, &cache, &err), 0);
	cr_expect_eq(redis_cache_begin(cache, 0, &head, boards, CACHE_BOARDS_MAX + 1, &is_done, &err), -ERR_FULL);
	cr_expect_eq(redis_cache_begin(cache, 0, &head, boards, CACHE_BOARDS_MAX, &is_done, &err), -ERR_RETRY,
		     "asked, but away");
	boards[0].is_changed = true;
	boards[0].entries = slice_make("", (size_t)CACHE_CALL_BYTES_MAX / CACHE_ENTRY_BYTES * CACHE_ENTRY_BYTES +
						   CACHE_ENTRY_BYTES); /* never looked at */
	cr_expect_eq(redis_cache_advance(cache, 0, &head, &head, boards, 1, &is_done, &err), -ERR_FULL);
	redis_cache_close(cache);
}
