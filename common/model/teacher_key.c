/* The low-level SHA256_* functions of libcrypto are deprecated since 3.0, and used here on purpose. Measured with
 * OpenSSL 3.0 on one core with SHA-NI, for the key of one teacher: 136 ns here, 270 ns for EVP_MAC with a context that
 * is set back each time, 650 ns with one that is duplicated, 1500 ns for HMAC(). A national night needs half a million.
 * They stay in libcrypto as long as its major version is 3; a later one means EVP_MAC in this file only. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "model/teacher_key.h"

#include "base/num.h"

#include <openssl/sha.h>

enum { HMAC_INNER_PAD = 0x36, HMAC_OUTER_PAD = 0x5c, DOMAIN_BYTES_MAX = 32 };

/* What struct hmac_key keeps in state: SHA-256 after the block of key and pad (RFC 2104). */
struct key_state {
	SHA256_CTX inner;
	SHA256_CTX outer;
};

_Static_assert(sizeof(struct key_state) <= sizeof(((struct hmac_key *)NULL)->state), "the states fit the opaque bytes");

static void start_state(SHA256_CTX *state, const uint8_t block[SHA256_CBLOCK], uint8_t pad)
{
	uint8_t padded[SHA256_CBLOCK];

	for (size_t i = 0; i < sizeof padded; i++)
		padded[i] = block[i] ^ pad;
	SHA256_Init(state);
	SHA256_Update(state, padded, sizeof padded);
	explicit_bzero(padded, sizeof padded);
}

static void mac_of(const struct hmac_key *key, struct slice domain, struct slice text,
		   uint8_t mac[SHA256_DIGEST_LENGTH])
{
	struct key_state state;

	memcpy(&state, key->state, sizeof state);
	SHA256_Update(&state.inner, domain.p, domain.n);
	if (text.n > 0)
		SHA256_Update(&state.inner, text.p, text.n);
	SHA256_Final(mac, &state.inner);
	SHA256_Update(&state.outer, mac, SHA256_DIGEST_LENGTH);
	SHA256_Final(mac, &state.outer);
}

/* The MAC over word LF board LF bsn; the board as its five digits (a number that is none keeps all of its digits). */
static void mac_of_person(const struct hmac_key *key, const char *word, uint32_t board, struct slice bsn,
			  uint8_t mac[SHA256_DIGEST_LENGTH])
{
	char domain[DOMAIN_BYTES_MAX];
	char *end = stpcpy(domain, word);

	*end++ = '\n';
	for (uint32_t unit = board < 100000 ? 10000 : 1000000000; unit > 0; unit /= 10)
		*end++ = (char)('0' + board / unit % 10);
	*end++ = '\n';
	mac_of(key, slice_make(domain, (size_t)(end - domain)), bsn, mac);
}

void hmac_key_init(struct hmac_key *key, struct slice bytes)
{
	uint8_t block[SHA256_CBLOCK] = { 0 }, mac[SHA256_DIGEST_LENGTH];
	struct key_state state;

	*key = (struct hmac_key){ 0 };
	if (bytes.n > sizeof block)
		sha256_of(bytes, block);
	else if (bytes.n > 0)
		memcpy(block, bytes.p, bytes.n);
	start_state(&state.inner, block, HMAC_INNER_PAD);
	start_state(&state.outer, block, HMAC_OUTER_PAD);
	memcpy(key->state, &state, sizeof state);
	explicit_bzero(&state, sizeof state);
	explicit_bzero(block, sizeof block);
	mac_of(key, SLICE_LITERAL("key-id/v1"), (struct slice){ 0 }, mac);
	key->id = num_get_be32(mac);
}

void hmac_key_teacher(const struct hmac_key *key, uint32_t board, struct slice bsn, uint8_t out[TEACHER_KEY_BYTES])
{
	uint8_t mac[SHA256_DIGEST_LENGTH];

	mac_of_person(key, "teacher/v1", board, bsn, mac);
	memcpy(out, mac, TEACHER_KEY_BYTES);
}

void hmac_key_content(const struct hmac_key *key, struct slice content, uint8_t out[CONTENT_HASH_BYTES])
{
	uint8_t mac[SHA256_DIGEST_LENGTH];

	mac_of(key, SLICE_LITERAL("content/v1\n"), content, mac);
	memcpy(out, mac, CONTENT_HASH_BYTES);
}

void hmac_key_pseudonym(const struct hmac_key *stand_key, uint32_t board, struct slice bsn, char out_hex[32])
{
	uint8_t mac[SHA256_DIGEST_LENGTH];

	mac_of_person(stand_key, "stand", board, bsn, mac);
	num_to_hex(mac, 16, out_hex);
}

void hmac_key_mac(const struct hmac_key *key, struct slice text, uint8_t out[32])
{
	mac_of(key, text, (struct slice){ 0 }, out);
}

void hmac_key_mac_of(const struct hmac_key *key, struct slice words, struct slice bytes, uint8_t out[32])
{
	mac_of(key, words, bytes, out);
}

void sha256_of(struct slice bytes, uint8_t out[32])
{
	SHA256_CTX state;

	SHA256_Init(&state);
	if (bytes.n > 0)
		SHA256_Update(&state, bytes.p, bytes.n);
	SHA256_Final(out, &state);
}
