/* stand: what the register holds at this moment, as CSV (specification 8.4).
 *
 * Also of those teachers only who would lapse by a confirmation (8.6). Streams: a board's rows at a time are in memory.
 * With BSN only for the board's own overview or an authorised operator. */
#ifndef RENDER_STAND_H
#define RENDER_STAND_H

#include "base/strbuf.h"
#include "model/teacher_key.h"
#include "pg/pg_link.h"
#include "render/stand_rows.h"

struct stand_options {
	bool is_one_board;
	uint32_t board;
	int64_t absent_of; /* with is_one_board: only who would lapse if the delivery here were confirmed; 0: all */
	/* With is_one_board: the row of the audit of this reading (register.begin_reading), for a role that may not
	 * read the tables; NULL: it may. */
	const uint8_t *reading;
	size_t *ret_teachers;		      /* how many; NULL: nobody asks */
	const struct hmac_key *pseudonym_key; /* NULL: with BSN and person columns */
};

/* flush writes what stands in out, and empties it; returns 0 to go on. */
MUSTUSE int stand_write(struct pg_link *link, const struct stand_options *options, struct strbuf *out,
			int (*flush)(void *self, struct strbuf *out, struct err *err), void *self, struct err *err);

/* Which delivery a confirmation of (board, id) would speak of: the first in log order that waits. */
enum stand_waiting { WAITING_UNKNOWN, WAITING_NOT, WAITING_FOUND };
MUSTUSE int stand_find_waiting(struct pg_link *link, uint32_t board, struct slice id, enum stand_waiting *ret,
			       int64_t *ret_position, struct err *err);

/* SHA-256 of the file of who would lapse, with BSN (specification 8.6). delivery: its position. *ret_count: how many
 * they are; may be NULL. */
MUSTUSE int stand_absent_sha256(struct pg_link *link, uint32_t board, int64_t delivery, uint8_t ret[32],
				size_t *ret_count, struct err *err);

#endif
