#include "base/random.h"

#include <criterion/criterion.h>

Test(random, fills_what_it_is_asked_for_and_no_byte_more)
{
	unsigned char bytes[4096 + 1] = { 0 }, again[4096];
	size_t zeros = 0;

	cr_assert_eq(random_fill(bytes, 4096, NULL), 0);
	cr_assert_eq(random_fill(again, 4096, NULL), 0);
	cr_expect_eq(bytes[4096], 0);
	cr_expect_neq(memcmp(bytes, again, 4096), 0);
	for (size_t i = 0; i < 4096; i++)
		zeros += bytes[i] == 0;
	cr_expect_lt(zeros, 100, "16 are expected: a part that was not filled would show");
}
