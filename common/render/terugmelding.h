/* terugmelding: what the ledger holds of a delivery, as its board gets it: which deliveries have an id, summary,
 * feedback per line, whether it was applied. For the gateway and instroomctl.
 *
 * Reads only, over a pg_link of the caller's, by functions that take the board (register.ask_*).
 * Everything a board may see is Dutch (specification 8). */
#ifndef RENDER_TERUGMELDING_H
#define RENDER_TERUGMELDING_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "pg/pg_link.h"
#include "render/summary.h"

enum { TERUGMELDING_FOUND_MAX = 16 };

struct terugmelding_found {
	int64_t position;
	uint8_t fingerprint[FINGERPRINT_BYTES];
};

/* The deliveries of (board, id) in log order, at most TERUGMELDING_FOUND_MAX. *ret_count 0: the ledger knows none. */
MUSTUSE int terugmelding_find(struct pg_link *link, uint32_t board, struct slice id,
			      struct terugmelding_found ret[TERUGMELDING_FOUND_MAX], size_t *ret_count,
			      struct err *err);

/* A delivery as its board names it. */
struct terugmelding_name {
	uint32_t board;
	struct slice id;
};

struct terugmelding_match {
	size_t name; /* which of the names, from 0 */
	struct terugmelding_found found;
};

/* The deliveries with any of these names, in log order, in the arena: one question, however many names. */
MUSTUSE int terugmelding_find_all(struct pg_link *link, const struct terugmelding_name *names, size_t count,
				  struct arena *arena, struct terugmelding_match **ret, size_t *ret_count,
				  struct err *err);

/* Summary of the board's delivery at position; its slices live in the arena. ERR_DATA code "unknown": none of the
 * board there. */
MUSTUSE int terugmelding_summary(struct pg_link *link, uint32_t board, int64_t position, struct arena *arena,
				 struct summary *ret, struct err *err);

/* Whether the writer has applied the raw message at this place, and when it has not: *ret false. */
MUSTUSE int terugmelding_is_applied(struct pg_link *link, const char *topic, int32_t partition, int64_t offset,
				    bool *ret, struct err *err);

/* How many partitions of the topic the register has a cursor of: which one a board has follows from their number, and
 * it never changes (design 2). 0: it knows none yet. */
MUSTUSE int terugmelding_partitions(struct pg_link *link, const char *topic, int32_t *ret, struct err *err);

/* The answer to a confirmation of the board. */
struct confirmation_answer {
	bool is_known; /* false: not applied yet */
	bool is_executed;
	bool has_other_absent; /* not carried out: others would lapse than its condition names (specification 8.6) */
	int32_t lapsed;
};
MUSTUSE int terugmelding_confirmation(struct pg_link *link, uint32_t board, const uint8_t request_id[16],
				      struct confirmation_answer *ret, struct err *err);

#endif
