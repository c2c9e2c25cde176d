/* absent_handler: GET .../leveringen/{leveringsid}/ontbrekenden, who would lapse if a VOLLEDIG that waits were
 * confirmed (specification 8.6). */
#ifndef GATEWAY_ABSENT_HANDLER_H
#define GATEWAY_ABSENT_HANDLER_H

#include "gateway/handler.h"

extern const struct handler ABSENT_HANDLER;

#endif
