/* verdict_headers: what a verdict says in Kafka headers, for who measures and who accounts. Nothing is decided by it: a
 * writer that does not know them skips them, and one that finds none does without.
 *
 *   instroom-accepted-at          when the broker appended the raw message, in ms since 1970
 *   instroom-access, traceparent  as whom the raw message was let in: its own headers (admission.h)
 *
 * Pure. */
#ifndef PROTOCOL_VERDICT_HEADERS_H
#define PROTOCOL_VERDICT_HEADERS_H

#include "base/macros.h"
#include "base/message_header.h"
#include "protocol/admission.h"

#include <stdbool.h>

enum { VERDICT_HEADERS_MAX = 1 + ADMISSION_HEADERS_MAX, VERDICT_HEADERS_TEXT_BYTES = 24 };

/* Values point into text and into the headers of the raw message, so it may not be moved or copied. */
struct verdict_headers_text {
	struct message_header items[VERDICT_HEADERS_MAX];
	size_t count;
	char text[VERDICT_HEADERS_TEXT_BYTES];
};

/* accepted_at_ms < 0: not known, and no header. raw: the headers of the raw message. */
void verdict_headers_write(int64_t accepted_at_ms, const struct message_header *raw, size_t raw_count,
			   struct verdict_headers_text *ret);
/* -1: none, or no number. */
int64_t verdict_headers_accepted_at(const struct message_header *items, size_t count);

#endif
