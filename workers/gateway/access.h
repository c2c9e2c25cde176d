/* access: whether the sender of a request may ask for what it asks.
 *
 * A refusal is the request's reply: 400 with two tokens, 401 without one of ours, 403 with one for other boards, 429
 * with too much in progress, 503 while the gateway drains.
 *
 * A page of another site can make a browser send requests here, with what the browser adds by itself. So a request that
 * changes something and says that it comes from another site (Origin, Sec-Fetch-Site) is refused, whoever sends it:
 * 403. Programs send neither header. */
#ifndef GATEWAY_ACCESS_H
#define GATEWAY_ACCESS_H

#include "gateway/load.h"

#include <stdbool.h>
#include <stdint.h>

struct request;

/* What the route of the request asks for; web_server calls it before the handler. false: refused. */
MUSTUSE bool access_admit(struct request *request);

/* Whether the token of the request is one for this board; NULL: one at all. false: refused. */
MUSTUSE bool access_check_token(struct request *request, const uint32_t *board);

/* Whether sender and board may have one more upload or question in progress (load.h). false: refused with 429. */
MUSTUSE bool access_check_load(struct request *request, enum load_kind kind, uint32_t board);

#endif
