#include "base/clock.h"
#include "http/http_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- a handler that says what happened to it ---- */

static char story[4096];
static struct http_request *waiting; /* of /wait */
static unsigned ended[HTTP_ENDS];

static void record(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void record(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(story + strlen(story), sizeof story - strlen(story), fmt, args);
	va_end(args);
}

static void answer(struct http_request *request, unsigned status, const char *text)
{
	struct http_reply reply;

	http_reply_init(&reply);
	reply.status = status;
	reply.type = "text/plain";
	http_reply_add_header(&reply, "X-Ours", "a\r\nb");
	strbuf_add_text(&reply.body, text);
	http_answer(request, &reply);
}

enum { LONG_PIECES = 128 }; /* of 64 KiB: more than the kernel keeps of an answer */

struct counter {
	int left;
	bool waits;
};

static enum http_stream_step read_counter(void *self, char *out, size_t bytes_max, size_t *ret_bytes)
{
	struct counter *counter = self;

	if (counter->left == 0)
		return HTTP_STREAM_END;
	counter->waits = !counter->waits;
	if (counter->waits)
		return HTTP_STREAM_WAIT;
	memset(out, '0' + counter->left % 10, bytes_max);
	*ret_bytes = bytes_max;
	counter->left--;
	return HTTP_STREAM_BYTES;
}

static void free_counter(void *self)
{
	free(self);
	record("freed ");
}

static void answer_stream(struct http_request *request, int pieces)
{
	struct counter *counter = calloc(1, sizeof *counter);
	struct http_reply reply;

	cr_assert(counter);
	counter->left = pieces;
	http_reply_init(&reply);
	reply.status = 200;
	reply.stream = (struct http_stream){ read_counter, free_counter, counter, -1 };
	http_answer(request, &reply);
	waiting = request;
}

static void begin(void *self, struct http_request *request)
{
	(void)self;
	record("begin %.*s ", (int)request->head.path.n, request->head.path.p);
	if (slice_equal_text(request->head.path, "/refused"))
		answer(request, 401, "no\n");
}

static void content(void *self, struct http_request *request, struct slice bytes)
{
	(void)self;
	record("%.*s ", (int)MIN(bytes.n, (size_t)20), bytes.p);
	if (slice_equal_text(request->head.path, "/full"))
		answer(request, 413, "no\n");
}

static void end(void *self, struct http_request *request)
{
	(void)self;
	record("end ");
	if (slice_equal_text(request->head.path, "/wait"))
		waiting = request;
	else if (slice_equal_text(request->head.path, "/stream"))
		answer_stream(request, 3);
	else if (slice_equal_text(request->head.path, "/long"))
		answer_stream(request, LONG_PIECES);
	else
		answer(request, 200, "yes\n");
}

static void gone(void *self, struct http_request *request)
{
	(void)self;
	if (waiting == request)
		waiting = NULL;
	record("gone ");
}

static void refuse(void *self, const char *why, struct http_reply *reply)
{
	(void)self;
	reply->type = "text/plain";
	strbuf_add_text(&reply->body, why);
}

static void count_end(void *self, enum http_end why)
{
	(void)self;
	ended[why]++;
}

static const struct http_calls CALLS = { begin, content, end, gone, refuse, count_end };

/* ---- a server, and clients that never block it ---- */

static struct http_server *server;

static struct http_options plain_options(void)
{
	return (struct http_options){ .listen = "127.0.0.1:0",
				      .connections_max = 8,
				      .head_ms_max = 60000,
				      .idle_ms_max = 60000,
				      .body_ms_max = 60000,
				      .answer_ms_max = 60000 };
}

static void open_server(const struct http_options *options)
{
	struct err err = { 0 };

	cr_assert_eq(http_server_open(options, &CALLS, NULL, &server, &err), 0, "%s", err.text);
	story[0] = '\0';
}

static int connect_client(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(http_server_port(server)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void run_for(int ms)
{
	for (int64_t end_ms = clock_ms() + ms; clock_ms() < end_ms; usleep(500))
		http_server_run(server);
}

/* Runs the server until the client's side has ended, or for a while; returns what it got. */
static const char *hear(int fd, int ms)
{
	static char got[1 << 20];
	size_t n = 0;
	ssize_t came = -1;

	for (int64_t end_ms = clock_ms() + ms; clock_ms() < end_ms && came != 0; usleep(200)) {
		http_server_run(server);
		if (waiting && http_is_answered(waiting))
			http_request_wake(waiting);
		while ((came = recv(fd, got + n, sizeof got - 1 - n, 0)) > 0)
			n += (size_t)came;
	}
	got[n] = '\0';
	return got;
}

static void say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static const char *ask(const char *request, int ms)
{
	int fd = connect_client();

	say(fd, request);
	const char *got = hear(fd, ms);

	close(fd);
	run_for(5);
	return got;
}

static void close_server(void)
{
	http_server_close(server);
	server = NULL;
}

#define HOST "Host: gw\r\n"

Test(http_server, answers_and_keeps_the_connection)
{
	struct http_options options = plain_options();

	open_server(&options);
	const char *got = ask("POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\n" HOST
			      "Connection: close\r\n\r\n",
			      2000);

	cr_expect_str_eq(story, "begin /a hello end gone begin /b end gone ");
	cr_expect(strstr(got, "HTTP/1.1 200 OK\r\n"));
	cr_expect(strstr(got, "Content-Length: 4\r\nX-Ours: ab\r\n\r\nyes\nHTTP/1.1 200 OK\r\n"), "%s", got);
	cr_expect(strstr(got, "Connection: close\r\n\r\nyes\n"));
	close_server();
}

Test(http_server, takes_a_request_byte_by_byte)
{
	static const char REQUEST[] = "\r\nPOST /a HTTP/1.1\r\n" HOST
				      "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
	struct http_options options = plain_options();

	open_server(&options);
	int fd = connect_client();

	for (size_t i = 0; i < sizeof REQUEST - 1; i++) {
		cr_assert_eq(send(fd, REQUEST + i, 1, 0), 1);
		http_server_run(server);
	}
	cr_expect(strstr(hear(fd, 2000), "yes\n"));
	cr_expect_str_eq(story, "begin /a h i end gone ");
	close(fd);
	close_server();
}

Test(http_server, refuses_before_the_body_and_reads_some_of_the_rest)
{
	struct http_options options = plain_options();

	open_server(&options);
	int fd = connect_client();

	say(fd, "POST /refused HTTP/1.1\r\n" HOST "Content-Length: 100000000\r\n\r\nabc");
	run_for(20);
	char bytes[10000] = { 0 };

	cr_expect_eq(send(fd, bytes, sizeof bytes, MSG_NOSIGNAL), (ssize_t)sizeof bytes, "it still listens");
	cr_expect(strstr(hear(fd, 100), "401 Unauthorized"));
	cr_expect_str_eq(story, "begin /refused gone ");
	for (int i = 0; i < 100 && send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0; i++)
		run_for(2);
	cr_expect_eq(ended[HTTP_END_REST], 1, "not without end");
	cr_expect_eq(http_server_connections(server), 0);
	close(fd);
	close_server();
}

Test(http_server, keeps_the_connection_when_little_follows_a_refusal)
{
	struct http_options options = plain_options();

	open_server(&options);
	const char *got = ask("POST /refused HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET /a HTTP/1.1\r\n" HOST
			      "Connection: close\r\n\r\n",
			      2000);

	cr_expect_str_eq(story, "begin /refused gone begin /a end gone ");
	cr_expect(strstr(got, "401 Unauthorized") && strstr(got, "200 OK"), "%s", got);
	int fd = connect_client();

	say(fd, "POST /refused HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhe");
	cr_expect(strstr(hear(fd, 50), "401 Unauthorized"));
	say(fd, "lloGET /b HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	cr_expect(strstr(hear(fd, 2000), "200 OK"));
	close(fd);
	close_server();
}

Test(http_server, the_request_behind_a_body_that_was_refused_at_its_last_byte_is_heard)
{
	struct http_options options = plain_options();

	open_server(&options);
	const char *got = ask("POST /full HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET /a HTTP/1.1\r\n" HOST
			      "Connection: close\r\n\r\n",
			      2000);

	cr_expect_str_eq(story, "begin /full hello gone begin /a end gone ");
	cr_expect(strstr(got, "413 Content Too Large") && strstr(got, "200 OK"), "%s", got);
	close_server();
}

Test(http_server, sends_100_continue_only_to_those_it_will_hear)
{
	struct http_options options = plain_options();

	open_server(&options);
	int fd = connect_client();

	say(fd, "POST /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
	cr_expect_str_eq(hear(fd, 50), "HTTP/1.1 100 Continue\r\n\r\n");
	say(fd, "hi");
	cr_expect(strstr(hear(fd, 2000), "200 OK"));
	close(fd);
	const char *got =
		ask("POST /refused HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", 100);

	cr_expect(strstr(got, "HTTP/1.1 401") == got, "%s", got);
	close_server();
}

Test(http_server, answers_later_and_to_one_that_half_closed)
{
	struct http_options options = plain_options();

	open_server(&options);
	int fd = connect_client();

	say(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	shutdown(fd, SHUT_WR);
	run_for(20);
	cr_assert(waiting);
	answer(waiting, 202, "later\n");
	cr_expect_eq(http_server_wait_ms(server, 1000), 0);
	cr_expect(strstr(hear(fd, 1000), "202 Accepted"));
	cr_expect_str_eq(story, "begin /wait end gone ");
	close(fd);
	close_server();
}

Test(http_server, a_request_whose_sender_left_lives_until_its_answer)
{
	struct http_options options = plain_options();
	struct linger at_once = { 1, 0 };

	open_server(&options);
	int fd = connect_client();

	say(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	run_for(20);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
	run_for(20);
	cr_assert(waiting);
	cr_expect_str_eq(story, "begin /wait end ");
	answer(waiting, 200, "nobody hears it\n");
	run_for(20);
	cr_expect_str_eq(story, "begin /wait end gone ");
	cr_expect_eq(http_server_connections(server), 0);
	close_server();
}

Test(http_server, an_upload_that_breaks_off_is_gone)
{
	struct http_options options = plain_options();

	open_server(&options);
	int fd = connect_client();

	say(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel");
	run_for(20);
	close(fd);
	run_for(20);
	cr_expect_str_eq(story, "begin /a hel gone ");
	cr_expect_eq(http_server_connections(server), 0);
	close_server();
}

Test(http_server, streams_an_answer_that_is_made_while_it_is_sent)
{
	struct http_options options = plain_options();

	open_server(&options);
	const char *got = ask("GET /stream HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 3000);
	const char *body = strstr(got, "\r\n\r\n");

	cr_expect(strstr(got, "Transfer-Encoding: chunked\r\n"));
	cr_assert(body);
	cr_expect(strstr(body, "\r\n\r\n00010000\r\n333") == body);
	cr_expect_eq(strlen(body), 4 + 3 * (10 + 65536 + 2) + 5);
	cr_expect_str_eq(story, "begin /stream end gone freed ");
	got = ask("GET /stream HTTP/1.0\r\n\r\n", 3000);
	body = strstr(got, "\r\n\r\n");
	cr_assert(body);
	cr_expect_eq(strlen(body), 4 + 3 * 65536);
	got = ask("HEAD /stream HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 3000);
	cr_expect_str_eq(strstr(got, "\r\n\r\n"), "\r\n\r\n");
	close_server();
}

Test(http_server, malformed_requests_get_one_answer)
{
	static const struct {
		const char *bytes, *status;
	} ROWS[] = {
		{ "GET / HTTP/1.1\r\n\r\n", "400 Bad Request" },
		{ "GET / HTTP/1.1\nHost: a\n\n", "400 Bad Request" },
		{ "\x16\x03\x01 TLS\n\r\n", "400 Bad Request" },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", "501 Not Implemented" },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nz\r\n", "400 Bad Request" },
		{ "GET / HTTP/3.0\r\n" HOST "\r\n", "505 HTTP" },
	};
	struct http_options options = plain_options();

	open_server(&options);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const char *got = ask(ROWS[i].bytes, 50);

		cr_expect(strncmp(got + 9, ROWS[i].status, strlen(ROWS[i].status)) == 0, "%s: %s", ROWS[i].bytes, got);
	}
	cr_expect_eq(ended[HTTP_END_MALFORMED], ARRAY_LEN(ROWS));
	close_server();
}

Test(http_server, a_head_or_a_chunk_extension_without_end_ends)
{
	static char head[80000];
	struct http_options options = plain_options();

	open_server(&options);
	memset(head, 'a', sizeof head - 1);
	memcpy(head, "GET /", 5);
	cr_expect(strstr(ask(head, 50), "414 URI Too Long"));
	memcpy(head, "GET / HTTP/1.1\r\nX:", 18);
	cr_expect(strstr(ask(head, 50), "431 Request Header"));
	static const char CHUNKS[] = "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1;";

	memset(head, 'a', sizeof head - 1);
	memcpy(head, CHUNKS, sizeof CHUNKS - 1);
	cr_expect(strstr(ask(head, 50), "400 Bad Request"));
	close_server();
}

Test(http_server, the_longest_without_a_request_is_closed_for_another)
{
	struct http_options options = plain_options();
	int fds[20];

	open_server(&options);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = connect_client();
		say(fds[i], "GET / HTTP/1.1");
		run_for(2);
	}
	cr_expect_eq(http_server_connections(server), options.connections_max);
	cr_expect_eq(ended[HTTP_END_CROWDED], ARRAY_LEN(fds) - options.connections_max);
	cr_expect(strstr(ask("GET /a HTTP/1.1\r\n" HOST "\r\n", 50), "200 OK"), "and who asks is answered");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	close_server();
}

Test(http_server, one_address_does_not_take_all_places)
{
	struct http_options options = plain_options();
	int fds[3];

	options.address_connections_max = 2;
	open_server(&options);
	for (int i = 0; i < 3; i++)
		fds[i] = connect_client();
	run_for(20);
	cr_expect_eq(http_server_connections(server), 2);
	cr_expect_eq(ended[HTTP_END_ADDRESS], 1);
	close(fds[0]);
	close(fds[1]);
	run_for(20);
	cr_expect(strstr(ask("GET /a HTTP/1.1\r\n" HOST "\r\n", 50), "200 OK"), "places are given back");
	close(fds[2]);
	close_server();
}

/* What the server says of a connection too many, which it has closed behind it. */
static const char *too_many(void)
{
	static char got[256];
	int fd = connect_client();
	ssize_t n = 0;

	for (int64_t end_ms = clock_ms() + 10000; clock_ms() < end_ms && n <= 0; usleep(500)) {
		http_server_run(server);
		n = recv(fd, got, sizeof got - 1, 0);
	}
	got[MAX(n, (ssize_t)0)] = '\0';
	close(fd);
	return got;
}

Test(http_server, one_address_too_many_hears_when_to_come_back)
{
	struct http_options options = plain_options();

	options.address_connections_max = 1;
	open_server(&options);
	int fd = connect_client();

	run_for(20);
	const char *got = too_many();

	cr_expect(strstr(got, "HTTP/1.1 429 ") == got && strstr(got, "\r\nRetry-After: "), "%s", got);
	cr_expect_eq(ended[HTTP_END_ADDRESS], 1);
	close(fd);
	close_server();
}

/* A proxy in front, on this machine or over a Unix socket, brings everybody: its address is nobody's. */
Test(http_server, a_proxy_of_this_machine_has_no_limit_of_its_own)
{
	struct http_options options = plain_options();
	int fds[4];

	options.address_connections_max = 1;
	options.frees_proxies = true;
	open_server(&options);
	for (int i = 0; i < 4; i++)
		fds[i] = connect_client();
	run_for(20);
	cr_expect_eq(http_server_connections(server), 4);
	cr_expect_eq(ended[HTTP_END_ADDRESS], 0);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	run_for(20);
	cr_expect_eq(http_server_connections(server), 0);
	close_server();
}

static void read_one_byte(int fd)
{
	char byte;

	(void)!recv(fd, &byte, 1, 0);
}

Test(http_server, who_reads_a_byte_a_second_is_dropped_and_others_are_served)
{
	struct http_options options = plain_options();
	bool is_freed = false;
	int served = 0;

	options.slow_ms = 500;
	open_server(&options);
	int slow = connect_client();

	setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &(int){ 4096 }, sizeof(int));
	say(slow, "GET /long HTTP/1.1\r\n" HOST "\r\n");
	for (int64_t end_ms = clock_ms() + 60000; clock_ms() < end_ms && ended[HTTP_END_ANSWER_TIME] == 0;) {
		read_one_byte(slow);
		served += strstr(ask("GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 10000), "200 OK") != NULL;
		if (waiting && http_is_answered(waiting))
			http_request_wake(waiting);
		is_freed |= strstr(story, "freed ") != NULL;
		story[0] = '\0';
	}
	cr_expect_eq(ended[HTTP_END_ANSWER_TIME], 1, "it is dropped");
	cr_expect_gt(served, 0, "others are served meanwhile");
	cr_expect(is_freed, "what made its answer is given back");
	close(slow);
	run_for(20);
	cr_expect_eq(http_server_connections(server), 0);
	close_server();
}

Test(http_server, who_reads_a_long_answer_gets_all_of_it)
{
	struct http_options options = plain_options();
	size_t got = 0;
	ssize_t came = -1;
	static char piece[65536];

	open_server(&options);
	int fd = connect_client();

	say(fd, "GET /long HTTP/1.0\r\n\r\n");
	for (int64_t end_ms = clock_ms() + 60000; clock_ms() < end_ms && came != 0;) {
		http_server_run(server);
		if (waiting && http_is_answered(waiting))
			http_request_wake(waiting);
		came = recv(fd, piece, sizeof piece, 0);
		got += (size_t)MAX(came, (ssize_t)0);
	}
	cr_expect_gt(got, (size_t)LONG_PIECES * 65536, "%zu bytes", got);
	cr_expect_eq(ended[HTTP_END_ANSWER_TIME], 0);
	close(fd);
	close_server();
}

Test(http_server, nobody_stays_longer_than_his_time)
{
	struct http_options options = plain_options();

	options.head_ms_max = options.idle_ms_max = options.body_ms_max = 100;
	open_server(&options);
	int head = connect_client(), body = connect_client(), idle = connect_client(), silent = connect_client();

	say(head, "GET / HT");
	say(body, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhe");
	say(idle, "GET /a HTTP/1.1\r\n" HOST "\r\n");
	run_for(1000);
	cr_expect_eq(ended[HTTP_END_HEAD_TIME], 2, "head and silent");
	cr_expect_eq(ended[HTTP_END_BODY_TIME], 1);
	cr_expect(strstr(hear(head, 50), "408 Request Timeout"));
	cr_expect(strstr(hear(body, 50), "408 Request Timeout"));
	cr_expect(strstr(hear(idle, 50), "200 OK"));
	close(head), close(body), close(idle), close(silent);
	run_for(20);
	cr_expect_eq(http_server_connections(server), 0);
	close_server();
}

Test(http_server, drains_what_is_under_way)
{
	struct http_options options = plain_options();

	open_server(&options);
	int busy = connect_client(), idle = connect_client();

	say(busy, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	run_for(20);
	http_server_drain(server);
	run_for(300);
	cr_expect_eq(http_server_connections(server), 1);
	answer(waiting, 200, "last\n");
	cr_expect(strstr(hear(busy, 1000), "Connection: close\r\n\r\nlast\n"));
	cr_expect_eq(http_server_connections(server), 0);
	close(busy), close(idle);
	close_server();
}

Test(http_server, tells_those_who_still_wait_that_it_ends)
{
	struct http_options options = plain_options();
	char got[4096];

	open_server(&options);
	int fd = connect_client();

	say(fd, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
	run_for(20);
	close_server();
	ssize_t n = recv(fd, got, sizeof got - 1, 0);

	cr_assert_gt(n, 0);
	got[n] = '\0';
	cr_expect(strstr(got, "503 Service Unavailable"));
	cr_expect_str_eq(story, "begin /wait end gone ");
	close(fd);
}

/* name: as a setting has it, 128 bytes. */
static struct sockaddr_un unix_address(char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	snprintf(to.sun_path, sizeof to.sun_path, "/tmp/http_server_test.%d", (int)getpid());
	snprintf(name, 128, "unix:%s", to.sun_path);
	return to;
}

static void check_unix_answers(const struct sockaddr_un *to)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	cr_assert_eq(connect(fd, (const struct sockaddr *)to, sizeof *to), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	say(fd, "GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	cr_expect(strstr(hear(fd, 1000), "200 OK"));
	close(fd);
}

Test(http_server, listens_on_ipv6_and_unix_sockets)
{
	struct http_options options = plain_options();
	char name[128];
	const struct sockaddr_un to = unix_address(name);

	options.listen = "[::1]:0";
	open_server(&options);
	cr_expect_neq(http_server_port(server), 0);
	close_server();
	options.listen = name;
	for (int i = 0; i < 2; i++) { /* the socket of one before is no obstacle */
		open_server(&options);
		check_unix_answers(&to);
		close_server();
	}
	unlink(to.sun_path);
}

Test(http_server, leaves_a_unix_socket_to_the_program_that_listens_on_it)
{
	struct http_options options = plain_options();
	struct http_server *second = NULL;
	struct err err = { 0 };
	char name[128];
	const struct sockaddr_un to = unix_address(name);

	options.listen = name;
	open_server(&options);
	cr_expect_eq(http_server_open(&options, &CALLS, NULL, &second, &err), -ERR_CONFIG);
	cr_expect(strstr(err.text, "is in use by another program"), "%s", err.text);
	check_unix_answers(&to);
	close_server();
	unlink(to.sun_path);
}

Test(http_server, says_why_it_cannot_listen)
{
	static const char *const ADDRESSES[] = { "8080",     "127.0.0.1:",    "127.0.0.1:99999",
						 "::1:8080", "unix:relative", "no.such.name.invalid:1" };
	struct http_options options = plain_options();
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(ADDRESSES); i++) {
		options.listen = ADDRESSES[i];
		cr_expect_eq(http_server_open(&options, &CALLS, NULL, &server, &err), -ERR_CONFIG, "%s", ADDRESSES[i]);
		cr_expect(strstr(err.text, ADDRESSES[i]), "%s", err.text);
	}
}
