/* tls_client: TLS over a connection that we have opened and that never blocks. Who is at the other end is checked by CA
 * and name; a failure has its cause (base/peer_cause.h).
 *
 * Files are read at each tls_client_open, so a rotated CA or certificate is taken at the next connection. TLS 1.2 and
 * later. Owner: one thread; the descriptor stays the caller's, and outlives the client. */
#ifndef TLS_TLS_CLIENT_H
#define TLS_TLS_CLIENT_H

#include "base/err.h"
#include "base/peer_cause.h"
#include "base/slice.h"

/* How the settings call the files, for errors. */
struct tls_names {
	const char *ca, *cert, *key;
};

struct tls_options {
	const char *ca_file;		  /* empty or NULL: the CAs of the system */
	const char *cert_file, *key_file; /* ours, both or none */
	const struct tls_names *names;	  /* NULL: of no settings */
};

struct tls_client;

enum tls_io { TLS_DONE, TLS_WANTS_READ, TLS_WANTS_WRITE, TLS_CLOSED };

/* Whether the files are there, are what they should be and belong together, each in a sentence of its own. ERR_CONFIG
 * "file"; ERR_RETRY: no memory. */
MUSTUSE int tls_files_check(const struct tls_options *options, struct err *err);

/* host: the name or address the certificate must be of; empty: none is asked for (a socket's path). ERR_RETRY: no
 * memory, or a file that cannot be read now, code "tls-files". */
MUSTUSE int tls_client_open(const struct tls_options *options, const char *host, int fd, struct tls_client **ret,
			    struct err *err);
void tls_client_close(struct tls_client *client);

/* Repeat what wants to read or write once the descriptor can. TLS_CLOSED: it is over, tls_client_cause says why. */
MUSTUSE enum tls_io tls_client_shake(struct tls_client *client);
MUSTUSE enum tls_io tls_client_read(struct tls_client *client, void *out, size_t bytes_max, size_t *ret_bytes);
MUSTUSE enum tls_io tls_client_write(struct tls_client *client, struct slice bytes, size_t *ret_bytes);
/* Of what ended it; PEER_AWAY: the line broke. */
enum peer_cause tls_client_cause(const struct tls_client *client);

#endif
