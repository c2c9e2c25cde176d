/* stand: what the register holds at this moment, as CSV (specification 8.4).
 *
 * Streams: a board's rows at a time are in memory. With BSN only for the board's own overview or an authorised
 * operator. */
#ifndef RENDER_STAND_H
#define RENDER_STAND_H

#include "base/strbuf.h"
#include "model/teacher_key.h"
#include "pg/pg_link.h"

struct stand_options {
	bool is_one_board;
	uint32_t board;
	const struct hmac_key *pseudonym_key; /* NULL: with BSN and person columns */
};

/* flush writes what stands in out, and empties it; returns 0 to go on. */
MUSTUSE int stand_write(struct pg_link *link, const struct stand_options *options, struct strbuf *out,
			int (*flush)(void *self, struct strbuf *out, struct err *err), void *self, struct err *err);

#endif
