#include "protocol/access_header.h"

#include <criterion/criterion.h>

static void expect_read(const char *value, const struct access_header *want)
{
	const struct message_header items[] = { { "instroom-kind", SLICE_LITERAL("DELIVERY") },
						{ ACCESS_HEADER_NAME, slice_of(value) } };
	struct access_header read;

	access_header_read(items, ARRAY_LEN(items), &read);
	cr_expect(slice_equal(read.basis, want->basis), "%s", value);
	cr_expect(slice_equal(read.version, want->version), "%s", value);
	cr_expect(slice_equal(read.party, want->party), "%s", value);
	cr_expect(slice_equal(read.speaker, want->speaker), "%s", value);
}

Test(access_header, is_read_as_it_was_written)
{
	const struct access_header whole = { SLICE_LITERAL("machtiging"), SLICE_LITERAL("1796000123"),
					     SLICE_LITERAL("KVK:11111111"), SLICE_LITERAL("credential:kantoor-a") };
	const struct access_header some = { .basis = SLICE_LITERAL("beheer"), .speaker = SLICE_LITERAL("token:x") };
	const struct access_header none = { 0 }; /* without a basis it says nothing */
	char text[ACCESS_HEADER_TEXT_BYTES];

	access_header_write(&whole, text);
	cr_expect_str_eq(text, "machtiging 1796000123 KVK:11111111 credential:kantoor-a");
	expect_read(text, &whole);
	access_header_write(&some, text);
	cr_expect_str_eq(text, "beheer - - token:x");
	expect_read(text, &some);
	access_header_write(&none, text);
	expect_read(text, &none);
}

Test(access_header, of_another_form_says_nothing)
{
	const struct access_header none = { 0 };

	expect_read("", &none);
	expect_read("eigen", &none);
	expect_read("eigen 1 -", &none);
	expect_read("eigen 1 - a b", &none);
	expect_read("own 1 - a", &none);
	expect_read("- 1 - a", &none);
	expect_read("eigen x - a", &none);
	expect_read("eigen 01 - a", &none);
	expect_read("eigen -1 - a", &none);
	expect_read("eigen 9223372036854775808 - a", &none);
	expect_read("eigen 1 KVK:1 a", &none);
	expect_read("eigen 1 - a\nb", &none);
	expect_read("eigen 1 - \xc3\xa9", &none);
}

Test(access_header, that_is_longer_than_one_is_written_says_nothing)
{
	const struct access_header none = { 0 };
	char text[ACCESS_HEADER_TEXT_BYTES + 1] = "eigen 1 - ";

	memset(text + strlen(text), 'a', ACCESS_HEADER_TEXT_BYTES - strlen(text));
	expect_read(text, &none);
}

Test(access_header, of_two_the_first_that_is_of_its_form_holds)
{
	const struct message_header items[] = { { ACCESS_HEADER_NAME, SLICE_LITERAL("nonsense") },
						{ ACCESS_HEADER_NAME, SLICE_LITERAL("eigen - - token:a") },
						{ ACCESS_HEADER_NAME, SLICE_LITERAL("beheer - - token:b") } };
	struct access_header read;

	access_header_read(items, ARRAY_LEN(items), &read);
	cr_expect(slice_equal_text(read.speaker, "token:a"));
	cr_expect_eq(access_header_find(items, ARRAY_LEN(items)), &items[1]);
	cr_expect_null(access_header_find(items, 1));
}
