/* http_socket: the bytes of one connection, plain or through TLS (OpenSSL), never blocking. */
#include "http/http_internal.h"

#include "http/pem.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the context ---- */

static int choose_http_1(SSL *tls, const unsigned char **out, unsigned char *out_bytes, const unsigned char *in,
			 unsigned in_bytes, void *self)
{
	static const unsigned char OURS[] = "\x08http/1.1";
	unsigned char *chosen = NULL;

	(void)tls, (void)self;
	if (SSL_select_next_proto(&chosen, out_bytes, OURS, sizeof OURS - 1, in, in_bytes) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void drop_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void drop_x509(X509 **cert)
{
	X509_free(*cert);
}

static void drop_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* No password: a key that wants one is refused instead of asking the terminal. */
static int no_password(char *buf, int size, int is_writing, void *self)
{
	(void)buf, (void)size, (void)is_writing, (void)self;
	return 0;
}

static int use_chain(SSL_CTX *context, struct slice pem, struct err *err)
{
	CLEANUP(drop_bio) BIO *bio = pem_open(pem);
	CLEANUP(drop_x509) X509 *leaf = bio ? PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL) : NULL;

	if (!leaf || SSL_CTX_use_certificate(context, leaf) != 1)
		return err_set(err, ERR_CONFIG, "tls", "the certificate file holds no usable certificate (PEM)");
	ERR_clear_error();
	for (X509 *next; (next = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL;)
		if (SSL_CTX_add0_chain_cert(context, next) != 1) { /* which keeps it */
			X509_free(next);
			return err_set(err, ERR_CONFIG, "tls", "the chain in the certificate file cannot be used");
		}
	return pem_is_at_end()
		       ? 0
		       : err_set(err, ERR_CONFIG, "tls", "a certificate of the chain in the file cannot be read");
}

static int use_key(SSL_CTX *context, struct slice pem, struct err *err)
{
	CLEANUP(drop_bio) BIO *bio = pem_open(pem);
	CLEANUP(drop_key) EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	if (!key)
		return err_set(err, ERR_CONFIG, "tls", "the key file holds no key (PEM), or one with a password");
	if (SSL_CTX_use_PrivateKey(context, key) != 1 || SSL_CTX_check_private_key(context) != 1)
		return err_set(err, ERR_CONFIG, "tls", "the key is not that of the certificate");
	return 0;
}

/* What NCSC's guideline for TLS (ICT-beveiligingsrichtlijnen voor Transport Layer Security) calls good, or sufficient
 * where all of it that clients have is: authenticated encryption and ephemeral keys only. */
static bool allow_strong_only(SSL_CTX *context)
{
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_ciphersuites(context,
					"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
					"TLS_AES_128_GCM_SHA256") == 1 &&
	       SSL_CTX_set_cipher_list(context,
				       "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
				       "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
				       "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256") == 1 &&
	       SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:X448:P-521") == 1 &&
	       SSL_CTX_set1_sigalgs_list(context,
					 "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"
					 "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
					 "RSA+SHA256:RSA+SHA384:RSA+SHA512") == 1;
}

/* Whom to believe is for those to say who know what the certificate is to prove, at the request and not at the
 * handshake: a connection can outlive a certificate, and a refusal there would have no sentence. */
static int take_any_certificate(int is_good, X509_STORE_CTX *context)
{
	(void)is_good, (void)context;
	return 1;
}

/* A session that is taken up again would bring a certificate without its key. */
static void ask_certificates(SSL_CTX *context)
{
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, take_any_certificate);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(context, 0);
}

int http_tls_open(struct slice cert_pem, struct slice key_pem, bool asks_certificates, SSL_CTX **ret, struct err *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context)
		return err_set(err, ERR_FATAL, "memory", "no memory for TLS");
	if (!allow_strong_only(context)) {
		SSL_CTX_free(context);
		return err_set(err, ERR_FATAL, "tls", "this OpenSSL does not know the ciphers that are allowed");
	}
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(context, choose_http_1, NULL);
	if (asks_certificates)
		ask_certificates(context);
	int rc = use_chain(context, cert_pem, err);

	if (rc == 0)
		rc = use_key(context, key_pem, err);
	ERR_clear_error();
	if (rc != 0) {
		SSL_CTX_free(context);
		return rc;
	}
	*ret = context;
	return 0;
}

void http_tls_close(SSL_CTX *context)
{
	SSL_CTX_free(context);
}

/* ---- one connection ---- */

bool http_socket_open(struct http_socket *socket, int fd, SSL_CTX *context)
{
	*socket = (struct http_socket){ .fd = fd };
	if (!context)
		return true;
	socket->tls = SSL_new(context);
	if (socket->tls && SSL_set_fd(socket->tls, fd) == 1)
		return true;
	SSL_free(socket->tls);
	socket->tls = NULL;
	return false;
}

void http_socket_close(struct http_socket *socket)
{
	if (socket->tls) {
		SSL_shutdown(socket->tls); /* says that it ends; nobody waits for the answer */
		ERR_clear_error();
		SSL_free(socket->tls);
	}
	close(socket->fd);
	*socket = (struct http_socket){ .fd = -1 };
}

static void add_certificate(const X509 *cert, struct strbuf *ders)
{
	int bytes = i2d_X509(cert, NULL);

	if (bytes <= 0) {
		ders->is_full = ders->is_out_of_memory = true;
		return;
	}
	if (!strbuf_reserve(ders, (size_t)bytes))
		return;
	unsigned char *out = (unsigned char *)ders->p + ders->n;

	if (i2d_X509(cert, &out) == bytes)
		ders->n += (size_t)bytes;
	else
		ders->is_full = ders->is_out_of_memory = true;
}

/* On the side of the server the chain of the peer has all but its own. */
void http_socket_certificates(const struct http_socket *socket, struct strbuf *ders)
{
	const X509 *leaf = socket->tls ? SSL_get0_peer_certificate(socket->tls) : NULL;
	const STACK_OF(X509) *chain = leaf ? SSL_get_peer_cert_chain(socket->tls) : NULL;

	if (leaf)
		add_certificate(leaf, ders);
	for (int i = 0; i < sk_X509_num(chain); i++) /* -1 of none */
		add_certificate(sk_X509_value(chain, i), ders);
}

/* Before each call: SSL_get_error takes an error that somebody else left in the thread's queue for the connection's. */
static SSL *begin_tls(const struct http_socket *socket)
{
	ERR_clear_error();
	return socket->tls;
}

static enum http_io tls_result(struct http_socket *socket, int rc)
{
	enum http_io io = HTTP_IO_BROKEN;

	switch (SSL_get_error(socket->tls, rc)) {
	case SSL_ERROR_NONE:
		io = HTTP_IO_DONE;
		break;
	case SSL_ERROR_WANT_READ:
		io = HTTP_IO_WANTS_READ;
		break;
	case SSL_ERROR_WANT_WRITE:
		io = HTTP_IO_WANTS_WRITE;
		break;
	case SSL_ERROR_ZERO_RETURN:
		io = HTTP_IO_END;
		break;
	default:
		break;
	}
	ERR_clear_error();
	return io;
}

enum http_io http_socket_handshake(struct http_socket *socket)
{
	return socket->tls ? tls_result(socket, SSL_accept(begin_tls(socket))) : HTTP_IO_DONE;
}

static enum http_io plain_result(ssize_t n, enum http_io wants)
{
	if (n >= 0)
		return HTTP_IO_DONE;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? wants : HTTP_IO_BROKEN;
}

enum http_io http_socket_read(struct http_socket *socket, char *out, size_t bytes_max, size_t *ret_bytes)
{
	*ret_bytes = 0;
	if (socket->tls)
		return tls_result(socket, SSL_read_ex(begin_tls(socket), out, bytes_max, ret_bytes));
	ssize_t n = recv(socket->fd, out, bytes_max, 0);

	*ret_bytes = n > 0 ? (size_t)n : 0;
	return n == 0 ? HTTP_IO_END : plain_result(n, HTTP_IO_WANTS_READ);
}

enum http_io http_socket_write(struct http_socket *socket, struct slice bytes, size_t *ret_bytes)
{
	*ret_bytes = 0;
	if (bytes.n == 0)
		return HTTP_IO_DONE;
	if (socket->tls)
		return tls_result(socket, SSL_write_ex(begin_tls(socket), bytes.p, bytes.n, ret_bytes));
	ssize_t n = send(socket->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

	*ret_bytes = n > 0 ? (size_t)n : 0;
	return plain_result(n, HTTP_IO_WANTS_WRITE);
}

bool http_socket_has_more(const struct http_socket *socket)
{
	return socket->tls && SSL_has_pending(socket->tls) == 1;
}
