/* csv_hint: what broke a file that is CSV, or nearly, for upload_hint. Pure. */
#ifndef GATEWAY_CSV_HINT_H
#define GATEWAY_CSV_HINT_H

#include "model/rule.h"

/* Appends one Dutch clause, or nothing. bytes: without BOM. finding: the first of the refusal. */
void csv_hint(struct slice bytes, const struct finding *finding, char *ret, size_t ret_bytes);

#endif
