/* services: what the gateway offers its handlers: the register to ask, the log to publish to, and the state they share.
 *
 * A handler gives its request to one of services_ask, services_publish and services_wait. That suspends the request, so
 * it costs its memory only; services_poll later calls the handler's answered, published or due, and lets the request go
 * on as soon as it has a reply. Owner: the event loop. */
#ifndef GATEWAY_SERVICES_H
#define GATEWAY_SERVICES_H

#include "base/arena.h"
#include "gateway/byte_budget.h"
#include "gateway/client_certificate.h"
#include "gateway/gateway_config.h"
#include "gateway/issuer_keys.h"
#include "gateway/raw_publisher.h"
#include "gateway/register_jobs.h"
#include "gateway/request.h"
#include "gateway/signed_token_cache.h"
#include "gateway/token_watch.h"
#include "gateway/tokens.h"
#include "gateway/wait_list.h"
#include "model/access_data.h"
#include "model/reference.h"
#include "trace/span_exporter.h"

struct web_server;

struct services {
	const struct gateway_config *config;
	const struct web_server *server;
	struct tokens *tokens;
	struct token_watch token_watch;
	struct issuer_keys *issuer_keys; /* NULL: signed tokens are not believed */
	struct signed_token_rules signed_token_rules;
	struct signed_token_cache *signed_tokens;  /* NULL: none, or no memory: each is checked */
	struct client_authority *client_authority; /* NULL: client certificates are not believed */
	struct hmac_key stand_key;		   /* of fingerprints and pseudonyms */
	struct reference *reference;		   /* in force; NULL before the first */
	struct access_data *access;		   /* in force; NULL: none was published, or it is not read yet */
	bool is_access_refused;			   /* Kafka does not let us read the access topic: a fault of ours */
	bool awaits_access;	    /* the access topic is not read to its end yet: what we do not know may be in it */
	struct register_jobs *jobs; /* NULL while the gateway closes */
	struct raw_publisher publisher;
	struct byte_budget uploads, answers; /* memory */
	struct load *load;
	struct wait_list waiting;
	struct span_exporter *spans; /* NULL: none are made */
	struct arena file_arena;     /* of the file under check */
	struct strbuf message;	     /* being made for the publisher, which copies it */
};

/* Before: config and server are set, the rest is zero. One that could not be opened is closed like any other. */
MUSTUSE int services_open(struct services *services, int epoll_fd, struct err *err);
/* Ends whatever may still call in for a request. Requests that waited for it have no reply: web_server_close sees to
 * them. */
void services_close_peers(struct services *services);
void services_close(struct services *services); /* the rest, once there is no request any more */

/* Reads the tokens file again. An error: what was read before stays in use. */
MUSTUSE int services_read_tokens(struct services *services, struct err *err);
/* Reads the CAs of client certificates again, and the lists of those that were taken back. Likewise. */
MUSTUSE int services_read_authority(struct services *services, struct err *err);

/* The request may bring what it brings: from here on it is followed, if it is sampled (request_span.h). Nobody who may
 * not do what he asks causes spans. */
void services_follow(struct request *request);
/* Gives back what the request had in progress. */
void services_forget(struct request *request);
void services_poll(struct services *services);
/* From time to time: reads a file of the issuer's keys that has changed, and sets the metrics of those keys. */
void services_watch_issuer(const struct services *services);
void services_measure(const struct services *services);			/* sets the gauges */
int services_wait_ms(const struct services *services, int wait_ms_max); /* until services_poll must run in any case */

/* Submits the job to the register. false: it cannot be asked now. */
MUSTUSE bool services_ask(struct request *request, struct register_job *job);
/* Puts message, whose bytes are services->message, into the log, with the request's trace. Errors as of
 * raw_publisher_put. */
MUSTUSE int services_publish(struct request *request, struct raw_message *message, struct err *err);
void services_wait(struct request *request, struct waiter *waiter, int64_t due_ms);

#endif
