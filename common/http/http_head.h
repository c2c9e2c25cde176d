/* http_head: the head of one HTTP/1 request: request line and header fields, and what they say about the body.
 *
 * Strict, because a front server and we must never disagree about where a request ends (RFC 9112, chapter 11.2): lines
 * end with CRLF, no field is folded, there is one Host, one Content-Length or none, and none beside Transfer-Encoding.
 * Pure. All slices point into the bytes that were parsed. Source: RFC 9110 and 9112. */
#ifndef HTTP_HTTP_HEAD_H
#define HTTP_HTTP_HEAD_H

#include "base/slice.h"

enum {
	HTTP_HEAD_BYTES_MAX = 65536,
	HTTP_TARGET_BYTES_MAX = 32768,
	HTTP_HEADERS_MAX = 64,
};

enum http_framing { HTTP_NO_BODY, HTTP_BODY_OF_LENGTH, HTTP_BODY_CHUNKED };

struct http_header {
	struct slice name;  /* a token, in the case it was sent in */
	struct slice value; /* without blanks on both ends */
};

struct http_head {
	struct slice method;
	struct slice path;  /* still percent-encoded; "*" of OPTIONS * */
	struct slice query; /* behind the "?", still percent-encoded; p NULL: there was no "?" */
	struct slice host;  /* with its port; of an absolute target the target's own; empty: HTTP/1.0 without Host */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t header_count;
	enum http_framing framing;
	uint64_t content_length;
	bool is_http_1_0;
	bool is_kept_alive;    /* the sender wants to keep the connection */
	bool expects_continue; /* 100-continue: it waits to send the body */
};

enum http_head_search {
	HTTP_HEAD_PART,	  /* it has not ended yet */
	HTTP_HEAD_WHOLE,  /* *ret_bytes long, the empty line included */
	HTTP_HEAD_BROKEN, /* a line that does not end with CRLF, or a NUL */
};

/* Looks for the end of the head. from: how many bytes were searched before (a hint that saves time; 0 is always
 * right). */
enum http_head_search http_head_search(struct slice bytes, size_t from, size_t *ret_bytes);

/* Parses a whole head. Returns 0, or the status of the refusal (400, 414, 417, 431, 501, 505); *ret_why then says in
 * English what is wrong, without anything that was sent. */
unsigned http_head_parse(struct slice bytes, struct http_head *ret, const char **ret_why);

/* The value of the first header of this name (any ASCII case); p NULL: there is none. */
struct slice http_head_value(const struct http_head *head, const char *name);
/* All its values joined by commas in buf, as RFC 9110, 5.3 lets who reads a list do; one alone as it is, without buf.
 * *ret_is_whole false: they do not fit, and the list lacks some. */
struct slice http_head_list(const struct http_head *head, const char *name, char *buf, size_t buf_bytes,
			    bool *ret_is_whole);
/* How often a header of this name was sent. */
size_t http_head_count(const struct http_head *head, const char *name);

#endif
