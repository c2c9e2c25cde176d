/* The table is signed_tokens.json. Tokens are signed here by OpenSSL itself, so that what libjose thinks of a header
 * has no part in making them. */
#include "gateway/signed_token_cache.h"
#include "gateway/strict_json.h"

#include "base/strbuf.h"
#include "model/teacher_key.h"
#include "support/base64url_write.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { NOW_S = 1800000000, TOKEN_BYTES = 32768 };

static const struct signed_token_rules RULES = {
	.issuer = "https://issuer.example",
	.audience = "https://instroom.example",
	.types = "at+jwt",
	.levels = "urn:etoegang:core:assurance-class:loa3, urn:etoegang:core:assurance-class:loa4",
	.algs = 1 << ALG_RS256 | 1 << ALG_PS256 | 1 << ALG_ES256,
};

static EVP_PKEY *rsa, *pss, *ec, *stranger;
static struct key_set *keys;

/* ---- making ---- */

static json_t *number_of(EVP_PKEY *key, const char *name, size_t bytes)
{
	BIGNUM *number = NULL;
	uint8_t out[1024];
	struct strbuf text = { 0 };

	cr_assert_eq(EVP_PKEY_get_bn_param(key, name, &number), 1);
	int n = BN_bn2binpad(number, out, (int)MAX(bytes, (size_t)BN_num_bytes(number)));

	strbuf_init(&text, 4096);
	base64url_write(&text, out, (size_t)n);
	json_t *json = json_stringn(text.p, text.n);

	strbuf_release(&text);
	BN_free(number);
	return json;
}

static json_t *rsa_jwk(EVP_PKEY *key, const char *id, const char *alg)
{
	return json_pack("{s:s, s:s, s:s*, s:s, s:o, s:o}", "kty", "RSA", "kid", id, "alg", alg, "use", "sig", "n",
			 number_of(key, OSSL_PKEY_PARAM_RSA_N, 0), "e", number_of(key, OSSL_PKEY_PARAM_RSA_E, 0));
}

static json_t *ec_jwk(EVP_PKEY *key, const char *id, const char *curve)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "kty", "EC", "kid", id, "crv", curve, "x",
			 number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 32), "y",
			 number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
}

/* Takes list over. */
static int read_list(json_t *list, unsigned algs, struct key_set **ret)
{
	json_t *document = json_pack("{s:o}", "keys", list);
	char *text = json_dumps(document, 0);
	struct err err = { 0 };
	int rc = key_set_read(slice_of(text), algs, ret, &err);

	free(text);
	json_decref(document);
	return rc;
}

static void make_keys(void)
{
	rsa = EVP_RSA_gen(2048);
	pss = EVP_RSA_gen(2048);
	stranger = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	json_t *password =
		json_pack("{s:s, s:s, s:s}", "kty", "oct", "kid", "oct-1", "k", "c2VjcmV0LXNlY3JldC1zZWNyZXQ");
	json_t *encryption = rsa_jwk(rsa, "enc-1", "RS256");

	json_object_set_new(encryption, "use", json_string("enc"));
	cr_assert_eq(read_list(json_pack("[o, o, o, o, o]", rsa_jwk(rsa, "rsa-1", "RS256"),
					 rsa_jwk(pss, "pss-1", "PS256"), ec_jwk(ec, "ec-1", "P-256"), password,
					 encryption),
			       RULES.algs, &keys),
		     0);
	cr_assert_eq(key_set_count(keys), 3);
	cr_assert_eq(key_set_skipped(keys), 2);
}

static void drop_keys(void)
{
	key_set_free(keys);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(pss);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(stranger);
}

/* r and s of a signature in DER, 32 bytes each. */
static size_t raw_of(const uint8_t *der, size_t n, uint8_t out[64])
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)n);

	BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32);
	ECDSA_SIG_free(pair);
	return 64;
}

static void sign(const char *by, struct strbuf *token)
{
	uint8_t out[1024];
	size_t n = sizeof out;
	bool is_pss = strcmp(by, "pss-1") == 0 || strcmp(by, "rsa-1 as PS256") == 0;
	EVP_PKEY *key = strcmp(by, "ec-1") == 0	      ? ec
			: strcmp(by, "pss-1") == 0    ? pss
			: strcmp(by, "stranger") == 0 ? stranger
						      : rsa;

	if (strcmp(by, "none") == 0) {
		n = 0;
	} else if (strcmp(by, "hmac") == 0) {
		uint8_t *secret = NULL;
		int secret_bytes = i2d_PUBKEY(rsa, &secret);
		unsigned mac_bytes = 0;

		HMAC(EVP_sha256(), secret, secret_bytes, (const uint8_t *)token->p, token->n, out, &mac_bytes);
		n = mac_bytes;
		OPENSSL_free(secret);
	} else {
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		EVP_PKEY_CTX *how = NULL;

		cr_assert_eq(EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, key), 1);
		if (is_pss) {
			EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
			EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
		}
		cr_assert_eq(EVP_DigestSign(context, out, &n, (const uint8_t *)token->p, token->n), 1);
		EVP_MD_CTX_free(context);
		if (key == ec) {
			uint8_t der[256];

			memcpy(der, out, n);
			n = raw_of(der, n, out);
		}
	}
	strbuf_add_char(token, '.');
	base64url_write(token, out, n);
}

/* The text with each "@N" as now + N. */
static void add_with_moments(struct strbuf *out, const char *text)
{
	for (const char *at; (at = strstr(text, "\"@")) != NULL;) {
		char *end;
		long seconds = strtol(at + 2, &end, 10);

		strbuf_add_bytes(out, text, (size_t)(at - text));
		strbuf_add_printf(out, "%ld", NOW_S + seconds);
		text = end + 1;
	}
	strbuf_add_text(out, text);
}

static void add_part(struct strbuf *token, const json_t *with, json_t *usual, bool is_deep)
{
	struct strbuf text = { 0 };
	const char *name;
	json_t *value;

	strbuf_init(&text, TOKEN_BYTES);
	json_object_foreach((json_t *)(uintptr_t)with, name, value)(void)(
		json_is_null(value) ? json_object_del(usual, name) : json_object_set(usual, name, value));
	char *dumped = json_dumps(usual, JSON_COMPACT);

	add_with_moments(&text, json_is_string(with) ? json_string_value(with) : dumped);
	if (is_deep) {
		text.n--;
		strbuf_add_text(&text, ",\"deep\":");
		for (int i = 0; i < 1000; i++)
			strbuf_add_char(&text, '[');
		for (int i = 0; i < 1000; i++)
			strbuf_add_char(&text, ']');
		strbuf_add_char(&text, '}');
	}
	base64url_write(token, text.p, text.n);
	free(dumped);
	json_decref(usual);
	strbuf_release(&text);
}

static char *signature_of(struct strbuf *token)
{
	return (char *)memrchr(token->p, '.', token->n) + 1;
}

static void edit(struct strbuf *token, const char *how)
{
	char *signature = signature_of(token), *last = token->p + token->n - 1;

	if (strcmp(how, "dot at the end") == 0) {
		strbuf_add_char(token, '.');
	} else if (strcmp(how, "dot in front") == 0) {
		strbuf_add_char(token, '.');
		memmove(token->p + 1, token->p, token->n - 1);
		token->p[0] = '.';
	} else if (strcmp(how, "five parts") == 0) {
		strbuf_add_text(token, ".AAAA.AAAA");
	} else if (strcmp(how, "no signature") == 0) {
		token->n = (size_t)(signature - token->p);
	} else if (strcmp(how, "padded header") == 0) {
		char *dot = memchr(token->p, '.', token->n);
		size_t at = (size_t)(dot - token->p);

		strbuf_add_char(token, '=');
		memmove(token->p + at + 1, token->p + at, token->n - at - 1);
		token->p[at] = '=';
	} else if (strcmp(how, "padded signature") == 0) {
		strbuf_add_text(token, "==");
	} else if (strcmp(how, "other alphabet") == 0) {
		*signature = '+';
	} else if (strcmp(how, "loose bits") == 0) {
		*last = *(strchr(BASE64URL_ALPHABET, *last) + 1);
	} else if (strcmp(how, "flipped signature") == 0) {
		signature[8] = signature[8] == 'A' ? 'B' : 'A';
	} else if (strcmp(how, "flipped content") == 0) {
		char *at = (char *)memchr(token->p, '.', token->n) + 20;

		*at = *at == 'A' ? 'B' : 'A';
	} else if (strcmp(how, "half signature") == 0) {
		token->n = (size_t)(signature - token->p) + 172;
	} else if (strcmp(how, "zero signature") == 0) {
		memset(signature, 'A', (size_t)(token->p + token->n - signature));
	}
}

static json_t *usual_header(void)
{
	return json_pack("{s:s, s:s, s:s}", "typ", "at+jwt", "alg", "RS256", "kid", "rsa-1");
}

static json_t *usual_content(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}}", "iss", RULES.issuer, "aud",
			 RULES.audience, "sub", "RKyLpEVr1L", "exp", "@300", "iat", "@-10", "acr",
			 "urn:etoegang:core:assurance-class:loa3", "represents", "sub", "01234567", "sub_id_type",
			 "urn:etoegang:1.9:EntityConcernedID:KvKnr", "iss", "https://chain.example");
}

static void make_token(const json_t *entry, struct strbuf *token)
{
	const char *by = json_string_value(json_object_get(entry, "sign"));
	const char *how = json_string_value(json_object_get(entry, "edit"));
	json_t *content = usual_content();

	how = how ? how : "";
	strbuf_init(token, TOKEN_BYTES);
	if (strcmp(how, "long content") == 0) {
		char filler[7000];

		memset(filler, 'x', sizeof filler);
		json_object_set_new(content, "filler", json_stringn(filler, sizeof filler));
	}
	add_part(token, json_object_get(entry, "header"), usual_header(), strcmp(how, "deep header") == 0);
	strbuf_add_char(token, '.');
	add_part(token, json_object_get(entry, "content"), content, false);
	sign(by ? by : "rsa-1", token);
	if (strcmp(how, "other header") == 0) {
		struct strbuf other = { 0 };
		struct slice rest = { memchr(token->p, '.', token->n), 0 };

		rest.n = (size_t)(token->p + token->n - rest.p);
		strbuf_init(&other, TOKEN_BYTES);
		add_part(&other, NULL, json_pack("{s:s, s:s, s:s}", "kid", "rsa-1", "alg", "RS256", "typ", "at+jwt"),
			 false);
		strbuf_add(&other, rest);
		strbuf_release(token);
		*token = other;
	}
	edit(token, how);
}

/* ---- the table ---- */

static void check_parties(const json_t *entry, const struct signed_token *who, const char *why)
{
	const json_t *parties = json_object_get(entry, "parties"), *each;
	size_t i;

	cr_expect_eq(who->party_count, json_array_size(parties), "%s", why);
	json_array_foreach(parties, i, each)
	{
		char text[PARTY_NUMBER_TEXT_BYTES];

		party_number_write(&who->parties[i], text);
		cr_expect_str_eq(text, json_string_value(each), "%s", why);
	}
}

Test(gateway_signed_token, answers_each_token_of_the_table, .init = make_keys, .fini = drop_keys)
{
	json_t *table = json_load_file(TEST_DATA_DIR "/unit/signed_tokens.json", 0, NULL);
	const json_t *tokens = json_object_get(table, "tokens"), *entry;
	bool seen[SIGNED_TOKEN_ANSWERS] = { false };
	size_t i, refused = 0;

	json_array_foreach(tokens, i, entry)
	{
		const char *why = json_string_value(json_object_get(entry, "why"));
		struct strbuf token;
		struct signed_token who = { 0 };

		make_token(entry, &token);
		enum signed_token_answer answer = signed_token_check(strbuf_slice(&token), keys, &RULES, NOW_S, &who);

		cr_expect_str_eq(signed_token_reason(answer), json_string_value(json_object_get(entry, "answer")), "%s",
				 why);
		cr_expect_eq(ERR_peek_error(), 0, "%s: OpenSSL's errors are for whoever asks next", why);
		if (answer == SIGNED_TOKEN_GOOD)
			check_parties(entry, &who, why);
		else
			refused++;
		cr_expect((answer == SIGNED_TOKEN_GOOD) == (who.subject[0] != '\0'), "%s", why);
		seen[answer] = true;
		strbuf_release(&token);
	}
	cr_expect_geq(refused, 40);
	for (unsigned answer = 0; answer < SIGNED_TOKEN_MEMORY; answer++)
		cr_expect(seen[answer], "nothing in the table is refused for %s",
			  signed_token_reason((enum signed_token_answer)answer));
	json_decref(table);
}

Test(gateway_signed_token, gives_clocks_a_minute_and_not_more, .init = make_keys, .fini = drop_keys)
{
	json_t *entry = json_pack("{s:{s:s, s:s, s:n}}", "content", "exp", "@300", "nbf", "@-100", "iat");
	struct strbuf token;
	struct signed_token who;

	make_token(entry, &token);
	struct slice text = strbuf_slice(&token);

	cr_expect_eq(signed_token_check(text, keys, &RULES, NOW_S + 359, &who), SIGNED_TOKEN_GOOD);
	cr_expect_eq(who.expires_s, NOW_S + 300);
	cr_expect_eq(signed_token_check(text, keys, &RULES, NOW_S + 360, &who), SIGNED_TOKEN_EXPIRED);
	cr_expect_eq(signed_token_check(text, keys, &RULES, NOW_S - 160, &who), SIGNED_TOKEN_GOOD);
	cr_expect_eq(signed_token_check(text, keys, &RULES, NOW_S - 161, &who), SIGNED_TOKEN_EARLY);
	cr_expect_eq(signed_token_check(text, NULL, &RULES, NOW_S, &who), SIGNED_TOKEN_KEY, "before there are keys");
	strbuf_release(&token);
	json_decref(entry);
}

/* ---- the cache ---- */

/* A token of the usual content but for its end, as the cache answers it at a moment. */
struct shown {
	struct strbuf token;
	struct signed_token_cache *cache;
};

static struct shown show(const char *ends)
{
	json_t *entry = json_pack("{s:{s:s, s:n}}", "content", "exp", ends, "iat");
	struct shown shown = { .cache = signed_token_cache_new() };

	make_token(entry, &shown.token);
	json_decref(entry);
	return shown;
}

static enum signed_token_answer ask(const struct shown *shown, const struct key_set *set, int64_t now_s)
{
	struct signed_token who = { 0 };
	enum signed_token_answer answer =
		signed_token_cache_check(shown->cache, strbuf_slice(&shown->token), set, &RULES, now_s, &who);

	cr_expect((answer == SIGNED_TOKEN_GOOD) == (who.party_count == 1 && who.subject[0] != '\0'));
	return answer;
}

static void drop(struct shown *shown)
{
	signed_token_cache_free(shown->cache);
	strbuf_release(&shown->token);
}

/* Another signature, until the digest of the token begins as before: the cache has one place for both. */
static void alter_within_its_place(struct strbuf *token)
{
	static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint8_t was[32], is[32];

	sha256_of(strbuf_slice(token), was);
	for (size_t i = 0; i < 52 * 52; i++) {
		token->p[token->n - 8] = LETTERS[i % 52];
		token->p[token->n - 9] = LETTERS[i / 52];
		sha256_of(strbuf_slice(token), is);
		if (is[0] == was[0] && memcmp(is, was, sizeof is) != 0)
			return;
	}
	cr_assert_fail("no token of the same place");
}

/* Rules that no token keeps show whether one is checked: the process has one set of them, and so has the cache. */
Test(gateway_signed_token, a_token_is_checked_once, .init = make_keys, .fini = drop_keys)
{
	const struct signed_token_rules none = { .issuer = "", .audience = "", .types = "", .levels = "" };
	struct shown shown = show("@300");
	struct signed_token who = { 0 };

	cr_expect_eq(ask(&shown, keys, NOW_S), SIGNED_TOKEN_GOOD);
	cr_expect_eq(signed_token_cache_check(shown.cache, strbuf_slice(&shown.token), keys, &none, NOW_S + 1, &who),
		     SIGNED_TOKEN_GOOD);
	cr_expect_eq(who.party_count, 1);
	cr_expect_eq(signed_token_cache_check(NULL, strbuf_slice(&shown.token), keys, &none, NOW_S, &who),
		     SIGNED_TOKEN_TYPE);
	alter_within_its_place(&shown.token);
	cr_expect_eq(ask(&shown, keys, NOW_S), SIGNED_TOKEN_SIGNATURE, "another in the same place");
	cr_expect_eq(ask(&shown, keys, NOW_S), SIGNED_TOKEN_SIGNATURE, "a refusal is not kept as anything else");
	drop(&shown);
}

Test(gateway_signed_token, a_token_that_was_good_ends_and_goes_with_its_keys, .init = make_keys, .fini = drop_keys)
{
	struct shown shown = show("@300");
	struct key_set *others, *same;

	cr_assert_eq(read_list(json_pack("[o]", rsa_jwk(pss, "pss-1", "PS256")), RULES.algs, &others), 0);
	cr_assert_eq(read_list(json_pack("[o]", rsa_jwk(rsa, "rsa-1", "RS256")), RULES.algs, &same), 0);
	cr_expect_eq(ask(&shown, keys, NOW_S), SIGNED_TOKEN_GOOD);
	cr_expect_eq(ask(&shown, others, NOW_S), SIGNED_TOKEN_KEY, "its key was taken back");
	cr_expect_eq(ask(&shown, NULL, NOW_S), SIGNED_TOKEN_KEY, "no keys are believed any more");
	cr_expect_eq(ask(&shown, same, NOW_S), SIGNED_TOKEN_GOOD);
	cr_expect_eq(ask(&shown, same, NOW_S + 359), SIGNED_TOKEN_GOOD);
	cr_expect_eq(ask(&shown, same, NOW_S + 360), SIGNED_TOKEN_EXPIRED);
	cr_expect_neq(key_set_serial(others), key_set_serial(same));
	key_set_free(others);
	key_set_free(same);
	drop(&shown);
}

Test(gateway_signed_token, a_clock_that_was_set_back_checks_again, .init = make_keys, .fini = drop_keys)
{
	json_t *entry = json_pack("{s:{s:s, s:s, s:n}}", "content", "exp", "@300", "nbf", "@0", "iat");
	struct shown shown = { .cache = signed_token_cache_new() };

	make_token(entry, &shown.token);
	cr_expect_eq(ask(&shown, keys, NOW_S), SIGNED_TOKEN_GOOD);
	cr_expect_eq(ask(&shown, keys, NOW_S - 61), SIGNED_TOKEN_EARLY);
	json_decref(entry);
	drop(&shown);
}

Test(gateway_signed_token, knows_one_by_its_dots)
{
	cr_expect(signed_token_is_one(SLICE_LITERAL("a.b.c")));
	cr_expect(signed_token_is_one(SLICE_LITERAL("a.b.c.d.e")));
	cr_expect_not(signed_token_is_one(SLICE_LITERAL("instroom_0123")));
	cr_expect_not(signed_token_is_one(SLICE_LITERAL("a.b")));
	cr_expect_not(signed_token_is_one((struct slice){ 0 }));
}

/* ---- keys ---- */

static size_t kept_of(json_t *list, unsigned algs)
{
	struct key_set *set = NULL;
	size_t count = read_list(list, algs, &set) == 0 ? key_set_count(set) : 0;

	key_set_free(set);
	return count;
}

static json_t *with(json_t *jwk, const char *name, json_t *value)
{
	json_object_set_new(jwk, name, value);
	return jwk;
}

Test(gateway_signed_token, keeps_keys_that_can_be_used_in_one_way_only, .init = make_keys, .fini = drop_keys)
{
	const unsigned rs256 = 1U << ALG_RS256, all = RULES.algs;
	EVP_PKEY *small = EVP_RSA_gen(1024), *other_curve = EVP_EC_gen("P-384");

	cr_expect_eq(kept_of(json_pack("[o]", rsa_jwk(rsa, "a", "RS256")), all), 1);
	cr_expect_eq(kept_of(json_pack("[o]", rsa_jwk(rsa, "a", NULL)), all), 0, "RS256 or PS256? It does not say");
	cr_expect_eq(kept_of(json_pack("[o]", rsa_jwk(rsa, "a", NULL)), rs256), 1, "only one of them is allowed here");
	cr_expect_eq(kept_of(json_pack("[o]", rsa_jwk(rsa, "a", "RS512")), all), 0);
	cr_expect_eq(kept_of(json_pack("[o]", rsa_jwk(rsa, "a", "ES256")), all), 0);
	cr_expect_eq(kept_of(json_pack("[o]", rsa_jwk(rsa, "a", "PS256")), rs256), 0, "not allowed here");
	cr_expect_eq(kept_of(json_pack("[o]", rsa_jwk(small, "a", "RS256")), all), 0, "1024 bits");
	cr_expect_eq(kept_of(json_pack("[o]", ec_jwk(ec, "a", "P-256")), all), 1, "has one algorithm only");
	cr_expect_eq(kept_of(json_pack("[o]", ec_jwk(other_curve, "a", "P-384")), all), 0);
	cr_expect_eq(kept_of(json_pack("[o]", ec_jwk(other_curve, "a", "P-256")), all), 0, "numbers of another curve");
	cr_expect_eq(kept_of(json_pack("[o]", ec_jwk(ec, "a", "P-384")), all), 0, "the name of another curve");
	cr_expect_eq(kept_of(json_pack("[o]", with(rsa_jwk(rsa, "a", "RS256"), "kty", json_string("oct"))), all), 0);
	cr_expect_eq(kept_of(json_pack("[o]", with(rsa_jwk(rsa, "a", "RS256"), "use", json_string("enc"))), all), 0);
	cr_expect_eq(kept_of(json_pack("[o]", with(rsa_jwk(rsa, "a", "RS256"), "key_ops", json_pack("[s]", "sign"))),
			     all),
		     0);
	cr_expect_eq(kept_of(json_pack("[o]", with(rsa_jwk(rsa, "a", "RS256"), "key_ops", json_pack("[s]", "verify"))),
			     all),
		     1);
	cr_expect_eq(kept_of(json_pack("[o]", with(rsa_jwk(rsa, "a", "RS256"), "d", json_string("AQAB"))), all), 0,
		     "a key that was published whole is everybody's");
	cr_expect_eq(kept_of(json_pack("[o]", with(rsa_jwk(rsa, "a", "RS256"), "e", json_string("AQAAAAAAAAAB"))), all),
		     0);
	cr_expect_eq(kept_of(json_pack("[o]", with(rsa_jwk(rsa, "a", "RS256"), "kid", json_null())), all), 0);
	cr_expect_eq(kept_of(json_pack("[o, o, o]", rsa_jwk(rsa, "a", "RS256"), rsa_jwk(pss, "a", "RS256"),
				       rsa_jwk(pss, "b", "RS256")),
			     all),
		     1, "two of one name choose neither");
	cr_expect_eq(kept_of(json_array(), all), 0);
	cr_expect_eq(kept_of(json_string("x"), all), 0);
	EVP_PKEY_free(small);
	EVP_PKEY_free(other_curve);
}

Test(gateway_signed_token, reads_lists_of_algorithms)
{
	cr_expect_eq(signature_algs_read(SLICE_LITERAL("RS256")), 1U << ALG_RS256);
	cr_expect_eq(signature_algs_read(SLICE_LITERAL("RS256,PS256,ES256")), RULES.algs);
	static const char *const BAD[] = { "",	     "none",	    "HS256",	    "RS256,",
					   ",RS256", "RS256,RS256", "RS256, ES256", "rs256" };

	for (size_t i = 0; i < ARRAY_LEN(BAD); i++)
		cr_expect_eq(signature_algs_read(slice_of(BAD[i])), 0, "%s", BAD[i]);
}

static void *give_nothing(size_t bytes)
{
	(void)bytes;
	return NULL;
}

/* Each its own words: a supplier's library sends a BOM or UTF-16 without being asked. */
Test(gateway_signed_token, json_that_is_refused_says_why)
{
	static const struct {
		struct slice text;
		const char *says;
	} ROWS[] = {
		{ SLICE_LITERAL(""), "leeg" },
		{ SLICE_LITERAL("\xef\xbb\xbf{\"a\":1}"), "BOM" },
		{ SLICE_LITERAL("\xff\xfe{\0}\0"), "UTF-16" },
		{ SLICE_LITERAL("\xfe\xff\0{\0}"), "UTF-16" },
		{ SLICE_LITERAL("{\0}\0"), "UTF-16" },
		{ SLICE_LITERAL("\0{\0}"), "UTF-16" },
		{ SLICE_LITERAL("\0\0\0{"), "UTF-32" },
		{ SLICE_LITERAL("{\"a\":\"\xe9\"}"), "geen UTF-8: byte 7" },
		{ SLICE_LITERAL("{\"a\":[[[1]]]}"), "dieper dan 2" },
		{ SLICE_LITERAL("{\"a\":1,\n\"a\":1}"), "dubbel in hetzelfde object (regel 2)" },
		{ SLICE_LITERAL("{\"a\":1}\n{}"), "achter het JSON-object staat nog iets (regel 2)" },
		{ SLICE_LITERAL("{\"a\":1}]"), "staat nog iets" },
		{ SLICE_LITERAL("{\"a\":"), "breekt af" },
		{ SLICE_LITERAL("{\"a\":\"b"), "breekt af" },
		{ SLICE_LITERAL("{\"a\":\"\\u0000\"}"), "teken nul" },
		{ SLICE_LITERAL("{\"\\u0000\":1}"), "teken nul" },
		{ SLICE_LITERAL("{\"a\":99999999999999999999}"), "te groot" },
		{ SLICE_LITERAL("a=1"), "dit is geen JSON (regel 1)" },
		{ SLICE_LITERAL("{'a':1}"), "dit is geen JSON (regel 1)" },
		{ SLICE_LITERAL("[1]"), "geen object" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		char fault[JSON_FAULT_BYTES];
		struct json_t *json = NULL;

		cr_expect_eq(strict_json_read(ROWS[i].text, 2, &json), -ERR_DATA, "row %zu", i);
		strict_json_fault(ROWS[i].text, 2, fault);
		cr_expect(strstr(fault, ROWS[i].says), "row %zu wants %s: %s", i, ROWS[i].says, fault);
	}
}

/* 503 and not 401: nobody is sent away for a shortage of ours. */
Test(gateway_signed_token, json_without_memory_is_not_wrong)
{
	struct json_t *json = NULL;

	json_set_alloc_funcs(give_nothing, free);
	cr_expect_eq(strict_json_read(SLICE_LITERAL("{\"a\":1}"), 4, &json), -ERR_RETRY);
	json_set_alloc_funcs(malloc, free);
	cr_expect_eq(strict_json_read(SLICE_LITERAL("{\"a\":"), 4, &json), -ERR_DATA);
	cr_expect_eq(strict_json_read(SLICE_LITERAL("{\"a\":1}"), 4, &json), 0);
	json_decref(json);
}
