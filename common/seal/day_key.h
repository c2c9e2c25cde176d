/* day_key: the name of a day key, and what the topic of day keys says of one (design 9).
 *
 * A day key is 256 random bits that seal the bodies of one day. Its id is the day and 64 random bits, so two operators
 * who make the key of one day at once make two keys, and both open what they sealed. Text: JJJJMMDD-hhhhhhhhhhhhhhhh,
 * which is the key of its messages, too. Pure. */
#ifndef SEAL_DAY_KEY_H
#define SEAL_DAY_KEY_H

#include "base/slice.h"

enum {
	DAY_KEY_BYTES = 32,
	DAY_KEY_ID_BYTES = 12, /* on the wire: the day, 4 bytes big-endian, and the random ones */
	DAY_KEY_ID_RANDOM_BYTES = 8,
	DAY_KEY_ID_TEXT_BYTES = 8 + 1 + 2 * DAY_KEY_ID_RANDOM_BYTES,
	DAY_KEY_WRAPPED_BYTES = 12 + DAY_KEY_BYTES + 16, /* nonce, key, tag */
	MASTER_KEY_ID_BYTES = 8,
	DAY_KEY_BY_BYTES = 64,
	DAY_KEY_WHY_BYTES = 256,
};

struct day_key_id {
	int32_t day; /* JJJJMMDD */
	uint8_t random[DAY_KEY_ID_RANDOM_BYTES];
};

/* wrapped is there, or the key is shredded: then nobody has it any more. */
struct day_key_record {
	struct day_key_id id;
	bool is_shredded;
	bool is_deleted;	   /* the topic holds it no more, and nothing says that it is shredded */
	int64_t offset;		   /* of its message in the topic */
	int64_t at_ms;		   /* when it was made, or shredded */
	char by[DAY_KEY_BY_BYTES]; /* by whom; this and the next NUL-terminated */
	char why[DAY_KEY_WHY_BYTES];
	uint8_t master_id[MASTER_KEY_ID_BYTES];
	uint8_t wrapped[DAY_KEY_WRAPPED_BYTES];
};

void day_key_id_put(const struct day_key_id *id, uint8_t out[DAY_KEY_ID_BYTES]);
struct day_key_id day_key_id_get(const uint8_t in[DAY_KEY_ID_BYTES]);
struct slice day_key_id_text(const struct day_key_id *id, char text[DAY_KEY_ID_TEXT_BYTES + 1]);
MUSTUSE bool day_key_id_parse(struct slice text, struct day_key_id *ret);
/* By day, then by the random bytes. */
int day_key_id_compare(const struct day_key_id *a, const struct day_key_id *b);

#endif
