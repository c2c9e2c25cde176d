/* utf8: whether bytes are UTF-8. Pure. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

#include <stddef.h>

/* Strict: no overlong forms, no surrogates, at most U+10FFFF. */
bool utf8_is_valid(struct slice bytes);
/* How many bytes at the begin are; bytes.n: all. */
size_t utf8_valid_bytes(struct slice bytes);
size_t utf8_length(struct slice valid); /* code points */

#endif
