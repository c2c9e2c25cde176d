#include "gateway/client_certificate.h"

#include "base/num.h"
#include "http/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

enum { CHAIN_MAX = 8, SECURITY_LEVEL = 2 /* of OpenSSL: RSA of 2048 bits, SHA-256 */ };

struct client_authority {
	X509_STORE *store;
};

static const struct {
	const char *reason, *advice;
} WORDS[CLIENT_CERTIFICATE_ANSWERS] = {
	[CLIENT_CERTIFICATE_GOOD] = { "good", "" },
	[CLIENT_CERTIFICATE_FORM] = { "certificate_form", "Uw certificaat is niet te lezen" },
	[CLIENT_CERTIFICATE_HEADER] = { "certificate_header",
					"De kop Client-Cert hoort niet in dit verzoek: stuur uw certificaat mee bij "
					"het opzetten van de verbinding" },
	[CLIENT_CERTIFICATE_AUTHORITY] = { "certificate_authority",
					   "Uw certificaat is niet van een uitgever die hier wordt vertrouwd: gebruik "
					   "een certificaat van PKIoverheid met de tussenliggende certificaten erbij" },
	[CLIENT_CERTIFICATE_EXPIRED] = { "certificate_expired", "Uw certificaat is verlopen: gebruik het nieuwe" },
	[CLIENT_CERTIFICATE_EARLY] = { "certificate_early",
				       "Uw certificaat geldt nog niet: gebruik het vorige tot het zover is" },
	[CLIENT_CERTIFICATE_REVOKED] = { "certificate_revoked", "Uw certificaat is ingetrokken: gebruik een ander" },
	[CLIENT_CERTIFICATE_LIST] = { "certificate_list",
				      "Of uw certificaat is ingetrokken kan nu niet worden nagegaan, probeer het "
				      "later weer" },
	[CLIENT_CERTIFICATE_OIN] = { "certificate_oin",
				     "In uw certificaat staat geen OIN: gebruik een certificaat met het OIN van uw "
				     "organisatie als serienummer van het onderwerp" },
	[CLIENT_CERTIFICATE_MEMORY] = { "certificate_memory",
					"Er is nu geen ruimte voor dit verzoek, probeer het zo weer" },
};

const char *client_certificate_reason(enum client_certificate_answer answer)
{
	return WORDS[answer].reason;
}

const char *client_certificate_advice(enum client_certificate_answer answer)
{
	return WORDS[answer].advice;
}

/* ---- whom to trust ---- */

static void drop_bio(BIO **bio)
{
	BIO_free(*bio);
}

/* All of them or none: one that is left out would shut its senders out. Certificates added, or -1. */
static int add_cas(X509_STORE *store, struct slice pem)
{
	CLEANUP(drop_bio) BIO *bio = pem_open(pem);
	bool is_added = bio != NULL;
	int count = 0;

	for (X509 *ca; is_added && (ca = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL; X509_free(ca)) {
		is_added = X509_STORE_add_cert(store, ca) == 1;
		count++;
	}
	return pem_is_at_end() && is_added ? count : -1;
}

static int add_lists(X509_STORE *store, struct slice pem)
{
	CLEANUP(drop_bio) BIO *bio = pem_open(pem);
	bool is_added = bio != NULL;
	int count = 0;

	for (X509_CRL *list; is_added && (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL;
	     X509_CRL_free(list)) {
		is_added = X509_STORE_add_crl(store, list) == 1;
		count++;
	}
	return pem_is_at_end() && is_added ? count : -1;
}

int client_authority_read(struct slice ca_pem, struct slice crl_pem, struct client_authority **ret, struct err *err)
{
	struct client_authority *authority = calloc(1, sizeof *authority);
	int rc = 0;

	if (authority)
		authority->store = X509_STORE_new();
	if (!authority || !authority->store)
		rc = err_set(err, ERR_FATAL, "memory", "no memory for the CAs of client certificates");
	else if (add_cas(authority->store, ca_pem) <= 0)
		rc = err_set(err, ERR_CONFIG, "tls.client.ca.file",
			     "it holds no certificate (PEM), or one that cannot be read");
	else if (crl_pem.n > 0 && add_lists(authority->store, crl_pem) <= 0)
		rc = err_set(err, ERR_CONFIG, "tls.client.crl.file",
			     "it holds no list of revoked certificates (PEM), or one that cannot be read");
	else if (crl_pem.n > 0 && X509_STORE_set_flags(authority->store, X509_V_FLAG_CRL_CHECK) != 1)
		rc = err_set(err, ERR_FATAL, "tls", "OpenSSL does not look at revoked certificates");
	if (rc != 0) {
		client_authority_free(authority);
		return rc;
	}
	*ret = authority;
	return 0;
}

void client_authority_free(struct client_authority *authority)
{
	if (!authority)
		return;
	X509_STORE_free(authority->store);
	free(authority);
}

/* ---- one sender ---- */

struct presented {
	X509 *leaf;
	STACK_OF(X509) * between;
};

static void drop_presented(struct presented *presented)
{
	X509_free(presented->leaf);
	sk_X509_pop_free(presented->between, X509_free);
}

/* Why one could not be read: what is wrong with its bytes is always said. */
static enum client_certificate_answer unread_answer(void)
{
	unsigned long error = ERR_peek_error();

	ERR_clear_error();
	return error == 0 || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE ? CLIENT_CERTIFICATE_MEMORY
									   : CLIENT_CERTIFICATE_FORM;
}

static enum client_certificate_answer read_ders(struct slice ders, struct presented *ret)
{
	const unsigned char *at = (const unsigned char *)ders.p;

	if (ders.n == 0)
		return CLIENT_CERTIFICATE_FORM;
	const unsigned char *end = at + ders.n;

	ret->between = sk_X509_new_null();
	if (!ret->between)
		return CLIENT_CERTIFICATE_MEMORY;
	ERR_clear_error();
	while (at < end) {
		X509 *next = d2i_X509(NULL, &at, end - at);

		if (!next)
			return unread_answer();
		if (!ret->leaf) {
			ret->leaf = next;
		} else if (sk_X509_num(ret->between) >= CHAIN_MAX) {
			X509_free(next);
			return CLIENT_CERTIFICATE_FORM;
		} else if (sk_X509_push(ret->between, next) == 0) {
			X509_free(next);
			return CLIENT_CERTIFICATE_MEMORY;
		}
	}
	return ret->leaf ? CLIENT_CERTIFICATE_GOOD : CLIENT_CERTIFICATE_FORM;
}

static enum client_certificate_answer answer_of(int cause)
{
	switch (cause) {
	case X509_V_OK:
		return CLIENT_CERTIFICATE_GOOD;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return CLIENT_CERTIFICATE_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return CLIENT_CERTIFICATE_EARLY;
	case X509_V_ERR_CERT_REVOKED:
		return CLIENT_CERTIFICATE_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return CLIENT_CERTIFICATE_LIST;
	case X509_V_ERR_OUT_OF_MEM:
		return CLIENT_CERTIFICATE_MEMORY;
	default:
		return CLIENT_CERTIFICATE_AUTHORITY;
	}
}

static enum client_certificate_answer check_chain(const struct client_authority *authority,
						  const struct presented *presented, int64_t now_s)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	enum client_certificate_answer answer = CLIENT_CERTIFICATE_MEMORY;

	if (context && X509_STORE_CTX_init(context, authority->store, presented->leaf, presented->between) == 1 &&
	    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) == 1) {
		X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(context);

		X509_VERIFY_PARAM_set_auth_level(how, SECURITY_LEVEL);
		X509_VERIFY_PARAM_set_time(how, (time_t)now_s);
		int verified = X509_verify_cert(context);

		if (verified >= 0) /* else it could not look */
			answer = answer_of(X509_STORE_CTX_get_error(context));
		if (verified == 0 && answer == CLIENT_CERTIFICATE_GOOD)
			answer = CLIENT_CERTIFICATE_AUTHORITY; /* a failure without its cause is one */
	}
	X509_STORE_CTX_free(context);
	return answer;
}

static enum client_certificate_answer read_oin(const X509 *leaf, char oin[OIN_DIGITS + 1])
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	int at = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) >= 0)
		return CLIENT_CERTIFICATE_OIN;
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	struct slice digits = { (const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value) };

	if (digits.n != OIN_DIGITS || !num_is_digits(digits))
		return CLIENT_CERTIFICATE_OIN;
	memcpy(oin, digits.p, OIN_DIGITS);
	oin[OIN_DIGITS] = '\0';
	return CLIENT_CERTIFICATE_GOOD;
}

enum client_certificate_answer client_certificate_check(const struct client_authority *authority, struct slice ders,
							int64_t now_s, char oin[OIN_DIGITS + 1])
{
	CLEANUP(drop_presented) struct presented presented = { 0 };
	enum client_certificate_answer answer = read_ders(ders, &presented);

	if (answer == CLIENT_CERTIFICATE_GOOD)
		answer = check_chain(authority, &presented, now_s);
	if (answer == CLIENT_CERTIFICATE_GOOD)
		answer = read_oin(presented.leaf, oin);
	ERR_clear_error(); /* or the next look at a TLS connection takes it for its own */
	return answer;
}

/* ---- the header of a front ---- */

/* One binary of RFC 8941 off the front: ":base64:". */
static bool cut_binary(struct slice *rest, struct strbuf *ders)
{
	if (rest->n == 0 || rest->p[0] != ':')
		return false;
	*rest = slice_from(*rest, 1);
	const char *end = rest->n > 0 ? memchr(rest->p, ':', rest->n) : NULL;

	if (!end)
		return false;
	struct slice text = slice_cut(rest, (size_t)(end - rest->p));
	size_t padding = 0;

	*rest = slice_from(*rest, 1);
	while (padding < 2 && padding < text.n && text.p[text.n - 1 - padding] == '=')
		padding++;
	if (text.n == 0 || text.n % 4 != 0)
		return false;
	size_t bytes = text.n / 4 * 3 - padding;

	if (!strbuf_reserve(ders, bytes) || !num_from_base64(text, ders->p + ders->n, bytes))
		return false;
	ders->n += bytes;
	return true;
}

bool client_certificate_read_header(struct slice value, size_t max, struct strbuf *ders)
{
	struct slice rest = slice_trim(value);

	for (size_t count = 0; count < max; count++) {
		if (!cut_binary(&rest, ders))
			return false;
		rest = slice_trim(rest);
		if (rest.n == 0)
			return true;
		if (rest.p[0] != ',')
			return false;
		rest = slice_trim(slice_from(rest, 1));
	}
	return false;
}
