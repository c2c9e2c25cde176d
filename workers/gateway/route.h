/* route: which of the gateway's addresses a request means.
 *
 * Pure. The address comes without its query and already percent-decoded, so it may hold any byte. */
#ifndef GATEWAY_ROUTE_H
#define GATEWAY_ROUTE_H

#include "model/delivery.h"

enum route_kind {
	ROUTE_NONE = 0,
	ROUTE_UPLOAD,	/* POST /v1/leveringen */
	ROUTE_DELIVERY, /* GET /v1/besturen/{nr}/leveringen/{id} */
	ROUTE_FEEDBACK, /* GET .../terugmelding */
	ROUTE_CONFIRM,	/* POST .../bevestiging */
	ROUTE_STAND,	/* GET /v1/besturen/{nr}/stand */
	ROUTE_HEALTHZ,
	ROUTE_READYZ,
	ROUTE_METRICS,
};

struct route {
	enum route_kind kind;
	uint32_t board;			    /* of the routes with {nr} */
	char id[DELIVERY_ID_BYTES_MAX + 1]; /* of the routes with {id} */
};

/* method: GET, HEAD (as GET) or POST; another has no route. ROUTE_NONE: no such address, or not with this method. */
struct route route_parse(struct slice address, struct slice method);

#endif
