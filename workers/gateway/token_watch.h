/* token_watch: whether the tokens file is another one than when it was read last: a withdrawn token must open nothing
 * within seconds, also when nobody sends a signal. Looks at what the directory says of the file, not into it. */
#ifndef GATEWAY_TOKEN_WATCH_H
#define GATEWAY_TOKEN_WATCH_H

#include <stdbool.h>
#include <sys/stat.h>

struct token_watch {
	struct stat seen; /* zeroed: nothing yet */
};

/* Whether it changed since the last call, or is there again. The first call only looks. A file that is away is no
 * change: what was read stays in use. */
bool token_watch_has_changed(struct token_watch *watch, const char *path);

#endif
