/* libpq says of a certificate only that it was not believed, and of TLS that is missing only that it was refused. Then
 * we ask the same server once ourselves, with the CA file of the connection string, for the cause. */
#include "pg/pg_internal.h"

#include "base/clock.h"
#include "base/num.h"
#include "tls/tls_client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SSL_REQUEST_BYTES = 8, SSL_REQUEST_CODE = 80877103, PROBE_MS_MAX = 1000 };

static void drop_options(PQconninfoOption **options)
{
	PQconninfoFree(*options);
}

static void drop_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void copy_option(PGconn *conn, const char *name, char *out, size_t out_bytes)
{
	CLEANUP(drop_options) PQconninfoOption *options = PQconninfo(conn);

	*out = '\0';
	for (const PQconninfoOption *option = options; option && option->keyword; option++)
		if (strcmp(option->keyword, name) == 0 && option->val)
			snprintf(out, out_bytes, "%s", option->val);
}

int pg_check_tls_files(PGconn *conn, struct err *err)
{
	static const struct tls_names NAMES = { "sslrootcert of pg.conninfo", "sslcert of pg.conninfo",
						"sslkey of pg.conninfo" };
	char ca_file[4096], cert_file[4096], key_file[4096];
	struct tls_options ca = { .ca_file = ca_file, .names = &NAMES };
	struct tls_options own = { .cert_file = cert_file, .key_file = key_file, .names = &NAMES };
	struct err why = { 0 };

	copy_option(conn, "sslrootcert", ca_file, sizeof ca_file);
	copy_option(conn, "sslcert", cert_file, sizeof cert_file);
	copy_option(conn, "sslkey", key_file, sizeof key_file);
	if (strcmp(ca_file, "system") == 0)
		ca_file[0] = '\0';
	if (tls_files_check(&ca, &why) == -ERR_CONFIG)
		return err_set(err, ERR_CONFIG, peer_cause_name(PEER_CA), "%s", why.text);
	return *cert_file && tls_files_check(&own, err) == -ERR_CONFIG ? -ERR_CONFIG : 0;
}

static bool await(int fd, short events, int64_t end_ms)
{
	struct pollfd one = { .fd = fd, .events = events };

	return poll(&one, 1, (int)MAX(end_ms - clock_ms(), (int64_t)0)) > 0;
}

/* -1: it is not there now. */
static int dial(PGconn *conn, int64_t end_ms)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	const char *address = PQhostaddr(conn), *port = PQport(conn);

	if (!address || !*address || !port || getaddrinfo(address, port, &hints, &found) != 0)
		return -1;
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool is_begun = fd >= 0 && (connect(fd, found->ai_addr, found->ai_addrlen) == 0 || errno == EINPROGRESS);

	freeaddrinfo(found);
	if (is_begun && await(fd, POLLOUT, end_ms))
		return fd;
	drop_fd(&fd);
	return -1;
}

static bool offers_tls(int fd, int64_t end_ms)
{
	uint8_t request[SSL_REQUEST_BYTES];
	char answer = 0;

	num_put_be32(request, SSL_REQUEST_BYTES);
	num_put_be32(request + 4, SSL_REQUEST_CODE);
	return send(fd, request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request &&
	       await(fd, POLLIN, end_ms) && recv(fd, &answer, 1, 0) == 1 && answer == 'S';
}

static enum peer_cause shake(PGconn *conn, int fd, int64_t end_ms)
{
	char ca_file[4096];
	struct tls_options options = { .ca_file = ca_file };
	struct tls_client *client = NULL;
	enum tls_io io;

	copy_option(conn, "sslrootcert", ca_file, sizeof ca_file);
	if (tls_client_open(&options, PQhost(conn), fd, &client, NULL) != 0)
		return PEER_CA;
	while ((io = tls_client_shake(client)) == TLS_WANTS_READ || io == TLS_WANTS_WRITE)
		if (!await(fd, io == TLS_WANTS_READ ? POLLIN : POLLOUT, end_ms))
			break;
	enum peer_cause cause = io == TLS_CLOSED ? tls_client_cause(client) : PEER_TLS;

	tls_client_close(client);
	return cause;
}

enum peer_cause pg_find_tls_cause(PGconn *conn, enum peer_cause as_said)
{
	int64_t end_ms = clock_ms() + PROBE_MS_MAX;

	if (as_said != PEER_CA && as_said != PEER_WANTS_TLS)
		return as_said;
	CLEANUP(drop_fd) int fd = dial(conn, end_ms);

	if (as_said == PEER_WANTS_TLS)
		return fd >= 0 && offers_tls(fd, end_ms) ? PEER_WANTS_TLS : PEER_LOGIN;
	if (fd < 0 || !offers_tls(fd, end_ms))
		return as_said;
	enum peer_cause cause = shake(conn, fd, end_ms);

	return cause == PEER_CA || cause == PEER_CERT_NAME || cause == PEER_CERT_TIME ? cause : as_said;
}
