#include "gateway/header_form.h"

#include "base/num.h"

#include <criterion/criterion.h>

#define TIMES_10(text) text text text text text text text text text text
#define E_ACUTE	       "\xc3\xa9"
#define ASTRAL	       "\xf0\x9f\x98\x80"
#define BASE64_43      "ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8"
#define DIGEST	       "sha-256=:" BASE64_43 "=:"
#define HASH	       "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

/* A header with every required field, and nothing else. */
static struct header_form good_form(void)
{
	struct header_form form = { 0 };

	form.fields[FIELD_BOARD - HEADER_FIRST] = (struct header_field){ true, slice_of("41211") };
	form.fields[FIELD_KIND - HEADER_FIRST] = (struct header_field){ true, slice_of("VOLLEDIG") };
	form.fields[FIELD_SEQUENCE - HEADER_FIRST] = (struct header_field){ true, slice_of("7") };
	form.fields[FIELD_EXTRACTION_DATE - HEADER_FIRST] = (struct header_field){ true, slice_of("2018-06-01") };
	return form;
}

static const struct {
	enum field field;
	const char *text; /* NULL: absent */
	bool is_good;
	const char *why;
} FIELDS[] = {
	{ FIELD_DELIVERY_ID, NULL, true, "optional" },
	{ FIELD_DELIVERY_ID, "", false, "delivered, and of the wrong form" },
	{ FIELD_DELIVERY_ID, "abcdefghij-1234", false, "15 characters" },
	{ FIELD_DELIVERY_ID, "ABCDEFGHIJ-12345", true, "16 characters" },
	{ FIELD_DELIVERY_ID, "123456789012345678901234567890123456", true, "36 characters" },
	{ FIELD_DELIVERY_ID, "1234567890123456789012345678901234567", false, "37 characters" },
	{ FIELD_DELIVERY_ID, "abcdefghij_12345", false, "an underscore" },
	{ FIELD_DELIVERY_ID, "abcdefghij 12345", false, "a blank" },
	{ FIELD_DELIVERY_ID, "abcdefghij-1234" E_ACUTE, false, "not ASCII" },
	{ FIELD_BOARD, NULL, false, "required" },
	{ FIELD_BOARD, "", false, "empty" },
	{ FIELD_BOARD, "00000", true, "five digits are all that is asked" },
	{ FIELD_BOARD, "99999", true, "the highest" },
	{ FIELD_BOARD, "4121", false, "four" },
	{ FIELD_BOARD, "412111", false, "six" },
	{ FIELD_BOARD, "4121a", false, "a letter" },
	{ FIELD_BOARD, "+4121", false, "a sign" },
	{ FIELD_BOARD, " 4121", false, "a blank" },
	{ FIELD_KIND, NULL, false, "required" },
	{ FIELD_KIND, "", false, "empty" },
	{ FIELD_KIND, "VOLLEDIG", true, "" },
	{ FIELD_KIND, "MUTATIE", true, "" },
	{ FIELD_KIND, "INTREKKING", true, "" },
	{ FIELD_KIND, "volledig", false, "exactly so" },
	{ FIELD_KIND, "VOLLEDIG ", false, "not trimmed" },
	{ FIELD_KIND, "\xd0\x9cUTATIE", false, "a Cyrillic M" },
	{ FIELD_DRY_RUN, NULL, true, "optional" },
	{ FIELD_DRY_RUN, "ja", true, "" },
	{ FIELD_DRY_RUN, "nee", true, "" },
	{ FIELD_DRY_RUN, "", false, "delivered, and neither" },
	{ FIELD_DRY_RUN, "Ja", false, "exactly so" },
	{ FIELD_DRY_RUN, "true", false, "of JSON, not of a query" },
	{ FIELD_DRY_RUN, "1", false, "" },
	{ FIELD_SEQUENCE, NULL, false, "required" },
	{ FIELD_SEQUENCE, "", false, "empty" },
	{ FIELD_SEQUENCE, "0", false, "below the lowest" },
	{ FIELD_SEQUENCE, "1", true, "the lowest" },
	{ FIELD_SEQUENCE, "9223372036854775807", true, "the highest" },
	{ FIELD_SEQUENCE, "9223372036854775808", false, "one more" },
	{ FIELD_SEQUENCE, "18446744073709551617", false, "1 when it wraps" },
	{ FIELD_SEQUENCE, "0009223372036854775807", true, "zeros in front" },
	{ FIELD_SEQUENCE, "000", false, "is 0" },
	{ FIELD_SEQUENCE, "-1", false, "" },
	{ FIELD_SEQUENCE, "+1", false, "" },
	{ FIELD_SEQUENCE, "1.0", false, "" },
	{ FIELD_SEQUENCE, "1e3", false, "" },
	{ FIELD_SEQUENCE, " 1", false, "" },
	{ FIELD_SEQUENCE, "0x1", false, "" },
	{ FIELD_EXTRACTION_DATE, NULL, false, "required" },
	{ FIELD_EXTRACTION_DATE, "", false, "empty" },
	{ FIELD_EXTRACTION_DATE, "1900-01-01", true, "the first" },
	{ FIELD_EXTRACTION_DATE, "1899-12-31", false, "before it" },
	{ FIELD_EXTRACTION_DATE, "2199-12-31", true, "the last" },
	{ FIELD_EXTRACTION_DATE, "2200-01-01", false, "after it" },
	{ FIELD_EXTRACTION_DATE, "2000-02-29", true, "a leap day" },
	{ FIELD_EXTRACTION_DATE, "1900-02-29", false, "1900 has none" },
	{ FIELD_EXTRACTION_DATE, "2100-02-29", false, "2100 has none" },
	{ FIELD_EXTRACTION_DATE, "2018-06-31", false, "no such day" },
	{ FIELD_EXTRACTION_DATE, "2018-13-01", false, "no such month" },
	{ FIELD_EXTRACTION_DATE, "2018-00-01", false, "no such month" },
	{ FIELD_EXTRACTION_DATE, "20180601", false, "the form of the file" },
	{ FIELD_EXTRACTION_DATE, "2018-6-1", false, "" },
	{ FIELD_EXTRACTION_DATE, "2018-06-01T00:00", false, "" },
	{ FIELD_EXTRACTION_DATE, "2018/06/01", false, "" },
	{ FIELD_LINE_COUNT, NULL, true, "optional" },
	{ FIELD_LINE_COUNT, "", false, "delivered, and no number" },
	{ FIELD_LINE_COUNT, "0", true, "of good form; LR-F06 comes later" },
	{ FIELD_LINE_COUNT, "9223372036854775807", true, "the highest" },
	{ FIELD_LINE_COUNT, "9223372036854775808", false, "one more" },
	{ FIELD_LINE_COUNT, "001", true, "zeros in front" },
	{ FIELD_LINE_COUNT, "-0", false, "" },
	{ FIELD_CONTENT_HASH, NULL, true, "optional" },
	{ FIELD_CONTENT_HASH, "", false, "delivered, and none" },
	{ FIELD_CONTENT_HASH, DIGEST, true, "RFC 9530" },
	{ FIELD_CONTENT_HASH, "sha-256=:" BASE64_43 ":", true, "without its padding" },
	{ FIELD_CONTENT_HASH, " " DIGEST "\t", true, "blanks around it" },
	{ FIELD_CONTENT_HASH, DIGEST ";x=1", true, "a parameter" },
	{ FIELD_CONTENT_HASH, "sha-512=:AAAA:, " DIGEST ",unixsum=:AA==:", true, "among others" },
	{ FIELD_CONTENT_HASH, "sha-512=:AAAA:", false, "only another, which we cannot compare" },
	{ FIELD_CONTENT_HASH, DIGEST "," DIGEST, false, "twice" },
	{ FIELD_CONTENT_HASH, "SHA-256=:" BASE64_43 "=:", false, "a key is of small letters" },
	{ FIELD_CONTENT_HASH, "sha-256=" BASE64_43 "=", false, "no colons" },
	{ FIELD_CONTENT_HASH, "sha-256=:" BASE64_43 "=", false, "one colon" },
	{ FIELD_CONTENT_HASH, DIGEST "x", false, "something behind it" },
	{ FIELD_CONTENT_HASH, "sha-256=:" BASE64_43 "==:", false, "padding too long" },
	{ FIELD_CONTENT_HASH, "sha-256=:" BASE64_43 "AA==:", false, "33 bytes" },
	{ FIELD_CONTENT_HASH, "sha-256=::", false, "none" },
	{ FIELD_CONTENT_HASH, "sha-256=:-" BASE64_43 ":", false, "another alphabet" },
	{ FIELD_CONTENT_HASH, HASH, false, "hex is for the header as JSON" },
	{ FIELD_CONTENT_HASH, ",,", false, "nothing but commas" },
	{ FIELD_CONTACT_NAME, NULL, true, "optional" },
	{ FIELD_CONTACT_NAME, "", true, "an empty contact is a contact" },
	{ FIELD_CONTACT_NAME, TIMES_10("abcde"), true, "50 characters" },
	{ FIELD_CONTACT_NAME, TIMES_10("abcde") "f", false, "51 characters" },
	{ FIELD_CONTACT_NAME, TIMES_10(E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE), true, "50 characters, 100 bytes" },
	{ FIELD_CONTACT_NAME, TIMES_10(ASTRAL ASTRAL ASTRAL ASTRAL ASTRAL), true, "50 characters, 200 bytes" },
	{ FIELD_CONTACT_NAME, TIMES_10(ASTRAL ASTRAL ASTRAL ASTRAL ASTRAL) "f", false, "51 characters" },
	{ FIELD_CONTACT_NAME, "\xff", false, "no UTF-8" },
	{ FIELD_CONTACT_NAME, "a\xed\xa0\x80", false, "a surrogate" },
	{ FIELD_CONTACT_PHONE, "12345678901234567890", true, "20 characters" },
	{ FIELD_CONTACT_PHONE, "123456789012345678901", false, "21 characters" },
	{ FIELD_CONTACT_PHONE, "no number at all", true, "no other check" },
	{ FIELD_CONTACT_EMAIL, TIMES_10("abcdefg") "hijkl", true, "75 characters" },
	{ FIELD_CONTACT_EMAIL, TIMES_10("abcdefg") "hijklm", false, "76 characters" },
	{ FIELD_CONTACT_EMAIL, "no address", true, "no other check" },
};

Test(gateway_header_form, gives_lr_k08_on_every_field_of_the_wrong_form_and_on_no_other)
{
	for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
		struct header_form form = good_form();
		struct header_reading reading;
		enum field field = FIELDS[i].field;

		form.fields[field - HEADER_FIRST] =
			(struct header_field){ FIELDS[i].text != NULL, slice_of(FIELDS[i].text) };
		header_form_read(&form, &reading);
		cr_expect_eq(reading.finding_count, FIELDS[i].is_good ? 0 : 1, "%s = %s: %s", field_name(field),
			     FIELDS[i].text ? FIELDS[i].text : "(absent)", FIELDS[i].why);
		cr_expect_eq(reading.is_good[field - HEADER_FIRST], FIELDS[i].is_good, "%s", FIELDS[i].why);
		if (reading.finding_count > 0) {
			cr_expect_eq(reading.findings[0].rule, RULE_K08);
			cr_expect_eq(reading.findings[0].field, field);
		}
	}
}

Test(gateway_header_form, reads_every_value)
{
	struct header_form form = good_form();
	struct header_reading reading;
	char hex[64];

	form.fields[FIELD_DELIVERY_ID - HEADER_FIRST] = (struct header_field){ true, slice_of("abcdefghij-12345") };
	form.fields[FIELD_KIND - HEADER_FIRST].value = slice_of("INTREKKING");
	form.fields[FIELD_DRY_RUN - HEADER_FIRST] = (struct header_field){ true, slice_of("ja") };
	form.fields[FIELD_SEQUENCE - HEADER_FIRST].value = slice_of("9223372036854775807");
	form.fields[FIELD_LINE_COUNT - HEADER_FIRST] = (struct header_field){ true, slice_of("0") };
	form.fields[FIELD_CONTENT_HASH - HEADER_FIRST] = (struct header_field){ true, slice_of(DIGEST) };
	form.fields[FIELD_CONTACT_NAME - HEADER_FIRST] = (struct header_field){ true, slice_of("P. Voorbeeld") };
	form.fields[FIELD_CONTACT_PHONE - HEADER_FIRST] = (struct header_field){ true, slice_of("") };
	form.fields[FIELD_CONTACT_EMAIL - HEADER_FIRST] = (struct header_field){ true, slice_of("p@voorbeeld.test") };
	header_form_read(&form, &reading);
	cr_assert_eq(reading.finding_count, 0);
	cr_expect(slice_equal_text(reading.header.id, "abcdefghij-12345"));
	cr_expect_eq(reading.header.board, 41211);
	cr_expect_eq(reading.header.kind, DELIVERY_INTREKKING);
	cr_expect(reading.header.is_dry_run);
	cr_expect_eq(reading.header.sequence, INT64_MAX);
	cr_expect_eq(reading.header.extraction_date, 20180601);
	cr_expect(reading.has_line_count && reading.line_count == 0);
	num_to_hex(reading.content_hash, sizeof reading.content_hash, hex);
	cr_expect(reading.has_content_hash && strncasecmp(hex, HASH, sizeof hex) == 0);
	cr_expect(slice_equal_text(reading.header.contact_name, "P. Voorbeeld"));
	cr_expect(slice_equal_text(reading.header.contact_email, "p@voorbeeld.test"));
}

Test(gateway_header_form, takes_absent_optional_fields_for_none)
{
	struct header_form form = good_form();
	struct header_reading reading;

	header_form_read(&form, &reading);
	cr_expect_eq(reading.finding_count, 0);
	cr_expect(!reading.header.is_dry_run && !reading.has_line_count && !reading.has_content_hash);
	cr_expect_eq(reading.header.id.n, 0);
}

Test(gateway_header_form, gives_all_findings_in_the_order_of_the_header)
{
	static const enum field WRONG[] = {
		FIELD_DELIVERY_ID,  FIELD_BOARD,	   FIELD_KIND,		FIELD_DRY_RUN,
		FIELD_SEQUENCE,	    FIELD_EXTRACTION_DATE, FIELD_LINE_COUNT,	FIELD_CONTENT_HASH,
		FIELD_CONTACT_NAME, FIELD_CONTACT_PHONE,   FIELD_CONTACT_EMAIL,
	};
	struct header_form form;
	struct header_reading reading;

	for (size_t i = 0; i < HEADER_FIELDS; i++)
		form.fields[i] = (struct header_field){ true, slice_of("\xff") };
	header_form_read(&form, &reading);
	cr_assert_eq(reading.finding_count, ARRAY_LEN(WRONG));
	for (size_t i = 0; i < ARRAY_LEN(WRONG); i++)
		cr_expect_eq(reading.findings[i].field, WRONG[i], "finding %zu", i);
	form = (struct header_form){ 0 };
	header_form_read(&form, &reading);
	cr_expect_eq(reading.finding_count, 4, "bestuur, soort, volgnummer, extractiedatum");
}

Test(gateway_header_form, keeps_a_good_id_beside_a_wrong_field)
{
	struct header_form form = good_form();
	struct header_reading reading;

	form.fields[FIELD_DELIVERY_ID - HEADER_FIRST] = (struct header_field){ true, slice_of("abcdefghij-12345") };
	form.fields[FIELD_SEQUENCE - HEADER_FIRST].value = slice_of("0");
	header_form_read(&form, &reading);
	cr_expect(slice_equal_text(reading.header.id, "abcdefghij-12345"), "specification 14.1: it is shown");
	cr_expect_eq(reading.header.sequence, 0, "a wrong field is shown as absent");
}

Test(gateway_header_form, refuses_a_nul_in_any_field)
{
	for (enum field field = FIELD_DELIVERY_ID; field <= HEADER_LAST; field++) {
		struct header_form form = good_form();
		struct header_field *to = &form.fields[field - HEADER_FIRST];
		struct header_reading reading;
		char text[128];

		to->is_delivered = true;
		if (to->value.n == 0)
			to->value = slice_of("ja");
		memcpy(text, to->value.p, to->value.n);
		text[to->value.n] = '\0';
		to->value = slice_make(text, to->value.n + 1);
		header_form_read(&form, &reading);
		cr_expect_eq(reading.finding_count, 1, "%s", field_name(field));
	}
}

static const struct {
	const char *name;
	enum field field;
} QUERY[] = {
	{ "leveringsid", FIELD_DELIVERY_ID },
	{ "bestuur", FIELD_BOARD },
	{ "soort", FIELD_KIND },
	{ "proef", FIELD_DRY_RUN },
	{ "volgnummer", FIELD_SEQUENCE },
	{ "extractiedatum", FIELD_EXTRACTION_DATE },
	{ "regels", FIELD_LINE_COUNT },
	{ "sha256", FIELD_NONE },
	{ "contact_naam", FIELD_NONE },
	{ "contact_email", FIELD_NONE },
	{ "Bestuur", FIELD_NONE },
	{ "bestuur ", FIELD_NONE },
	{ "bsn", FIELD_NONE },
	{ "", FIELD_NONE },
};

Test(gateway_header_form, knows_the_fields_of_a_query_and_neither_contact_nor_hash_among_them)
{
	for (size_t i = 0; i < ARRAY_LEN(QUERY); i++)
		cr_expect_eq(header_field_of_query(slice_of(QUERY[i].name)), QUERY[i].field, "%s", QUERY[i].name);
}

Test(gateway_header_form, knows_the_headers_that_carry_a_field_in_any_case)
{
	cr_expect_eq(header_field_of_http(slice_of("content-digest")), FIELD_CONTENT_HASH);
	cr_expect_eq(header_field_of_http(slice_of("Content-Digests")), FIELD_NONE);
	cr_expect_eq(header_field_of_http(slice_of("Repr-Digest")), FIELD_NONE);
	cr_expect_eq(header_field_of_http(slice_of("Instroom-Contact-Naam")), FIELD_CONTACT_NAME);
	cr_expect_eq(header_field_of_http(slice_of("instroom-contact-telefoon")), FIELD_CONTACT_PHONE);
	cr_expect_eq(header_field_of_http(slice_of("INSTROOM-CONTACT-EMAIL")), FIELD_CONTACT_EMAIL);
	cr_expect_eq(header_field_of_http(slice_of("Instroom-Contact-Fax")), FIELD_NONE);
	cr_expect_eq(header_field_of_http(slice_of("Instroom-Contact-Naa")), FIELD_NONE);
	cr_expect_eq(header_field_of_http(slice_of("")), FIELD_NONE);
}

static const struct {
	const char *text, *want; /* NULL: refused */
	size_t capacity;
	const char *why;
} ENCODED[] = {
	{ "", "", 8, "empty" },
	{ "P. Voorbeeld", "P. Voorbeeld", 32, "nothing to undo" },
	{ "Ren%C3%A9e", "Ren" E_ACUTE "e", 32, "UTF-8" },
	{ "Ren%c3%a9e", "Ren" E_ACUTE "e", 32, "hex of any case" },
	{ "Ren" E_ACUTE "e", "Ren" E_ACUTE "e", 32, "bytes may stand as they are" },
	{ "100%25", "100%", 32, "a percent sign" },
	{ "a+b", "a+b", 32, "a plus is a plus" },
	{ "%41%42", "AB", 32, "" },
	{ "%", NULL, 32, "nothing behind it" },
	{ "a%4", NULL, 32, "one digit" },
	{ "%4g", NULL, 32, "no hex digit" },
	{ "%%41", NULL, 32, "" },
	{ "% 41", NULL, 32, "" },
	{ "12345678", "12345678", 8, "as much as fits" },
	{ "123456789", NULL, 8, "one more" },
	{ "%31%32%33%34%35%36%37%38", "12345678", 8, "the capacity is of what comes out" },
	{ "%31%32%33%34%35%36%37%38%39", NULL, 8, "one more" },
};

Test(gateway_header_form, undoes_percent_encoding_within_the_capacity_given)
{
	for (size_t i = 0; i < ARRAY_LEN(ENCODED); i++) {
		char out[32];
		struct slice ret = { 0 };
		bool is_good = header_percent_decode(slice_of(ENCODED[i].text), out, ENCODED[i].capacity, &ret);

		cr_expect_eq(is_good, ENCODED[i].want != NULL, "%s: %s", ENCODED[i].text, ENCODED[i].why);
		if (is_good && ENCODED[i].want)
			cr_expect(slice_equal_text(ret, ENCODED[i].want), "%s", ENCODED[i].text);
	}
}

Test(gateway_header_form, looks_for_no_digits_behind_the_end)
{
	struct slice whole = slice_of("a%41"), ret;
	char out[8];

	cr_expect_not(header_percent_decode(slice_make(whole.p, 3), out, sizeof out, &ret));
	cr_expect_not(header_percent_decode(slice_make(whole.p, 2), out, sizeof out, &ret));
	cr_expect(header_percent_decode(whole, out, sizeof out, &ret));
}
