/* summary_handler: GET /v1/besturen/{bestuur}/leveringen/{leveringsid}, the state of a delivery (specification 8.2). */
#ifndef GATEWAY_SUMMARY_HANDLER_H
#define GATEWAY_SUMMARY_HANDLER_H

#include "gateway/handler.h"

extern const struct handler SUMMARY_HANDLER;

#endif
