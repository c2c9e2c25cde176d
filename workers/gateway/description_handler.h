/* description_handler: the description of this interface, OpenAPI 3.1, for whoever builds a client. The file is
 * schemas/openapi/instroom-1.json, and is part of the program. */
#ifndef GATEWAY_DESCRIPTION_HANDLER_H
#define GATEWAY_DESCRIPTION_HANDLER_H

#include "base/slice.h"
#include "gateway/handler.h"

extern const struct handler DESCRIPTION_HANDLER;

struct slice description_text(void);

#endif
