/* client_certificate: who speaks, by a certificate of PKIoverheid or another CA that is trusted for it: the OIN is the
 * subject's serialNumber.
 *
 * The certificates come from the TLS of the gateway's own listener, or from a TLS front that hands them on in the
 * header Client-Cert (RFC 9440) over a Unix socket that only it can open. Both prove that the sender has the key, and
 * nothing else: all of the rest is checked here, for each request, so that a certificate that expires ends with it and
 * not with its connection. Pure but for what is read at the start. */
#ifndef GATEWAY_CLIENT_CERTIFICATE_H
#define GATEWAY_CLIENT_CERTIFICATE_H

#include "base/err.h"
#include "base/strbuf.h"

#include <stdint.h>

enum { CLIENT_CERTIFICATE_BYTES_MAX = 64 << 10, OIN_DIGITS = 20 };

struct client_authority;

/* CAs that client certificates must come from, and lists of what these took back (CRL), PEM; crl_pem empty: nothing is
 * looked up. ERR_CONFIG: no certificate in it, or a list that cannot be read. */
MUSTUSE int client_authority_read(struct slice ca_pem, struct slice crl_pem, struct client_authority **ret,
				  struct err *err);
void client_authority_free(struct client_authority *authority); /* takes NULL */

enum client_certificate_answer {
	CLIENT_CERTIFICATE_GOOD,
	CLIENT_CERTIFICATE_FORM,      /* the header or the certificate cannot be read */
	CLIENT_CERTIFICATE_HEADER,    /* Client-Cert where nobody but a front of ours may send it */
	CLIENT_CERTIFICATE_AUTHORITY, /* of another CA, or the chain to it is missing */
	CLIENT_CERTIFICATE_EXPIRED,
	CLIENT_CERTIFICATE_EARLY,
	CLIENT_CERTIFICATE_REVOKED,
	CLIENT_CERTIFICATE_LIST, /* whether it was taken back is not known: the list is too old, or missing */
	CLIENT_CERTIFICATE_OIN,	 /* no OIN in it, or two */
	CLIENT_CERTIFICATE_MEMORY,
	CLIENT_CERTIFICATE_ANSWERS
};

/* ders: certificates in DER one behind the other, that of the sender first, then those between it and the CA. now_s:
 * since 1970. oin is written with CLIENT_CERTIFICATE_GOOD only. */
enum client_certificate_answer client_certificate_check(const struct client_authority *authority, struct slice ders,
							int64_t now_s, char oin[OIN_DIGITS + 1]);

/* Adds what a header Client-Cert or one of Client-Cert-Chain holds, a list of binaries of RFC 8941, in DER. max: of
 * certificates. false: another form. */
MUSTUSE bool client_certificate_read_header(struct slice value, size_t max, struct strbuf *ders);

/* The word for metrics and the log: "expired". */
const char *client_certificate_reason(enum client_certificate_answer answer);
/* One Dutch sentence without its full stop. */
const char *client_certificate_advice(enum client_certificate_answer answer);

#endif
