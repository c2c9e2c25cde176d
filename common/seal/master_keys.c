#include "seal/master_keys.h"

#include "seal/seal_internal.h"

#include "base/num.h"
#include "base/random.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#define ID_WORDS   "instroom master key id/v1"
#define WRAP_WORDS "instroom day key/v1"

enum { MAC_BYTES = 32 };

static void make_id(struct master_key *key)
{
	uint8_t mac[MAC_BYTES] = { 0 };
	unsigned n = sizeof mac;

	HMAC(EVP_sha256(), key->bytes, sizeof key->bytes, (const uint8_t *)ID_WORDS, sizeof ID_WORDS - 1, mac, &n);
	memcpy(key->id, mac, sizeof key->id);
}

static struct slice cut_line(struct slice *rest)
{
	const char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	struct slice line = slice_cut(rest, end ? (size_t)(end - rest->p) : rest->n);

	if (end)
		(void)slice_cut(rest, 1);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return slice_trim(line);
}

static int parse_lines(struct slice text, struct master_keys *ret, struct err *err)
{
	for (size_t number = 1; text.n > 0; number++) {
		struct slice line = cut_line(&text);

		if (slice_is_empty(line) || line.p[0] == '#')
			continue;
		if (ret->count == MASTER_KEYS_MAX)
			return err_set(err, ERR_CONFIG, "encrypt.key.file", "encrypt.key.file holds more than %d keys",
				       MASTER_KEYS_MAX);
		struct master_key *key = &ret->items[ret->count++];

		if (!num_from_hex(line, key->bytes, sizeof key->bytes))
			return err_set(err, ERR_CONFIG, "encrypt.key.file",
				       "encrypt.key.file: line %zu is no key of %d hex digits", number,
				       2 * MASTER_KEY_BYTES);
		make_id(key);
	}
	if (ret->count == 0)
		return err_set(err, ERR_CONFIG, "encrypt.key.file", "encrypt.key.file holds no key");
	return 0;
}

int master_keys_parse(struct slice text, struct master_keys *ret, struct err *err)
{
	*ret = (struct master_keys){ 0 };
	int rc = parse_lines(text, ret, err);

	if (rc != 0)
		master_keys_wipe(ret);
	return rc;
}

void master_keys_wipe(struct master_keys *keys)
{
	OPENSSL_cleanse(keys, sizeof *keys);
	keys->count = 0;
}

const struct master_key *master_keys_newest(const struct master_keys *keys)
{
	return &keys->items[keys->count - 1];
}

const struct master_key *master_keys_find(const struct master_keys *keys, const uint8_t id[MASTER_KEY_ID_BYTES])
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->items[i].id, id, MASTER_KEY_ID_BYTES) == 0)
			return &keys->items[i];
	return NULL;
}

/* What a wrapped key is bound to. */
static bool bind(EVP_CIPHER_CTX *ctx, const struct master_key *master, const struct day_key_id *id)
{
	uint8_t bytes[DAY_KEY_ID_BYTES];
	int n;

	day_key_id_put(id, bytes);
	return EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)WRAP_WORDS, sizeof WRAP_WORDS - 1) == 1 &&
	       EVP_CipherUpdate(ctx, NULL, &n, bytes, sizeof bytes) == 1 &&
	       EVP_CipherUpdate(ctx, NULL, &n, master->id, sizeof master->id) == 1;
}

int master_key_wrap(const struct master_key *master, const uint8_t day_key[DAY_KEY_BYTES],
		    struct day_key_record *record, struct err *err)
{
	CLEANUP(drop_cipher) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *nonce = record->wrapped, *key = nonce + GCM_NONCE_BYTES, *tag = key + DAY_KEY_BYTES;
	int n, rc = random_fill(nonce, GCM_NONCE_BYTES, err);

	if (rc != 0)
		return rc;
	memcpy(record->master_id, master->id, sizeof record->master_id);
	if (ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, master->bytes, nonce) == 1 &&
	    bind(ctx, master, &record->id) && EVP_EncryptUpdate(ctx, key, &n, day_key, DAY_KEY_BYTES) == 1 &&
	    EVP_EncryptFinal_ex(ctx, key + n, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, GCM_TAG_BYTES, tag) == 1)
		return 0;
	return err_set(err, ERR_FATAL, "cipher", "AES-256-GCM does not work: is OpenSSL whole?");
}

int master_key_unwrap(const struct master_key *master, const struct day_key_record *record, uint8_t ret[DAY_KEY_BYTES],
		      struct err *err)
{
	CLEANUP(drop_cipher) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const uint8_t *nonce = record->wrapped, *key = nonce + GCM_NONCE_BYTES;
	uint8_t tag[GCM_TAG_BYTES];
	int n;

	memcpy(tag, key + DAY_KEY_BYTES, sizeof tag);
	if (ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, master->bytes, nonce) == 1 &&
	    bind(ctx, master, &record->id) && EVP_DecryptUpdate(ctx, ret, &n, key, DAY_KEY_BYTES) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, GCM_TAG_BYTES, tag) == 1 &&
	    EVP_DecryptFinal_ex(ctx, ret + n, &n) == 1)
		return 0;
	OPENSSL_cleanse(ret, DAY_KEY_BYTES);
	return err_set(err, ERR_DATA, "day_key", "a day key does not unwrap: it was changed");
}
