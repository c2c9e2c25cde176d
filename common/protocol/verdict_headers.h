/* verdict_headers: what a verdict says in Kafka headers, for who measures. Nothing is decided by it: a writer that does
 * not know them skips them, and one that finds none does without.
 *
 *   instroom-accepted-at   when the broker appended the raw message, in ms since 1970
 *
 * Pure. */
#ifndef PROTOCOL_VERDICT_HEADERS_H
#define PROTOCOL_VERDICT_HEADERS_H

#include "base/macros.h"
#include "base/message_header.h"

#include <stdbool.h>

enum { VERDICT_HEADERS_MAX = 1, VERDICT_HEADERS_TEXT_BYTES = 24 };

/* The values point into text, so it may not be moved or copied. */
struct verdict_headers_text {
	struct message_header items[VERDICT_HEADERS_MAX];
	size_t count;
	char text[VERDICT_HEADERS_TEXT_BYTES];
};

/* accepted_at_ms < 0: not known, and no header. */
void verdict_headers_write(int64_t accepted_at_ms, struct verdict_headers_text *ret);
/* -1: none, or no number. */
int64_t verdict_headers_accepted_at(const struct message_header *items, size_t count);

#endif
