/* outcomes: the outcome of each group of a delivery as the ledger keeps it: runs of one outcome byte and a varint
 * length.
 *
 * A night's delivery is one run of ONGEWIJZIGD, so a ledger row is a few bytes instead of one per teacher. Lengths are
 * unsigned base-128 numbers, lowest digits first. Pure. */
#ifndef PROTOCOL_OUTCOMES_H
#define PROTOCOL_OUTCOMES_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "model/outcome.h"

/* outcomes: enum outcome of each group, asserted to be one. */
void outcomes_encode(struct strbuf *out, const uint8_t *outcomes, size_t count);

/* *ret: one byte per group, in the arena. ERR_DATA: an unknown outcome, an empty or broken run, or more than count_max
 * groups. ERR_FULL: the arena is too small. */
MUSTUSE int outcomes_decode(struct slice bytes, size_t count_max, struct arena *arena, uint8_t **ret, size_t *ret_count,
			    struct err *err);

#endif
