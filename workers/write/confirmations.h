/* confirmations: how many deliveries wait for their board's confirmation, and since when the first does, for the
 * metrics (specification 7.2). Of the whole register: each writer shows the same. */
#ifndef WRITE_CONFIRMATIONS_H
#define WRITE_CONFIRMATIONS_H

#include "write/register_session.h"

MUSTUSE int confirmations_measure(struct register_session *session, struct err *err);

#endif
