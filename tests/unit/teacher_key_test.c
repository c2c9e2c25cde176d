#include "model/teacher_key.h"

#include "base/num.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* RFC 4231, test cases 1-4, 6 and 7: the keys that are shorter than, and longer than, a block of SHA-256. The texts of
 * the RFC begin with no domain word of ours, so the vectors prove the oracle and the oracle proves us. */
static const struct {
	const char *key_hex, *text, *mac_hex;
} RFC4231[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "4a656665", "what do ya want for nothing?",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "*131aa", "Test Using Larger Than Block-Size Key - Hash Key First",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ "*131aa",
	  "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
	  "hashed before being used by the HMAC algorithm.",
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

static size_t read_key(const char *hex, uint8_t key[256])
{
	if (hex[0] == '*') { /* "*131aa": 131 times aa */
		memset(key, 0xaa, 131);
		return 131;
	}
	cr_assert(num_from_hex(slice_of(hex), key, strlen(hex) / 2));
	return strlen(hex) / 2;
}

static void other_hmac(struct slice key, struct slice text, uint8_t mac[32])
{
	unsigned n = 0;

	cr_assert_not_null(
		HMAC(EVP_sha256(), key.n > 0 ? key.p : "", (int)key.n, (const unsigned char *)text.p, text.n, mac, &n));
	cr_assert_eq(n, 32);
}

Test(teacher_key, oracle_of_these_tests_gives_the_vectors_of_rfc_4231)
{
	for (size_t i = 0; i < ARRAY_LEN(RFC4231); i++) {
		uint8_t key[256], mac[32], want[32];
		size_t n = read_key(RFC4231[i].key_hex, key);

		cr_assert(num_from_hex(slice_of(RFC4231[i].mac_hex), want, 32));
		other_hmac(slice_make(key, n), slice_of(RFC4231[i].text), mac);
		cr_expect_arr_eq(mac, want, 32, "vector %zu", i);
	}
}

/* text behind word and LF, by the other implementation, with the same key */
static void expect_same(struct slice key_bytes, struct slice bsn, struct slice content)
{
	struct hmac_key key;
	uint8_t want[32], got[32], whole[32];
	char text[9000], hex[32], want_hex[32];

	hmac_key_init(&key, key_bytes);

	int n = snprintf(text, sizeof text, "teacher/v1\n00819\n%.*s", (int)bsn.n, bsn.p);

	other_hmac(key_bytes, slice_make(text, (size_t)n), want);
	hmac_key_teacher(&key, 819, bsn, got);
	cr_expect_arr_eq(got, want, TEACHER_KEY_BYTES, "teacher, key of %zu bytes", key_bytes.n);

	n = snprintf(text, sizeof text, "content/v1\n%.*s", (int)content.n, content.p);
	other_hmac(key_bytes, slice_make(text, (size_t)n), want);
	hmac_key_content(&key, content, got);
	cr_expect_arr_eq(got, want, CONTENT_HASH_BYTES, "content, key of %zu bytes", key_bytes.n);

	n = snprintf(text, sizeof text, "stand\n99901\n%.*s", (int)bsn.n, bsn.p);
	other_hmac(key_bytes, slice_make(text, (size_t)n), want);
	num_to_hex(want, 16, want_hex);
	hmac_key_pseudonym(&key, 99901, bsn, hex);
	cr_expect_arr_eq(hex, want_hex, 32, "stand, key of %zu bytes", key_bytes.n);

	other_hmac(key_bytes, slice_make(text, (size_t)n), want);
	hmac_key_mac(&key, slice_make(text, (size_t)n), whole);
	cr_expect_arr_eq(whole, want, sizeof whole);
	other_hmac(key_bytes, slice_of("key-id/v1"), want);
	cr_expect_eq(key.id, num_get_be32(want), "key id, key of %zu bytes", key_bytes.n);
}

Test(teacher_key, agrees_with_another_hmac_for_keys_and_texts_of_every_length_around_a_block)
{
	static const size_t LENGTHS[] = { 0, 1, 8, 55, 56, 63, 64, 65, 131, HMAC_KEY_BYTES_MAX };
	char bytes[HMAC_KEY_BYTES_MAX];

	memset(bytes, 'k', sizeof bytes);
	bytes[0] = '\0'; /* a key is bytes, not a text */
	for (size_t i = 0; i < ARRAY_LEN(LENGTHS); i++)
		expect_same(slice_make(bytes, LENGTHS[i]), slice_of("111222333"), slice_of("inhoud"));
	memset(bytes, 'c', sizeof bytes);
	for (size_t n = 0; n < 200; n++)
		expect_same(slice_of("instroom-cases-key-of-32-bytes-!"), slice_make(bytes, n), slice_make(bytes, n));
	expect_same(slice_of("instroom-cases-key-of-32-bytes-!"), (struct slice){ NULL, 0 }, (struct slice){ NULL, 0 });
}

Test(teacher_key, pseudonyms_of_the_stand_are_those_of_the_worked_example) /* specification 13; invented numbers */
{
	static const struct {
		const char *bsn, *want;
	} ROWS[] = {
		{ "111222333", "ebbba8cd7c44cf595f9f80aba3c42c69" },
		{ "123456782", "655199a4074bc383970f1785e1effa87" },
		{ "100000009", "3e056ad380d5bce2e11961e7a4f749b5" },
		{ "200000007", "0d357d4dbc5a4fd44c369a40ac600929" },
	};
	struct hmac_key key;

	hmac_key_init(&key, slice_of("instroom-cases-key-of-32-bytes-!"));
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char hex[32];

		hmac_key_pseudonym(&key, 99901, slice_of(ROWS[i].bsn), hex);
		cr_expect_arr_eq(hex, ROWS[i].want, 32, "row %zu", i);
	}
}

Test(teacher_key, differs_by_key_board_bsn_and_use)
{
	struct hmac_key key, other;
	uint8_t base[16], changed[16], use[16];
	struct slice bsn = slice_of("111222333");

	hmac_key_init(&key, slice_of("sleutel-een"));
	hmac_key_init(&other, slice_of("sleutel-twee"));
	hmac_key_teacher(&key, 99901, bsn, base);
	hmac_key_teacher(&other, 99901, bsn, changed);
	cr_expect_arr_neq(base, changed, 16, "another key");
	cr_expect_neq(key.id, other.id);
	hmac_key_teacher(&key, 99902, bsn, changed);
	cr_expect_arr_neq(base, changed, 16, "another board: no export links boards");
	hmac_key_teacher(&key, 199901, bsn, changed);
	cr_expect_arr_neq(base, changed, 16, "a number that is no board");
	hmac_key_teacher(&key, 99901, slice_of("123456782"), changed);
	cr_expect_arr_neq(base, changed, 16, "another teacher");
	hmac_key_content(&key, slice_of("99901\n111222333"), use);
	cr_expect_arr_neq(base, use, 16, "another use of the same text");
}

Test(teacher_key, sha256_is_that_of_fips_180)
{
	uint8_t digest[32], want[32];

	sha256_of((struct slice){ NULL, 0 }, digest);
	cr_assert(num_from_hex(slice_of("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), want, 32));
	cr_expect_arr_eq(digest, want, 32);
	sha256_of(slice_of("abc"), digest);
	cr_assert(num_from_hex(slice_of("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), want, 32));
	cr_expect_arr_eq(digest, want, 32);
}
