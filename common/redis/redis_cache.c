#include "redis/redis_cache.h"

#include "redis/redis_internal.h"
#include "redis/redis_seal.h"

#include "base/num.h"

#include <assert.h>
#include <inttypes.h>

enum {
	KEY_BYTES_MAX = 400,
	NUMBER_BYTES = 24,
	/* a board's field: max, full, seal of its entries, seal of these */
	MARK_ENTRIES_AT = 16,
	MARK_SEAL_AT = MARK_ENTRIES_AT + REDIS_SEAL_BYTES,
	MARKS_BYTES = MARK_SEAL_AT + REDIS_SEAL_BYTES,
	HEX_BYTES = 2 * CACHE_GEN_BYTES,
	HEAD_WORDS = 6, /* gen wm vp tip seal, how many boards */
	TEACHER_BYTES = 16,
	ENTRY_DAYS = 100, /* an entry nobody delivers for a quarter goes; so do those of a gen that is no more */
};

struct board_words {
	char number[12];
	uint8_t marks[MARKS_BYTES];
};

struct redis_cache {
	struct redis_link link;
	char *raw_topic;
	uint32_t key_id;
	struct hmac_key seal_key;
	/* of the call under way */
	struct redis_args args;
	struct board_words words[CACHE_BOARDS_MAX];
	int32_t partition;
	uint16_t slot; /* of all its keys, which share a hash tag */
	char head_key[KEY_BYTES_MAX], tries_key[KEY_BYTES_MAX], prefix[KEY_BYTES_MAX];
};

/* --- life --- */

int redis_cache_open(const struct redis_options *options, const char *raw_topic, const struct hmac_key *key,
		     struct redis_cache **ret, struct err *err)
{
	if (strlen(raw_topic) > 249)
		return err_set(err, ERR_CONFIG, "topic", "the name of the raw topic is too long");
	if (!redis_places_are_sound(options->address))
		return err_set(err, ERR_CONFIG, "address", "redis.address is no host:port,.. or path");
	struct redis_cache *cache = calloc(1, sizeof *cache);
	char *topic = strdup(raw_topic);

	if (!cache || !topic) {
		free(cache);
		free(topic);
		return err_set(err, ERR_FATAL, "memory", "no memory for the cache");
	}
	redis_link_init(&cache->link, options);
	cache->raw_topic = topic;
	cache->key_id = key->id;
	redis_seal_key(key, &cache->seal_key);
	*ret = cache;
	return 0;
}

void redis_cache_close(struct redis_cache *cache)
{
	if (!cache)
		return;
	redis_link_release(&cache->link);
	free(cache->raw_topic);
	explicit_bzero(&cache->seal_key, sizeof cache->seal_key);
	free(cache);
}

static struct redis_seal_place place_of(const struct redis_cache *cache, const uint8_t *gen)
{
	return (struct redis_seal_place){ &cache->seal_key, cache->raw_topic, cache->partition,
					  slice_make(gen, CACHE_GEN_BYTES) };
}

static void seal_head(const struct redis_cache *cache, const struct cache_head *head, uint8_t ret[REDIS_SEAL_BYTES])
{
	struct redis_seal_place place = place_of(cache, head->gen);
	uint8_t bytes[3 * sizeof(uint64_t) + CACHE_ID_BYTES];

	num_put_be64(bytes, (uint64_t)head->next_raw);
	num_put_be64(bytes + 8, (uint64_t)head->next_verdict);
	num_put_be64(bytes + 16, head->board_count);
	memcpy(bytes + 24, head->tip, CACHE_ID_BYTES);
	redis_seal(&place, "head", 0, slice_make(bytes, sizeof bytes), ret);
}

/* --- words of a command --- */

/* Two words stay free for the name of the command and the script: redis_link_run fills them. */
static void begin_call(struct redis_cache *cache, int32_t partition, const char *key_count)
{
	int n = snprintf(cache->prefix, KEY_BYTES_MAX, "{%s/%" PRId32 "}:" CACHE_FORMAT ":%" PRIu32 ":",
			 cache->raw_topic, partition, cache->key_id);

	assert(n > 0 && n < KEY_BYTES_MAX - HEX_BYTES - 8);
	snprintf(cache->head_key, KEY_BYTES_MAX, "%.*shead", n, cache->prefix);
	snprintf(cache->tries_key, KEY_BYTES_MAX, "%.*stries", n, cache->prefix);
	cache->slot = redis_slot_of(slice_of(cache->head_key));
	cache->partition = partition;
	cache->args.count = 2;
	redis_args_add(&cache->args, slice_of(key_count));
}

static void add_text(struct redis_cache *cache, const char *text)
{
	redis_args_add(&cache->args, slice_of(text));
}

static void add_board(struct redis_cache *cache, size_t at, const struct cache_board *board)
{
	struct board_words *words = &cache->words[at];

	snprintf(words->number, sizeof words->number, "%" PRIu32, board->board);
	add_text(cache, words->number);
}

static void add_board_with_marks(struct redis_cache *cache, size_t at, const struct cache_board *board,
				 const uint8_t *gen)
{
	struct redis_seal_place place = place_of(cache, gen);
	uint8_t *marks = cache->words[at].marks;

	add_board(cache, at, board);
	num_put_be64(marks, (uint64_t)board->sequence_max);
	num_put_be64(marks + 8, (uint64_t)board->sequence_full);
	redis_seal(&place, "entries", board->board, board->entries, marks + MARK_ENTRIES_AT);
	redis_seal(&place, "board", board->board, slice_make(marks, MARK_SEAL_AT), marks + MARK_SEAL_AT);
	redis_args_add(&cache->args, slice_make(marks, MARKS_BYTES));
}

static int fail_count(size_t count, struct err *err)
{
	return err_set(err, ERR_FULL, "boards", "%zu boards are more than the %d of one call", count, CACHE_BOARDS_MAX);
}

static int fail_answer(struct err *err)
{
	return err_set(err, ERR_RETRY, "answer", "Redis gave another kind of answer than asked for");
}

/* A script that answers with a number. */
static int run_for_number(struct redis_cache *cache, enum redis_script script, int64_t *ret, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	int rc = redis_link_run(&cache->link, cache->slot, script, &cache->args, &reply, err);

	if (rc != 0)
		return rc;
	if (reply->type != REDIS_REPLY_INTEGER)
		return fail_answer(err);
	*ret = reply->integer;
	return 0;
}

/* --- read --- */

static struct slice word_of(const redisReply *reply, size_t at)
{
	const redisReply *word = reply->element[at];

	return word->type == REDIS_REPLY_STRING ? slice_make(word->str, (size_t)word->len) : (struct slice){ 0 };
}

/* A list as long as we asked for, of strings and of what is not there. Anything else is no damage, but not our
 * Redis. */
static bool is_list_of(const redisReply *reply, size_t count)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING && reply->element[i]->type != REDIS_REPLY_NIL)
			return false;
	return true;
}

static bool is_sealed(const uint8_t seal[REDIS_SEAL_BYTES], struct slice stands)
{
	return slice_equal(slice_make(seal, REDIS_SEAL_BYTES), stands);
}

static bool parse_head(const struct redis_cache *cache, const redisReply *reply, struct cache_head *ret)
{
	struct cache_head head = { 0 };
	uint8_t seal[REDIS_SEAL_BYTES];
	int64_t board_count;

	if (!num_from_hex(word_of(reply, 0), head.gen, sizeof head.gen) ||
	    !num_parse_i64(word_of(reply, 1), 0, INT64_MAX, &head.next_raw) ||
	    !num_parse_i64(word_of(reply, 2), 0, INT64_MAX, &head.next_verdict) ||
	    !num_from_hex(word_of(reply, 3), head.tip, sizeof head.tip) ||
	    !num_parse_i64(word_of(reply, 5), 0, UINT32_MAX, &board_count))
		return false;
	head.board_count = (uint32_t)board_count;
	seal_head(cache, &head, seal);
	*ret = head;
	return is_sealed(seal, word_of(reply, 4));
}

/* Marks of another form: the head is not whole. */
static bool parse_marks(const struct redis_seal_place *place, struct slice marks, struct cache_board *board)
{
	uint8_t seal[REDIS_SEAL_BYTES];

	if (marks.n != MARKS_BYTES)
		return false;
	redis_seal(place, "board", board->board, slice_make(marks.p, MARK_SEAL_AT), seal);
	if (!is_sealed(seal, slice_make(marks.p + MARK_SEAL_AT, REDIS_SEAL_BYTES)))
		return false;
	uint64_t max = num_get_be64((const uint8_t *)marks.p), full = num_get_be64((const uint8_t *)marks.p + 8);

	if (max > INT64_MAX || full > INT64_MAX)
		return false;
	board->sequence_max = (int64_t)max;
	board->sequence_full = (int64_t)full;
	return true;
}

/* Whether they are the entries that the board's field speaks of; and sorted, as whoever reads them counts on it. */
static bool are_entries_sound(const struct redis_seal_place *place, uint32_t board, struct slice marks,
			      struct slice entries)
{
	uint8_t seal[REDIS_SEAL_BYTES];

	if (marks.n != MARKS_BYTES)
		return false;
	redis_seal(place, "entries", board, entries, seal);
	if (!is_sealed(seal, slice_make(marks.p + MARK_ENTRIES_AT, REDIS_SEAL_BYTES)))
		return false;
	if (entries.n % CACHE_ENTRY_BYTES != 0)
		return false;
	for (size_t at = CACHE_ENTRY_BYTES; at < entries.n; at += CACHE_ENTRY_BYTES)
		if (memcmp(entries.p + at - CACHE_ENTRY_BYTES, entries.p + at, TEACHER_BYTES) >= 0)
			return false;
	return true;
}

static int take_board(const struct redis_seal_place *place, const redisReply *reply, size_t at,
		      struct cache_board *board, struct arena *arena, bool *ret_sound, struct err *err)
{
	size_t marks_at = HEAD_WORDS + 2 * at;
	struct slice marks = word_of(reply, marks_at), entries = word_of(reply, marks_at + 1);

	board->sequence_max = board->sequence_full = 0;
	board->is_changed = board->is_refused = false;
	board->has_field = reply->element[marks_at]->type == REDIS_REPLY_STRING;
	/* No field and no entries: no delivery of this board was seen. An advance writes both at once: with entries
	 * alone a field was removed, with the volgnummers that tell late from new. */
	*ret_sound = board->has_field ? parse_marks(place, marks, board) : entries.n == 0;
	board->entries = (struct slice){ 0 };
	if (entries.n == 0)
		return 0;
	board->is_refused = !are_entries_sound(place, board->board, marks, entries);
	if (board->is_refused)
		return 0; /* nothing is certain, which only costs time */
	if (!arena_copy(arena, entries, &board->entries))
		return err_set(err, ERR_FULL, "arena", "the entries of a batch do not fit its arena");
	return 0;
}

/* A head that is not whole stands in the way of a cold start. Losing it costs time only. */
static int remove_head(struct redis_cache *cache, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;

	cache->args.count = 0;
	add_text(cache, "UNLINK");
	add_text(cache, cache->head_key);
	return redis_link_command(&cache->link, cache->slot, &cache->args, &reply, err);
}

int redis_cache_drop(struct redis_cache *cache, int32_t partition, struct err *err)
{
	begin_call(cache, partition, "0");
	return remove_head(cache, err);
}

int redis_cache_clock(struct redis_cache *cache, int32_t partition, int64_t *ret_ms, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	uint64_t seconds = 0, us = 0;

	begin_call(cache, partition, "0");
	cache->args.count = 0;
	add_text(cache, "TIME");
	int rc = redis_link_command(&cache->link, cache->slot, &cache->args, &reply, err);

	if (rc != 0)
		return rc;
	if (!is_list_of(reply, 2) || !num_parse_u64(word_of(reply, 0), INT64_MAX / 1000, &seconds) ||
	    !num_parse_u64(word_of(reply, 1), 999999, &us))
		return fail_answer(err);
	*ret_ms = (int64_t)seconds * 1000 + (int64_t)us / 1000;
	return 0;
}

int redis_cache_try_commands(struct redis_cache *cache, int32_t partition, struct cache_trial *ret, struct err *err)
{
	begin_call(cache, partition, "0");
	return redis_trial_run(&cache->link, cache->slot, cache->prefix, &cache->args, ret, err);
}

int redis_cache_info(struct redis_cache *cache, int32_t partition, struct arena *arena, struct slice *ret,
		     struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;

	begin_call(cache, partition, "0");
	cache->args.count = 0;
	add_text(cache, "INFO");
	int rc = redis_link_command(&cache->link, cache->slot, &cache->args, &reply, err);

	if (rc != 0)
		return rc;
	if (reply->type != REDIS_REPLY_STRING)
		return fail_answer(err);
	if (!arena_copy(arena, slice_make(reply->str, (size_t)reply->len), ret))
		return err_set(err, ERR_FULL, "arena", "what Redis says of itself does not fit");
	return 0;
}

int redis_cache_read(struct redis_cache *cache, int32_t partition, struct cache_head *ret_head,
		     struct cache_board *boards, size_t count, struct arena *arena, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	struct cache_head head = { 0 };
	bool is_sound = true;

	if (count > CACHE_BOARDS_MAX)
		return fail_count(count, err);
	begin_call(cache, partition, "1");
	add_text(cache, cache->head_key);
	add_text(cache, cache->prefix);
	for (size_t i = 0; i < count; i++)
		add_board(cache, i, &boards[i]);
	int rc = redis_link_run(&cache->link, cache->slot, REDIS_READ, &cache->args, &reply, err);

	if (rc != 0)
		return rc;
	*ret_head = (struct cache_head){ .is_cold = true };
	if (is_list_of(reply, 0))
		return 0;
	if (!is_list_of(reply, HEAD_WORDS + 2 * count))
		return fail_answer(err);
	is_sound = parse_head(cache, reply, &head);
	struct redis_seal_place place = place_of(cache, head.gen);

	for (size_t i = 0; is_sound && i < count; i++) {
		rc = take_board(&place, reply, i, &boards[i], arena, &is_sound, err);
		if (rc != 0)
			return rc;
	}
	if (!is_sound)
		return remove_head(cache, err);
	*ret_head = head;
	return 0;
}

/* --- write --- */

struct head_words {
	uint8_t seal[REDIS_SEAL_BYTES];
	char gen[HEX_BYTES + 1], tip[HEX_BYTES + 1], raw[NUMBER_BYTES], verdict[NUMBER_BYTES], raw_padded[NUMBER_BYTES];
};

/* begin_call was called: the seal is of its partition. */
static void format_head(const struct redis_cache *cache, const struct cache_head *head, struct head_words *ret)
{
	seal_head(cache, head, ret->seal);
	assert(head->next_raw >= 0 && head->next_verdict >= 0);
	num_to_hex(head->gen, sizeof head->gen, ret->gen);
	num_to_hex(head->tip, sizeof head->tip, ret->tip);
	ret->gen[HEX_BYTES] = ret->tip[HEX_BYTES] = '\0';
	snprintf(ret->raw, NUMBER_BYTES, "%" PRId64, head->next_raw);
	snprintf(ret->verdict, NUMBER_BYTES, "%" PRId64, head->next_verdict);
	snprintf(ret->raw_padded, NUMBER_BYTES, "%020" PRId64, head->next_raw);
}

static size_t bytes_to_write(const struct cache_board *boards, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += boards[i].is_changed ? boards[i].entries.n : 0;
	return bytes;
}

static uint32_t count_new_fields(const struct cache_board *boards, size_t count)
{
	uint32_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += boards[i].is_changed && !boards[i].has_field;
	return found;
}

int redis_cache_advance(struct redis_cache *cache, int32_t partition, const struct cache_head *expected,
			const struct cache_head *next, const struct cache_board *boards, size_t count,
			bool *ret_is_done, struct err *err)
{
	struct head_words was, will;
	struct cache_head to_be = *next;
	char board_count[NUMBER_BYTES], ttl[NUMBER_BYTES], gen_prefix[KEY_BYTES_MAX];
	int64_t answer;

	*ret_is_done = false;
	assert(memcmp(expected->gen, next->gen, sizeof next->gen) == 0);
	if (count > CACHE_BOARDS_MAX)
		return fail_count(count, err);
	if (bytes_to_write(boards, count) > CACHE_CALL_BYTES_MAX)
		return err_set(err, ERR_FULL, "entries", "the entries of a batch are more than one call may carry");
	begin_call(cache, partition, "2");
	format_head(cache, expected, &was);
	to_be.board_count = expected->board_count + count_new_fields(boards, count);
	format_head(cache, &to_be, &will);
	snprintf(board_count, sizeof board_count, "%" PRIu32, to_be.board_count);
	snprintf(gen_prefix, sizeof gen_prefix, "%.*s%s:", KEY_BYTES_MAX - HEX_BYTES - 2, cache->prefix, will.gen);
	snprintf(ttl, sizeof ttl, "%d", ENTRY_DAYS * 24 * 3600);
	const struct slice words[] = { slice_of(cache->head_key),
				       slice_of(cache->tries_key),
				       slice_of(was.gen),
				       slice_of(was.verdict),
				       slice_of(gen_prefix),
				       slice_of(will.raw),
				       slice_of(will.verdict),
				       slice_of(will.tip),
				       slice_make(will.seal, sizeof will.seal),
				       slice_of(will.raw_padded),
				       slice_of(ttl),
				       slice_of(board_count) };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		redis_args_add(&cache->args, words[i]);
	for (size_t i = 0; i < count; i++) {
		if (!boards[i].is_changed)
			continue;
		assert(boards[i].entries.n % CACHE_ENTRY_BYTES == 0);
		add_board_with_marks(cache, i, &boards[i], next->gen);
		add_text(cache, boards[i].entries.n > 0 ? "set" : "del");
		redis_args_add(&cache->args, boards[i].entries);
	}
	int rc = run_for_number(cache, REDIS_ADVANCE, &answer, err);

	*ret_is_done = rc == 0 && answer == 1;
	return rc;
}

int redis_cache_begin(struct redis_cache *cache, int32_t partition, const struct cache_head *head,
		      const struct cache_board *boards, size_t count, bool *ret_is_done, struct err *err)
{
	struct head_words words;
	struct cache_head to_be = *head;
	int64_t answer;

	*ret_is_done = false;
	if (count > CACHE_BOARDS_MAX)
		return fail_count(count, err);
	begin_call(cache, partition, "1");
	to_be.board_count = (uint32_t)count;
	format_head(cache, &to_be, &words);
	add_text(cache, cache->head_key);
	add_text(cache, words.gen);
	add_text(cache, words.raw);
	add_text(cache, words.verdict);
	add_text(cache, words.tip);
	redis_args_add(&cache->args, slice_make(words.seal, sizeof words.seal));
	for (size_t i = 0; i < count; i++)
		add_board_with_marks(cache, i, &boards[i], head->gen);
	int rc = run_for_number(cache, REDIS_BEGIN, &answer, err);

	*ret_is_done = rc == 0 && answer == 1;
	return rc;
}

static int add_attempts(struct redis_cache *cache, int32_t partition, int64_t raw_offset, const char *change,
			int64_t *ret, struct err *err)
{
	char offset[NUMBER_BYTES];

	begin_call(cache, partition, "1");
	add_text(cache, cache->tries_key);
	snprintf(offset, sizeof offset, "%020" PRId64, raw_offset);
	add_text(cache, offset);
	add_text(cache, change);
	return run_for_number(cache, REDIS_TRY, ret, err);
}

int redis_cache_try(struct redis_cache *cache, int32_t partition, int64_t raw_offset, int64_t *ret, struct err *err)
{
	return add_attempts(cache, partition, raw_offset, "1", ret, err);
}

int redis_cache_attempts(struct redis_cache *cache, int32_t partition, int64_t raw_offset, int64_t *ret,
			 struct err *err)
{
	return add_attempts(cache, partition, raw_offset, "0", ret, err);
}

int redis_cache_came_back(struct redis_cache *cache, int32_t partition, int64_t raw_offset, struct err *err)
{
	int64_t left;

	return add_attempts(cache, partition, raw_offset, "-1", &left, err);
}
