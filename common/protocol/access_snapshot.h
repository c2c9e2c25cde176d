/* access_snapshot: a message of the access topic (design 2): written by who publishes, read by who decides.
 *
 * One door for both, so that what one of them takes for the version is the version of the other. */
#ifndef PROTOCOL_ACCESS_SNAPSHOT_H
#define PROTOCOL_ACCESS_SNAPSHOT_H

#include "base/strbuf.h"
#include "model/access_data.h"
#include "wire/gen/access_tables.h"

enum { ACCESS_SNAPSHOT_SLOTS = 8, ACCESS_SNAPSHOT_KEY_BYTES = 1 };

/* The key of a snapshot; slots go round. Compaction keeps the newest of each key: eight of them, so that an older one
 * that comes late, from a process thought dead, takes the place of none that is newer. */
struct slice access_snapshot_key(int32_t slot, char text[ACCESS_SNAPSHOT_KEY_BYTES + 1]);

/* The tables in their frame, and their SHA-256. tables: reset, and holds them afterwards; ask strbuf_ok. */
void access_snapshot_tables(const struct wire_access_tables *from, struct strbuf *tables,
			    uint8_t ret_sha256[ACCESS_VERSION_BYTES]);

/* The message. value: reset, and holds it afterwards; ask strbuf_ok. */
void access_snapshot_write(const struct access_version *version, struct slice tables, struct strbuf *value);

/* *ret is the caller's and keeps nothing of value. ERR_DATA: this message can never be used; ERR_FATAL: we are short of
 * memory now. */
MUSTUSE int access_snapshot_open(struct slice value, struct access_data **ret, struct err *err);

#endif
