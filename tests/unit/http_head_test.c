#include "base/macros.h"
#include "http/http_body.h"
#include "http/http_query.h"

#include <criterion/criterion.h>

#define GOOD	      "POST /v1/leveringen?a=1 HTTP/1.1\r\n"
#define HOST	      "Host: gw\r\n"
#define WITH(headers) GOOD HOST headers "\r\n"

static const struct {
	const char *head;
	unsigned status;
	const char *why;
} HEADS[] = {
	{ WITH(""), 0, "plain" },
	{ "GET / HTTP/1.0\r\n\r\n", 0, "HTTP/1.0 needs no Host" },
	{ "GET http://gw.example:80/x?y HTTP/1.1\r\n" HOST "\r\n", 0, "absolute form" },
	{ "GET HTTPS://[::1]:8443/x HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", 0,
	  "absolute form, IPv6, scheme in capitals" },
	{ "GET http://gw?y HTTP/1.1\r\n" HOST "\r\n", 0, "absolute form without a path" },
	{ "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0, "asterisk form" },
	{ "GET * HTTP/1.1\r\n" HOST "\r\n", 400, "asterisk of another method" },
	{ "CONNECT gw:80 HTTP/1.1\r\n" HOST "\r\n", 400, "authority form" },
	{ "GET http://u@gw/ HTTP/1.1\r\n" HOST "\r\n", 400, "a user name in the target" },
	{ "GET ftp://gw/ HTTP/1.1\r\n" HOST "\r\n", 400, "another scheme" },
	{ "GET http:/// HTTP/1.1\r\n" HOST "\r\n", 400, "an absolute target without a host" },
	{ "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400, "a space in the target" },
	{ "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400, "a fragment" },
	{ "GET /a%2 HTTP/1.1\r\n" HOST "\r\n", 400, "half a percent code" },
	{ "GET /a%zz HTTP/1.1\r\n" HOST "\r\n", 400, "no hex digits" },
	{ "GET /\xc3\xab HTTP/1.1\r\n" HOST "\r\n", 400, "no ASCII" },
	{ "GET  / HTTP/1.1\r\n" HOST "\r\n", 400, "two spaces" },
	{ "GE(T / HTTP/1.1\r\n" HOST "\r\n", 400, "a method that is no token" },
	{ "GET /\r\n\r\n", 400, "HTTP/0.9" },
	{ "GET / HTTP/1.1 \r\n" HOST "\r\n", 400, "a blank behind the version" },
	{ "GET / http/1.1\r\n" HOST "\r\n", 400, "the version in small letters" },
	{ "GET / HTTP/2.0\r\n" HOST "\r\n", 505, "HTTP/2 without its preface" },
	{ "\r\n\r\n", 400, "nothing" },
	{ GOOD "\r\n", 400, "no Host" },
	{ GOOD "Host:\r\n\r\n", 0, "an empty Host is allowed" },
	{ GOOD HOST HOST "\r\n", 400, "two Hosts, though equal" },
	{ GOOD "Host: a b\r\n\r\n", 400, "a Host with a blank" },
	{ GOOD "Host: u@gw\r\n\r\n", 400, "a Host with a user name" },
	{ GOOD "Host: gw:8080\r\n\r\n", 0, "a Host with a port" },
	{ GOOD "Host: gw:\r\n\r\n", 0, "an empty port is allowed" },
	{ GOOD "Host: [::1]\r\n\r\n", 0, "a Host of IPv6" },
	{ GOOD "Host: [fe80::1%25eth0]:443\r\n\r\n", 0, "with a zone and a port" },
	{ GOOD "Host: gw,other\r\n\r\n", 400, "two in one Host" },
	{ GOOD "Host: gw:port\r\n\r\n", 400, "a port that is no number" },
	{ GOOD "Host: gw:65536\r\n\r\n", 400, "a port that there is not" },
	{ GOOD "Host: gw:1:2\r\n\r\n", 400, "two ports" },
	{ GOOD "Host: :80\r\n\r\n", 400, "a port only" },
	{ GOOD "Host: [::1\r\n\r\n", 400, "half an address of IPv6" },
	{ GOOD "Host: [::1]x\r\n\r\n", 400, "text behind the bracket" },
	{ GOOD "Host: []\r\n\r\n", 400, "nothing between the brackets" },
	{ GOOD "Host: ::1\r\n\r\n", 400, "IPv6 without brackets" },
	{ "GET http://gw:x/ HTTP/1.1\r\n" HOST "\r\n", 400, "an absolute target with a port that is no number" },
	{ WITH("Content-Type: text/csv\r\nContent-Type: text/csv\r\n"), 400, "two Content-Types, though equal" },
	{ WITH("Accept: text/csv\r\nAccept: application/json\r\n"), 0, "a list may stand twice" },
	{ WITH("Content-Length: 5\r\n"), 0, "a length" },
	{ WITH("Content-Length: 9223372036854775807\r\n"), 0, "the largest length" },
	{ WITH("Content-Length: 9223372036854775808\r\n"), 400, "a length above it" },
	{ WITH("Content-Length: +5\r\n"), 400, "a sign" },
	{ WITH("Content-Length: 5, 5\r\n"), 400, "a list of lengths" },
	{ WITH("Content-Length:\r\n"), 400, "an empty length" },
	{ WITH("Content-Length: 0x5\r\n"), 400, "hex digits" },
	{ WITH("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, "two equal lengths" },
	{ WITH("Content-Length: 5\r\ncontent-length: 6\r\n"), 400, "two lengths that differ" },
	{ WITH("Transfer-Encoding: chunked\r\n"), 0, "chunked" },
	{ WITH("Transfer-Encoding: CHUNKED\r\n"), 0, "codings have no case" },
	{ WITH("Transfer-Encoding: gzip, chunked\r\n"), 501, "a coding we do not know" },
	{ WITH("Transfer-Encoding: identity\r\n"), 501, "a coding that is no more" },
	{ WITH("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 501, "chunked twice" },
	{ WITH("Transfer-Encoding: \r\n"), 501, "no coding" },
	{ WITH("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400, "a length beside a coding" },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0 knows no codings" },
	{ WITH("Expect: 100-continue\r\nContent-Length: 5\r\n"), 0, "an expectation" },
	{ WITH("Expect: 200-ok\r\n"), 417, "another expectation" },
	{ WITH("X: a\r\n b\r\n"), 400, "a folded field" },
	{ WITH("X: a\r\n\tb\r\n"), 400, "folded with a tab" },
	{ WITH("X : a\r\n"), 400, "a blank in front of the colon" },
	{ WITH(": a\r\n"), 400, "no name" },
	{ WITH("no colon\r\n"), 400, "no colon" },
	{ WITH("X: a\x01\r\n"), 400, "a control character" },
	{ WITH("X: a\rb\r\n"), 400, "a bare CR" },
	{ WITH("X: \t a b \t\r\n"), 0, "blanks around and inside a value" },
	{ WITH("X: Zo\xc3\xab\r\n"), 0, "bytes above 127" },
	{ GOOD "Host: gw\n\r\n", 400, "a line that ends with LF only" },
};

Test(http_head, takes_what_rfc_9112_allows_and_nothing_else)
{
	struct http_head head;
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(HEADS); i++) {
		unsigned status = http_head_parse(slice_of(HEADS[i].head), &head, &why);

		cr_expect_eq(status, HEADS[i].status, "%s: %u, %s", HEADS[i].why, status, why);
		cr_expect_eq(status == 0, why[0] == '\0', "%s", HEADS[i].why);
	}
}

static void expect_text(struct slice got, const char *want)
{
	cr_expect(slice_equal_text(got, want), "%.*s instead of %s", (int)got.n, got.p ? got.p : "", want);
}

Test(http_head, gives_the_parts)
{
	struct http_head head;
	const char *why;

	cr_assert_eq(
		http_head_parse(
			slice_of("POST http://a.b:1/p/q?x=1&y HTTP/1.1\r\nHost: other\r\nX-One: 1\r\nx-one:  2 \r\n"
				 "Content-Length: 7\r\nExpect: 100-Continue\r\nConnection: foo, Close\r\n\r\n"),
			&head, &why),
		0, "%s", why);
	expect_text(head.method, "POST");
	expect_text(head.path, "/p/q");
	expect_text(head.query, "x=1&y");
	expect_text(head.host, "a.b:1");
	expect_text(http_head_value(&head, "x-ONE"), "1");
	cr_expect_eq(http_head_count(&head, "X-One"), 2);
	cr_expect_null(http_head_value(&head, "X").p);
	cr_expect_eq(head.framing, HTTP_BODY_OF_LENGTH);
	cr_expect_eq(head.content_length, 7);
	cr_expect(head.expects_continue);
	cr_expect_not(head.is_kept_alive);
}

Test(http_head, joins_a_list_that_stands_in_several_lines)
{
	struct slice bytes = SLICE_LITERAL(
		"GET / HTTP/1.1\r\nHost: a\r\nIf-Match: \"a\"\r\nX: 1\r\nif-match: \"b\", "
		"\"c\"\r\nIf-Match: \"d\"\r\n\r\n");
	struct http_head head;
	const char *why = NULL;
	char buf[16];

	cr_assert_eq(http_head_parse(bytes, &head, &why), 0, "%s", why);
	bool is_whole = false;

	expect_text(http_head_list(&head, "If-Match", buf, sizeof buf, &is_whole), "\"a\",\"b\", \"c\",\"d\"");
	cr_expect(is_whole);
	expect_text(http_head_list(&head, "If-Match", buf, 10, &is_whole), "\"a\",\"d\"");
	cr_expect_not(is_whole, "what does not fit is left out");
	expect_text(http_head_list(&head, "X", buf, 0, &is_whole), "1");
	cr_expect(is_whole);
	cr_expect_null(http_head_list(&head, "Y", buf, sizeof buf, &is_whole).p);
	cr_expect(is_whole);
}

Test(http_head, keeps_a_connection_as_its_version_says)
{
	static const struct {
		const char *head;
		bool is_kept;
	} ROWS[] = {
		{ WITH(""), true },
		{ WITH("Connection: close\r\n"), false },
		{ WITH("Connection: a,b\r\nConnection: close\r\n"), false },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
	};
	struct http_head head;
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		cr_assert_eq(http_head_parse(slice_of(ROWS[i].head), &head, &why), 0);
		cr_expect_eq(head.is_kept_alive, ROWS[i].is_kept, "%s", ROWS[i].head);
	}
}

static size_t put(char *text, size_t at, const char *what)
{
	memcpy(text + at, what, strlen(what) + 1);
	return at + strlen(what);
}

Test(http_head, limits_the_number_of_fields_and_the_length_of_the_target)
{
	static char text[HTTP_TARGET_BYTES_MAX + 8192];
	struct http_head head;
	const char *why;

	for (int extra = 0; extra <= 1; extra++) {
		size_t n = put(text, 0, "GET / HTTP/1.1\r\nHost: a\r\n");

		for (int i = 1; i < HTTP_HEADERS_MAX + extra; i++)
			n = put(text, n, "X: y\r\n");
		put(text, n, "\r\n");
		cr_expect_eq(http_head_parse(slice_of(text), &head, &why), extra ? 431u : 0u);
		n = put(text, 0, "GET /");
		memset(text + n, 'a', (size_t)(HTTP_TARGET_BYTES_MAX - 1 + extra));
		n += (size_t)(HTTP_TARGET_BYTES_MAX - 1 + extra);
		put(text, n, " HTTP/1.1\r\nHost: a\r\n\r\n");
		cr_expect_eq(http_head_parse(slice_of(text), &head, &why), extra ? 414u : 0u);
	}
}

Test(http_head, is_found_however_its_bytes_come)
{
	const char *text = WITH("A: b\r\n") "body";
	size_t whole = strlen(text) - 4, bytes = 0;

	for (size_t n = 0; n <= strlen(text); n++)
		for (size_t from = 0; from <= MIN(n, whole - 1); from++) {
			enum http_head_search found = http_head_search(slice_make(text, n), from, &bytes);

			cr_assert_eq(found, n >= whole ? HTTP_HEAD_WHOLE : HTTP_HEAD_PART, "%zu bytes, from %zu", n,
				     from);
			cr_assert(found == HTTP_HEAD_PART || bytes == whole);
		}
	cr_expect_eq(http_head_search(slice_of("GET / HTTP/1.1\nHost: a\n\n"), 0, &bytes), HTTP_HEAD_BROKEN);
	cr_expect_eq(http_head_search(slice_make("GET /\0", 6), 0, &bytes), HTTP_HEAD_BROKEN);
}

/* ---- bodies ---- */

static const struct {
	const char *bytes;
	const char *content; /* NULL: broken */
	const char *rest;
	const char *why;
} CHUNKED[] = {
	{ "3\r\nabc\r\n0\r\n\r\nGET", "abc", "GET", "one chunk" },
	{ "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n00\r\n\r\n", "abc0123456789", "", "an extension, leading zeros" },
	{ "0\r\nX: y\r\nZ: z\r\n\r\n", "", "", "a trailer" },
	{ "3 \r\nabc\r\n0\r\n\r\n", "abc", "", "a blank behind the size" },
	{ "\r\n", NULL, "", "no size" },
	{ "-1\r\n", NULL, "", "a sign" },
	{ "g\r\n", NULL, "", "no hex digit" },
	{ "3\nabc\r\n", NULL, "", "LF without CR" },
	{ "3\r\nabcd\r\n", NULL, "", "more than it says" },
	{ "3\r\nabc\n", NULL, "", "no CRLF behind the chunk" },
	{ "8000000000000000\r\n", NULL, "", "too large a number" },
	{ "0\r\nX\x01\r\n\r\n", NULL, "", "a control character in the trailer" },
	{ "3;\x02\r\nabc\r\n0\r\n\r\n", NULL, "", "a control character in an extension" },
};

/* step: how many bytes come at once. */
static bool decode(struct http_body *body, const char *bytes, size_t step, char *out, size_t *rest_bytes)
{
	size_t n = strlen(bytes), out_bytes = 0;

	for (size_t at = 0; at < n; at += step) {
		struct slice rest = slice_make(bytes + at, MIN(step, n - at)), content;
		enum http_body_step what;

		while ((what = http_body_next(body, &rest, &content)) == HTTP_BODY_BYTES) {
			memcpy(out + out_bytes, content.p, content.n);
			out_bytes += content.n;
		}
		out[out_bytes] = '\0';
		if (what == HTTP_BODY_BROKEN)
			return false;
		if (what == HTTP_BODY_END) {
			*rest_bytes = rest.n + (n - MIN(n, at + step));
			return true;
		}
	}
	*rest_bytes = 0;
	return true;
}

Test(http_body, takes_chunks_however_they_come)
{
	for (size_t i = 0; i < ARRAY_LEN(CHUNKED); i++)
		for (size_t step = 1; step <= strlen(CHUNKED[i].bytes); step++) {
			struct http_head head = { .framing = HTTP_BODY_CHUNKED };
			struct http_body body;
			char out[64] = "";
			size_t rest = 0;

			http_body_begin(&body, &head);
			bool is_good = decode(&body, CHUNKED[i].bytes, step, out, &rest);

			cr_assert_eq(is_good, CHUNKED[i].content != NULL, "%s", CHUNKED[i].why);
			if (!is_good)
				continue;
			cr_assert_str_eq(out, CHUNKED[i].content, "%s", CHUNKED[i].why);
			cr_assert_eq(rest, strlen(CHUNKED[i].rest), "%s", CHUNKED[i].why);
		}
}

Test(http_body, bounds_what_stands_around_the_chunks)
{
	static char text[20000];

	for (int is_trailer = 0; is_trailer <= 1; is_trailer++)
		for (size_t extra = 0; extra <= 1; extra++) {
			struct http_head head = { .framing = HTTP_BODY_CHUNKED };
			struct http_body body;
			char out[8];
			size_t n = put(text, 0, is_trailer ? "0\r\n" : "0;"), rest;

			memset(text + n, 'x', 4096 + extra);
			put(text, n + 4096 + extra, "\r\n\r\n");
			http_body_begin(&body, &head);
			cr_expect_eq(decode(&body, text, 1000, out, &rest), extra == 0);
		}
}

Test(http_body, of_a_length_ends_there)
{
	struct http_head head = { .framing = HTTP_BODY_OF_LENGTH, .content_length = 5 };
	struct http_body body;
	char out[16];
	size_t rest;

	http_body_begin(&body, &head);
	cr_expect(decode(&body, "helloGET", 3, out, &rest));
	cr_expect_str_eq(out, "hello");
	cr_expect_eq(rest, 3);
	head.framing = HTTP_NO_BODY;
	http_body_begin(&body, &head);
	cr_expect(decode(&body, "GET", 3, out, &rest));
	cr_expect_eq(rest, 3);
}

/* ---- queries ---- */

Test(http_query, walks_names_and_values)
{
	struct slice query = slice_of("a=1&&b&c=&=d&e=f=g"), name, value;
	char seen[64] = "";

	while (http_query_next(&query, &name, &value))
		snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "[%.*s|%.*s]", (int)name.n, name.p,
			 (int)value.n, value.p);
	cr_expect_str_eq(seen, "[a|1][b|][c|][|d][e|f=g]");
}

Test(http_query, decodes_percent_codes)
{
	char out[8];
	struct slice got;

	cr_assert(http_decode(slice_of("a%20b+c"), true, out, sizeof out, &got));
	expect_text(got, "a b c");
	cr_assert(http_decode(slice_of("a+b"), false, out, sizeof out, &got));
	expect_text(got, "a+b");
	cr_assert(http_decode(slice_of("%41%4a%4A"), true, out, sizeof out, &got));
	expect_text(got, "AJJ");
	cr_expect_not(http_decode(slice_of("%4"), true, out, sizeof out, &got));
	cr_expect_not(http_decode(slice_of("%4g"), true, out, sizeof out, &got));
	cr_expect(http_decode(slice_of("12345678"), true, out, sizeof out, &got));
	cr_expect_not(http_decode(slice_of("123456789"), true, out, sizeof out, &got));
}
