/* The words of Avro's binary form: limits of numbers, lengths and counts, from both sides. */
#include "wire/wire.h"

#include <criterion/criterion.h>

static struct wire_input input_of(const char *text, size_t n, struct arena *arena)
{
	return wire_input_of(slice_make(text, n), arena);
}
#define INPUT(text) input_of((text), sizeof(text) - 1, NULL)

static const struct {
	const char *bytes;
	size_t n;
	int64_t want;
	bool is_int, is_long;
	const char *why;
} NUMBERS[] = {
#define ROW(text, ...)                                \
	{                                             \
		(text), sizeof(text) - 1, __VA_ARGS__ \
	}
	ROW("\x00", 0, true, true, "zero"),
	ROW("\x01", -1, true, true, "odd is negative"),
	ROW("\x7f", -64, true, true, "the last of one byte"),
	ROW("\x80\x01", 64, true, true, "the first of two"),
	ROW("\xfe\xff\xff\xff\x0f", INT32_MAX, true, true, "largest int"),
	ROW("\xff\xff\xff\xff\x0f", INT32_MIN, true, true, "smallest int"),
	ROW("\x80\x80\x80\x80\x10", INT64_C(2147483648), false, true, "one more than an int holds"),
	ROW("\x81\x80\x80\x80\x10", INT64_C(-2147483649), false, true, "one less"),
	ROW("\x80\x80\x80\x80\x00", 0, true, true, "longer than needed, five bytes"),
	ROW("\x80\x80\x80\x80\x80\x00", 0, false, true, "an int has at most five bytes"),
	ROW("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", INT64_MAX, false, true, "largest long"),
	ROW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", INT64_MIN, false, true, "smallest long"),
	ROW("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 0, false, false, "a 65th bit"),
	ROW("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 0, false, false, "eleven bytes"),
	ROW("\x80", 0, false, false, "ends in the number"),
	ROW("", 0, false, false, "nothing there"),
#undef ROW
};

Test(wire, numbers_have_the_range_and_length_of_their_type)
{
	for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
		struct wire_input in = input_of(NUMBERS[i].bytes, NUMBERS[i].n, NULL), again = in;
		int32_t small = 1;
		int64_t large = 1;

		cr_expect_eq(wire_take_int(&in, &small), NUMBERS[i].is_int, "int: %s", NUMBERS[i].why);
		cr_expect_eq(small, NUMBERS[i].is_int ? NUMBERS[i].want : 1, "int: %s", NUMBERS[i].why);
		cr_expect_eq(wire_take_long(&again, &large), NUMBERS[i].is_long, "long: %s", NUMBERS[i].why);
		cr_expect_eq(large, NUMBERS[i].is_long ? NUMBERS[i].want : 1, "long: %s", NUMBERS[i].why);
		cr_expect(!NUMBERS[i].is_long || again.p == again.end, "all is taken: %s", NUMBERS[i].why);
	}
}

Test(wire, numbers_of_every_length_are_read_as_written)
{
	for (unsigned bits = 0; bits < 64; bits++)
		for (int64_t near = -2; near <= 2; near++) {
			int64_t v = (int64_t)((UINT64_C(1) << bits) + (uint64_t)near), read = 0;
			char text[WIRE_LONG_BYTES_MAX];
			size_t n = (size_t)(wire_write_long(text, v) - text);
			struct wire_input in = input_of(text, n, NULL);

			cr_expect(wire_take_long(&in, &read) && read == v && in.p == in.end, "2^%u%+d", bits,
				  (int)near);
		}
}

static const struct {
	const char *bytes;
	size_t n;
	bool want;
	const char *why;
} TEXTS[] = {
	{ "\x04"
	  "ab",
	  3, true, "two bytes, and they are there" },
	{ "\x04"
	  "a",
	  2, false, "one is missing" },
	{ "\x00", 1, true, "empty" },
	{ "\x01"
	  "a",
	  2, false, "a negative length" },
	{ "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	  "a",
	  11, false, "2^63-1 bytes are claimed" },
	{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	  "a",
	  11, false, "-2^63 bytes are claimed" },
	{ "", 0, false, "no length" },
};

Test(wire, a_length_is_a_claim)
{
	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
		struct wire_input in = input_of(TEXTS[i].bytes, TEXTS[i].n, NULL);
		struct slice text;

		cr_expect_eq(wire_take_slice(&in, &text), TEXTS[i].want, "%s", TEXTS[i].why);
	}
}

Test(wire, a_boolean_is_zero_or_one_and_a_symbol_is_in_its_list)
{
	struct wire_input zero = INPUT("\x00"), one = INPUT("\x01"), two = INPUT("\x02"), none = INPUT("");
	bool flag = true;
	int symbol;

	cr_expect(wire_take_boolean(&zero, &flag) && !flag);
	cr_expect(wire_take_boolean(&one, &flag) && flag);
	cr_expect_not(wire_take_boolean(&two, &flag));
	cr_expect_not(wire_take_boolean(&none, &flag));
	two = INPUT("\x02");
	cr_expect(wire_take_symbol(&two, 2, &symbol) && symbol == 1);
	two = INPUT("\x02");
	cr_expect_not(wire_take_symbol(&two, 1, &symbol), "the list has one");
	one = INPUT("\x01");
	cr_expect_not(wire_take_symbol(&one, 9, &symbol), "negative");
}

Test(wire, fixed_bytes_are_there_or_refused)
{
	struct wire_input in = INPUT("abcd"), skip = INPUT("abcd");
	uint8_t bytes[5];

	cr_expect_not(wire_take_fixed(&in, bytes, 5));
	cr_expect(wire_take_fixed(&in, bytes, 4));
	cr_expect_arr_eq(bytes, "abcd", 4);
	cr_expect_not(wire_skip_bytes(&skip, 5));
	cr_expect(wire_skip_bytes(&skip, 4) && skip.p == skip.end);
}

static const struct {
	const char *bytes;
	size_t n;
	int want;
	size_t count;
	const char *why;
} ARRAYS[] = {
#define ROW(text, ...)                                \
	{                                             \
		(text), sizeof(text) - 1, __VA_ARGS__ \
	}
	ROW("\x00", 0, 0, "empty"),
	ROW("\x04\x02\x04\x00", 0, 2, "one block"),
	ROW("\x02\x02\x02\x04\x02\x06\x00", 0, 3, "three blocks"),
	ROW("\x03\x04\x02\x04\x00", 0, 2, "a block of two, two bytes long"),
	ROW("\x03\x06\x02\x04\x00", -ERR_DATA, 0, "says three bytes, has two"),
	ROW("\x03\x02\x02\x04\x00", -ERR_DATA, 0, "says one byte for two items"),
	ROW("\x03\x04\x80\x01\x04\x00", -ERR_DATA, 0, "items run past the block's length"),
	ROW("\x03\x01\x02\x04\x00", -ERR_DATA, 0, "a negative length of a block"),
	ROW("\x03\x7e\x02\x04\x00", -ERR_DATA, 0, "a block longer than what is there"),
	ROW("\xff\xff\xff\xff\xff\x3f\x80\x80\x80\x80\x80\x40\x00", -ERR_DATA, 0,
	    "2^40 items in 2^40 bytes: both are claims"),
	ROW("\x08\x02\x02\x00", -ERR_DATA, 0, "four items in three bytes"),
	ROW("\x06\x02\x02\x00", -ERR_DATA, 0, "three items leave no end"),
	ROW("\x02\x02", -ERR_DATA, 0, "no end"),
	ROW("", -ERR_DATA, 0, "not even a count"),
	ROW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", -ERR_DATA, 0, "-2^63 items"),
	ROW("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", -ERR_DATA, 0, "2^63-1 items"),
	ROW("\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00", -ERR_DATA, 0,
	    "-(2^63-1) items in a block without bytes"),
#undef ROW
};

Test(wire, an_array_is_read_in_any_blocks_and_its_claims_are_checked)
{
	struct arena arena;
	struct err err;

	cr_assert_eq(arena_init(&arena, 1 << 16, 0, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(ARRAYS); i++) {
		struct wire_input in = input_of(ARRAYS[i].bytes, ARRAYS[i].n, &arena), again = in;
		int64_t *longs;
		int32_t *ints;
		size_t count;

		cr_expect_eq(wire_take_longs(&in, "Test.longs", &longs, &count, &err), ARRAYS[i].want, "%s",
			     ARRAYS[i].why);
		if (ARRAYS[i].want == 0) {
			cr_expect(count == ARRAYS[i].count && in.p == in.end, "%s", ARRAYS[i].why);
			for (size_t at = 0; at < count; at++)
				cr_expect_eq(longs[at], (int64_t)at + 1, "item %zu: %s", at, ARRAYS[i].why);
		}
		cr_expect_eq(wire_take_ints(&again, "Test.ints", &ints, &count, &err), ARRAYS[i].want, "ints: %s",
			     ARRAYS[i].why);
	}
	arena_release(&arena);
}

Test(wire, many_small_blocks_cost_no_more_than_four_times_the_memory)
{
	enum { BLOCKS = 10000 };
	CLEANUP(strbuf_drop) struct strbuf bytes;
	struct arena arena;
	struct slice *items;
	struct err err;
	size_t count;

	strbuf_init(&bytes, 1 << 20);
	for (size_t i = 0; i < BLOCKS; i++) {
		wire_put_long(&bytes, 1);
		wire_put_slice(&bytes, SLICE_LITERAL("x"));
	}
	wire_put_long(&bytes, 0);
	cr_assert_eq(arena_init(&arena, 4 * BLOCKS * sizeof *items, 0, &err), 0);
	struct wire_input in = wire_input_of(strbuf_slice(&bytes), &arena);

	cr_assert_eq(wire_take_slices(&in, "Test.texts", &items, &count, &err), 0, "%s", err.text);
	cr_expect_eq(count, BLOCKS);
	cr_expect(slice_equal_text(items[BLOCKS - 1], "x"));
	arena_release(&arena);
}

Test(wire, texts_of_every_short_length_are_written_as_they_are)
{
	char text[41] = "0123456789abcdefghijklmnopqrstuvwxyzABCD";
	struct slice texts[41];
	CLEANUP(strbuf_drop) struct strbuf ours, plain;

	strbuf_init(&ours, 1 << 16);
	strbuf_init(&plain, 1 << 16);
	wire_put_long(&plain, ARRAY_LEN(texts));
	for (size_t n = 0; n < ARRAY_LEN(texts); n++) {
		texts[n] = slice_make(text, n);
		wire_put_slice(&plain, texts[n]);
	}
	wire_put_long(&plain, 0);
	wire_put_slices(&ours, texts, ARRAY_LEN(texts));
	cr_expect(slice_equal(strbuf_slice(&ours), strbuf_slice(&plain)));
}

Test(wire, a_writer_that_reaches_the_cap_says_so_and_stays_within_it)
{
	struct slice texts[] = { SLICE_LITERAL("abc"), SLICE_LITERAL("de") }; /* 9 bytes: count, 4, 3, end */
	struct strbuf exact, small;

	strbuf_init(&exact, 9);
	strbuf_init(&small, 8);
	wire_put_slices(&exact, texts, ARRAY_LEN(texts));
	wire_put_slices(&small, texts, ARRAY_LEN(texts));
	cr_expect(strbuf_ok(&exact));
	cr_expect_eq(exact.n, 9);
	cr_expect_not(strbuf_ok(&small));
	strbuf_release(&exact);
	strbuf_release(&small);
}
