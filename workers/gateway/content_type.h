/* content_type: what a body is said to be (RFC 9110, 8.3). Pure. */
#ifndef GATEWAY_CONTENT_TYPE_H
#define GATEWAY_CONTENT_TYPE_H

#include "base/slice.h"

/* Of a header Content-Type: its type without parameters. *ret_is_utf8: no parameter charset names anything else. */
struct slice content_type_read(struct slice header, bool *ret_is_utf8);

#endif
