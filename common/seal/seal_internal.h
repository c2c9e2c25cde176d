/* seal_internal: AES-256-GCM as the files of this module use it. */
#ifndef SEAL_SEAL_INTERNAL_H
#define SEAL_SEAL_INTERNAL_H

#include "base/macros.h"

#include <openssl/evp.h>

enum { GCM_NONCE_BYTES = 12, GCM_TAG_BYTES = 16 };

static inline void drop_cipher(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

#endif
