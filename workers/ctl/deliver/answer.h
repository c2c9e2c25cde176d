/* answer: what the HTTP answer to an upload means, and whether it may be believed.
 *
 * Pure. A status alone proves nothing: a proxy, a login page or a wrong address answer 200 and 202 too. A delivery is
 * accepted when the answer is a receipt that names it, its number of lines and the SHA-256 of the content we sent; it
 * is known when the answer is the summary of this delivery. A refusal is the gateway's when it is its JSON. All else is
 * foreign, and is shown as what it is. */
#ifndef CTL_ANSWER_H
#define CTL_ANSWER_H

#include "base/slice.h"

#include <stdbool.h>

struct json_t; /* of jansson */

enum { RETRY_AFTER_S_MAX = 300, ANSWER_WHY_BYTES = 512 };

enum answer_kind {
	ANSWER_ACCEPTED = 1, /* 202 with a receipt of what was sent */
	ANSWER_KNOWN,	     /* 200 with the summary of what was sent */
	ANSWER_REFUSED,	     /* by the gateway, for good */
	ANSWER_DENIED,	     /* the same: not with this token */
	ANSWER_LATER,	     /* try the same again */
	/* not the gateway's, no receipt of what was sent, or not for long: nothing is known to be accepted */
	ANSWER_NOT_TAKEN,
};

/* As it came. Texts that were not there are NULL. */
struct answer_reply {
	long status;
	const char *failure; /* no answer came at all, and why */
	bool is_no_http;     /* something came that is no HTTP */
	const char *type, *location;
	int64_t retry_after_s; /* 0: it does not say */
	struct slice body;
};

struct answer_sent {
	const uint8_t *content_sha256; /* 32 bytes */
	const struct json_t *header;
};

struct answer {
	enum answer_kind kind;
	long status;		    /* 0: no answer came */
	bool is_for_all;	    /* of LATER: the sender is to pause, not this upload only */
	struct json_t *json;	    /* the body, when it is an object; released by answer_release */
	int64_t retry_after_s;	    /* of LATER; 0: as we like */
	char why[ANSWER_WHY_BYTES]; /* of LATER and NOT_TAKEN */
};

void answer_read(const struct answer_reply *reply, const struct answer_sent *sent, struct answer *ret);
void answer_release(struct answer *answer);

/* Copies a text of somebody else's for a terminal: what it would obey becomes a question mark. */
void answer_printable(const char *text, char *out, size_t out_bytes);

#endif
