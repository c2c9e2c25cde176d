/* rights_handler: GET /v1/toegang. What the sender may, for which boards, on what basis and until which day: the other
 * side of the decision that access.c makes, from the same tokens and the same snapshot, so it works while PostgreSQL is
 * down. It says nothing of anybody else. */
#ifndef GATEWAY_RIGHTS_HANDLER_H
#define GATEWAY_RIGHTS_HANDLER_H

#include "gateway/handler.h"

extern const struct handler RIGHTS_HANDLER;

#endif
