#include "protocol/verdict_headers.h"

#include <criterion/criterion.h>

Test(verdict_headers, the_time_of_acceptance_is_read_back)
{
	static const int64_t ROWS[] = { 0, 1527804000123, INT64_MAX };

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct verdict_headers_text text;

		verdict_headers_write(ROWS[i], NULL, 0, &text);
		cr_assert_eq(text.count, 1);
		cr_expect_str_eq(text.items[0].name, "instroom-accepted-at");
		cr_expect_eq(verdict_headers_accepted_at(text.items, text.count), ROWS[i]);
	}
}

Test(verdict_headers, a_time_that_is_not_known_has_no_header)
{
	struct verdict_headers_text text;

	verdict_headers_write(-1, NULL, 0, &text);
	cr_expect_eq(text.count, 0);
}

Test(verdict_headers, a_verdict_without_it_or_with_another_value_is_borne)
{
	static const struct {
		struct message_header items[2];
		size_t count;
		int64_t want;
		const char *why;
	} ROWS[] = {
		{ { { 0 } }, 0, -1, "of a validator that did not know it" },
		{ { { "other", SLICE_LITERAL("1") } }, 1, -1, "another header" },
		{ { { "other", SLICE_LITERAL("1") }, { "instroom-accepted-at", SLICE_LITERAL("2") } },
		  2,
		  2,
		  "behind another" },
		{ { { "instroom-accepted-at", SLICE_LITERAL("") } }, 1, -1, "empty" },
		{ { { "instroom-accepted-at", SLICE_LITERAL("-1") } }, 1, -1, "negative" },
		{ { { "instroom-accepted-at", SLICE_LITERAL("9223372036854775808") } }, 1, -1, "too large" },
		{ { { "instroom-accepted-at", SLICE_LITERAL("1x") } }, 1, -1, "no number" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(verdict_headers_accepted_at(ROWS[i].items, ROWS[i].count), ROWS[i].want, "%s",
			     ROWS[i].why);
}

#define ACCESS "machtiging 1796000123 KVK:11111111 credential:kantoor-a"
#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "00-" TRACE "-b7ad6b7169203331-01"

Test(verdict_headers, as_whom_the_raw_message_came_in_is_read_back)
{
	const struct message_header raw[] = { { "instroom-kind", SLICE_LITERAL("DELIVERY") },
					      { "traceparent", SLICE_LITERAL(PARENT) },
					      { "instroom-access", SLICE_LITERAL(ACCESS) } };
	struct verdict_headers_text text;
	struct admission admission;

	verdict_headers_write(1, raw, ARRAY_LEN(raw), &text);
	cr_assert_eq(text.count, 3);
	cr_expect_eq(verdict_headers_accepted_at(text.items, text.count), 1);
	admission_read(text.items, text.count, &admission);
	cr_expect(slice_equal_text(admission.access.basis, "machtiging"));
	cr_expect(slice_equal_text(admission.access.version, "1796000123"));
	cr_expect(slice_equal_text(admission.access.party, "KVK:11111111"));
	cr_expect(slice_equal_text(admission.access.speaker, "credential:kantoor-a"));
	cr_expect(slice_equal_text(admission.trace_id, TRACE));
	cr_expect_eq(admission.parent_id.n, 16);
	cr_expect(admission.is_sampled);
}

Test(verdict_headers, what_is_of_another_form_is_not_handed_on)
{
	static const struct {
		struct message_header item;
		const char *why;
	} ROWS[] = {
		{ { "instroom-access", SLICE_LITERAL("eigen") }, "too few parts" },
		{ { "instroom-access", SLICE_LITERAL("") }, "empty" },
		{ { "traceparent", SLICE_LITERAL("00-1") }, "too short" },
		{ { "traceparent", SLICE_LITERAL("01-" TRACE "-b7ad6b7169203331-01") }, "no version of ours" },
		{ { "traceparent", SLICE_LITERAL("00-" TRACE "+b7ad6b7169203331-01") }, "no dash" },
		{ { "traceparent", SLICE_LITERAL("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") },
		  "upper case" },
		{ { "traceparent", SLICE_LITERAL(PARENT "0") }, "too long" },
		{ { "x-traceparent", SLICE_LITERAL(PARENT) }, "another header" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct verdict_headers_text text;

		verdict_headers_write(-1, &ROWS[i].item, 1, &text);
		cr_expect_eq(text.count, 0, "%s", ROWS[i].why);
	}
}
