/* strict_json: JSON of strangers, read in one way only: one object, in UTF-8, without a member twice, without NUL, and
 * no deeper than it needs to be. Pure. */
#ifndef GATEWAY_STRICT_JSON_H
#define GATEWAY_STRICT_JSON_H

#include "base/err.h"
#include "base/slice.h"

struct json_t; /* of jansson */

/* depth_max: objects and lists within each other, the outermost counted. 0, and *ret is the caller's; -ERR_DATA: it is
 * not so; -ERR_RETRY: no memory. */
MUSTUSE int strict_json_read(struct slice text, unsigned depth_max, struct json_t **ret);

enum { JSON_FAULT_BYTES = 200 };

/* Why strict_json_read refused it, one sentence in Dutch without its content. */
void strict_json_fault(struct slice text, unsigned depth_max, char ret[JSON_FAULT_BYTES]);

/* A member that is a text of 1 to bytes_max bytes without control characters; p NULL: absent or not so. */
struct slice strict_json_text(const struct json_t *object, const char *name, size_t bytes_max);

#endif
