/* replay_scope: which deliveries a plan takes, and which of their lines.
 *
 * Only lines that stand as afgekeurd or quarantaine are ever replayed, and all lines of a teacher or none: the writer
 * would skip anything else. */
#ifndef CTL_REPLAY_SCOPE_H
#define CTL_REPLAY_SCOPE_H

#include "base/arena.h"
#include "model/reference.h"
#include "model/rule.h"
#include "pg/pg_link.h"
#include "wire/gen/delivery.h"

enum { REPLAY_LEFT_OUT_MAX = 64 };

/* What a plan selects; all conditions that are set must hold. */
struct replay_filter {
	bool has_board;
	uint32_t board;
	const char *delivery_id; /* NULL: any */
	int32_t from, to;	 /* ontvangen_op, JJJJMMDD; 0: open */
	enum rule rule;		 /* groups with a line that has it; RULE_NONE: any */
	bool is_quarantine_only;
	int64_t position;			/* of one delivery; 0: any */
	uint32_t left_out[REPLAY_LEFT_OUT_MAX]; /* boards */
	size_t left_out_count;
};

/* A delivery with something to replay. */
struct replay_target {
	int64_t position;
	uint32_t board;
	int64_t sequence;
	int32_t attempt; /* the next */
	int64_t line_count;
	uint8_t reference_version[REFERENCE_VERSION_BYTES]; /* the original's */
	int32_t *records;				    /* in scope, rising */
	size_t record_count;
};

/* Positions of the deliveries a plan may take, in log order; they live in the arena. */
MUSTUSE int replay_find(struct pg_link *link, const struct replay_filter *filter, struct arena *arena, int64_t **ret,
			size_t *ret_count, struct err *err);
/* One of them with its lines. record_count 0: none of its lines is in scope. */
MUSTUSE int replay_load(struct pg_link *link, const struct replay_filter *filter, int64_t position, struct arena *arena,
			struct replay_target *ret, struct err *err);

/* The lines in scope as a delivery of their own: header of the original with their number, cells in the arena. false:
 * the original has no such lines. A full arena looks the same, but an arena is as large as any message. */
MUSTUSE bool replay_cut(const struct wire_delivery *original, const int32_t *records, size_t count, struct arena *arena,
			struct wire_delivery *ret);

#endif
