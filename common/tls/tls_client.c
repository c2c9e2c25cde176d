#include "tls/tls_client.h"

#include "base/secret_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

struct tls_client {
	SSL_CTX *context;
	SSL *ssl;
	enum peer_cause cause;
};

static bool is_set(const char *text)
{
	return text && *text;
}

static const struct tls_names NO_NAMES = { "the CA file", "the file of our certificate", "the file of its key" };

static int fail_file(const char *name, const char *path, const char *why, struct err *err)
{
	return err_set(err, ERR_CONFIG, "file", "%s: %s %s", name, path, why);
}

static int check_readable(const char *name, const char *path, struct err *err)
{
	return access(path, R_OK) == 0 ? 0
				       : err_set(err, ERR_CONFIG, "file", "%s: %s cannot be read (%s)", name, path,
						 strerrorname_np(errno));
}

static int load_ca(SSL_CTX *context, const char *name, const char *path, struct err *err)
{
	if (!is_set(path))
		return SSL_CTX_set_default_verify_paths(context) == 1
			       ? 0
			       : fail_file(name, "is not set, and", "the CAs of the system cannot be read", err);
	int rc = check_readable(name, path, err);

	return rc != 0 || SSL_CTX_load_verify_locations(context, path, NULL) == 1
		       ? rc
		       : fail_file(name, path, "holds no certificate (PEM)", err);
}

/* OpenSSL compares the key with the certificate when it takes it. */
static int load_key(SSL_CTX *context, const struct tls_names *names, const struct tls_options *options, struct err *err)
{
	struct err why = { 0 };

	if (secret_file_check(options->key_file, &why) != 0)
		return fail_file(names->key, options->key_file, why.text, err);
	ERR_clear_error();
	if (SSL_CTX_use_PrivateKey_file(context, options->key_file, SSL_FILETYPE_PEM) == 1)
		return 0;
	if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509)
		return err_set(err, ERR_CONFIG, "file", "%s: %s is not the key of %s", names->key, options->key_file,
			       options->cert_file);
	return fail_file(names->key, options->key_file, "holds no private key (PEM, without a passphrase)", err);
}

static int load_files(SSL_CTX *context, const struct tls_options *options, struct err *err)
{
	const struct tls_names *names = options->names ? options->names : &NO_NAMES;
	bool has_cert = is_set(options->cert_file), has_key = is_set(options->key_file);
	int rc = load_ca(context, names->ca, options->ca_file, err);

	if (rc != 0 || (!has_cert && !has_key))
		return rc;
	if (!has_cert || !has_key)
		return err_set(err, ERR_CONFIG, "file", "%s is set, and %s is not", has_cert ? names->cert : names->key,
			       has_cert ? names->key : names->cert);
	rc = check_readable(names->cert, options->cert_file, err);
	if (rc == 0 && SSL_CTX_use_certificate_chain_file(context, options->cert_file) != 1)
		rc = fail_file(names->cert, options->cert_file, "holds no certificate (PEM)", err);
	return rc == 0 ? load_key(context, names, options, err) : rc;
}

static int no_passphrase(char *buf, int bytes, int for_writing, void *self)
{
	(void)buf, (void)bytes, (void)for_writing, (void)self;
	return 0; /* else OpenSSL asks the terminal */
}

static SSL_CTX *new_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context)
		SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	return context;
}

int tls_files_check(const struct tls_options *options, struct err *err)
{
	SSL_CTX *context = new_context();

	if (!context)
		return err_set(err, ERR_RETRY, "memory", "no memory for TLS");
	int rc = load_files(context, options, err);

	SSL_CTX_free(context);
	ERR_clear_error();
	return rc;
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
		client->context = new_context();
	if (!client || !client->context) {
		free(client);
		return err_set(err, ERR_RETRY, "memory", "no memory for TLS");
	}
	ERR_clear_error();
	SSL_CTX_set_min_proto_version(client->context, TLS1_2_VERSION);
	SSL_CTX_set_options(client->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(client->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	struct err why = { 0 };
	int rc = load_files(client->context, options, &why);

	if (rc == 0 && !begin(client, host, fd))
		rc = err_set(&why, ERR_RETRY, "memory", "no memory for TLS");
	if (rc != 0) {
		tls_client_close(client);
		ERR_clear_error();
		return err_set(err, ERR_RETRY, rc == -ERR_CONFIG ? "tls-files" : why.code, "%s", why.text);
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
	int reason = ERR_GET_REASON(code);

	if (verified != X509_V_OK)
		return peer_cause_of_x509((int)verified);
	if (ERR_GET_LIB(code) != ERR_LIB_SSL)
		return PEER_AWAY;
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
		return SSL_is_init_finished(client->ssl) ? PEER_TLS : PEER_NO_TLS;
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return PEER_AWAY;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED:
		return PEER_TLS_VERSION;
	default:
		return reason > SSL_AD_REASON_OFFSET ? peer_cause_of_alert(reason - SSL_AD_REASON_OFFSET) : PEER_TLS;
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
