#include "tls/tls_client.h"

#include "base/secret_file.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

struct tls_client {
	SSL_CTX *context;
	SSL *ssl;
	enum peer_cause cause;
};

static bool is_set(const char *text)
{
	return text && *text;
}

static bool load_files(SSL_CTX *context, const struct tls_options *options)
{
	struct err err;

	if (is_set(options->ca_file) ? SSL_CTX_load_verify_locations(context, options->ca_file, NULL) != 1
				     : SSL_CTX_set_default_verify_paths(context) != 1)
		return false;
	if (!is_set(options->cert_file))
		return true;
	return is_set(options->key_file) && secret_file_check(options->key_file, &err) == 0 &&
	       SSL_CTX_use_certificate_chain_file(context, options->cert_file) == 1 &&
	       SSL_CTX_use_PrivateKey_file(context, options->key_file, SSL_FILETYPE_PEM) == 1 &&
	       SSL_CTX_check_private_key(context) == 1;
}

/* The name goes along (SNI), an address does not (RFC 6066). */
static bool expect_host(SSL *ssl, const char *host)
{
	struct in6_addr address;

	if (!*host)
		return true;
	if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	/* SSL_set_tlsext_host_name, whose macro takes const away */
	return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host) == 1 &&
	       SSL_set1_host(ssl, host) == 1;
}

static bool begin(struct tls_client *client, const char *host, int fd)
{
	client->ssl = SSL_new(client->context);
	if (!client->ssl || SSL_set_fd(client->ssl, fd) != 1 || !expect_host(client->ssl, host))
		return false;
	SSL_set_connect_state(client->ssl);
	return true;
}

int tls_client_open(const struct tls_options *options, const char *host, int fd, struct tls_client **ret,
		    struct err *err)
{
	struct tls_client *client = calloc(1, sizeof *client);

	if (client)
		client->context = SSL_CTX_new(TLS_client_method());
	if (!client || !client->context) {
		free(client);
		return err_set(err, ERR_RETRY, "memory", "no memory for TLS");
	}
	ERR_clear_error();
	SSL_CTX_set_min_proto_version(client->context, TLS1_2_VERSION);
	SSL_CTX_set_options(client->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(client->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	if (!load_files(client->context, options) || !begin(client, host, fd)) {
		tls_client_close(client);
		ERR_clear_error();
		return err_set(err, ERR_RETRY, "tls-files",
			       "the CA file, or our certificate and its key, cannot be read or do not belong together");
	}
	*ret = client;
	return 0;
}

void tls_client_close(struct tls_client *client)
{
	if (!client)
		return;
	if (client->ssl && client->cause == PEER_AWAY && SSL_is_init_finished(client->ssl))
		SSL_shutdown(client->ssl); /* says that it ends; nobody waits for the answer */
	ERR_clear_error();
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	free(client);
}

static enum peer_cause find_cause(const struct tls_client *client, unsigned long code)
{
	long verified = SSL_get_verify_result(client->ssl);

	if (verified != X509_V_OK)
		return peer_cause_of_x509((int)verified);
	if (ERR_GET_LIB(code) != ERR_LIB_SSL)
		return PEER_AWAY;
	switch (ERR_GET_REASON(code)) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
		return SSL_is_init_finished(client->ssl) ? PEER_TLS : PEER_NO_TLS;
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return PEER_AWAY;
	default:
		return PEER_TLS;
	}
}

static enum tls_io result(struct tls_client *client, int rc)
{
	switch (SSL_get_error(client->ssl, rc)) {
	case SSL_ERROR_NONE:
		return TLS_DONE;
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	default:
		client->cause = find_cause(client, ERR_peek_error());
		ERR_clear_error();
		return TLS_CLOSED;
	}
}

enum tls_io tls_client_shake(struct tls_client *client)
{
	ERR_clear_error();
	return result(client, SSL_do_handshake(client->ssl));
}

enum tls_io tls_client_read(struct tls_client *client, void *out, size_t bytes_max, size_t *ret_bytes)
{
	ERR_clear_error();
	return result(client, SSL_read_ex(client->ssl, out, bytes_max, ret_bytes));
}

enum tls_io tls_client_write(struct tls_client *client, struct slice bytes, size_t *ret_bytes)
{
	ERR_clear_error();
	return result(client, SSL_write_ex(client->ssl, bytes.p, bytes.n, ret_bytes));
}

enum peer_cause tls_client_cause(const struct tls_client *client)
{
	return client->cause;
}
