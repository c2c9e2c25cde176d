/* master_keys: the keys that wrap day keys, of the file encrypt.key.file.
 *
 * One per line, 64 hex digits; empty lines and lines that begin with # are skipped. The last one wraps; all of them
 * unwrap, so a new one is put below the old one, every day key is wrapped again (instroomctl day-keys rewrap), and the
 * old one is taken out. A master key's id is made from it, so nobody names keys by hand.
 *
 * Wrapping is AES-256-GCM with a random nonce; what it binds is the id of the day key and of the master. A master wraps
 * some hundred keys a year: far below the 2^32 at which random nonces of 96 bits may meet. Pure but for randomness. */
#ifndef SEAL_MASTER_KEYS_H
#define SEAL_MASTER_KEYS_H

#include "base/err.h"
#include "seal/day_key.h"

enum { MASTER_KEY_BYTES = 32, MASTER_KEYS_MAX = 8, MASTER_KEYS_FILE_BYTES_MAX = 4096 };

struct master_key {
	uint8_t id[MASTER_KEY_ID_BYTES];
	uint8_t bytes[MASTER_KEY_BYTES];
};

struct master_keys {
	struct master_key items[MASTER_KEYS_MAX];
	size_t count;
};

/* ERR_CONFIG: a line is no key, there is none, or there are too many; *ret is wiped then. */
MUSTUSE int master_keys_parse(struct slice text, struct master_keys *ret, struct err *err);
void master_keys_wipe(struct master_keys *keys);
/* The one that wraps. */
const struct master_key *master_keys_newest(const struct master_keys *keys);
/* NULL: it is not among them. */
const struct master_key *master_keys_find(const struct master_keys *keys, const uint8_t id[MASTER_KEY_ID_BYTES]);

/* record->id is set; fills master_id and wrapped. */
MUSTUSE int master_key_wrap(const struct master_key *master, const uint8_t day_key[DAY_KEY_BYTES],
			    struct day_key_record *record, struct err *err);
/* ERR_DATA: it was wrapped otherwise, or changed. */
MUSTUSE int master_key_unwrap(const struct master_key *master, const struct day_key_record *record,
			      uint8_t ret[DAY_KEY_BYTES], struct err *err);

#endif
