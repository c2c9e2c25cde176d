/* http_internal: what the files of this module share: a connection as the server, its stream of bytes and its answer
 * see it. Private to common/http. */
#ifndef HTTP_HTTP_INTERNAL_H
#define HTTP_HTTP_INTERNAL_H

#include "http/http_body.h"
#include "http/http_server.h"

#include <openssl/types.h>
#include <sys/socket.h>

enum { HTTP_PIECE_BYTES = 65536 };

/* ---- http_socket.c: bytes of a socket, through TLS or not ---- */

enum http_io { HTTP_IO_DONE, HTTP_IO_WANTS_READ, HTTP_IO_WANTS_WRITE, HTTP_IO_END, HTTP_IO_BROKEN };

struct http_socket {
	int fd;
	SSL *tls; /* NULL: plain */
};

MUSTUSE int http_tls_open(struct slice cert_pem, struct slice key_pem, bool asks_certificates, SSL_CTX **ret,
			  struct err *err);
/* Adds what the client showed, DER, its own first. */
void http_socket_certificates(const struct http_socket *socket, struct strbuf *ders);
void http_tls_close(SSL_CTX *context);
MUSTUSE bool http_socket_open(struct http_socket *socket, int fd, SSL_CTX *context);
void http_socket_close(struct http_socket *socket);
enum http_io http_socket_handshake(struct http_socket *socket);
enum http_io http_socket_read(struct http_socket *socket, char *out, size_t bytes_max, size_t *ret_bytes);
enum http_io http_socket_write(struct http_socket *socket, struct slice bytes, size_t *ret_bytes);
/* Bytes that were received already: the descriptor no longer reports them. */
bool http_socket_has_more(const struct http_socket *socket);

/* ---- http_listen.c ---- */

MUSTUSE int http_listen(const char *address, int *ret_fd, struct err *err);
/* Of this machine, or over a Unix socket. */
bool http_peer_is_near(const struct sockaddr_storage *address);
/* The name of a peer, and the key under which its connections are counted. */
void http_peer(const struct sockaddr_storage *address, char name[48], uint8_t key[16]);

/* ---- http_places.c: how many connections each address has ---- */

struct http_places;

struct http_places *http_places_new(void); /* NULL: no memory */
void http_places_free(struct http_places *places);
/* false: the address has max already, or there is no memory. max 0: no limit, nothing is counted. */
MUSTUSE bool http_places_take(struct http_places *places, const uint8_t key[16], uint32_t max);
void http_places_give_back(struct http_places *places, const uint8_t key[16], uint32_t max);

/* ---- http_reply.c: an answer on its way ---- */

struct http_answer {
	struct http_reply reply;
	struct strbuf head; /* status line and headers; before that "100 Continue" */
	size_t head_sent, body_sent;
	char *piece; /* of a stream; of HTTP_PIECE_BYTES and the frame of a chunk */
	size_t piece_bytes, piece_sent;
	bool is_chunked, is_body_hidden, has_ended;
};

enum http_sending { HTTP_SENDING_DONE, HTTP_SENDING_LATER, HTTP_SENDING_WAITS, HTTP_SENDING_BROKEN };

/* Writes status line and headers. closes: the connection ends behind it. */
void http_answer_begin(struct http_answer *answer, const struct http_head *head, bool closes);
/* Sends what the socket takes, a bounded part of it. *ret_io: what a HTTP_SENDING_LATER waits for; HTTP_IO_DONE:
 * nothing, it has only had its share. *ret_bytes is increased. */
enum http_sending http_answer_send(struct http_answer *answer, struct http_socket *socket, enum http_io *ret_io,
				   uint64_t *ret_bytes);
void http_answer_release(struct http_answer *answer);

#endif
