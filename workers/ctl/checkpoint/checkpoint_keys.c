#include "ctl/checkpoint/checkpoint_keys.h"

#include "base/num.h"
#include "base/plain_file.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

enum { NONCE_BYTES = 12, FRAME_AT = 4, PUBLIC_BYTES = 32, PEM_BYTES_MAX = 8192 };

static const char PUBLIC[] = "checkpoint.public.key.file";

/* ---- which keys there are ---- */

/* No terminal is asked for the password of a key. */
static int no_password(char *buf, int bytes, int is_writing, void *self)
{
	(void)buf, (void)bytes, (void)is_writing, (void)self;
	return 0;
}

static int check_kind(const char *setting, EVP_PKEY *key, struct err *err)
{
	if (key && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519)
		return 0;
	return err_set(err, ERR_CONFIG, setting, "%s holds no Ed25519 key in PEM", setting);
}

static int read_sign_key(const struct secret *file, struct checkpoint_keys *keys, struct err *err)
{
	static const char SETTING[] = "checkpoint.sign.key.file";

	if (file->bytes.n == 0)
		return 0;
	BIO *bio = BIO_new_mem_buf(file->bytes.p, (int)file->bytes.n);

	keys->sign = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	BIO_free(bio);
	return check_kind(SETTING, keys->sign, err);
}

static bool public_half(EVP_PKEY *key, uint8_t ret[PUBLIC_BYTES])
{
	size_t n = PUBLIC_BYTES;

	return EVP_PKEY_get_raw_public_key(key, ret, &n) == 1 && n == PUBLIC_BYTES;
}

static int add_prover(struct checkpoint_keys *keys, EVP_PKEY *key, struct err *err)
{
	struct checkpoint_prover *prover = &keys->provers[keys->prover_count];
	uint8_t public[PUBLIC_BYTES], sha256[32];

	if (keys->prover_count == CHECKPOINT_PROVERS_MAX || !public_half(key, public)) {
		EVP_PKEY_free(key);
		return err_set(err, ERR_CONFIG, PUBLIC, "%s holds more than %d keys, or one that cannot be used",
			       PUBLIC, CHECKPOINT_PROVERS_MAX);
	}
	sha256_of(slice_make(public, sizeof public), sha256);
	prover->key = key;
	memcpy(prover->signer, sha256, sizeof prover->signer);
	keys->prover_count++;
	return 0;
}

static int read_public_keys(const char *path, struct checkpoint_keys *keys, struct err *err)
{
	char text[PEM_BYTES_MAX];
	FILE *file = NULL;

	if (!path[0])
		return 0;
	int rc = plain_file_open(path, &file, err);

	if (rc != 0) {
		err_prefix(err, path);
		return rc;
	}
	size_t n = fread(text, 1, sizeof text, file);

	fclose(file);
	if (n <= 1) /* an empty line, which service managers put in the place of a file that is not there */
		return 0;
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;

	rc = check_kind(PUBLIC, key, err);
	for (; rc == 0 && key; key = rc == 0 ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL) {
		rc = check_kind(PUBLIC, key, err);
		if (rc == 0)
			rc = add_prover(keys, key, err);
		else
			EVP_PKEY_free(key);
	}
	BIO_free(bio);
	return rc;
}

/* What is signed from now on must be proved by one of them. */
static int pair(struct checkpoint_keys *keys, struct err *err)
{
	uint8_t made[PUBLIC_BYTES], sha256[32];

	if (!keys->sign)
		return 0;
	if (!public_half(keys->sign, made))
		return err_set(err, ERR_FATAL, "crypto", "the public half of checkpoint.sign.key.file cannot be made");
	sha256_of(slice_make(made, sizeof made), sha256);
	memcpy(keys->signer, sha256, sizeof keys->signer);
	if (keys->prover_count > 0)
		return checkpoint_prover_of(keys, sha256)
			       ? 0
			       : err_set(err, ERR_CONFIG, PUBLIC,
					 "%s does not hold the public half of checkpoint.sign.key.file", PUBLIC);
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, made, sizeof made);

	return key ? add_prover(keys, key, err) : err_set(err, ERR_FATAL, "memory", "no memory for a key");
}

static int add_cipher(struct checkpoint_keys *keys, const struct secret *file, const char *setting, struct err *err)
{
	struct checkpoint_cipher *cipher = &keys->ciphers[keys->cipher_count];
	uint8_t mac[32];

	if (file->bytes.n == 0)
		return 0;
	if (file->bytes.n < HMAC_KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, setting, "%s holds %zu bytes, and needs %d", setting, file->bytes.n,
			       HMAC_KEY_BYTES_MIN);
	hmac_key_init(&cipher->key, file->bytes);
	hmac_key_mac(&cipher->key, SLICE_LITERAL("checkpoint-id/v1"), mac);
	memcpy(cipher->id, mac, sizeof cipher->id);
	keys->cipher_count++;
	return 0;
}

int checkpoint_keys_read(const struct ctl_config *config, struct checkpoint_keys *ret, struct err *err)
{
	*ret = (struct checkpoint_keys){ 0 };
	int rc = add_cipher(ret, &config->checkpoint_key, "checkpoint.key.file", err);

	if (rc == 0)
		rc = add_cipher(ret, &config->checkpoint_old_key, "checkpoint.key.old.file", err);
	if (rc == 0)
		rc = read_sign_key(&config->checkpoint_sign_key, ret, err);
	if (rc == 0)
		rc = read_public_keys(config->checkpoint_public_key_file, ret, err);
	return rc == 0 ? pair(ret, err) : rc;
}

void checkpoint_keys_release(struct checkpoint_keys *keys)
{
	EVP_PKEY_free(keys->sign);
	for (size_t i = 0; i < keys->prover_count; i++)
		EVP_PKEY_free(keys->provers[i].key);
	explicit_bzero(keys, sizeof *keys);
}

int checkpoint_keys_need_cipher(const struct checkpoint_keys *keys, struct err *err)
{
	return keys->cipher_count > 0
		       ? 0
		       : err_set(err, ERR_CONFIG, "checkpoint.key.file",
				 "a checkpoint is sealed with the key of checkpoint.key.file, which is not "
				 "set");
}

int checkpoint_keys_need_proof(const struct checkpoint_keys *keys, struct err *err)
{
	return keys->prover_count > 0
		       ? 0
		       : err_set(err, ERR_CONFIG, "checkpoint.public.key.file",
				 "a checkpoint is proved with checkpoint.public.key.file, which is not set");
}

int checkpoint_keys_need_signature(const struct checkpoint_keys *keys, struct err *err)
{
	return keys->sign ? 0
			  : err_set(err, ERR_CONFIG, "checkpoint.sign.key.file",
				    "a checkpoint is signed with checkpoint.sign.key.file, which is not set");
}

/* ---- signature ---- */

int checkpoint_sign(const struct checkpoint_keys *keys, struct slice text, uint8_t ret[SIGNATURE_BYTES],
		    struct err *err)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	size_t n = SIGNATURE_BYTES;
	bool is_made = digest && EVP_DigestSignInit(digest, NULL, NULL, NULL, keys->sign) == 1 &&
		       EVP_DigestSign(digest, ret, &n, (const unsigned char *)text.p, text.n) == 1;

	EVP_MD_CTX_free(digest);
	return is_made && n == SIGNATURE_BYTES ? 0 : err_set(err, ERR_FATAL, "crypto", "a manifest cannot be signed");
}

const struct checkpoint_prover *checkpoint_prover_of(const struct checkpoint_keys *keys,
						     const uint8_t signer[SIGNER_BYTES])
{
	for (size_t i = 0; i < keys->prover_count; i++)
		if (memcmp(keys->provers[i].signer, signer, SIGNER_BYTES) == 0)
			return &keys->provers[i];
	return NULL;
}

bool checkpoint_is_signed(const struct checkpoint_prover *prover, struct slice text,
			  const uint8_t signature[SIGNATURE_BYTES])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool is_signed = digest && EVP_DigestVerifyInit(digest, NULL, NULL, NULL, prover->key) == 1 &&
			 EVP_DigestVerify(digest, signature, SIGNATURE_BYTES, (const unsigned char *)text.p, text.n) ==
				 1;

	EVP_MD_CTX_free(digest);
	return is_signed;
}

/* ---- seal ---- */

const struct checkpoint_cipher *checkpoint_cipher_of(const struct checkpoint_keys *keys,
						     const uint8_t id[CIPHER_ID_BYTES])
{
	for (size_t i = 0; i < keys->cipher_count; i++)
		if (memcmp(keys->ciphers[i].id, id, CIPHER_ID_BYTES) == 0)
			return &keys->ciphers[i];
	return NULL;
}

void checkpoint_file_key(const struct checkpoint_cipher *cipher, const uint8_t file_id[FILE_ID_BYTES],
			 uint8_t ret[SEAL_KEY_BYTES])
{
	hmac_key_mac_of(&cipher->key, SLICE_LITERAL("checkpoint/v1\n"), slice_make(file_id, FILE_ID_BYTES), ret);
}

static void make_nonce(uint64_t frame, uint8_t ret[NONCE_BYTES])
{
	memset(ret, 0, NONCE_BYTES);
	num_put_be64(ret + FRAME_AT, frame);
}

int checkpoint_seal(const uint8_t key[SEAL_KEY_BYTES], uint64_t frame, struct slice place, struct slice text,
		    uint8_t *ret, struct err *err)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	uint8_t nonce[NONCE_BYTES];
	int n = 0, last = 0;

	make_nonce(frame, nonce);
	bool is_made = cipher && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
		       EVP_EncryptUpdate(cipher, NULL, &n, (const uint8_t *)place.p, (int)place.n) == 1 &&
		       EVP_EncryptUpdate(cipher, ret, &n, (const uint8_t *)text.p, (int)text.n) == 1 &&
		       EVP_EncryptFinal_ex(cipher, ret + n, &last) == 1 &&
		       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, SEAL_BYTES, ret + text.n) == 1;

	EVP_CIPHER_CTX_free(cipher);
	return is_made ? 0 : err_set(err, ERR_FATAL, "crypto", "a board's state cannot be sealed");
}

int checkpoint_open(const uint8_t key[SEAL_KEY_BYTES], uint64_t frame, struct slice place, struct slice sealed,
		    uint8_t *ret, bool *ret_is_sound, struct err *err)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	size_t text_bytes = sealed.n - SEAL_BYTES;
	uint8_t nonce[NONCE_BYTES], tag[SEAL_BYTES];
	int n = 0, last = 0;

	make_nonce(frame, nonce);
	memcpy(tag, sealed.p + text_bytes, sizeof tag);
	bool is_begun = cipher && EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
			EVP_DecryptUpdate(cipher, NULL, &n, (const uint8_t *)place.p, (int)place.n) == 1 &&
			EVP_DecryptUpdate(cipher, ret, &n, (const uint8_t *)sealed.p, (int)text_bytes) == 1 &&
			EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, SEAL_BYTES, tag) == 1;

	*ret_is_sound = is_begun && EVP_DecryptFinal_ex(cipher, ret + n, &last) == 1;
	EVP_CIPHER_CTX_free(cipher);
	return is_begun ? 0 : err_set(err, ERR_FATAL, "crypto", "a board's state cannot be opened");
}
