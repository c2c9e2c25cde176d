/* undo_effect: what a delivery changed, and what it takes to have it as it was before (specification 7.7): the lines of
 * a MUTATIE and of an INTREKKING.
 *
 * What a teacher was stands in the history. That of a teacher who was withdrawn is empty there; it is read from the
 * delivery that brought it, as long as the log has that. */
#ifndef CTL_UNDO_EFFECT_H
#define CTL_UNDO_EFFECT_H

#include "base/arena.h"
#include "ctl/base/ctl.h"
#include "kafka/kafka_reader.h"
#include "model/delivery.h"
#include "wire/gen/delivery.h"

enum { BSN_TEXT_BYTES = 10 };

enum undo_part_name { UNDO_CHANGES, UNDO_WITHDRAWALS, UNDO_PARTS };

/* What becomes of a teacher, each counted once. */
enum undo_fate {
	UNDO_RESTORED,	 /* content as before */
	UNDO_WITHDRAWN,	 /* was not there before */
	UNDO_AS_BEFORE,	 /* is again as before: nothing to do */
	UNDO_CHANGED,	 /* another delivery changed him since */
	UNDO_NAMED,	 /* another delivery said the same since */
	UNDO_REMOVED,	 /* retention or an erasure took him */
	UNDO_WAS_LAPSED, /* no delivery can let one teacher lapse */
	UNDO_NOT_IN_LOG, /* withdrawn, and the log no longer holds what he was */
	UNDO_FATES
};
const char *undo_fate_name(enum undo_fate fate);  /* "restored" */
const char *undo_fate_words(enum undo_fate fate); /* a sentence's end */

struct undo_part {
	uint8_t columns[COLUMNS];
	size_t column_count;
	struct slice *cells; /* line_count x column_count, borrowed from the arena */
	size_t line_count, capacity;
	int64_t teachers;
	uint8_t content_sha256[32];
	uint8_t digest[32]; /* of columns and cells, keyed */
};

struct undo_teacher {
	char bsn[BSN_TEXT_BYTES]; /* empty: he was removed */
	enum undo_fate fate;
};

struct undo_effect {
	struct undo_teacher *teachers; /* all that the delivery changed */
	size_t teacher_count;
	int64_t fates[UNDO_FATES];
	struct undo_part parts[UNDO_PARTS];
};

struct undo_source {
	struct ctl *ctl;
	struct pg_link *link;
	struct kafka_reader *reader;
	const struct hmac_key *key;
	struct arena *arena;
	int64_t position; /* of the delivery */
	bool takes_later; /* also who was delivered again since */
};

/* effect is zero; release it whatever comes back. ERR_DATA: the history of then is gone, or it is more than one
 * delivery may hold. */
MUSTUSE int undo_effect_read(const struct undo_source *source, struct undo_effect *ret, struct err *err);
void undo_effect_release(struct undo_effect *effect);

#endif
