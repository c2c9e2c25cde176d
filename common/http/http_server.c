/* http_server: connections, what is asked over them, and when each of them ends.
 *
 * One connection goes through these states; connection_step takes it from one to the next until it has to wait:
 *
 *   HANDSHAKE --> HEAD --> BODY --> WAIT --> ANSWER --> HEAD ..        the connection is kept
 *                  |        |                 |  |
 *                  |        +---- refused ----+  +--> SKIP --> HEAD ..   little of the body is still to come: dropped
 *                  +------------- refused ----+  +--> REST --> closed   much of it is still to come: read for a while
 *
 *   HEAD    between two requests too. Bytes are collected in `ahead` until they hold a whole head, which then belongs
 *           to the request; what follows it stays in `ahead`
 *   BODY    content is handed out as it comes. An answer of the handler ends this state at once
 *   WAIT    the handler has everything and has not answered. The connection is not read: what else comes stays in the
 *           kernel. If the peer goes away meanwhile, that is noted, and acted on when the answer is there
 *   REST    the answer is out and the end of the connection announced (shutdown). A client that is still sending reads
 *           the answer only if we go on reading for a while: a close at once would reset the connection under it
 *
 * Who runs when: epoll reports which connections can go on; those that the handler answered, or that only had their
 * share of a run, stand in the queue. A connection is freed at the end of a run only, since epoll may have reported it
 * in the same run.
 *
 * Connections without a request (HANDSHAKE, HEAD, SKIP, REST) also stand in the list `idle`, the longest first: when
 * all places are taken, its first is closed. So a thousand connections that never send a whole head cost others
 * nothing. */
#include "http/http_server.h"

#include "base/clock.h"
#include "http/http_internal.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	EVENTS_MAX = 128,
	ACCEPTS_MAX = 64,    /* of one run */
	SHARE_READS_MAX = 4, /* of HTTP_PIECE_BYTES, of one connection in one run */
	SWEEP_EVERY_MS = 250,
	REST_MS_MIN = 5000,
	REST_BYTES_MIN = 65536, /* of what follows a refusal is always read */
	SLOW_WINDOW_MS = 10000, /* within so long, or http_options.slow_ms .. */
	SLOW_BYTES_MIN = 40960, /* .. so much of an answer must be read, or all of it */
	ACCEPT_PAUSE_MS = 100,	/* when the process has no descriptor left */
	CLOSE_MS_MAX = 1000,
	CLOSE_STEP_MS = 5,
	SEND_BUFFER_BYTES = 262144, /* of the kernel: what a slow reader can keep there */
	STATUS_BUSY = 503,
	STATUS_BROKEN = 400,
	STATUS_TIME = 408,
	STATUS_TARGET = 414,
	STATUS_HEAD = 431,
};

enum state { HANDSHAKE, HEAD, BODY, WAIT, ANSWER, SKIP, REST, CLOSED };

struct connection {
	struct http_request request; /* first: a request is its connection */
	struct http_server *server;
	struct http_socket socket;
	enum state state;
	uint8_t key[16];      /* of its address */
	uint32_t address_max; /* connections that it may have; 0: as many as there are */
	bool is_gone;	      /* the peer, while a request waited */
	bool has_request;
	bool was_asked; /* had a request before */
	bool closes;	/* behind the answer */
	uint32_t events;
	int64_t state_ms; /* when the state began */
	int64_t heard_ms;
	struct strbuf ahead;
	size_t searched_bytes;
	struct strbuf head; /* of the request */
	struct http_body body;
	uint64_t body_bytes, rest_bytes, rest_bytes_max, sent_bytes;
	int64_t rest_ms_max;
	int64_t window_ms; /* of the answer: begin of the window, and what had been sent by then */
	uint64_t window_bytes;
	struct http_answer answer;
	bool has_answer;
	bool is_queued, is_idle;
	struct connection *queue_next;
	struct connection *next, *previous;	      /* of all */
	struct connection *idle_next, *idle_previous; /* of the idle */
};

struct list {
	struct connection *first, *last;
};

struct http_server {
	struct http_options options;
	const struct http_calls *calls;
	void *self;
	SSL_CTX *tls;
	int epoll_fd, listen_fd;
	struct http_places *places;
	struct connection *all;
	size_t count;
	struct list idle;
	struct connection *queue, **queue_end;
	struct connection *dead;
	int64_t swept_ms, accept_again_ms;
	bool is_draining;
	char piece[HTTP_PIECE_BYTES];
};

static void connection_step(struct connection *self);

/* ---- lists ---- */

static void idle_add(struct connection *self)
{
	struct list *idle = &self->server->idle;

	if (self->is_idle)
		return;
	self->is_idle = true;
	self->idle_next = NULL;
	self->idle_previous = idle->last;
	*(idle->last ? &idle->last->idle_next : &idle->first) = self;
	idle->last = self;
}

static void idle_remove(struct connection *self)
{
	struct list *idle = &self->server->idle;

	if (!self->is_idle)
		return;
	self->is_idle = false;
	*(self->idle_previous ? &self->idle_previous->idle_next : &idle->first) = self->idle_next;
	*(self->idle_next ? &self->idle_next->idle_previous : &idle->last) = self->idle_previous;
}

static void queue_add(struct connection *self)
{
	if (self->is_queued || self->state == CLOSED)
		return;
	self->is_queued = true;
	self->queue_next = NULL;
	*self->server->queue_end = self;
	self->server->queue_end = &self->queue_next;
}

static void enter(struct connection *self, enum state state)
{
	bool is_idle = state == HANDSHAKE || state == HEAD || state == SKIP || state == REST;

	self->state = state;
	self->state_ms = self->heard_ms = clock_ms();
	idle_remove(self); /* and so to the end of the list */
	if (is_idle)
		idle_add(self);
}

static void watch(struct connection *self, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = self };

	if (self->events == events)
		return;
	self->events = events;
	epoll_ctl(self->server->epoll_fd, EPOLL_CTL_MOD, self->socket.fd, &event);
}

static void watch_io(struct connection *self, enum http_io io)
{
	if (io == HTTP_IO_DONE)
		queue_add(self);
	else
		watch(self, io == HTTP_IO_WANTS_WRITE ? EPOLLOUT : EPOLLIN);
}

/* ---- the end of a request and of a connection ---- */

static void end_request(struct connection *self)
{
	if (self->has_request)
		self->server->calls->gone(self->server->self, &self->request);
	self->has_request = self->has_answer = false;
	http_answer_release(&self->answer);
	strbuf_release(&self->head);
	self->request.head = (struct http_head){ 0 }; /* its slices pointed into it */
	self->request.user = NULL;
}

static void close_connection(struct connection *self)
{
	struct http_server *server = self->server;

	if (self->state == CLOSED)
		return;
	end_request(self);
	idle_remove(self);
	self->state = CLOSED;
	*(self->previous ? &self->previous->next : &server->all) = self->next;
	if (self->next)
		self->next->previous = self->previous;
	server->count--;
	http_places_give_back(server->places, self->key, self->address_max);
	http_socket_close(&self->socket);
	strbuf_release(&self->ahead);
	self->next = server->dead;
	server->dead = self;
}

static void end_connection(struct connection *self, enum http_end why)
{
	if (self->state == CLOSED)
		return;
	self->server->calls->ended(self->server->self, why);
	close_connection(self);
}

/* One that still stands in the queue stays until the queue has passed it. */
static void free_dead(struct http_server *server)
{
	for (struct connection **at = &server->dead; *at;) {
		struct connection *self = *at;

		if (self->is_queued) {
			at = &self->next;
		} else {
			*at = self->next;
			free(self);
		}
	}
}

/* ---- answers ---- */

static bool has_more_body(const struct connection *self)
{
	return self->body.state != HTTP_BODY_DONE;
}

/* What is left of the body is known and little, and comes in any case: reading it costs less than a new connection. */
static bool can_skip_body(const struct connection *self)
{
	return self->body.framing == HTTP_BODY_OF_LENGTH && self->body.left <= REST_BYTES_MIN &&
	       !self->request.head.expects_continue;
}

static void begin_answer(struct connection *self)
{
	bool cuts_body = has_more_body(self) && !can_skip_body(self);

	self->closes = !self->request.head.is_kept_alive || cuts_body || self->server->is_draining;
	if (self->answer.reply.stream.read && self->answer.reply.stream.length < 0 && self->request.head.is_http_1_0)
		self->closes = true; /* its end is the end of the connection */
	self->rest_bytes_max = MAX(self->answer.reply.rest_bytes_max, (uint64_t)REST_BYTES_MIN);
	self->rest_ms_max = MAX(self->answer.reply.rest_ms_max, (int64_t)REST_MS_MIN);
	self->sent_bytes = self->window_bytes = 0;
	self->window_ms = clock_ms();
	http_answer_begin(&self->answer, &self->request.head, self->closes);
	enter(self, ANSWER);
}

void http_answer(struct http_request *request, struct http_reply *reply)
{
	struct connection *self = (struct connection *)request;

	assert(self->has_request && !self->has_answer && reply->status >= 200);
	self->answer.reply = *reply;
	self->has_answer = true;
	*reply = (struct http_reply){ 0 };
	queue_add(self);
}

bool http_is_answered(const struct http_request *request)
{
	return ((const struct connection *)request)->has_answer;
}

void http_request_wake(struct http_request *request)
{
	queue_add((struct connection *)request);
}

void http_request_certificates(const struct http_request *request, struct strbuf *ders)
{
	http_socket_certificates(&((const struct connection *)request)->socket, ders);
}

uint64_t http_request_body_bytes(const struct http_request *request)
{
	return ((const struct connection *)request)->body_bytes;
}

/* The server's own refusal: the handler gives its words. The connection ends behind it. */
static void refuse(struct connection *self, unsigned status, const char *why, enum http_end reason)
{
	struct http_server *server = self->server;
	struct http_reply *reply = &self->answer.reply;

	server->calls->ended(server->self, reason);
	http_answer_release(&self->answer);
	http_reply_init(reply);
	reply->status = status;
	server->calls->refuse(server->self, why, reply);
	self->has_answer = true;
	self->request.head.is_kept_alive = false;
	/* whatever follows is read, and not looked at */
	self->body = (struct http_body){ .framing = HTTP_BODY_CHUNKED };
	begin_answer(self);
}

/* ---- the states; false: the connection has to wait, or has had its share ---- */

static bool step_handshake(struct connection *self)
{
	enum http_io io = http_socket_handshake(&self->socket);

	if (io == HTTP_IO_END || io == HTTP_IO_BROKEN) {
		end_connection(self, HTTP_END_TLS);
		return false;
	}
	if (io != HTTP_IO_DONE) {
		watch_io(self, io);
		return false;
	}
	int64_t since_ms = self->state_ms;

	enter(self, HEAD);
	self->state_ms = since_ms; /* the head has what is left of its time */
	return true;
}

static void begin_request(struct connection *self, size_t head_bytes)
{
	struct http_server *server = self->server;
	struct slice ahead = strbuf_slice(&self->ahead);
	struct slice rest = slice_from(ahead, head_bytes);
	struct strbuf next;
	const char *why;

	strbuf_init(&next, HTTP_HEAD_BYTES_MAX + HTTP_PIECE_BYTES);
	strbuf_add(&next, rest);
	self->head = self->ahead; /* the head's bytes stay where the slices will point to */
	self->ahead = next;
	self->searched_bytes = 0;
	unsigned status = http_head_parse(slice_make(self->head.p, head_bytes), &self->request.head, &why);

	if (!strbuf_ok(&self->ahead)) {
		close_connection(self);
		return;
	}
	if (status != 0) {
		refuse(self, status, why, HTTP_END_MALFORMED);
		return;
	}
	http_body_begin(&self->body, &self->request.head);
	self->body_bytes = 0;
	self->was_asked = self->has_request = true;
	self->request.begun_ms = clock_ms();
	enter(self, BODY);
	server->calls->begin(server->self, &self->request);
	if (!self->has_answer && self->request.head.expects_continue) {
		self->answer.head.cap_bytes = HTTP_PIECE_BYTES;
		strbuf_add_text(&self->answer.head, "HTTP/1.1 100 Continue\r\n\r\n");
	}
}

/* RFC 9112, 2.2: an empty line in front of a request is skipped. */
static void drop_empty_line(struct connection *self)
{
	struct strbuf *ahead = &self->ahead;

	if (ahead->n < 2 || memcmp(ahead->p, "\r\n", 2) != 0)
		return;
	ahead->n -= 2;
	memmove(ahead->p, ahead->p + 2, ahead->n);
	self->searched_bytes = 0;
}

static bool step_head(struct connection *self)
{
	size_t head_bytes = 0, n;

	drop_empty_line(self);
	switch (http_head_search(strbuf_slice(&self->ahead), self->searched_bytes, &head_bytes)) {
	case HTTP_HEAD_WHOLE:
		if (head_bytes > HTTP_HEAD_BYTES_MAX)
			refuse(self, STATUS_HEAD, "the head is too large", HTTP_END_MALFORMED);
		else
			begin_request(self, head_bytes);
		return true;
	case HTTP_HEAD_BROKEN:
		refuse(self, STATUS_BROKEN, "a line does not end with CRLF", HTTP_END_MALFORMED);
		return true;
	case HTTP_HEAD_PART:
		break;
	}
	self->searched_bytes = self->ahead.n;
	if (self->ahead.n >= HTTP_HEAD_BYTES_MAX) {
		bool is_target = !memchr(self->ahead.p, '\n', self->ahead.n);

		refuse(self, is_target ? STATUS_TARGET : STATUS_HEAD, "the head is too large", HTTP_END_MALFORMED);
		return true;
	}
	enum http_io io = http_socket_read(&self->socket, self->server->piece, HTTP_HEAD_BYTES_MAX - self->ahead.n, &n);

	if (io == HTTP_IO_WANTS_READ || io == HTTP_IO_WANTS_WRITE) {
		watch_io(self, io);
		return false;
	}
	if (io != HTTP_IO_DONE || self->server->is_draining) {
		close_connection(self);
		return false;
	}
	if (self->ahead.n == 0 && self->was_asked)
		self->state_ms = clock_ms(); /* of the next head, not of the pause before it */
	self->heard_ms = clock_ms();
	self->ahead.cap_bytes = HTTP_HEAD_BYTES_MAX + HTTP_PIECE_BYTES;
	strbuf_add_bytes(&self->ahead, self->server->piece, n);
	if (!strbuf_ok(&self->ahead))
		close_connection(self);
	return self->state != CLOSED;
}

/* Hands out the content in bytes; what follows it goes to `ahead`. The body may have its answer then, or be at its
 * end. */
static void hand_out(struct connection *self, struct slice bytes)
{
	struct http_server *server = self->server;
	struct slice content;

	while (!self->has_answer)
		switch (http_body_next(&self->body, &bytes, &content)) {
		case HTTP_BODY_BYTES:
			self->body_bytes += content.n;
			server->calls->content(server->self, &self->request, content);
			break;
		case HTTP_BODY_WANTS_MORE:
			return;
		case HTTP_BODY_END:
			strbuf_add(&self->ahead, bytes);
			enter(self, WAIT);
			server->calls->end(server->self, &self->request);
			return;
		case HTTP_BODY_BROKEN:
			server->calls->ended(server->self, HTTP_END_MALFORMED);
			http_reply_init(&self->answer.reply);
			self->answer.reply.status = STATUS_BROKEN;
			server->calls->refuse(server->self, "a chunk of the body is malformed", &self->answer.reply);
			self->has_answer = true;
			return;
		}
	strbuf_add(&self->ahead, bytes); /* answered at the last piece: the next request may begin behind it */
}

static bool step_body(struct connection *self, unsigned *reads)
{
	enum http_io io = HTTP_IO_DONE;
	uint64_t sent = 0;
	size_t n;

	if (self->has_answer) {
		begin_answer(self);
		return true;
	}
	if (self->answer.head_sent < self->answer.head.n) { /* 100 Continue */
		switch (http_answer_send(&self->answer, &self->socket, &io, &sent)) {
		case HTTP_SENDING_BROKEN:
			close_connection(self);
			return false;
		case HTTP_SENDING_DONE:
			break;
		default:
			watch_io(self, io);
			return false;
		}
	}
	if (self->ahead.n > 0 || self->body.state == HTTP_BODY_DONE) {
		struct strbuf came = self->ahead;

		strbuf_init(&self->ahead, HTTP_HEAD_BYTES_MAX + HTTP_PIECE_BYTES);
		hand_out(self, strbuf_slice(&came));
		strbuf_release(&came);
		return true;
	}
	if ((*reads)++ == SHARE_READS_MAX) {
		queue_add(self);
		return false;
	}
	io = http_socket_read(&self->socket, self->server->piece, HTTP_PIECE_BYTES, &n);
	if (io == HTTP_IO_WANTS_READ || io == HTTP_IO_WANTS_WRITE) {
		watch_io(self, io);
		return false;
	}
	if (io != HTTP_IO_DONE) {
		close_connection(self);
		return false;
	}
	self->heard_ms = clock_ms();
	hand_out(self, slice_make(self->server->piece, n));
	return self->state != CLOSED;
}

static bool step_wait(struct connection *self)
{
	if (self->is_gone && self->has_answer) {
		close_connection(self);
		return false;
	}
	if (!self->has_answer) {
		watch(self, 0); /* an error and the end of both directions are reported all the same */
		return false;
	}
	begin_answer(self);
	return true;
}

/* The answer is out. */
static bool end_answer(struct connection *self)
{
	bool has_rest = has_more_body(self), closes = self->closes;

	end_request(self);
	if (!closes) {
		self->searched_bytes = 0;
		self->is_gone = false;
		enter(self, has_rest ? SKIP : HEAD);
		return true;
	}
	if (!has_rest) {
		close_connection(self);
		return false;
	}
	if (!self->socket.tls) /* which has no half of a connection to end */
		shutdown(self->socket.fd, SHUT_WR);
	self->rest_bytes = 0;
	enter(self, REST);
	return true;
}

static bool step_answer(struct connection *self)
{
	enum http_io io = HTTP_IO_DONE;

	switch (http_answer_send(&self->answer, &self->socket, &io, &self->sent_bytes)) {
	case HTTP_SENDING_DONE:
		return end_answer(self);
	case HTTP_SENDING_LATER:
		watch_io(self, io);
		return false;
	case HTTP_SENDING_WAITS:
		watch(self, 0);
		return false;
	default:
		close_connection(self);
		return false;
	}
}

/* Takes what is left of the body off bytes. false: there is more to come. */
static bool skip_content(struct connection *self, struct slice *bytes)
{
	struct slice content;
	enum http_body_step step;

	while ((step = http_body_next(&self->body, bytes, &content)) == HTTP_BODY_BYTES)
		;
	return step == HTTP_BODY_END;
}

static bool step_skip(struct connection *self)
{
	struct slice bytes = strbuf_slice(&self->ahead);
	size_t n;

	if (skip_content(self, &bytes)) {
		memmove(self->ahead.p, bytes.p, bytes.n);
		self->ahead.n = bytes.n;
		enter(self, HEAD);
		return true;
	}
	strbuf_reset(&self->ahead);
	enum http_io io = http_socket_read(&self->socket, self->server->piece,
					   (size_t)MIN(self->body.left, HTTP_PIECE_BYTES), &n);

	if (io == HTTP_IO_WANTS_READ || io == HTTP_IO_WANTS_WRITE) {
		watch_io(self, io);
		return false;
	}
	if (io != HTTP_IO_DONE) {
		close_connection(self);
		return false;
	}
	bytes = slice_make(self->server->piece, n);
	if (skip_content(self, &bytes))
		enter(self, HEAD);
	return true;
}

static bool step_rest(struct connection *self, unsigned *reads)
{
	size_t n;

	if ((*reads)++ == SHARE_READS_MAX) {
		queue_add(self);
		return false;
	}
	enum http_io io = http_socket_read(&self->socket, self->server->piece, HTTP_PIECE_BYTES, &n);

	if (io == HTTP_IO_WANTS_READ || io == HTTP_IO_WANTS_WRITE) {
		watch_io(self, io);
		return false;
	}
	self->rest_bytes += n;
	if (io == HTTP_IO_DONE && self->rest_bytes <= self->rest_bytes_max)
		return true;
	if (io == HTTP_IO_DONE)
		end_connection(self, HTTP_END_REST);
	else
		close_connection(self);
	return false;
}

static void connection_step(struct connection *self)
{
	unsigned reads = 0;
	bool goes_on = true;

	while (goes_on)
		switch (self->state) {
		case HANDSHAKE:
			goes_on = step_handshake(self);
			break;
		case HEAD:
			goes_on = step_head(self);
			break;
		case BODY:
			goes_on = step_body(self, &reads);
			break;
		case WAIT:
			goes_on = step_wait(self);
			break;
		case ANSWER:
			goes_on = step_answer(self);
			break;
		case SKIP:
			goes_on = step_skip(self);
			break;
		case REST:
			goes_on = step_rest(self, &reads);
			break;
		case CLOSED:
			return;
		}
	if (self->state != CLOSED && http_socket_has_more(&self->socket) && self->state != WAIT &&
	    self->state != ANSWER)
		queue_add(self);
}

/* ---- new connections ---- */

/* NULL: no memory. fd is closed then. */
static struct connection *connection_new(struct http_server *server, int fd)
{
	struct connection *self = calloc(1, sizeof *self);
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = self };

	if (self && http_socket_open(&self->socket, fd, server->tls)) {
		if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) {
			self->server = server;
			self->events = EPOLLIN;
			return self;
		}
		http_socket_close(&self->socket);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
	free(self);
	return NULL;
}

static void set_up(int fd, const struct sockaddr_storage *address)
{
	int on = 1, bytes = SEND_BUFFER_BYTES;

	if (address->ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* Without waiting, and without TLS, whose handshake is worth more than a connection too many. */
static void turn_away(struct http_server *server, int fd, enum http_end why)
{
	static const char TOO_MANY[] =
		"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\nContent-Length: 0\r\n"
		"Connection: close\r\n\r\n";

	server->calls->ended(server->self, why);
	if (why == HTTP_END_ADDRESS && !server->tls && send(fd, TOO_MANY, sizeof TOO_MANY - 1, MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
}

static void take_connection(struct http_server *server, int fd, const struct sockaddr_storage *address)
{
	const struct http_options *options = &server->options;
	bool is_free = options->frees_proxies && http_peer_is_near(address);
	uint32_t address_max = is_free ? 0 : options->address_connections_max;
	uint8_t key[16];
	char name[48];

	http_peer(address, name, key);
	if (server->count >= options->connections_max && server->idle.first)
		end_connection(server->idle.first, HTTP_END_CROWDED);
	bool is_crowded = server->count >= options->connections_max;

	if (is_crowded || !http_places_take(server->places, key, address_max)) {
		turn_away(server, fd, is_crowded ? HTTP_END_CROWDED : HTTP_END_ADDRESS);
		return;
	}
	set_up(fd, address);
	struct connection *self = connection_new(server, fd);

	if (!self) {
		http_places_give_back(server->places, key, address_max);
		return;
	}
	self->address_max = address_max;
	memcpy(self->key, key, sizeof key);
	memcpy(self->request.peer, name, sizeof name);
	self->next = server->all;
	if (self->next)
		self->next->previous = self;
	server->all = self;
	server->count++;
	enter(self, self->socket.tls ? HANDSHAKE : HEAD);
	queue_add(self);
}

void http_server_take(struct http_server *server, int fd)
{
	struct sockaddr_storage address = { .ss_family = AF_UNIX };
	socklen_t bytes = sizeof address;

	getpeername(fd, (struct sockaddr *)&address, &bytes);
	take_connection(server, fd, &address);
}

static void watch_listener(struct http_server *server, bool is_on)
{
	struct epoll_event event = { .events = is_on ? EPOLLIN : 0, .data.ptr = NULL };

	if (server->listen_fd >= 0)
		epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, server->listen_fd, &event);
}

static void accept_connections(struct http_server *server)
{
	for (int i = 0; i < ACCEPTS_MAX && server->listen_fd >= 0; i++) {
		struct sockaddr_storage address = { .ss_family = AF_UNIX };
		socklen_t bytes = sizeof address;
		int fd = accept4(server->listen_fd, (struct sockaddr *)&address, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take_connection(server, fd, &address);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			/* or the listener would wake us without end */
			server->accept_again_ms = clock_ms() + ACCEPT_PAUSE_MS;
			watch_listener(server, false);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

/* ---- time ---- */

/* What the peer has acknowledged: not what still lies in the kernel, which takes half a megabyte of any answer. */
static uint64_t acknowledged_bytes(const struct connection *self)
{
	int queued = 0;

	if (ioctl(self->socket.fd, SIOCOUTQ, &queued) != 0 || queued <= 0)
		return self->sent_bytes;
	return self->sent_bytes - MIN(self->sent_bytes, (uint64_t)queued);
}

static bool is_too_slow(struct connection *self, int64_t now_ms)
{
	int64_t slow_ms = self->server->options.slow_ms;

	if (now_ms - self->window_ms < (slow_ms > 0 ? slow_ms : SLOW_WINDOW_MS))
		return false;
	uint64_t bytes = acknowledged_bytes(self), read_bytes = bytes - MIN(bytes, self->window_bytes);

	self->window_ms = now_ms;
	self->window_bytes = bytes;
	return read_bytes < SLOW_BYTES_MIN;
}

static void look_at_head(struct connection *self, int64_t now_ms)
{
	const struct http_options *options = &self->server->options;
	bool is_between = self->state == HEAD && self->was_asked && self->ahead.n == 0;

	if (is_between) {
		if (now_ms - self->state_ms > options->idle_ms_max || self->server->is_draining)
			close_connection(self);
	} else if (self->server->is_draining && self->ahead.n == 0) {
		close_connection(self);
	} else if (now_ms - self->state_ms > options->head_ms_max) {
		if (self->state == HEAD && self->ahead.n > 0) {
			refuse(self, STATUS_TIME, "the head came too slowly", HTTP_END_HEAD_TIME);
			queue_add(self);
		} else {
			end_connection(self, HTTP_END_HEAD_TIME);
		}
	}
}

static void look_at(struct connection *self, int64_t now_ms)
{
	const struct http_options *options = &self->server->options;

	switch (self->state) {
	case HANDSHAKE:
	case HEAD:
		look_at_head(self, now_ms);
		break;
	case BODY:
		if (now_ms - self->heard_ms > options->idle_ms_max || now_ms - self->state_ms > options->body_ms_max) {
			if (self->has_answer)
				break;
			refuse(self, STATUS_TIME, "the body came too slowly", HTTP_END_BODY_TIME);
			queue_add(self);
		}
		break;
	case ANSWER:
		if (self->events == 0)
			break; /* its stream waits: it is the handler that takes long */
		if (now_ms - self->state_ms > options->answer_ms_max || is_too_slow(self, now_ms))
			end_connection(self, HTTP_END_ANSWER_TIME);
		break;
	case SKIP:
	case REST:
		if (now_ms - self->state_ms > self->rest_ms_max)
			end_connection(self, HTTP_END_REST);
		break;
	default:
		break; /* it is the handler that takes long */
	}
}

static void sweep(struct http_server *server)
{
	int64_t now_ms = clock_ms();

	if (server->accept_again_ms > 0 && now_ms >= server->accept_again_ms) {
		server->accept_again_ms = 0;
		watch_listener(server, true);
	}
	if (now_ms - server->swept_ms < SWEEP_EVERY_MS)
		return;
	server->swept_ms = now_ms;
	for (struct connection *self = server->all, *next; self; self = next) {
		next = self->next;
		look_at(self, now_ms);
	}
}

/* ---- life ---- */

static int open_parts(struct http_server *server, struct err *err)
{
	const struct http_options *options = &server->options;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	int rc = 0;

	server->places = http_places_new();
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!server->places || server->epoll_fd < 0)
		return err_set(err, ERR_FATAL, "memory", "no memory for the web interface");
	if (options->cert_pem.n > 0)
		rc = http_tls_open(options->cert_pem, options->key_pem, options->asks_certificates, &server->tls, err);
	if (rc == 0)
		rc = http_listen(options->listen, &server->listen_fd, err);
	if (rc == 0 && epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->listen_fd, &event) != 0)
		rc = err_set(err, ERR_FATAL, "epoll", "the listener cannot be watched");
	return rc;
}

int http_server_open(const struct http_options *options, const struct http_calls *calls, void *self,
		     struct http_server **ret, struct err *err)
{
	struct http_server *server = calloc(1, sizeof *server);

	if (!server)
		return err_set(err, ERR_FATAL, "memory", "no memory for the web interface");
	server->options = *options;
	server->calls = calls;
	server->self = self;
	server->listen_fd = server->epoll_fd = -1;
	server->queue_end = &server->queue;
	int rc = open_parts(server, err);

	server->options.cert_pem = server->options.key_pem = (struct slice){ 0 }; /* the caller's */
	if (rc != 0) {
		http_server_close(server);
		return rc;
	}
	*ret = server;
	return 0;
}

int http_server_renew_tls(struct http_server *server, struct slice cert_pem, struct slice key_pem, struct err *err)
{
	SSL_CTX *context = NULL;
	int rc = http_tls_open(cert_pem, key_pem, server->options.asks_certificates, &context, err);

	if (rc != 0)
		return rc;
	http_tls_close(server->tls); /* the connections that have it keep it */
	server->tls = context;
	return 0;
}

int http_server_fd(const struct http_server *server)
{
	return server->epoll_fd;
}

uint16_t http_server_port(const struct http_server *server)
{
	struct sockaddr_storage address = { 0 };
	socklen_t bytes = sizeof address;

	if (server->listen_fd < 0 || getsockname(server->listen_fd, (struct sockaddr *)&address, &bytes) != 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return address.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&address)->sin_port) : 0;
}

size_t http_server_connections(const struct http_server *server)
{
	return server->count;
}

int http_server_wait_ms(const struct http_server *server, int wait_ms)
{
	if (server->queue)
		return 0;
	return server->count > 0 || server->accept_again_ms > 0 ? MIN(wait_ms, (int)SWEEP_EVERY_MS) : wait_ms;
}

static void run_queue(struct http_server *server)
{
	struct connection *queue = server->queue;

	server->queue = NULL;
	server->queue_end = &server->queue;
	while (queue) {
		struct connection *self = queue;

		queue = self->queue_next;
		self->is_queued = false;
		connection_step(self);
	}
}

static void react(struct connection *self, uint32_t events)
{
	if (self->state == CLOSED)
		return;
	if (self->state == WAIT || (self->state == ANSWER && self->events == 0)) {
		if (events & (EPOLLHUP | EPOLLERR)) { /* reported again and again unless it is removed */
			self->is_gone = true;
			epoll_ctl(self->server->epoll_fd, EPOLL_CTL_DEL, self->socket.fd, NULL);
		}
		if (self->state == WAIT)
			return;
	}
	connection_step(self);
}

void http_server_run(struct http_server *server)
{
	struct epoll_event events[EVENTS_MAX];

	sweep(server);
	run_queue(server);
	int count = epoll_wait(server->epoll_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr)
			react(events[i].data.ptr, events[i].events);
		else
			accept_connections(server);
	}
	run_queue(server);
	free_dead(server);
}

void http_server_drain(struct http_server *server)
{
	server->is_draining = true;
	if (server->listen_fd >= 0)
		close(server->listen_fd); /* epoll forgets it */
	server->listen_fd = -1;
	server->swept_ms = 0;
}

static void refuse_waiting(struct http_server *server)
{
	for (struct connection *self = server->all; self; self = self->next)
		if (self->has_request && !self->has_answer) {
			struct http_reply reply;

			http_reply_init(&reply);
			reply.status = STATUS_BUSY;
			server->calls->refuse(server->self, "this server ends", &reply);
			http_answer(&self->request, &reply);
		}
}

void http_server_close(struct http_server *server)
{
	if (!server)
		return;
	if (server->epoll_fd >= 0) {
		http_server_drain(server);
		refuse_waiting(server);
		for (int64_t end_ms = clock_ms() + CLOSE_MS_MAX; server->count > 0 && clock_ms() < end_ms;) {
			http_server_run(server);
			if (!server->queue)
				usleep((useconds_t)CLOSE_STEP_MS * 1000);
		}
		while (server->all)
			close_connection(server->all);
		run_queue(server); /* of closed ones only */
		free_dead(server);
		close(server->epoll_fd);
	}
	http_places_free(server->places);
	http_tls_close(server->tls);
	free(server);
}
