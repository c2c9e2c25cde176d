#include "protocol/verdict_headers.h"

#include <criterion/criterion.h>

Test(verdict_headers, the_time_of_acceptance_is_read_back)
{
	static const int64_t ROWS[] = { 0, 1527804000123, INT64_MAX };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct verdict_headers_text text;

		verdict_headers_write(ROWS[i], &text);
		cr_assert_eq(text.count, 1);
		cr_expect_str_eq(text.items[0].name, "instroom-accepted-at");
		cr_expect_eq(verdict_headers_accepted_at(text.items, text.count), ROWS[i]);
	}
}

Test(verdict_headers, a_time_that_is_not_known_has_no_header)
{
	struct verdict_headers_text text;

	verdict_headers_write(-1, &text);
	cr_expect_eq(text.count, 0);
}

Test(verdict_headers, a_verdict_without_it_or_with_another_value_is_borne)
{
	static const struct {
		struct message_header items[2];
		size_t count;
		int64_t want;
		const char *why;
	} ROWS[] = {
		{ { { 0 } }, 0, -1, "of a validator that did not know it" },
		{ { { "other", SLICE_LITERAL("1") } }, 1, -1, "another header" },
		{ { { "other", SLICE_LITERAL("1") }, { "instroom-accepted-at", SLICE_LITERAL("2") } },
		  2,
		  2,
		  "behind another" },
		{ { { "instroom-accepted-at", SLICE_LITERAL("") } }, 1, -1, "empty" },
		{ { { "instroom-accepted-at", SLICE_LITERAL("-1") } }, 1, -1, "negative" },
		{ { { "instroom-accepted-at", SLICE_LITERAL("9223372036854775808") } }, 1, -1, "too large" },
		{ { { "instroom-accepted-at", SLICE_LITERAL("1x") } }, 1, -1, "no number" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(verdict_headers_accepted_at(ROWS[i].items, ROWS[i].count), ROWS[i].want, "%s",
			     ROWS[i].why);
}
