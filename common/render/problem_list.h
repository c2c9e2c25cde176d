/* problem_list: what one board reported as a problem (specification 8.7), newest first, a page at a time, or one of
 * them, as JSON:
 *
 *   {"problemen": [{..}, ..], "volgende": "P-BCDF-GHJK-LMNP"}
 *
 * volgende is where the next page begins, null behind the last one. The board itself sees all; who asks by a mandate
 * sees what was reported as the same party or sender, and nothing says that there is more. */
#ifndef RENDER_PROBLEM_LIST_H
#define RENDER_PROBLEM_LIST_H

#include "base/strbuf.h"
#include "model/problem.h"
#include "pg/pg_link.h"

enum { PROBLEM_LIST_ROWS = 100 }; /* of a page */

struct problem_query {
	uint32_t board;
	char reference[PROBLEM_REFERENCE_BYTES]; /* of one problem; empty: the list */
	char before[PROBLEM_REFERENCE_BYTES];	 /* volgende of the page before; empty: the first page */
	const char *state;			 /* NULL: any */
	bool sees_all;				 /* the board itself asks, or the operator */
	struct slice party, sender;		 /* who asks; what is empty is nobody's */
};

/* Errors as of pg_exec, and those of out. */
MUSTUSE int problem_list_write(struct pg_link *link, const struct problem_query *query, struct strbuf *out,
			       struct err *err);
/* The one that query->reference names. *ret_is_found false: there is none that may be seen, and nothing is written. */
MUSTUSE int problem_write(struct pg_link *link, const struct problem_query *query, struct strbuf *out,
			  bool *ret_is_found, struct err *err);

#endif
