/* day_key_store: the topic of day keys, as the commands that change it see it: read whole, written record by record. */
#ifndef CTL_DAY_KEY_STORE_H
#define CTL_DAY_KEY_STORE_H

#include "ctl/base/ctl.h"
#include "seal/day_keys.h"

struct day_key_store {
	struct ctl *ctl;
	struct day_keys *keys;		/* of ctl->encryption */
	struct day_key_record *records; /* as they stand, by id; the list's own */
	size_t count;
};

/* ERR_CONFIG: encrypt.key.file is not set, or there is no topic. */
MUSTUSE int day_key_store_open(struct ctl *ctl, struct day_key_store *ret, struct err *err);
void day_key_store_close(struct day_key_store *store);

/* Writes the record, and waits until Kafka has all of them. */
MUSTUSE int day_key_store_publish(struct day_key_store *store, const struct day_key_record *records, size_t count,
				  struct err *err);

/* Fills at_ms, by and why. */
void day_key_store_sign(struct day_key_record *record, const char *why);

#endif
