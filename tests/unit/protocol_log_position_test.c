#include "protocol/log_position.h"

#include <criterion/criterion.h>

Test(log_position, each_part_has_both_limits)
{
	static const struct {
		int32_t generation, partition;
		int64_t offset;
		bool want;
		const char *why;
	} ROWS[] = {
		{ 1, 0, 0, true, "the first message of the first generation" },
		{ 0, 0, 0, false, "generations begin at 1" },
		{ -1, 0, 0, false, "a negative generation" },
		{ LOG_POSITION_GENERATION_MAX, 0, 0, true, "the last generation" },
		{ LOG_POSITION_GENERATION_MAX + 1, 0, 0, false, "one that would take the sign bit" },
		{ 1, -1, 0, false, "a negative partition" },
		{ 1, LOG_POSITION_PARTITION_MAX, 0, true, "the last partition" },
		{ 1, LOG_POSITION_PARTITION_MAX + 1, 0, false, "one that would run into the generation" },
		{ 1, 0, -1, false, "a negative offset" },
		{ 1, 0, LOG_POSITION_OFFSET_MAX, true, "the last offset" },
		{ 1, 0, LOG_POSITION_OFFSET_MAX + 1, false, "one that would run into the partition" },
		{ LOG_POSITION_GENERATION_MAX, LOG_POSITION_PARTITION_MAX, LOG_POSITION_OFFSET_MAX, true,
		  "all at once" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		int64_t position = -7;

		cr_expect_eq(log_position_make(ROWS[i].generation, ROWS[i].partition, ROWS[i].offset, &position),
			     ROWS[i].want, "%s", ROWS[i].why);
		if (!ROWS[i].want) {
			cr_expect_eq(position, -7, "%s", ROWS[i].why);
			continue;
		}
		cr_expect_eq(log_position_generation(position), ROWS[i].generation, "%s", ROWS[i].why);
		cr_expect_eq(log_position_partition(position), ROWS[i].partition, "%s", ROWS[i].why);
		cr_expect_eq(log_position_offset(position), ROWS[i].offset, "%s", ROWS[i].why);
	}
}

static int64_t made(int32_t generation, int32_t partition, int64_t offset)
{
	int64_t position = 0;

	cr_assert(log_position_make(generation, partition, offset, &position));
	return position;
}

/* The register of a running installation is full of them: they never change. */
Test(log_position, numbers_do_not_change)
{
	cr_expect_eq(made(1, 0, 0), INT64_C(0x0010000000000000));
	cr_expect_eq(made(2, 11, 77), INT64_C(0x00200b000000004d));
	cr_expect_eq(made(LOG_POSITION_GENERATION_MAX, LOG_POSITION_PARTITION_MAX, LOG_POSITION_OFFSET_MAX), INT64_MAX);
}

Test(log_position, rises_with_offset_and_generation)
{
	cr_expect_gt(made(1, 3, 1), made(1, 3, 0));
	cr_expect_gt(made(2, 0, 0), made(1, LOG_POSITION_PARTITION_MAX, LOG_POSITION_OFFSET_MAX));
}

Test(log_position, a_topic_ends_in_its_generation)
{
	static const struct {
		const char *topic;
		int32_t want; /* 0: none */
		const char *stem;
	} ROWS[] = {
		{ "instroom.raw.1", 1, "instroom.raw." },
		{ "a.2047", 2047, "a." },
		{ ".1", 1, "." },
		{ "a.2048", 0, "" },
		{ "a.0", 0, "" },
		{ "instroom.raw", 0, "" },
		{ "7", 0, "" },
		{ "a.", 0, "" },
		{ "a.1x", 0, "" },
		{ "a.-1", 0, "" },
		{ "", 0, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct slice stem = { 0 };
		int32_t generation = 0;

		cr_expect_eq(log_position_split_topic(slice_of(ROWS[i].topic), &stem, &generation), ROWS[i].want > 0,
			     "%s", ROWS[i].topic);
		cr_expect_eq(generation, ROWS[i].want, "%s", ROWS[i].topic);
		cr_expect(slice_equal_text(stem, ROWS[i].stem), "%s", ROWS[i].topic);
		cr_expect_eq(log_position_split_topic(slice_of(ROWS[i].topic), NULL, NULL), ROWS[i].want > 0);
	}
}
