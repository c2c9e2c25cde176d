/* raw_headers: what every raw message repeats in Kafka headers (design 2), so that a delivery whose body cannot be
 * decoded still gets an outcome for each line, and its ledger entry.
 *
 * Values are text, readable with kcat: decimal numbers, dates JJJJMMDD, hex hashes, names for the kinds, true and
 * false.
 *
 *   instroom-kind               DELIVERY, CONFIRM, REPLAY, FORGET or SET_BACK  all
 *   instroom-board              0..99999                                       all
 *   instroom-delivery-id        leveringsid                                    all but FORGET, SET_BACK
 *   instroom-fingerprint        64 hex digits                                  DELIVERY and REPLAY, as are those below
 *   instroom-attempt            0 of a DELIVERY, 1.. of a REPLAY
 *   instroom-dry-run            proef
 *   instroom-sequence           volgnummer
 *   instroom-line-count         lines of the file, or in scope of the replay
 *   instroom-delivery-kind      soort: VOLLEDIG, MUTATIE or INTREKKING
 *   instroom-extraction-date    extractiedatum
 *   instroom-received-on        ontvangen_op
 *   instroom-reference-version  64 hex digits
 *   instroom-replay-dry-run     of a DELIVERY false
 *
 * Beside these a message may carry what nothing is decided by, for people, other systems and the ledger:
 *
 *   traceparent                 the W3C Trace Context of the request that brought it
 *   instroom-channel            kanaal: CSV or XML, the form the lines came in
 *   instroom-access             as whom and on what basis it was let in (access_header.h)
 *
 * Nothing personal is among them. Pure. */
#ifndef PROTOCOL_RAW_HEADERS_H
#define PROTOCOL_RAW_HEADERS_H

#include "base/message_header.h"
#include "model/delivery.h"
#include "model/reference.h"

enum raw_kind { RAW_DELIVERY = 1, RAW_CONFIRM, RAW_REPLAY, RAW_FORGET, RAW_SET_BACK };

enum { RAW_HEADERS_MAX = 13, RAW_HEADERS_OTHERS_MAX = 3, RAW_HEADERS_TEXT_BYTES = 384 };

struct raw_headers {
	enum raw_kind kind;
	uint32_t board;
	uint8_t fingerprint[FINGERPRINT_BYTES];
	struct slice delivery_id; /* borrowed */
	int32_t attempt;
	bool is_dry_run;
	int64_t sequence;
	int32_t line_count;
	enum delivery_kind delivery_kind;
	int32_t extraction_date, received_on;
	uint8_t reference_version[REFERENCE_VERSION_BYTES];
	bool is_replay_dry_run;
};

/* The pairs of one message; the values point into text, so it may not be moved or copied. */
struct raw_headers_text {
	struct message_header items[RAW_HEADERS_MAX + RAW_HEADERS_OTHERS_MAX];
	size_t count;
	char text[RAW_HEADERS_TEXT_BYTES];
	size_t text_bytes;
};

/* headers: good ones, of our own making (asserted: a header we could not read back is our bug). */
void raw_headers_write(const struct raw_headers *headers, struct raw_headers_text *ret);

/* Adds one that nothing is decided by; name and value are borrowed. An empty value adds nothing. */
void raw_headers_add(struct raw_headers_text *text, const char *name, const char *value);

/* false: one is missing, double or malformed; then the message is from none of our gateways. Names that are not ours
 * are skipped. ret->delivery_id borrows from items; fields the kind does not have are zero. */
MUSTUSE bool raw_headers_read(const struct message_header *items, size_t count, struct raw_headers *ret);

const char *raw_kind_name(enum raw_kind kind); /* "DELIVERY"; "" for none */

#endif
