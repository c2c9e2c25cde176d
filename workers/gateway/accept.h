/* accept: which of the types that an address offers the sender of a request wants (RFC 9110, 12.5.1).
 *
 * The most specific range that fits a type decides about it; the type with the highest weight wins. Of equal weights
 * the one named first in Accept wins, and among those that only a wildcard names the one offered first. A range that
 * cannot be read is skipped. Parameters other than the weight are not looked at: there is one charset here.
 *
 * application/problem+json says how errors should look, nothing about the answer: generated clients send it alone where
 * an address offers no other JSON. Pure. */
#ifndef GATEWAY_ACCEPT_H
#define GATEWAY_ACCEPT_H

#include "base/slice.h"

enum { ACCEPT_TYPES_MAX = 4 };

struct accept_offer {
	struct slice type; /* "text/csv" */
	int weight;	   /* in thousandths, of the range that fits best */
	unsigned fit;	   /* 0: none fits; 1: any type; 2: its main type; 3: itself */
	size_t position;   /* of that range in Accept */
};

struct accept {
	struct accept_offer offers[ACCEPT_TYPES_MAX];
	size_t offer_count;
	size_t range_count;
	bool is_sent; /* there was an Accept that says something about the answer */
};

/* types: those offered, joined by single spaces, the preferred one first; lives on. */
void accept_begin(struct accept *accept, const char *types);
/* The value of one header Accept; several count as one, in their order. */
void accept_take(struct accept *accept, struct slice value);
/* The type chosen; p NULL: none of those offered is wanted. */
struct slice accept_end(const struct accept *accept);

#endif
