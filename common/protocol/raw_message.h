/* raw_message: a message of the raw topic, ready for a producer: the board's key, the headers of raw_headers.h, the
 * framed body.
 *
 * Each header comes from the body, so that the two cannot say different things; a validator gives up a message whose
 * headers do not fit its body. Pure. */
#ifndef PROTOCOL_RAW_MESSAGE_H
#define PROTOCOL_RAW_MESSAGE_H

#include "protocol/partitioning.h"
#include "protocol/raw_headers.h"
#include "wire/gen/confirm.h"
#include "wire/gen/delivery.h"
#include "wire/gen/forget.h"
#include "wire/gen/replay.h"
#include "wire/gen/set_back.h"

struct raw_message {
	struct slice key;
	struct raw_headers_text headers;
	struct slice value;
	char key_text[PARTITIONING_KEY_BYTES + 1];
};

/* body: a good one, of our own making; its header is asserted as raw_headers_write does. value: is reset, and holds the
 * frame and the body afterwards; ask strbuf_ok. *ret points into itself and into value, so it may not be moved or
 * copied. */
void raw_message_of_delivery(struct raw_message *ret, const struct wire_delivery *body, struct strbuf *value);
void raw_message_of_replay(struct raw_message *ret, const struct wire_replay *body, struct strbuf *value);
void raw_message_of_confirm(struct raw_message *ret, const struct wire_confirm *body, struct strbuf *value);
void raw_message_of_forget(struct raw_message *ret, const struct wire_forget *body, struct strbuf *value);
void raw_message_of_set_back(struct raw_message *ret, const struct wire_set_back *body, struct strbuf *value);

#endif
