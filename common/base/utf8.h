/* utf8: whether bytes are UTF-8, and what a terminal would obey in them. Pure. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

#include <stddef.h>

/* Strict: no overlong forms, no surrogates, at most U+10FFFF. */
bool utf8_is_valid(struct slice bytes);
/* How many bytes at the begin are; bytes.n: all. */
size_t utf8_valid_bytes(struct slice bytes);
size_t utf8_length(struct slice valid); /* code points */
/* Bytes of the character at the begin if a terminal obeys it instead of showing it, else 0: the controls U+0000-001F
 * and U+007F-009F, the line and paragraph separators, and what turns the direction of a text (U+202A-202E,
 * U+2066-2069), so that it reads as another. bytes: not empty; need not be UTF-8. */
size_t utf8_obeyed_bytes(struct slice bytes);

#endif
