/* installation_handler: which installation this is, for a sender that keeps receipts: those of another say nothing
 * here. */
#ifndef GATEWAY_INSTALLATION_HANDLER_H
#define GATEWAY_INSTALLATION_HANDLER_H

#include "gateway/handler.h"

extern const struct handler INSTALLATION_HANDLER;

#endif
