#include "gateway/description_handler.h"

#include "gateway/fixed_answer.h"
#include "gateway/request.h"

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
	struct strbuf body;

	strbuf_init(&body, text.n);
	strbuf_add(&body, text);
	fixed_answer(request, "application/json", &body);
}

const struct handler DESCRIPTION_HANDLER = { .begin = description_begin };
