/* http_list: the parts of a header field that is a list or has parameters (RFC 9110, 5.6). Slices of what was given. */
#ifndef HTTP_HTTP_LIST_H
#define HTTP_HTTP_LIST_H

#include "base/slice.h"

/* Without the white space, spaces and tabs, on both ends. */
struct slice http_list_trim(struct slice text);
/* Takes the text up to the separator off *rest, trimmed, and the separator; all of it where there is none. No quoted
 * text that we read holds one. */
struct slice http_list_cut(struct slice *rest, char separator);

#endif
