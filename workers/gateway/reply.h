/* reply: what is sent back for a request. The reply owns its body.
 *
 * A call on a reply that was filled before replaces all of it. */
#ifndef GATEWAY_REPLY_H
#define GATEWAY_REPLY_H

#include "base/strbuf.h"
#include "gateway/conditional.h"
#include "http/http_server.h"

struct json_t; /* of jansson */

/* Where a problem sends people for help; empty: "the helpdesk", without an address. address lives on. Before the first
 * request. */
void reply_set_helpdesk(const char *address);
const char *reply_helpdesk(void);

/* Whether this gateway speaks TLS itself: browsers are asked to come back with it only. Before the first request. */
void reply_set_tls(bool has_tls);

/* The version of the interface, in the header API-Version of every answer (Dutch API Design Rules, API-57). Its first
 * number stands in every address. */
#define API_VERSION "1.3.0"

/* What every answer says, whoever makes it: version, and what browsers may do with it (nothing). */
void reply_add_site_headers(struct http_reply *to);

struct reply {
	unsigned status;  /* 0: not known yet */
	const char *type; /* static */
	struct strbuf body;
	struct http_stream stream; /* read is set: instead of body */
	char location[160];	   /* empty: none */
	unsigned retry_after_s;	   /* 0: none */
	char allow[32];		   /* of 405: the methods there are */
	char etag[ETAG_BYTES];	   /* empty: none */
	bool is_public;		   /* pages of any site may read it (CORS) */
	const char *proof_reason;  /* of 401: why a proof is not believed; static; NULL: none was */
};

void reply_text(struct reply *reply, unsigned status, const char *type, const char *text);
void reply_body(struct reply *reply, const char *type, struct strbuf *body); /* 200; the body is the reply's then */
void reply_stream(struct reply *reply, const char *type, const struct http_stream *stream); /* 200; likewise */
/* Takes json over. NULL, or no memory for its text: 503 without a body, as half an answer would be believed. */
void reply_json(struct reply *reply, unsigned status, const char *type, struct json_t *json);
/* RFC 9457. detail: one Dutch sentence without its full stop; where to find the helpdesk follows it (specification
 * 8.5). */
void reply_problem(struct reply *reply, unsigned status, const char *title, const char *detail);
/* The same of a delivery: type names the rule. Takes delivery, its summary, over; NULL: likewise. */
void reply_refusal(struct reply *reply, unsigned status, const char *type, const char *detail, struct json_t *delivery);
/* 401 of a proof that is not believed; reason: a word for the machine, in WWW-Authenticate (RFC 6750). Both static. */
void reply_refused_proof(struct reply *reply, const char *reason, const char *detail);
void reply_other_methods(struct reply *reply, unsigned methods); /* 405; methods: as route_match has them */
/* Of a request that no handler saw. why: English, for whoever builds the client. */
void reply_refused_by_server(struct reply *reply, unsigned status, const char *why);
void reply_too_much(struct reply *reply); /* 429 with Retry-After: this sender or board has too much in progress */
void reply_busy(struct reply *reply, const char *detail);	/* 503 with Retry-After */
void reply_not_modified(struct reply *reply, const char *etag); /* 304 */
void reply_release(struct reply *reply);

#endif
