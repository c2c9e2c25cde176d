/* delivery_list: the deliveries of one board that the ledger holds, newest in the log first, a page at a time, as JSON:
 *
 *   {"leveringen": [{..}, ..], "volgende": "4503599627370496"}
 *
 * Each has what the summary (specification 8.2) says of the delivery as a whole; codes and findings stand there.
 * volgende is where the next page begins, null behind the last one. Pages join up whatever is delivered meanwhile: a
 * new delivery stands before all that were seen.
 *
 * geleverd_door and bevestigd_door say as whom a delivery and its confirmation came in (specification 15); null where
 * that is not known. Who asks by a mandate sees of others only on what basis they came: whom else a board has do its
 * work is the board's own affair. */
#ifndef RENDER_DELIVERY_LIST_H
#define RENDER_DELIVERY_LIST_H

#include "base/strbuf.h"
#include "model/delivery.h"
#include "pg/pg_link.h"

enum { DELIVERY_LIST_ROWS = 100 }; /* of a page */

struct delivery_list {
	uint32_t board;
	int64_t before;		    /* volgende of the page before; 0: the first page */
	int32_t since;		    /* ontvangen_op, JJJJMMDD, that day included; 0: all */
	int state;		    /* enum delivery_state; 0: any */
	bool sees_all;		    /* the board itself asks, or the operator */
	struct slice party, sender; /* who asks; what is empty is nobody's */
};

/* Errors as of pg_exec, and those of out. */
MUSTUSE int delivery_list_write(struct pg_link *link, const struct delivery_list *list, struct strbuf *out,
				struct err *err);

#endif
