/* access_header: as whom, and on what basis, the gateway let in what a raw message brings (specification 15): in a
 * Kafka header, as nothing is decided by it any more, and messages of before have none.
 *
 *   instroom-access   BASIS VERSION PARTY SPEAKER, joined by single blanks; "-" where there is none:
 *                     "machtiging 1796000123 KVK:11111111 credential:kantoor-a"
 *
 * BASIS: eigen, machtiging, keten or beheer. VERSION: of the access data. PARTY: its number. SPEAKER: which credential
 * it was (gateway/speaker.h). Nothing personal is in it. What is read is of this form, each part in printable ASCII:
 * whoever wrote to the topic. Pure. */
#ifndef PROTOCOL_ACCESS_HEADER_H
#define PROTOCOL_ACCESS_HEADER_H

#include "base/message_header.h"
#include "model/access_right.h"

#include <stddef.h>

#define ACCESS_HEADER_NAME "instroom-access"

enum { ACCESS_HEADER_TEXT_BYTES = 192 };

/* Borrowed texts; empty: none. */
struct access_header {
	struct slice basis, version, party, speaker;
};

/* What does not fit is cut off; the parts have no blanks. */
void access_header_write(const struct access_header *header, char ret[ACCESS_HEADER_TEXT_BYTES]);

/* *ret borrows from items, and is empty where there is no such header or one of another form. */
void access_header_read(const struct message_header *items, size_t count, struct access_header *ret);

/* The header that access_header_read reads; NULL: none. */
const struct message_header *access_header_find(const struct message_header *items, size_t count);

#endif
