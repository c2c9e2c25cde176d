#include "ctl/deliver/answer.h"

#include "base/num.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

enum { SHA256_BYTES = 32, FINGERPRINT_BYTES = 32, SHOWN_BYTES = 160 };

void answer_printable(const char *text, char *out, size_t out_bytes)
{
	struct slice rest = text ? slice_of(text) : (struct slice){ 0 };
	size_t n = 0;

	while (rest.n > 0 && n + 1 < out_bytes) {
		size_t obeyed = utf8_obeyed_bytes(rest);

		out[n++] = obeyed > 0 ? '?' : rest.p[0];
		rest = slice_from(rest, MAX(obeyed, (size_t)1));
	}
	out[n] = '\0';
}

static void become(struct answer *answer, enum answer_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void become(struct answer *answer, enum answer_kind kind, const char *fmt, ...)
{
	va_list args;

	answer->kind = kind;
	va_start(args, fmt);
	vsnprintf(answer->why, sizeof answer->why, fmt, args);
	va_end(args);
}

/* ---- is it about what we sent? ---- */

static bool is_text(const json_t *object, const char *name)
{
	return json_string_length(json_object_get(object, name)) > 0;
}

static bool is_count(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool is_digest(const json_t *object, const char *name, uint8_t ret[SHA256_BYTES])
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value) &&
	       num_from_hex(slice_make(json_string_value(value), json_string_length(value)), ret, SHA256_BYTES);
}

/* What the header does not say the gateway chose. */
static bool agrees(const json_t *object, const struct answer_sent *sent, const char *name)
{
	const json_t *wanted = json_object_get(sent->header, name);

	return !wanted || json_is_null(wanted) || json_equal(wanted, json_object_get(object, name));
}

/* What is wrong with a receipt; NULL: nothing. */
static const char *fault_of_receipt(const json_t *receipt, const struct answer_sent *sent)
{
	uint8_t digest[SHA256_BYTES];

	if (!is_text(receipt, "leveringsid") || !agrees(receipt, sent, "leveringsid"))
		return "leveringsid";
	if (!is_digest(receipt, "fingerprint", digest))
		return "fingerprint";
	if (!is_count(receipt, "regels") || !agrees(receipt, sent, "regels"))
		return "regels";
	if (!is_digest(receipt, "sha256", digest) || memcmp(digest, sent->content_sha256, SHA256_BYTES) != 0)
		return "sha256";
	return NULL;
}

static const char *fault_of_summary(const json_t *summary, const struct answer_sent *sent)
{
	static const char *const FIELDS[] = { "leveringsid", "bestuur", "soort", "volgnummer", "extractiedatum" };
	const json_t *state = json_object_get(summary, "status");

	for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++)
		if (!json_object_get(summary, FIELDS[i]) || !agrees(summary, sent, FIELDS[i]))
			return FIELDS[i];
	if (json_is_true(json_object_get(sent->header, "proef")) != json_is_true(json_object_get(summary, "proef")))
		return "proef";
	if (!is_count(summary, "regels"))
		return "regels";
	return is_text(summary, "status") && strcmp(json_string_value(state), "geweigerd") != 0 ? NULL : "status";
}

/* ---- what it is ---- */

static const char *fault_of(struct answer *answer, enum answer_kind kind, const struct answer_sent *sent)
{
	return kind == ANSWER_ACCEPTED ? fault_of_receipt(answer->json, sent) : fault_of_summary(answer->json, sent);
}

static void take_success(struct answer *answer, enum answer_kind kind, const struct answer_sent *sent, long status,
			 const char *type)
{
	if (!answer->json) {
		become(answer, ANSWER_NOT_TAKEN,
		       "%ld with %s, and not the gateway's receipt: who answers at gateway.url?", status, type);
		return;
	}
	const char *fault = fault_of(answer, kind, sent);

	answer->kind = kind;
	if (fault)
		become(answer, ANSWER_NOT_TAKEN, "%ld, but its %s is not there or is not that of what was sent", status,
		       fault);
}

/* Without the query: it repeats the header. */
static void take_redirect(struct answer *answer, const struct answer_reply *reply)
{
	char location[SHOWN_BYTES];

	answer_printable(reply->location, location, sizeof location);
	location[strcspn(location, "?#")] = '\0';
	become(answer, ANSWER_NOT_TAKEN,
	       "%ld: it is sent on to %s; that is not followed, as the token would go with it. If it is right, "
	       "set gateway.url",
	       reply->status, location[0] ? location : "an address that it does not name");
}

static void take_later(struct answer *answer, const struct answer_reply *reply, const char *type)
{
	const char *what = reply->status == 429	  ? "we send too much"
			   : reply->status == 503 ? "it is too busy, or Kafka is away"
			   : reply->status == 408 ? "the upload came too slowly"
						  : "it is not there";

	if (reply->retry_after_s > RETRY_AFTER_S_MAX) /* run again then: nobody waits so long at a terminal */
		become(answer, ANSWER_NOT_TAKEN, "%ld: it is to be asked again in %lld s", reply->status,
		       (long long)reply->retry_after_s);
	else if (answer->json)
		become(answer, ANSWER_LATER, "%ld: %s", reply->status, what);
	else
		become(answer, ANSWER_LATER, "%ld with %s, from a server before the gateway", reply->status, type);
	answer->retry_after_s = MAX(reply->retry_after_s, (int64_t)0);
}

/* 500 of the gateway does not pass by itself: its sentence has the reference to quote. Of a proxy it may. */
static bool is_passing(const struct answer *answer, long status)
{
	return status == 408 || status == 425 || status == 429 || (status == 500 && !is_text(answer->json, "detail")) ||
	       (status >= 502 && status <= 504);
}

static void take_fault(struct answer *answer)
{
	char detail[ANSWER_WHY_BYTES - 16];

	answer_printable(json_string_value(json_object_get(answer->json, "detail")), detail, sizeof detail);
	become(answer, ANSWER_NOT_TAKEN, "500: %s", detail);
}

static bool is_refusal(const struct answer *answer, long status)
{
	return status >= 400 && status < 500 &&
	       (is_text(answer->json, "title") || is_text(answer->json, "detail") ||
		json_array_size(json_object_get(answer->json, "bevindingen")) > 0);
}

void answer_read(const struct answer_reply *reply, const struct answer_sent *sent, struct answer *ret)
{
	char type[SHOWN_BYTES];

	*ret = (struct answer){ .status = reply->status, .is_for_all = reply->status == 429 };
	if (reply->is_no_http) {
		become(ret, ANSWER_NOT_TAKEN,
		       "what answers at gateway.url does not speak HTTP: another port or server");
		return;
	}
	if (reply->failure) {
		become(ret, ANSWER_LATER, "%s", reply->failure);
		return;
	}
	answer_printable(reply->type ? reply->type : "no Content-Type", type, sizeof type);
	ret->json = json_loadb(reply->body.n > 0 ? reply->body.p : "", reply->body.n, 0, NULL);
	if (ret->json && !json_is_object(ret->json)) {
		json_decref(ret->json);
		ret->json = NULL;
	}
	if (reply->status == 202 || reply->status == 200)
		take_success(ret, reply->status == 202 ? ANSWER_ACCEPTED : ANSWER_KNOWN, sent, reply->status, type);
	else if (reply->status >= 300 && reply->status < 400)
		take_redirect(ret, reply);
	else if (is_passing(ret, reply->status))
		take_later(ret, reply, type);
	else if (reply->status == 500)
		take_fault(ret);
	else if (is_refusal(ret, reply->status)) /* a login page of a network answers 401 and 403, too */
		ret->kind = reply->status == 401 || reply->status == 403 ? ANSWER_DENIED : ANSWER_REFUSED;
	else
		become(ret, ANSWER_NOT_TAKEN,
		       "%ld with %s, which is not the gateway's answer: a proxy, or another server at "
		       "gateway.url",
		       reply->status, type);
}

void answer_release(struct answer *answer)
{
	json_decref(answer->json);
	answer->json = NULL;
}
