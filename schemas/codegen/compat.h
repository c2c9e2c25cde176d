/* compat: may bytes of an older version be read into the struct of the newest one?
 *
 * Fields are matched by name. One that is new must have a default; one that is gone is skipped; one that stays keeps
 * its type: no promotions, as none is needed and each would be one more way to read a value wrongly. An enum may get
 * symbols at its end. A record that several messages hold has one C struct, so their newest versions must agree about
 * it. */
#ifndef CODEGEN_COMPAT_H
#define CODEGEN_COMPAT_H

#include "codegen/schema.h"

/* ERR_DATA: the sentence names both files and the field. */
MUSTUSE int compat_check(const struct schema_set *set, struct err *err);

const struct field *compat_find(const struct type *record, const char *field_name);

#endif
