/* connection: the connections of the HTTP server, and which of them take too long.
 *
 * libmicrohttpd's own time limit is one of silence: a client that sends a byte now and then would stay for good. So every
 * connection stands in a list, and connections_sweep ends those that take too long over a head, a body or the reading
 * of an answer, or whose client has left. Owner: the event loop. */
#ifndef GATEWAY_CONNECTION_H
#define GATEWAY_CONNECTION_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;

struct connection {
	int fd;
	struct request *request; /* NULL between two */
	int64_t since_ms;	 /* connected, or the last answer is out */
	int64_t looked_ms;	 /* last time we looked whether its client is still there */
	bool has_served;	 /* a request before */
	struct connection *next, *previous;
};

struct connections {
	struct connection *first;
	size_t count;
};

struct time_limits {
	int64_t idle_ms_max;	/* without a request */
	int64_t request_ms_max; /* from its first byte to its last; and again for the reading of the answer */
};

struct connection *connections_add(struct connections *connections, int fd, int64_t now_ms); /* NULL: no memory */
void connections_remove(struct connections *connections, struct connection *connection);     /* deallocates it */

/* is_draining: one without a request is overdue at once. */
bool connection_is_overdue(const struct connection *connection, const struct time_limits *limits, bool is_draining,
			   int64_t now_ms);

/* Shuts down the sockets of those that are overdue or whose client has left. The library then sees an end, and closes. */
void connections_sweep(struct connections *connections, const struct time_limits *limits, bool is_draining, int64_t now_ms);

#endif
