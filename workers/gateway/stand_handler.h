/* stand_handler: GET /v1/besturen/{bestuur}/stand, what the register holds of a board (specification 8.4). */
#ifndef GATEWAY_STAND_HANDLER_H
#define GATEWAY_STAND_HANDLER_H

#include "gateway/handler.h"

extern const struct handler STAND_HANDLER;

#endif
