/* feedback_build: Feedback (schemas/avro/feedback-1.avsc) as bytes, straight from judged lines, and back line by line.
 *
 * The bytes are made once by the validator, pass verdict and ledger untouched, and are read when a board fetches its
 * terugmelding. They say nothing of outcomes: those stand in the ledger, one per group. A finding's values are written
 * without the zeros at their end. Pure; no structs of wire/gen between, as a line is written in one go. */
#ifndef PROTOCOL_FEEDBACK_BUILD_H
#define PROTOCOL_FEEDBACK_BUILD_H

#include "model/feedback.h"
#include "model/judge.h"
#include "wire/wire.h"

/* A line has at most one finding per rule and field: specification 4.4. No line of ours comes near. */
enum { FEEDBACK_FINDINGS_MAX = 256 };

/* Appends the datum. Needs up to 64 bytes more of the cap than it writes. */
void feedback_build(struct strbuf *out, const struct judged *judged, size_t line_count);

struct feedback_reader {
	struct wire_input in;
	struct wire_array lines;
	size_t line;	    /* within the open block */
	uint32_t record_no; /* of the line last read */
	const uint8_t *outcomes;
	size_t group_count;
	bool is_at_end;
	struct finding findings[FEEDBACK_FINDINGS_MAX];
};

/* outcomes: enum outcome of each group, as outcomes_decode gives them. Both are borrowed. */
void feedback_reader_init(struct feedback_reader *reader, struct slice bytes, const uint8_t *outcomes,
			  size_t group_count);

/* *ret is the next line; its findings stand in the reader until the next call. *ret_is_end: there is none, and *ret is
 * not written. ERR_DATA: damaged bytes; the reader is of no further use. Checked: record numbers rise, groups and
 * outcomes exist. Rules and fields need not be known: a newer validator may have found them (rule_show_code). */
MUSTUSE int feedback_reader_next(struct feedback_reader *reader, struct feedback_line *ret, bool *ret_is_end,
				 struct err *err);

#endif
