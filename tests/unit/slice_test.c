#include "base/slice.h"

#include <criterion/criterion.h>

static const struct slice NOTHING = { NULL, 0 };

Test(slice, trims_spaces_and_nothing_else_on_both_ends)
{
	static const struct {
		const char *text, *want, *why;
	} ROWS[] = {
		{ "", "", "empty stays empty" },
		{ "   ", "", "only spaces is absent" },
		{ " a b ", "a b", "spaces inside stay" },
		{ "\ta\t", "\ta\t", "tabs stay" },
		{ "\xc2\xa0"
		  "a",
		  "\xc2\xa0"
		  "a",
		  "a no-break space stays" },
		{ "  \t ", "\t", "spaces around a tab go" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect(slice_equal_text(slice_trim(slice_of(ROWS[i].text)), ROWS[i].want), "%s", ROWS[i].why);
}

Test(slice, compares_as_bytes_with_a_prefix_first)
{
	cr_expect_lt(slice_compare(slice_of("ab"), slice_of("abc")), 0);
	cr_expect_gt(slice_compare(slice_of("b"), slice_of("abc")), 0);
	cr_expect_eq(slice_compare(slice_of("ab"), slice_of("ab")), 0);
	cr_expect_gt(slice_compare(slice_of("\xc3"), slice_of("z")), 0, "bytes are unsigned");
	cr_expect_lt(slice_compare(NOTHING, slice_of("a")), 0);
	cr_expect_eq(slice_compare(NOTHING, slice_of("")), 0);
}

Test(slice, may_hold_nul_bytes)
{
	cr_expect_not(slice_equal(slice_make("a\0b", 3), slice_make("a\0c", 3)));
	cr_expect(slice_equal(slice_make("a\0b", 3), slice_make("a\0b", 3)));
	cr_expect_not(slice_equal_text(slice_make("a\0b", 3), "a"));
}

Test(slice, starts_with_a_text_that_is_not_longer)
{
	cr_expect(slice_starts_with(slice_of("abc"), "ab"));
	cr_expect(slice_starts_with(slice_of("ab"), "ab"));
	cr_expect(slice_starts_with((struct slice){ NULL, 0 }, ""));
	cr_expect_not(slice_starts_with(slice_of("a"), "ab"));
	cr_expect_not(slice_starts_with(slice_of("bab"), "ab"));
}

Test(slice, from_beyond_the_end_is_empty)
{
	struct slice text = slice_of("abc");

	cr_expect(slice_equal_text(slice_from(text, 0), "abc"));
	cr_expect(slice_equal_text(slice_from(text, 2), "c"));
	cr_expect(slice_equal_text(slice_from(text, 3), ""));
	cr_expect(slice_equal_text(slice_from(text, 4), ""));
	cr_expect_eq(slice_from(text, 4).p, text.p + 3);
}

Test(slice, of_nothing_can_be_cut_and_taken_from) /* NULL + 0 is undefined; UBSan says so */
{
	struct slice rest = NOTHING;

	cr_expect_eq(slice_from(rest, 0).n, 0);
	cr_expect_eq(slice_from(rest, 5).n, 0);
	cr_expect_eq(slice_cut(&rest, 0).n, 0);
	cr_expect_eq(rest.n, 0);
	cr_expect_eq(slice_of(NULL).n, 0);
	cr_expect_eq(slice_trim(rest).n, 0);
}

Test(slice, cut_takes_the_head_and_leaves_the_rest)
{
	struct slice rest = slice_of("headrest");

	cr_expect(slice_equal_text(slice_cut(&rest, 4), "head"));
	cr_expect(slice_equal_text(rest, "rest"));
	cr_expect(slice_equal_text(slice_cut(&rest, 4), "rest"));
	cr_expect(slice_is_empty(rest));
}
