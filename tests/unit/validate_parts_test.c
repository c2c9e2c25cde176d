/* The small parts of the validator: packed entries, the breaker. */
#include "validate/breaker.h"
#include "validate/cache_entries.h"

#include <criterion/criterion.h>

enum { ENTRIES = 300 };

/* ---- entries ---- */

static uint8_t packed[ENTRIES * CACHE_ENTRY_BYTES];

/* Keys 2, 4, 6, .. in their last two bytes. */
static struct slice even_entries(size_t count)
{
	memset(packed, 0, sizeof packed);
	for (size_t i = 0; i < count; i++) {
		uint8_t *key = packed + i * CACHE_ENTRY_BYTES;

		num_put_be16(key + 14, (uint16_t)(2 * (i + 1)));
	}
	return slice_make(packed, count * CACHE_ENTRY_BYTES);
}

static const uint8_t *key_of(unsigned number)
{
	static uint8_t key[TEACHER_KEY_BYTES];

	memset(key, 0, sizeof key);
	num_put_be16(key + 14, (uint16_t)number);
	return key;
}

Test(entries, seeks_the_first_key_at_or_above_from_any_start)
{
	static const size_t COUNTS[] = { 0, 1, 2, 3, 7, 8, 9, 100, ENTRIES };

	for (size_t c = 0; c < ARRAY_LEN(COUNTS); c++) {
		struct slice entries = even_entries(COUNTS[c]);

		for (unsigned key = 0; key <= 2 * COUNTS[c] + 3; key++) {
			size_t want = MIN((size_t)(key > 0 ? (key - 1) / 2 : 0), COUNTS[c]);

			for (size_t from = 0; from <= want; from += from / 3 + 1)
				cr_assert_eq(entries_seek(entries, from, key_of(key)), want,
					     "count=%zu key=%u from=%zu", COUNTS[c], key, from);
		}
	}
}

Test(entries, finds_what_is_there_and_nothing_else)
{
	struct slice entries = even_entries(ENTRIES);
	size_t at = 0;

	for (unsigned key = 1; key <= 2 * ENTRIES + 1; key++) {
		const uint8_t *entry = entries_find(entries, &at, key_of(key));

		cr_assert_eq(entry != NULL, key % 2 == 0 && key <= 2 * ENTRIES, "key=%u", key);
		cr_assert(!entry || memcmp(entry, key_of(key), TEACHER_KEY_BYTES) == 0);
	}
}

Test(entries, orders_keys_as_their_bytes)
{
	static const struct {
		uint8_t a[16], b[16];
		int want;
		const char *why;
	} ROWS[] = {
		{ { 1 }, { 1 }, 0, "the same" },
		{ { 1 }, { 2 }, -1, "the first byte" },
		{ { 0x80 }, { 0x7f }, 1, "bytes have no sign" },
		{ { [15] = 1 }, { [15] = 2 }, -1, "the last byte" },
		{ { [7] = 1 }, { [8] = 0xff }, 1, "the first half goes before the second" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(teacher_key_compare(ROWS[i].a, ROWS[i].b), ROWS[i].want, "%s", ROWS[i].why);
}

/* ---- breaker ---- */

Test(breaker, lets_one_question_through_after_each_pause)
{
	struct breaker breaker;

	breaker_init(&breaker, 100, 400);
	cr_expect(breaker_may_ask(&breaker, 0));
	breaker_failed(&breaker, 1000);
	cr_expect_not(breaker_may_ask(&breaker, 1001));
	cr_expect(breaker_may_ask(&breaker, 1125), "100 ms and a quarter at most");
	breaker_failed(&breaker, 2000);
	breaker_failed(&breaker, 3000);
	breaker_failed(&breaker, 4000);
	cr_expect_not(breaker_may_ask(&breaker, 4250), "the pause has grown");
	cr_expect(breaker_may_ask(&breaker, 4500), "to the longest");
	cr_expect(breaker_answered(&breaker, 4500), "it had been away");
	cr_expect(breaker_may_ask(&breaker, 4501));
	cr_expect_not(breaker_answered(&breaker, 4501));
	breaker_failed(&breaker, 5301);
	cr_expect(breaker_may_ask(&breaker, 5426), "the pause begins anew");
}

/* As a Redis whose user may read and not write: each pause ends with an answer, and with a refusal. */
Test(breaker, a_peer_that_answers_and_refuses_in_turn_costs_one_attempt_for_each_longest_pause)
{
	enum { DAY_MS = 86400000, MAX_MS = 5000 };
	struct breaker breaker;
	int attempts = 0, away = 0, back = 0;

	breaker_init(&breaker, 250, MAX_MS);
	for (int64_t now_ms = 20000; now_ms < DAY_MS; now_ms += 50)
		if (breaker_may_ask(&breaker, now_ms)) {
			attempts++;
			back += breaker_answered(&breaker, now_ms);
			away += breaker_failed(&breaker, now_ms + 10);
		}
	cr_expect_leq(attempts, DAY_MS / (MAX_MS * 3 / 4) + 10);
	cr_expect(away > 0 && away < 20, "%d lines of a day", away);
	cr_expect_leq(back, away);
}
