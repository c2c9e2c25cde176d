/* route: which row of a table of routes an address and a method mean.
 *
 * A pattern is an address whose segments are words, or one of these, which also say what form the segment must have:
 *   {bestuur}       a board number of 5 digits
 *   {leveringsid}   16 to 36 letters, digits and hyphens
 *   {nummer}        a number of 1 to 9 digits, not beginning with 0
 *   {code}          a code of a rule, as LR-S02
 *   {referentie}    of a problem, as P-BCDF-GHJK-LMNP
 * An address fits a pattern in one way only: each of its segments fits that of the pattern, and no slash is left over.
 * Pure. The address comes without its query and already percent-decoded, so it may hold any byte. */
#ifndef GATEWAY_ROUTE_H
#define GATEWAY_ROUTE_H

#include "model/access_token.h"
#include "model/delivery.h"
#include "model/problem.h"
#include "model/rule.h"

struct handler;

/* A set of methods. HEAD goes where GET goes. */
enum {
	METHOD_GET = 1 << 0,
	METHOD_POST = 1 << 1,
	METHOD_PUT = 1 << 2,
	METHOD_DELETE = 1 << 3,
	METHODS_OF_CHANGE = METHOD_POST | METHOD_PUT | METHOD_DELETE,
};

/* Who may call (access.c). */
enum route_access {
	ROUTE_PUBLIC = 1, /* everybody, also while the gateway drains */
	ROUTE_FOR_BOARD,  /* who has a token for the {bestuur} of the address */
	ROUTE_BY_HANDLER, /* the handler asks: the board does not stand in the address */
};

struct route {
	const char *pattern;
	unsigned methods;
	enum route_access access;
	uint64_t body_bytes_max; /* also of a body that is read and dropped: whoever sends more is disconnected */
	const struct handler *handler;
	/* What schemas/openapi says of it too; a test compares the two. Words joined by single spaces. */
	const char *parameters; /* those the query may have; "": none */
	const char *types;	/* of what it answers with, the preferred one first; NULL: that does not matter */
	unsigned service;	/* of those a token may open (model/access_token.h); 0: a token is enough */
	const char *statuses;	/* all that it answers with, but those that every address has */
};

/* What the address said. */
struct route_values {
	uint32_t board;
	char delivery_id[DELIVERY_ID_BYTES_MAX + 1];
	enum rule rule;
	int32_t number;
	char reference[PROBLEM_REFERENCE_BYTES];
};

struct route_match {
	const struct route *route; /* the first that fits; NULL: none */
	unsigned methods;	   /* all that the table has for this address; 0: there is no such address */
	struct route_values values;
};

/* Whether the words, joined by single spaces, hold this one. */
bool route_has_word(const char *words, struct slice word);

struct route_match route_find(const struct route *routes, size_t count, struct slice address, struct slice method);

#endif
