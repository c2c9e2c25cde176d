/* upload_handler: POST /v1/leveringen, a delivery on its way in (specification 2.2, design 3). */
#ifndef GATEWAY_UPLOAD_HANDLER_H
#define GATEWAY_UPLOAD_HANDLER_H

#include "gateway/handler.h"

extern const struct handler UPLOAD_HANDLER;

#endif
