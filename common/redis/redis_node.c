#include "redis/redis_internal.h"

#include "base/clock.h"
#include "base/peer_cause.h"
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
	tls_client_close(node->tls);
	node->tls = NULL;
	if (node->fd >= 0) {
		close(node->fd);
		node->left = node->here;
	}
	node->fd = -1;
	if (node->reader)
		redisReaderFree(node->reader);
	node->reader = NULL;
}

/* HOST:PORT it is connected to, or was last; before that the places of the settings. */
const char *redis_node_where(const struct redis_node *node, char ret[PEER_WHERE_BYTES])
{
	redis_address_name(&node->here, ret, PEER_WHERE_BYTES);
	if (!*ret)
		snprintf(ret, PEER_WHERE_BYTES, "%s", node->places);
	return ret;
}

/* Every unread reply of a line that broke is in doubt. */
static int fail_with(struct redis_node *node, const char *why, struct err *err)
{
	char where[PEER_WHERE_BYTES];

	redis_node_leave(node);
	return err_set(err, ERR_RETRY, "connection", "Redis at %s %s", redis_node_where(node, where), why);
}

static int fail_line(struct redis_node *node, enum peer_line line, struct err *err)
{
	char where[PEER_WHERE_BYTES];

	peer_is_away(PEER_REDIS, line, redis_node_where(node, where));
	return fail_with(node, peer_line_text(line), err);
}

static int fail_cause(struct redis_node *node, enum peer_cause cause, const char *why, struct err *err)
{
	char where[PEER_WHERE_BYTES];

	peer_failed_at(PEER_REDIS, cause, redis_node_where(node, where));
	redis_node_leave(node);
	return err_set(err, ERR_RETRY, peer_cause_name(cause), "Redis at %s %s", redis_node_where(node, where), why);
}

/* Of TLS that ended: its cause is the code, so that wrong CA, name and port are not told as one. Who does not believe
 * our certificate says so behind the handshake, and its word may be lost when the line breaks at once. */
static int fail_tls(struct redis_node *node, bool is_in_handshake, struct err *err)
{
	enum peer_cause cause = tls_client_cause(node->tls);

	if (cause == PEER_AWAY && !node->has_answered && peer_last_cause(PEER_REDIS) == PEER_CLIENT_CERT)
		cause = PEER_CLIENT_CERT;
	if (cause == PEER_AWAY)
		return fail_line(node, is_in_handshake ? PEER_LINE_CUT : PEER_LINE_CLOSED, err);
	return fail_cause(node, cause, peer_cause_text(cause), err);
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

/* One step of the line. *ret_bytes 0: nothing yet, wait for the events. false: the line is over. */
static bool send_some(struct redis_node *node, struct slice bytes, size_t *ret_bytes, short *ret_events)
{
	*ret_bytes = 0;
	*ret_events = POLLOUT;
	if (!node->tls) {
		ssize_t n = send(node->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		*ret_bytes = n > 0 ? (size_t)n : 0;
		return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
	}
	enum tls_io io = tls_client_write(node->tls, bytes, ret_bytes);

	if (io == TLS_WANTS_READ)
		*ret_events = POLLIN;
	return io != TLS_CLOSED;
}

static bool receive_some(struct redis_node *node, size_t *ret_bytes, short *ret_events)
{
	*ret_bytes = 0;
	*ret_events = POLLIN;
	if (!node->tls) {
		ssize_t n = recv(node->fd, node->receive_buffer, REDIS_RECEIVE_BYTES, 0);

		*ret_bytes = n > 0 ? (size_t)n : 0;
		return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
	}
	enum tls_io io = tls_client_read(node->tls, node->receive_buffer, REDIS_RECEIVE_BYTES, ret_bytes);

	if (io == TLS_WANTS_WRITE)
		*ret_events = POLLOUT;
	return io != TLS_CLOSED;
}

static int fail_broken(struct redis_node *node, struct err *err)
{
	if (node->tls && tls_client_cause(node->tls) != PEER_AWAY)
		return fail_tls(node, false, err);
	if (!node->has_answered)
		return node->tls ? fail_tls(node, false, err) : fail_line(node, PEER_LINE_CLOSED, err);
	peer_is_away(PEER_REDIS, PEER_LINE_UNKNOWN, NULL);
	return fail_with(node, "broke the connection", err);
}

/* An answer that is none. */
static int fail_protocol(struct redis_node *node, struct err *err)
{
	return node->has_answered ? fail_with(node, "answered no RESP", err)
				  : fail_cause(node, PEER_PROTOCOL, peer_cause_text(PEER_PROTOCOL), err);
}

static int send_all(struct redis_node *node, struct slice rest, int64_t end_ms, struct err *err)
{
	while (rest.n > 0) {
		size_t n;
		short events;

		if (!send_some(node, rest, &n, &events))
			return fail_broken(node, err);
		slice_cut(&rest, n);
		if (n == 0 && !wait_socket(node, events, end_ms))
			return fail_line(node, PEER_LINE_SILENT, err);
	}
	return 0;
}

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

/* hiredis makes room for as many elements as the reply announces: of something that is no Redis, gigabytes. */
static void *make_array(const redisReadTask *task, element_count count)
{
	const struct redis_node *node = task->privdata;

	return count > REDIS_ELEMENTS_MAX ? NULL : node->unbounded->createArray(task, count);
}

static redisReader *new_reader(struct redis_node *node)
{
	redisReader *reader = redisReaderCreate();

	if (!reader)
		return NULL;
	node->unbounded = reader->fn;
	node->bounded = *reader->fn;
	node->bounded.createArray = make_array;
	reader->fn = &node->bounded;
	reader->privdata = node;
	return reader;
}

/* Also of something that never stops talking, the answer is there in time, and of a size that it may have. */
static int receive(struct redis_node *node, int64_t end_ms, redisReply **ret, struct err *err)
{
	void *reply = NULL;
	size_t bytes = 0;

	for (;;) {
		size_t n;
		short events;

		if (bytes > REDIS_REPLY_BYTES_MAX)
			return fail_with(node, "answers with more than an answer may have", err);
		if (bytes > 0 && clock_ms() > end_ms)
			return fail_with(node, "did not end its answer in time", err);
		if (redisReaderGetReply(node->reader, &reply) != REDIS_OK)
			return fail_protocol(node, err);
		if (reply)
			break;
		if (!receive_some(node, &n, &events))
			return fail_broken(node, err);
		if (n == 0 && !wait_socket(node, events, end_ms))
			return fail_line(node, PEER_LINE_SILENT, err);
		bytes += n;
		/* in larger pieces than redisBufferRead takes */
		if (n > 0 && redisReaderFeed(node->reader, node->receive_buffer, n) != REDIS_OK)
			return fail_with(node, "cannot be heard: no memory", err);
	}
	node->has_answered = true;
	*ret = reply;
	return 0;
}

static int exchange(struct redis_node *node, int count, const char *const *p, const size_t *n, int64_t end_ms,
		    redisReply **ret, struct err *err)
{
	char *command;
	/* hiredis takes an array of pointers that is not const itself */
	long long bytes = redisFormatCommandArgv(&command, count, (const char **)(uintptr_t)p, n);

	if (bytes < 0)
		return fail_with(node, "cannot be asked: no memory", err);
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
	return (*ret)->type == REDIS_REPLY_ERROR ? redis_reply_fail(node, *ret, err) : 0;
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
		return fail_with(node, "gave no digest of a script", err);
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
	node->has_answered = false;
	node->reader = new_reader(node);
	node->fd = socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (node->fd < 0 || !node->reader)
		return fail_with(node, "cannot be asked: no memory or no socket", err);
	if (at->sa_family != AF_UNIX)
		setsockopt(node->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(node->fd, at, address->bytes) != 0 && errno != EINPROGRESS)
		return fail_line(node, peer_line_of_errno(errno), err);
	if (!wait_socket(node, POLLOUT, end_ms))
		return fail_line(node, PEER_LINE_SILENT, err);
	if (getsockopt(node->fd, SOL_SOCKET, SO_ERROR, &cause, &n) < 0 || cause != 0)
		return fail_line(node, peer_line_of_errno(cause), err);
	return 0;
}

static int shake_hands(struct redis_node *node, int64_t end_ms, struct err *err)
{
	const struct redis_options *options = node->options;
	static const struct tls_names NAMES = { "redis.ca.file", "redis.cert.file", "redis.key.file" };
	const struct tls_options files = { options->ca_file, options->cert_file, options->key_file, &NAMES };
	int rc = tls_client_open(&files, node->here.host, node->fd, &node->tls, err);
	enum tls_io io;

	if (rc != 0 && err && strcmp(err->code, "tls-files") == 0) {
		char where[PEER_WHERE_BYTES];

		peer_failed_at(PEER_REDIS, PEER_FILES, redis_node_where(node, where));
	}
	if (rc != 0)
		return rc;
	while ((io = tls_client_shake(node->tls)) != TLS_DONE) {
		if (io == TLS_CLOSED)
			return fail_tls(node, true, err);
		if (!wait_socket(node, io == TLS_WANTS_READ ? POLLIN : POLLOUT, end_ms))
			return fail_line(node, PEER_LINE_SILENT, err);
	}
	return 0;
}

/* Who wants TLS closes a plain connection unread, as one does that ends: asked in TLS, it answers. */
static bool wants_tls(struct redis_node *node, const struct redis_address *address)
{
	const struct tls_options none = { 0 };
	int64_t end_ms = clock_ms() + node->options->connect_ms;
	struct err err;
	bool is_so = open_socket(node, address, end_ms, &err) == 0 &&
		     tls_client_open(&none, address->host, node->fd, &node->tls, &err) == 0;
	enum tls_io io = TLS_DONE;

	while (is_so && (io = tls_client_shake(node->tls)) != TLS_DONE && io != TLS_CLOSED)
		is_so = wait_socket(node, io == TLS_WANTS_READ ? POLLIN : POLLOUT, end_ms);
	if (is_so && io == TLS_CLOSED)
		is_so = tls_client_cause(node->tls) != PEER_AWAY && tls_client_cause(node->tls) != PEER_NO_TLS;
	redis_node_leave(node);
	return is_so;
}

static int connect_address(struct redis_node *node, const struct redis_address *address, struct err *err)
{
	int64_t end_ms = clock_ms() + node->options->connect_ms;
	int rc = open_socket(node, address, end_ms, err);

	bool was_open = rc == 0;

	if (rc == 0 && node->options->has_tls && *address->host)
		rc = shake_hands(node, end_ms, err);
	if (rc == 0)
		rc = log_in(node, end_ms, err);
	for (int script = 0; rc == 0 && script < REDIS_SCRIPT_COUNT; script++)
		rc = load_script(node, (enum redis_script)script, end_ms, err);
	if (rc != 0)
		redis_node_leave(node); /* half a greeting is none */
	if (rc != 0 && was_open && !node->options->has_tls && *address->host && strcmp(err->code, "connection") == 0 &&
	    wants_tls(node, address))
		return fail_cause(node, PEER_WANTS_TLS, "wants TLS (redis.tls)", err);
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
	if (count == 0) {
		peer_failed_at(PEER_REDIS, PEER_NAME, node->places);
		return err_set(err, ERR_RETRY, "name", "no address is known of Redis at %s", node->places);
	}
	first = first_to_try(node, addresses, count);
	for (size_t i = 0; i < count; i++) {
		struct err own;

		if (connect_address(node, &addresses[(first + i) % count], &own) == 0) {
			peer_answered(PEER_REDIS);
			return 0;
		}
		/* the first error stands, but a server's word says more than a dead address */
		if (err && (rc == 0 || (strcmp(err->code, "connection") == 0 && strcmp(own.code, "connection") != 0)))
			*err = own;
		rc = -ERR_RETRY;
	}
	return rc;
}
