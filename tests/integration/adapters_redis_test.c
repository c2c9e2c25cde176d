/* redis_cache against a real Redis: compare-and-set, a wipe in between, damage, lost scripts. */
#include "adapters_fixture.h"
#include "redis/redis_internal.h"

#include <fcntl.h>

enum { PARTITION = 7 };

static struct hmac_key place_key;

struct place {
	struct redis_options options;
	char topic[64];
	struct redis_cache *cache;
	struct arena arena;
	struct redis_link link; /* to do what others might do to Redis */
};

static void place_init(struct place *place)
{
	struct err err = { 0 };

	*place = (struct place){ 0 };
	place->options = (struct redis_options){ .address = fixture_server("INSTROOM_REDIS_ADDRESS"),
						 .user = getenv("INSTROOM_REDIS_USER"),
						 .password = { .path = getenv("INSTROOM_REDIS_PASSWORD_FILE") },
						 .connect_ms = 10000,
						 .wait_ms = 10000,
						 .has_tls = getenv("INSTROOM_REDIS_TLS") != NULL,
						 .ca_file = getenv("INSTROOM_REDIS_CA_FILE") };
	hmac_key_init(&place_key, SLICE_LITERAL("a key of the tests, long enough to be one"));
	fixture_name(place->topic, sizeof place->topic);
	redis_link_init(&place->link, &place->options);
	ASSERT_OK(redis_cache_open(&place->options, place->topic, &place_key, &place->cache, &err));
	ASSERT_OK(arena_init(&place->arena, 64 << 20, 1 << 20, &err));
}

static void place_release(struct place *place)
{
	redis_cache_close(place->cache);
	redis_link_release(&place->link);
	arena_release(&place->arena);
}

/* Runs words as another client would; a word "@x" stands for the key x of our partition. */
static void meddle(struct place *place, size_t count, const char *const *words)
{
	struct redis_args *args = calloc(1, sizeof *args);
	char keys[8][256], tag[256];
	struct err err = { 0 };
	redisReply *reply = NULL;

	for (size_t i = 0; i < count; i++) {
		char *key = keys[i % 8];

		if (words[i][0] == '@')
			snprintf(key, sizeof keys[0], "{%s/%d}:" CACHE_FORMAT ":%u:%s", place->topic, PARTITION,
				 place_key.id, words[i] + 1);
		redis_args_add(args, slice_of(words[i][0] == '@' ? key : words[i]));
	}
	snprintf(tag, sizeof tag, "{%s/%d}", place->topic, PARTITION);
	ASSERT_OK(redis_link_command(&place->link, redis_slot_of(slice_of(tag)), args, &reply, &err));
	freeReplyObject(reply);
	free(args);
}

#define MEDDLE(place, ...) \
	meddle((place), sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *[]){ __VA_ARGS__ })

static struct cache_head head_at(int64_t raw, int64_t verdict, uint8_t mark)
{
	struct cache_head head = { .next_raw = raw, .next_verdict = verdict, .board_count = 2 };

	memset(head.gen, 0xa0, sizeof head.gen);
	memset(head.tip, mark, sizeof head.tip);
	return head;
}

static struct slice make_entries(char *buf, size_t count)
{
	memset(buf, 0, count * CACHE_ENTRY_BYTES);
	for (size_t i = 0; i < count; i++) {
		buf[i * CACHE_ENTRY_BYTES] = (char)(i >> 8);
		buf[i * CACHE_ENTRY_BYTES + 1] = (char)i;
		buf[i * CACHE_ENTRY_BYTES + 39] = '\n'; /* not only text */
	}
	return slice_make(buf, count * CACHE_ENTRY_BYTES);
}

static void begin(struct place *place)
{
	struct cache_head head = head_at(10, 20, 1);
	struct cache_board boards[] = { { .board = 41211, .sequence_max = 7, .sequence_full = 5 },
					{ .board = 41212, .sequence_max = INT64_MAX, .sequence_full = INT64_MAX } };
	struct err err = { 0 };
	bool is_done;
	int rc = redis_cache_begin(place->cache, PARTITION, &head, boards, 2, &is_done, &err);

	cr_assert(rc == 0 && is_done, "%d %s", rc, err.text);
}

static struct cache_head read_two(struct place *place, struct cache_board boards[2])
{
	struct cache_head head;
	struct err err = { 0 };

	boards[0] = (struct cache_board){ .board = 41211 };
	boards[1] = (struct cache_board){ .board = 41212 };
	ASSERT_OK(redis_cache_read(place->cache, PARTITION, &head, boards, 2, &place->arena, &err));
	return head;
}

static int advance_one(struct place *place, struct cache_head from, struct cache_head to, struct slice entries)
{
	struct cache_board board = { .board = 41211,
				     .sequence_max = 9,
				     .sequence_full = 9,
				     .entries = entries,
				     .is_changed = true,
				     .has_field = true };
	struct err err = { 0 };
	bool is_done;
	int rc = redis_cache_advance(place->cache, PARTITION, &from, &to, &board, 1, &is_done, &err);

	cr_assert_eq(rc, 0, "%s %s", err.code, err.text);
	return is_done;
}

Test(redis, a_new_partition_is_cold_until_begun_and_begins_once)
{
	struct place place;
	struct cache_board boards[2];
	struct cache_head head = head_at(1, 1, 9);
	struct err err = { 0 };
	bool is_done;

	place_init(&place);
	cr_expect(read_two(&place, boards).is_cold);
	begin(&place);
	ASSERT_OK(redis_cache_begin(place.cache, PARTITION, &head, NULL, 0, &is_done, &err));
	cr_expect_not(is_done, "one stands");
	head = read_two(&place, boards);
	cr_expect_not(head.is_cold);
	cr_expect_eq(head.next_raw, 10);
	cr_expect_eq(head.next_verdict, 20);
	cr_expect_eq(head.tip[15], 1);
	cr_expect_eq(boards[0].sequence_max, 7);
	cr_expect_eq(boards[0].sequence_full, 5);
	cr_expect_eq(boards[1].sequence_full, INT64_MAX);
	cr_expect_eq(boards[0].entries.n, 0);
	place_release(&place);
}

Test(redis, advances_only_from_where_it_stands)
{
	struct place place;
	struct cache_board boards[2];
	char buf[160 * CACHE_ENTRY_BYTES];
	struct slice entries = make_entries(buf, 160);

	place_init(&place);
	begin(&place);
	cr_expect_eq(advance_one(&place, head_at(10, 19, 1), head_at(12, 22, 2), entries), 0, "another vp stands");
	cr_expect_eq(read_two(&place, boards).next_raw, 10, "nothing was written");
	cr_expect_eq(boards[0].entries.n, 0);
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), entries), 1);
	struct cache_head head = read_two(&place, boards);

	cr_expect_eq(head.next_raw, 12);
	cr_expect_eq(head.next_verdict, 22);
	cr_expect_eq(head.tip[0], 2);
	cr_expect(slice_equal(boards[0].entries, entries));
	cr_expect_eq(boards[0].sequence_max, 9);
	cr_expect_eq(boards[1].sequence_max, INT64_MAX, "the other board stays");
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), entries), 0, "not twice");
	cr_expect_eq(advance_one(&place, head_at(12, 22, 2), head_at(13, 23, 3), (struct slice){ 0 }), 1);
	read_two(&place, boards);
	cr_expect_eq(boards[0].entries.n, 0, "no entries: the string goes");
	place_release(&place);
}

Test(redis, a_wipe_between_read_and_advance_is_seen)
{
	struct place place;
	struct cache_board boards[2];

	place_init(&place);
	begin(&place);
	cr_expect_not(read_two(&place, boards).is_cold);
	MEDDLE(&place, "DEL", "@head");
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), (struct slice){ 0 }), 0);
	cr_expect(read_two(&place, boards).is_cold, "an advance never makes a head");
	place_release(&place);
}

Test(redis, another_gen_at_the_same_position_does_not_match)
{
	struct place place;
	struct cache_head other = head_at(10, 20, 1), next = head_at(12, 22, 2);
	struct err err = { 0 };
	bool is_done;

	place_init(&place);
	begin(&place);
	memset(other.gen, 0xb1, sizeof other.gen);
	memset(next.gen, 0xb1, sizeof next.gen);
	ASSERT_OK(redis_cache_advance(place.cache, PARTITION, &other, &next, NULL, 0, &is_done, &err));
	cr_expect_not(is_done);
	place_release(&place);
}

Test(redis, a_damaged_head_is_cold_and_can_be_begun)
{
	static const char *const DAMAGES[][4] = {
		{ "HDEL", "@head", "tip" },
		{ "HDEL", "@head", "gen" },
		{ "HSET", "@head", "wm", "x" },
		{ "HSET", "@head", "vp", "-1" },
		{ "HSET", "@head", "vp", "9223372036854775808" },
		{ "HSET", "@head", "gen", "a0a0" },
		{ "HSET", "@head", "wm", "11" },
		{ "HSET", "@head", "vp", "21" },
		{ "HSET", "@head", "tip", "02020202020202020202020202020202" },
		{ "HSET", "@head", "seal", "" },
		{ "HDEL", "@head", "seal" },
		{ "HDEL", "@head", "b41211" }, /* it has no entries: only the count tells it from a board nobody saw */
		{ "HSET", "@head", "b41213", "another" },
		{ "HSET", "@head", "b41211", "short" },
		{ "HSET", "@head", "b41211", "" },
		{ "HSET", "@head", "b41211", "\x80zzzzzzzzzzzzzzz" },
	};

	for (size_t i = 0; i < ARRAY_LEN(DAMAGES); i++) {
		struct place place;
		struct cache_board boards[2];

		place_init(&place);
		begin(&place);
		meddle(&place, DAMAGES[i][3] ? 4 : 3, DAMAGES[i]);
		cr_expect(read_two(&place, boards).is_cold, "row %zu", i);
		begin(&place);
		cr_expect_not(read_two(&place, boards).is_cold, "row %zu", i);
		place_release(&place);
	}
}

Test(redis, damaged_entries_are_no_certainty)
{
	struct place place;
	struct cache_board boards[2];
	char buf[2 * CACHE_ENTRY_BYTES];
	char gen[] = "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0";
	char key[80];

	place_init(&place);
	begin(&place);
	snprintf(key, sizeof key, "@%s:41211", gen);
	MEDDLE(&place, "SET", key, "forty bytes are needed, so this is one..");
	read_two(&place, boards);
	cr_expect_eq(boards[0].entries.n, 0, "of the right length, but not ours");
	cr_expect(boards[0].is_refused);
	MEDDLE(&place, "SET", key, "forty bytes are needed, so this is none..");
	read_two(&place, boards);
	cr_expect_eq(boards[0].entries.n, 0);
	make_entries(buf, 2);
	buf[1] = 2; /* the first is above the second */
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), slice_make(buf, sizeof buf)), 1);
	cr_expect_eq(read_two(&place, boards).next_raw, 12);
	cr_expect_eq(boards[0].entries.n, 0);
	place_release(&place);
}

static void copy_key(struct place *place, const char *from, const char *to)
{
	MEDDLE(place, "EVAL", "redis.call('SET', KEYS[2], redis.call('GET', KEYS[1]))", "2", from, to);
}

static void copy_field(struct place *place, const char *from, const char *to)
{
	MEDDLE(place, "EVAL", "redis.call('HSET', KEYS[1], ARGV[2], redis.call('HGET', KEYS[1], ARGV[1]))", "1",
	       "@head", from, to);
}

#define GEN "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"

Test(redis, entries_that_the_head_does_not_vouch_for_are_no_certainty)
{
	struct place place;
	struct cache_board boards[2];
	char buf[8 * CACHE_ENTRY_BYTES];

	place_init(&place);
	begin(&place);
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), make_entries(buf, 3)), 1);
	copy_key(&place, "@" GEN ":41211", "@old");
	read_two(&place, boards);
	cr_expect(boards[0].entries.n == 3 * CACHE_ENTRY_BYTES && !boards[0].is_refused);
	cr_expect_eq(advance_one(&place, head_at(12, 22, 2), head_at(13, 23, 3), make_entries(buf, 8)), 1);
	copy_key(&place, "@" GEN ":41211", "@new");

	copy_key(&place, "@old", "@" GEN ":41211");
	cr_expect_not(read_two(&place, boards).is_cold);
	cr_expect(boards[0].entries.n == 0 && boards[0].is_refused, "the old one came back");
	cr_expect_eq(boards[0].sequence_max, 9, "what the head itself says stands");

	copy_key(&place, "@new", "@" GEN ":41211");
	read_two(&place, boards);
	cr_expect(boards[0].entries.n == 8 * CACHE_ENTRY_BYTES && !boards[0].is_refused, "the current one");

	copy_key(&place, "@new", "@" GEN ":41212");
	read_two(&place, boards);
	cr_expect(boards[1].entries.n == 0 && boards[1].is_refused, "another board's");

	MEDDLE(&place, "DEL", "@" GEN ":41211");
	read_two(&place, boards);
	cr_expect(boards[0].entries.n == 0 && !boards[0].is_refused, "lost, which is nobody's fault");
	place_release(&place);
}

Test(redis, a_field_of_another_board_makes_the_head_cold)
{
	struct place place;
	struct cache_board boards[2];

	place_init(&place);
	begin(&place);
	copy_field(&place, "b41212", "b41211");
	cr_expect(read_two(&place, boards).is_cold);
	place_release(&place);
}

Test(redis, a_removed_field_of_a_board_with_entries_makes_the_head_cold)
{
	struct place place;
	struct cache_board boards[2];
	char buf[3 * CACHE_ENTRY_BYTES];

	place_init(&place);
	begin(&place);
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), make_entries(buf, 3)), 1);
	MEDDLE(&place, "HDEL", "@head", "b41211");
	cr_expect(read_two(&place, boards).is_cold, "its volgnummers are not known to be 0");
	place_release(&place);
}

Test(redis, a_removed_field_with_its_entries_makes_the_head_cold)
{
	struct place place;
	struct cache_board boards[2];
	char buf[3 * CACHE_ENTRY_BYTES];

	place_init(&place);
	begin(&place);
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), make_entries(buf, 3)), 1);
	MEDDLE(&place, "HDEL", "@head", "b41211");
	MEDDLE(&place, "DEL", "@" GEN ":41211");
	cr_expect(read_two(&place, boards).is_cold, "its volgnummers are not known to be 0");
	place_release(&place);
}

Test(redis, a_field_removed_between_a_read_and_the_advance_is_missed)
{
	struct place place;
	struct cache_board boards[2];
	char buf[3 * CACHE_ENTRY_BYTES];

	place_init(&place);
	begin(&place);
	MEDDLE(&place, "HDEL", "@head", "b41212"); /* that of the board which is written would be written again */
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), make_entries(buf, 3)), 0);
	cr_expect(read_two(&place, boards).is_cold);
	place_release(&place);
}

Test(redis, boards_that_are_new_are_counted)
{
	struct place place;
	struct cache_head head, next = head_at(12, 22, 2);
	struct cache_board boards[3] = { { .board = 41211 }, { .board = 41213 }, { .board = 41214 } };
	struct err err = { 0 };
	bool is_done;

	place_init(&place);
	begin(&place);
	ASSERT_OK(redis_cache_read(place.cache, PARTITION, &head, boards, 3, &place.arena, &err));
	cr_expect(head.board_count == 2 && boards[0].has_field && !boards[1].has_field);
	boards[0].is_changed = boards[1].is_changed = true; /* the third is looked at only */
	ASSERT_OK(redis_cache_advance(place.cache, PARTITION, &head, &next, boards, 3, &is_done, &err));
	cr_expect(is_done);
	ASSERT_OK(redis_cache_read(place.cache, PARTITION, &head, boards, 3, &place.arena, &err));
	cr_expect_not(head.is_cold);
	cr_expect_eq(head.board_count, 3);
	cr_expect(boards[1].has_field && !boards[2].has_field);
	place_release(&place);
}

/* After a rotation: what stood under the old key is copied to where the new one's stands. */
Test(redis, entries_of_the_old_hmac_key_are_no_certainty_under_the_new_one)
{
	struct place place;
	struct cache_board boards[2];
	char buf[3 * CACHE_ENTRY_BYTES];
	struct err err = { 0 };

	place_init(&place);
	begin(&place);
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), make_entries(buf, 3)), 1);
	MEDDLE(&place, "COPY", "@head", "@head_of_old");
	copy_key(&place, "@" GEN ":41211", "@entries_of_old");
	place_key.state[0] ^= 1; /* another key, under the same names: as if somebody had moved them */
	redis_cache_close(place.cache);
	ASSERT_OK(redis_cache_open(&place.options, place.topic, &place_key, &place.cache, &err));
	cr_expect(read_two(&place, boards).is_cold);
	begin(&place);
	copy_key(&place, "@entries_of_old", "@" GEN ":41211");
	cr_expect_not(read_two(&place, boards).is_cold);
	cr_expect(boards[0].entries.n == 0 && boards[0].is_refused, "entries of the old key");
	MEDDLE(&place, "EVAL", "redis.call('HSET', KEYS[2], 'b41211', redis.call('HGET', KEYS[1], 'b41211'))", "2",
	       "@head_of_old", "@head");
	cr_expect(read_two(&place, boards).is_cold, "with the field that speaks of them");
	place_release(&place);
}

Test(redis, a_cache_under_another_hmac_key_is_not_ours)
{
	struct place place;
	struct cache_board boards[2];
	struct cache_head head;
	struct err err = { 0 };

	place_init(&place);
	begin(&place);
	MEDDLE(&place, "COPY", "@head", "@copy");
	place_key.state[0] ^= 1; /* same id, other key */
	redis_cache_close(place.cache);
	ASSERT_OK(redis_cache_open(&place.options, place.topic, &place_key, &place.cache, &err));
	cr_expect(read_two(&place, boards).is_cold);
	place_key.state[0] ^= 1;
	redis_cache_close(place.cache);
	ASSERT_OK(redis_cache_open(&place.options, place.topic, &place_key, &place.cache, &err));
	ASSERT_OK(redis_cache_read(place.cache, PARTITION, &head, NULL, 0, &place.arena, &err));
	cr_expect(head.is_cold, "removed, as its seal did not hold");
	MEDDLE(&place, "COPY", "@copy", "@head");
	ASSERT_OK(redis_cache_read(place.cache, PARTITION, &head, NULL, 0, &place.arena, &err));
	cr_expect_not(head.is_cold, "put back whole it is ours: the start folds from there");
	place_release(&place);
}

Test(redis, lost_scripts_are_loaded_again)
{
	struct place place;
	struct cache_board boards[2];

	place_init(&place);
	begin(&place);
	MEDDLE(&place, "SCRIPT", "FLUSH");
	cr_expect_not(read_two(&place, boards).is_cold);
	place_release(&place);
}

Test(redis, attempts_are_counted_until_an_advance_passes_them)
{
	struct place place;
	struct err err = { 0 };
	int64_t count = 0;

	place_init(&place);
	begin(&place);
	for (int64_t want = 1; want <= 3; want++) {
		ASSERT_OK(redis_cache_try(place.cache, PARTITION, 11, &count, &err));
		cr_expect_eq(count, want);
	}
	ASSERT_OK(redis_cache_try(place.cache, PARTITION, 12, &count, &err));
	cr_expect_eq(count, 1, "each offset for itself");
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), (struct slice){ 0 }), 1);
	ASSERT_OK(redis_cache_try(place.cache, PARTITION, 11, &count, &err));
	cr_expect_eq(count, 1, "11 was passed");
	ASSERT_OK(redis_cache_try(place.cache, PARTITION, 12, &count, &err));
	cr_expect_eq(count, 2, "12 is still to come");
	place_release(&place);
}

Test(redis, carries_the_largest_batch_and_refuses_more)
{
	struct place place;
	struct err err = { 0 };
	bool is_done;
	struct cache_board *boards = calloc(CACHE_BOARDS_MAX + 1, sizeof *boards);
	struct cache_head head;
	enum { EACH = 60 }; /* 10 MB in all: the whole country */
	static char buf[EACH * CACHE_ENTRY_BYTES];
	struct slice entries = make_entries(buf, EACH);
	struct cache_head from = head_at(10, 20, 1), to = head_at(12, 22, 2);

	place_init(&place);
	begin(&place);
	int64_t begin_us = clock_us();

	for (size_t i = 0; i <= CACHE_BOARDS_MAX; i++)
		boards[i] = (struct cache_board){
			.board = (uint32_t)(10000 + i), .sequence_max = 1, .entries = entries, .is_changed = true
		};
	ASSERT_KIND(redis_cache_advance(place.cache, PARTITION, &from, &to, boards, CACHE_BOARDS_MAX + 1, &is_done,
					&err),
		    ERR_FULL);
	ASSERT_OK(redis_cache_advance(place.cache, PARTITION, &from, &to, boards, CACHE_BOARDS_MAX, &is_done, &err));
	cr_assert(is_done);
	cr_log_info("advance of %d boards of %d entries: %" PRId64 " us", CACHE_BOARDS_MAX, EACH,
		    clock_us() - begin_us);
	begin_us = clock_us();
	ASSERT_OK(redis_cache_read(place.cache, PARTITION, &head, boards, CACHE_BOARDS_MAX, &place.arena, &err));
	cr_log_info("read of %d boards of %d entries: %" PRId64 " us", CACHE_BOARDS_MAX, EACH, clock_us() - begin_us);
	for (size_t i = 0; i < CACHE_BOARDS_MAX; i++)
		cr_assert(slice_equal(boards[i].entries, entries));
	ASSERT_KIND(redis_cache_read(place.cache, PARTITION, &head, boards, CACHE_BOARDS_MAX + 1, &place.arena, &err),
		    ERR_FULL);
	free(boards);
	place_release(&place);
}

Test(redis, a_peer_that_is_away_or_mute_is_a_retry_in_time)
{
	struct redis_options options = { .address = "127.0.0.1:1", .connect_ms = 200, .wait_ms = 200 };
	struct redis_cache *cache = NULL;
	struct err err = { 0 };
	int64_t count, begin_ms = clock_ms();

	ASSERT_OK(redis_cache_open(&options, "t", &place_key, &cache, &err));
	ASSERT_KIND(redis_cache_try(cache, 0, 1, &count, &err), ERR_RETRY);
	cr_expect_lt(clock_ms() - begin_ms, 20000);
	redis_cache_close(cache);
}

Test(redis, users_are_taken_refused_or_not_permitted)
{
	static const struct {
		const char *user, *password;
		enum err_kind want;
		const char *code;
	} ROWS[] = {
		{ "it_right", "pass word", 0, "" },
		{ "it_right", "wrong", ERR_RETRY, "WRONGPASS" },
		{ "it_nobody", "wrong", ERR_RETRY, "WRONGPASS" },
		{ "it_bare", "pass word", ERR_RETRY, "NOPERM" },
	};
	struct place place;

	place_init(&place);
	MEDDLE(&place, "ACL", "SETUSER", "it_right", "on", ">pass word", "~{it.*", "+eval", "+evalsha", "+script|load",
	       "+unlink", "+exists", "+hget", "+hmget", "+hset", "+hkeys", "+hdel", "+hincrby", "+get", "+set", "+del");
	MEDDLE(&place, "ACL", "SETUSER", "it_bare", "on", ">pass word", "~*", "+ping");
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct redis_options options = place.options;
		struct redis_cache *cache = NULL;
		struct err err = { 0 };
		struct cache_head head;

		options.user = ROWS[i].user;
		options.password = (struct secret){ .bytes = slice_of(ROWS[i].password) };
		ASSERT_OK(redis_cache_open(&options, place.topic, &place_key, &cache, &err));
		int rc = redis_cache_read(cache, PARTITION, &head, NULL, 0, &place.arena, &err);

		cr_expect_eq(rc, -(int)ROWS[i].want, "%s: %d %s %s", ROWS[i].user, rc, err.code, err.text);
		cr_expect_str_eq(err.code, ROWS[i].code);
		if (rc != 0) {
			redis_cache_close(cache);
			continue;
		}
		redis_cache_close(place.cache);
		place.cache = cache; /* the rights that the header names suffice for all that follows */
	}
	begin(&place);
	cr_expect_eq(advance_one(&place, head_at(10, 20, 1), head_at(12, 22, 2), (struct slice){ 0 }), 1);
	place_release(&place);
}

Test(redis, a_small_round_trip_is_fast)
{
	enum { TURNS = 2000 };
	struct place place;
	struct cache_board boards[2];

	place_init(&place);
	begin(&place);
	int64_t begin_us = clock_us();

	for (int i = 0; i < TURNS; i++)
		read_two(&place, boards);
	cr_log_info("redis_cache_read: %.1f us", (double)(clock_us() - begin_us) / TURNS);
	place_release(&place);
}

/* ---- redis_cluster_test.py: what happens to the cluster while these run ---- */

enum { CALLS_MS = 120000, PAUSE_US = 20000 };

/* The script acts when the pipe is opened. */
static void say_now(void)
{
	const char *mark = getenv("INSTROOM_CLUSTER_MARK");

	if (!mark)
		cr_skip_test("INSTROOM_CLUSTER_MARK is not set: run by redis_cluster_test.py");
	int fd = open(mark, O_WRONLY);

	cr_assert_geq(fd, 0);
	close(fd);
}

/* Advances until the event is over: calls failed, and then many in a row did not, on what had been written. An advance
 * that failed may have been done; what the cache then holds must be one of the two, or cold. */
static void work_through_an_event(struct place *place)
{
	struct cache_board boards[2];
	char buf[8 * CACHE_ENTRY_BYTES];
	struct slice entries = make_entries(buf, 8);
	struct cache_head at, next;
	struct err err = { 0 };
	int64_t end_ms = clock_ms() + CALLS_MS;
	int failed = 0, good_in_a_row = 0, rolled_back = 0;
	bool is_done;

	snprintf(place->topic, sizeof place->topic, "it.cluster");
	redis_cache_close(place->cache);
	ASSERT_OK(redis_cache_open(&place->options, place->topic, &place_key, &place->cache, &err));
	ASSERT_OK(redis_cache_drop(place->cache, PARTITION, &err));
	begin(place);
	at = head_at(10, 20, 1);
	say_now();
	while (clock_ms() < end_ms && (failed == 0 || good_in_a_row < 100)) {
		struct cache_board board = { .board = 41211,
					     .sequence_max = at.next_raw,
					     .entries = entries,
					     .is_changed = true,
					     .has_field = true };
		struct cache_head seen;

		next = head_at(at.next_raw + 1, at.next_verdict + 1, (uint8_t)at.next_raw);
		arena_reset(&place->arena);
		boards[0] = (struct cache_board){ .board = 41211 };
		if (redis_cache_read(place->cache, PARTITION, &seen, boards, 1, &place->arena, &err) != 0 ||
		    redis_cache_advance(place->cache, PARTITION, &seen, &next, &board, 1, &is_done, &err) != 0) {
			ASSERT_KIND(-(int)err.kind, ERR_RETRY);
			failed++;
			good_in_a_row = 0;
			usleep(PAUSE_US);
			continue;
		}
		cr_assert_not(seen.is_cold, "the head went with its slot, or its replica has it");
		rolled_back += seen.next_raw < at.next_raw;
		good_in_a_row += is_done;
		at = is_done ? next : seen;
		usleep(1000);
	}
	cr_log_info("%d calls failed, %d times rolled back, %d good in a row at the end", failed, rolled_back,
		    good_in_a_row);
	cr_expect_geq(good_in_a_row, 100, "%d failed, last %s", failed, err.text);
	cr_expect_gt(at.next_raw, 100);
}

Test(redis, in_a_cluster_a_moving_slot_is_followed)
{
	struct place place;

	place_init(&place);
	work_through_an_event(&place);
	place_release(&place);
}

Test(redis, in_a_cluster_a_failover_is_followed)
{
	struct place place;

	place_init(&place);
	work_through_an_event(&place);
	place_release(&place);
}
