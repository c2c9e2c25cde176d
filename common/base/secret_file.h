/* secret_file: files that hold a secret: a password, a key, tokens.
 *
 * What others may read is no secret, and what others may write is not ours: such a file is refused, with the sentence
 * that says what to do. Its group may read it, as service managers hand credentials out (0440). Files below
 * $CREDENTIALS_DIRECTORY, which the service manager made for us alone, are accepted as they are; so is what is no
 * regular file, and one without a name.
 *
 * A secret can be rotated while we run, so an adapter keeps the path beside the bytes and reads the file again before
 * it logs in. */
#ifndef BASE_SECRET_FILE_H
#define BASE_SECRET_FILE_H

#include "base/strbuf.h"

struct secret {
	struct slice bytes; /* as read at the start */
	const char *path;   /* NULL: none was named */
};

/* Appends the content to *ret, without one final line break (LF or CRLF); ret's cap bounds it. ERR_CONFIG: there is no
 * such file, others can read or write it, or it holds too much; *ret is released. The text goes on behind the path,
 * which the caller knows. */
MUSTUSE int secret_file_read(const char *path, struct strbuf *ret, struct err *err);

/* Whether a file that a library reads for us is one that secret_file_read would take. */
MUSTUSE int secret_file_check(const char *path, struct err *err);

/* The secret as it is now: its file's content, or what was read before when that cannot be read (logged as an error,
 * and counted). ret: initialized, its cap bounds the content; empty when there is none. For what holds a password only
 * while it logs in: release *ret with strbuf_wipe. */
void secret_now(const struct secret *secret, struct strbuf *ret);

/* Content erased, memory released. */
void strbuf_wipe(struct strbuf *buf);

/* Files that could not be read again since the start. */
int64_t secret_file_failures(void);
void secret_file_count_failure(void);

#endif
