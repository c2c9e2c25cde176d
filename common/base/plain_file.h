/* plain_file: opens a file that somebody named in a setting or at a terminal, and says what it is instead when it is
 * none. */
#ifndef BASE_PLAIN_FILE_H
#define BASE_PLAIN_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

enum { PLAIN_FILE_PIPE_WAIT_MS = 60000 };

/* For reading; the caller closes it. ERR_CONFIG: it does not exist, is a folder, must not be read by us, or is a pipe
 * into which nothing was written within PLAIN_FILE_PIPE_WAIT_MS, as a reader would wait for ever; the text goes on
 * behind the path. What a shell puts in place of <(command), below /dev/fd, is a pipe too: it has a writer, which may
 * take as long as it wants. */
MUSTUSE int plain_file_open(const char *path, FILE **ret, struct err *err);
MUSTUSE int plain_file_open_within(const char *path, int pipe_wait_ms, FILE **ret, struct err *err);

#endif
