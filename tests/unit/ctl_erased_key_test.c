/* Teachers taken out of a key list: the list is the same whoever goes first, rises, and holds nothing of them. */
#include "ctl/base/erased_key.h"

#include <criterion/criterion.h>

enum { KEYS = 5, ORDERS = 6 };

/* Far from each other but for the last two bytes of the second, so that a carry passes. */
static void fill(uint8_t keys[KEYS][TEACHER_KEY_BYTES])
{
	memset(keys, 0x5a, (size_t)KEYS * TEACHER_KEY_BYTES);
	for (uint8_t i = 0; i < KEYS; i++)
		keys[i][0] = (uint8_t)(0x10 * (i + 1));
	memset(keys[1] + TEACHER_KEY_BYTES - 2, 0xff, 2);
}

static void erase(const size_t *places, size_t count, uint8_t keys[KEYS][TEACHER_KEY_BYTES])
{
	fill(keys);
	for (size_t i = 0; i < count; i++)
		erased_key_put(keys[0], KEYS, places[i]);
}

Test(erased_key, the_order_of_erasing_leaves_no_trace)
{
	static const size_t ORDER[ORDERS][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 },
						 { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 } };
	uint8_t first[KEYS][TEACHER_KEY_BYTES], keys[KEYS][TEACHER_KEY_BYTES], before[KEYS][TEACHER_KEY_BYTES];

	fill(before);
	erase(ORDER[0], 3, first);
	for (size_t i = 1; i < ORDERS; i++) {
		erase(ORDER[i], 3, keys);
		cr_expect(memcmp(keys, first, sizeof keys) == 0, "order %zu", i);
	}
	for (size_t i = 1; i < KEYS; i++) {
		bool is_erased = i < KEYS - 1;

		cr_expect(memcmp(first[i - 1], first[i], TEACHER_KEY_BYTES) < 0, "key %zu does not rise", i);
		cr_expect_eq(erased_key_is(first[i - 1], first[i]), is_erased, "key %zu", i);
		cr_expect_eq(memcmp(first[i], before[i], TEACHER_KEY_BYTES) == 0, !is_erased, "key %zu", i);
	}
	cr_expect(memcmp(first[0], before[0], TEACHER_KEY_BYTES) == 0);
}

Test(erased_key, the_first_of_a_list_and_a_carry)
{
	uint8_t keys[KEYS][TEACHER_KEY_BYTES], expected[TEACHER_KEY_BYTES] = { [TEACHER_KEY_BYTES - 1] = 1 };

	erase((const size_t[]){ 0, 2 }, 2, keys);
	cr_expect(memcmp(keys[0], expected, sizeof expected) == 0);
	cr_expect(erased_key_is(NULL, keys[0]));
	cr_expect_eq(keys[2][TEACHER_KEY_BYTES - 1], 0);
	cr_expect_eq(keys[2][TEACHER_KEY_BYTES - 2], 0);
	cr_expect_eq(keys[2][TEACHER_KEY_BYTES - 3], 0x5b);
	cr_expect(!erased_key_is(keys[2], keys[3]));
}
