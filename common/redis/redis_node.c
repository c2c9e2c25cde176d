#include "redis/redis_internal.h"

#include "base/clock.h"
#include "base/secret_file.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

enum { WORDS_MAX = 3 };

void redis_node_leave(struct redis_node *node)
{
	if (node->fd >= 0) {
		close(node->fd);
		node->left = node->here;
	}
	node->fd = -1;
	if (node->reader)
		redisReaderFree(node->reader);
	node->reader = NULL;
}

/* Every unread reply of a line that broke is in doubt. */
static int fail_line(struct redis_node *node, const char *why, struct err *err)
{
	redis_node_leave(node);
	return err_set(err, ERR_RETRY, "connection", "Redis at %s %s", node->places, why);
}

/* ---- waits ---- */

static bool wait_socket(const struct redis_node *node, short events, int64_t end_ms)
{
	struct pollfd fd = { .fd = node->fd, .events = events };
	int rc;

	do {
		int64_t left_ms = MAX(end_ms - clock_ms(), (int64_t)0);

		rc = poll(&fd, 1, (int)MIN(left_ms, (int64_t)INT32_MAX));
	} while (rc < 0 && errno == EINTR && clock_ms() < end_ms);
	return rc > 0;
}

static int send_all(struct redis_node *node, struct slice rest, int64_t end_ms, struct err *err)
{
	while (rest.n > 0) {
		ssize_t n = send(node->fd, rest.p, rest.n, MSG_NOSIGNAL);

		if (n > 0)
			slice_cut(&rest, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return fail_line(node, "broke the connection", err);
		else if (!wait_socket(node, POLLOUT, end_ms))
			return fail_line(node, "did not take our command in time", err);
	}
	return 0;
}

/* Takes in what has come, in larger pieces than redisBufferRead. false: the line broke, or no memory. */
static bool take_in(struct redis_node *node)
{
	ssize_t n = recv(node->fd, node->receive_buffer, REDIS_RECEIVE_BYTES, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	return n > 0 && redisReaderFeed(node->reader, node->receive_buffer, (size_t)n) == REDIS_OK;
}

static int receive(struct redis_node *node, int64_t end_ms, redisReply **ret, struct err *err)
{
	void *reply = NULL;

	for (;;) {
		if (redisReaderGetReply(node->reader, &reply) != REDIS_OK)
			return fail_line(node, "answered no RESP", err);
		if (reply)
			break;
		if (!wait_socket(node, POLLIN, end_ms))
			return fail_line(node, "did not answer in time", err);
		if (!take_in(node))
			return fail_line(node, "broke the connection", err);
	}
	*ret = reply;
	return 0;
}

static int exchange(struct redis_node *node, int count, const char *const *p, const size_t *n, int64_t end_ms,
		    redisReply **ret, struct err *err)
{
	char *command;
	/* hiredis takes an array of pointers that is not const itself */
	int bytes = redisFormatCommandArgv(&command, count, (const char **)(uintptr_t)p, n);

	if (bytes < 0)
		return fail_line(node, "cannot be asked: no memory", err);
	int rc = send_all(node, slice_make(command, (size_t)bytes), end_ms, err);

	redisFreeCommand(command);
	return rc == 0 ? receive(node, end_ms, ret, err) : rc;
}

int redis_node_exchange(struct redis_node *node, const struct redis_args *args, int64_t end_ms, redisReply **ret,
			struct err *err)
{
	return exchange(node, args->count, args->p, args->n, end_ms, ret, err);
}

int redis_node_exchange_words(struct redis_node *node, const struct slice *words, int count, int64_t end_ms,
			      redisReply **ret, struct err *err)
{
	const char *p[WORDS_MAX];
	size_t n[WORDS_MAX];

	assert(count <= WORDS_MAX);
	for (int i = 0; i < count; i++) {
		p[i] = words[i].p;
		n[i] = words[i].n;
	}
	return exchange(node, count, p, n, end_ms, ret, err);
}

/* ---- greeting ---- */

static int greet(struct redis_node *node, const struct slice *words, int count, int64_t end_ms, redisReply **ret,
		 struct err *err)
{
	int rc = redis_node_exchange_words(node, words, count, end_ms, ret, err);

	if (rc != 0)
		return rc;
	return (*ret)->type == REDIS_REPLY_ERROR ? redis_reply_fail(*ret, err) : 0;
}

static int log_in_with(struct redis_node *node, struct slice password, int64_t end_ms, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	struct slice user = slice_of(node->options->user);
	const struct slice words[] = { SLICE_LITERAL("AUTH"), user, password };
	const struct slice words_of_default[] = { SLICE_LITERAL("AUTH"), password };

	if (slice_is_empty(password))
		return 0;
	if (slice_is_empty(user))
		return greet(node, words_of_default, ARRAY_LEN(words_of_default), end_ms, &reply, err);
	return greet(node, words, ARRAY_LEN(words), end_ms, &reply, err);
}

/* Passwords rotate: the file is read at each connection. When it cannot be read now, what it held at start is tried. */
static int log_in(struct redis_node *node, int64_t end_ms, struct err *err)
{
	CLEANUP(strbuf_wipe) struct strbuf password = { 0 };

	strbuf_init(&password, REDIS_PASSWORD_BYTES_MAX);
	secret_now(&node->options->password, &password);
	return log_in_with(node, strbuf_slice(&password), end_ms, err);
}

static int load_script(struct redis_node *node, enum redis_script script, int64_t end_ms, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	const struct slice words[] = { SLICE_LITERAL("SCRIPT"), SLICE_LITERAL("LOAD"),
				       slice_of(redis_script_text(script)) };
	int rc = greet(node, words, ARRAY_LEN(words), end_ms, &reply, err);

	if (rc != 0)
		return rc;
	if (reply->type != REDIS_REPLY_STRING || (size_t)reply->len != sizeof node->sha[0] - 1)
		return fail_line(node, "gave no digest of a script", err);
	memcpy(node->sha[script], reply->str, sizeof node->sha[0]);
	return 0;
}

/* ---- connecting ---- */

static int open_socket(struct redis_node *node, const struct redis_address *address, int64_t end_ms, struct err *err)
{
	const struct sockaddr *at = (const struct sockaddr *)&address->at;
	int cause = 0, on = 1;
	socklen_t n = sizeof cause;

	node->here = *address;
	node->reader = redisReaderCreate();
	node->fd = socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (node->fd < 0 || !node->reader)
		return fail_line(node, "cannot be asked: no memory or no socket", err);
	if (at->sa_family != AF_UNIX)
		setsockopt(node->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(node->fd, at, address->bytes) != 0 && errno != EINPROGRESS)
		return fail_line(node, "cannot be reached", err);
	if (!wait_socket(node, POLLOUT, end_ms))
		return fail_line(node, "did not accept in time", err);
	if (getsockopt(node->fd, SOL_SOCKET, SO_ERROR, &cause, &n) < 0 || cause != 0)
		return fail_line(node, "cannot be reached", err);
	return 0;
}

static int connect_address(struct redis_node *node, const struct redis_address *address, struct err *err)
{
	int64_t end_ms = clock_ms() + node->options->connect_ms;
	int rc = open_socket(node, address, end_ms, err);

	if (rc == 0)
		rc = log_in(node, end_ms, err);
	for (int script = 0; rc == 0 && script < REDIS_SCRIPT_COUNT; script++)
		rc = load_script(node, (enum redis_script)script, end_ms, err);
	if (rc != 0)
		redis_node_leave(node); /* half a greeting is none */
	return rc;
}

/* Where to begin: behind the address we left last. So two servers behind one name, of which one refuses, are each
 * tried, and one that is dead costs a single deadline. */
static size_t first_to_try(const struct redis_node *node, const struct redis_address *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i].bytes == node->left.bytes &&
		    memcmp(&addresses[i].at, &node->left.at, node->left.bytes) == 0)
			return (i + 1) % count;
	return 0;
}

int redis_node_connect(struct redis_node *node, struct err *err)
{
	struct redis_address addresses[REDIS_ADDRESSES_MAX];
	size_t count, first;
	int rc = 0;

	if (node->fd >= 0)
		return 0;
	redis_places_resolve(node->places, addresses, &count);
	if (count == 0)
		return err_set(err, ERR_RETRY, "name", "no address is known of Redis at %s", node->places);
	first = first_to_try(node, addresses, count);
	for (size_t i = 0; i < count; i++) {
		struct err own;

		if (connect_address(node, &addresses[(first + i) % count], &own) == 0)
			return 0;
		/* the first error stands, but a server's word says more than a dead address */
		if (err && (rc == 0 || (strcmp(err->code, "connection") == 0 && strcmp(own.code, "connection") != 0)))
			*err = own;
		rc = -ERR_RETRY;
	}
	return rc;
}
