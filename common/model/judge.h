/* judge: all rules of a delivery's lines, in one pass (specification 4.2 steps 2-5, chapter 5).
 *
 * Pure: no I/O, no clock, no heap. Everything lives in the arena and borrows the cells. The same input gives the same
 * result on every machine. Groups come out sorted by teacher key (unreadable ones behind, in record order), because
 * cache and register are walked in that order; lines stay in record order. */
#ifndef MODEL_JUDGE_H
#define MODEL_JUDGE_H

#include "base/arena.h"
#include "model/delivery.h"
#include "model/outcome.h"
#include "model/reference.h"

struct judge_input {
	const struct reference *reference;
	const struct hmac_key *key;
	uint32_t board;
	enum delivery_kind kind;
	int32_t extraction_date;
	int32_t received_on;
	/* the file: column numbers (enum field) in file order, and line_count * column_count cells, untrimmed */
	const uint8_t *columns;
	size_t column_count;
	const struct slice *cells;
	size_t line_count;
	const uint32_t *record_nos; /* NULL: 2, 3, .. (a replay names them) */
};

struct judged_line {
	uint32_t record_no;
	uint32_t group;		   /* index in groups */
	struct slice employee_ref; /* echo, empty when specification 8.1 forbids it */
	struct slice appointment_key;
	uint8_t target;		/* enum target; TARGET_NONE when no ground row was found, and for INTREKKING */
	uint32_t finding_first; /* findings[finding_first .. + finding_count), in the order of specification 4.4 */
	uint32_t finding_count;
};

struct judged_group {
	uint8_t key[TEACHER_KEY_BYTES];		  /* zero when unreadable */
	uint8_t content_hash[CONTENT_HASH_BYTES]; /* when valid and not INTREKKING */
	bool is_readable;
	bool is_valid; /* no finding A in it */
	uint32_t line_count;
	uint32_t bsn;	      /* when readable */
	struct slice content; /* when valid and not INTREKKING: see content.h */
	struct slice targets;
};

struct judged {
	struct judged_line *lines; /* line_count of the input */
	struct judged_group *groups;
	size_t group_count;
	size_t readable_count; /* groups[0 .. readable_count) are readable, sorted by key */
	struct finding *findings;
	size_t finding_count;
};

/* ERR_FULL: the arena is too small. No other error exists: every input has a judgement. */
MUSTUSE int judge_delivery(const struct judge_input *input, struct arena *arena, struct judged *ret, struct err *err);

#endif
