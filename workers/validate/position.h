/* position: a place in the chain of verdicts of one partition (design 4).
 *
 * Once true it stays true: verdicts below next_verdict never change, so whoever follows the chain from a position comes
 * to its end. Written as text "next_verdict,tip,next_raw" beside the group's offset, the last resort of pass-through. */
#ifndef VALIDATE_POSITION_H
#define VALIDATE_POSITION_H

#include "wire/gen/verdict.h"

enum { POSITION_ID_BYTES = 16, POSITION_TEXT_BYTES = 80 };

struct position {
	int64_t next_raw;		/* wm: first raw offset that no verdict that counts speaks of */
	int64_t next_verdict;		/* vp: first verdict offset not yet folded */
	uint8_t tip[POSITION_ID_BYTES]; /* id of the last verdict that counts below next_verdict */
};

/* Where every topic generation begins: no verdict, and the genesis id of sixteen zero bytes. */
extern const struct position POSITION_GENESIS;

MUSTUSE bool position_equal(const struct position *a, const struct position *b);
void position_to_text(const struct position *position, char out[POSITION_TEXT_BYTES]); /* NUL-terminated */
/* false: another form; *ret is not written. */
MUSTUSE bool position_parse(struct slice text, struct position *ret);

enum position_step {
	POSITION_COUNTS, /* it is the next of the chain; *position stands behind it */
	POSITION_VOID,	 /* it does not count; *position stands behind it */
	POSITION_HOLE,	 /* it would count, but speaks of another raw message than the next; *position is as it was */
};

/* The verdict at offset, which is not below next_verdict. NULL: bytes that are no verdict, which do not count. */
MUSTUSE enum position_step position_take(struct position *position, int64_t offset, const struct wire_verdict *verdict);

#endif
