/* fixed_answer: the answer of an address whose text depends on nothing but the program. Its ETag is that of the text,
 * so whoever has it already is told so.
 * There is nothing of anybody in it, so pages of any site may read it (NL API Design Rules, /core/publish-openapi). */
#ifndef GATEWAY_FIXED_ANSWER_H
#define GATEWAY_FIXED_ANSWER_H

#include "base/strbuf.h"

struct request;

/* type: static. The text is the reply's then. One that is not whole (no memory): 503. */
void fixed_answer(struct request *request, const char *type, struct strbuf *text);

#endif
