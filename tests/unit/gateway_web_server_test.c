/* What a sender sees of what stands before the handlers: statuses, headers, refusals of requests of other sites. */
#include "base/clock.h"
#include "base/num.h"
#include "gateway/access.h"
#include "gateway/routes.h"
#include "gateway/services.h"
#include "gateway/web_server.h"
#include "http/http_server.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKEN	 "a-token-for-board-41211"
#define DELIVERY "/v1/besturen/41211/leveringen/abcdefghij-12345"

static struct web_server server;
static struct services services;
static const struct gateway_config CONFIG;

/* In place of the lines of before. */
static void put_tokens(const char *lines)
{
	char path[] = "/tmp/instroom-tokens-XXXXXX";
	int fd = mkstemp(path);
	struct err err = { 0 };

	tokens_free(services.tokens);
	cr_assert_eq(write(fd, lines, strlen(lines)), (ssize_t)strlen(lines));
	close(fd);
	cr_assert_eq(tokens_open(path, &services.tokens, &err), 0, "%s", err.text);
	unlink(path);
}

static void open_server(void)
{
	static const struct load_limits LIMITS = { 8, 8, 8 };
	struct err err = { 0 };

	put_tokens(TOKEN " 41211\n");
	services.load = load_new(&LIMITS);
	services.server = &server;
	services.config = &CONFIG;
	services.uploads.bytes_max = services.uploads.share_bytes_max = 1 << 20;
	services.answers = services.uploads;
	const struct web_server_options options = { .listen = "127.0.0.1:0",
						    .cert_file = "",
						    .connections_max = 8,
						    .idle_ms_max = 60000,
						    .request_ms_max = 60000,
						    .routes = ROUTES,
						    .route_count = ROUTES_COUNT,
						    .admit = access_admit,
						    .confirm = access_confirm,
						    .services = &services,
						    .uploads = &services.uploads,
						    .answers = &services.answers,
						    .forget = services_forget };

	cr_assert_eq(web_server_open(&server, &options, &err), 0, "%s", err.text);
}

static void close_server(void)
{
	web_server_close(&server);
	tokens_free(services.tokens);
	load_free(services.load);
}

TestSuite(gateway_web_server, .init = open_server, .fini = close_server);

/* The sender's end of a connection. */
static int connect_sender(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	http_server_take(server.http, ends[1]);
	return ends[0];
}

static void say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

/* The answer as text, to its end; with until: until that stands in it. */
static const char *hear(int fd, const char *until)
{
	static char answer[1 << 17];
	size_t n = 0;

	answer[0] = '\0';
	for (int64_t end_ms = clock_ms() + 30000; clock_ms() < end_ms && !(until && strstr(answer, until));) {
		web_server_run(&server);
		ssize_t got = recv(fd, answer + n, sizeof answer - 1 - n, 0);

		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
		answer[n] = '\0';
	}
	return answer;
}

/* The whole answer as text. more: further headers, each with its CRLF. */
static const char *ask(const char *method, const char *path, const char *more)
{
	char request[2048];
	int fd = connect_sender();

	snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: gw.example:8080\r\nConnection: close\r\n%s\r\n",
		 method, path, more);
	say(fd, request);
	const char *answer = hear(fd, NULL);

	close(fd);
	return answer;
}

static int status_of(const char *answer)
{
	uint64_t status = 0;

	return slice_starts_with(slice_of(answer), "HTTP/1.1 ") &&
			       num_parse_u64(slice_make(answer + 9, 3), 999, &status)
		       ? (int)status
		       : 0;
}

#define WITH_TOKEN "Authorization: Bearer " TOKEN "\r\n"

static const struct {
	const char *method, *path, *more;
	int status;
	const char *holds; /* NULL: nothing more is asked */
} ROWS[] = {
	{ "GET", "/healthz", "", 200, NULL },
	{ "GET", "/v1/openapi.json", "", 200, "\"openapi\": \"3.1.0\"" },
	{ "GET", "/v1/openapi.json", "Accept: text/html\r\n", 200, NULL },
	{ "HEAD", "/v1/openapi.json", "", 200, "ETag: \"" },
	{ "GET", "/v1/openapi.json", "If-None-Match: *\r\n", 304, "ETag: \"" },
	{ "GET", "/v1/openapi.json", "If-None-Match: \"x\"\r\n", 200, NULL },
	{ "GET", "/v1/openapi.json", "Origin: https://elsewhere.example\r\n", 200,
	  "Access-Control-Allow-Origin: *\r\n" },
	{ "GET", "/v1/openapi.json", "If-None-Match: *\r\n", 304, "Access-Control-Allow-Origin: *\r\n" },
	{ "GET", "/v1/openapi.json", "If-Match: \"x\"\r\nOrigin: https://elsewhere.example\r\n", 412,
	  "Access-Control-Allow-Origin: *\r\n" },
	{ "GET", "/v1/openapi.json", "If-Match: *\r\n", 200, NULL },
	{ "GET", "/v1/regels", "If-Match: \"x\"\r\nIf-None-Match: *\r\n", 412, "application/problem+json" },
	{ "GET", "/v1/regels/LR-P01", "If-Match: \"x\"\r\n", 412, "application/problem+json" },
	{ "GET", "/v1/openapi.json/", "", 404, "application/problem+json" },
	{ "GET", "/healthz/", "", 404, "application/problem+json" },
	{ "POST", "/v1/leveringen/", WITH_TOKEN, 404, "application/problem+json" },
	{ "PUT", "/v1/leveringen", WITH_TOKEN, 405, "Allow: POST\r\n" },
	{ "OPTIONS", DELIVERY, "Origin: https://elsewhere.example\r\n", 405, "Allow: GET, HEAD\r\n" },
	{ "GET", DELIVERY, "", 401, "WWW-Authenticate: Bearer\r\n" },
	{ "GET", "/v1/besturen/41212/stand", WITH_TOKEN, 403, "application/problem+json" },
	{ "GET", DELIVERY, WITH_TOKEN "Accept: text/html\r\n", 406, "application/problem+json" },
	{ "GET", DELIVERY "/terugmelding", WITH_TOKEN "Accept: application/xml\r\n", 406, NULL },
	{ "GET", DELIVERY "/terugmelding", "Accept: application/xml\r\n", 401, NULL },
	{ "GET", DELIVERY "/terugmelding", WITH_TOKEN "Accept: text/*\r\n", 503, "Retry-After: 5\r\n" },
	{ "GET", DELIVERY "?nergens=1", WITH_TOKEN, 400, "application/problem+json" },
	{ "GET", "/%68ealthz", "", 200, NULL },
	{ "GET", "/v1%2Fopenapi.json", "", 404, NULL },
	{ "GET", "/v1/besturen/41211%2fstand", WITH_TOKEN, 404, NULL },
	{ "GET", "/v1/besturen/41211/../41211/stand", WITH_TOKEN, 404, NULL },
	{ "GET", "/healthz%00", "", 404, NULL },
	{ "GET", "/healthz?a=1", "", 200, NULL },
	{ "GET", "/healthz?a=1&b=2&a=1", "", 400, "staat dubbel" },
	{ "GET", "/v1/openapi.json?a&%61", "", 400, "staat dubbel" },
	{ "GET", "/v1/installatie?a=1&a=2", WITH_TOKEN, 400, "staat dubbel" },
	{ "GET", "/healthz?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", "", 400, "te veel velden" },
	{ "POST", DELIVERY "/bevestiging?a=1&a=1", WITH_TOKEN, 400, "staat dubbel" },
	{ "POST", "/v1/leveringen?proef=ja&proef=nee", WITH_TOKEN, 400, "staat dubbel" },
	{ "POST", DELIVERY "/bevestiging", WITH_TOKEN "If-Match: \"x\"\r\n", 412, "application/problem+json" },
	{ "GET", "/v1/toegang", WITH_TOKEN, 200, "[{\"bestuur\":\"41211\",\"diensten\":[" },
	{ "GET", "/v1/toegang", WITH_TOKEN, 200, "\"alle_besturen\":[]" },
	{ "GET", "/v1/toegang", "", 401, "WWW-Authenticate: Bearer\r\n" },
	{ "GET", "/v1/toegang", "Authorization: Bearer someone-elses-token\r\n", 401, "application/problem+json" },
	{ "GET", "/v1/toegang", WITH_TOKEN WITH_TOKEN, 400, "application/problem+json" },
	{ "GET", "/v1/toegang", WITH_TOKEN "Accept: text/html\r\n", 406, NULL },
	{ "GET", "/v1/toegang/", WITH_TOKEN, 404, NULL },
	{ "GET", "/v1/toegang/41211", WITH_TOKEN, 404, NULL },
	{ "POST", "/v1/toegang", WITH_TOKEN, 405, "Allow: GET, HEAD\r\n" },
	{ "GET", "/v1/installatie\r\nbroken", "", 400, "application/problem+json" },
};

Test(gateway_web_server, answers_before_any_handler)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const char *answer = ask(ROWS[i].method, ROWS[i].path, ROWS[i].more);

		cr_expect_eq(status_of(answer), ROWS[i].status, "%s %s: %s", ROWS[i].method, ROWS[i].path, answer);
		cr_expect(!ROWS[i].holds || strstr(answer, ROWS[i].holds), "%s %s: %s", ROWS[i].method, ROWS[i].path,
			  answer);
	}
}

/* Whom to call: of what handlers refuse, of what stands before them, and of what is no HTTP. */
Test(gateway_web_server, names_the_helpdesk_in_every_refusal)
{
	static const char *const BROKEN[] = { "Content-Length: x\r\n", "Transfer-Encoding: gzip\r\n", "Expect: 1\r\n",
					      "No colon\r\n" };

	reply_set_helpdesk("bel 0800-1234");
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const char *answer = ask(ROWS[i].method, ROWS[i].path, ROWS[i].more);

		cr_expect(status_of(answer) < 400 || strstr(answer, " (helpdesk: bel 0800-1234).\""), "%s %s: %s",
			  ROWS[i].method, ROWS[i].path, answer);
	}
	for (size_t i = 0; i < ARRAY_LEN(BROKEN); i++) {
		const char *answer = ask("POST", "/v1/leveringen", BROKEN[i]);

		cr_expect_geq(status_of(answer), 400, "%s: %s", BROKEN[i], answer);
		cr_expect(strstr(answer, " (helpdesk: bel 0800-1234).\""), "%s: %s", BROKEN[i], answer);
	}
}

Test(gateway_web_server, says_in_every_answer_what_browsers_may_do_with_it)
{
	static const char *const HEADERS[] = {
		"API-Version: 1.",
		"Cache-Control: no-store\r\n",
		"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n",
		"X-Content-Type-Options: nosniff\r\n",
		"X-Frame-Options: DENY\r\n",
		"Referrer-Policy: no-referrer\r\n"
	};

	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const char *answer = ask(ROWS[i].method, ROWS[i].path, ROWS[i].more);

		for (size_t j = 0; j < ARRAY_LEN(HEADERS); j++)
			cr_expect(strstr(answer, HEADERS[j]), "%s %s: %s is not in %s", ROWS[i].method, ROWS[i].path,
				  HEADERS[j], answer);
		bool is_public = (!strcmp(ROWS[i].path, "/v1/openapi.json") || strstr(ROWS[i].path, "/v1/regels")) &&
				 strcmp(ROWS[i].method, "OPTIONS") != 0;

		cr_expect(is_public == !!strstr(answer, "Access-Control-"), "%s: CORS is of what is public",
			  ROWS[i].path);
		cr_expect(!strstr(answer, "Strict-Transport-Security"), "without TLS");
	}
	reply_set_tls(true);
	cr_expect(strstr(ask("GET", "/healthz", ""), "Strict-Transport-Security: max-age=31536000\r\n"));
	cr_expect(strstr(ask("GET", "/v1/installatie\r\nbroken", ""), "Strict-Transport-Security:"));
}

static const struct {
	const char *more;
	bool is_forged;
} SITES[] = {
	{ "", false },
	{ "Origin: https://gw.example:8080\r\n", false },
	{ "Origin: HTTP://GW.EXAMPLE:8080\r\n", true },
	{ "Origin: http://gw.EXAMPLE:8080\r\n", false },
	{ "Origin: https://gw.example\r\n", true },
	{ "Origin: https://gw.example:80801\r\n", true },
	{ "Origin: https://elsewhere.example\r\n", true },
	{ "Origin: https://\r\n", true },
	{ "Origin: null\r\n", true },
	{ "Origin:\r\n", true },
	{ "Origin: https://gw.example:8080\r\nOrigin: https://elsewhere.example\r\n", true },
	{ "Sec-Fetch-Site: same-origin\r\n", false },
	{ "Sec-Fetch-Site: none\r\n", false },
	{ "Sec-Fetch-Site: same-site\r\n", true },
	{ "Sec-Fetch-Site: cross-site\r\n", true },
	{ "Sec-Fetch-Site: same-origin\r\nOrigin: https://elsewhere.example\r\n", true },
	{ "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n", true },
};

/* With a good token: it is refused for where it comes from, else for a parameter that is not there. */
Test(gateway_web_server, changes_nothing_for_a_page_of_another_site)
{
	static const char *const PATHS[] = { "/v1/leveringen?nergens=1", DELIVERY "/bevestiging?nergens=1" };

	for (size_t i = 0; i < ARRAY_LEN(SITES); i++)
		for (size_t j = 0; j < ARRAY_LEN(PATHS); j++) {
			char more[512];

			snprintf(more, sizeof more, "%s%s", WITH_TOKEN, SITES[i].more);
			const char *answer = ask("POST", PATHS[j], more);

			cr_expect_eq(status_of(answer), SITES[i].is_forged ? 403 : 400, "%s: %s", SITES[i].more,
				     answer);
			cr_expect(strstr(answer, "application/problem+json"), "%s", answer);
		}
}

static const struct {
	const char *authorization; /* NULL: no such header */
	unsigned status;	   /* 400: let in, and refused for a parameter that is not there */
} AUTHORIZATIONS[] = {
	{ "Bearer " TOKEN, 400 },
	{ "bearer " TOKEN, 400 },
	{ "Bearer    " TOKEN "  ", 400 },
	{ "Bearer " TOKEN "x", 401 },
	{ "Bearer ", 401 },
	{ "Bearer", 401 },
	{ "Basic " TOKEN, 401 },
	{ TOKEN, 401 },
	{ "", 401 },
	{ NULL, 401 },
};

Test(gateway_web_server, takes_a_token_behind_the_word_bearer_only)
{
	for (size_t i = 0; i < ARRAY_LEN(AUTHORIZATIONS); i++) {
		const char *value = AUTHORIZATIONS[i].authorization;
		char more[256] = "";

		if (value)
			snprintf(more, sizeof more, "Authorization: %s\r\n", value);
		const char *answer = ask("GET", DELIVERY "?nergens=1", more);

		cr_expect_eq(status_of(answer), AUTHORIZATIONS[i].status, "%s: %s", more, answer);
	}
}

/* 503: let in, and there is no register to ask. A body in chunks may be empty, and come as late as any. */
Test(gateway_web_server, decides_by_what_holds_when_the_body_is_in)
{
	static const char REPORT[] = "{\"toelichting\": \"Er ontbreekt een leraar in de terugmelding van mei\"}";
	static const char EMPTY[] = "0\r\n\r\n", CHUNKED[] = "Transfer-Encoding: chunked";
	static const char *const LINES[] = { /* from when the head is in */
					     TOKEN " 41211\n", TOKEN " 41212\n",
					     "another-token-of-the-same-board 41211\n"
	};
	static const struct {
		const char *asked, *body;
		int statuses[ARRAY_LEN(LINES)];
	} ROWS_LATE[] = {
		{ "POST " DELIVERY "/bevestiging", REPORT, { 503, 403, 401 } },
		{ "POST " DELIVERY "/bevestiging", EMPTY, { 503, 403, 401 } },
		{ "POST /v1/besturen/41211/problemen", REPORT, { 503, 403, 401 } },
		{ "GET /v1/besturen/41211/stand", REPORT, { 503, 403, 401 } },
		{ "GET /v1/besturen/41211/stand", EMPTY, { 503, 403, 401 } },
		{ "GET /v1/besturen/41211/toegang", REPORT, { 200, 200, 401 } },
		{ "GET /v1/besturen/41211/toegang", EMPTY, { 200, 200, 401 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(LINES) * ARRAY_LEN(ROWS_LATE); i++) {
		const char *asked = ROWS_LATE[i / ARRAY_LEN(LINES)].asked, *body = ROWS_LATE[i / ARRAY_LEN(LINES)].body;
		int wanted = ROWS_LATE[i / ARRAY_LEN(LINES)].statuses[i % ARRAY_LEN(LINES)], fd = connect_sender();
		char head[512], length[32];

		snprintf(length, sizeof length, "Content-Length: %zu", strlen(body));
		put_tokens(TOKEN " 41211\n");
		snprintf(head, sizeof head,
			 "%s HTTP/1.1\r\nHost: gw.example\r\nConnection: close\r\n%s\r\n"
			 "Content-Type: application/json\r\nExpect: 100-continue\r\n" WITH_TOKEN "\r\n",
			 asked, body == EMPTY ? CHUNKED : length);
		say(fd, head);
		const char *answer = hear(fd, "\r\n\r\n");

		cr_assert(slice_starts_with(slice_of(answer), "HTTP/1.1 100 "), "%s: %s", asked, answer);
		put_tokens(LINES[i % ARRAY_LEN(LINES)]);
		say(fd, body);
		answer = hear(fd, NULL);
		cr_expect_eq(status_of(answer), wanted, "%s, %s: %s", asked, body, answer);
		cr_expect_eq(strstr(answer, "\"toegestaan\":true") != NULL, wanted == 200 && i % ARRAY_LEN(LINES) == 0,
			     "%s: %s", asked, answer);
		close(fd);
	}
	cr_expect_eq(services.uploads.reserved_bytes + services.answers.reserved_bytes, 0);
}

Test(gateway_web_server, names_the_slash_at_the_end_of_an_address)
{
	static const struct {
		const char *method, *path;
		bool is_named;
	} ADDRESSES[] = {
		{ "POST", "/v1/leveringen/?bestuur=41211", true },
		{ "GET", DELIVERY "/", true },
		{ "GET", "/v1/regels/", true },
		{ "GET", "/nergens/", false },
		{ "GET", "/", false },
		{ "GET", "/v1/leveringen//", false },
		{ "GET", "/healthz%00/", false },
		{ "GET", "/v1%2Fopenapi.json/", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(ADDRESSES); i++) {
		const char *answer = ask(ADDRESSES[i].method, ADDRESSES[i].path, "");

		cr_expect_eq(status_of(answer), 404, "%s: %s", ADDRESSES[i].path, answer);
		cr_expect_eq(strstr(answer, "laat de schuine streep aan het eind weg") != NULL, ADDRESSES[i].is_named,
			     "%s: %s", ADDRESSES[i].path, answer);
	}
}

/* 503: there is no reference to judge by. */
Test(gateway_web_server, takes_a_list_that_does_not_fit_for_an_encoded_file)
{
	for (size_t count = 1; count <= 1000; count += 999) {
		CLEANUP(strbuf_release) struct strbuf head = { 0 };
		int fd = connect_sender(), wanted = count == 1 ? 503 : 415;

		strbuf_init(&head, 1 << 16);
		strbuf_add_text(&head,
				"POST /v1/leveringen?leveringsid=abcdefghij-12345&bestuur=41211&soort=MUTATIE&"
				"volgnummer=1&extractiedatum=2018-06-29 HTTP/1.1\r\nHost: gw.example\r\n"
				"Connection: close\r\nContent-Length: 0\r\n" WITH_TOKEN
				"Content-Encoding: identity\r\nContent-Encoding: ");
		for (size_t i = 0; i < count; i++)
			strbuf_add_text(&head, "identity, ");
		strbuf_add_text(&head, wanted == 415 ? "gzip\r\n\r\n" : "\r\n\r\n");
		say(fd, strbuf_text(&head));
		const char *answer = hear(fd, NULL);

		cr_expect_eq(status_of(answer), wanted, "%zu: %s", count, answer);
		close(fd);
	}
}
