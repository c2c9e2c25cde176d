#include "base/arena.h"

#include <criterion/criterion.h>

enum { CAP_BYTES = 8192, KEEP_BYTES = 4096 };

static struct arena arena;

static void open_arena(void)
{
	cr_assert_eq(arena_init(&arena, CAP_BYTES, KEEP_BYTES, NULL), 0);
}

static void close_arena(void)
{
	arena_release(&arena);
}

TestSuite(arena, .init = open_arena, .fini = close_arena);

Test(arena, gives_aligned_pieces_that_do_not_overlap)
{
	char *first = arena_take(&arena, 1, 1), *second = arena_take(&arena, 1, 17), *third = arena_take(&arena, 1, 1);

	cr_expect_eq((uintptr_t)first % ARENA_ALIGN, 0);
	cr_expect_eq(second - first, ARENA_ALIGN);
	cr_expect_eq(third - second, 2 * ARENA_ALIGN);
}

Test(arena, gives_all_of_the_cap_and_not_a_byte_more)
{
	cr_expect_null(arena_take(&arena, 1, CAP_BYTES + 1));
	cr_expect_not_null(arena_take(&arena, CAP_BYTES - 15, 1));
	cr_expect_null(arena_take(&arena, 1, 1), "what was rounded up is taken, too");
}

Test(arena, refuses_a_product_that_overflows)
{
	cr_expect_null(arena_take(&arena, SIZE_MAX / 2 + 2, 2));
	cr_expect_null(arena_take_zeroed(&arena, SIZE_MAX, SIZE_MAX));
	cr_expect_eq(arena.used_bytes, 0);
}

Test(arena, refuses_a_cap_that_overflows_when_rounded)
{
	struct arena other;
	struct err err;

	cr_expect_eq(arena_init(&other, SIZE_MAX, 0, &err), -ERR_FATAL);
	cr_expect_eq(err.kind, ERR_FATAL);
}

Test(arena, rounds_its_cap_up_to_pages)
{
	struct arena other;

	cr_assert_eq(arena_init(&other, 1, 0, NULL), 0);
	cr_expect_not_null(arena_take(&other, 1, 4096));
	cr_expect_null(arena_take(&other, 1, 1));
	arena_release(&other);
}

Test(arena, is_empty_after_a_reset_and_forgets_what_lies_above_keep)
{
	char *memory = arena_take(&arena, 1, CAP_BYTES);

	cr_assert_not_null(memory);
	memset(memory, 'x', CAP_BYTES);
	arena_reset(&arena);
	cr_expect_eq(arena_take(&arena, 1, CAP_BYTES), memory);
	cr_expect_eq(memory[KEEP_BYTES - 1], 'x', "below keep the pages stay");
	cr_expect_eq(memory[KEEP_BYTES], '\0', "above keep they were given back");
}

Test(arena, zeroes_when_asked_even_memory_that_was_used)
{
	memset(arena_take(&arena, 1, 64), 'x', 64);
	arena_reset(&arena);
	char *piece = arena_take_zeroed(&arena, 4, 16);

	for (size_t i = 0; i < 64; i++)
		cr_assert_eq(piece[i], '\0');
}

Test(arena, copies_a_slice_and_says_when_it_cannot)
{
	struct slice copy = { NULL, 7 };

	cr_expect(arena_copy(&arena, slice_of("tekst"), &copy));
	cr_expect(slice_equal_text(copy, "tekst"));
	cr_expect(arena_copy(&arena, (struct slice){ NULL, 0 }, &copy));
	cr_expect_eq(copy.n, 0);
	cr_expect_not(arena_copy(&arena, slice_make(arena.memory, CAP_BYTES), &copy));
	cr_expect_eq(copy.n, 0, "the output is written only on success");
}

Test(arena, can_be_released_twice)
{
	arena_release(&arena);
	arena_release(&arena);
	cr_expect_null(arena.memory);
}
