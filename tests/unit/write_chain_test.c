/* Which verdict counts, and the small arithmetic beside it: positions, bit sets, the pending list. */
#include "write/chain.h"
#include "write/pending.h"

#include <criterion/criterion.h>

static struct wire_verdict verdict_of(uint8_t id, uint8_t parent, int64_t raw_offset)
{
	struct wire_verdict verdict = { .raw_offset = raw_offset, .key_id = 7 };

	verdict.id[0] = id;
	verdict.parent[0] = parent;
	verdict.raw_digest[0] = (uint8_t)(id + 100);
	return verdict;
}

Test(write_chain, a_verdict_counts_when_its_parent_is_the_last_that_counts)
{
	struct chain chain = { 0 };
	struct wire_verdict first = verdict_of(1, 0, 0), rival = verdict_of(2, 0, 0), second = verdict_of(3, 1, 1);

	cr_expect_eq(chain_take(&chain, 0, &first), CHAIN_COUNTS);
	cr_expect(chain.next_raw == 1 && chain.next_verdict == 1 && chain.tip[0] == 1 && chain.digest[0] == 101);
	cr_expect_eq(chain_take(&chain, 1, &rival), CHAIN_VOID,
		     "the same raw message again, by a validator that came late");
	cr_expect_eq(chain_take(&chain, 2, &first), CHAIN_VOID, "the same verdict twice");
	cr_expect_eq(chain_take(&chain, 3, NULL), CHAIN_VOID, "bytes that are none");
	cr_expect(chain.next_raw == 1 && chain.next_verdict == 4 && chain.tip[0] == 1);
	cr_expect_eq(chain_take(&chain, 6, &second), CHAIN_COUNTS, "offsets may skip");
	cr_expect(chain.next_raw == 2 && chain.next_verdict == 7);
}

Test(write_chain, a_stale_verdict_of_the_next_message_is_void)
{
	struct chain chain = { 0 };
	struct wire_verdict first = verdict_of(1, 0, 0), stale = verdict_of(9, 8, 1);

	cr_expect_eq(chain_take(&chain, 0, &first), CHAIN_COUNTS);
	cr_expect_eq(chain_take(&chain, 1, &stale), CHAIN_VOID);
}

Test(write_chain, a_hole_and_another_key_leave_the_chain_as_it_was)
{
	struct chain chain = { .next_raw = 5, .next_verdict = 9, .key_id = 7, .has_key_id = true };
	struct chain before = chain;
	struct wire_verdict hole = verdict_of(1, 0, 6), other = verdict_of(1, 0, 5);

	other.key_id = 8;
	cr_expect_eq(chain_take(&chain, 9, &hole), CHAIN_HOLE);
	cr_expect_eq(memcmp(&chain, &before, sizeof chain), 0);
	cr_expect_eq(chain_take(&chain, 9, &other), CHAIN_OTHER_KEY);
	cr_expect_eq(memcmp(&chain, &before, sizeof chain), 0);
	chain.has_key_id = false;
	cr_expect_eq(chain_take(&chain, 9, &other), CHAIN_COUNTS, "the first verdict of a generation brings its key");
	cr_expect(chain.has_key_id && chain.key_id == 8);
}

Test(write_pending, the_greater_of_row_and_list_counts_and_only_for_members)
{
	uint8_t keys[3 * TEACHER_KEY_BYTES] = { [0] = 1, [16] = 2, [32] = 3 };
	const uint8_t members[] = { 1 << 1 };
	struct pending pending = { .sequence = 5,
				   .members = members,
				   .member_bytes = 1,
				   .member_count = 1,
				   .has_keys = true,
				   .keys = slice_make(keys, sizeof keys) };
	uint8_t other[TEACHER_KEY_BYTES] = { 9 };

	cr_expect_eq(pending_sequence_of(&pending, keys + 16, 4), 5);
	cr_expect_eq(pending_sequence_of(&pending, keys + 16, 6), 6);
	cr_expect_eq(pending_sequence_of(&pending, keys, 4), 4, "in the key list, but no member");
	cr_expect_eq(pending_sequence_of(&pending, other, 4), 4);
}

static const struct {
	int64_t stands, comes;
	size_t members, new_members;
	bool want;
	const char *why;
} REPLACED[] = {
	{ 0, 1, 0, 1, true, "there is none" },	{ 5, 6, 10, 5, true, "half as many" },
	{ 5, 6, 10, 4, false, "fewer" },	{ 5, 6, 11, 6, true, "half of eleven is six" },
	{ 5, 6, 11, 5, false, "and not five" }, { 5, 5, 10, 10, false, "not newer" },
	{ 5, 4, 10, 10, false, "older" },
};

Test(write_pending, a_list_gives_way_to_a_newer_one_that_is_not_much_smaller)
{
	for (size_t i = 0; i < ARRAY_LEN(REPLACED); i++) {
		struct pending pending = { .sequence = REPLACED[i].stands, .member_count = REPLACED[i].members };

		cr_expect_eq(pending_gives_way(&pending, REPLACED[i].comes, REPLACED[i].new_members), REPLACED[i].want,
			     "%s", REPLACED[i].why);
	}
}
