#include "model/delivery.h"

#include "base/num.h"
#include "model/teacher_key.h"

#include <criterion/criterion.h>

/* The key of the cases: specification 2.1 takes the one of 8.4. */
static const struct hmac_key *stand_key(void)
{
	static struct hmac_key key;

	hmac_key_init(&key, slice_of("instroom-cases-key-of-32-bytes-!"));
	return &key;
}

static void fingerprint_hex(const struct delivery_header *header, struct slice content, char hex[64])
{
	uint8_t sha256[32], fingerprint[FINGERPRINT_BYTES];

	sha256_of(content, sha256);
	delivery_fingerprint(header, sha256, stand_key(), fingerprint);
	num_to_hex(fingerprint, sizeof fingerprint, hex);
}

static struct delivery_header example(void)
{
	return (struct delivery_header){ .board = 819,
					 .kind = DELIVERY_INTREKKING,
					 .is_dry_run = true,
					 .sequence = INT64_MAX,
					 .extraction_date = 20180630 };
}

Test(delivery, fingerprint_is_that_of_its_parts_each_with_a_line_feed)
{
	/* hash=$(printf 'bsn\n' | sha256sum | cut -c1-64)
	 * printf 'instroom-2\n00819\nINTREKKING\nJ\n9223372036854775807\n20180630\n%s\n' $hash |
	 *   openssl dgst -sha256 -hmac 'instroom-cases-key-of-32-bytes-!' */
	struct delivery_header header = example();
	char hex[64];

	fingerprint_hex(&header, slice_of("bsn\n"), hex);
	cr_expect_arr_eq(hex, "0ef679b75a2187a9bb80d399f7c53b7959d4f2cc348138fcf890541f0964648e", 64);
}

Test(delivery, made_id_is_that_of_a_case) /* case c, event 23: a file of two empty records */
{
	struct delivery_header header = {
		.board = 99901, .kind = DELIVERY_MUTATIE, .sequence = 26, .extraction_date = 20180916
	};
	uint8_t sha256[32], fingerprint[FINGERPRINT_BYTES];
	char id[DELIVERY_MADE_ID_BYTES];

	sha256_of(slice_of("\r\n\r\n"), sha256);
	delivery_fingerprint(&header, sha256, stand_key(), fingerprint);
	delivery_make_id(fingerprint, id);
	cr_expect_arr_eq(id, "G-d532fd2e4b993fe1e90100c6615e4713", sizeof id);
	cr_expect(delivery_id_is_good(slice_make(id, sizeof id)));
}

Test(delivery, fingerprint_differs_with_every_part_and_with_nothing_else)
{
	struct delivery_header changes[] = { example(), example(), example(), example(), example() }, same = example();
	struct delivery_header header = example();
	char base[64], hex[64];

	changes[0].board = 820;
	changes[1].kind = DELIVERY_MUTATIE;
	changes[2].is_dry_run = false;
	changes[3].sequence = 1;
	changes[4].extraction_date = 20180701;
	fingerprint_hex(&header, slice_of("bsn\n"), base);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		fingerprint_hex(&changes[i], slice_of("bsn\n"), hex);
		cr_expect_arr_neq(hex, base, 64, "change %zu", i);
	}
	fingerprint_hex(&header, slice_of("bsn\r\n"), hex);
	cr_expect_arr_neq(hex, base, 64, "the content is that of the raw bytes");
	same.id = slice_of("voorbeeld-levering-1");
	same.contact_name = slice_of("A. Voorbeeld");
	fingerprint_hex(&same, slice_of("bsn\n"), hex);
	cr_expect_arr_eq(hex, base, 64, "id and contact take no part");
}

Test(delivery, fingerprint_is_keyed)
{
	struct delivery_header header = example();
	uint8_t sha256[32] = { 0 }, mine[FINGERPRINT_BYTES], other[FINGERPRINT_BYTES];
	struct hmac_key key;

	hmac_key_init(&key, slice_of("another key of 32 bytes or more .."));
	delivery_fingerprint(&header, sha256, stand_key(), mine);
	delivery_fingerprint(&header, sha256, &key, other);
	cr_expect_arr_neq(mine, other, sizeof mine);
}

Test(delivery, id_has_16_to_36_letters_digits_and_hyphens)
{
	static const struct {
		const char *id;
		bool want;
		const char *why;
	} ROWS[] = {
		{ "123456789012345", false, "15 is too short" },
		{ "1234567890123456", true, "16 is the shortest" },
		{ "voorbeeld-levering-1", true, "as in the worked example" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", true, "36 is the longest" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234567890", false, "37 is too long" },
		{ "----------------", true, "hyphens alone" },
		{ "1234567890 123456", false, "a blank" },
		{ "1234567890_123456", false, "an underscore" },
		{ "1234567890/123456", false, "a slash" },
		{ "123456789012345\xc3\xa9", false, "no ASCII" },
		{ "", false, "empty" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		cr_expect_eq(delivery_id_is_good(slice_of(ROWS[i].id)), ROWS[i].want, "%s", ROWS[i].why);
	cr_expect_not(delivery_id_is_good(slice_make("1234567890123456\0", 17)), "a NUL byte");
}

Test(delivery, kinds_have_their_names_exactly)
{
	for (unsigned kind = DELIVERY_VOLLEDIG; kind <= DELIVERY_INTREKKING; kind++)
		cr_expect_eq(delivery_kind_of(slice_of(delivery_kind_name((enum delivery_kind)kind))), kind);
	cr_expect_eq(delivery_kind_of(slice_of("volledig")), 0, "the case counts");
	cr_expect_eq(delivery_kind_of(slice_of("VOLLEDIG ")), 0, "nothing is trimmed");
	cr_expect_eq(delivery_kind_of(slice_of("")), 0);
	cr_expect_str_eq(delivery_kind_name(0), "");
	cr_expect_str_eq(delivery_kind_name((enum delivery_kind)4), "");
}
