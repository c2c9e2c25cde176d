/* handler: what a request does at each moment of its life. The route table (routes.c) chooses one per address.
 *
 * The HTTP layer and services.c call these functions and know no handler by name. A function that does not apply is
 * NULL.
 *
 *   begin      the head is in, and access.c has let it through
 *   take       a piece of the body is in; not called once the request has a reply
 *   end        the whole body is in, and there is no reply yet
 *   answered   the register answered the job given to services_ask
 *   published  Kafka reported on the message given to services_publish
 *   due        the moment given to services_wait has come
 *   free       the request is over: its answer is out, or its connection is gone; releases what the state owns
 *
 * Each but free may fill the request's reply, which ends it. end, answered, published and due do that or wait for
 * something, by one of services_ask, services_publish and services_wait. While it waits, a request cannot go away. */
#ifndef GATEWAY_HANDLER_H
#define GATEWAY_HANDLER_H

#include "base/slice.h"

struct request;
struct kafka_report;
struct register_job;

struct handler {
	size_t state_bytes; /* of request->state: zeroed before begin, deallocated after free; 0: it is NULL */
	void (*begin)(struct request *request);
	void (*take)(struct request *request, struct slice bytes);
	void (*end)(struct request *request);
	void (*answered)(struct request *request, struct register_job *job);
	void (*published)(struct request *request, const struct kafka_report *report);
	void (*due)(struct request *request);
	void (*free)(void *state);
};

#endif
