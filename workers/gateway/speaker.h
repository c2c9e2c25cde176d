/* speaker: who speaks in a request, as its proofs say. What he may is another question: access.c decides it.
 *
 * Each kind of proof fills in the same struct, so that the decision knows nothing of tokens, signatures and
 * certificates. A new kind of proof is a branch of speaker_identify, and nothing else. What the struct points at lives
 * until the gateway's loop comes round: decide before the request is suspended. */
#ifndef GATEWAY_SPEAKER_H
#define GATEWAY_SPEAKER_H

#include "gateway/access_grant.h"
#include "gateway/tokens.h"

enum { SPEAKER_NUMBERS_MAX = 8, SPEAKER_CHAIN_MAX = 4 };

struct request;
struct services;

/* What is said while the access data are not read, so that it is not known who somebody is. Dutch, without its full
 * stop. */
const char *speaker_why_unsure(const struct services *services);

/* Why a proof that was brought is not believed. */
struct proof_refusal {
	const char *reason; /* NULL: none was refused; a word for the machine: "expired" */
	const char *advice; /* Dutch, without its full stop */
	bool is_unsure;	    /* nothing is known of it now; a moment later it may be */
};

enum speaker_kind {
	SPEAKER_TOKEN = 1, /* of the tokens file: its lines say what it may, * is one of the things they say */
	SPEAKER_OPERATOR,  /* all services, all boards */
	SPEAKER_BOARD,	   /* one board itself */
	SPEAKER_PARTY,	   /* whoever has these numbers */
};

struct speaker {
	enum speaker_kind kind;
	uint64_t id;		  /* always the same of one credential, and says nothing of it: for load and memory */
	struct token_lines lines; /* SPEAKER_TOKEN */
	uint32_t board;		  /* SPEAKER_BOARD */
	int32_t until;		  /* the last day of a random token of the access data; 0: see lines, or not a day */
	int32_t party;		  /* SPEAKER_PARTY: its row in the access data; 0: its numbers say which */
	/* SPEAKER_PARTY: the numbers of the one party acted for: the deepest that a signed token names. */
	struct party_number numbers[SPEAKER_NUMBERS_MAX];
	size_t number_count;
	/* Those between who speaks and the party acted for, as a signed token names them; the first is nearest to who
	 * speaks. They give no right of their own: with one of them the basis is a chain. */
	struct party_number chain[SPEAKER_CHAIN_MAX];
	size_t chain_count;
	/* For the ledger: which credential it was, printable. Never a secret, never personal data: of a person, a
	 * digest. */
	char reference[SPEAKER_REFERENCE_BYTES];
	struct proof_refusal refusal; /* when nobody of ours speaks: what a sender can do about it */
};

/* false: a proof stands there twice, or one that only a front of ours may hand on; *ret_why: Dutch, without its full
 * stop. */
bool speaker_is_clear(const struct request *request, const char **ret_why);

/* A header Authorization speaks alone; without one the client certificate does, of the gateway's own TLS or of the
 * front behind a Unix socket. Behind "Bearer " two dots make a signed token (signed_token.h), where jwt.issuer is set;
 * all else is of the tokens file or of the access data. today: JJJJMMDD in Amsterdam. ACCESS_GOOD: *ret is set. Else
 * why nobody of ours speaks: ACCESS_MISSING, _UNKNOWN, _WITHDRAWN or _EXPIRED, and ret->refusal. */
enum access_answer speaker_identify(const struct request *request, int32_t today, struct speaker *ret);

#endif
