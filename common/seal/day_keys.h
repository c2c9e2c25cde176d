/* day_keys: the day keys a process knows, in memory (design 9).
 *
 * What the topic of day keys says is told to it record by record (day_keys_take), by a thread that follows the topic or
 * by a command that reads it. Unwrapped keys lie in pages of their own, locked into memory and left out of dumps; a
 * shredded one is erased at once. A record that no master key of ours unwraps is kept as it is: encrypt.key.file is
 * read again, at most once a second, when its key is asked for.
 *
 * Any thread; a lock of its own, held for memory work and for reading that file. */
#ifndef SEAL_DAY_KEYS_H
#define SEAL_DAY_KEYS_H

#include "base/secret_file.h"
#include "seal/day_key.h"
#include "seal/master_keys.h"

enum { DAY_KEYS_MAX = 4096 };

struct day_keys;

enum day_key_answer {
	DAY_KEY_HERE = 1,
	DAY_KEY_UNKNOWN,  /* the topic does not name it, as far as we have read */
	DAY_KEY_LOCKED,	  /* it is wrapped by a master key that encrypt.key.file does not hold, or was changed */
	DAY_KEY_SHREDDED, /* nobody has it any more */
};

/* What became of bodies since the start. */
struct day_keys_counts {
	int64_t sealed, opened, waiting, shredded, broken;
};

/* ERR_CONFIG: the file holds no master keys. */
MUSTUSE int day_keys_open(const struct secret *master_file, struct day_keys **ret, struct err *err);
void day_keys_close(struct day_keys *keys);

/* Called, without the lock, when a key is asked for that is unknown; then it is looked for once more. Before any other
 * thread knows keys. */
void day_keys_set_refresh(struct day_keys *keys, void (*refresh)(void *self), void *self);

/* One more record, or a newer one of the same id. A shredded key does not come back. false: there are DAY_KEYS_MAX
 * already. */
MUSTUSE bool day_keys_take(struct day_keys *keys, const struct day_key_record *record);
/* Somebody deleted records past instroomctl: that of one id, or all that stood below an offset. What we hold of them
 * goes on opening bodies, as it may be the last copy there is, and seals none, as whoever starts from now on could not
 * open them. How many there are that were not known to be deleted. */
size_t day_keys_delete(struct day_keys *keys, const struct day_key_id *id);
size_t day_keys_delete_below(struct day_keys *keys, int64_t offset);

/* ret_key is written for DAY_KEY_HERE only; the caller wipes it. */
MUSTUSE enum day_key_answer day_keys_find(struct day_keys *keys, const struct day_key_id *id,
					  uint8_t ret_key[DAY_KEY_BYTES]);
/* The key that seals on this day: of several that are unwrapped the one with the lowest id, so every process with the
 * same master keys takes the same one. */
MUSTUSE enum day_key_answer day_keys_of_day(struct day_keys *keys, int32_t day, struct day_key_id *ret_id,
					    uint8_t ret_key[DAY_KEY_BYTES]);
/* The same without taking it. UNKNOWN: there is none that is neither shredded nor deleted. */
enum day_key_answer day_keys_look_at_day(struct day_keys *keys, int32_t day);
/* HERE. */
bool day_keys_has_day(struct day_keys *keys, int32_t day);
/* Copies up to max records, in no order, for who lists them; how many there are. */
size_t day_keys_list(struct day_keys *keys, struct day_key_record *ret, size_t max);
/* Of a shredded key, for who says so. false: it is not shredded. */
bool day_keys_shredded(struct day_keys *keys, const struct day_key_id *id, struct day_key_record *ret);

/* The topic was read to its end once. */
void day_keys_set_read(struct day_keys *keys);
bool day_keys_is_read(struct day_keys *keys);

struct day_keys_counts day_keys_counts(const struct day_keys *keys);
enum day_keys_count { DAY_KEYS_SEALED, DAY_KEYS_OPENED, DAY_KEYS_WAITING, DAY_KEYS_GONE, DAY_KEYS_BROKEN };
void day_keys_count(struct day_keys *keys, enum day_keys_count which);

#endif
