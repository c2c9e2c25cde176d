#include "http/http_head.h"

#include "base/num.h"
#include "http/http_list.h"

#include <strings.h>

enum {
	STATUS_BAD_REQUEST = 400,
	STATUS_TARGET_TOO_LONG = 414,
	STATUS_EXPECTATION_FAILED = 417,
	STATUS_HEAD_TOO_LARGE = 431,
	STATUS_NOT_IMPLEMENTED = 501,
	STATUS_VERSION = 505,
	HOST_BYTES_MAX = 261, /* a name of 255 bytes and its port */
	METHOD_BYTES_MAX = 32,
	PORT_MAX = 65535,
};

/* ---- bytes ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 9110, 5.6.2: tchar. */
static bool is_token_char(char c)
{
	return is_letter(c) || num_is_digit(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

/* RFC 9110, 5.5: visible characters, space, tab and bytes above 127. */
static bool is_field_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_hex(char c)
{
	return num_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Visible ASCII without "#", and each "%" is followed by two hex digits. */
static bool is_target(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '#')
			return false;
		if (s.p[i] == '%' && !(i + 2 < s.n && is_hex(s.p[i + 1]) && is_hex(s.p[i + 2])))
			return false;
	}
	return s.n > 0;
}

static bool is_text(struct slice s, const char *text)
{
	return s.n == strlen(text) && strncasecmp(s.p, text, s.n) == 0;
}

/* Takes what stands before c off *rest, and c itself. false: there is no c. */
static bool cut_at(struct slice *rest, char c, struct slice *ret)
{
	const char *at = rest->n > 0 ? memchr(rest->p, c, rest->n) : NULL;

	if (!at)
		return false;
	*ret = slice_cut(rest, (size_t)(at - rest->p));
	*rest = slice_from(*rest, 1);
	return true;
}

/* ---- the end of the head ---- */

enum http_head_search http_head_search(struct slice bytes, size_t from, size_t *ret_bytes)
{
	size_t at = from > 3 ? from - 3 : 0; /* the end may lie across the border */

	for (; at < bytes.n; at++) {
		if (bytes.p[at] == '\0')
			return HTTP_HEAD_BROKEN;
		if (bytes.p[at] != '\n')
			continue;
		if (at == 0 || bytes.p[at - 1] != '\r')
			return HTTP_HEAD_BROKEN;
		if (at >= 3 && bytes.p[at - 2] == '\n') {
			*ret_bytes = at + 1;
			return HTTP_HEAD_WHOLE;
		}
	}
	return HTTP_HEAD_PART;
}

/* ---- the request line ---- */

struct reading {
	struct http_head *head;
	const char *why;
};

static unsigned refuse(struct reading *reading, unsigned status, const char *why)
{
	reading->why = why;
	return status;
}

/* RFC 3986, 3.2.2 and 3.2.3. What stands between the brackets of an IPv6 address is not looked at more closely. */
static bool is_host(struct slice host)
{
	struct slice name = host, port;
	uint64_t number;

	if (host.n == 0 || host.n > HOST_BYTES_MAX)
		return false;
	if (host.p[0] == '[') {
		if (!cut_at(&host, ']', &name) || (host.n > 0 && host.p[0] != ':'))
			return false;
		name = slice_from(name, 1);
		port = host.n > 0 ? slice_from(host, 1) : host;
	} else if (cut_at(&host, ':', &name)) {
		port = host;
	} else {
		name = host;
		port = SLICE_LITERAL("");
	}
	for (size_t i = 0; i < name.n; i++)
		if (!is_letter(name.p[i]) && !num_is_digit(name.p[i]) && !strchr("-._~:%!$&'()*+;=", name.p[i]))
			return false;
	return name.n > 0 && (port.n == 0 || num_parse_u64(port, PORT_MAX, &number));
}

static unsigned read_absolute_target(struct reading *reading, struct slice rest)
{
	struct http_head *head = reading->head;
	size_t n = 0;

	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	head->host = slice_cut(&rest, n);
	if (!is_host(head->host)) /* and so no user name, which would hold an "@" */
		return refuse(reading, STATUS_BAD_REQUEST, "the target names no usable host");
	head->path = rest.n > 0 && rest.p[0] == '/' ? rest : SLICE_LITERAL("/");
	if (rest.n > 0 && rest.p[0] == '?')
		head->query = slice_from(rest, 1);
	return 0;
}

static void split_query(struct http_head *head)
{
	struct slice rest = head->path, path;

	if (head->query.p || !cut_at(&rest, '?', &path))
		return;
	head->path = path;
	head->query = rest.p ? rest : SLICE_LITERAL("");
}

static unsigned read_target(struct reading *reading, struct slice target)
{
	static const char *const SCHEMES[] = { "http://", "https://" };
	struct http_head *head = reading->head;
	unsigned status = 0;
	bool is_absolute = false;

	if (target.n > HTTP_TARGET_BYTES_MAX)
		return refuse(reading, STATUS_TARGET_TOO_LONG, "the target is too long");
	if (!is_target(target))
		return refuse(reading, STATUS_BAD_REQUEST, "the target holds a character that must be percent-encoded");
	for (size_t i = 0; i < ARRAY_LEN(SCHEMES) && !is_absolute; i++) {
		size_t n = strlen(SCHEMES[i]);

		is_absolute = target.n > n && strncasecmp(target.p, SCHEMES[i], n) == 0;
		if (is_absolute)
			status = read_absolute_target(reading, slice_from(target, n));
	}
	if (!is_absolute) {
		bool is_asterisk = target.n == 1 && target.p[0] == '*' && slice_equal_text(head->method, "OPTIONS");

		if (target.p[0] != '/' && !is_asterisk)
			return refuse(reading, STATUS_BAD_REQUEST,
				      "the target is neither a path nor an absolute address");
		head->path = target;
	}
	if (status == 0)
		split_query(head);
	return status;
}

static unsigned read_request_line(struct reading *reading, struct slice line)
{
	struct http_head *head = reading->head;
	struct slice target;

	if (!cut_at(&line, ' ', &head->method) || !is_token(head->method) || head->method.n > METHOD_BYTES_MAX ||
	    !cut_at(&line, ' ', &target))
		return refuse(reading, STATUS_BAD_REQUEST, "the first line is no request line");
	if (line.n != 8 || memcmp(line.p, "HTTP/", 5) != 0 || !num_is_digit(line.p[5]) || line.p[6] != '.' ||
	    !num_is_digit(line.p[7]))
		return refuse(reading, STATUS_BAD_REQUEST, "the first line is no request line");
	if (line.p[5] != '1')
		return refuse(reading, STATUS_VERSION, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	head->is_http_1_0 = line.p[7] == '0';
	return read_target(reading, target);
}

/* ---- the header fields ---- */

static unsigned read_field(struct reading *reading, struct slice line)
{
	struct http_head *head = reading->head;
	struct http_header field;

	if (head->header_count == HTTP_HEADERS_MAX)
		return refuse(reading, STATUS_HEAD_TOO_LARGE, "there are too many header fields");
	if (line.p[0] == ' ' || line.p[0] == '\t')
		return refuse(reading, STATUS_BAD_REQUEST, "a header field is folded over two lines");
	if (!cut_at(&line, ':', &field.name) || !is_token(field.name))
		return refuse(reading, STATUS_BAD_REQUEST, "a header field has no usable name");
	field.value = http_list_trim(line);
	if (!is_field_value(field.value))
		return refuse(reading, STATUS_BAD_REQUEST, "a header field holds a control character");
	head->headers[head->header_count++] = field;
	return 0;
}

struct slice http_head_value(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->header_count; i++)
		if (is_text(head->headers[i].name, name))
			return head->headers[i].value;
	return (struct slice){ 0 };
}

size_t http_head_count(const struct http_head *head, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < head->header_count; i++)
		count += is_text(head->headers[i].name, name);
	return count;
}

struct slice http_head_list(const struct http_head *head, const char *name, char *buf, size_t buf_bytes,
			    bool *ret_is_whole)
{
	size_t n = 0;

	*ret_is_whole = true;
	if (http_head_count(head, name) <= 1)
		return http_head_value(head, name);
	for (size_t i = 0; i < head->header_count; i++) {
		struct slice value = head->headers[i].value;

		if (!is_text(head->headers[i].name, name))
			continue;
		if (value.n + 1 > buf_bytes - n) {
			*ret_is_whole = false;
			continue;
		}
		if (n > 0)
			buf[n++] = ',';
		memcpy(buf + n, value.p, value.n);
		n += value.n;
	}
	return slice_make(buf, n);
}

/* Whether a header of comma-separated words holds this one. */
static bool has_word(const struct http_head *head, const char *name, const char *word)
{
	for (size_t i = 0; i < head->header_count; i++) {
		struct slice rest = head->headers[i].value, part;

		if (!is_text(head->headers[i].name, name))
			continue;
		while (cut_at(&rest, ',', &part))
			if (is_text(http_list_trim(part), word))
				return true;
		if (is_text(http_list_trim(rest), word))
			return true;
	}
	return false;
}

/* ---- what they say together ---- */

static unsigned read_host(struct reading *reading)
{
	struct http_head *head = reading->head;
	size_t count = http_head_count(head, "Host");
	struct slice host = http_head_value(head, "Host");

	if (count > 1)
		return refuse(reading, STATUS_BAD_REQUEST, "there is more than one Host");
	if (count == 0 && !head->is_http_1_0)
		return refuse(reading, STATUS_BAD_REQUEST, "there is no Host");
	if (count == 1 && host.n > 0 && !is_host(host))
		return refuse(reading, STATUS_BAD_REQUEST, "Host names no usable host");
	if (head->host.n == 0) /* of an absolute target its own host counts: RFC 9112, 3.2.2 */
		head->host = host;
	return 0;
}

static unsigned read_framing(struct reading *reading)
{
	struct http_head *head = reading->head;
	size_t lengths = http_head_count(head, "Content-Length"), codings = http_head_count(head, "Transfer-Encoding");

	if (codings > 0 && lengths > 0)
		return refuse(reading, STATUS_BAD_REQUEST, "Content-Length stands beside Transfer-Encoding");
	if (codings > 0 && head->is_http_1_0)
		return refuse(reading, STATUS_BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding");
	if (codings > 1 || (codings == 1 && !is_text(http_head_value(head, "Transfer-Encoding"), "chunked")))
		return refuse(reading, STATUS_NOT_IMPLEMENTED, "the only transfer coding known here is chunked");
	if (lengths > 1)
		return refuse(reading, STATUS_BAD_REQUEST, "there is more than one Content-Length");
	if (lengths == 1) {
		if (!num_parse_u64(http_head_value(head, "Content-Length"), INT64_MAX, &head->content_length))
			return refuse(reading, STATUS_BAD_REQUEST, "Content-Length is no number");
		head->framing = head->content_length > 0 ? HTTP_BODY_OF_LENGTH : HTTP_NO_BODY;
	} else if (codings == 1) {
		head->framing = HTTP_BODY_CHUNKED;
	}
	return 0;
}

/* Of two that differ one program would believe the first, and the next one the last. Those of RFC 9110 that are lists
 * may stand more than once. */
static unsigned read_singletons(struct reading *reading)
{
	if (http_head_count(reading->head, "Content-Type") > 1)
		return refuse(reading, STATUS_BAD_REQUEST, "there is more than one Content-Type");
	return 0;
}

static unsigned read_expectation(struct reading *reading)
{
	struct http_head *head = reading->head;
	size_t count = http_head_count(head, "Expect");

	if (count == 0 || head->is_http_1_0)
		return 0;
	if (count > 1 || !is_text(http_head_value(head, "Expect"), "100-continue"))
		return refuse(reading, STATUS_EXPECTATION_FAILED, "the only expectation known here is 100-continue");
	head->expects_continue = head->framing != HTTP_NO_BODY;
	return 0;
}

unsigned http_head_parse(struct slice bytes, struct http_head *ret, const char **ret_why)
{
	struct reading reading = { .head = ret, .why = "" };
	struct slice rest = bytes, line;
	unsigned status = 0;
	bool is_first = true;

	*ret = (struct http_head){ 0 };
	while (status == 0 && cut_at(&rest, '\n', &line)) {
		if (line.n == 0 || line.p[line.n - 1] != '\r') {
			status = refuse(&reading, STATUS_BAD_REQUEST, "a line does not end with CRLF");
			break;
		}
		line.n--;
		if (line.n == 0)
			break;
		status = is_first ? read_request_line(&reading, line) : read_field(&reading, line);
		is_first = false;
	}
	if (status == 0 && is_first)
		status = refuse(&reading, STATUS_BAD_REQUEST, "the first line is no request line");
	if (status == 0)
		status = read_host(&reading);
	if (status == 0)
		status = read_framing(&reading);
	if (status == 0)
		status = read_singletons(&reading);
	if (status == 0)
		status = read_expectation(&reading);
	ret->is_kept_alive = ret->is_http_1_0 ? has_word(ret, "Connection", "keep-alive")
					      : !has_word(ret, "Connection", "close");
	*ret_why = reading.why;
	return status;
}
