/* upload_answer: the answer to the sender of a delivery: the receipt, or the refusal with its findings (specification
 * 8.2, 14). */
#ifndef GATEWAY_UPLOAD_ANSWER_H
#define GATEWAY_UPLOAD_ANSWER_H

#include "gateway/header_form.h"
#include "gateway/reply.h"

struct upload_receipt {
	uint32_t board;
	const char *id;
	const uint8_t *fingerprint, *content_sha256;
	const char *installation;
	uint32_t lines;
	int32_t partition;
	int64_t offset;
	const char *position; /* of both, as receipt_position writes it */
};

void upload_answer_receipt(struct reply *reply, const struct upload_receipt *receipt);

/* id: as far as it is known; empty: none. findings: at least one, all of the same step, in the order of specification
 * 4.4. */
/* detail: as of reply_refusal; NULL: the usual sentence. */
void upload_answer_refusal(struct reply *reply, unsigned status, const struct header_reading *header, const char *id,
			   const struct finding *findings, size_t count, const char *detail);

#endif
