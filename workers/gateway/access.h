/* access: whether the sender of a request may ask for what it asks.
 *
 * Two questions, kept apart: who speaks (speaker.h, by what the request proves), and whether he may use the service of
 * the route for this board today, and on what basis (specification 15). The second knows nothing of requests.
 *
 * A refusal is the request's reply: 400 with two tokens, 401 without a proof that is believed, 403 with one for other
 * boards, 429 with too much in progress, 503 while the gateway drains or a token's key is being asked for.
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
struct speaker;

/* What the route of the request asks for; web_server calls it before the handler. false: refused. */
MUSTUSE bool access_admit(struct request *request);

/* web_server calls it once a body is in, which may have taken minutes: whether who was let in at the head still is
 * whom he was and may do what he may, by what holds now. What is decided here counts (specification 15). Routes whose
 * handler asks by itself do so at their end. false: refused. */
MUSTUSE bool access_confirm(struct request *request);

/* Whether who speaks may use the route's service for this board; NULL: whether he is one of ours. Sets request->grant.
 * false: refused. */
MUSTUSE bool access_check(struct request *request, const uint32_t *board);

/* Who speaks, of those that are ours, whatever he may; as access_check without a board. *ret lives as the speaker does.
 */
MUSTUSE bool access_identify(struct request *request, struct speaker *ret);

/* Whether sender and board may have one more upload or question in progress (load.h). false: refused with 429. */
MUSTUSE bool access_check_load(struct request *request, enum load_kind kind, uint32_t board);

#endif
