#include "gateway/description_handler.h"

#include "gateway/request.h"
#include "model/teacher_key.h"

/* made at build, by scripts/cmake/embed.cmake */
extern const unsigned char DESCRIPTION_TEXT[];
extern const size_t DESCRIPTION_BYTES;

struct slice description_text(void)
{
	return slice_make(DESCRIPTION_TEXT, DESCRIPTION_BYTES);
}

static void description_begin(struct request *request)
{
	struct slice text = description_text();
	char etag[ETAG_BYTES];
	uint8_t sha256[32];
	struct strbuf body;

	sha256_of(text, sha256);
	etag_write(sha256, etag);
	if (conditional_check((struct slice){ 0 }, request_header(request, "If-None-Match"), etag) ==
	    CONDITION_NOT_MODIFIED) {
		reply_not_modified(&request->reply, etag);
		return;
	}
	strbuf_init(&body, text.n);
	strbuf_add(&body, text);
	if (!strbuf_ok(&body)) {
		strbuf_release(&body);
		reply_busy(&request->reply, "Er is nu geen ruimte voor dit verzoek, probeer het zo weer");
		return;
	}
	reply_body(&request->reply, "application/json", &body);
	memcpy(request->reply.etag, etag, sizeof etag);
}

const struct handler DESCRIPTION_HANDLER = { .begin = description_begin };
