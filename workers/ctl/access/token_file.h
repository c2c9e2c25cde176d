/* token_file: the tokens file of the gateway as an operator changes it: read whole, and put in its place whole.
 *
 * A new content is written beside it, with owner and mode of the old one, and renamed over it, so the gateway reads the
 * one or the other. The name beside it is the lock: who finds it there gives up. */
#ifndef CTL_ACCESS_TOKEN_FILE_H
#define CTL_ACCESS_TOKEN_FILE_H

#include "base/err.h"
#include "base/strbuf.h"

enum { TOKEN_FILE_BYTES_MAX = 64 << 20 };

/* Appends its content to out, empty when there is no such file. ERR_DATA, ERR_CONFIG: it cannot be read. */
MUSTUSE int token_file_read(const char *path, struct strbuf *out, struct err *err);
/* Takes the lock; the content comes after it. ERR_DATA: somebody else has it, or it cannot be made. */
MUSTUSE int token_file_lock(const char *path, int *ret_fd, struct err *err);
void token_file_unlock(const char *path, int fd); /* without a change */
/* Puts text in its place, and gives the lock back, whatever comes of it. */
MUSTUSE int token_file_replace(const char *path, int fd, struct slice text, struct err *err);

#endif
