#include "protocol/outcomes.h"

#include <criterion/criterion.h>

static struct arena arena;

static void open_arena(void)
{
	cr_assert_eq(arena_init(&arena, 1 << 20, 0, NULL), 0);
}

static void close_arena(void)
{
	arena_release(&arena);
}

TestSuite(outcomes, .init = open_arena, .fini = close_arena);

static void expect_there_and_back(const uint8_t *outcomes, size_t count, size_t bytes)
{
	CLEANUP(strbuf_drop) struct strbuf out;
	uint8_t *read = NULL;
	size_t read_count = 0;
	struct err err;

	strbuf_init(&out, 1 << 20);
	outcomes_encode(&out, outcomes, count);
	cr_expect_eq(out.n, bytes, "%zu groups in %zu bytes", count, out.n);
	cr_assert_eq(outcomes_decode(strbuf_slice(&out), count, &arena, &read, &read_count, &err), 0, "%s", err.text);
	cr_assert_eq(read_count, count);
	cr_expect(count == 0 || memcmp(read, outcomes, count) == 0);
	if (count > 0)
		cr_expect_eq(outcomes_decode(strbuf_slice(&out), count - 1, &arena, &read, &read_count, &err),
			     -ERR_DATA, "one group more than expected");
}

Test(outcomes, are_read_as_written)
{
	static uint8_t same[200],
		mixed[] = { OUTCOME_NIEUW, OUTCOME_NIEUW, OUTCOME_NONE, OUTCOME_AFGEKEURD_R08, OUTCOME_NIEUW };

	memset(same, OUTCOME_ONGEWIJZIGD, sizeof same);
	expect_there_and_back(same, 0, 0);
	expect_there_and_back(same, 1, 2);
	expect_there_and_back(same, 127, 2);
	expect_there_and_back(same, 128, 3);
	expect_there_and_back(same, sizeof same, 3);
	expect_there_and_back(mixed, sizeof mixed, 8);
}

static const struct {
	const char *bytes;
	size_t n;
	const char *why;
} BROKEN[] = {
	{ "\x0a\x01", 2, "an outcome that is none" },
	{ "\x01\x00", 2, "a run of nothing" },
	{ "\x01", 1, "no length" },
	{ "\x01\x80", 2, "ends in the length" },
	{ "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "2^64-1 groups" },
	{ "\x01\x63\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13, "a sum that would overflow" },
	{ "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "more than 64 bits" },
	{ "\x01\x65", 2, "101 groups where 100 are expected" },
};

Test(outcomes, broken_bytes_are_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(BROKEN); i++) {
		uint8_t *read;
		size_t count;
		struct err err;

		cr_expect_eq(outcomes_decode(slice_make(BROKEN[i].bytes, BROKEN[i].n), 100, &arena, &read, &count,
					     &err),
			     -ERR_DATA, "%s", BROKEN[i].why);
	}
}

Test(outcomes, a_full_arena_is_full_and_not_bad_data)
{
	uint8_t *read;
	size_t count;
	struct err err;

	cr_expect_eq(outcomes_decode(SLICE_LITERAL("\x01\x80\x80\x80\x01"), SIZE_MAX, &arena, &read, &count, &err),
		     -ERR_FULL);
}
