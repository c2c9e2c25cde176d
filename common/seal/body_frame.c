#include "seal/body_frame.h"

#include "seal/seal_internal.h"

#include "base/num.h"
#include "base/random.h"

#include <lz4.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define KEY_WORDS   "instroom body/v1"
#define BOUND_NAMES "instroom-"

enum { MARKER_BYTES = 10, AT_COMPRESSION = 10, AT_ID = 11, AT_SALT = 23, AT_LENGTH = 55, SALT_BYTES = 32 };
enum { MAC_BYTES = 32, COMPRESSED_NOT = 0, COMPRESSED_LZ4 = 1 };

static void put_marker(uint8_t out[MARKER_BYTES])
{
	uint64_t schema = BODY_FRAME_SCHEMA;

	out[0] = 0xc3;
	out[1] = 0x01;
	for (size_t i = 2; i < MARKER_BYTES; i++, schema >>= 8)
		out[i] = (uint8_t)schema;
}

enum body_frame_kind body_frame_look(struct slice value, struct day_key_id *ret_id)
{
	uint8_t marker[MARKER_BYTES];

	put_marker(marker);
	if (value.n < sizeof marker || memcmp(value.p, marker, sizeof marker) != 0)
		return BODY_FRAME_NONE;
	if (value.n < BODY_FRAME_BYTES)
		return BODY_FRAME_BROKEN;
	*ret_id = day_key_id_get((const uint8_t *)value.p + AT_ID);
	return BODY_FRAME_SEALED;
}

/* ---- the key of one message ---- */

struct message_key {
	uint8_t key[DAY_KEY_BYTES];
	uint8_t nonce[MAC_BYTES]; /* the first GCM_NONCE_BYTES of them */
};

/* HKDF: extract, and two steps of expand. */
static bool derive(const uint8_t day_key[DAY_KEY_BYTES], const uint8_t head[BODY_FRAME_HEAD_BYTES],
		   struct message_key *ret)
{
	enum { WORDS_BYTES = sizeof KEY_WORDS - 1 };
	uint8_t prk[MAC_BYTES], text[MAC_BYTES + WORDS_BYTES + 1];
	unsigned n = sizeof prk;
	bool is_made = HMAC(EVP_sha256(), head + AT_SALT, SALT_BYTES, day_key, DAY_KEY_BYTES, prk, &n);

	memcpy(text + MAC_BYTES, KEY_WORDS, WORDS_BYTES);
	text[MAC_BYTES + WORDS_BYTES] = 1;
	is_made = is_made && HMAC(EVP_sha256(), prk, sizeof prk, text + MAC_BYTES, WORDS_BYTES + 1, ret->key, &n);
	if (is_made)
		memcpy(text, ret->key, MAC_BYTES);
	text[MAC_BYTES + WORDS_BYTES] = 2;
	is_made = is_made && HMAC(EVP_sha256(), prk, sizeof prk, text, sizeof text, ret->nonce, &n);
	OPENSSL_cleanse(prk, sizeof prk);
	OPENSSL_cleanse(text, sizeof text);
	return is_made;
}

/* ---- what it is bound to ---- */

static bool bind_bytes(EVP_CIPHER_CTX *ctx, struct slice bytes)
{
	uint8_t length[8];
	int n;

	num_put_be64(length, bytes.n);
	return EVP_CipherUpdate(ctx, NULL, &n, length, sizeof length) == 1 &&
	       (bytes.n == 0 || EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)bytes.p, (int)bytes.n) == 1);
}

static bool bind(EVP_CIPHER_CTX *ctx, const uint8_t head[BODY_FRAME_HEAD_BYTES], const struct body_place *place)
{
	bool is_bound = bind_bytes(ctx, slice_make(head, BODY_FRAME_HEAD_BYTES)) &&
			bind_bytes(ctx, slice_of(place->topic)) && bind_bytes(ctx, place->key);

	for (size_t i = 0; is_bound && i < place->header_count; i++) {
		struct slice name = slice_of(place->headers[i].name);

		if (slice_starts_with(name, BOUND_NAMES))
			is_bound = bind_bytes(ctx, name) && bind_bytes(ctx, place->headers[i].value);
	}
	return is_bound;
}

static EVP_CIPHER_CTX *begin(bool seals, const uint8_t day_key[DAY_KEY_BYTES],
			     const uint8_t head[BODY_FRAME_HEAD_BYTES], const struct body_place *place)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct message_key key;
	bool is_begun = ctx && derive(day_key, head, &key) &&
			EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key.key, key.nonce, seals) == 1 &&
			bind(ctx, head, place);

	OPENSSL_cleanse(&key, sizeof key);
	if (is_begun)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

/* ---- sealing ---- */

/* Behind the head: what is sealed, still clear. *ret_compression: how. */
static int add_content(struct slice plain, bool compresses, struct strbuf *out, uint8_t *ret_compression,
		       struct err *err)
{
	int bound = compresses && plain.n > 0 ? LZ4_compressBound((int)plain.n) : 0;
	size_t at = out->n;

	*ret_compression = COMPRESSED_NOT;
	if (!strbuf_reserve(out, MAX((size_t)bound, plain.n) + GCM_TAG_BYTES))
		return strbuf_check(out, "a sealed body", err);
	int n = bound > 0 ? LZ4_compress_default(plain.p, out->p + at, (int)plain.n, bound) : 0;

	if (n > 0 && (size_t)n < plain.n) {
		*ret_compression = COMPRESSED_LZ4;
		out->n += (size_t)n;
		return 0;
	}
	strbuf_add(out, plain);
	return 0;
}

int body_frame_seal(const struct day_key_id *id, const uint8_t key[DAY_KEY_BYTES], const struct body_place *place,
		    struct slice plain, bool compresses, struct strbuf *out, struct err *err)
{
	uint8_t head[BODY_FRAME_HEAD_BYTES], tag[GCM_TAG_BYTES];
	size_t start = out->n;
	int n = 0;

	if (plain.n > SEALED_BODY_BYTES_MAX)
		return err_set(err, ERR_FULL, "size", "%zu bytes are more than a sealed body may have", plain.n);
	put_marker(head);
	day_key_id_put(id, head + AT_ID);
	num_put_be32(head + AT_LENGTH, (uint32_t)plain.n);
	int rc = random_fill(head + AT_SALT, SALT_BYTES, err);

	strbuf_add_bytes(out, head, sizeof head);
	if (rc == 0)
		rc = strbuf_check(out, "a sealed body", err);
	if (rc == 0)
		rc = add_content(plain, compresses, out, &head[AT_COMPRESSION], err);
	if (rc != 0)
		return rc;
	uint8_t *content = (uint8_t *)out->p + start + sizeof head;
	size_t content_n = out->n - start - sizeof head;
	CLEANUP(drop_cipher) EVP_CIPHER_CTX *ctx = begin(true, key, head, place);

	out->p[start + AT_COMPRESSION] = (char)head[AT_COMPRESSION];
	if (!ctx || (content_n > 0 && EVP_EncryptUpdate(ctx, content, &n, content, (int)content_n) != 1) ||
	    EVP_EncryptFinal_ex(ctx, tag, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, sizeof tag, tag) != 1)
		return err_set(err, ERR_FATAL, "cipher", "AES-256-GCM does not work: is OpenSSL whole?");
	strbuf_add_bytes(out, tag, sizeof tag);
	return strbuf_check(out, "a sealed body", err);
}

/* ---- opening ---- */

static int fail_open(struct err *err)
{
	return err_set(err, ERR_DATA, "sealed", "a sealed body does not open: it was changed or moved here");
}

static int fail_memory(struct err *err)
{
	return err_set(err, ERR_RETRY, "memory", "no memory for the body of a message");
}

/* The content in a buffer of its own: nothing of it is shown before its tag is right. */
static int open_content(const uint8_t day_key[DAY_KEY_BYTES], const struct body_place *place, struct slice value,
			char *content, size_t content_n, struct err *err)
{
	const uint8_t *head = (const uint8_t *)value.p;
	CLEANUP(drop_cipher) EVP_CIPHER_CTX *ctx = begin(false, day_key, head, place);
	uint8_t tag[GCM_TAG_BYTES], last[GCM_TAG_BYTES];
	int n = 0;

	if (!ctx)
		return fail_memory(err);
	memcpy(tag, head + value.n - sizeof tag, sizeof tag);
	if ((content_n > 0 &&
	     EVP_DecryptUpdate(ctx, (uint8_t *)content, &n, head + BODY_FRAME_HEAD_BYTES, (int)content_n) != 1) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) != 1 ||
	    EVP_DecryptFinal_ex(ctx, last, &n) != 1)
		return fail_open(err);
	return 0;
}

/* Of opened content: nobody but who has the day key made these numbers, and yet none of them is believed. */
static int unpack(uint8_t compression, uint32_t length, char **content, size_t *n, struct err *err)
{
	if (compression == COMPRESSED_NOT)
		return length == *n ? 0 : fail_open(err);
	if (compression != COMPRESSED_LZ4)
		return fail_open(err);
	char *plain = malloc(MAX((size_t)length, (size_t)1));

	if (!plain)
		return fail_memory(err);
	int got = LZ4_decompress_safe(*content, plain, (int)*n, (int)length);

	if (got < 0 || (uint32_t)got != length) {
		free(plain);
		return fail_open(err);
	}
	free(*content);
	*content = plain;
	*n = length;
	return 0;
}

int body_frame_open(const uint8_t key[DAY_KEY_BYTES], const struct body_place *place, struct slice value, char **ret_p,
		    size_t *ret_n, struct err *err)
{
	const uint8_t *head = (const uint8_t *)value.p;
	size_t n = value.n - BODY_FRAME_BYTES;
	uint32_t length = num_get_be32(head + AT_LENGTH);

	if (n > SEALED_BODY_BYTES_MAX || length > SEALED_BODY_BYTES_MAX)
		return fail_open(err);
	char *content = malloc(MAX(n, (size_t)1));

	if (!content)
		return fail_memory(err);
	int rc = open_content(key, place, value, content, n, err);

	if (rc == 0)
		rc = unpack(head[AT_COMPRESSION], length, &content, &n, err);
	if (rc != 0) {
		free(content);
		return rc;
	}
	*ret_p = content;
	*ret_n = n;
	return 0;
}
