/* secret_file: the bytes of a small file that holds a secret, read whenever they are needed, as secrets rotate. */
#ifndef BASE_SECRET_FILE_H
#define BASE_SECRET_FILE_H

#include "base/slice.h"

/* Fills buf with the file's bytes and sets *ret to them, without one final line break (LF or CRLF), as editors and echo
 * add one. false: path is NULL or empty, or the file cannot be read or does not fit; *ret stays. Whoever owns buf wipes
 * it. */
bool secret_file_read(const char *path, char *buf, size_t buf_bytes, struct slice *ret);
/* Of the bytes of a secret one final line break is no part. */
struct slice secret_without_line_break(struct slice bytes);

#endif
