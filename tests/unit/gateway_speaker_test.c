/* What a proof makes of its sender. Which proofs are believed: gateway_signed_token_test.c,
 * gateway_client_certificate_test.c. */
#include "gateway/speaker.h"

#include "gateway/services.h"
#include "http/http_server.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <time.h>
#include <unistd.h>

#define KVK  "\"sub_id_type\":\"urn:etoegang:1.9:EntityConcernedID:KvKnr\",\"iss\":\"https://chain.example\""
#define RSIN "\"sub_id_type\":\"urn:etoegang:1.9:EntityConcernedID:RSIN\",\"iss\":\"https://chain.example\""

static json_t *key;
static struct services services;

static void set_up(void)
{
	char path[] = "/tmp/instroom-keys-XXXXXX";
	int fd = mkstemp(path);
	struct err err = { 0 };

	key = json_pack("{s:s, s:s, s:s}", "alg", "ES256", "kid", "a", "use", "sig");
	cr_assert(fd >= 0 && jose_jwk_gen(NULL, key));
	json_t *public = json_deep_copy(key);

	json_object_del(public, "d");
	json_object_del(public, "key_ops");
	json_t *document = json_pack("{s:[o]}", "keys", public);

	cr_assert_eq(json_dumpfd(document, fd, 0), 0);
	json_decref(document);
	close(fd);
	const struct issuer_keys_options options = { .file = path, .url = "", .ca_file = "", .algs = 1 << ALG_ES256 };

	cr_assert_eq(issuer_keys_open(&options, &services.issuer_keys, &err), 0, "%s", err.text);
	unlink(path);
	services.signed_token_rules = (struct signed_token_rules){ .issuer = "https://issuer.example",
								   .audience = "https://instroom.example",
								   .types = "at+jwt",
								   .levels = "",
								   .algs = 1 << ALG_ES256 };
}

static void tear_down(void)
{
	issuer_keys_close(services.issuer_keys);
	json_decref(key);
}

/* who: members of the content. */
static void write_token(const char *who, char *out, size_t bytes_max)
{
	char content[2048];
	int n = snprintf(content, sizeof content,
			 "{\"iss\":\"https://issuer.example\",\"aud\":\"https://instroom.example\",\"exp\":%lld,%s}",
			 (long long)time(NULL) + 300, who);
	json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc(content, (size_t)n));
	json_t *how = json_pack("{s:{s:s, s:s, s:s}}", "protected", "typ", "at+jwt", "alg", "ES256", "kid", "a");

	json_object_del(key, "key_ops");
	cr_assert(jose_jws_sig(NULL, jws, how, key));
	snprintf(out, bytes_max, "%s.%s.%s", json_string_value(json_object_get(jws, "protected")),
		 json_string_value(json_object_get(jws, "payload")),
		 json_string_value(json_object_get(jws, "signature")));
	json_decref(how);
	json_decref(jws);
}

static enum access_answer identify(const char *scheme, const char *token, struct speaker *ret)
{
	static char value[8192];
	struct http_request http = { .peer = "127.0.0.1" };
	struct request request = { .services = &services, .http = &http };

	snprintf(value, sizeof value, "%s%s", scheme, token);
	http.head.headers[0] = (struct http_header){ SLICE_LITERAL("Authorization"), slice_of(value) };
	http.head.header_count = 1;
	return speaker_identify(&request, 20270115, ret);
}

static enum access_answer identify_who(const char *who, struct speaker *ret)
{
	char token[4096];

	write_token(who, token, sizeof token);
	return identify("Bearer ", token, ret);
}

static void expect_number(const struct party_number *number, const char *text)
{
	char found[PARTY_NUMBER_TEXT_BYTES];

	party_number_write(number, found);
	cr_expect_str_eq(found, text);
}

Test(gateway_speaker, the_deepest_is_the_party_and_those_before_it_the_chain, .init = set_up, .fini = tear_down)
{
	struct speaker speaker;

	cr_assert_eq(identify_who("\"sub\":\"p\",\"represents\":{\"sub\":\"01234567\"," KVK "}", &speaker),
		     ACCESS_GOOD);
	cr_expect(speaker.kind == SPEAKER_PARTY && speaker.number_count == 1 && speaker.chain_count == 0);
	expect_number(&speaker.numbers[0], "KVK:01234567");
	cr_assert_eq(identify_who("\"sub\":\"p\",\"represents\":{\"sub\":\"01234567\"," KVK
				  ",\"represents\":{\"sub\":\"123456789\"," RSIN
				  ",\"represents\":{\"sub\":\"76543210\"," KVK "}}}",
				  &speaker),
		     ACCESS_GOOD);
	cr_expect(speaker.number_count == 1 && speaker.chain_count == 2);
	expect_number(&speaker.numbers[0], "KVK:76543210");
	expect_number(&speaker.chain[0], "KVK:01234567");
	expect_number(&speaker.chain[1], "RSIN:123456789");
}

Test(gateway_speaker, a_person_for_himself_has_no_number, .init = set_up, .fini = tear_down)
{
	struct speaker speaker;

	cr_assert_eq(identify_who("\"sub\":\"p\"", &speaker), ACCESS_GOOD);
	cr_expect(speaker.kind == SPEAKER_PARTY && speaker.number_count == 0 && speaker.chain_count == 0);
}

Test(gateway_speaker, the_reference_finds_a_person_again_and_does_not_name_him, .init = set_up, .fini = tear_down)
{
	struct speaker one, again, other;

	cr_assert_eq(identify_who("\"sub\":\"somebody\"", &one), ACCESS_GOOD);
	cr_assert_eq(identify_who("\"sub\":\"somebody\",\"represents\":{\"sub\":\"01234567\"," KVK "}", &again),
		     ACCESS_GOOD);
	cr_assert_eq(identify_who("\"sub\":\"somebody-else\"", &other), ACCESS_GOOD);
	cr_expect(one.id == again.id && one.id != other.id);
	cr_expect_str_eq(one.reference, again.reference);
	cr_expect_str_neq(one.reference, other.reference);
	cr_expect(strncmp(one.reference, "jwt:", 4) == 0 && strlen(one.reference) == 4 + 16, "%s", one.reference);
	cr_expect_null(strstr(one.reference, "somebody"));
}

Test(gateway_speaker, says_why_a_proof_is_not_believed, .init = set_up, .fini = tear_down)
{
	struct speaker speaker;

	cr_expect_eq(identify_who("\"sub\":\"p\",\"represents\":{}", &speaker), ACCESS_UNKNOWN);
	cr_expect_str_eq(speaker.refusal.reason, "represents");
	cr_expect(speaker.kind == 0 && speaker.number_count == 0);
	cr_expect_eq(identify_who("\"sub\":\"p\",\"nbf\":4102444800", &speaker), ACCESS_UNKNOWN);
	cr_expect_str_eq(speaker.refusal.reason, "early");
	cr_expect_eq(identify("Basic ", "a.b.c", &speaker), ACCESS_MISSING);
	cr_expect_null(speaker.refusal.reason);
	cr_expect_eq(identify("Bearer ", "a.b.c", &speaker), ACCESS_UNKNOWN);
	cr_expect_str_eq(speaker.refusal.reason, "form");
}
