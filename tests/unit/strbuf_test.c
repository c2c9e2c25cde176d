#include "base/strbuf.h"

#include "no_memory.h"

#include <criterion/criterion.h>

Test(strbuf, grows_with_what_is_added)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 100000);
	for (int i = 0; i < 10000; i++)
		strbuf_add_printf(&buf, "%04d", i);
	cr_assert(strbuf_ok(&buf));
	cr_expect_eq(buf.n, 40000);
	cr_expect(slice_equal_text(slice_make(buf.p + 39996, 4), "9999"));
}

Test(strbuf, takes_as_much_as_its_cap_and_not_a_byte_more)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 4);
	strbuf_add_text(&buf, "abcd");
	cr_expect(strbuf_ok(&buf));
	strbuf_add_char(&buf, 'e');
	cr_expect_not(strbuf_ok(&buf));
	cr_expect(slice_equal_text(strbuf_slice(&buf), "abcd"));
}

Test(strbuf, adds_nothing_after_it_was_full) /* else the middle of a text is missing and its end is there */
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 10);
	strbuf_add_text(&buf, "abc");
	strbuf_add_text(&buf, "0123456789");
	strbuf_add_text(&buf, "d");
	strbuf_add_printf(&buf, "%d", 1);
	cr_expect_not(strbuf_ok(&buf));
	cr_expect(slice_equal_text(strbuf_slice(&buf), "abc"));
}

Test(strbuf, reset_makes_it_usable_again_and_keeps_the_memory)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 300);
	strbuf_add_text(&buf, "abc");
	char *memory = buf.p;

	cr_expect_not(strbuf_reserve(&buf, 298));
	strbuf_reset(&buf);
	strbuf_add_text(&buf, "de");
	cr_expect(strbuf_ok(&buf));
	cr_expect_eq(buf.p, memory);
	cr_expect(slice_equal_text(strbuf_slice(&buf), "de"));
}

Test(strbuf, refuses_a_size_that_overflows)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, SIZE_MAX);
	strbuf_add_char(&buf, 'a');
	cr_expect_not(strbuf_reserve(&buf, SIZE_MAX));
	cr_expect_not(strbuf_ok(&buf));
}

Test(strbuf, tells_no_memory_from_a_content_over_the_cap)
{
	CLEANUP(strbuf_drop) struct strbuf buf;
	struct err err;

	strbuf_init(&buf, 4);
	cr_expect_eq(strbuf_check(&buf, "a text", &err), 0);
	strbuf_add_text(&buf, "abcde");
	cr_expect_eq(strbuf_check(&buf, "a text", &err), -ERR_FULL, "more than its cap, and so for ever");
	strbuf_reset(&buf);
	no_memory = true;
	strbuf_add_text(&buf, "abc");
	no_memory = false;
	cr_expect_eq(strbuf_check(&buf, "a text", &err), -ERR_RETRY, "it may fit the next time");
	strbuf_add_text(&buf, "d");
	cr_expect_eq(strbuf_check(&buf, "a text", &err), -ERR_RETRY, "what is missing does not come back");
	strbuf_reset(&buf);
	strbuf_add_text(&buf, "abc");
	cr_expect_eq(strbuf_check(&buf, "a text", &err), 0);
}

Test(strbuf, can_be_empty)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 10);
	strbuf_add(&buf, (struct slice){ NULL, 0 });
	cr_expect(strbuf_ok(&buf));
	cr_expect_eq(strbuf_slice(&buf).n, 0);
	cr_expect_str_eq(strbuf_text(&buf), "");
}

Test(strbuf, text_has_a_nul_behind_the_content_that_is_no_part_of_it)
{
	CLEANUP(strbuf_drop) struct strbuf buf;

	strbuf_init(&buf, 10);
	strbuf_add_text(&buf, "abc");
	cr_expect_str_eq(strbuf_text(&buf), "abc");
	cr_expect_eq(buf.n, 3);
}
