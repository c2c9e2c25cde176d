/* applied: which migrations of this release a register has. migrate applies what is missing, doctor names it. */
#ifndef CTL_APPLIED_H
#define CTL_APPLIED_H

#include "ctl/setup/migrations.h"
#include "pg/pg_link.h"

/* sha256: of the migration's SQL. ERR_CONFIG code "migration": it was applied in another form, by another release. */
MUSTUSE int applied_find(struct pg_link *link, const struct migration *migration, const uint8_t sha256[32],
			 bool *ret_is_applied, struct err *err);
/* Migrations that the register has and this release does not know: it is of a newer one. */
MUSTUSE int applied_count_unknown(struct pg_link *link, int64_t *ret, struct err *err);

#endif
