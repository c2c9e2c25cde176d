#include "base/clock.h"
#include "http/http_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned ended[HTTP_ENDS];
static uint64_t content_bytes;
static bool leaves_errors; /* a handler that uses OpenSSL for something else, and does not look what it said */

static void take_begin(void *self, struct http_request *request)
{
	(void)self, (void)request;
}

static void take_content(void *self, struct http_request *request, struct slice bytes)
{
	(void)self, (void)request;
	content_bytes += bytes.n;
	if (leaves_errors)
		ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
}

static void take_end(void *self, struct http_request *request)
{
	struct http_reply reply;

	(void)self;
	http_reply_init(&reply);
	reply.status = 200;
	for (int i = 0; i < 100000; i++)
		strbuf_add_text(&reply.body, "0123456789");
	http_answer(request, &reply);
}

static void refuse(void *self, const char *why, struct http_reply *reply)
{
	(void)self, (void)why, (void)reply;
}

static void count_end(void *self, enum http_end why)
{
	(void)self;
	ended[why]++;
}

static const struct http_calls CALLS = { take_begin, take_content, take_end, take_begin, refuse, count_end };

/* A key and a certificate that it signed itself, as PEM. */
static void make_certificate(struct strbuf *cert_pem, struct strbuf *key_pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long n;

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"gw", -1, -1,
				   0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	cr_assert(X509_sign(cert, key, EVP_sha256()) > 0);
	PEM_write_bio_X509(out, cert);
	n = BIO_get_mem_data(out, &bytes);
	strbuf_init(cert_pem, 10000);
	strbuf_add_bytes(cert_pem, bytes, (size_t)n);
	BIO_free(out);
	out = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	n = BIO_get_mem_data(out, &bytes);
	strbuf_init(key_pem, 10000);
	strbuf_add_bytes(key_pem, bytes, (size_t)n);
	BIO_free(out);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static struct http_server *open_server(struct slice cert, struct slice key, struct err *err)
{
	struct http_options options = { .listen = "127.0.0.1:0",
					.cert_pem = cert,
					.key_pem = key,
					.connections_max = 4,
					.head_ms_max = 200,
					.idle_ms_max = 60000,
					.body_ms_max = 60000,
					.answer_ms_max = 60000 };
	struct http_server *server = NULL;

	return http_server_open(&options, &CALLS, NULL, &server, err) == 0 ? server : NULL;
}

static int connect_client(const struct http_server *server)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(http_server_port(server)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* After a call that did nothing: it will never do more. */
static bool is_over(const SSL *tls)
{
	int error = SSL_get_error(tls, 0);

	return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
}

/* One request of body_bytes over TLS; how many bytes the answer had. ciphers: that the client offers for TLS 1.2;
 * NULL: the usual ones. */
static size_t ask_with(struct http_server *server, int max_version, const char *ciphers, size_t body_bytes)
{
	static char bytes[65536];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *tls = SSL_new(context);
	int fd = connect_client(server);
	size_t sent = 0, got = 0, n;
	int head = snprintf(bytes, sizeof bytes,
			    "POST /a HTTP/1.1\r\nHost: gw\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
			    body_bytes);

	SSL_CTX_set_max_proto_version(context, max_version);
	SSL_set_max_proto_version(tls, max_version);
	cr_assert(!ciphers || SSL_set_cipher_list(tls, ciphers) == 1, "%s", ciphers);
	SSL_set_fd(tls, fd);
	SSL_set_connect_state(tls);
	for (int64_t end_ms = clock_ms() + 30000; clock_ms() < end_ms;) {
		http_server_run(server);
		if (sent < (size_t)head + body_bytes) {
			size_t left = sent < (size_t)head ? (size_t)head - sent
							  : MIN(sizeof bytes, (size_t)head + body_bytes - sent);

			if (SSL_write_ex(tls, bytes + (sent < (size_t)head ? sent : 0), left, &n) == 1)
				sent += n;
			else if (is_over(tls))
				break;
		} else if (SSL_read_ex(tls, bytes, sizeof bytes, &n) == 1) {
			got += n;
		} else if (is_over(tls)) {
			break;
		}
	}
	SSL_free(tls);
	SSL_CTX_free(context);
	close(fd);
	http_server_run(server);
	return got;
}

static size_t ask(struct http_server *server, int max_version, size_t body_bytes)
{
	return ask_with(server, max_version, NULL, body_bytes);
}

static const struct {
	const char *cipher;
	bool is_spoken;
} CIPHERS[] = {
	{ "ECDHE-ECDSA-AES256-GCM-SHA384", true }, { "ECDHE-ECDSA-CHACHA20-POLY1305", true },
	{ "ECDHE-ECDSA-AES128-GCM-SHA256", true }, { "ECDHE-ECDSA-AES256-SHA384", false },
	{ "ECDHE-ECDSA-AES128-SHA", false },	   { "ECDHE-ECDSA-AES256-CCM8", false },
};

Test(http_tls, speaks_only_what_ncsc_finds_good)
{
	struct strbuf cert, key;
	struct err err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	make_certificate(&cert, &key);
	struct http_server *server = open_server(strbuf_slice(&cert), strbuf_slice(&key), &err);

	cr_assert(server, "%s", err.text);
	for (size_t i = 0; i < ARRAY_LEN(CIPHERS); i++)
		cr_expect_eq(ask_with(server, TLS1_2_VERSION, CIPHERS[i].cipher, 10) > 0, CIPHERS[i].is_spoken, "%s",
			     CIPHERS[i].cipher);
	http_server_close(server);
	strbuf_release(&cert), strbuf_release(&key);
}

Test(http_tls, speaks_tls_1_2_and_1_3_and_renews_its_certificate)
{
	struct strbuf cert, key, other_cert, other_key;
	struct err err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	make_certificate(&cert, &key);
	make_certificate(&other_cert, &other_key);
	struct http_server *server = open_server(strbuf_slice(&cert), strbuf_slice(&key), &err);

	cr_assert(server, "%s", err.text);
	cr_expect_gt(ask(server, TLS1_3_VERSION, 300000), 1000000);
	cr_expect_eq(content_bytes, 300000);
	cr_expect_eq(http_server_renew_tls(server, strbuf_slice(&other_cert), strbuf_slice(&key), &err), -ERR_CONFIG);
	cr_expect_eq(http_server_renew_tls(server, strbuf_slice(&other_cert), strbuf_slice(&other_key), &err), 0);
	cr_expect_gt(ask(server, TLS1_2_VERSION, 10), 1000000);
	cr_expect_eq(ask(server, TLS1_1_VERSION, 10), 0);
	cr_expect_eq(ended[HTTP_END_TLS], 1);
	http_server_close(server);
	strbuf_release(&cert), strbuf_release(&key), strbuf_release(&other_cert), strbuf_release(&other_key);
}

Test(http_tls, what_a_handler_left_in_the_queue_of_openssl_ends_no_connection)
{
	struct strbuf cert, key;
	struct err err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	make_certificate(&cert, &key);
	struct http_server *server = open_server(strbuf_slice(&cert), strbuf_slice(&key), &err);

	cr_assert(server, "%s", err.text);
	leaves_errors = true;
	cr_expect_gt(ask(server, TLS1_3_VERSION, 300000), 1000000);
	http_server_close(server);
	strbuf_release(&cert), strbuf_release(&key);
}

Test(http_tls, plain_http_and_silence_end)
{
	struct strbuf cert, key;
	struct err err = { 0 };

	make_certificate(&cert, &key);
	struct http_server *server = open_server(strbuf_slice(&cert), strbuf_slice(&key), &err);
	int plain = connect_client(server), silent = connect_client(server);

	send(plain, "GET / HTTP/1.1\r\n\r\n", 18, 0);
	for (int64_t end_ms = clock_ms() + 700; clock_ms() < end_ms; usleep(1000))
		http_server_run(server);
	cr_expect_eq(ended[HTTP_END_TLS], 1);
	cr_expect_eq(ended[HTTP_END_HEAD_TIME], 1);
	cr_expect_eq(http_server_connections(server), 0);
	close(plain), close(silent);
	http_server_close(server);
	strbuf_release(&cert), strbuf_release(&key);
}

Test(http_tls, says_what_is_wrong_with_certificate_or_key)
{
	struct strbuf cert, key, other_cert, other_key;
	struct err err = { 0 };

	make_certificate(&cert, &key);
	make_certificate(&other_cert, &other_key);
	cr_expect_null(open_server(SLICE_LITERAL("none"), strbuf_slice(&key), &err));
	cr_expect(strstr(err.text, "certificate file"), "%s", err.text);
	cr_expect_null(open_server(strbuf_slice(&cert), SLICE_LITERAL("none"), &err));
	cr_expect(strstr(err.text, "key file"), "%s", err.text);
	cr_expect_null(open_server(strbuf_slice(&cert), strbuf_slice(&other_key), &err));
	cr_expect(strstr(err.text, "not that of"), "%s", err.text);
	strbuf_release(&cert), strbuf_release(&key), strbuf_release(&other_cert), strbuf_release(&other_key);
}
