/* public_file: files of the settings that hold no secret: certificates, keys of others. */
#ifndef GATEWAY_PUBLIC_FILE_H
#define GATEWAY_PUBLIC_FILE_H

#include "base/err.h"
#include "base/strbuf.h"

/* Appends the content; ret's cap bounds it. The code of an error is the setting. ERR_CONFIG: it is no file, cannot be
 * read, or holds too much; also a pipe into which nothing was written within a second. ERR_FATAL: no memory. */
MUSTUSE int public_file_read(const char *setting, const char *path, struct strbuf *ret, struct err *err);

#endif
