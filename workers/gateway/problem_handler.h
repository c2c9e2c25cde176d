/* problem_handler: what a board reports as a problem (specification 8.7): reporting, the list of them, one of them, and
 * having one mailed to a sector council. `instroomctl problems` mails them. */
#ifndef GATEWAY_PROBLEM_HANDLER_H
#define GATEWAY_PROBLEM_HANDLER_H

#include "gateway/handler.h"

extern const struct handler PROBLEM_REPORT_HANDLER, PROBLEM_COUNCIL_HANDLER, PROBLEMS_HANDLER, PROBLEM_HANDLER;

#endif
