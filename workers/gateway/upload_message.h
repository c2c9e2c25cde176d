/* upload_message: the Delivery message of an accepted file (design 2). Pure. */
#ifndef GATEWAY_UPLOAD_MESSAGE_H
#define GATEWAY_UPLOAD_MESSAGE_H

#include "gateway/file_check.h"
#include "protocol/raw_message.h"

/* All borrowed. */
struct upload_message {
	const struct delivery_header *header;
	const struct file_reading *file;
	const uint8_t *fingerprint, *content_sha256, *reference_version;
	int32_t received_on;
};

/* value: holds the body afterwards, in place of what it held; *ret borrows from it. */
void upload_message_make(const struct upload_message *message, struct strbuf *value, struct raw_message *ret);

#endif
