/* http_reply: an answer on its way out: status line, headers, and a body that is there or is made while it is sent. */
#include "http/http_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

enum {
	HEAD_BYTES_MAX = 131072,
	SHARE_BYTES_MAX = 262144, /* of one call: then the other connections are served */
	FRAME_BYTES_MAX = 32,	  /* of a chunk: its size in front, CRLF behind */
	SIZE_LINE_BYTES = 10,	  /* 8 hex digits and CRLF */
	LAST_CHUNK_BYTES = 5,
	DATE_BYTES = 40,
};

static const struct {
	unsigned status;
	const char *phrase;
} PHRASES[] = {
	{ 100, "Continue" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 301, "Moved Permanently" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 422, "Unprocessable Content" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *phrase_of(unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(PHRASES); i++)
		if (PHRASES[i].status == status)
			return PHRASES[i].phrase;
	return "Status";
}

/* RFC 9110, 5.6.7. strftime would follow the locale. */
static void write_date(char out[DATE_BYTES])
{
	static const char *const DAYS[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const MONTHS[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	snprintf(out, DATE_BYTES, "%s, %02d %s %04d %02d:%02d:%02d GMT", DAYS[tm.tm_wday], tm.tm_mday,
		 MONTHS[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool has_body(unsigned status)
{
	return status >= 200 && status != 204 && status != 304;
}

static void write_body_headers(struct http_answer *answer, const struct http_head *head)
{
	const struct http_reply *reply = &answer->reply;
	bool is_stream = reply->stream.read != NULL;

	if (!has_body(reply->status))
		return;
	if (reply->type)
		strbuf_add_printf(&answer->head, "Content-Type: %s\r\n", reply->type);
	if (!is_stream || reply->stream.length >= 0)
		strbuf_add_printf(&answer->head, "Content-Length: %llu\r\n",
				  is_stream ? (unsigned long long)reply->stream.length
					    : (unsigned long long)reply->body.n);
	else if (!head->is_http_1_0)
		strbuf_add_text(&answer->head, "Transfer-Encoding: chunked\r\n");
}

void http_answer_begin(struct http_answer *answer, const struct http_head *head, bool closes)
{
	struct http_reply *reply = &answer->reply;
	char date[DATE_BYTES];

	answer->head.cap_bytes = HEAD_BYTES_MAX;
	write_date(date);
	strbuf_add_printf(&answer->head, "HTTP/1.1 %u %s\r\nDate: %s\r\n", reply->status, phrase_of(reply->status),
			  date);
	write_body_headers(answer, head);
	strbuf_add(&answer->head, strbuf_slice(&reply->headers));
	if (closes)
		strbuf_add_text(&answer->head, "Connection: close\r\n");
	else if (head->is_http_1_0)
		strbuf_add_text(&answer->head, "Connection: keep-alive\r\n");
	strbuf_add_text(&answer->head, "\r\n");
	answer->is_body_hidden = slice_equal_text(head->method, "HEAD") || !has_body(reply->status);
	answer->is_chunked = reply->stream.read && reply->stream.length < 0 && !head->is_http_1_0;
}

/* ---- sending ---- */

/* Sends bytes from *sent on. HTTP_SENDING_DONE: all are out. */
static enum http_sending send_bytes(struct http_socket *socket, struct slice bytes, size_t *sent, enum http_io *ret_io,
				    uint64_t *ret_bytes, uint64_t share_end)
{
	while (*sent < bytes.n) {
		size_t n;

		*ret_io = HTTP_IO_DONE;
		if (*ret_bytes >= share_end)
			return HTTP_SENDING_LATER;
		*ret_io = http_socket_write(socket, slice_from(bytes, *sent), &n);
		if (*ret_io == HTTP_IO_END || *ret_io == HTTP_IO_BROKEN)
			return HTTP_SENDING_BROKEN;
		*sent += n;
		*ret_bytes += n;
		if (n == 0)
			return HTTP_SENDING_LATER;
	}
	return HTTP_SENDING_DONE;
}

/* The size of a chunk goes in front of it, with leading zeros, so that its place is known before its size is. */
static void frame_piece(struct http_answer *answer, size_t bytes)
{
	char line[SIZE_LINE_BYTES + 1];

	snprintf(line, sizeof line, "%08zx\r\n", bytes);
	memcpy(answer->piece, line, SIZE_LINE_BYTES);
	memcpy(answer->piece + SIZE_LINE_BYTES + bytes, "\r\n", 2);
	answer->piece_bytes = SIZE_LINE_BYTES + bytes + 2;
}

static enum http_sending make_piece(struct http_answer *answer)
{
	const struct http_stream *stream = &answer->reply.stream;
	size_t bytes = 0;

	if (!answer->piece)
		answer->piece = malloc(HTTP_PIECE_BYTES + FRAME_BYTES_MAX);
	if (!answer->piece)
		return HTTP_SENDING_BROKEN;
	answer->piece_bytes = answer->piece_sent = 0;
	switch (stream->read(stream->self, answer->piece + (answer->is_chunked ? SIZE_LINE_BYTES : 0), HTTP_PIECE_BYTES,
			     &bytes)) {
	case HTTP_STREAM_BYTES:
		if (answer->is_chunked)
			frame_piece(answer, bytes);
		else
			answer->piece_bytes = bytes;
		return HTTP_SENDING_DONE;
	case HTTP_STREAM_END:
		answer->has_ended = true;
		if (answer->is_chunked) {
			memcpy(answer->piece, "0\r\n\r\n", LAST_CHUNK_BYTES);
			answer->piece_bytes = LAST_CHUNK_BYTES;
		}
		return HTTP_SENDING_DONE;
	case HTTP_STREAM_WAIT:
		return HTTP_SENDING_WAITS;
	default:
		return HTTP_SENDING_BROKEN;
	}
}

static enum http_sending send_stream(struct http_answer *answer, struct http_socket *socket, enum http_io *ret_io,
				     uint64_t *ret_bytes, uint64_t share_end)
{
	enum http_sending sending = HTTP_SENDING_DONE;

	while (sending == HTTP_SENDING_DONE) {
		if (answer->piece_sent == answer->piece_bytes) {
			if (answer->has_ended)
				return HTTP_SENDING_DONE;
			sending = make_piece(answer);
		}
		if (sending == HTTP_SENDING_DONE)
			sending = send_bytes(socket, slice_make(answer->piece, answer->piece_bytes),
					     &answer->piece_sent, ret_io, ret_bytes, share_end);
	}
	return sending;
}

/* A part that found no memory is missing: a body without its head would be read as the next answer. */
static bool is_whole(const struct http_answer *answer)
{
	return strbuf_ok(&answer->head) && strbuf_ok(&answer->reply.headers) && strbuf_ok(&answer->reply.body);
}

enum http_sending http_answer_send(struct http_answer *answer, struct http_socket *socket, enum http_io *ret_io,
				   uint64_t *ret_bytes)
{
	uint64_t share_end = *ret_bytes + SHARE_BYTES_MAX;

	if (!is_whole(answer))
		return HTTP_SENDING_BROKEN;
	enum http_sending sending =
		send_bytes(socket, strbuf_slice(&answer->head), &answer->head_sent, ret_io, ret_bytes, share_end);

	if (sending != HTTP_SENDING_DONE || answer->is_body_hidden)
		return sending;
	if (answer->reply.stream.read)
		return send_stream(answer, socket, ret_io, ret_bytes, share_end);
	return send_bytes(socket, strbuf_slice(&answer->reply.body), &answer->body_sent, ret_io, ret_bytes, share_end);
}

void http_reply_init(struct http_reply *reply)
{
	*reply = (struct http_reply){ 0 };
	strbuf_init(&reply->headers, HEAD_BYTES_MAX);
	strbuf_init(&reply->body, SIZE_MAX);
}

void http_reply_add_header(struct http_reply *reply, const char *name, const char *value)
{
	strbuf_add_printf(&reply->headers, "%s: ", name);
	for (; *value; value++)
		if (*value != '\r' && *value != '\n')
			strbuf_add_char(&reply->headers, *value);
	strbuf_add_text(&reply->headers, "\r\n");
}

void http_reply_release(struct http_reply *reply)
{
	strbuf_release(&reply->headers);
	strbuf_release(&reply->body);
	if (reply->stream.free)
		reply->stream.free(reply->stream.self);
	*reply = (struct http_reply){ 0 };
}

void http_answer_release(struct http_answer *answer)
{
	http_reply_release(&answer->reply);
	strbuf_release(&answer->head);
	free(answer->piece);
	*answer = (struct http_answer){ 0 };
}
