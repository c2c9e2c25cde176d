#include "http/http_body.h"

#include "base/num.h"

enum {
	EXTENSION_BYTES_MAX = 4096, /* of all chunks together: nobody we know sends any */
	TRAILER_BYTES_MAX = 4096,
};
#define CHUNK_BYTES_MAX ((uint64_t)INT64_MAX)

void http_body_begin(struct http_body *body, const struct http_head *head)
{
	*body = (struct http_body){ .framing = head->framing, .left = head->content_length };
	if (head->framing == HTTP_BODY_OF_LENGTH)
		body->state = HTTP_BODY_CONTENT;
	else if (head->framing == HTTP_NO_BODY)
		body->state = HTTP_BODY_DONE;
}

static int hex_value(char c)
{
	if (num_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_size(struct http_body *body, char c)
{
	int digit = hex_value(c);

	if (digit >= 0) {
		if (body->left > (CHUNK_BYTES_MAX - (uint64_t)digit) / 16)
			return false;
		body->left = body->left * 16 + (uint64_t)digit;
		body->state = HTTP_BODY_SIZE;
		return true;
	}
	if (body->state == HTTP_BODY_SIZE_FIRST)
		return false;
	if (c == '\r')
		body->state = HTTP_BODY_SIZE_LF;
	else if (c == ';' || c == ' ' || c == '\t')
		body->state = HTTP_BODY_EXTENSION;
	else
		return false;
	return true;
}

static bool take_extension(struct http_body *body, char c)
{
	if (c == '\r') {
		body->state = HTTP_BODY_SIZE_LF;
		return true;
	}
	return ((unsigned char)c >= ' ' || c == '\t') && ++body->extension_bytes <= EXTENSION_BYTES_MAX;
}

static bool take_trailer(struct http_body *body, char c)
{
	if (c == '\r') {
		body->state = body->state == HTTP_BODY_TRAILER_FIRST ? HTTP_BODY_LAST_LF : HTTP_BODY_TRAILER_LF;
		return true;
	}
	body->state = HTTP_BODY_TRAILER;
	return ((unsigned char)c >= ' ' || c == '\t') && ++body->trailer_bytes <= TRAILER_BYTES_MAX;
}

static bool take_exactly(struct http_body *body, char c, char wanted, enum http_body_state next)
{
	body->state = next;
	return c == wanted;
}

/* One byte of what stands around the content. false: it does not belong there. */
static bool take_frame_byte(struct http_body *body, char c)
{
	switch (body->state) {
	case HTTP_BODY_SIZE_FIRST:
	case HTTP_BODY_SIZE:
		return take_size(body, c);
	case HTTP_BODY_EXTENSION:
		return take_extension(body, c);
	case HTTP_BODY_SIZE_LF:
		return take_exactly(body, c, '\n', body->left > 0 ? HTTP_BODY_CONTENT : HTTP_BODY_TRAILER_FIRST);
	case HTTP_BODY_CONTENT_CR:
		return take_exactly(body, c, '\r', HTTP_BODY_CONTENT_LF);
	case HTTP_BODY_CONTENT_LF:
		return take_exactly(body, c, '\n', HTTP_BODY_SIZE_FIRST);
	case HTTP_BODY_TRAILER_FIRST:
	case HTTP_BODY_TRAILER:
		return take_trailer(body, c);
	case HTTP_BODY_TRAILER_LF:
		return take_exactly(body, c, '\n', HTTP_BODY_TRAILER_FIRST);
	default:
		return take_exactly(body, c, '\n', HTTP_BODY_DONE);
	}
}

static void take_content(struct http_body *body, struct slice *rest, struct slice *ret)
{
	*ret = slice_cut(rest, (size_t)MIN(body->left, (uint64_t)rest->n));
	body->left -= ret->n;
	if (body->left == 0)
		body->state = body->framing == HTTP_BODY_CHUNKED ? HTTP_BODY_CONTENT_CR : HTTP_BODY_DONE;
}

enum http_body_step http_body_next(struct http_body *body, struct slice *rest, struct slice *ret)
{
	while (body->state != HTTP_BODY_DONE) {
		if (rest->n == 0)
			return HTTP_BODY_WANTS_MORE;
		if (body->state == HTTP_BODY_CONTENT) {
			take_content(body, rest, ret);
			return HTTP_BODY_BYTES;
		}
		if (!take_frame_byte(body, slice_cut(rest, 1).p[0]))
			return HTTP_BODY_BROKEN;
	}
	return HTTP_BODY_END;
}
