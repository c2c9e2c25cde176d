/* body_frame: the shell of a sealed message body (design 9).
 *
 *    0  C3 01        marker of Avro's single-object encoding, and
 *    2  8 bytes      BODY_FRAME_SCHEMA, lowest byte first. No schema of ours has it: a program that cannot open sealed
 *                    bodies, one of an earlier release too, takes them for a schema it does not know and waits
 *   10  1 byte       compression of what is sealed: 0 none, 1 LZ4 block
 *   11  12 bytes     day key id
 *   23  32 bytes     salt
 *   55  4 bytes      bytes of the body before compression, big-endian
 *   59  ciphertext, and a tag of 16 bytes
 *
 * A change of this form takes another number for BODY_FRAME_SCHEMA.
 *
 * Nonces: no two messages may share key and nonce, also after a restart and with many processes that know nothing of
 * each other. So each message has a key and nonce of its own, HKDF-SHA-256 (RFC 5869) of the day key with the salt.
 * The salt is 256 random bits: with 2^40 messages under a day key, two share one with a chance below 2^-177. A random
 * nonce of 96 bits directly under the day key would stand at 2^-33 after 2^32 messages, its limit (NIST SP 800-38D
 * 8.3).
 *
 * Bound by the tag, so that a body cannot be moved to another message: everything before the ciphertext, the topic, the
 * key of the message (the board, hence the partition) and all its headers whose names begin with "instroom-" in their
 * order, which say kind, delivery, sequence and the rest that decides. Other headers (traceparent) decide nothing, and
 * what stands between producer and us may add some.
 *
 * A body is compressed before it is sealed, as sealed bytes do not compress. Its length shows what it compressed to;
 * nobody has his own bytes compressed together with another's, as a body is of one board. Pure but for the salt. */
#ifndef SEAL_BODY_FRAME_H
#define SEAL_BODY_FRAME_H

#include "base/message_header.h"
#include "base/strbuf.h"
#include "seal/day_key.h"

#define BODY_FRAME_SCHEMA UINT64_C(0x3165646f426c6153) /* "SalBode1" */

enum { BODY_FRAME_HEAD_BYTES = 59, BODY_FRAME_BYTES = BODY_FRAME_HEAD_BYTES + 16, SEALED_BODY_BYTES_MAX = 64 << 20 };

/* Where a body stands: what it is bound to. */
struct body_place {
	const char *topic;
	struct slice key;
	const struct message_header *headers;
	size_t header_count;
};

enum body_frame_kind {
	BODY_FRAME_NONE,   /* not sealed */
	BODY_FRAME_SEALED, /* *ret_id names the day key */
	BODY_FRAME_BROKEN, /* begins as a sealed one, and is too short for it */
};
enum body_frame_kind body_frame_look(struct slice value, struct day_key_id *ret_id);

/* Appends the frame to out. ERR_FULL: plain is larger than SEALED_BODY_BYTES_MAX, or than out takes; ERR_RETRY: no
 * memory; ERR_FATAL: no randomness or no cipher. */
MUSTUSE int body_frame_seal(const struct day_key_id *id, const uint8_t key[DAY_KEY_BYTES],
			    const struct body_place *place, struct slice plain, bool compresses, struct strbuf *out,
			    struct err *err);
/* value: one that body_frame_look calls sealed. *ret_p is on the heap, the caller's to free; not NULL, also of an empty
 * body. ERR_DATA: changed, cut off, of another place or another key. ERR_RETRY: no memory. */
MUSTUSE int body_frame_open(const uint8_t key[DAY_KEY_BYTES], const struct body_place *place, struct slice value,
			    char **ret_p, size_t *ret_n, struct err *err);

#endif
