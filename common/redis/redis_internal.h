/* redis_link: one connection to Redis, and the scripts loaded over it. For this module: it shows hiredis.
 *
 * The socket never blocks; every call waits by poll() up to a deadline, as the timeouts of hiredis count each read
 * anew. After a line that broke the context is thrown away, since every unread reply is in doubt, and the next call
 * connects. */
#ifndef REDIS_REDIS_ROOM_H
#define REDIS_REDIS_ROOM_H

#include "redis/redis_cache.h"
#include "redis/redis_script.h"

#include <hiredis/hiredis.h>

enum { REDIS_ARGS_MAX = 4 * CACHE_BOARDS_MAX + 32, REDIS_RECEIVE_BYTES = 256 << 10 };

/* Words of a command; the bytes are the caller's and last until the call. */
struct redis_args {
	int count;
	const char *p[REDIS_ARGS_MAX];
	size_t n[REDIS_ARGS_MAX];
};
void redis_args_add(struct redis_args *args, struct slice word);

struct redis_link {
	struct redis_options options;
	redisContext *context; /* NULL: not connected */
	char sha[REDIS_SCRIPT_COUNT][41];
	char received[REDIS_RECEIVE_BYTES]; /* what recv gave last */
};

void redis_link_release(struct redis_link *link);

/* Runs a script. args: two words kept free, then number of keys, keys and arguments. *ret is no error reply; free
 * it. */
MUSTUSE int redis_link_run(struct redis_link *link, enum redis_script script, struct redis_args *args, redisReply **ret,
			   struct err *err);
/* Runs a plain command. */
MUSTUSE int redis_link_command(struct redis_link *link, const struct redis_args *args, redisReply **ret, struct err *err);

static inline void drop_reply(redisReply **reply)
{
	if (*reply)
		freeReplyObject(*reply);
}

#endif
