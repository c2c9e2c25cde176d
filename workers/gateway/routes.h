/* routes: the addresses of the gateway, and who handles each. */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

#include "gateway/route.h"

enum { ROUTES_COUNT = 9 };

extern const struct route ROUTES[ROUTES_COUNT];

#endif
