/* redis_internal: what the files of this module share. It shows hiredis.
 *
 *   redis_place.c  "host:port,.." to socket addresses
 *   redis_node.c   one connection: connect, log in, load the scripts, send, receive
 *   redis_error.c  what an error reply means
 *   redis_link.c   a call: its node, and what happens when that does not serve it
 *   redis_cache.c  the calls of redis_cache.h
 *
 * A call, from top to bottom:
 *   1. redis_cache.c makes the words of a script.
 *   2. redis_link.c sends them, and the script's text when Redis has lost it.
 *   3. redis_node.c connects if it has to: it resolves the places anew, reads the password again, and tries each
 *      address with a deadline of its own. The address we left last comes last.
 *   4. An answer goes up. A broken line and every other refusal end the
 *      call as ERR_RETRY, and the connection: who answered READONLY, LOADING or NOAUTH may be the wrong server, and
 *      the next call asks the name again. A missing script alone is no reason to leave. */
#ifndef REDIS_REDIS_INTERNAL_H
#define REDIS_REDIS_INTERNAL_H

#include "redis/redis_cache.h"
#include "redis/redis_script.h"

#include <hiredis/hiredis.h>
#include <sys/socket.h>

enum {
	REDIS_ARGS_MAX = 4 * CACHE_BOARDS_MAX + 32,
	REDIS_RECEIVE_BYTES = 256 << 10,
	REDIS_PLACE_BYTES = 272, /* host:port or a path */
	REDIS_ADDRESSES_MAX = 16,
};

/* ---- places ---- */

struct redis_address {
	struct sockaddr_storage at;
	socklen_t bytes;
};

/* Whether each place of the list is a host:port or a path. */
bool redis_places_are_sound(const char *places);
/* All addresses of all places, as the resolver gives them now. *ret_count may be 0: no name is known. Blocks as long as
 * the resolver does. */
void redis_places_resolve(const char *places, struct redis_address ret[REDIS_ADDRESSES_MAX], size_t *ret_count);

/* ---- a command ---- */

/* Words of a command; the bytes are the caller's and last until the call. */
struct redis_args {
	int count;
	const char *p[REDIS_ARGS_MAX];
	size_t n[REDIS_ARGS_MAX];
};
void redis_args_add(struct redis_args *args, struct slice word);

/* ---- error replies ---- */

/* Is the reply an error with this code? */
bool redis_reply_is(const redisReply *reply, const char *code);
/* ERR_RETRY with the code of the error reply; its other words may quote an argument and go no further. */
MUSTUSE int redis_reply_fail(const redisReply *reply, struct err *err);

/* ---- a node ---- */

struct redis_node {
	const struct redis_options *options;
	const char *places;
	int fd; /* -1: not connected */
	redisReader *reader;
	struct redis_address left; /* the address we left last; bytes 0: none */
	struct redis_address here; /* the one we are connected to */
	char sha[REDIS_SCRIPT_COUNT][41];
	char *receive_buffer; /* REDIS_RECEIVE_BYTES, the link's */
};

/* Closes the connection. The next begins with the address behind this one. */
void redis_node_leave(struct redis_node *node);
/* Connects if it is not connected. Each address has connect_ms. */
MUSTUSE int redis_node_connect(struct redis_node *node, struct err *err);
/* Sends a command and waits for its reply, which may be an error. A line that breaks is left. */
MUSTUSE int redis_node_exchange(struct redis_node *node, const struct redis_args *args, int64_t end_ms,
				redisReply **ret, struct err *err);

static inline void drop_reply(redisReply **reply)
{
	if (*reply)
		freeReplyObject(*reply);
}

/* ---- the link ---- */

struct redis_link {
	struct redis_options options;
	struct redis_node node;
	struct redis_args own; /* of a greeting */
	char receive_buffer[REDIS_RECEIVE_BYTES];
};

void redis_link_init(struct redis_link *link, const struct redis_options *options);
void redis_link_release(struct redis_link *link);

/* Runs a script. args: two words kept free, then number of keys, keys and arguments. *ret is no error reply; free
 * it. */
MUSTUSE int redis_link_run(struct redis_link *link, enum redis_script script, struct redis_args *args, redisReply **ret,
			   struct err *err);
/* Runs a plain command. */
MUSTUSE int redis_link_command(struct redis_link *link, const struct redis_args *args, redisReply **ret, struct err *err);

#endif
