#include "model/party_number.h"

#include <criterion/criterion.h>

static const struct {
	const char *text;
	bool is_good;
} NUMBERS[] = {
	{ "KVK:12345678", true },
	{ "RSIN:123456789", true },
	{ "OIN:00000099123456789000", true },
	{ "KVK:1234567", false },
	{ "KVK:123456789", false },
	{ "RSIN:12345678", false },
	{ "OIN:0000009912345678900", false },
	{ "KVK:1234567a", false },
	{ "KVK:", false },
	{ "KVK", false },
	{ "kvk:12345678", false },
	{ "12345678", false },
	{ "BSN:123456789", false },
	{ "", false },
	{ "KVK:12345678 ", false },
};

Test(party_number, reads_and_writes_numbers_of_the_right_form_only)
{
	for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
		char text[PARTY_NUMBER_TEXT_BYTES];
		struct party_number number;

		cr_expect_eq(party_number_read(slice_of(NUMBERS[i].text), &number), NUMBERS[i].is_good, "%s",
			     NUMBERS[i].text);
		party_number_write(&number, text);
		cr_expect_str_eq(text, NUMBERS[i].is_good ? NUMBERS[i].text : "");
	}
}

Test(party_number, of_another_kind_is_another_number)
{
	struct party_number a, b;

	cr_assert(party_number_read(slice_of("KVK:12345678"), &a) && party_number_read(slice_of("KVK:12345678"), &b));
	cr_expect_eq(party_number_compare(&a, &b), 0);
	b.kind = NUMBER_RSIN;
	cr_expect_neq(party_number_compare(&a, &b), 0);
}
