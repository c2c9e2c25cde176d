#include "redis/redis_internal.h"

#include "base/clock.h"
#include "base/num.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum { HOST_BYTES_MAX = 256, PORT_MAX = 65535, GREETING_WORDS_MAX = 3 };

void redis_args_add(struct redis_args *args, struct slice word)
{
	assert(args->count < REDIS_ARGS_MAX);
	args->p[args->count] = word.n > 0 ? word.p : "";
	args->n[args->count++] = word.n;
}

void redis_link_release(struct redis_link *link)
{
	if (link->context)
		redisFree(link->context);
	link->context = NULL;
}

/* --- errors --- */

static int fail_line(struct redis_link *link, const char *why, struct err *err)
{
	redis_link_release(link);
	return err_set(err, ERR_RETRY, "connection", "Redis at %s %s", link->options.address, why);
}

/* The first word of an error reply is its code; the words behind it may quote an argument and stop here. */
static int fail_reply(const redisReply *reply, struct err *err)
{
	char code[24];
	size_t n = 0;

	while (n < reply->len && n + 1 < sizeof code && reply->str[n] >= 'A' && reply->str[n] <= 'Z')
		n++;
	memcpy(code, reply->str, n);
	code[n] = '\0';
	if (strcmp(code, "NOAUTH") == 0 || strcmp(code, "WRONGPASS") == 0)
		return err_set(err, ERR_CONFIG, "credentials", "Redis refuses our user or password (%s)", code);
	if (strcmp(code, "NOPERM") == 0)
		return err_set(err, ERR_CONFIG, code, "Redis does not permit our user to run the scripts of the cache");
	return err_set(err, ERR_RETRY, *code ? code : "ERR", "Redis does not serve us now");
}

/* --- waits --- */

static bool wait_socket(const struct redis_link *link, short events, int64_t end_ms)
{
	struct pollfd fd = { .fd = link->context->fd, .events = events };
	int rc;

	do {
		int64_t left_ms = MAX(end_ms - clock_ms(), (int64_t)0);

		rc = poll(&fd, 1, (int)MIN(left_ms, (int64_t)INT32_MAX));
	} while (rc < 0 && errno == EINTR && clock_ms() < end_ms);
	return rc > 0;
}

/* Sends by hand: redisBufferWrite moves what is left to the front after each piece, which a batch of megabytes
 * feels. */
static int send_all(struct redis_link *link, struct slice rest, int64_t end_ms, struct err *err)
{
	while (rest.n > 0) {
		ssize_t n = send(link->context->fd, rest.p, rest.n, MSG_NOSIGNAL);

		if (n > 0)
			slice_cut(&rest, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return fail_line(link, "broke the connection", err);
		else if (!wait_socket(link, POLLOUT, end_ms))
			return fail_line(link, "did not take our command in time", err);
	}
	return 0;
}

/* Takes in what has come, in larger pieces than redisBufferRead. false: the line broke. */
static bool take_in(struct redis_link *link)
{
	ssize_t n = recv(link->context->fd, link->received, sizeof link->received, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	return n > 0 && redisReaderFeed(link->context->reader, link->received, (size_t)n) == REDIS_OK;
}

static int receive(struct redis_link *link, int64_t end_ms, redisReply **ret, struct err *err)
{
	void *reply = NULL;

	for (;;) {
		if (redisReaderGetReply(link->context->reader, &reply) != REDIS_OK)
			return fail_line(link, "answered no RESP", err);
		if (reply)
			break;
		if (!wait_socket(link, POLLIN, end_ms))
			return fail_line(link, "did not answer in time", err);
		if (!take_in(link))
			return fail_line(link, "broke the connection", err);
	}
	*ret = reply;
	return 0;
}

/* --- connecting --- */

static int start_connection(struct redis_link *link, struct err *err)
{
	const char *address = link->options.address;
	const char *colon = strrchr(address, ':');
	char host[HOST_BYTES_MAX];
	uint64_t port = 0;

	if (address[0] == '/') {
		link->context = redisConnectUnixNonBlock(address);
	} else {
		if (!colon || colon == address || (size_t)(colon - address) >= sizeof host ||
		    !num_parse_u64(slice_of(colon + 1), PORT_MAX, &port) || port == 0)
			return err_set(err, ERR_CONFIG, "address", "the address of Redis is no host:port or path");
		memcpy(host, address, (size_t)(colon - address));
		host[colon - address] = '\0';
		link->context = redisConnectNonBlock(host, (int)port);
	}
	if (!link->context)
		return err_set(err, ERR_FATAL, "memory", "no memory for a connection to Redis");
	return link->context->err ? fail_line(link, "cannot be reached", err) : 0;
}

static int await_connection(struct redis_link *link, int64_t end_ms, struct err *err)
{
	int cause = 0;
	socklen_t n = sizeof cause;

	if (!wait_socket(link, POLLOUT, end_ms))
		return fail_line(link, "did not accept in time", err);
	if (getsockopt(link->context->fd, SOL_SOCKET, SO_ERROR, &cause, &n) < 0 || cause != 0)
		return fail_line(link, "cannot be reached", err);
	return 0;
}

static int exchange(struct redis_link *link, int count, const char *const *p, const size_t *n, int64_t end_ms,
		    redisReply **ret, struct err *err)
{
	char *command;
	/* hiredis takes an array of pointers that is not const itself */
	int bytes = redisFormatCommandArgv(&command, count, (const char **)(uintptr_t)p, n);

	if (bytes < 0)
		return fail_line(link, "cannot be asked: no memory", err);
	int rc = send_all(link, slice_make(command, (size_t)bytes), end_ms, err);

	redisFreeCommand(command);
	return rc == 0 ? receive(link, end_ms, ret, err) : rc;
}

static int greet(struct redis_link *link, const struct slice *words, int count, int64_t end_ms, redisReply **ret,
		 struct err *err)
{
	const char *p[GREETING_WORDS_MAX];
	size_t n[GREETING_WORDS_MAX];

	assert(count <= GREETING_WORDS_MAX);
	for (int i = 0; i < count; i++) {
		p[i] = words[i].p;
		n[i] = words[i].n;
	}
	int rc = exchange(link, count, p, n, end_ms, ret, err);

	if (rc != 0)
		return rc;
	assert(*ret);
	return (*ret)->type == REDIS_REPLY_ERROR ? fail_reply(*ret, err) : 0;
}

static int log_in(struct redis_link *link, int64_t end_ms, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	struct slice user = slice_of(link->options.user);
	const struct slice words[] = { SLICE_LITERAL("AUTH"), user, link->options.password };
	const struct slice words_of_default[] = { SLICE_LITERAL("AUTH"), link->options.password };

	if (slice_is_empty(link->options.password))
		return 0;
	if (slice_is_empty(user))
		return greet(link, words_of_default, ARRAY_LEN(words_of_default), end_ms, &reply, err);
	return greet(link, words, ARRAY_LEN(words), end_ms, &reply, err);
}

static int load_script(struct redis_link *link, enum redis_script script, int64_t end_ms, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	const struct slice words[] = { SLICE_LITERAL("SCRIPT"), SLICE_LITERAL("LOAD"),
				       slice_of(redis_script_text(script)) };
	int rc = greet(link, words, ARRAY_LEN(words), end_ms, &reply, err);

	if (rc != 0)
		return rc;
	if (reply->type != REDIS_REPLY_STRING || (size_t)reply->len != sizeof link->sha[0] - 1)
		return fail_line(link, "gave no digest of a script", err);
	memcpy(link->sha[script], reply->str, sizeof link->sha[0]);
	return 0;
}

static int connect_link(struct redis_link *link, struct err *err)
{
	int64_t end_ms = clock_ms() + link->options.connect_ms;
	int rc = start_connection(link, err);

	if (rc == 0)
		rc = await_connection(link, end_ms, err);
	if (rc == 0)
		rc = log_in(link, end_ms, err);
	for (int script = 0; rc == 0 && script < REDIS_SCRIPT_COUNT; script++)
		rc = load_script(link, (enum redis_script)script, end_ms, err);
	if (rc != 0)
		redis_link_release(link); /* half a greeting is none */
	return rc;
}

/* --- calls --- */

int redis_link_command(struct redis_link *link, const struct redis_args *args, redisReply **ret, struct err *err)
{
	CLEANUP(drop_reply) redisReply *reply = NULL;
	int rc = link->context ? 0 : connect_link(link, err);

	if (rc == 0)
		rc = exchange(link, args->count, args->p, args->n, clock_ms() + link->options.wait_ms, &reply, err);
	if (rc == 0 && reply->type == REDIS_REPLY_ERROR)
		rc = fail_reply(reply, err);
	if (rc != 0)
		return rc;
	*ret = reply;
	reply = NULL;
	return 0;
}

static bool is_script_gone(int rc, const struct err *err)
{
	return rc == -ERR_RETRY && strcmp(err->code, "NOSCRIPT") == 0;
}

int redis_link_run(struct redis_link *link, enum redis_script script, struct redis_args *args, redisReply **ret,
		   struct err *err)
{
	struct err own;
	int rc = link->context ? 0 : connect_link(link, err);

	if (rc != 0)
		return rc;
	args->p[0] = "EVALSHA";
	args->n[0] = strlen("EVALSHA");
	args->p[1] = link->sha[script];
	args->n[1] = strlen(link->sha[script]);
	rc = redis_link_command(link, args, ret, &own);
	if (is_script_gone(rc, &own)) { /* a restart or SCRIPT FLUSH: its text loads it anew */
		args->p[0] = "EVAL";
		args->n[0] = strlen("EVAL");
		args->p[1] = redis_script_text(script);
		args->n[1] = strlen(args->p[1]);
		rc = redis_link_command(link, args, ret, &own);
	}
	if (rc != 0 && err)
		*err = own;
	return rc;
}
