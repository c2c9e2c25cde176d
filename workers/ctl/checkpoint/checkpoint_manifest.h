/* checkpoint_manifest: what a checkpoint says of itself: lines of text, the last of them a signature over all others.
 *
 *   instroom-checkpoint 1
 *   program 0.2.0
 *   number 12
 *   partition 3 of 12
 *   cluster 4L6g3nShT-eMCtK--X86sw
 *   raw instroom.raw.1 4711            the topic, and the first offset that the states do not hold
 *   verdict instroom.verdict.1 5012
 *   tip 6fc3..                         id of the last verdict that counts
 *   digest 9b1d..                      of the raw message that it is about, as the verdict has it
 *   key 0a1b2c3d                       of the HMAC key that makes teacher keys
 *   kept 0 4398046512000 0             below which position history, terugmeldingen, contact persons may be gone,
 *                                      as register.retained had it; left out where nothing is
 *   made 2026-11-30T05:12:09Z
 *   before 9f86..                      SHA-256 of the manifest before it; zeros: there was none
 *   signer 1c2d..                      identifies the public key that proves it
 *   cipher 55aa..                      identifies the key that its states are sealed with
 *   file 00ff.. 81920 e3b0..           id, bytes and SHA-256 of the file of states
 *   board 00123 7 42 20480 d2a8..      deliveries, teachers, bytes and SHA-256 of its state, rising by number
 *   signature 77..
 *
 * No line names a person. Reading is strict: what is not written exactly so is no manifest. */
#ifndef CTL_CHECKPOINT_MANIFEST_H
#define CTL_CHECKPOINT_MANIFEST_H

#include "ctl/checkpoint/checkpoint_keys.h"

enum { CHECKPOINT_FORMAT = 1, CHECKPOINT_NAME_BYTES = 250 };

enum { CHECKPOINT_KEPT = 3 };
extern const char *const CHECKPOINT_KEPT_NAMES[CHECKPOINT_KEPT]; /* register.retained.what */

struct checkpoint_board {
	uint32_t number;
	int64_t deliveries, teachers, bytes;
	uint8_t sha256[32];
};

struct checkpoint_manifest {
	char program[CHECKPOINT_NAME_BYTES], cluster[CHECKPOINT_NAME_BYTES];
	char raw[CHECKPOINT_NAME_BYTES], verdict[CHECKPOINT_NAME_BYTES];
	int64_t number;
	int32_t partition, partitions;
	int64_t next_raw, next_verdict;
	uint8_t tip[16], digest[16];
	uint32_t key_id;
	int64_t kept_from[CHECKPOINT_KEPT]; /* in the order of CHECKPOINT_KEPT_NAMES; 0: nothing is gone */
	int64_t made_s;			    /* since 1970 */
	uint8_t before[32];
	uint8_t signer[SIGNER_BYTES], cipher[CIPHER_ID_BYTES];
	uint8_t file_id[FILE_ID_BYTES];
	int64_t file_bytes;
	uint8_t file_sha256[32];
	struct checkpoint_board *boards;
	size_t board_count, board_capacity;
	uint8_t sha256[32]; /* of the manifest itself, as it was read or written */
};

void checkpoint_manifest_release(struct checkpoint_manifest *manifest);
MUSTUSE int checkpoint_manifest_add(struct checkpoint_manifest *manifest, const struct checkpoint_board *board,
				    struct err *err);

/* Appends it to out, signed, and sets its sha256. */
MUSTUSE int checkpoint_manifest_write(struct checkpoint_manifest *manifest, const struct checkpoint_keys *keys,
				      struct strbuf *out, struct err *err);
/* *ret is to be released whatever comes back. ERR_DATA: it is cut off, altered, or nothing of ours. ERR_CONFIG: it is
 * of another format, or signed with a key that is not at hand. */
MUSTUSE int checkpoint_manifest_read(struct slice text, const struct checkpoint_keys *keys,
				     struct checkpoint_manifest *ret, struct err *err);

#endif
