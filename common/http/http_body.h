/* http_body: takes the content of a request out of the bytes of its connection, by length or in chunks.
 *
 * Every size is a claim: of the bytes of a chunk only those that are there are handed out. What surrounds the chunks is
 * bounded: a size line, all chunk extensions together and the trailer, which is read and dropped. Pure. Source: RFC
 * 9112, 6 and 7. */
#ifndef HTTP_HTTP_BODY_H
#define HTTP_HTTP_BODY_H

#include "http/http_head.h"

enum http_body_state {
	HTTP_BODY_SIZE_FIRST, /* the first digit of a chunk's size */
	HTTP_BODY_SIZE,
	HTTP_BODY_EXTENSION,
	HTTP_BODY_SIZE_LF,
	HTTP_BODY_CONTENT,
	HTTP_BODY_CONTENT_CR,
	HTTP_BODY_CONTENT_LF,
	HTTP_BODY_TRAILER_FIRST, /* the first byte of a line of the trailer */
	HTTP_BODY_TRAILER,
	HTTP_BODY_TRAILER_LF,
	HTTP_BODY_LAST_LF,
	HTTP_BODY_DONE,
};

struct http_body {
	enum http_framing framing;
	enum http_body_state state;
	uint64_t left; /* of the content, or of the chunk */
	uint32_t extension_bytes, trailer_bytes;
};

enum http_body_step {
	HTTP_BODY_WANTS_MORE, /* *rest is used up */
	HTTP_BODY_BYTES,      /* *ret holds the next piece of content */
	HTTP_BODY_END,	      /* the content has ended; *rest is what follows it */
	HTTP_BODY_BROKEN,     /* no chunk, or too much around it: the connection cannot be used any more */
};

void http_body_begin(struct http_body *body, const struct http_head *head);
enum http_body_step http_body_next(struct http_body *body, struct slice *rest, struct slice *ret);

#endif
