#include "base/num.h"

#include <criterion/criterion.h>
#include <inttypes.h>

Test(num, reads_whole_numbers_up_to_a_maximum)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool is_read;
		uint64_t want;
		const char *why;
	} ROWS[] = {
		{ "0", 0, true, 0, "zero" },
		{ "007", 9, true, 7, "leading zeros count for nothing" },
		{ "10", 10, true, 10, "the maximum itself" },
		{ "11", 10, false, 0, "one more" },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX, "the largest there is" },
		{ "18446744073709551616", UINT64_MAX, false, 0, "overflow in the sum" },
		{ "99999999999999999999", UINT64_MAX, false, 0, "overflow in the product" },
		{ "", UINT64_MAX, false, 0, "nothing is no number" },
		{ "+1", UINT64_MAX, false, 0, "no sign" },
		{ "-1", UINT64_MAX, false, 0, "no sign" },
		{ " 1", UINT64_MAX, false, 0, "no blank" },
		{ "1a", UINT64_MAX, false, 0, "no letter" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		uint64_t got = 0;

		cr_expect_eq(num_parse_u64(slice_of(ROWS[i].text), ROWS[i].max, &got), ROWS[i].is_read, "%s",
			     ROWS[i].why);
		cr_expect_eq(got, ROWS[i].want, "%s", ROWS[i].why);
	}
}

Test(num, reads_signed_numbers_between_limits)
{
	static const struct {
		const char *text;
		int64_t min, max;
		bool is_read;
		int64_t want;
		const char *why;
	} ROWS[] = {
		{ "9223372036854775807", 1, INT64_MAX, true, INT64_MAX, "the largest volgnummer" },
		{ "9223372036854775808", 1, INT64_MAX, false, 0, "one more" },
		{ "1", 1, 5, true, 1, "the minimum itself" },
		{ "0", 1, 5, false, 0, "one less" },
		{ "-5", -5, 5, true, -5, "a negative minimum itself" },
		{ "-6", -5, 5, false, 0, "one less" },
		{ "-", -5, 5, false, 0, "a sign alone" },
		{ "--1", -5, 5, false, 0, "two signs" },
		{ "", -5, 5, false, 0, "nothing" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		int64_t got = 0;

		cr_expect_eq(num_parse_i64(slice_of(ROWS[i].text), ROWS[i].min, ROWS[i].max, &got), ROWS[i].is_read,
			     "%s", ROWS[i].why);
		cr_expect_eq(got, ROWS[i].want, "%s", ROWS[i].why);
	}
}

Test(num, parsing_nothing_at_all_is_defined) /* UBSan watches */
{
	int64_t got;

	cr_expect_not(num_parse_i64((struct slice){ NULL, 0 }, 0, 1, &got));
}

Test(num, hex_goes_there_and_back_in_any_case)
{
	static const uint8_t BYTES[] = { 0x00, 0x0f, 0xa0, 0xff };
	char hex[8];
	uint8_t back[4];

	num_to_hex(BYTES, sizeof BYTES, hex);
	cr_expect_arr_eq(hex, "000fa0ff", 8);
	cr_expect(num_from_hex(slice_of("000FA0fF"), back, sizeof back));
	cr_expect_arr_eq(back, BYTES, 4);
	cr_expect_not(num_from_hex(slice_of("000fa0f"), back, sizeof back), "a digit short");
	cr_expect_not(num_from_hex(slice_of("000fa0ff0"), back, sizeof back), "a digit long");
	cr_expect_not(num_from_hex(slice_of("000fa0fg"), back, sizeof back), "no hex digit");
	cr_expect_not(num_from_hex(slice_of("000fa0f\xc3"), back, sizeof back), "no ASCII");
}

Test(num, big_endian_puts_the_high_byte_first)
{
	uint8_t bytes[8];

	num_put_be64(bytes, UINT64_C(0x0102030405060708));
	cr_expect_arr_eq(bytes, "\1\2\3\4\5\6\7\10", 8);
	cr_expect_eq(num_get_be64(bytes), UINT64_C(0x0102030405060708));
	num_put_be32(bytes, 0x01020304);
	cr_expect_arr_eq(bytes, "\1\2\3\4", 4);
	cr_expect_eq(num_get_be32(bytes), 0x01020304);
	num_put_be16(bytes, 0x0102);
	cr_expect_arr_eq(bytes, "\1\2", 2);
}

Test(num, murmur2_is_that_of_the_java_client) /* rows of UtilsTest.java of Apache Kafka */
{
	static const struct {
		const char *key;
		int32_t want;
	} ROWS[] = {
		{ "21", -973932308 },
		{ "foobar", -790332482 },
		{ "a-little-bit-long-string", -985981536 },
		{ "a-little-bit-longer-string", -1486304829 },
		{ "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
		{ "abc", 479470107 },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq((int32_t)num_murmur2(ROWS[i].key, strlen(ROWS[i].key)), ROWS[i].want, "%s", ROWS[i].key);
}

static const struct {
	const char *bytes, *text;
} BASE64[] = {
	/* RFC 4648 10 */
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/" },
};

Test(num, base64_is_that_of_rfc_4648)
{
	for (size_t i = 0; i < ARRAY_LEN(BASE64); i++) {
		size_t n = strlen(BASE64[i].bytes);
		char text[16] = "", bytes[16] = "";

		num_to_base64(BASE64[i].bytes, n, text);
		cr_expect_str_eq(text, BASE64[i].text);
		cr_expect_eq(strlen(text), num_base64_bytes(n));
		cr_expect(num_from_base64(slice_of(text), bytes, n) && memcmp(bytes, BASE64[i].bytes, n) == 0, "%s",
			  text);
		text[strcspn(text, "=")] = '\0';
		cr_expect(num_from_base64(slice_of(text), bytes, n), "%s without its padding", text);
		cr_expect_not(num_from_base64(slice_of(text), bytes, n + 1));
	}
}

Test(num, base64_of_another_form_is_none)
{
	static const char *const TEXTS[] = { "Zm8",  "Zm8==",  "Zm=8",	"=Zm8", "Zm-v",
					     "Zm_v", "Zm9v\n", " Zm9v", "Zm9",	"Zm9vYg" };
	char bytes[3];

	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++)
		cr_expect_not(num_from_base64(slice_of(TEXTS[i]), bytes, 3), "%s", TEXTS[i]);
	cr_expect_not(num_from_base64(slice_make("Zm\0v", 4), bytes, 3), "a NUL");
}
