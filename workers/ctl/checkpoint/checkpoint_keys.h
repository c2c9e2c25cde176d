/* checkpoint_keys: how checkpoints are signed and sealed.
 *
 *   signature   Ed25519 over a manifest. Made with checkpoint.sign.key.file (PEM, PKCS#8), proved with
 *               checkpoint.public.key.file (PEM), or with the public half of the former. Who only proves needs no
 *               secret. The public file may hold keys of before behind the present one.
 *   seal        AES-256-GCM over the state of each board. The key of a file is HMAC(checkpoint.key.file,
 *               "checkpoint/v1" LF the file's 16 random bytes), its frames are counted in the nonce: no nonce is ever
 *               used twice under one key, and no frame opens in the place of another. checkpoint.key.old.file opens
 *               what was sealed before a rotation. */
#ifndef CTL_CHECKPOINT_KEYS_H
#define CTL_CHECKPOINT_KEYS_H

#include "base/err.h"
#include "base/slice.h"
#include "base/strbuf.h"
#include "ctl/base/ctl_config.h"
#include "model/teacher_key.h"

enum { SEAL_BYTES = 16, SEAL_KEY_BYTES = 32, SIGNATURE_BYTES = 64, SIGNER_BYTES = 16, FILE_ID_BYTES = 16 };
enum { CIPHER_ID_BYTES = 8, CHECKPOINT_PROVERS_MAX = 4 };

struct evp_pkey_st; /* of OpenSSL */

struct checkpoint_prover {
	struct evp_pkey_st *key;
	uint8_t signer[SIGNER_BYTES]; /* identifies it */
};

struct checkpoint_cipher {
	struct hmac_key key;
	uint8_t id[CIPHER_ID_BYTES]; /* identifies it without revealing it */
};

struct checkpoint_keys {
	struct checkpoint_cipher ciphers[2]; /* the present one first */
	size_t cipher_count;
	struct evp_pkey_st *sign;     /* NULL: not at hand */
	uint8_t signer[SIGNER_BYTES]; /* of it */
	struct checkpoint_prover provers[CHECKPOINT_PROVERS_MAX];
	size_t prover_count;
};

/* Those that are set. ERR_CONFIG: one is no key of its kind, or two do not belong together. To be released whatever
 * comes back. */
MUSTUSE int checkpoint_keys_read(const struct ctl_config *config, struct checkpoint_keys *ret, struct err *err);
void checkpoint_keys_release(struct checkpoint_keys *keys);
/* ERR_CONFIG: it is not at hand; the text names the setting. */
MUSTUSE int checkpoint_keys_need_cipher(const struct checkpoint_keys *keys, struct err *err);
MUSTUSE int checkpoint_keys_need_proof(const struct checkpoint_keys *keys, struct err *err);
MUSTUSE int checkpoint_keys_need_signature(const struct checkpoint_keys *keys, struct err *err);

MUSTUSE int checkpoint_sign(const struct checkpoint_keys *keys, struct slice text, uint8_t ret[SIGNATURE_BYTES],
			    struct err *err);
/* NULL: its public key is not at hand. */
const struct checkpoint_prover *checkpoint_prover_of(const struct checkpoint_keys *keys,
						     const uint8_t signer[SIGNER_BYTES]);
bool checkpoint_is_signed(const struct checkpoint_prover *prover, struct slice text,
			  const uint8_t signature[SIGNATURE_BYTES]);

/* NULL: the key of this id is not at hand. */
const struct checkpoint_cipher *checkpoint_cipher_of(const struct checkpoint_keys *keys,
						     const uint8_t id[CIPHER_ID_BYTES]);
void checkpoint_file_key(const struct checkpoint_cipher *cipher, const uint8_t file_id[FILE_ID_BYTES],
			 uint8_t ret[SEAL_KEY_BYTES]);
/* frame: its number in the file. place: bound to it, and not part of it. ret has text.n bytes and SEAL_BYTES more. */
MUSTUSE int checkpoint_seal(const uint8_t key[SEAL_KEY_BYTES], uint64_t frame, struct slice place, struct slice text,
			    uint8_t *ret, struct err *err);
/* sealed: at least SEAL_BYTES; ret has SEAL_BYTES less. *ret_is_sound false: altered, or of another key, frame or
 * place. */
MUSTUSE int checkpoint_open(const uint8_t key[SEAL_KEY_BYTES], uint64_t frame, struct slice place, struct slice sealed,
			    uint8_t *ret, bool *ret_is_sound, struct err *err);

#endif
