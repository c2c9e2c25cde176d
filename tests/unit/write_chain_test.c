/* What the writer keeps of the chain, and the small arithmetic beside it: bit sets, the pending list. */
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

Test(write_chain, keeps_digest_and_key_of_the_last_verdict_that_counts)
{
	struct chain chain = { 0 };
	struct wire_verdict first = verdict_of(1, 0, 0), rival = verdict_of(2, 0, 0), hole = verdict_of(3, 1, 0);

	cr_expect_eq(chain_follow(&chain, 0, &first), CHAIN_COUNTS);
	cr_expect(chain.at.next_raw == 1 && chain.at.next_verdict == 1 && chain.at.tip[0] == 1);
	cr_expect(chain.digest[0] == 101 && chain.has_key_id && chain.key_id == 7);
	rival.key_id = hole.key_id = 8;
	cr_expect_eq(chain_follow(&chain, 1, &rival), CHAIN_VOID);
	cr_expect_eq(chain_follow(&chain, 2, NULL), CHAIN_VOID);
	cr_expect_eq(chain_follow(&chain, 3, &hole), CHAIN_HOLE);
	cr_expect(chain.at.next_verdict == 3 && chain.digest[0] == 101 && chain.key_id == 7);
}

Test(write_chain, the_first_verdict_of_a_generation_brings_its_key)
{
	struct chain chain = { 0 };
	struct wire_verdict first = verdict_of(1, 0, 0), other = verdict_of(2, 1, 1);

	other.key_id = 8;
	cr_expect(chain_has_key_of(&chain, &first) && chain_has_key_of(&chain, &other));
	cr_expect_eq(chain_follow(&chain, 0, &first), CHAIN_COUNTS);
	cr_expect(chain_has_key_of(&chain, &first));
	cr_expect_not(chain_has_key_of(&chain, &other));
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
