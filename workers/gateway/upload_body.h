/* upload_body: the bytes of a delivery as they come in: hashed, and kept within the byte budget.
 *
 * A file that is too large for us (LR-F01) is no longer kept, but hashed on, so that the refusal can show its made id.
 * Owner: the event loop. */
#ifndef GATEWAY_UPLOAD_BODY_H
#define GATEWAY_UPLOAD_BODY_H

#include "base/strbuf.h"
#include "gateway/byte_budget.h"

struct evp_md_ctx_st; /* of OpenSSL */

struct upload_body {
	struct strbuf bytes; /* none of a file that is too large */
	uint64_t total;	     /* received, kept or not */
	size_t expected_bytes;
	struct evp_md_ctx_st *hash;
	uint8_t sha256[32];
	bool is_hashed; /* after upload_body_end; false: it was so long that the hash was given up */
};

/* body: zeroed. expected_bytes: what the sender said, believed only as far as an average delivery goes; 0: nothing.
 * false: no memory. */
MUSTUSE bool upload_body_begin(struct upload_body *body, uint64_t expected_bytes);

/* Reserves what it allocates. false: no memory, or the budget is used up; the body is dropped then. */
MUSTUSE bool upload_body_add(struct upload_body *body, struct byte_reservation *reserved, struct slice bytes);

/* All bytes are in: takes sha256. false: the library failed. */
MUSTUSE bool upload_body_end(struct upload_body *body);

void upload_body_drop(struct upload_body *body, struct byte_reservation *reserved); /* the bytes; total and hash stay */
void upload_body_release(struct upload_body *body);

#endif
