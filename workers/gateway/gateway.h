/* gateway: takes uploads, checks the file, publishes one message per delivery, answers with a receipt (design 3).
 *
 * Conducts the parts: opens them, runs the event loop over them, drains and closes them. One thread runs the loop and
 * owns every handle here; questions to PostgreSQL go to the threads of register_jobs, the reference topic to that of
 * reference_watch. Whatever happens to this process, a delivery is accepted when, and only when, Kafka has its message;
 * the sender of any other sends again.
 *
 * What knows what, from below to above; nothing includes a file of a line below its own:
 *   byte_budget, wait_list, route, tokens, header_form, file_check, reply, raw_publisher, register_jobs,
 *   reference_watch, access_watch
 *   request, web_server                       the web, without any handler
 *   services, speaker, access                 what handlers may use
 *   upload_*, register_question, *_handler    the handlers
 *   routes                                    which handler has which address
 *   gateway, gateway_main                     the life of it all */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "gateway/gateway_config.h"
#include "gateway/access_watch.h"
#include "gateway/reference_watch.h"
#include "gateway/services.h"
#include "gateway/web_server.h"
#include "settings/topic_guard.h"

struct gateway {
	struct gateway_config config;
	struct body_encryption *encryption; /* NULL: it is off */
	struct services services;
	struct web_server server;
	struct reference_watch *watch;
	struct access_watch *access_watch;
	struct topic_guard guard;
	int epoll_fd, signal_fd;
	int64_t chores_at_ms;
};

/* Before: config is set, all else is zero. One that could not be opened is closed like any other. May not be moved. */
MUSTUSE int gateway_open(struct gateway *gateway, struct err *err);
MUSTUSE int gateway_poll(void *self, struct err *err); /* one iteration of the loop */
/* No new connections; whatever is in flight gets its answer. ERR_STOP: some were still open at the deadline. */
MUSTUSE int gateway_drain(void *self, int64_t deadline_ms, struct err *err);
void gateway_reload(void *self); /* tokens and certificate as their files are now */
void gateway_close(struct gateway *gateway);

#endif
