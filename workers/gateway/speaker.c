#include "gateway/speaker.h"

#include "base/clock.h"
#include "base/num.h"
#include "gateway/gateway_metrics.h"
#include "gateway/services.h"
#include "model/teacher_key.h"

#include <assert.h>
#include <stdio.h>
#include <strings.h>

enum { REFERENCE_DIGEST_BYTES = 4, SUBJECT_DIGEST_BYTES = 8, CERTIFICATES_MAX = 8 };
#define CLIENT_CERTIFICATE_HEADER_NAME "Client-Cert" /* RFC 9440 */

static_assert(SIGNED_TOKEN_PARTIES_MAX == SPEAKER_CHAIN_MAX + 1, "a chain and the party behind it");

/* What stands behind "Bearer " in the header; p NULL: another scheme, or none. */
static struct slice bearer_of(struct slice authorization)
{
	static const char SCHEME[] = "Bearer ";
	const size_t scheme_bytes = sizeof SCHEME - 1;

	if (authorization.n < scheme_bytes || strncasecmp(authorization.p, SCHEME, scheme_bytes) != 0)
		return (struct slice){ 0 };
	return slice_trim(slice_from(authorization, scheme_bytes));
}

/* The name that the operator gave the token; else the beginning of its digest, which finds its line. */
static void refer_to_token(struct speaker *speaker, const uint8_t sha256[32])
{
	struct slice name = token_lines_name(speaker->lines);
	char digest[2 * REFERENCE_DIGEST_BYTES];

	num_to_hex(sha256, REFERENCE_DIGEST_BYTES, digest);
	if (name.n == 0)
		name = slice_make(digest, sizeof digest);
	snprintf(speaker->reference, sizeof speaker->reference, "token:%.*s", (int)name.n, name.p);
}

static enum access_answer identify_line(const struct tokens *tokens, const uint8_t sha256[32], int32_t today,
					struct speaker *ret)
{
	enum access_answer answer = tokens_find(tokens, sha256, today, &ret->lines);

	if (ret->lines.count > 0)
		refer_to_token(ret, sha256); /* also of one that was ours: the operator wants to know which */
	if (answer != ACCESS_GOOD)
		return answer;
	ret->kind = SPEAKER_TOKEN;
	ret->id = num_get_be64(sha256);
	return ACCESS_GOOD;
}

/* A random token of the access data: of a party, or of a board itself. */
static enum access_answer identify_credential(const struct access_data *data, const uint8_t sha256[32], int32_t today,
					      struct speaker *ret)
{
	const struct access_credential *credential = data ? access_data_credential(data, sha256) : NULL;

	if (!credential)
		return ACCESS_UNKNOWN;
	if (credential->is_withdrawn)
		return ACCESS_WITHDRAWN;
	if (today > credential->until)
		return ACCESS_EXPIRED;
	ret->kind = credential->party != 0 ? SPEAKER_PARTY : SPEAKER_BOARD;
	ret->id = num_get_be64(sha256);
	ret->board = credential->board;
	ret->party = credential->party;
	ret->until = credential->until;
	if (credential->party != 0)
		ret->number_count = access_data_numbers_of(data, credential->party, ret->numbers, SPEAKER_NUMBERS_MAX);
	snprintf(ret->reference, sizeof ret->reference, "credential:%s", credential->name);
	return ACCESS_GOOD;
}

const char *speaker_why_unsure(const struct services *services)
{
	return services->is_access_refused
		       ? "Door een storing bij ons kunnen wij nu niet nagaan wie u bent en wat u mag: u hoeft niets te "
			 "veranderen, probeer het later weer"
		       : "De gegevens over machtigingen zijn nog niet geladen, probeer het zo weer";
}

/* A random token: of the file, else of the access data. */
static enum access_answer identify_random(const struct services *services, struct slice token, int32_t today,
					  struct speaker *ret)
{
	uint8_t sha256[32];

	sha256_of(token, sha256);
	enum access_answer answer = identify_line(services->tokens, sha256, today, ret);

	if (answer == ACCESS_UNKNOWN)
		answer = identify_credential(services->access, sha256, today, ret);
	if (answer == ACCESS_UNKNOWN && services->awaits_access)
		ret->refusal = (struct proof_refusal){
			.is_unsure = true,
			.advice = speaker_why_unsure(services),
		};
	return answer;
}

/* ---- signed tokens ---- */

/* Issuer and subject find each other again by this, and it says neither. */
static void refer_to_subject(struct speaker *speaker, const char *issuer, const struct signed_token *token)
{
	char text[1024 + SIGNED_TOKEN_SUBJECT_BYTES_MAX], digest[2 * SUBJECT_DIGEST_BYTES];
	int n = snprintf(text, sizeof text, "%s\n%s", issuer, token->subject);
	uint8_t sha256[32];

	sha256_of(slice_make(text, (size_t)n), sha256);
	num_to_hex(sha256, SUBJECT_DIGEST_BYTES, digest);
	speaker->id = num_get_be64(sha256);
	snprintf(speaker->reference, sizeof speaker->reference, "jwt:%.*s", (int)sizeof digest, digest);
}

static void take_parties(struct speaker *speaker, const struct signed_token *token)
{
	if (token->party_count == 0)
		return; /* a person, for himself: no board's number is his */
	speaker->chain_count = token->party_count - 1;
	memcpy(speaker->chain, token->parties, speaker->chain_count * sizeof *speaker->chain);
	speaker->numbers[0] = token->parties[token->party_count - 1];
	speaker->number_count = 1;
}

static enum access_answer refuse_signed(struct issuer_keys *keys, enum signed_token_answer answer,
					struct proof_refusal *ret)
{
	gateway_metric_signed_token(answer);
	*ret = (struct proof_refusal){ .reason = signed_token_reason(answer),
				       .advice = signed_token_advice(answer),
				       .is_unsure = answer == SIGNED_TOKEN_MEMORY };
	if (answer == SIGNED_TOKEN_KEY && issuer_keys_miss(keys)) {
		ret->is_unsure = true;
		ret->advice = "De sleutel van dit token wordt opgevraagd bij wie het maakte, probeer het zo weer";
	}
	return answer == SIGNED_TOKEN_EXPIRED ? ACCESS_EXPIRED : ACCESS_UNKNOWN;
}

static enum access_answer identify_signed(const struct services *services, struct slice text, struct speaker *ret)
{
	struct signed_token token;
	enum signed_token_answer answer =
		signed_token_cache_check(services->signed_tokens, text, issuer_keys_now(services->issuer_keys),
					 &services->signed_token_rules, clock_wall_ms() / 1000, &token);

	if (answer != SIGNED_TOKEN_GOOD)
		return refuse_signed(services->issuer_keys, answer, &ret->refusal);
	ret->kind = SPEAKER_PARTY;
	refer_to_subject(ret, services->signed_token_rules.issuer, &token);
	take_parties(ret, &token);
	return ACCESS_GOOD;
}

/* ---- client certificates ---- */

static bool take_chain(void *self, struct slice name, struct slice value)
{
	static const char CHAIN[] = "Client-Cert-Chain";
	struct strbuf *ders = self;

	if (name.n != sizeof CHAIN - 1 || strncasecmp(name.p, CHAIN, name.n) != 0)
		return true;
	if (client_certificate_read_header(value, CERTIFICATES_MAX, ders))
		return true;
	ders->is_full = true; /* and so none of it is believed */
	return false;
}

/* What the front says that the sender showed; without the header: nothing. */
static void take_header(const struct request *request, struct strbuf *ders)
{
	struct slice own = request_header(request, CLIENT_CERTIFICATE_HEADER_NAME);

	if (!own.p)
		return;
	if (client_certificate_read_header(own, 1, ders))
		request_walk_headers(request, take_chain, ders);
	else
		ders->is_full = true;
}

static enum access_answer refuse_certificate(enum client_certificate_answer answer, struct proof_refusal *ret)
{
	gateway_metric_certificate(answer);
	*ret = (struct proof_refusal){ .reason = client_certificate_reason(answer),
				       .advice = client_certificate_advice(answer),
				       .is_unsure = answer == CLIENT_CERTIFICATE_MEMORY ||
						    answer == CLIENT_CERTIFICATE_LIST };
	return answer == CLIENT_CERTIFICATE_EXPIRED ? ACCESS_EXPIRED : ACCESS_UNKNOWN;
}

static void refer_to_oin(struct speaker *speaker, const char oin[OIN_DIGITS + 1])
{
	uint8_t sha256[32];

	snprintf(speaker->reference, sizeof speaker->reference, "oin:%s", oin);
	sha256_of(slice_of(speaker->reference), sha256);
	speaker->id = num_get_be64(sha256);
}

static enum access_answer identify_certificate(const struct services *services, const struct strbuf *ders,
					       struct speaker *ret)
{
	char oin[OIN_DIGITS + 1];
	enum client_certificate_answer answer = CLIENT_CERTIFICATE_FORM;

	if (ders->is_out_of_memory)
		answer = CLIENT_CERTIFICATE_MEMORY;
	else if (strbuf_ok(ders))
		answer = client_certificate_check(services->client_authority, strbuf_slice(ders),
						  clock_wall_ms() / 1000, oin);
	if (answer != CLIENT_CERTIFICATE_GOOD)
		return refuse_certificate(answer, &ret->refusal);
	ret->kind = SPEAKER_PARTY;
	refer_to_oin(ret, oin);
	ret->number_count = party_number_make(NUMBER_OIN, slice_of(oin), &ret->numbers[0]);
	return ACCESS_GOOD;
}

static enum access_answer identify_by_certificate(const struct request *request, struct speaker *ret)
{
	CLEANUP(strbuf_drop) struct strbuf ders = { 0 };

	if (!request->services->client_authority)
		return ACCESS_MISSING;
	strbuf_init(&ders, CLIENT_CERTIFICATE_BYTES_MAX);
	if (request_is_from_front(request))
		take_header(request, &ders);
	else
		request_certificates(request, &ders);
	if (ders.n == 0 && strbuf_ok(&ders))
		return ACCESS_MISSING;
	return identify_certificate(request->services, &ders, ret);
}

/* ---- which proof ---- */

bool speaker_is_clear(const struct request *request, const char **ret_why)
{
	bool has_header = request_header_count(request, CLIENT_CERTIFICATE_HEADER_NAME) > 0;

	*ret_why = NULL;
	if (request_header_count(request, "Authorization") > 1) {
		*ret_why = "De kop Authorization staat er meer dan een keer in";
	} else if (has_header && request->services->client_authority && !request_is_from_front(request)) {
		gateway_metric_certificate(CLIENT_CERTIFICATE_HEADER);
		*ret_why = client_certificate_advice(CLIENT_CERTIFICATE_HEADER);
	} else if (request_header_count(request, CLIENT_CERTIFICATE_HEADER_NAME) > 1) {
		*ret_why = "De kop Client-Cert staat er meer dan een keer in";
	}
	return !*ret_why;
}

enum access_answer speaker_identify(const struct request *request, int32_t today, struct speaker *ret)
{
	struct slice authorization = request_header(request, "Authorization"), token = bearer_of(authorization);

	*ret = (struct speaker){ 0 };
	if (!authorization.p)
		return identify_by_certificate(request, ret);
	if (!token.p)
		return ACCESS_MISSING;
	if (request->services->issuer_keys && signed_token_is_one(token))
		return identify_signed(request->services, token, ret);
	return identify_random(request->services, token, today, ret);
}
