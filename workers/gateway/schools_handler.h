/* schools_handler: GET of what the reference tables in force say of one board (specification 9): since when it is one,
 * its schools, and of each its sectors and sites. Answered from memory, so also while the register is away.
 *
 *   {"bestuur": "99901", "versie": "..", "perioden": [PERIOD ..],
 *    "scholen": [{"brin": "99ZZ", "perioden": [..], "sectoren": [{"sector": "PO", ..}],
 *                 "vestigingen": [{"vestiging": "00", ..}]}]}
 *
 * with each period as geldig_van and geldig_tot, which is the first day it no longer holds; null: open. */
#ifndef GATEWAY_SCHOOLS_HANDLER_H
#define GATEWAY_SCHOOLS_HANDLER_H

#include "gateway/handler.h"

extern const struct handler SCHOOLS_HANDLER;

#endif
