#include "gateway/connection.h"

#include "gateway/request.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
	HEAD_MS_MAX = 10000, /* of the first request of a connection: to its last header */
	LATE_MS_MAX = 10000, /* who is told that the upload took too long may read that so long, then is disconnected */
	LOOK_EVERY_MS = 500, /* whether a silent client is still there */
};

struct connection *connections_add(struct connections *connections, int fd, int64_t now_ms)
{
	struct connection *connection = calloc(1, sizeof *connection);

	if (!connection)
		return NULL;
	connection->fd = fd;
	connection->since_ms = now_ms;
	connection->next = connections->first;
	if (connection->next)
		connection->next->previous = connection;
	connections->first = connection;
	connections->count++;
	return connection;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
	*(connection->previous ? &connection->previous->next : &connections->first) = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	connections->count--;
	free(connection);
}

bool connection_is_overdue(const struct connection *connection, const struct time_limits *limits, bool is_draining,
			   int64_t now_ms)
{
	const struct request *request = connection->request;

	if (!request) {
		int64_t head_ms_max = MIN(limits->idle_ms_max, (int64_t)HEAD_MS_MAX);

		return is_draining ||
		       now_ms - connection->since_ms > (connection->has_served ? limits->idle_ms_max : head_ms_max);
	}
	if (request->is_suspended)
		return false; /* it is we who take long */
	if (request->replied_ms > 0)
		return now_ms - request->replied_ms > limits->request_ms_max;
	return now_ms - request->begun_ms > limits->request_ms_max + LATE_MS_MAX;
}

/* The library reads what came and waits to be woken for more. When a client's end came together with its last bytes it was
 * woken once for both, and would keep a cut off upload until the connection has been silent for too long. */
static bool has_left(struct connection *connection, int64_t now_ms)
{
	const struct request *request = connection->request;
	int64_t heard_ms = request ? request->heard_ms : connection->since_ms;
	char byte;

	if (request && (request->is_suspended || request->replied_ms > 0))
		return false; /* all of the request is in: whoever closed one side may well read the answer */
	if (now_ms - MAX(heard_ms, connection->looked_ms) < LOOK_EVERY_MS)
		return false;
	connection->looked_ms = now_ms;
	return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void connections_sweep(struct connections *connections, const struct time_limits *limits, bool is_draining, int64_t now_ms)
{
	for (struct connection *one = connections->first; one; one = one->next)
		if (connection_is_overdue(one, limits, is_draining, now_ms) || has_left(one, now_ms))
			shutdown(one->fd, SHUT_RDWR);
}
