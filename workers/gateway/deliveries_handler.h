/* deliveries_handler: the deliveries of a board, newest first, a page at a time. The query may name a status, a day
 * (vanaf) and the page (na: volgende of the page before). */
#ifndef GATEWAY_DELIVERIES_HANDLER_H
#define GATEWAY_DELIVERIES_HANDLER_H

#include "gateway/handler.h"

extern const struct handler DELIVERIES_HANDLER;

#endif
