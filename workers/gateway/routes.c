#include "gateway/routes.h"

#include "gateway/confirmation_handler.h"
#include "gateway/feedback_handler.h"
#include "gateway/health_handler.h"
#include "gateway/installation_handler.h"
#include "gateway/stand_handler.h"
#include "gateway/summary_handler.h"
#include "gateway/upload_handler.h"

enum {
	UPLOAD_BYTES_MAX = 256 << 20, /* also of what is refused already */
	OTHER_BYTES_MAX = 64 << 10,   /* no body is needed; whoever sends one all the same is answered */
};

#define BOARD	 "/v1/besturen/{bestuur}"
#define DELIVERY BOARD "/leveringen/{leveringsid}"

const struct route ROUTES[ROUTES_COUNT] = {
	{ "/v1/leveringen", METHOD_POST, ROUTE_BY_HANDLER, UPLOAD_BYTES_MAX, &UPLOAD_HANDLER },
	{ DELIVERY, METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &SUMMARY_HANDLER },
	{ DELIVERY "/terugmelding", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &FEEDBACK_HANDLER },
	{ DELIVERY "/bevestiging", METHOD_POST, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &CONFIRMATION_HANDLER },
	{ BOARD "/stand", METHOD_GET, ROUTE_FOR_BOARD, OTHER_BYTES_MAX, &STAND_HANDLER },
	{ "/v1/installatie", METHOD_GET, ROUTE_BY_HANDLER, OTHER_BYTES_MAX, &INSTALLATION_HANDLER },
	{ "/healthz", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &HEALTH_HANDLER },
	{ "/readyz", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &READINESS_HANDLER },
	{ "/metrics", METHOD_GET, ROUTE_PUBLIC, OTHER_BYTES_MAX, &METRICS_HANDLER },
};
