/* span: one step of a delivery's way, as OpenTelemetry has it: what was done from when to when, inside which trace,
 * caused by which other step. Nothing personal is in one: board number, delivery id, counts, outcomes, places in logs.
 *
 *   gateway    POST /v1/leveringen   parent: the sender's span, if he sent one
 *              send RAW              parent: the one above. Its id is in the traceparent of the raw message
 *   validator  process RAW           parent: send RAW. Its id is the second half of the verdict's id
 *              send VERDICT          parent: the one above. Its id is the first half of the verdict's id
 *   writer     process VERDICT       parent: send VERDICT
 *
 * So ids need no header of their own, and a delivery that was judged twice has both, of which the writer names one. */
#ifndef TRACE_SPAN_H
#define TRACE_SPAN_H

#include "base/slice.h"

enum {
	TRACE_ID_BYTES = 16,
	SPAN_ID_BYTES = 8,
	SPAN_ATTRIBUTES_MAX = 16,
	SPAN_NAME_BYTES = 64,
	SPAN_DELIVERY_BYTES = 40
};

enum span_kind { SPAN_SERVER = 2, SPAN_PRODUCER = 4, SPAN_CONSUMER = 5 }; /* numbers of OTLP */

enum span_value { SPAN_TEXT, SPAN_NUMBER, SPAN_NUMBER_AS_TEXT };

struct span_attribute {
	const char *key; /* static */
	enum span_value value;
	const char *text; /* outlives the exporter */
	int64_t number;
};

struct span {
	uint8_t trace_id[TRACE_ID_BYTES];
	uint8_t id[SPAN_ID_BYTES];
	uint8_t parent_id[SPAN_ID_BYTES]; /* zeros: it is the first of its trace */
	enum span_kind kind;
	char name[SPAN_NAME_BYTES];
	int64_t begin_us, end_us; /* since 1970 */
	bool has_failed;
	int32_t board;			       /* -1: none */
	char delivery_id[SPAN_DELIVERY_BYTES]; /* empty: none */
	size_t attribute_count;
	struct span_attribute attributes[SPAN_ATTRIBUTES_MAX];
};

/* trace_id and parent_id: hex, as in a traceparent; parent_id may be empty. id: all zeros, which would be none, count
 * as another. false: one of them is of another form. */
MUSTUSE bool span_init(struct span *span, struct slice trace_id, struct slice parent_id,
		       const uint8_t id[SPAN_ID_BYTES]);
void span_set_id(uint8_t to[SPAN_ID_BYTES], const uint8_t from[SPAN_ID_BYTES]);
/* "what topic"; a longer one is cut. */
void span_name(struct span *span, const char *what, const char *of);
/* An id that does not fit is left out. */
void span_set_delivery(struct span *span, uint32_t board, struct slice delivery_id);
/* One more than SPAN_ATTRIBUTES_MAX is asserted. */
void span_add_text(struct span *span, const char *key, const char *text);
void span_add_number(struct span *span, const char *key, int64_t number);
/* By the names of OpenTelemetry for messages. operation: "send" or "process"; partition < 0: not known. */
void span_add_message(struct span *span, const char *operation, const char *topic, int32_t partition, int64_t offset);

#endif
