/* upload_message: the Delivery message of an accepted file, and its Kafka headers (design 2). Pure. */
#ifndef GATEWAY_UPLOAD_MESSAGE_H
#define GATEWAY_UPLOAD_MESSAGE_H

#include "base/strbuf.h"
#include "gateway/file_check.h"
#include "protocol/raw_headers.h"

/* All borrowed. */
struct upload_message {
	const struct delivery_header *header;
	const struct file_reading *file;
	const uint8_t *fingerprint, *content_sha256, *reference_version;
	int32_t received_on;
};

void upload_message_encode(struct strbuf *out, const struct upload_message *message); /* in place of what out held */
struct raw_headers upload_message_headers(const struct upload_message *message);

#endif
