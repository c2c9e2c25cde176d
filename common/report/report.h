/* report: what the register can tell about deliveries and boards, for the gateway and instroomctl.
 *
 * Reads only, over a pg_link of the caller's. Everything a board may see is Dutch (specification 8). */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "pg/pg_link.h"
#include "report/summary.h"

enum { REPORT_FOUND_MAX = 16 };

struct report_found {
	int64_t position;
	uint8_t fingerprint[FINGERPRINT_BYTES];
};

/* The deliveries of (board, id) in log order, at most REPORT_FOUND_MAX. *ret_count 0: the ledger knows none. */
MUSTUSE int report_find(struct pg_link *link, uint32_t board, struct slice id,
			struct report_found ret[REPORT_FOUND_MAX], size_t *ret_count, struct err *err);

/* A delivery as its board names it. */
struct report_name {
	uint32_t board;
	struct slice id;
};

struct report_match {
	size_t name; /* which of the names, from 0 */
	struct report_found found;
};

/* The deliveries with any of these names, in log order, in the arena: one question, however many names. */
MUSTUSE int report_find_all(struct pg_link *link, const struct report_name *names, size_t count, struct arena *arena,
			    struct report_match **ret, size_t *ret_count, struct err *err);

/* Summary of the delivery at position; its slices live in the arena. ERR_DATA code "unknown": none there. */
MUSTUSE int report_summary(struct pg_link *link, int64_t position, struct arena *arena, struct summary *ret,
			   struct err *err);

/* The terugmelding: CSV (8.1), or the JSON object of 8.3 with the summary in it, as compact text. ERR_FULL: it is larger
 * than out may be. */
MUSTUSE int report_csv(struct pg_link *link, int64_t position, struct arena *arena, struct strbuf *out, struct err *err);
MUSTUSE int report_json(struct pg_link *link, int64_t position, struct arena *arena, struct strbuf *out, struct err *err);

/* Whether the writer has applied the raw message at this place, and when it has not: *ret false. */
MUSTUSE int report_is_applied(struct pg_link *link, const char *topic, int32_t partition, int64_t offset, bool *ret,
			      struct err *err);

/* The answer to a confirmation. *ret_is_known false: not applied yet. */
MUSTUSE int report_confirmation(struct pg_link *link, const uint8_t request_id[16], bool *ret_is_known,
				bool *ret_executed, int32_t *ret_lapsed, struct err *err);

#endif
