/* mandate_store: the mandates of one board in the register (specification 15), as those ask and change them who have
 * the right beheer. By functions of the schema rights, which take the board and see no other, and which look for
 * themselves whether the actor has beheer (schemas/sql/0025-mandates.sql). */
#ifndef GATEWAY_MANDATE_STORE_H
#define GATEWAY_MANDATE_STORE_H

#include "base/arena.h"
#include "gateway/access_grant.h"
#include "gateway/trace.h"
#include "pg/pg_link.h"

struct mandate_wish {
	bool is_new; /* give one: party, service, from, until. Else end number: until, or 0: withdraw it now */
	struct party_number party;
	const char *service; /* static */
	int32_t number;
	int32_t from, until; /* JJJJMMDD; until 0: no end */
};

enum mandate_outcome {
	MANDATE_MADE = 1,
	MANDATE_SAME,	     /* it was so already: nothing is changed */
	MANDATE_UNKNOWN,     /* the board has none of this number */
	MANDATE_OTHER_PARTY, /* nobody here has this number */
	MANDATE_NO_RIGHT,    /* the actor has no beheer by the register, of which our snapshot is behind */
	MANDATE_BOARD_ONLY,  /* beheer itself is given and ended by the board alone */
	MANDATE_OTHER_DAY,   /* it ends before, or has not begun by then, or the day is over */
	MANDATE_TOO_MANY,    /* mandates of the board, or changes within a day */
};

/* What a party asks of itself: may I, and on a day that is over: might I. */
struct mandate_question {
	const char *service; /* static */
	int32_t day;
	char numbers[SPEAKER_REFERENCE_BYTES * 4]; /* "KVK:12345678 OIN:.."; empty: none */
	char token[SPEAKER_REFERENCE_BYTES];	   /* name of a random token of the access data; empty: none */
};

/* Errors of all as of pg_exec, and those of out. out: JSON. day 0: from today on. */
MUSTUSE int mandate_store_list(struct pg_link *link, uint32_t board, int32_t day, struct strbuf *out, struct err *err);
MUSTUSE int mandate_store_might(struct pg_link *link, uint32_t board, const struct mandate_question *question,
				bool *ret, struct err *err);

/* Who asks, as the gateway decided it: what a change's rows of the audit say. */
struct mandate_actor {
	const struct access_grant *grant;
	const struct trace *trace;
};

/* One transaction: the change and the version of the access data that has it. An error: nothing is changed, unless the
 * answer to the commit was lost: asked again, it is MANDATE_SAME then. out: the mandate, of MANDATE_MADE and
 * MANDATE_SAME. It is in force once that version is published (access_publisher.h). */
MUSTUSE int mandate_store_change(struct pg_link *link, struct arena *arena, uint32_t board,
				 const struct mandate_wish *wish, const struct mandate_actor *actor,
				 enum mandate_outcome *ret, struct strbuf *out, struct err *err);

#endif
