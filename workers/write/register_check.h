/* register_check: whether the register is one that this writer can work with, looked at once after its start.
 *
 * Its encoding is checked with each connection (pg_link.h). A register that lacks a migration of this release is no
 * register for it; a newer one is. Settings of the server that let personal data into its log are logged: the data are
 * as safe as before, the log is not. */
#ifndef WRITE_REGISTER_CHECK_H
#define WRITE_REGISTER_CHECK_H

#include "pg/pg_link.h"

/* ERR_CONFIG: instroomctl migrate has not run. */
MUSTUSE int register_check(struct pg_link *link, struct err *err);

#endif
