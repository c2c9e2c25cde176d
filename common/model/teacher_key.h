/* teacher_key: the keys that stand for teachers in queue, cache and logs (design 9, specification 12).
 *
 * Keyed HMAC-SHA-256, each use with a domain word of its own, so that two uses cannot be joined:
 *   teacher  HMAC(key, "teacher/v1" LF board LF bsn), first 16 bytes
 *   content  HMAC(key, "content/v1" LF content), first 16 bytes
 *   stand    HMAC(stand key, "stand" LF board LF bsn), first 16 bytes as 32 hex digits (specification 8.4)
 *   fingerprint of a delivery  HMAC(stand key, "instroom-2" LF ..), all 32 bytes (specification 2.1, model/delivery.h)
 *   key id   HMAC(key, "key-id/v1"), first 4 bytes: identifies a key without revealing it
 * The block states after the key are computed once; a call costs two SHA-256 blocks more than its text. */
#ifndef MODEL_TEACHER_KEY_H
#define MODEL_TEACHER_KEY_H

#include "base/slice.h"

enum { TEACHER_KEY_BYTES = 16, CONTENT_HASH_BYTES = 16, HMAC_KEY_BYTES_MIN = 32, HMAC_KEY_BYTES_MAX = 4096 };

struct hmac_key {
	_Alignas(16) unsigned char state[256]; /* inner and outer SHA-256 states; opaque */
	uint32_t id;
};

/* key: the raw bytes of the key file, one final LF dropped by the caller. Any length up to HMAC_KEY_BYTES_MAX. */
void hmac_key_init(struct hmac_key *key, struct slice bytes);

void hmac_key_teacher(const struct hmac_key *key, uint32_t board, struct slice bsn, uint8_t out[TEACHER_KEY_BYTES]);
void hmac_key_content(const struct hmac_key *key, struct slice content, uint8_t out[CONTENT_HASH_BYTES]);
void hmac_key_pseudonym(const struct hmac_key *stand_key, uint32_t board, struct slice bsn, char out_hex[32]);
/* The whole MAC over a text that begins with a domain word of its own. */
void hmac_key_mac(const struct hmac_key *key, struct slice text, uint8_t out[32]);
/* Likewise over the words and the bytes behind them, without joining them. */
void hmac_key_mac_of(const struct hmac_key *key, struct slice words, struct slice bytes, uint8_t out[32]);

/* Plain SHA-256 of not-personal or already protected bytes. */
void sha256_of(struct slice bytes, uint8_t out[32]);

#endif
