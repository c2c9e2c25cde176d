/* day_key_message: a message of the topic of day keys: written by who makes keys, read by who uses them.
 *
 * The topic is compacted: the newest message of a key is what counts of it. Pure. */
#ifndef ENCRYPTION_DAY_KEY_MESSAGE_H
#define ENCRYPTION_DAY_KEY_MESSAGE_H

#include "base/strbuf.h"
#include "seal/day_key.h"

/* value: reset, and holds it afterwards; ask strbuf_ok. */
void day_key_message_write(const struct day_key_record *record, struct strbuf *value);
/* ERR_DATA: this message can never be used; ERR_FATAL: we are short of memory now. */
MUSTUSE int day_key_message_read(struct slice key, struct slice value, struct day_key_record *ret, struct err *err);

#endif
