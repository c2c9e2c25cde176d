/* pg_privacy: the settings of a server that keep personal data out of its own log (design 5).
 *
 * DETAIL and CONTEXT of an error quote values, and a statement can be logged with its parameters. Our texts of
 * statements hold no data, but what the server adds to them does. */
#ifndef PG_PG_PRIVACY_H
#define PG_PG_PRIVACY_H

#include "pg/pg_link.h"

enum { PG_PRIVACY_SETTINGS = 4, PG_SETTING_BYTES = 32, PG_ROLE_BYTES = 64 };

struct pg_setting {
	const char *name, *wanted;
	char is[PG_SETTING_BYTES];
	char role[PG_ROLE_BYTES]; /* "": so it is for this session */
};

/* Those that are otherwise than wanted, for this session or, in this database, for a role that has a setting of its
 * own: a session of one role does not see what another's are. Superusers are left out. */
MUSTUSE int pg_privacy_check(struct pg_link *link, struct pg_setting ret[PG_PRIVACY_SETTINGS], size_t *ret_count,
			     struct err *err);

#endif
