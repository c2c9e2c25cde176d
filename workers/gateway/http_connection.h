/* http_connection: the connections of the HTTP server, and which of them take too long.
 *
 * libmicrohttpd's own time limit is one of silence: a client that sends a byte now and then would stay for good. So every
 * connection stands in a list, and http_connections_sweep ends those that take too long over a head, a body or the reading
 * of an answer, or whose client has left. Owner: the event loop. */
#ifndef GATEWAY_HTTP_CONNECTION_H
#define GATEWAY_HTTP_CONNECTION_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_request;

struct http_connection {
	int fd;
	struct http_request *request; /* NULL between two */
	int64_t since_ms;	      /* connected, or the last answer is out */
	int64_t looked_ms;	      /* last time we looked whether its client is still there */
	bool has_served;	      /* a request before */
	struct http_connection *next, *previous;
};

struct http_connections {
	struct http_connection *first;
	size_t count;
};

struct http_time_limits {
	int64_t idle_ms_max;	/* without a request */
	int64_t request_ms_max; /* from its first byte to its last; and again for the reading of the answer */
};

struct http_connection *http_connections_add(struct http_connections *connections, int fd, int64_t now_ms); /* NULL: no memory */
void http_connections_remove(struct http_connections *connections, struct http_connection *connection); /* deallocates it */

/* is_draining: one without a request is overdue at once. */
bool http_connection_is_overdue(const struct http_connection *connection, const struct http_time_limits *limits,
				bool is_draining, int64_t now_ms);

/* Shuts down the sockets of those that are overdue or whose client has left. The library then sees an end, and closes. */
void http_connections_sweep(struct http_connections *connections, const struct http_time_limits *limits,
			    bool is_draining, int64_t now_ms);

#endif
