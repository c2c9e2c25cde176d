/* rule_handler: what each code means, what to do about it, and an example of wrong and of right, for whoever gets it in
 * an answer: the type of a refusal (specification 8.5) is the address of this page. Code, ernst and text are those of
 * model/rule.h; the rest is schemas/regels/regels-1.json, which is part of the program. Public: no page says anything
 * of anybody. */
#ifndef GATEWAY_RULE_HANDLER_H
#define GATEWAY_RULE_HANDLER_H

#include "base/strbuf.h"
#include "gateway/handler.h"
#include "model/rule.h"

extern const struct handler RULES_HANDLER; /* all codes */
extern const struct handler RULE_HANDLER;  /* one: the {code} of the address */

struct slice rule_pages_text(void); /* regels-1.json */

/* A plain page, HTML in UTF-8. Nothing that the program itself did not write stands in it. */
void rule_page(enum rule rule, struct strbuf *out);
void rule_list_page(struct strbuf *out);

#endif
