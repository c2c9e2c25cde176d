/* routes: the addresses of the gateway, and who handles each. */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

#include "gateway/route.h"

enum { ROUTES_COUNT = 28 };

/* Answered everywhere, by what stands before handlers (web_server, common/http): 404 and 405 of another address or
 * method, 408, 413, 414, 417, 431, 501, 505, and 400 of what is no HTTP or has a parameter twice. */
extern const struct route ROUTES[ROUTES_COUNT];

#endif
