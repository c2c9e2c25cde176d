#include "gateway/client_certificate.h"

#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { NOW_S = 1800000000, DAY_S = 86400 };
#define OIN "00000099000000001000"

struct party {
	EVP_PKEY *key;
	X509 *cert;
};

static struct party ca, other_ca, between;
static struct client_authority *authority;

static void add_extension(X509 *cert, const X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, (X509 *)(uintptr_t)issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	cr_assert(extension);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

struct wish {
	const char *oin, *second_oin; /* NULL: none */
	int64_t from_s, until_s;      /* beside now */
	const char *usage;	      /* NULL: clientAuth */
	bool is_ca;
	long serial;
};

/* issuer NULL: signed by itself. */
static struct party make(const struct party *issuer, const char *name, const struct wish *wish)
{
	struct party made = { EVP_EC_gen("P-256"), X509_new() };
	X509_NAME *subject = X509_get_subject_name(made.cert);

	X509_set_version(made.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(made.cert), wish->serial ? wish->serial : 7);
	ASN1_TIME_set(X509_getm_notBefore(made.cert), NOW_S + wish->from_s);
	ASN1_TIME_set(X509_getm_notAfter(made.cert), NOW_S + wish->until_s);
	X509_set_pubkey(made.cert, made.key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	if (wish->oin)
		X509_NAME_add_entry_by_txt(subject, "serialNumber", MBSTRING_ASC, (const unsigned char *)wish->oin, -1,
					   -1, 0);
	if (wish->second_oin)
		X509_NAME_add_entry_by_txt(subject, "serialNumber", MBSTRING_ASC,
					   (const unsigned char *)wish->second_oin, -1, -1, 0);
	X509_set_issuer_name(made.cert, X509_get_subject_name(issuer ? issuer->cert : made.cert));
	add_extension(made.cert, issuer ? issuer->cert : made.cert, NID_basic_constraints,
		      wish->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (!wish->is_ca)
		add_extension(made.cert, made.cert, NID_ext_key_usage, wish->usage ? wish->usage : "clientAuth");
	cr_assert(X509_sign(made.cert, issuer ? issuer->key : made.key, EVP_sha256()) > 0);
	return made;
}

static void drop(struct party *party)
{
	EVP_PKEY_free(party->key);
	X509_free(party->cert);
}

static void add_der(struct strbuf *out, X509 *cert)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);

	strbuf_add_bytes(out, der, (size_t)n);
	OPENSSL_free(der);
}

static struct slice pem_of(BIO *bio)
{
	char *bytes;
	long n = BIO_get_mem_data(bio, &bytes);

	return slice_make(bytes, (size_t)n);
}

static void make_cas(void)
{
	const struct wish wish = { .from_s = -DAY_S, .until_s = 100 * DAY_S, .is_ca = true };
	BIO *pem = BIO_new(BIO_s_mem());
	struct err err = { 0 };

	ca = make(NULL, "ca", &wish);
	other_ca = make(NULL, "other", &wish);
	between = make(&ca, "between", &wish);
	PEM_write_bio_X509(pem, ca.cert);
	cr_assert_eq(client_authority_read(pem_of(pem), (struct slice){ 0 }, &authority, &err), 0);
	BIO_free(pem);
}

static void drop_cas(void)
{
	drop(&ca);
	drop(&other_ca);
	drop(&between);
	client_authority_free(authority);
}

static const char *reason_of(const struct party *issuer, const struct wish *wish, X509 *with, int64_t now_s)
{
	struct party sender = make(issuer, "sender", wish);
	struct strbuf ders = { 0 };
	char oin[OIN_DIGITS + 1] = "";

	strbuf_init(&ders, CLIENT_CERTIFICATE_BYTES_MAX);
	add_der(&ders, sender.cert);
	if (with)
		add_der(&ders, with);
	enum client_certificate_answer answer = client_certificate_check(authority, strbuf_slice(&ders), now_s, oin);

	cr_expect((answer == CLIENT_CERTIFICATE_GOOD) == (strcmp(oin, OIN) == 0));
	cr_expect_eq(ERR_peek_error(), 0, "OpenSSL's errors are for whoever asks next");
	strbuf_release(&ders);
	drop(&sender);
	return client_certificate_reason(answer);
}

Test(gateway_client_certificate, believes_those_of_the_ca_in_their_time_with_an_oin, .init = make_cas, .fini = drop_cas)
{
	const struct wish good = { .oin = OIN, .from_s = -DAY_S, .until_s = DAY_S };
	struct wish wish = good;

	cr_expect_str_eq(reason_of(&ca, &good, NULL, NOW_S), "good");
	cr_expect_str_eq(reason_of(&between, &good, between.cert, NOW_S), "good");
	cr_expect_str_eq(reason_of(&between, &good, NULL, NOW_S), "certificate_authority", "who is between is missing");
	cr_expect_str_eq(reason_of(&other_ca, &good, NULL, NOW_S), "certificate_authority");
	cr_expect_str_eq(reason_of(&other_ca, &good, other_ca.cert, NOW_S), "certificate_authority",
			 "what the sender brings is not trusted for that");
	cr_expect_str_eq(reason_of(NULL, &good, NULL, NOW_S), "certificate_authority", "signed by itself");
	cr_expect_str_eq(reason_of(&ca, &good, NULL, NOW_S + DAY_S + 1), "certificate_expired");
	cr_expect_str_eq(reason_of(&ca, &good, NULL, NOW_S - DAY_S - 1), "certificate_early");
	struct party namesake = make(NULL, "ca", &(struct wish){ .from_s = -DAY_S, .until_s = DAY_S, .is_ca = true });

	cr_expect_str_eq(reason_of(&namesake, &good, NULL, NOW_S), "certificate_authority", "a CA of the same name");
	drop(&namesake);
	wish.usage = "serverAuth";
	cr_expect_str_eq(reason_of(&ca, &wish, NULL, NOW_S), "certificate_authority", "made for servers");
	wish = good;
	wish.oin = NULL;
	cr_expect_str_eq(reason_of(&ca, &wish, NULL, NOW_S), "certificate_oin");
	wish.oin = "0000009900000000100";
	cr_expect_str_eq(reason_of(&ca, &wish, NULL, NOW_S), "certificate_oin", "19 digits");
	wish.oin = "0000009900000000100x";
	cr_expect_str_eq(reason_of(&ca, &wish, NULL, NOW_S), "certificate_oin", "a letter");
	wish = good;
	wish.second_oin = "00000099000000002000";
	cr_expect_str_eq(reason_of(&ca, &wish, NULL, NOW_S), "certificate_oin", "two: which?");
}

Test(gateway_client_certificate, reads_nothing_but_certificates, .init = make_cas, .fini = drop_cas)
{
	struct strbuf ders = { 0 };
	char oin[OIN_DIGITS + 1];

	cr_expect_eq(client_certificate_check(authority, (struct slice){ 0 }, NOW_S, oin), CLIENT_CERTIFICATE_FORM);
	cr_expect_eq(client_certificate_check(authority, SLICE_LITERAL("x"), NOW_S, oin), CLIENT_CERTIFICATE_FORM);
	strbuf_init(&ders, CLIENT_CERTIFICATE_BYTES_MAX);
	add_der(&ders, ca.cert);
	struct slice cut = { ders.p, ders.n - 1 };

	cr_expect_eq(client_certificate_check(authority, cut, NOW_S, oin), CLIENT_CERTIFICATE_FORM);
	cr_expect_eq(ERR_peek_error(), 0);
	strbuf_add_char(&ders, 'x');
	cr_expect_eq(client_certificate_check(authority, strbuf_slice(&ders), NOW_S, oin), CLIENT_CERTIFICATE_FORM,
		     "something behind it");
	ders.n--;
	for (int i = 0; i < 20; i++)
		add_der(&ders, between.cert);
	cr_expect_eq(client_certificate_check(authority, strbuf_slice(&ders), NOW_S, oin), CLIENT_CERTIFICATE_FORM,
		     "a chain without end");
	strbuf_release(&ders);
}

/* A list of the CA with this serial number, as PEM. */
static BIO *make_list(long serial, int64_t until_s)
{
	X509_CRL *list = X509_CRL_new();
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, NOW_S - 3600), *until = ASN1_TIME_set(NULL, NOW_S + until_s);
	BIO *pem = BIO_new(BIO_s_mem());

	X509_CRL_set_version(list, 1);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(ca.cert));
	X509_CRL_set1_lastUpdate(list, at);
	X509_CRL_set1_nextUpdate(list, until);
	ASN1_INTEGER_set(number, serial);
	X509_REVOKED_set_serialNumber(revoked, number);
	X509_REVOKED_set_revocationDate(revoked, at);
	X509_CRL_add0_revoked(list, revoked);
	cr_assert(X509_CRL_sign(list, ca.key, EVP_sha256()) > 0);
	PEM_write_bio_X509_CRL(pem, list);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(at);
	ASN1_TIME_free(until);
	X509_CRL_free(list);
	return pem;
}

Test(gateway_client_certificate, knows_those_that_were_taken_back, .init = make_cas, .fini = drop_cas)
{
	const struct wish good = { .oin = OIN, .from_s = -DAY_S, .until_s = DAY_S, .serial = 41 };
	const struct wish revoked = { .oin = OIN, .from_s = -DAY_S, .until_s = DAY_S, .serial = 42 };
	BIO *list = make_list(42, 3600), *cas = BIO_new(BIO_s_mem());
	struct err err = { 0 };

	PEM_write_bio_X509(cas, ca.cert);
	client_authority_free(authority);
	cr_assert_eq(client_authority_read(pem_of(cas), pem_of(list), &authority, &err), 0);
	cr_expect_str_eq(reason_of(&ca, &good, NULL, NOW_S), "good");
	cr_expect_str_eq(reason_of(&ca, &revoked, NULL, NOW_S), "certificate_revoked");
	cr_expect_str_eq(reason_of(&ca, &good, NULL, NOW_S + 3601), "certificate_list", "a list of yesterday");
	cr_expect_str_eq(reason_of(&between, &good, between.cert, NOW_S), "certificate_list", "no list of that CA");
	BIO_free(list);
	BIO_free(cas);
}

Test(gateway_client_certificate, wants_cas)
{
	struct client_authority *none = NULL;
	struct err err = { 0 };

	cr_expect_eq(client_authority_read(SLICE_LITERAL("no PEM"), (struct slice){ 0 }, &none, &err), -ERR_CONFIG);
	cr_expect_eq(client_authority_read((struct slice){ 0 }, (struct slice){ 0 }, &none, &err), -ERR_CONFIG);
	cr_expect_null(none);
}

/* A CA or list that is left out in silence shuts its senders out, or lets in who was taken back. */
Test(gateway_client_certificate, takes_all_of_a_file_or_nothing, .init = make_cas, .fini = drop_cas)
{
	struct client_authority *none = NULL;
	BIO *list = make_list(42, 3600), *cas = BIO_new(BIO_s_mem());
	struct err err = { 0 };

	PEM_write_bio_X509(cas, ca.cert);
	BIO_puts(cas, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
	cr_expect_eq(client_authority_read(pem_of(cas), (struct slice){ 0 }, &none, &err), -ERR_CONFIG);
	cr_expect_str_eq(err.code, "tls.client.ca.file");
	BIO_free(cas);
	cas = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(cas, ca.cert);
	BIO_puts(list, "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n");
	cr_expect_eq(client_authority_read(pem_of(cas), pem_of(list), &none, &err), -ERR_CONFIG);
	cr_expect_str_eq(err.code, "tls.client.crl.file");
	cr_expect_null(none);
	BIO_free(list);
	BIO_free(cas);
}

static const struct {
	const char *value;
	const char *ders; /* NULL: another form */
} HEADERS[] = {
	{ ":YWJj:", "abc" },
	{ ":YWI=:", "ab" },
	{ " :YQ==: ", "a" },
	{ ":YWJj:, :ZGVm:", "abcdef" },
	{ ":YWJj:,:ZGVm:", "abcdef" },
	{ "", NULL },
	{ "YWJj", NULL },
	{ ":YWJj", NULL },
	{ "::", NULL },
	{ ":YWI:", NULL },
	{ ":YWJ-:", NULL },
	{ ":YWJj:;a=1", NULL },
	{ ":YWJj:,", NULL },
	{ ":YWJj:;:ZGVm:", NULL },
	{ ":YWJj: :ZGVm:", NULL },
	{ ":Y WJ:", NULL },
	{ ":YQ==:,:YQ==:,:YQ==:", NULL },
};

Test(gateway_client_certificate, reads_the_header_of_a_front)
{
	for (size_t i = 0; i < ARRAY_LEN(HEADERS); i++) {
		struct strbuf ders = { 0 };

		strbuf_init(&ders, 100);
		bool is_good = client_certificate_read_header(slice_of(HEADERS[i].value), 2, &ders);

		cr_expect_eq(is_good, HEADERS[i].ders != NULL, "%s", HEADERS[i].value);
		cr_expect(!is_good || slice_equal_text(strbuf_slice(&ders), HEADERS[i].ders), "%s", HEADERS[i].value);
		strbuf_release(&ders);
	}
}
