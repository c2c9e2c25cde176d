/* grant_params: as whom a request was let in, as the parameters of a statement that keeps it: sender, party, basis,
 * version of the access data (0: there were none), trace id. */
#ifndef GATEWAY_GRANT_PARAMS_H
#define GATEWAY_GRANT_PARAMS_H

#include "gateway/access_grant.h"
#include "gateway/trace.h"
#include "pg/pg_link.h"

/* Adds the five, in this order. What params borrow lives as grant and trace do. */
void grant_params_add(struct pg_params *params, const struct access_grant *grant, const struct trace *trace);

#endif
