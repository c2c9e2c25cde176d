#include "protocol/partitioning.h"

#include "base/macros.h"

#include <criterion/criterion.h>

Test(partitioning, key_is_the_number_in_five_digits)
{
	static const struct {
		uint32_t board;
		const char *want;
	} ROWS[] = { { 0, "00000" }, { 7, "00007" }, { 41234, "41234" }, { 99999, "99999" } };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char text[PARTITIONING_KEY_BYTES + 1];
		struct slice key = partitioning_key(ROWS[i].board, text);

		cr_expect(slice_equal_text(key, ROWS[i].want), "%s", ROWS[i].want);
		cr_expect_str_eq(text, ROWS[i].want);
	}
}

/* As a broker's own tools place them: kafka-console-producer with the key, 12 and 48 partitions. A change here
 * separates the boards of a running installation from their logs. */
Test(partitioning, places_of_boards_do_not_change)
{
	static const struct {
		uint32_t board;
		int32_t of_12, of_48;
	} ROWS[] = { { 0, 7, 7 }, { 1, 11, 11 }, { 41234, 1, 1 }, { 99999, 0, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		cr_expect_eq(partitioning_partition(ROWS[i].board, 12), ROWS[i].of_12, "%u: %d", ROWS[i].board,
			     partitioning_partition(ROWS[i].board, 12));
		cr_expect_eq(partitioning_partition(ROWS[i].board, 48), ROWS[i].of_48, "%u: %d", ROWS[i].board,
			     partitioning_partition(ROWS[i].board, 48));
		cr_expect_eq(partitioning_partition(ROWS[i].board, 1), 0);
	}
}
