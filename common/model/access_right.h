/* access_right: the words in which the right to use a service for a board is asked and answered (specification 15). */
#ifndef MODEL_ACCESS_RIGHT_H
#define MODEL_ACCESS_RIGHT_H

#include "model/access_token.h"

#include <stdint.h>

/* Of several the last of these that holds: what comes later is closer to a right. */
enum access_answer {
	ACCESS_MISSING, /* the request brings no proof */
	ACCESS_UNKNOWN, /* it brings one that is none of ours */
	ACCESS_WITHDRAWN,
	ACCESS_EXPIRED,
	ACCESS_OTHER_SERVICE, /* known, but not for this service */
	ACCESS_OTHER_BOARD,   /* known, but not for this board */
	ACCESS_GOOD,
};

/* On what the right stands; kept with what was done. The numbers stand in messages: they never change. */
enum access_basis {
	BASIS_NONE = 0,
	BASIS_OWN = 1,	    /* eigen: the sender is the board itself */
	BASIS_MANDATE = 2,  /* machtiging: of the board, for the sender's party */
	BASIS_CHAIN = 3,    /* keten: one of the two for the party that a signed token says the sender acts for */
	BASIS_OPERATOR = 4, /* beheer */
};
enum { BASES = 5 };

const char *access_basis_word(enum access_basis basis); /* "machtiging"; "" for BASIS_NONE and what is none */

/* A service that somebody may use for a board today, and until which day. */
struct access_entry {
	uint32_t board; /* ACCESS_ALL_BOARDS: every board */
	unsigned service;
	enum access_basis basis;
	int32_t until; /* JJJJMMDD, the last day; 0: no end is known */
};
#define ACCESS_ALL_BOARDS UINT32_MAX

/* Of two last days the earlier; 0 is none. */
static inline int32_t access_earlier(int32_t a, int32_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

typedef void access_entry_take(void *self, const struct access_entry *entry);

struct access_question {
	const uint32_t *board; /* NULL: any will do */
	unsigned service;      /* enum access_service; 0: any will do */
	int32_t today;	       /* JJJJMMDD, in Amsterdam */
};

#endif
