/* health_handler: /healthz, /readyz and /metrics, for machines; anybody may ask, also while the gateway drains. */
#ifndef GATEWAY_HEALTH_HANDLER_H
#define GATEWAY_HEALTH_HANDLER_H

#include "gateway/handler.h"

extern const struct handler HEALTH_HANDLER, READINESS_HANDLER, METRICS_HANDLER;

#endif
