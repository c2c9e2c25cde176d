#include "gateway/json_body.h"

#include "gateway/content_type.h"
#include "gateway/request.h"
#include "gateway/strict_json.h"
#include "gateway/upload_header.h"

enum { BODY_BYTES_FIRST = 4096 };

static bool is_json(const struct request *request)
{
	bool is_utf8;
	struct slice type = content_type_read(request_header(request, "Content-Type"), &is_utf8);

	return is_utf8 && type.n == 16 && strncasecmp(type.p, "application/json", 16) == 0 &&
	       !upload_header_is_encoded(request);
}

bool json_body_begin(struct request *request, struct json_body *body)
{
	strbuf_init(&body->text, JSON_BODY_BYTES_MAX);
	if (is_json(request))
		return true;
	reply_problem(&request->reply, 415, "Ander soort inhoud",
		      "Hier hoort JSON in UTF-8, niet ingepakt: de kop Content-Type moet application/json zijn");
	return false;
}

void json_body_take(struct request *request, struct json_body *body, struct slice bytes)
{
	struct strbuf *text = &body->text;
	size_t need = text->n + bytes.n, wanted = MAX(need, (size_t)BODY_BYTES_FIRST);

	if (wanted > text->capacity && (!byte_budget_reserve(&request->reserved, wanted - text->capacity) ||
					!strbuf_reserve(text, wanted - text->n))) {
		reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek, probeer het zo weer");
		return;
	}
	strbuf_add(text, bytes);
}

bool json_body_read(struct request *request, const struct json_body *body, struct json_t **ret)
{
	int rc = strict_json_read(strbuf_slice(&body->text), JSON_BODY_DEPTH_MAX, ret);

	if (rc == -ERR_RETRY)
		reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek, probeer het zo weer");
	else if (rc != 0)
		json_body_refuse(request, body, JSON_BODY_DEPTH_MAX);
	return rc == 0;
}

void json_body_refuse(struct request *request, const struct json_body *body, unsigned depth_max)
{
	char fault[JSON_FAULT_BYTES];

	strict_json_fault(strbuf_slice(&body->text), depth_max, fault);
	reply_problem(&request->reply, 400, "Verkeerd verzoek", fault);
}

void json_body_release(struct json_body *body)
{
	if (body->text.p)
		explicit_bzero(body->text.p, body->text.n); /* it may name persons */
	strbuf_release(&body->text);
}
