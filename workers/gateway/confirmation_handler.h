/* confirmation_handler: POST .../leveringen/{leveringsid}/bevestiging, the confirmation of a VOLLEDIG (specification
 * 7.3). */
#ifndef GATEWAY_CONFIRMATION_HANDLER_H
#define GATEWAY_CONFIRMATION_HANDLER_H

#include "gateway/handler.h"

extern const struct handler CONFIRMATION_HANDLER;

#endif
