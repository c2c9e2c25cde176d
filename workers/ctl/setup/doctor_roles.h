/* doctor_roles: what the roles of the database may, beside what register.role_right says they need.
 *
 *   rights     those of before and behind register.grant_rights(), in a transaction that is rolled back: what it would
 *              give is lacking, what it would take is too much
 *   others     what no GRANT of ours speaks of: superusers, memberships, owners, PUBLIC, roles that cannot log in */
#ifndef CTL_DOCTOR_ROLES_H
#define CTL_DOCTOR_ROLES_H

#include "ctl/setup/diagnosis.h"
#include "pg/pg_link.h"

/* link: as the owner. */
void doctor_look_at_roles(struct pg_link *link, struct diagnosis *diagnosis);

#endif
