/* feedback_handler: GET .../leveringen/{leveringsid}/terugmelding, what became of each line (specification 8.1,
 * 8.3). */
#ifndef GATEWAY_FEEDBACK_HANDLER_H
#define GATEWAY_FEEDBACK_HANDLER_H

#include "gateway/handler.h"

extern const struct handler FEEDBACK_HANDLER;

#endif
