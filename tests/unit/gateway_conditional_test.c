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
