#include "gateway/key_set.h"

#include "gateway/base64url.h"
#include "gateway/strict_json.h"

#include <jansson.h>

enum {
	DEPTH_MAX = 8,
	RSA_BYTES_MIN = 2048 / 8,
	RSA_BYTES_MAX = 8192 / 8,
	EXPONENT_BYTES_MAX = 4, /* larger ones only make each check slow */
	P256_BYTES = 32,
	NUMBER_TEXT_MAX = RSA_BYTES_MAX / 3 * 4 + 8,
};

struct key_set {
	struct signing_key keys[KEY_SET_KEYS_MAX];
	size_t count, skipped;
	uint64_t serial;
};

static const char *const ALG_NAMES[SIGNATURE_ALGS] = { "RS256", "PS256", "ES256" };

const char *signature_alg_name(enum signature_alg alg)
{
	return ALG_NAMES[alg];
}

enum signature_alg signature_alg_find(struct slice name)
{
	unsigned alg = 0;

	while (alg < SIGNATURE_ALGS && !slice_equal_text(name, ALG_NAMES[alg]))
		alg++;
	return (enum signature_alg)alg;
}

unsigned signature_algs_read(struct slice list)
{
	unsigned algs = 0;

	for (bool is_last = false; !is_last;) {
		const char *comma = list.n > 0 ? memchr(list.p, ',', list.n) : NULL;
		struct slice word = slice_make(list.p, comma ? (size_t)(comma - list.p) : list.n);
		enum signature_alg alg = signature_alg_find(word);

		if (alg == SIGNATURE_ALGS || (algs & 1U << alg))
			return 0;
		algs |= 1U << alg;
		is_last = !comma;
		list = slice_from(list, word.n + 1);
	}
	return algs;
}

/* ---- one key ---- */

/* Of the member, read as base64url; 0: absent or not so. Leading zero bytes do not count. */
static size_t number_bytes(const json_t *jwk, const char *name)
{
	char bytes[NUMBER_TEXT_MAX];
	size_t n, zeros = 0;

	if (!base64url_read(strict_json_text(jwk, name, sizeof bytes), bytes, &n))
		return 0;
	while (zeros < n && bytes[zeros] == 0)
		zeros++;
	return n - zeros;
}

static size_t text_bytes(const json_t *jwk, const char *name)
{
	char bytes[NUMBER_TEXT_MAX];
	size_t n;

	return base64url_read(strict_json_text(jwk, name, sizeof bytes), bytes, &n) ? n : 0;
}

/* Whether the document says it is for signatures, or says nothing of it. */
static bool is_for_signatures(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use"), *operations = json_object_get(jwk, "key_ops"), *each;
	bool verifies = false;
	size_t i;

	if (use && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0))
		return false;
	json_array_foreach(operations, i, each)
		verifies = verifies || (json_is_string(each) && strcmp(json_string_value(each), "verify") == 0);
	return !operations || verifies;
}

/* The algorithms that the type of the key is made for; 0: a type that is not used here, like oct, which is a password
 * for both sides. */
static unsigned algs_of_type(const json_t *jwk)
{
	struct slice type = strict_json_text(jwk, "kty", 8);

	if (slice_equal_text(type, "RSA"))
		return 1U << ALG_RS256 | 1U << ALG_PS256;
	return slice_equal_text(type, "EC") && slice_equal_text(strict_json_text(jwk, "crv", 8), "P-256")
		       ? 1U << ALG_ES256
		       : 0;
}

/* SIGNATURE_ALGS: none, or it is not clear which. */
static enum signature_alg choose_alg(const json_t *jwk, unsigned allowed)
{
	unsigned algs = algs_of_type(jwk) & allowed;

	if (json_object_get(jwk, "alg")) {
		enum signature_alg named = signature_alg_find(strict_json_text(jwk, "alg", 8));

		return named != SIGNATURE_ALGS && (algs & 1U << named) ? named : SIGNATURE_ALGS;
	}
	for (unsigned alg = 0; alg < SIGNATURE_ALGS; alg++)
		if (algs == 1U << alg)
			return (enum signature_alg)alg;
	return SIGNATURE_ALGS;
}

static bool has_good_numbers(const json_t *jwk, enum signature_alg alg, size_t *ret_signature_bytes)
{
	if (alg == ALG_ES256) {
		*ret_signature_bytes = 2 * P256_BYTES;
		return text_bytes(jwk, "x") == P256_BYTES && text_bytes(jwk, "y") == P256_BYTES;
	}
	size_t modulus = number_bytes(jwk, "n"), exponent = number_bytes(jwk, "e");

	*ret_signature_bytes = modulus;
	return modulus >= RSA_BYTES_MIN && modulus <= RSA_BYTES_MAX && exponent > 0 && exponent <= EXPONENT_BYTES_MAX;
}

/* What is kept of the document: nothing but what a check needs. */
static json_t *bare_key(const json_t *jwk, enum signature_alg alg)
{
	const char *name = signature_alg_name(alg);

	if (alg == ALG_ES256)
		return json_pack("{s:s, s:s, s:s, s:O, s:O}", "kty", "EC", "crv", "P-256", "alg", name, "x",
				 json_object_get(jwk, "x"), "y", json_object_get(jwk, "y"));
	return json_pack("{s:s, s:s, s:O, s:O}", "kty", "RSA", "alg", name, "n", json_object_get(jwk, "n"), "e",
			 json_object_get(jwk, "e"));
}

/* false: it is not one that can be used. *ret owns its jwk, which is NULL without memory. */
static bool read_key(const json_t *jwk, unsigned allowed, struct signing_key *ret)
{
	struct slice id = strict_json_text(jwk, "kid", KEY_ID_BYTES_MAX);
	enum signature_alg alg = choose_alg(jwk, allowed);
	size_t signature_bytes;

	if (!id.p || alg == SIGNATURE_ALGS || json_object_get(jwk, "d") || !is_for_signatures(jwk) ||
	    !has_good_numbers(jwk, alg, &signature_bytes))
		return false;
	*ret = (struct signing_key){ .alg = alg, .signature_bytes = signature_bytes, .jwk = bare_key(jwk, alg) };
	memcpy(ret->id, id.p, id.n);
	return true;
}

/* ---- the set ---- */

/* A name that two keys of the document have chooses neither, whether the other can be used or not. */
static bool has_twin(const json_t *keys, size_t at)
{
	struct slice id = strict_json_text(json_array_get(keys, at), "kid", KEY_ID_BYTES_MAX);
	const json_t *each;
	size_t i;

	json_array_foreach(keys, i, each) if (i != at && slice_equal(strict_json_text(each, "kid", KEY_ID_BYTES_MAX),
								     id)) return true;
	return false;
}

static int read_keys(const json_t *keys, unsigned algs, struct key_set *set, struct err *err)
{
	const json_t *each;
	size_t i;

	if (!json_is_array(keys) || json_array_size(keys) > KEY_SET_KEYS_MAX)
		return err_set(err, ERR_DATA, "keys", "this is no JWKS of at most %d keys", KEY_SET_KEYS_MAX);
	json_array_foreach(keys, i, each)
	{
		struct signing_key *key = &set->keys[set->count];

		if (has_twin(keys, i) || !read_key(each, algs, key))
			set->skipped++;
		else if (!key->jwk)
			return err_set(err, ERR_RETRY, "memory", "no memory for the keys of the issuer");
		else
			set->count++;
	}
	if (set->count > 0)
		return 0;
	return err_set(err, ERR_DATA, "keys", "of %zu keys none can be used: kid, type or alg is not what it must be",
		       json_array_size(keys));
}

int key_set_read(struct slice document, unsigned algs, struct key_set **ret, struct err *err)
{
	static _Atomic uint64_t read_count; /* sets are read by the thread that asks the issuer, too */
	struct key_set *set = calloc(1, sizeof *set);
	json_t *json = NULL;
	int rc = document.n <= KEY_SET_BYTES_MAX ? strict_json_read(document, DEPTH_MAX, &json) : -ERR_DATA;

	if (!set || rc == -ERR_RETRY)
		rc = err_set(err, ERR_RETRY, "memory", "no memory for the keys of the issuer");
	else if (rc != 0)
		rc = err_set(err, ERR_DATA, "keys", "this is no JWKS: no JSON, a member twice, or too large");
	else
		rc = read_keys(json_object_get(json, "keys"), algs, set, err);
	json_decref(json);
	if (rc != 0) {
		key_set_free(set);
		return rc;
	}
	set->serial = ++read_count;
	*ret = set;
	return 0;
}

uint64_t key_set_serial(const struct key_set *set)
{
	return set ? set->serial : 0;
}

void key_set_free(struct key_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		json_decref(set->keys[i].jwk);
	free(set);
}

const struct signing_key *key_set_find(const struct key_set *set, struct slice id)
{
	for (size_t i = 0; set && i < set->count; i++)
		if (slice_equal_text(id, set->keys[i].id))
			return &set->keys[i];
	return NULL;
}

size_t key_set_count(const struct key_set *set)
{
	return set ? set->count : 0;
}

size_t key_set_skipped(const struct key_set *set)
{
	return set ? set->skipped : 0;
}
