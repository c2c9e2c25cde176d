#include "gateway/conditional.h"

#include <criterion/criterion.h>

static const struct {
	const char *if_match, *if_none_match; /* NULL: not sent */
	enum condition condition;
	const char *why;
} ROWS[] = {
	{ NULL, NULL, CONDITION_HOLDS, "no condition" },
	{ NULL, "\"a\"", CONDITION_NOT_MODIFIED, "the same" },
	{ NULL, "\"b\"", CONDITION_HOLDS, "another" },
	{ NULL, "\"b\", \"a\"", CONDITION_NOT_MODIFIED, "one of two" },
	{ NULL, "\"b\",\t\"a\"", CONDITION_NOT_MODIFIED, "a tab" },
	{ NULL, "*", CONDITION_NOT_MODIFIED, "any" },
	{ NULL, "W/\"a\"", CONDITION_NOT_MODIFIED, "weak comparison" },
	{ NULL, "W/\"b\", W/\"a\"", CONDITION_NOT_MODIFIED, "" },
	{ NULL, "a", CONDITION_HOLDS, "no quotes" },
	{ NULL, "\"a", CONDITION_HOLDS, "one quote" },
	{ NULL, "\"", CONDITION_HOLDS, "" },
	{ NULL, "", CONDITION_HOLDS, "nothing" },
	{ NULL, "\"b\" a \"a\"", CONDITION_HOLDS, "what stands behind a fault is not read" },
	{ "\"a\"", NULL, CONDITION_HOLDS, "the same" },
	{ "*", NULL, CONDITION_HOLDS, "any" },
	{ "\"b\", \"a\"", NULL, CONDITION_HOLDS, "one of two" },
	{ "\"b\"", NULL, CONDITION_FAILED, "another" },
	{ "W/\"a\"", NULL, CONDITION_FAILED, "strong comparison" },
	{ "", NULL, CONDITION_FAILED, "nothing" },
	{ "\"a\"", "\"a\"", CONDITION_NOT_MODIFIED, "both" },
	{ "\"b\"", "\"a\"", CONDITION_FAILED, "If-Match comes first" },
};

Test(gateway_conditional, compares_as_rfc_9110_has_it)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(conditional_check(slice_of(ROWS[i].if_match), slice_of(ROWS[i].if_none_match), "\"a\""),
			     ROWS[i].condition, "row %zu: %s", i, ROWS[i].why);
}

Test(gateway_conditional, writes_half_a_sha256)
{
	uint8_t sha256[32] = { 0xab, 0x01 };
	char etag[ETAG_BYTES];

	etag_write(sha256, etag);
	cr_expect_str_eq(etag, "\"ab010000000000000000000000000000\"");
}

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct {
	const char *list;
	size_t count;
	bool is_any;
} LISTS[] = {
	{ NULL, 0, false },
	{ "*", 0, true },
	{ "\"" HEX64 "\"", 1, false },
	{ "\"x\", \"" HEX64 "\", W/\"" HEX64 "\"", 1, false },
	{ "\"" HEX64 "\",\"" HEX64 "\"", 2, false },
	{ HEX64, 0, false },
	{ "\"00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\"", 0, false },
	{ "\"" HEX64 "0\"", 0, false },
	{ "\"" HEX64, 0, false },
};

Test(gateway_conditional, finds_the_digests_of_a_list)
{
	for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
		uint8_t digests[CONDITION_BYTES_MAX] = { 0 };
		bool is_any = !LISTS[i].is_any;

		cr_expect_eq(etag_list_digests(slice_of(LISTS[i].list), digests, &is_any), LISTS[i].count, "row %zu",
			     i);
		cr_expect_eq(is_any, LISTS[i].is_any, "row %zu", i);
		cr_expect(LISTS[i].count == 0 || (digests[1] == 0x11 && digests[31] == 0xff), "row %zu", i);
	}
}

Test(gateway_conditional, takes_eight_digests_at_most)
{
	char list[9 * 67 + 1], etag[ETAG_BYTES];
	uint8_t sha256[32] = { 0xab }, digests[CONDITION_BYTES_MAX];
	bool is_any;

	etag_write_whole(sha256, etag);
	cr_expect_eq(strlen(etag), 66);
	for (int i = 0; i < 9; i++)
		snprintf(list + (size_t)i * 67, 68, "%s,", etag);
	cr_expect_eq(etag_list_digests(slice_of(list), digests, &is_any), CONDITION_DIGESTS_MAX);
	cr_expect_eq(memcmp(digests + 7 * 32, sha256, 32), 0);
}
