/* http_query: the parts of a target: names and values of its query, and percent-encoded text. Pure. */
#ifndef HTTP_HTTP_QUERY_H
#define HTTP_HTTP_QUERY_H

#include "base/slice.h"

/* Takes the next "name=value" off *query; "name" alone has the empty value, "&&" no part. Both still percent-encoded.
 * false: there is no more. */
bool http_query_next(struct slice *query, struct slice *ret_name, struct slice *ret_value);

/* Decodes %xx, and in a query "+" as a space, into out of out_bytes. false: a "%" without two hex digits, or no
 * capacity. *ret points into out. Decoded text may hold any byte. */
MUSTUSE bool http_decode(struct slice text, bool is_query, char *out, size_t out_bytes, struct slice *ret);

#endif
