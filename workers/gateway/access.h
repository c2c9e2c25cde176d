/* access: whether the sender of a request may ask for what it asks.
 *
 * A refusal is the request's reply: 401 without a token of ours, 403 with one for other boards, 503 while the gateway
 * drains. */
#ifndef GATEWAY_ACCESS_H
#define GATEWAY_ACCESS_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

struct request;

/* What the route of the request asks for; web_server calls it before the handler. false: refused. */
MUSTUSE bool access_admit(struct request *request);

/* Whether the token of the request is one for this board; NULL: one at all. false: refused. */
MUSTUSE bool access_check_token(struct request *request, const uint32_t *board);

#endif
