/* admission: as whom, on what basis and as part of which request a delivery or a confirmation was let in, for the
 * ledger (specification 15).
 *
 *   1. The gateway decides once, and writes it into two headers of the raw message: instroom-access (access_header.h)
 *      and traceparent.
 *   2. The validator copies both into the headers of the verdict, byte for byte: the writer never reads the raw log.
 *   3. The writer keeps it in register.admission, in the transaction that enters the delivery.
 *
 * So it stands in the register as surely as the delivery, and outlives the log. Nothing is decided by it. Pure. */
#ifndef PROTOCOL_ADMISSION_H
#define PROTOCOL_ADMISSION_H

#include "protocol/access_header.h"

#define TRACEPARENT_NAME "traceparent"

enum { ADMISSION_HEADERS_MAX = 2 };

/* Borrowed texts, all of printable ASCII and bounded. */
struct admission {
	struct access_header access; /* basis empty: not known, and then nothing else counts */
	struct slice trace_id;	     /* 32 hex digits; empty: the request had none */
	struct slice parent_id;	     /* 16 hex digits: the step that produced the raw message; empty likewise */
	bool is_sampled;	     /* by its traceparent: its steps are exported, where that is set up */
};

/* Of the headers of a raw message or of a verdict. Whatever is of another form counts as not there. */
void admission_read(const struct message_header *items, size_t count, struct admission *ret);

/* Those headers of a raw message that admission_read would read, borrowed. How many. */
size_t admission_headers(const struct message_header *items, size_t count,
			 struct message_header ret[ADMISSION_HEADERS_MAX]);

#endif
