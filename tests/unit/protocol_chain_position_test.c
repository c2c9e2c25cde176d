#include "protocol/chain_position.h"

#include "base/macros.h"

#include <criterion/criterion.h>

Test(chain_position, is_the_same_when_written_and_read)
{
	struct chain_position position = { .next_raw = INT64_MAX, .next_verdict = 12, .tip = { 0xab, [15] = 0x01 } },
			      read;
	char text[CHAIN_POSITION_TEXT_BYTES];
	uint32_t key_id = 0;

	chain_position_to_text(&position, 0x1234abcd, text);
	cr_expect_str_eq(text, "12,ab000000000000000000000000000001,9223372036854775807,1234abcd");
	cr_assert(chain_position_parse(slice_of(text), &read, &key_id));
	cr_expect(chain_position_equal(&position, &read));
	cr_expect_eq(key_id, 0x1234abcd);
	key_id = 7;
	cr_assert(chain_position_parse(SLICE_LITERAL("12,ab000000000000000000000000000001,3"), &read, &key_id));
	cr_expect_eq(key_id, 7, "a text from before key ids were in it");
	chain_position_to_text(&CHAIN_GENESIS, 0x1234abcd, text);
	cr_assert(chain_position_parse(slice_of(text), &read, &key_id));
	cr_expect(chain_position_equal(&CHAIN_GENESIS, &read));
}

Test(chain_position, is_not_read_from_another_text)
{
	uint32_t key_id = 7;
	static const char *const TEXTS[] = {
		"",
		",",
		",,",
		"1,2",
		"12,ab,3",
		"12,ab000000000000000000000000000001",
		"12,ab000000000000000000000000000001,",
		"-1,ab000000000000000000000000000001,3",
		"12,xx000000000000000000000000000001,3",
		"12,ab000000000000000000000000000001,3,4",
		"12,ab000000000000000000000000000001,3,1234abcd,",
		"12,ab000000000000000000000000000001,9223372036854775808",
		"12 ,ab000000000000000000000000000001,3",
	};

	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
		struct chain_position position = { .next_raw = 77 };

		cr_expect_not(chain_position_parse(slice_of(TEXTS[i]), &position, &key_id), "\"%s\"", TEXTS[i]);
		cr_expect_eq(position.next_raw, 77);
	}
}

Test(chain_position, a_verdict_counts_when_its_parent_is_the_tip)
{
	struct chain_position position = CHAIN_GENESIS;
	struct wire_verdict first = { .id = { 1 } }, stale = { .id = { 2 }, .raw_offset = 1 };
	struct wire_verdict second = { .id = { 3 }, .parent = { 1 }, .raw_offset = 1 };
	struct wire_verdict hole = { .id = { 4 }, .parent = { 3 }, .raw_offset = 1 };

	cr_expect_eq(chain_position_follow(&position, 0, &first), CHAIN_COUNTS);
	cr_expect_eq(chain_position_follow(&position, 1, &stale), CHAIN_VOID, "computed on the genesis");
	cr_expect_eq(chain_position_follow(&position, 2, &first), CHAIN_VOID, "a repeated produce request");
	cr_expect_eq(chain_position_follow(&position, 3, NULL), CHAIN_VOID, "no verdict at all");
	cr_expect_eq(position.next_raw, 1);
	cr_expect_eq(chain_position_follow(&position, 4, &second), CHAIN_COUNTS);
	cr_expect_eq(position.next_verdict, 5);
	cr_expect_eq(position.next_raw, 2);
	cr_expect_eq(chain_position_follow(&position, 5, &hole), CHAIN_HOLE);
	cr_expect_eq(position.next_verdict, 5, "it stands before the hole");
}

Test(chain_position, passes_over_raw_offsets_that_its_maker_passed_over)
{
	struct chain_position position = { .next_raw = 5, .next_verdict = 9, .tip = { 1 } };
	struct wire_verdict ahead = { .id = { 2 }, .parent = { 1 }, .raw_offset = 7 };

	cr_expect_eq(chain_position_follow(&position, 11, &ahead), CHAIN_COUNTS, "markers in both logs");
	cr_expect(position.next_raw == 8 && position.next_verdict == 12 && position.tip[0] == 2);
}

Test(chain_position, a_hole_leaves_it_as_it_was)
{
	struct chain_position position = { .next_raw = 5, .next_verdict = 9, .tip = { 1 } }, before = position;
	struct wire_verdict behind = { .id = { 2 }, .parent = { 1 }, .raw_offset = 4 };

	cr_expect_eq(chain_position_follow(&position, 9, &behind), CHAIN_HOLE);
	cr_expect(chain_position_equal(&position, &before));
}

Test(chain_position, offsets_of_verdicts_may_skip)
{
	struct chain_position position = CHAIN_GENESIS;
	struct wire_verdict first = { .id = { 1 } };

	cr_expect_eq(chain_position_follow(&position, 6, &first), CHAIN_COUNTS);
	cr_expect_eq(position.next_verdict, 7);
	cr_expect_eq(position.next_raw, 1);
}
