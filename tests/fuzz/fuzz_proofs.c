/* fuzz_proofs: what a stranger proves himself with. The first byte says what the rest is:
 *
 *   s  header and content of a token, divided by a line end: signed here, so that the content is looked at too
 *   t  a whole token: it cannot be believed, as nobody but us has the key
 *   k  a JWKS
 *   h  a header Client-Cert-Chain
 *   c  certificates in DER: of a CA that nobody knows
 *
 * Who is believed has a subject and parties of good form, and all of it stands in the content. */
#include "fuzz.h"

#include "gateway/base64url.h"
#include "gateway/client_certificate.h"
#include "gateway/signed_token.h"
#include "support/base64url_write.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { NOW_S = 1800000000, INPUT_BYTES_MAX = 65536 };

static const struct signed_token_rules RULES = {
	.issuer = "https://issuer.example",
	.audience = "https://instroom.example",
	.types = "at+jwt",
	.levels = "",
	.algs = 1 << ALG_RS256 | 1 << ALG_PS256 | 1 << ALG_ES256,
};

static EVP_PKEY *key;
static struct key_set *keys;
static struct client_authority *authority;

static void add_number(struct strbuf *out, const char *name)
{
	BIGNUM *number = NULL;
	uint8_t bytes[32];

	FUZZ_EXPECT(EVP_PKEY_get_bn_param(key, name, &number) == 1);
	BN_bn2binpad(number, bytes, sizeof bytes);
	base64url_write(out, bytes, sizeof bytes);
	BN_free(number);
}

static void make_keys(void)
{
	struct strbuf text = { 0 };
	struct err err;

	key = EVP_EC_gen("P-256");
	strbuf_init(&text, INPUT_BYTES_MAX);
	strbuf_add_text(&text, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"");
	add_number(&text, OSSL_PKEY_PARAM_EC_PUB_X);
	strbuf_add_text(&text, "\",\"y\":\"");
	add_number(&text, OSSL_PKEY_PARAM_EC_PUB_Y);
	strbuf_add_text(&text, "\"}]}");
	FUZZ_EXPECT(key_set_read(strbuf_slice(&text), RULES.algs, &keys, &err) == 0);
	strbuf_release(&text);
}

static void make_authority(void)
{
	X509 *ca = X509_new();
	BIO *pem = BIO_new(BIO_s_mem());
	struct err err;
	char *bytes;

	X509_gmtime_adj(X509_getm_notBefore(ca), 0);
	X509_gmtime_adj(X509_getm_notAfter(ca), 3600);
	X509_set_pubkey(ca, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(ca), "CN", MBSTRING_ASC, (const unsigned char *)"ca", -1, -1,
				   0);
	X509_set_issuer_name(ca, X509_get_subject_name(ca));
	FUZZ_EXPECT(X509_sign(ca, key, EVP_sha256()) > 0);
	PEM_write_bio_X509(pem, ca);
	long n = BIO_get_mem_data(pem, &bytes);

	FUZZ_EXPECT(client_authority_read(slice_make(bytes, (size_t)n), (struct slice){ 0 }, &authority, &err) == 0);
	BIO_free(pem);
	X509_free(ca);
}

static void sign(struct strbuf *token)
{
	uint8_t der[256], raw[64];
	const uint8_t *at = der;
	size_t n = sizeof der;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	FUZZ_EXPECT(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1);
	FUZZ_EXPECT(EVP_DigestSign(context, der, &n, (const uint8_t *)token->p, token->n) == 1);
	EVP_MD_CTX_free(context);
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)n);

	BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
	ECDSA_SIG_free(pair);
	strbuf_add_char(token, '.');
	base64url_write(token, raw, sizeof raw);
}

static void expect_good_who(const struct signed_token *who, struct slice content)
{
	FUZZ_EXPECT(who->subject[0] != '\0' && who->expires_s + SIGNED_TOKEN_LEEWAY_S > NOW_S);
	FUZZ_EXPECT(who->party_count <= SIGNED_TOKEN_PARTIES_MAX);
	for (size_t i = 0; i < who->party_count; i++) {
		char text[PARTY_NUMBER_TEXT_BYTES];
		struct party_number again;

		party_number_write(&who->parties[i], text);
		FUZZ_EXPECT(party_number_read(slice_of(text), &again));
		FUZZ_EXPECT(party_number_compare(&again, &who->parties[i]) == 0);
	}
	/* an escape may hide the word, not the other way round */
	FUZZ_EXPECT(who->party_count == 0 || memmem(content.p, content.n, "sub", 3) ||
		    memchr(content.p, '\\', content.n));
}

static void check_signed(struct slice input)
{
	const char *end = input.n > 0 ? memchr(input.p, '\n', input.n) : NULL;
	struct slice header = { input.p, end ? (size_t)(end - input.p) : input.n };
	struct slice content = slice_from(input, MIN(header.n + 1, input.n));
	struct signed_token who = { 0 };
	struct strbuf token = { 0 };

	strbuf_init(&token, 4 * INPUT_BYTES_MAX);
	base64url_write(&token, header.p, header.n);
	strbuf_add_char(&token, '.');
	base64url_write(&token, content.p, content.n);
	sign(&token);
	enum signed_token_answer answer = signed_token_check(strbuf_slice(&token), keys, &RULES, NOW_S, &who);

	FUZZ_EXPECT(answer != SIGNED_TOKEN_SIGNATURE); /* whatever stands in it, it is signed */
	if (answer == SIGNED_TOKEN_GOOD) {
		FUZZ_DEEP();
		expect_good_who(&who, content);
	}
	strbuf_release(&token);
}

static void check_keys(struct slice input)
{
	struct key_set *set = NULL;
	struct err err;
	int rc = key_set_read(input, RULES.algs, &set, &err);

	FUZZ_EXPECT(rc == 0 || rc == -ERR_DATA);
	FUZZ_EXPECT((rc == 0) == (key_set_count(set) > 0));
	if (rc == 0)
		FUZZ_DEEP();
	key_set_free(set);
}

static void check_header(struct slice input)
{
	struct strbuf ders = { 0 };

	strbuf_init(&ders, INPUT_BYTES_MAX);
	FUZZ_EXPECT(!client_certificate_read_header(input, 8, &ders) || ders.n > 0);
	strbuf_release(&ders);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_from(slice_make(data, size), 1);
	struct signed_token who;
	char oin[OIN_DIGITS + 1];

	if (!key) {
		make_keys();
		make_authority();
	}
	if (size == 0 || size > INPUT_BYTES_MAX)
		return 0;
	switch (data[0]) {
	case 's':
		check_signed(input);
		break;
	case 't':
		FUZZ_EXPECT(signed_token_check(input, keys, &RULES, NOW_S, &who) != SIGNED_TOKEN_GOOD);
		break;
	case 'k':
		check_keys(input);
		break;
	case 'h':
		check_header(input);
		break;
	default:
		FUZZ_EXPECT(client_certificate_check(authority, input, NOW_S, oin) != CLIENT_CERTIFICATE_GOOD);
	}
	FUZZ_EXPECT(ERR_peek_error() == 0);
	return 0;
}
