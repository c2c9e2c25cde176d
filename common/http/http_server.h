/* http_server: HTTP/1 over TCP, with or without TLS, for programs that have an event loop of their own.
 *
 * One thread owns a server. http_server_fd is readable when there is something to do; http_server_run then does it, a
 * bounded part per connection, so that none keeps the others waiting, and calls the handler. The handler answers when
 * it likes, in a call or any time later, until http_calls.gone: that is always the last call about a request, whether
 * it was answered, its sender left, or the server closed it.
 *
 * What it does by itself, so that no sender shuts out others:
 *  - malformed requests are refused and their connections closed (http_head, http_body);
 *  - head, body and answer each have a time limit, and a silent or slow peer is dropped;
 *  - an answer before the end of the body is sent at once; of the rest a bounded part is read, then the connection
 *    ends;
 *  - one address has a bounded number of connections, and hears 429 beyond it (without TLS); when all places are in
 *    use the connection that has waited longest without a request is ended for a new one;
 *  - memory of a connection: its head (64 KiB at most) and what its answer takes. Content is handed on, never kept. */
#ifndef HTTP_HTTP_SERVER_H
#define HTTP_HTTP_SERVER_H

#include "base/err.h"
#include "base/strbuf.h"
#include "http/http_head.h"

struct http_server;

struct http_request {
	struct http_head head; /* its slices live as long as the request */
	void *user;	       /* the handler's */
	char peer[48];	       /* the sender's address without port; "unix" over a Unix socket */
	int64_t begun_ms;      /* clock_ms of its last header */
};

enum http_stream_step { HTTP_STREAM_BYTES, HTTP_STREAM_END, HTTP_STREAM_WAIT, HTTP_STREAM_BROKEN };

/* A body that is made while it is sent. read fills at most bytes_max bytes; after HTTP_STREAM_WAIT it is called again
 * when http_request_wake was. HTTP_STREAM_BROKEN cuts the connection, so that the reader sees that it is not whole. */
struct http_stream {
	enum http_stream_step (*read)(void *self, char *out, size_t bytes_max, size_t *ret_bytes);
	void (*free)(void *self);
	void *self;
	int64_t length; /* -1: not known */
};

/* One answer. All of it is handed over with http_answer. */
struct http_reply {
	unsigned status;       /* 0: none yet */
	const char *type;      /* Content-Type; static */
	struct strbuf headers; /* further ones: "Name: value" CRLF each */
	struct strbuf body;
	struct http_stream stream; /* read is set: instead of body */
	/* Of a body that is still coming: what is read and dropped before the connection ends, and for how long. 0:
	 * little. */
	uint64_t rest_bytes_max;
	int64_t rest_ms_max;
};

enum http_end {
	HTTP_END_MALFORMED,   /* no HTTP, or not as RFC 9112 has it */
	HTTP_END_HEAD_TIME,   /* no whole head, or TLS handshake, within the time */
	HTTP_END_BODY_TIME,   /* a body too slow or silent */
	HTTP_END_ANSWER_TIME, /* an answer read too slowly */
	HTTP_END_REST,	      /* too much body behind a refusal */
	HTTP_END_CROWDED,     /* ended for another connection, or found no place */
	HTTP_END_ADDRESS,     /* too many connections of one address */
	HTTP_END_TLS,	      /* the handshake failed */
	HTTP_ENDS,
};

struct http_options {
	const char *listen;		/* "127.0.0.1:8080", "[::1]:8080", "name:8080" or "unix:/path" */
	struct slice cert_pem, key_pem; /* certificate chain and its key; empty: no TLS */
	/* Of TLS: clients may show a certificate. That they have its key is checked here, and nothing else of it:
	 * http_request_certificates says which it was, and the handler decides whether it believes it. */
	bool asks_certificates;
	uint32_t connections_max;
	uint32_t address_connections_max; /* of one IPv4 address or IPv6 /64; 0: no limit */
	/* Connections of this machine and of a Unix socket are no sender's but a proxy's: they have no limit of their
	 * own, as all senders would share it. */
	bool frees_proxies;
	int64_t head_ms_max, idle_ms_max, body_ms_max, answer_ms_max;
	int64_t slow_ms; /* within so long 40 KiB of an answer must be read, or all of it; 0: 10 s */
};

struct http_calls {
	void (*begin)(void *self, struct http_request *request);		       /* its head is there */
	void (*content)(void *self, struct http_request *request, struct slice bytes); /* the next part of the body */
	void (*end)(void *self, struct http_request *request);	/* all of the body was handed out */
	void (*gone)(void *self, struct http_request *request); /* the last call */
	/* The server refuses by itself: fills *reply, whose status is set. why: English, static. */
	void (*refuse)(void *self, const char *why, struct http_reply *reply);
	void (*ended)(void *self, enum http_end why); /* a connection was ended for this reason */
};

MUSTUSE int http_server_open(const struct http_options *options, const struct http_calls *calls, void *self,
			     struct http_server **ret, struct err *err);
/* Certificate and key for the connections from now on. On an error the old ones stay. */
MUSTUSE int http_server_renew_tls(struct http_server *server, struct slice cert_pem, struct slice key_pem,
				  struct err *err);
int http_server_fd(const struct http_server *server);
uint16_t http_server_port(const struct http_server *server); /* where it listens, for an address with port 0 */
size_t http_server_connections(const struct http_server *server);
/* The same or less: when it has to run in any case. */
int http_server_wait_ms(const struct http_server *server, int wait_ms);
void http_server_run(struct http_server *server);
/* Serves a connection that was made elsewhere; the descriptor is the server's then, also when it has no place for
 * it. */
void http_server_take(struct http_server *server, int fd);
/* No new connections; those without a request are closed, the others after their answer. */
void http_server_drain(struct http_server *server);
/* Requests without an answer get a refusal (503); ends within a second. Takes NULL. */
void http_server_close(struct http_server *server);

/* Once per request. Takes over what *reply owns and leaves it empty. */
void http_answer(struct http_request *request, struct http_reply *reply);
bool http_is_answered(const struct http_request *request);
/* Adds the certificates that the client showed, DER, its own first; nothing where it showed none. */
void http_request_certificates(const struct http_request *request, struct strbuf *ders);
/* Its stream has more to say. */
void http_request_wake(struct http_request *request);
/* How much of the body came so far, as handed out. */
uint64_t http_request_body_bytes(const struct http_request *request);

/* A reply without anything, whose headers can be added to. */
void http_reply_init(struct http_reply *reply);
/* Adds one header. value holds no CR or LF: those are left out. */
void http_reply_add_header(struct http_reply *reply, const char *name, const char *value);
void http_reply_release(struct http_reply *reply);

#endif
